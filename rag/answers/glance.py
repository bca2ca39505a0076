"""The library at a glance: its topics, newest papers and people, computed."""

from __future__ import annotations

from dataclasses import dataclass

from rag.answers.topic_map import count_topics
from rag.library.view import LibraryView
from rag.types import Paper


@dataclass(frozen=True, slots=True)
class Glance:
    """What a reader should know of a library before the first question.

    Attributes:
        n_papers, n_people: All of the library.
        years: The first and the last year that papers have; None where none has one.
        topics: What titles name, with the number of papers.
        newest: Papers, newest first.
        people: Those with most papers, with the number of them.
    """

    n_papers: int
    n_people: int
    years: tuple[int, int] | None
    topics: tuple[tuple[str, int], ...]
    newest: tuple[Paper, ...]
    people: tuple[tuple[str, int], ...]


def build_glance(library: LibraryView, n_topics: int, n_newest: int, n_people: int) -> Glance:
    """The library at a glance, with at most so many topics, papers and people."""
    years = library.count_groups("year")
    topics = count_topics(library, k=n_topics)
    return Glance(
        library.n_papers,
        library.library.n_people,
        (min(years), max(years)) if years else None,
        tuple((name, sum(of_years.values())) for name, of_years in topics.items()),
        tuple(library.find_papers((), "newest first", n_newest)),
        tuple(library.count_groups("author", limit=n_people).items()),
    )
