"""People as safe HTML: ranked experts, one person's portrait, heading, figures and years; pure.

As in `ui.views.answer_html.render_answer_html`, all text is escaped and clickable elements carry ``data-act``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from rag.answers.expert_rows import Group, group_by_papers
from rag.answers.person_phrases import TOGETHER, tell_role
from rag.answers.portrait import Portrait
from rag.text.english import counted
from rag.types import Answer, Expert, Paper, ProfilePage
from ui.views.markdown_html import (
    render_cite_button,
    render_person_button,
    render_pressable,
)
from ui.views.paper_html import ROLES, format_name

NEWEST = 5
"""Papers of a portrait that are written out; all of them are on the person's page."""
MAX_TOPICS = 3


def render_experts(turn: Answer, papers: Mapping[str, Paper]) -> str:
    """Ranked people, each with the papers that put them there."""
    markers = {c.paper_id: c.marker for c in turn.citations}
    rows = [
        _render_expert(rank, expert, papers, markers) for rank, expert in enumerate(turn.experts, 1)
    ]
    return f'<ol class="experts">{"".join(rows)}</ol>'


def _render_expert(
    rank: int, expert: Expert, papers: Mapping[str, Paper], markers: Mapping[str, int]
) -> str:
    expert_papers = [papers[key] for key in expert.papers if key in papers]
    evidence = "".join(
        f'<li><button class="ref" data-act="paper" data-value="{paper.paper_id}">'
        f"<span><b>{format_name(paper.title, paper.label)}</b>"
        f'<span class="by">{paper.year or "year unknown"} · '
        f"{ROLES[expert.roles[paper.paper_id]]}</span></span></button></li>"
        for paper in expert_papers
    )
    n = len(expert_papers)
    details = " · ".join(filter(None, [f"{counted(n)} on this", format_years(expert_papers)]))
    return (
        f'<li><div class="who"><span class="no">{rank}</span>{render_person_button(expert.name)}'
        f'<span class="by">{details}</span></div><ul class="refs plain">{evidence}</ul></li>'
    )


def render_expert_cards(turn: Answer, papers: Mapping[str, Paper]) -> str:
    """Ranked people of an answer, a card for those with the same papers, each with the best of them."""
    markers = {c.paper_id: c.marker for c in reversed(turn.citations)}
    cards = [
        _render_group(group, [papers[i] for i in group.paper_ids if i in papers], markers)
        for group in group_by_papers(turn.experts)
    ]
    return f'<ol class="cards">{"".join(cards)}</ol>'


def _render_group(group: Group, theirs: Sequence[Paper], markers: Mapping[str, int]) -> str:
    names = ", ".join(render_person_button(expert.name) for expert in group.people)
    role = TOGETHER if len(group.people) > 1 else tell_role(group.people[0].roles)
    if len(group.people) > 1 and len(theirs) == 1:
        role = "together"
    details = " · ".join(filter(None, (counted(len(theirs)), format_years(theirs), role)))
    rows = [_render_row(paper, markers) for paper in theirs]
    fold = ""
    if rows[1:]:
        fold = (
            f"<details><summary>{len(rows) - 1} more</summary>"
            f'<ul class="titles">{"".join(rows[1:])}</ul></details>'
        )
    return (
        f'<li><div class="who"><span class="names">{names}</span><span class="by">{details}</span></div>'
        f'<ul class="titles">{"".join(rows[:1])}</ul>{fold}</li>'
    )


def _render_row(paper: Paper, markers: Mapping[str, int]) -> str:
    """A paper in one line, with the marker of its citation, or else as a button that opens it."""
    name = format_name(paper.title, paper.label)
    year = f' <span class="by">{paper.year}</span>' if paper.year else ""
    if paper.paper_id in markers:
        chip = render_cite_button(markers[paper.paper_id], paper.name)
        return f'<li><b class="title">{name}</b>{year}&nbsp;{chip}</li>'
    return (
        f'<li><button data-act="paper" data-value="{paper.paper_id}"><b class="title">{name}</b></button>'
        f"{year}</li>"
    )


