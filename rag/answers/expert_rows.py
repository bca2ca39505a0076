"""Experts as they are read: a line for each group of people with the same papers on the topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answers import person_phrases
from rag.answers.rows import Listing, format_date, format_years
from rag.text.english import counted, join_names
from rag.text.markdown import plain
from rag.types import Expert, Paper

_MARKERS = 20
"""Papers of one group whose markers are written out."""
_FURTHER_PEOPLE = 40
"""People below the ranking who are still named."""


@dataclass(frozen=True, slots=True)
class Group:
    """People who stand on the same papers, in the order of their ranks."""

    people: tuple[Expert, ...]

    @property
    def paper_ids(self) -> tuple[str, ...]:
        """The papers, the weightiest first."""
        return self.people[0].papers


def group_by_papers(people: Sequence[Expert]) -> list[Group]:
    """Ranked people joined where their papers are the same; a group stands where its first one did."""
    groups: dict[frozenset[str], list[Expert]] = {}
    for expert in people:
        groups.setdefault(frozenset(expert.papers), []).append(expert)
    return [Group(tuple(members)) for members in groups.values()]


def render_groups(
    people: Sequence[Expert], papers: Mapping[str, Paper], listing: Listing
) -> list[str]:
    """Numbered lines: who, how many papers, when, in which role, the best paper, and the others' markers.

    A title is written out once; somebody whose every paper was named above gets the markers alone.
    """
    rendered_ids: set[str] = set()
    return [
        f"{at}. {_render_group(group, papers, listing, rendered_ids)}"
        for at, group in enumerate(group_by_papers(people), 1)
    ]


def _render_group(
    group: Group, papers: Mapping[str, Paper], listing: Listing, rendered_ids: set[str]
) -> str:
    theirs = [papers[paper_id] for paper_id in group.paper_ids]
    if len(group.people) == 1:
        who = f"**{plain(group.people[0].name)}**"
        role = person_phrases.tell_role(group.people[0].roles)
    else:
        who = join_names(
            f"**{plain(e.name)}** ({person_phrases.tell_role(e.roles)})" for e in group.people
        )
        role = person_phrases.TOGETHER if len(theirs) > 1 else ""
    details = ", ".join(filter(None, (f"{counted(len(theirs))}{format_years(theirs)}", role)))
    return f"{who}, {details}: {_render_best_first(theirs, listing, rendered_ids)}"


def _render_best_first(papers: Sequence[Paper], listing: Listing, rendered_ids: set[str]) -> str:
    """The first paper whose title was not written out yet, then the markers of the others."""
    best = next((p for p in papers if p.paper_id not in rendered_ids), None)
    title = ""
    if best is not None:
        rendered_ids.add(best.paper_id)
        date = format_date(best)
        title = f"*{plain(best.name)}*{f' ({date})' if date else ''} {listing.get_marker(best)}"
    marks = " ".join(listing.get_marker(p) for p in papers[:_MARKERS] if p is not best)
    return "; also ".join(filter(None, (title, marks)))


def render_further(people: Sequence[Expert], papers: Mapping[str, Paper], listing: Listing) -> str:
    """Everybody below the ranking, with the markers of their papers; empty for nobody."""
    if not people:
        return ""
    names = [
        f"{plain(e.name)} {' '.join(listing.get_marker(papers[i]) for i in e.papers)}"
        for e in people[:_FURTHER_PEOPLE]
    ]
    return person_phrases.tell_further_people(names, len(people))
