"""A person in a few lines: how much, when, about what, with whom, and what the page says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answers import person_phrases
from rag.answers.page_figures import render_page_figures
from rag.answers.rows import format_years
from rag.answers.topic_names import find_topics
from rag.library.view import LibraryView
from rag.text import join_names
from rag.text.english import counted
from rag.text.markdown import plain
from rag.types import Expert, Paper, ProfilePage, Role

_COMPANY = 6
_PERIODS = 3
_TOPICS = 3
"""Topics of each period."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A person on one screen.

    Attributes:
        name: As the library prints it.
        papers: Theirs, newest first.
        periods: Stretches of years, newest first, with the topics that several titles of each share.
        closest: The people with most papers in common, with how many.
        n_coauthors: All who stand beside the person on a paper.
        n_first: Papers that they are first author of.
        page: Their profile page, if it was read.
        caution: Whether the name may be of several people, in a sentence; empty where nothing tells so.
    """

    name: str
    papers: tuple[Paper, ...]
    periods: tuple[tuple[str, tuple[str, ...]], ...] = ()
    closest: tuple[tuple[str, int], ...] = ()
    n_coauthors: int = 0
    n_first: int = 0
    page: ProfilePage | None = None
    caution: str = ""


def build_portrait(
    name: str, papers: Sequence[Paper], library: LibraryView, caution: str = ""
) -> Portrait:
    """All that is told of a person at a glance; ``caution`` as in `Portrait`."""
    closest, n_coauthors = _rank_coauthors(name, papers, library)
    roles = build_expert(name, papers, library).roles.values()
    return Portrait(
        name,
        tuple(papers),
        tuple(divide_by_period(papers)),
        tuple(closest),
        n_coauthors,
        sum(role == "first" for role in roles),
        library.find_page(name),
        caution,
    )


def divide_by_period(papers: Sequence[Paper]) -> list[tuple[str, tuple[str, ...]]]:
    """Up to three stretches of years with about as many papers each, newest first, and their topics."""
    by_year = Counter(paper.year for paper in papers if paper.year is not None)
    share = max(1, -(-by_year.total() // _PERIODS))
    stretches: list[list[int]] = []
    n = share
    for year in sorted(by_year, reverse=True):
        if n >= share and len(stretches) < _PERIODS:
            stretches.append([])
            n = 0
        stretches[-1].append(year)
        n += by_year[year]
    periods = []
    for years in stretches:
        titles = [p.title for p in papers if p.title and p.year in years]
        if topics := tuple(name for name, _ in find_topics(titles, _TOPICS)):
            first, last = min(years), max(years)
            periods.append((str(last) if first == last else f"{first}–{last}", topics))
    return periods


def build_expert(name: str, papers: Sequence[Paper], library: LibraryView) -> Expert:
    """The person with those of the papers that are theirs as evidence; the score counts them."""
    roles: dict[str, Role] = {}
    for paper in papers:
        for a in paper.authorships:
            if library.show_name(a.name) == name:
                roles.setdefault(paper.paper_id, a.role)
    return Expert(name, float(len(roles)), tuple(roles), roles)


def render_portrait(name: str, papers: Sequence[Paper], library: LibraryView) -> str:
    """Papers held, years, roles, and what the titles have in common."""
    roles = Counter(build_expert(name, papers, library).roles.values())
    sentences = [f"{counted(len(papers))} here{format_years(papers)}"]
    if roles["first"]:
        sentences.append(f"first author of {roles['first']}")
    if roles["page"]:
        sentences.append(person_phrases.tell_page_role(roles["page"]))
    text = f"**{plain(name)}**: {', '.join(sentences)}."
    if common := find_topics([p.title for p in papers if p.title]):
        text += " Often about " + join_names(f"{plain(t)} ({n})" for t, n in common) + "."
    return text


def _rank_coauthors(
    name: str, papers: Sequence[Paper], library: LibraryView
) -> tuple[list[tuple[str, int]], int]:
    """The people with most of the papers in common, with how many, and the number of all of them."""
    shared = library.count_coauthors(name, papers)
    return sorted(shared.items(), key=lambda s: (-s[1], s[0]))[:_COMPANY], len(shared)


def format_top_coauthors(name: str, papers: Sequence[Paper], library: LibraryView) -> str:
    """The most frequent co-authors."""
    often, n_coauthors = _rank_coauthors(name, papers, library)
    if not often:
        return ""
    n_more = n_coauthors - len(often)
    names_text = join_names(f"{plain(o)} ({n})" for o, n in often)
    return f"Most often with {names_text}" + (
        f"; and {counted(n_more, 'more person')}." if n_more > 0 else "."
    )


def format_page_line(name: str, library: LibraryView) -> str:
    """The figures of the person's page; empty where there is none."""
    page = library.find_page(name)
    return render_page_figures(page, len(library.list_page_papers(name))) if page else ""
