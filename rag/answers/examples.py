"""Example questions for a library, one of each route, built from its papers and people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator

from rag.library.view import LibraryView
from rag.text import STOP_WORDS, fold, iter_words
from rag.types import Condition

_LOOKED_AT = 200
"""Papers looked through for a method that its title names."""

_NAMED_METHOD = re.compile(r"^([^\s:]{3,24}): \S")
"""A title that begins with its method's name."""
_TOO_COMMON = frozenset(
    "learning network networks model models method based via towards using".split()
)


def build_examples(library: LibraryView) -> tuple[str, ...]:
    """At most four questions: content, experts, person, catalogue; none for an empty library."""
    questions = (
        _build_content_example(library),
        _build_experts_example(library),
        _build_person_example(library),
        _build_catalogue_example(library),
    )
    return tuple(question for question in questions if question)


def _build_content_example(library: LibraryView) -> str:
    for paper in library.find_papers([Condition("title", "has", ":")], limit=_LOOKED_AT):
        if (match := _NAMED_METHOD.match(paper.title or "")) and match[1] in paper.text:
            return f"What does {match[1]} do?"
    first = library.find_papers(limit=1)
    return f"What is known about {first[0].name.lower()}?" if first else ""


def _build_experts_example(library: LibraryView) -> str:
    counts = count_shared_pairs(library.list_titles())
    if not counts or counts.most_common(1)[0][1] < 2:
        return ""
    best = min(counts, key=lambda pair: (-counts[pair], pair))
    return f"Who works on {best}?"


def count_shared_pairs(titles: Iterable[str]) -> Counter[str]:
    """The number of titles that contain each pair of words."""
    return Counter(pair for title in titles for pair in set(_iter_pairs(title)))


def _iter_pairs(title: str) -> Iterator[str]:
    """Two words of a title side by side, neither of them empty of content."""
    title_words = [(fold(word), span) for word, span in iter_words(title)]
    for (first, (_, end)), (second, (start, _)) in zip(title_words, title_words[1:], strict=False):
        apart = title[end:start]
        if apart in (" ", "-") and not {first, second} & (STOP_WORDS | _TOO_COMMON):
            yield f"{first}{apart}{second}"


def _build_person_example(library: LibraryView) -> str:
    people = (name for name in library.count_groups("author") if library.find_page(name) is None)
    busiest = next(people, "")
    return f"What does {busiest} work on?" if busiest else ""


def _build_catalogue_example(library: LibraryView) -> str:
    years = library.count_groups("year")
    if not years:
        return "How many papers are there?" if library.n_papers else ""
    year = min(years, key=lambda y: (-years[y], -y))
    marked = library.count_papers([Condition("code", "is", True)])
    return f"How many papers from {year} have code?" if marked else f"Which papers are from {year}?"
