"""The topics of a library as a map: how many papers when, whose they are, which share their people.

Every number is counted by the condition that its link filters by, so that it is the length of the
list which opens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answers.topic_names import MAX_TITLES, find_themes
from rag.library.view import LibraryView
from rag.types import Condition

MAX_TOPICS = 18
_LEAST = 2
"""Papers that a topic needs."""


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


def map_topics(
    library: LibraryView, conditions: Sequence[Condition] = (), k: int = MAX_TOPICS
) -> TopicMap:
    """The topics that newest titles name, counted over all papers that meet conditions."""
    names = [
        name for name, _ in find_themes(library.list_titles(MAX_TITLES, "newest first"), 2 * k)
    ]
    columns = [(*conditions, build_topic_condition(name)) for name in names]
    if not columns:
        return TopicMap((), {})
    years = library.count_each("year", columns)
    totals = {at: sum(row[at] for row in years.values()) for at in range(len(names))}
    chosen = sorted((at for at in totals if totals[at] >= _LEAST), key=lambda at: -totals[at])[:k]
    ids = {at: library.find_ids(columns[at]) for at in chosen}
    people = library.list_people_by_paper(list({i for of_topic in ids.values() for i in of_topic}))
    topics = tuple(
        MappedTopic(
            names[at],
            totals[at],
            {year: row[at] for year, row in years.items() if row[at]},
            _count_people(people, ids[at]),
        )
        for at in chosen
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
