"""Example questions for a library, one of each route, built from its papers and people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from rag.library.snapshot import LibrarySource
from rag.text import STOP_WORDS, fold, iter_words
from rag.types import Paper

_NAMED_METHOD = re.compile(r"^([^\s:]{3,24}): \S")
"""A title that begins with its method's name."""
_TOO_COMMON = frozenset(
    "learning network networks model models method based via towards using".split()
)


def build_examples(library: LibrarySource) -> tuple[str, ...]:
    """At most four questions: content, experts, person, catalogue; none for an empty library."""
    papers = library.list_papers()
    questions = (
        _build_content_example(papers),
        _build_experts_example(papers),
        _build_person_example(library),
        _build_catalogue_example(papers),
    )
    return tuple(question for question in questions if question)


def _build_content_example(papers: Sequence[Paper]) -> str:
    for paper in papers:
        if paper.title and (match := _NAMED_METHOD.match(paper.title)) and match[1] in paper.text:
            return f"What does {match[1]} do?"
    return f"What is known about {papers[0].name.lower()}?" if papers else ""


def _build_experts_example(papers: Sequence[Paper]) -> str:
    counts = count_shared_pairs(papers)
    if not counts or counts.most_common(1)[0][1] < 2:
        return ""
    best = min(counts, key=lambda pair: (-counts[pair], pair))
    return f"Who works on {best}?"


def count_shared_pairs(papers: Sequence[Paper]) -> Counter[str]:
    """The number of titles that contain each pair of words."""
    return Counter(pair for paper in papers for pair in set(_iter_pairs(paper.title or "")))


def _iter_pairs(title: str) -> Iterator[str]:
    """Two words of a title side by side, neither of them empty of content."""
    title_words = [(fold(word), span) for word, span in iter_words(title)]
    for (first, (_, end)), (second, (start, _)) in zip(title_words, title_words[1:], strict=False):
        apart = title[end:start]
        if apart in (" ", "-") and not {first, second} & (STOP_WORDS | _TOO_COMMON):
            yield f"{first}{apart}{second}"


def _build_person_example(library: LibrarySource) -> str:
    other_people = [p for p in library.list_persons() if p.page is None]
    if not other_people:
        return ""
    busiest = min(other_people, key=lambda p: (-len(p.authorships), p.name))
    return f"What does {busiest.name} work on?"


def _build_catalogue_example(papers: Sequence[Paper]) -> str:
    years = Counter(paper.year for paper in papers if paper.year)
    if not years:
        return "How many papers are there?" if papers else ""
    year = min(years, key=lambda y: (-years[y], -y))
    marked = any(paper.code for paper in papers)
    return f"How many papers from {year} have code?" if marked else f"Which papers are from {year}?"
