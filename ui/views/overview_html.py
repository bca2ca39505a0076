"""The library at a glance as safe HTML: figures, a topic, growth, who works on what, code and data; pure.

Every number is a button that leads to the list, or the answer, behind it: ``papers`` opens a list,
``ask`` a question in the chat, ``person`` a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from rag.answers.topic_map import MappedTopic, TopicMap, rank_people
from rag.text.english import counted
from rag.types import Condition, Paper
from ui.components.paper_state import print_papers
from ui.views.markdown_html import render_person_button
from ui.views.paper_html import format_name

MAX_YEARS = 10
MAX_ROWS = 10
MAX_PEOPLE = 5
SHORT_ROWS = 8


@dataclass(frozen=True, slots=True)
class LibraryFigures:
    """What was counted of the whole library.

    Attributes:
        years: Papers by year, and those of them with code; without a year under None.
        shares: What papers have, in words, with the condition and its number.
        new_data: Papers that speak of a new data set or benchmark, the newest first.
    """

    n_papers: int
    n_people: int
    n_documents: int
    years: Mapping[int | None, tuple[int, int]]
    shares: Sequence[tuple[str, Condition, int]]
    new_data: Sequence[Paper]


def render_link(
    text: str, conditions: Sequence[Condition], label: str = "", style: str = "num"
) -> str:
    """A button that opens the list of papers which meet conditions."""
    aria_label = f' aria-label="{escape(label, quote=True)}"' if label else ""
    value = escape(print_papers(conditions), quote=True)
    return f'<button class="{style}" data-act="papers" data-value="{value}"{aria_label}>{escape(text)}</button>'


def render_question(question: str, text: str = "") -> str:
    """A button that asks a question in the chat."""
    value = escape(question, quote=True)
    return f'<button class="ask" data-act="ask" data-value="{value}">{escape(text or question)}</button>'


def render_figures(figures: LibraryFigures) -> str:
    known = sorted(year for year in figures.years if year is not None)
    n_code = sum(n for _, n in figures.years.values())
    tiles = [
        (f"{figures.n_papers:,}", "papers", "page", "papers"),
        (f"{figures.n_people:,}", "people", "page", "people"),
        (f"{figures.n_documents:,}", "files", "page", "library"),
    ]
    html = "".join(
        f'<button class="tile" data-act="{act}" data-value="{value}"><b>{n}</b> {noun}</button>'
        for n, noun, act, value in tiles
    )
    if known:
        line = escape(print_papers((Condition("year", "known"),)), quote=True)
        html += f'<button class="tile" data-act="papers" data-value="{line}"><b>{known[0]}–{known[-1]}</b> years</button>'
    if n_code:
        line = escape(print_papers((Condition("code", "is", True),)), quote=True)
        html += f'<button class="tile" data-act="papers" data-value="{line}"><b>{n_code:,}</b> with code</button>'
    return f'<div class="tiles">{html}</div>'


# --- one topic ----------------------------------------------------------------------------------


def render_topic(topic: MappedTopic, newest: Sequence[Paper]) -> str:
    """The topic that is looked at: how many papers, when, whose, the newest, and what to ask."""
    name = topic.name
    span = (
        f", {topic.span[0]}–{topic.span[1]}"
        if topic.span and topic.span[0] != topic.span[1]
        else ""
    )
    people = "".join(
        f"<li>{render_person_button(person)} "
        f"{render_link(f'{n:,}', (topic.condition, Condition('author', 'is', person)), f'{counted(n)} by {person} on {name}')}</li>"
        for person, n in topic.people[:MAX_PEOPLE]
    )
    papers = _render_titles(newest)
    return (
        f'<section class="topic-card" aria-label="{escape(name, quote=True)}"><h3>{escape(name[:1].upper() + name[1:])}</h3>'
        f"<p>{render_link(counted(topic.n_papers), (topic.condition,))}{span}</p>"
        f"{_render_spark(topic)}"
        f'<h4>People</h4><ul class="plain">{people}</ul><h4>Newest</h4><ul class="plain">{papers}</ul>'
        f'<p class="asks">{render_question(f"What work is there on {name}?", "What do they say?")}'
        f"{render_question(f'Who works on {name}?', 'Who works on it?')}</p></section>"
    )


def _render_spark(topic: MappedTopic) -> str:
    """The topic's papers by year as small bars, each a link."""
    if topic.span is None:
        return ""
    first, last = topic.span
    top = max(topic.years.values())
    bars = "".join(
        _render_bar(year, topic.years.get(year, 0), 0, top, (topic.condition,), topic.name)
        for year in range(max(first, last - MAX_YEARS + 1), last + 1)
    )
    return f'<div class="growth small">{bars}</div>'


# --- growth -------------------------------------------------------------------------------------