def render_portrait(portrait: Portrait, turn: Answer) -> str:
    """A person on one screen: topics by period, the newest papers, the closest people, and the way to the rest."""
    markers = {c.paper_id: c.marker for c in reversed(turn.citations)}
    papers = portrait.papers
    n = len(papers)
    known = [counted(n), format_years(papers), *_list_standing(portrait)]
    rows = "".join(_render_row(paper, markers) for paper in papers[:NEWEST])
    return (
        f'<div class="portrait"><h2>{render_person_button(portrait.name)}</h2>'
        f'<p class="by">{escape(" · ".join(filter(None, known)))}</p><div class="pair">'
        f"{_render_periods(portrait)}{_render_closest(portrait)}</div>"
        f'<h3>{"Newest papers" if n > NEWEST else "Papers"}</h3><ul class="titles">{rows}</ul>'
        f'<button class="all" data-act="person" data-value="{escape(portrait.name, quote=True)}">'
        f"{f'All {n} papers' if n > NEWEST else 'Their page'} →</button>"
        + (f"<p>{escape(portrait.caution)}</p>" if portrait.caution else "")
        + "</div>"
    )


def _list_standing(portrait: Portrait) -> list[str]:
    page = portrait.page
    known = [f"first author of {portrait.n_first}"] if portrait.n_first else []
    if page and page.h_index is not None:
        known.append(f"h-index {page.h_index}")
    if page and page.n_citations is not None:
        known.append(f"{page.n_citations:,} citations")
    return known


def _render_periods(portrait: Portrait) -> str:
    rows = "".join(
        f"<dt>{escape(period)}</dt><dd>{', '.join(render_pressable('topic', t) for t in topics)}</dd>"
        for period, topics in portrait.periods
    )
    return f"<div><h3>Works on</h3><dl>{rows}</dl></div>" if rows else ""


def _render_closest(portrait: Portrait) -> str:
    rows = "".join(
        f'<li>{render_person_button(name)} <span class="by">{n}</span></li>'
        for name, n in portrait.closest
    )
    if not rows:
        return ""
    n_more = portrait.n_coauthors - len(portrait.closest)
    rest = f'<p class="by">and {n_more} more co-authors</p>' if n_more > 0 else ""
    return f'<div><h3>Writes with</h3><ul class="people">{rows}</ul>{rest}</div>'


def format_years(papers: Iterable[Paper]) -> str:
    """``2019–2024``, one year, or nothing where no year is known."""
    known = sorted({paper.year for paper in papers if paper.year is not None})
    if not known:
        return ""
    return str(known[0]) if len(known) == 1 else f"{known[0]}–{known[-1]}"


def render_figures(page: ProfilePage) -> str:
    """The figures that a profile page prints, named as the page's own."""
    figure_texts = [
        ("papers", page.n_papers),
        ("h-index", page.h_index),
        ("citations", page.n_citations),
        ("novelty", None if page.novelty is None else f"{page.novelty:.0%}"),
        ("AI score", page.ai_score),
    ]
    tiles = "".join(
        f"<div><b>{_format_figure(value)}</b><span>{name}</span></div>"
        for name, value in figure_texts
        if value is not None
    )
    return f'<div class="figures">{tiles}</div><p class="by">as the profile page prints them</p>'


def _format_figure(value: object) -> str:
    if isinstance(value, float):
        value = int(value) if value.is_integer() else value
    return f"{value:,}" if isinstance(value, int) else escape(str(value))


def render_people_cards(counts: Mapping[str, int], topics: Mapping[str, Sequence[str]]) -> str:
    """People as cards: how many papers, and what they work on."""
    rows = []
    for name, n in counts.items():
        about = ", ".join(topics.get(name, ())[:MAX_TOPICS])
        rows.append(
            f'<li>{render_person_button(name)} <span class="by">{counted(n)}</span>'
            f"{f'<p>{escape(about)}</p>' if about else ''}</li>"
        )
    return f'<ul class="person-cards">{"".join(rows)}</ul>'


def render_names(people: Iterable[str]) -> str:
    """Names as buttons."""
    return (
        f'<ul class="people">{"".join(f"<li>{render_person_button(n)}</li>" for n in people)}</ul>'
    )
