"""Statements about the papers that meet some conditions, which the parts of a view share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import Select, Table, case, func, select, true
from sqlalchemy.sql.elements import ColumnElement

from rag.library.catalogue import Catalogue
from rag.library.conditions import Sorting, compile_conditions, order_by
from rag.library.tables import PAPERS, is_listed
from rag.library.vocabulary import Vocabulary
from rag.types import Condition, Paper

Value = TypeVar("Value")
_MOST_KEPT = 2_000


class ScopedLibrary:
    """One state of a library, seen through conditions.

    Args:
        library: Where the papers are.
        scope: Settled conditions that all papers seen meet.
        whole: The same state without conditions, to be given with a scope.
    """

    whole: ScopedLibrary

    def __init__(
        self,
        library: Catalogue,
        scope: Sequence[Condition] = (),
        whole: ScopedLibrary | None = None,
    ) -> None:
        self.library, self.scope = library, tuple(scope)
        self.whole = whole or self

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the whole library, whatever the scope."""
        return Vocabulary(self.library) if self.whole is self else self.whole.vocabulary

    @cached_property
    def _kept(self) -> dict[Hashable, Any]:
        return {}

    def recall(self, key: Hashable, find: Callable[[], Value]) -> Value:
        """What was found for a key before: of one state of the library it stays the same.

        A question is read for the papers that it names when it is read, when they are chosen and for each side
        of a comparison. Safe to share between threads: at worst it is found twice.
        """
        kept = self._kept
        if key not in kept:
            if len(kept) >= _MOST_KEPT:
                kept = self.__dict__["_kept"] = {}
            kept[key] = find()
        value: Value = kept[key]
        return value

    def _test(self, conditions: Sequence[Condition] = ()) -> ColumnElement[bool]:
        return compile_conditions((*self.scope, *conditions))

    def _chosen(self, conditions: Sequence[Condition] = ()) -> Select[Any]:
        """Ids of the papers of the scope that meet conditions, as a subquery."""
        return select(PAPERS.c.paper_id).where(self._test(conditions))

    def _is_in_scope(self, table: Table) -> ColumnElement[bool]:
        return table.c.paper_id.in_(self._chosen()) if self.scope else true()

    def get_paper(self, paper_id: str) -> Paper | None:
        papers = self.list_papers([paper_id])
        return papers[0] if papers else None

    def list_papers(self, ids: Iterable[str]) -> list[Paper]:
        """Papers by id, in order; those out of sight are left out."""
        wanted = list(ids)
        if self.scope and wanted:
            in_scope = self.select_ids(wanted)
            wanted = [paper_id for paper_id in wanted if paper_id in in_scope]
        return self.library.list_papers(wanted) if wanted else []

    def select_ids(self, ids: Collection[str], conditions: Sequence[Condition] = ()) -> set[str]:
        """Which of some papers are seen and meet conditions."""
        statement = self._chosen(conditions).where(is_listed(PAPERS.c.paper_id, ids))
        return {row[0] for row in self.library.fetch(statement)} if ids else set()

    def find_ids(
        self,
        conditions: Sequence[Condition] = (),
        sorting: Sorting = None,
        limit: int | None = None,
        *,
        offset: int = 0,
        first: Sequence[Condition] = (),
    ) -> list[str]:
        """Ids of the papers that meet all conditions; see `rag.library.conditions.order_by`.

        ``first``: papers that meet these, too, come before the others.
        """
        rank = (case((compile_conditions(first), 0), else_=1),) if first else ()
        ids = self._chosen(conditions).order_by(*rank, *order_by(sorting))
        rows = self.library.fetch_all(ids.limit(limit).offset(offset or None))
        return [row[0] for row in rows]

    def find_papers(
        self,
        conditions: Sequence[Condition] = (),
        sorting: Sorting = None,
        limit: int | None = None,
    ) -> list[Paper]:
        """The papers themselves, for few."""
        with self.library.open_snapshot():
            return self.library.list_papers(self.find_ids(conditions, sorting, limit))

    def _count(self, *tests: ColumnElement[bool]) -> int:
        counted = select(func.count()).select_from(PAPERS).where(*tests)
        return int(self.library.fetch(counted)[0][0])
