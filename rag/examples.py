"""Questions worth asking of a library, made from what stands in it: one of each route."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from rag.census import Source
from rag.text import STOP_WORDS, fold, words
from rag.types import Paper

_NAMED = re.compile(r"^([^\s:]{3,24}): \S")
"""A title that begins with its method's name."""
_TOO_COMMON = frozenset(
    "learning network networks model models method based via towards using".split()
)


def examples(library: Source) -> tuple[str, ...]:
    """At most four questions: content, experts, person, catalogue; none for an empty library."""
    papers = library.papers()
    made = (_content(papers), _experts(papers), _person(library), _catalogue(papers))
    return tuple(question for question in made if question)


def _content(papers: Sequence[Paper]) -> str:
    for paper in papers:
        if paper.title and (match := _NAMED.match(paper.title)) and match[1] in paper.text:
            return f"What does {match[1]} do?"
    return f"What is known about {papers[0].name.lower()}?" if papers else ""


def _experts(papers: Sequence[Paper]) -> str:
    counts = shared_pairs(papers)
    if not counts or counts.most_common(1)[0][1] < 2:
        return ""
    best = min(counts, key=lambda pair: (-counts[pair], pair))
    return f"Who works on {best}?"


def shared_pairs(papers: Sequence[Paper]) -> Counter[str]:
    """In how many titles each pair of words stands."""
    return Counter(pair for paper in papers for pair in set(_pairs(paper.title or "")))


def _pairs(title: str) -> Iterator[str]:
    """Two words of a title side by side, neither of them empty of content."""
    told = [(fold(word), span) for word, span in words(title)]
    for (one, (_, end)), (other, (start, _)) in zip(told, told[1:], strict=False):
        apart = title[end:start]
        if apart in (" ", "-") and not {one, other} & (STOP_WORDS | _TOO_COMMON):
            yield f"{one}{apart}{other}"


def _person(library: Source) -> str:
    others = [p for p in library.persons() if p.page is None]
    if not others:
        return ""
    busiest = min(others, key=lambda p: (-len(p.authorships), p.name))
    return f"What does {busiest.name} work on?"


def _catalogue(papers: Sequence[Paper]) -> str:
    years = Counter(paper.year for paper in papers if paper.year)
    if not years:
        return "How many papers are there?" if papers else ""
    year = min(years, key=lambda y: (-years[y], -y))
    marked = any(paper.code for paper in papers)
    return f"How many papers from {year} have code?" if marked else f"Which papers are from {year}?"
