"""Compares two or more people: whether they are the same, what they share; and whether one name is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations

from rag.answers import person_phrases
from rag.answers.portrait import build_expert, render_portrait
from rag.answers.rows import Listing, build_scored_papers
from rag.library.fields import format_conditions
from rag.library.selection import resolve_conditions
from rag.library.view import LibraryView
from rag.text import fold, join_names
from rag.text.english import counted
from rag.text.markdown import plain
from rag.types import Answer, Paper, list_sources
from rag.types.query import Query

_COMPANY = 6
"""Co-authors named of a circle."""


def answer_pair(query: Query, names: Sequence[str], library: LibraryView) -> Answer:
    """Each one's papers, the shared ones first, and what speaks for one person or two."""
    listing = Listing(query.topic)
    shared = find_shared_papers(names, library)
    parts = [
        _format_verdict(names, shared, library)
        if query.relation == "same"
        else _format_together(names, shared)
    ]
    papers = list(shared)
    if shared:
        parts.append(listing.render_rows(shared))
    if query.relation == "same":
        for name in names:
            own_papers = [p for p in library.list_papers_of(name) if p not in shared]
            parts.append(render_portrait(name, library.list_papers_of(name), library))
            parts.append(listing.render_rows(own_papers))
            papers += [p for p in own_papers if p not in papers]
    people = tuple(build_expert(n, papers, library) for n in names)
    return Answer(
        "",
        "answered",
        "person",
        "\n\n".join(filter(None, parts)),
        listing.citations,
        build_scored_papers(papers),
        people,
        value=len(shared)
        if query.want == "count"
        else list_sources(shared)
        if query.relation == "shared"
        else None,
    )


def answer_company(query: Query, names: Sequence[str], library: LibraryView) -> Answer:
    """Everybody who stands with each of several people, with the papers; most papers first."""
    listing = Listing()
    papers: list[Paper] = []
    conditions = resolve_conditions(query.where, library).conditions
    papers_by_person = {}
    for name in names:
        own_papers = library.list_papers_of(name)
        allowed = library.select_ids([p.paper_id for p in own_papers], conditions)
        papers_by_person[name] = [p for p in own_papers if p.paper_id in allowed]
    by_number = Counter(
        {
            o: sum(o in library.list_people_of(p) for n in names for p in papers_by_person[n])
            for o in _list_common(papers_by_person, library)
        }
    )
    order = sorted(by_number, key=lambda o: (-by_number[o], o))
    lines = []
    for coauthor in order:
        rows = []
        for name in names:
            common_papers = [
                p for p in papers_by_person[name] if coauthor in library.list_people_of(p)
            ]
            papers += [p for p in common_papers if p not in papers]
            marks = " ".join(listing.get_marker(p) for p in common_papers)
            rows.append(f"{counted(len(common_papers))} with {plain(name)} {marks}")
        lines.append(f"- **{plain(coauthor)}**: {', '.join(rows)}")
    who = join_names(f"**{plain(n)}**" for n in names)
    head = person_phrases.tell_common_company(who, len(order), format_conditions(conditions))
    return Answer(
        "",
        "answered",
        "person",
        "\n\n".join(filter(None, (head, "\n".join(lines)))),
        listing.citations,
        build_scored_papers(papers),
        tuple(build_expert(o, papers, library) for o in order),
    )


def answer_one_name(name: str, library: LibraryView) -> Answer:
    """Whether one name may be several people: its papers by circles of co-authors that never meet."""
    listing = Listing()
    papers = library.list_papers_of(name)
    always, circles = find_circles(name, library)
    lines = []
    for circle in circles:
        people = sorted({o for p in circle for o in library.list_people_of(p)} - {name, *always})
        names = join_names([plain(o) for o in people[:_COMPANY]])
        marks = " ".join(listing.get_marker(paper) for paper in circle)
        lines.append(f"- {person_phrases.tell_circle(len(circle), names)} {marks}")
    head = person_phrases.tell_circles(
        f"**{plain(name)}**", len(papers), len(circles), join_names(map(plain, always))
    )
    return Answer(
        "",
        "answered",
        "person",
        "\n\n".join((head, "\n".join(lines))),
        listing.citations,
        build_scored_papers(papers),
        (build_expert(name, papers, library),),
    )


def find_circles(name: str, library: LibraryView) -> tuple[list[str], list[list[Paper]]]:
    """The people on every paper of one person, and that person's papers grouped by shared co-authors.

    A page puts its person on every paper, which tells nothing; the largest group comes first.
    """
    papers = library.list_papers_of(name)
    people = {p.paper_id: set(library.list_people_of(p)) - {name} for p in papers}
    always = set.intersection(*people.values()) if len(papers) > 1 else set()
    circles: list[tuple[set[str], list[Paper]]] = []
    for paper in papers:
        company, group_papers = people[paper.paper_id] - always, [paper]
        apart = []
        for circle, group in circles:
            if circle & company:
                company, group_papers = company | circle, [*group, *group_papers]
            else:
                apart.append((circle, group))
        circles = [*apart, (company, group_papers)]
    groups = [group for _, group in circles]
    return sorted(always), sorted(groups, key=lambda group: -len(group))


def find_shared_papers(names: Sequence[str], library: LibraryView) -> list[Paper]:
    """Papers on which all of them stand, newest first."""
    return [
        p for p in library.list_papers_of(names[0]) if set(names) <= set(library.list_people_of(p))
    ]


def _format_together(names: Sequence[str], shared: Sequence[Paper]) -> str:
    who = join_names(f"**{plain(n)}**" for n in names)
    return person_phrases.tell_together(who, len(shared))


def _format_verdict(names: Sequence[str], shared: Sequence[Paper], library: LibraryView) -> str:
    """What the library can say: different names are different people unless somebody says so."""
    who = join_names(plain(n) for n in names)
    clauses = [person_phrases.tell_different_names(who, len(names))]
    if shared:
        clauses.append(person_phrases.tell_different_people(len(shared)))
    else:
        common = _list_common({n: library.list_papers_of(n) for n in names}, library)
        if common:
            clauses.append(person_phrases.tell_shared_company(join_names(map(plain, common))))
        else:
            clauses.append(person_phrases.NOTHING_SHARED)
    alike = {name: library.names.find_lookalikes(name) for name in names[:-1]}
    for a, b in combinations(names, 2):
        if b in alike[a] or fold(a) == fold(b):
            clauses.append(person_phrases.SAME_SPELLING)
    return " ".join(clauses)


def _list_common(
    papers_by_person: Mapping[str, Sequence[Paper]], library: LibraryView
) -> list[str]:
    """Who stands on a paper of each of them."""
    circles = [
        {o for p in papers for o in library.list_people_of(p)} - {*papers_by_person}
        for papers in papers_by_person.values()
    ]
    return sorted(set.intersection(*circles)) if circles else []
