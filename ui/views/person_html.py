"""One person as safe HTML: papers beside topics by year and co-authors by weight and year; pure.

A press on a topic or a year narrows the papers (``narrow``); on a co-author it opens that person, on a
number the papers that the two share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from rag.answers.topic_names import find_topics, has_topic
from rag.text.english import counted
from rag.types import Condition, Paper, Person
from ui.components.paper_state import print_papers
from ui.views.answer_html import render_paper_list
from ui.views.markdown_html import render_person_button
from ui.views.people_html import format_years, render_figures

MAX_TOPICS = 7
MAX_COAUTHORS = 12
MAX_YEARS = 7
SHOWN_PAPERS = 20


@dataclass(frozen=True, slots=True)
class Narrowing:
    """To which of the person's papers the page is narrowed: a topic, a year, or neither."""

    topic: str = ""
    year: str = ""

    def switch(self, kind: str, value: str) -> Narrowing:
        """The narrowing with a topic or year set, or cleared if it is already the one."""
        if kind == "topic":
            return Narrowing("" if value == self.topic else value, self.year)
        return Narrowing(self.topic, "" if value == self.year else value)

    def select(self, papers: Sequence[Paper]) -> list[Paper]:
        of_topic = [p for p in papers if not self.topic or has_topic(p.title or "", self.topic)]
        return [p for p in of_topic if not self.year or str(p.year or "undated") == self.year]


def render_person(
    person: Person, papers: Sequence[Paper], narrowing: Narrowing, *, shows_all: bool = False
) -> str:
    """The page below the name; ``papers``: newest first."""
    chosen = narrowing.select(papers)
    roles = {a.paper_id: a.role for a in person.authorships}
    first_papers = chosen if shows_all else chosen[:SHOWN_PAPERS]
    button = ""
    if len(chosen) > len(first_papers):
        button = f'<button class="ask" data-act="all" data-value="all">All {counted(len(chosen))}</button>'
    years = _list_years(papers)
    main_column = (
        f'<div class="papers"><h2>{_format_head(len(chosen), len(papers))}</h2>'
        f"{_render_narrowing(narrowing)}{render_paper_list(first_papers, roles)}{button}</div>"
    )
    figures = render_figures(person.page) if person.page else ""
    right = (
        f'<div class="about">{figures}<h2>Papers by year</h2>{_render_years(papers, narrowing)}'
        f"{_render_topics(papers, years, narrowing)}{_render_coauthors(person.name, papers, years)}</div>"
    )
    return f'<div class="person-page">{main_column}{right}</div>'


def render_lead(person: Person, papers: Sequence[Paper]) -> str:
    """How many papers, from when, and what the person is to them, in a sentence."""
    roles = Counter(a.role for a in person.authorships)
    parts = [f"{counted(len(papers))} here", format_years(papers)]
    parts += [f"first author of {roles['first']:,}"] if roles["first"] else []
    parts += [f"{roles['page']:,} known from their own page alone"] if roles["page"] else []
    return f'<p class="lead">{escape(" · ".join(filter(None, parts)))}</p>'


def _format_head(n_chosen: int, n_all: int) -> str:
    return counted(n_all) if n_chosen == n_all else f"{n_chosen:,} of {counted(n_all)}"


def _list_years(papers: Sequence[Paper]) -> list[int | None]:
    """The last years of the papers; None behind them where some have none."""
    years = {paper.year for paper in papers}
    return [*sorted(year for year in years if year)[-MAX_YEARS:], *years & {None}]


def _render_narrowing(narrowing: Narrowing) -> str:
    narrowings = [(k, v) for k, v in (("topic", narrowing.topic), ("year", narrowing.year)) if v]
    chips = "".join(
        f'<button class="ask" data-act="narrow" data-value="{kind}={escape(value, quote=True)}" '
        f'aria-label="Remove {escape(value, quote=True)}">{escape(value)} <span aria-hidden="true">×</span></button>'
        for kind, value in narrowings
    )
    return f'<p class="asks">{chips}</p>' if chips else ""


