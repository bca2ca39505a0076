"""The topics of a library as a map: how many papers when, whose they are, which share their people.

Every number is counted by the condition that its link filters by, so that it is the length of the
list which opens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.answers.topic_names import MAX_TITLES, find_topics
from rag.library.view import LibraryView
from rag.types import Condition

MAX_MAPPED_TOPICS = 18


@dataclass(frozen=True, slots=True)
class MappedTopic:
    """A phrase of titles.

    Attributes:
        years: Papers by year; those without one under None.
        people: Those of its papers, with their numbers, most first.
    """

    name: str
    n_papers: int
    years: Mapping[int | None, int]
    people: tuple[tuple[str, int], ...]

    @property
    def condition(self) -> Condition:
        return build_topic_condition(self.name)

    @property
    def span(self) -> tuple[int, int] | None:
        """First and last known year."""
        known = sorted(year for year in self.years if year is not None)
        return (known[0], known[-1]) if known else None


@dataclass(frozen=True, slots=True)
class TopicMap:
    """Topics, the largest first; ``ties``: positions of two with the number of people on both."""

    topics: tuple[MappedTopic, ...]
    ties: Mapping[tuple[int, int], int]


def build_topic_condition(name: str) -> Condition:
    return Condition("title", "contains", name)


def count_topics(
    library: LibraryView, conditions: Sequence[Condition] = (), k: int = MAX_MAPPED_TOPICS
) -> dict[str, dict[int | None, int]]:
    """The topics that newest titles name, most papers first, each with all of its papers by year.

    Every title is tested for each topic, so what was counted of a library is kept while it is as it is.
    """
    topics = _count_all_topics(library, tuple(conditions))
    return {name: topics[name] for name in list(topics)[:k]}


@lru_cache(maxsize=4)
def _count_all_topics(
    library: LibraryView, conditions: tuple[Condition, ...]
) -> dict[str, dict[int | None, int]]:
    titles = library.list_titles(MAX_TITLES, "newest first", conditions)
    names = [name for name, _ in find_topics(titles, 2 * MAX_MAPPED_TOPICS)]
    if not names:
        return {}
    columns = [(*conditions, build_topic_condition(name)) for name in names]
    table = library.count_each("year", columns)
    topics = {
        name: {year: row[at] for year, row in table.items() if row[at]}
        for at, name in enumerate(names)
    }
    ranked = sorted(topics, key=lambda name: -sum(topics[name].values()))
    return {name: topics[name] for name in ranked}


def map_topics(library: LibraryView, k: int = MAX_MAPPED_TOPICS) -> TopicMap:
    """The topics of a library, whose they are, and which share people."""
    years = count_topics(library, k=k)
    ids = {name: library.find_ids([build_topic_condition(name)]) for name in years}
    people = library.list_people_by_paper(list({i for of_topic in ids.values() for i in of_topic}))
    topics = tuple(
        MappedTopic(name, sum(by_year.values()), by_year, _count_people(people, ids[name]))
        for name, by_year in years.items()
    )
    return TopicMap(topics, _count_ties(topics))


def _count_people(
    people: Mapping[str, Sequence[str]], paper_ids: Sequence[str]
) -> tuple[tuple[str, int], ...]:
    counts = Counter(name for paper_id in paper_ids for name in set(people.get(paper_id, ())))
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _count_ties(topics: Sequence[MappedTopic]) -> dict[tuple[int, int], int]:
    names = [{name for name, _ in topic.people} for topic in topics]
    pairs = ((a, b) for a in range(len(topics)) for b in range(a))
    return {(b, a): n for a, b in pairs if (n := len(names[a] & names[b]))}


def rank_people(topic_map: TopicMap, k: int) -> list[tuple[str, dict[int, int]]]:
    """Those with most papers on the topics, with their numbers by the topic's position."""
    totals: Counter[str] = Counter()
    rows: dict[str, dict[int, int]] = {}
    for at, topic in enumerate(topic_map.topics):
        for name, n in topic.people:
            totals[name] += n
            rows.setdefault(name, {})[at] = n
    ranked = sorted(totals, key=lambda name: (-totals[name], name))[:k]
    return [(name, rows[name]) for name in ranked]
