"""The library as one question sees it: papers that meet some conditions, their people and words.

Nothing of it is in memory but what was looked up: each method is a statement, or a few.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, cast

from sqlalchemy import (
    Column,
    Select,
    Table,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.sql.elements import ColumnElement

from rag.library.abbreviations import Abbreviations
from rag.library.called import CalledPapers
from rag.library.conditions import (
    IN_PLACE,
    Sorting,
    build_groups,
    compile_conditions,
    order_by,
)
from rag.library.people import ScopedPeople
from rag.library.sources import PRINTED, find_source
from rag.library.tables import (
    AFFILIATIONS,
    AUTHORSHIPS,
    DOCUMENTS,
    PAPER_WORDS,
    PAPERS,
    PLACES,
    encode_list,
    has_part,
    is_listed,
)
from rag.library.word_index import may_have
from rag.text import fold
from rag.types import Condition, ScoredPaper
from rag.types.fields import FIELDS
from rag.types.papers import NOT_FOUND
from rag.types.query import Order

MOST_TITLES = 5_000
PrintedField = Literal["category", "affiliation", "venue"]
_PRINTED: Mapping[PrintedField, tuple[Column[str], Column[str]]] = {
    "category": (PAPERS.c.category, PAPERS.c.folded_category),
    "affiliation": (AFFILIATIONS.c.name, AFFILIATIONS.c.folded),
    "venue": (PAPERS.c.venue, PAPERS.c.folded_venue),
}


def _build_printed(test: Callable[[Table], ColumnElement[bool]]) -> Select[Any]:
    """Reads the printed values of the folded texts in the parameter of each field.

    ``test``: of the papers of a table that count.
    """
    parts = [
        select(literal(field).label("field"), column.label("folded"), raw.label("value")).where(
            is_listed(column, name=field), test(column.table)
        )
        for field, (raw, column) in _PRINTED.items()
    ]
    printed = union(*parts).subquery()
    return select(printed).order_by(printed.c.value.desc())


_PRINTED_READ = _build_printed(lambda table: true())


class LibraryView(CalledPapers, ScopedPeople):
    """One state of a library. Read only; safe to share between threads."""

    whole: LibraryView

    @cached_property
    def fingerprint(self) -> str:
        return self.library.fingerprint

    @cached_property
    def n_papers(self) -> int:
        return self.count_papers()

    @cached_property
    def institutions(self) -> Mapping[str, tuple[str, ...]]:
        """Names of documents by the institution that heads them, folded."""
        headed = select(DOCUMENTS.c.institution, DOCUMENTS.c.name).where(
            DOCUMENTS.c.institution.is_not(None)
        )
        names: dict[str, tuple[str, ...]] = {}
        for institution, name in self.library.fetch(headed.order_by(DOCUMENTS.c.name)):
            names[fold(institution)] = (*names.get(fold(institution), ()), name)
        return names

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Categories that papers print."""
        printed = select(PAPERS.c.category).where(PAPERS.c.category.is_not(None)).distinct()
        return tuple(sorted(row[0] for row in self.library.fetch(printed)))

    @cached_property
    def venue_abbreviations(self) -> Abbreviations:
        """What the printed venues may be shortened to."""
        venues = select(PAPERS.c.venue).where(PAPERS.c.venue.is_not(None)).distinct()
        return Abbreviations(row[0] for row in self.library.fetch(venues))

    # --- papers -------------------------------------------------------------------------------

    def list_titles(
        self,
        limit: int = MOST_TITLES,
        sorting: Sorting = None,
        conditions: Sequence[Condition] = (),
    ) -> list[str]:
        """The titles of the first papers in an order: enough to see what titles share."""
        titles = select(PAPERS.c.title).where(self._test(conditions), PAPERS.c.title.is_not(None))
        ordered = titles.order_by(*order_by(sorting)).limit(limit)
        return [row[0] for row in self.library.fetch(ordered)]

    def iter_texts(
        self,
        conditions: Sequence[Condition],
        parts: Sequence[Collection[str]],
        in_text: Collection[str] | None = None,
        coined: Collection[str] = (),
    ) -> Iterator[tuple[str, str | None, str]]:
        """Id, title and text of each paper whose searched text has one of each of some parts.

        Args:
            conditions: That all of them meet.
            parts: Of the searched form, each in one way or more.
            in_text: Papers that may have them in their texts, while others must in their titles;
                None: all.
            coined: Folded words with capitals within, of which the papers have one; none: any papers.
                They are few, so that their texts are read at once.
        """
        columns = select(PAPERS.c.paper_id, PAPERS.c.title, PAPERS.c.text)
        if coined:
            having = select(PAPER_WORDS.c.paper_id).where(is_listed(PAPER_WORDS.c.word, coined))
            columns = columns.where(PAPERS.c.paper_id.in_(having))
        else:
            columns = columns.where(may_have(parts))
        has_parts = _has_each(PAPERS.c.searched_text, parts)
        if in_text is not None:
            titled = _has_each(PAPERS.c.searched_title, parts)
            has_parts = or_(titled, and_(is_listed(PAPERS.c.paper_id, in_text), has_parts))
        for row in self.library.stream(columns.where(self._test(conditions), has_parts)):
            yield row[0], row[1], row[2]

    def find_scored(
        self, conditions: Sequence[Condition] = (), sorting: Sorting = None
    ) -> tuple[ScoredPaper, ...]:
        """The papers that `find_ids` finds as what a ranking says of them, read from one index, for any number."""
        columns = (PAPERS.c.paper_id, PAPERS.c.document, PAPERS.c.line, PAPERS.c.n_places)
        found = select(*columns).where(self._test(conditions)).order_by(*order_by(sorting))
        rows = self.library.fetch_all(found)
        several = [paper_id for paper_id, _, _, n_places in rows if n_places > 1]
        further = self._read_places(several)[1] if several else {}
        return tuple(
            ScoredPaper(paper_id, f"{document}:{line}", 1.0, further.get(paper_id, ()))
            for paper_id, document, line, _ in rows
        )

    def list_scored(self, ids: Sequence[str]) -> tuple[ScoredPaper, ...]:
        """Papers in order as what a ranking says of them: ids and places alone, for any number."""
        first, further = self._read_places(ids)
        return tuple(ScoredPaper(i, first[i], 1.0, further.get(i, ())) for i in ids)

    def _read_places(self, ids: Sequence[str]) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
        """The first place of each paper, as a `Place` prints, and the others of those that have more."""
        places = select(PLACES.c.paper_id, PLACES.c.document, PLACES.c.line).order_by(
            PLACES.c.paper_id, PLACES.c.ordinal
        )
        first: dict[str, str] = {}
        further: dict[str, tuple[str, ...]] = {}
        for paper_id, document, line in self.library.fetch_all(
            places.where(is_listed(PLACES.c.paper_id, ids))
        ):
            place = f"{document}:{line}"
            if paper_id in first:
                further[paper_id] = (*further.get(paper_id, ()), place)
            else:
                first[paper_id] = place
        return first, further

    def count_papers(self, conditions: Sequence[Condition] = ()) -> int:
        """How many papers meet all conditions."""
        return self._count(self._test(conditions))

    def has_papers(self, conditions: Sequence[Condition] = ()) -> bool:
        """Whether any paper meets all conditions."""
        return bool(self.library.fetch_all(self._chosen(conditions).limit(1)))

    def sum_places(self, conditions: Sequence[Condition] = ()) -> int:
        """How many entries of documents the papers have."""
        total = select(func.coalesce(func.sum(PAPERS.c.n_places), 0)).where(self._test(conditions))
        return int(self.library.fetch(total)[0][0])

    def count_not_found(self, field: str, conditions: Sequence[Condition] = ()) -> int:
        """Papers of which a reader looked for a field and did not find it, though it may be printed."""
        basis = literal(json.dumps(f"{field}: {NOT_FOUND}"))
        return self._count(self._test(conditions), has_part(PAPERS.c.details, basis))

    def count_cut_lists(
        self, conditions: Sequence[Condition] = (), shorter_than: float = math.inf
    ) -> int:
        """Papers whose printed author list ends in 'et al.', of those with fewer authors."""
        cut = [PRINTED, PAPERS.c.authors_complete == 0]
        if shorter_than < math.inf:
            cut.append(PAPERS.c.n_authors < shorter_than)
        return self._count(self._test(conditions), *cut)

    def list_days(
        self, conditions: Sequence[Condition] = ()
    ) -> list[tuple[int, int | None, int | None, int]]:
        """Year, month and day of papers that print no whole date but a year, and how many do so."""
        days = (PAPERS.c.year, PAPERS.c.month, PAPERS.c.day)
        open_end = or_(PAPERS.c.month.is_(None), PAPERS.c.day.is_(None), PAPERS.c.month == 0)
        vague = select(*days, func.count()).where(
            self._test(conditions), PAPERS.c.year.is_not(None), open_end
        )
        return [
            (row[0], row[1], row[2], row[3]) for row in self.library.fetch(vague.group_by(*days))
        ]

    @cached_property
    def newest(self) -> tuple[int, int, int] | None:
        """The newest date printed; where only its year is, the last day of that year."""
        columns = select(PAPERS.c.year, PAPERS.c.month, PAPERS.c.day).distinct()
        year = select(func.max(PAPERS.c.year)).where(self._test()).scalar_subquery()
        dates = self.library.fetch(columns.where(PAPERS.c.year == year, self._test()))
        return max(((row[0], row[1] or 12, row[2] or 28) for row in dates), default=None)

    # --- values -------------------------------------------------------------------------------

    def count_groups(
        self, field: str, conditions: Sequence[Condition] = (), limit: int | None = None
    ) -> Counter[Any]:
        """How many papers have each value of a field, most first, then by value; at most ``limit``."""
        conditions = (*self.scope, *conditions)
        is_plain = field == "author" and not self.aliases
        statement = _build_people(conditions) if is_plain else build_groups(field, conditions)
        groups = self.library.fetch(statement.limit(limit))
        convert = bool if FIELDS[field].type == "flag" else lambda value: value
        return Counter({convert(value): n for value, n in groups})

    def count_each(
        self, field: str, columns: Sequence[Sequence[Condition]]
    ) -> dict[Any, tuple[int, ...]]:
        """A table in one pass: by each value of a field, how many papers meet each of some conditions.

        The field has one value a paper at most; those without are in the row of None. Rows of nothing
        but zeros are left out.
        """
        value = find_source(field).single
        assert value is not None, field
        tests = [compile_conditions(conditions) for conditions in columns]
        counts = (func.sum(case((test, 1), else_=0)) for test in tests)
        rows = select(value, *counts).select_from(PAPERS).where(self._test(), or_(false(), *tests))
        return {row[0]: tuple(row[1:]) for row in self.library.fetch(rows.group_by(value))}

    def count_valued(self, field: str, conditions: Sequence[Condition] = ()) -> int:
        """How many papers have a value in a field."""
        source = find_source(field)
        known = (
            true() if field in ("code", "retracted") else source.known
        )  # a mark that is not there is no mark
        return self._count(self._test(conditions), known)

    def count_known(self, field: str, conditions: Sequence[Condition] = ()) -> int:
        """How many papers have what they are ordered by."""
        return self._count(self._test(conditions), find_source(field).known)

    def find_end(self, order: Order, conditions: Sequence[Condition] = ()) -> list[str]:
        """Ids of the first paper in an order and those equal to it."""
        source = find_source(order.field)
        known = and_(self._test(conditions), source.known)
        best = (func.min if order.way == "ascending" else func.max)(source.order)
        end = select(best).select_from(PAPERS).where(known).scalar_subquery()
        ids = select(PAPERS.c.paper_id).where(known, source.order == end)
        return [row[0] for row in self.library.fetch(ids.order_by(PAPERS.c.paper_id))]

    def count_entries(self, conditions: Sequence[Condition] = ()) -> dict[str, int]:
        """How many entries of the papers each document has."""
        entries = select(PLACES.c.document, func.count()).group_by(PLACES.c.document)
        rows = self.library.fetch(entries.where(PLACES.c.paper_id.in_(self._chosen(conditions))))
        return {row[0]: row[1] for row in rows}

    def list_printed(
        self, folded: Mapping[PrintedField, Collection[str]]
    ) -> dict[PrintedField, dict[str, str]]:
        """Values that the papers print in fields, by those of some folded texts that they fold to."""
        values: dict[PrintedField, dict[str, str]] = {field: {} for field in folded}
        if any(folded.values()):
            printed = _build_printed(self._is_in_scope) if self.scope else _PRINTED_READ
            texts = {field: encode_list(folded.get(field, ())) for field in _PRINTED}
            rows = self.library.fetch(printed, **texts)
            for field, text, value in rows:
                values[field][text] = value
        return values

    def list_printed_with(self, field: str, folded: str) -> list[str]:
        """Values that contain a folded text, in the order in which papers print them."""
        raw, column = _PRINTED[cast("PrintedField", field)]
        # Chosen first by its own index, whose values are few beside the papers' rows.
        fitting = select(column).where(has_part(column, literal(folded)))
        printed = select(raw).where(column.in_(fitting), self._test())
        if column.table is not PAPERS:
            printed = printed.join(PAPERS, PAPERS.c.paper_id == column.table.c.paper_id)
            printed = printed.order_by(*IN_PLACE, column.table.c.ordinal)
        else:
            printed = printed.order_by(*IN_PLACE)
        return list(dict.fromkeys(row[0] for row in self.library.fetch(printed)))


def _has_each(column: ColumnElement[Any], parts: Iterable[Collection[str]]) -> ColumnElement[bool]:
    """Whether a searched form has one of each of some parts."""
    return and_(true(), *(or_(*(has_part(column, literal(p)) for p in part)) for part in parts))


def _build_people(conditions: Sequence[Condition]) -> Select[Any]:
    """The groups of people where no name stands for another: read from an index, in order."""
    n = func.count(AUTHORSHIPS.c.paper_id.distinct())
    people = select(AUTHORSHIPS.c.name, n).group_by(AUTHORSHIPS.c.name)
    if conditions:
        chosen = select(PAPERS.c.paper_id).where(compile_conditions(conditions))
        people = people.where(AUTHORSHIPS.c.paper_id.in_(chosen))
    return people.order_by(n.desc(), AUTHORSHIPS.c.name)