def _render_years(papers: Sequence[Paper], narrowing: Narrowing) -> str:
    """Papers a year as bars, gaps included; a bar narrows the papers to its year."""
    counts = Counter(p.year for p in papers)
    known = [year for year in counts if year is not None]
    bars: list[tuple[str, int]] = []
    if known:
        bars = [(str(year), counts[year]) for year in range(min(known), max(known) + 1)]
    if counts[None]:
        bars.append(("undated", counts[None]))
    highest = max(n for _, n in bars)
    html = "".join(
        f'<button class="bar" data-act="narrow" data-value="year={year}" aria-label="{year}: {counted(n)}"'
        f' aria-pressed="{"true" if year == narrowing.year else "false"}"><b>{n}</b><i style="--h:{n / highest:.3f}"></i>'
        f"<span>{year}</span></button>"
        if n
        else f'<div class="bar none"><span>{year}</span></div>'
        for year, n in bars
    )
    return f'<div class="growth years">{html}</div>'


def _render_topics(
    papers: Sequence[Paper], years: Sequence[int | None], narrowing: Narrowing
) -> str:
    """What the titles have in common, by year; a topic narrows the papers."""
    rows = []
    for name, _ in find_topics([p.title for p in papers if p.title], MAX_TOPICS):
        on_topic = [p for p in papers if has_topic(p.title or "", name)]
        value = escape(name, quote=True)
        pressed = "true" if name == narrowing.topic else "false"
        head = (
            f'<th scope="row"><button class="title" data-act="narrow" data-value="topic={value}" '
            f'aria-pressed="{pressed}">{value} <span class="by">{len(on_topic)}</span></button></th>'
        )
        rows.append(f"<tr>{head}{_render_marks(Counter(p.year for p in on_topic), years)}</tr>")
    return _render_table("Works on", "Topic", rows, years)


def _render_coauthors(name: str, papers: Sequence[Paper], years: Sequence[int | None]) -> str:
    """With whom, most first, and when; a number opens the papers of both."""
    shared = count_shared(name, papers)
    rows = []
    for coauthor, by_year in list(shared.items())[:MAX_COAUTHORS]:
        n = by_year.total()
        line = escape(
            print_papers(tuple(Condition("author", "is", person) for person in (name, coauthor))),
            quote=True,
        )
        label = escape(f"{counted(n)} with {coauthor}", quote=True)
        head = (
            f'<th scope="row">{render_person_button(coauthor)} '
            f'<button class="num" data-act="papers" data-value="{line}" aria-label="{label}">{n}</button></th>'
        )
        rows.append(f"<tr>{head}{_render_marks(by_year, years)}</tr>")
    n_more = len(shared) - len(rows)
    rest = f'<p class="by">and {counted(n_more, "more person")}</p>' if n_more > 0 else ""
    return _render_table("Co-authors", "Person", rows, years) + rest


def count_shared(name: str, papers: Sequence[Paper]) -> Mapping[str, Counter[int | None]]:
    """Papers shared with each co-author by year; those with most first, equal ones by name."""
    shared: dict[str, Counter[int | None]] = {}
    for paper in papers:
        for coauthor in sorted({a.name for a in paper.authorships} - {name}):
            shared.setdefault(coauthor, Counter())[paper.year] += 1
    ranked = sorted(shared, key=lambda coauthor: (-shared[coauthor].total(), coauthor))
    return {coauthor: shared[coauthor] for coauthor in ranked}


def _render_marks(by_year: Mapping[int | None, int], years: Sequence[int | None]) -> str:
    """A disc for each year, larger with more papers; its number is there to be heard."""
    cells = []
    for year in years:
        mark = ""
        if n := by_year.get(year, 0):
            label = f"{year or 'undated'}: {counted(n)}"
            mark = f'<span class="mark" style="--n:{min(n, 6)}" role="img" aria-label="{label}" title="{label}"></span>'
        cells.append(f"<td>{mark}</td>")
    return "".join(cells)


def _render_table(title: str, of: str, rows: Sequence[str], years: Sequence[int | None]) -> str:
    if not rows:
        return ""
    head = "".join(
        f'<th scope="col"><abbr title="{year}">’{year % 100:02d}</abbr></th>'
        if year
        else '<th scope="col"><abbr title="undated">?</abbr></th>'
        for year in years
    )
    return (
        f'<h2>{title}</h2><table class="dots" aria-label="{title}"><thead><tr><th scope="col">{of}</th>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