def render_growth(figures: LibraryFigures) -> str:
    """Papers by year, those with code in a stronger colour; each bar opens its papers."""
    known = {year: n for year, n in figures.years.items() if year is not None}
    if not known:
        return '<p class="by">No paper prints a year.</p>'
    top = max(n for n, _ in figures.years.values())
    bars = "".join(
        _render_bar(year, *known.get(year, (0, 0)), top)
        for year in range(min(known), max(known) + 1)
    )
    n_undated, n_code = figures.years.get(None, (0, 0))
    if n_undated:
        bars += _render_bar(None, n_undated, n_code, top)
    legend = '<p class="by"><span class="key code"></span> with code</p>'
    return f'<div class="growth">{bars}</div>{legend}'


def _render_bar(
    year: int | None, n: int, n_code: int, top: int, where: Sequence[Condition] = (), what: str = ""
) -> str:
    if not n:
        return f'<div class="bar none"><span>{year}</span></div>'
    line = escape(print_papers((*where, _build_year(year))), quote=True)
    when = str(year) if year is not None else "no year"
    label = escape(", ".join(filter(None, (what, when, counted(n)))), quote=True)
    return (
        f'<button class="bar" data-act="papers" data-value="{line}" aria-label="{label}">'
        f'<b>{n:,}</b><i style="--h:{n / top:.3f}"><i style="--c:{n_code / n:.3f}"></i></i><span>{when}</span></button>'
    )


def _build_year(year: int | None) -> Condition:
    return Condition("year", "unknown") if year is None else Condition("year", "is", year)


# --- tables -------------------------------------------------------------------------------------


def render_topic_years(topic_map: TopicMap) -> str:
    """Topics by year: how the largest of them grew or went."""
    known = sorted({y for t in topic_map.topics for y in t.years if y is not None})
    topics = topic_map.topics[:MAX_ROWS]
    years: list[int | None] = [*known[-MAX_YEARS:]]
    years += [None] if any(None in topic.years for topic in topics) else []
    top = max((n for t in topics for n in t.years.values()), default=1)
    head = "".join(f'<th scope="col">{year or "no year"}</th>' for year in years)
    rows = []
    for topic in topics:
        cells = "".join(
            _render_cell(topic.years.get(year, 0), top, (topic.condition, _build_year(year)),
                         f"{topic.name}, {year or 'no year'}")
            for year in years
        )  # fmt: skip
        rows.append(f"<tr>{_render_topic_head(topic)}{cells}</tr>")
    if not topics:
        return ""
    return _render_table("Topics by year", f'<th scope="col">Topic</th>{head}', rows)


def render_people_topics(topic_map: TopicMap) -> str:
    """People by topic: who has how many papers on what."""
    topics = topic_map.topics[:SHORT_ROWS]
    people = rank_people(TopicMap(topics, {}), MAX_ROWS)
    top = max((n for _, row in people for n in row.values()), default=1)
    head = "".join(f'<th scope="col">{escape(topic.name)}</th>' for topic in topics)
    rows = []
    for name, row in people:
        cells = "".join(
            _render_cell(row.get(at, 0), top, (topic.condition, Condition("author", "is", name)),
                         f"{name} on {topic.name}")
            for at, topic in enumerate(topics)
        )  # fmt: skip
        rows.append(f'<tr><th scope="row">{render_person_button(name)}</th>{cells}</tr>')
    if not people:
        return ""
    return _render_table("Who works on what", f'<th scope="col">Person</th>{head}', rows)


def _render_topic_head(topic: MappedTopic) -> str:
    name = escape(topic.name, quote=True)
    return f'<th scope="row"><button class="title" data-act="look" data-value="{name}">{name}</button></th>'


def _render_cell(n: int, top: int, conditions: Sequence[Condition], label: str) -> str:
    if not n:
        return "<td></td>"
    link = render_link(f"{n:,}", conditions, f"{label}: {counted(n)}", "heat")
    return f'<td style="--n:{n / top:.2f}">{link}</td>'


def _render_table(label: str, head: str, rows: Sequence[str]) -> str:
    return (
        f'<div><h2>{label}</h2><div class="wide-table"><table class="heat" aria-label="{label}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div></div>"
    )


# --- code and data ------------------------------------------------------------------------------


def render_shares(figures: LibraryFigures) -> str:
    """What papers bring besides words, as shares of all."""
    rows = "".join(
        f'<li><span class="kind">{escape(text)}</span>'
        f'<span class="share"><i style="--h:{n / max(figures.n_papers, 1):.3f}"></i></span>'
        f"{render_link(f'{n:,}', (condition,), f'{text}: {counted(n)}')}</li>"
        for text, condition, n in figures.shares
    )
    return f'<ul class="shares">{rows}</ul>'


def render_new_data(figures: LibraryFigures) -> str:
    """The newest papers that speak of a new data set or benchmark."""
    if not figures.new_data:
        return ""
    papers = _render_titles(figures.new_data)
    return f'<div><h2>New data sets and benchmarks</h2><ul class="plain">{papers}</ul></div>'


def _render_titles(papers: Sequence[Paper]) -> str:
    return "".join(
        f'<li><button class="title" data-act="paper" data-value="{escape(paper.paper_id, quote=True)}">'
        f"{format_name(paper.title, paper.label)}</button> "
        f'<span class="by">{paper.year or "year unknown"}</span></li>'
        for paper in papers
    )
