"""The papers that a query is about, as conditions: counted, grouped and listed by statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rag.library.conditions import Sorting
from rag.library.view import LibraryView
from rag.types import Condition, Paper, ScoredPaper


@dataclass(frozen=True)
class PaperSet:
    """Papers that meet conditions.

    Attributes:
        conditions: Settled ones.
        ranked: Ids of all of them, best first, where they are those on a topic; else None.
    """

    library: LibraryView
    conditions: tuple[Condition, ...] = ()
    ranked: tuple[str, ...] | None = None

    @cached_property
    def n(self) -> int:
        return len(self.scored) if "scored" in vars(self) else self.count()

    @cached_property
    def is_empty(self) -> bool:
        """Without counting: to search 100,000 titles for a phrase takes a tenth of a second."""
        if self.ranked is not None:
            return not self.ranked
        return not self.library.has_papers(self.conditions)

    def count(self, *conditions: Condition) -> int:
        """How many also meet these conditions."""
        if self.ranked is not None and not conditions:
            return len(self.ranked)
        return self.library.count_papers((*self.all_conditions, *conditions))

    @property
    def all_conditions(self) -> tuple[Condition, ...]:
        """With those on the topic by id."""
        return self.conditions if self.ranked is None else (build_choice(self.ranked),)

    def rank(self, ids: Sequence[str]) -> PaperSet:
        """Some of the papers, best first."""
        return replace(self, ranked=tuple(ids))

    def narrow(self, *conditions: Condition) -> PaperSet:
        """Those that also meet these conditions, in the same order."""
        if self.ranked is None:
            return PaperSet(self.library, (*self.conditions, *conditions))
        met = self.library.select_ids(self.ranked, conditions)
        return self.rank([paper_id for paper_id in self.ranked if paper_id in met])

    def find_ids(self, sorting: Sorting = None, limit: int | None = None) -> list[str]:
        """Ids in the order asked for; without one, papers on a topic come nearest first."""
        if self.ranked is not None and (sorting is None or sorting == "newest first"):
            return list(self.ranked[:limit])
        return self.library.find_ids(self.all_conditions, sorting, limit)

    @cached_property
    def scored(self) -> tuple[ScoredPaper, ...]:
        """All of them as what a ranking says of them, as lists are shown."""
        if self.ranked is not None:
            return self.library.list_scored(self.ranked)
        return self.library.find_scored(self.conditions, "newest first")

    def find_papers(self, limit: int | None = None) -> list[Paper]:
        return self.library.list_papers(self.find_ids(limit=limit))

    def count_groups(self, field: str) -> tuple[Counter[Any], int]:
        """Papers by value, and how many have none."""
        counts = self.library.count_groups(field, self.all_conditions)
        return counts, self.n - self.library.count_valued(field, self.all_conditions)


def build_choice(ids: Sequence[str]) -> Condition:
    """The condition that a paper is one of these; with no ids it is one that no paper meets."""
    return Condition("paper", "in", tuple(ids) or ("-",))
