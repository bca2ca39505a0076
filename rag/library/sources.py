"""Where the values of each field of papers are in SQL: columns, tables, and the forms for tests.

A field is a `Source`: whether a paper has a value, and whether one of its values passes a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Select,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from rag.library.search_forms import (
    WORD,
    build_digit_regex,
    build_phrase_parts,
    build_phrase_regex,
    build_searched,
)
from rag.library.tables import (
    AFFILIATIONS,
    ALIASES,
    AUTHORSHIPS,
    CHUNKS,
    ENTRIES,
    KEYWORDS,
    LINKS,
    PAGES,
    PAPERS,
    PLACES,
    TITLE_WORDS,
    has_part,
    hex_of,
    is_listed,
)
from rag.library.word_index import may_have
from rag.text import fold
from rag.types import SENTENCE_ROLES
from rag.types.fields import ANY_DIGIT, QueryError, Range, Scalar

Test = ColumnElement[bool]

LAST = "\U0010ffff"
"""Comes after every character of a text."""
MAX_PARTS = 100
"""Words of a phrase that are looked for; nobody types more."""


@dataclass(frozen=True, slots=True)
class Texts:
    """The columns of a text value: as printed, and in the forms that are compared and searched.

    ``is_indexed``: it is part of the text whose words `rag.library.word_index` knows.
    """

    raw: ColumnElement[str]
    folded: ColumnElement[str]
    searched: ColumnElement[str]
    fold: Callable[[str], str] = fold
    is_indexed: bool = False

    def is_one_of(self, values: Sequence[Scalar]) -> Test:
        texts = [self.fold(str(value)) for value in values]
        return self.folded == texts[0] if len(texts) == 1 else is_listed(self.folded, texts)

    def contains(self, phrase: str) -> Test:
        """Whether the phrase begins where a word begins; hyphens and spaces within it may differ."""
        parts = build_phrase_parts(phrase)[:MAX_PARTS]
        if not parts:
            return true()
        # The longest part alone rules out most, in a fraction of the time of a pattern.
        quick = has_part(self.searched, max(parts, key=len))
        begun = may_have([(WORD + parts[0],)]) if self.is_indexed else true()
        return and_(begun, quick, self.searched.regexp_match(build_phrase_regex(parts)))

    def starts(self, beginning: str) -> Test:
        folded = self.fold(beginning)
        return and_(self.folded >= folded, self.folded < folded + LAST)

    def has_sign(self, sign: str) -> Test:
        if sign == ANY_DIGIT:
            return self.raw.regexp_match(build_digit_regex())
        return has_part(self.raw, sign)


@dataclass(frozen=True, slots=True)
class Numbers:
    """The column of a number, or of a mark, which is 0 or 1."""

    value: ColumnElement[Any]

    def is_one_of(self, values: Sequence[Scalar]) -> Test:
        return or_(false(), *(self._is_within(build_range(value)) for value in values))

    def _is_within(self, span: Range) -> Test:
        if span.low == span.high:
            return self.value == bind(span.low)
        tests = [self.value >= bind(span.low)] if span.low is not None else []
        tests += [self.value <= bind(span.high)] if span.high is not None else []
        return and_(true(), *tests)

    def is_above(self, value: Scalar) -> Test:
        return self.value > bind(value)

    def is_below(self, value: Scalar) -> Test:
        return self.value < bind(value)


def build_range(value: Any) -> Range:
    return value if isinstance(value, Range) else Range(value, value)


def bind(value: Any) -> ColumnElement[Any]:
    """A number as a parameter of its own type: compared with whole numbers, 2.5 stays 2.5."""
    if isinstance(value, float):
        return literal(value, Double)
    return literal(encode_day(value) if isinstance(value, date) else int(value), BigInteger)


def encode_day(day: date) -> int:
    """A day as one number, which is ordered as days are."""
    return day.year * 10_000 + day.month * 100 + day.day


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field's values are.

    Attributes:
        known: Whether the paper has a value.
        has: Whether one of its values passes a test, which is given the value's columns.
        values: Each paper's values, as ``paper_id`` and ``value``, for groups.
        order: What papers are sorted by, where they have one value.
        single: That value, and `there` whether it is, for groups; None where there may be several.
    """

    known: Test
    has: Callable[[Callable[[Any], Test]], Test]
    values: Select[Any]
    order: ColumnElement[Any] = PAPERS.c.paper_id
    single: ColumnElement[Any] | None = None
    there: Test = field(default_factory=true)


def _build_scalar(forms: Texts | Numbers, known: Test | None = None) -> Source:
    """One value a paper, in a column of ``papers``."""
    column = forms.raw if isinstance(forms, Texts) else forms.value
    there = known if known is not None else and_(column.is_not(None), _is_not_empty(column))
    return Source(
        there,
        lambda test: and_(there, test(forms)),
        select(PAPERS.c.paper_id, column.label("value")).where(there),
        case((there, forms.folded if isinstance(forms, Texts) else forms.value)),
        column,
        there,
    )


def _is_not_empty(column: ColumnElement[Any]) -> Test:
    return column != "" if isinstance(column.type, Text) else true()


def _build_column(name: str, *, is_indexed: bool = False) -> Source:
    """A text of ``papers`` whose forms have columns of their own."""
    forms = (PAPERS.c[name], PAPERS.c[f"folded_{name}"], PAPERS.c[f"searched_{name}"])
    return _build_scalar(Texts(*forms, is_indexed=is_indexed))


def _build_several(
    values: Callable[[Callable[[Any], Test]], Select[Any]], known: Test | None = None
) -> Source:
    """Any number of values a paper; ``values`` selects those that pass a test."""

    def has(test: Callable[[Any], Test]) -> Test:
        # Not as a correlated EXISTS: so an index on the value finds the few papers that have it.
        return PAPERS.c.paper_id.in_(select(values(test).subquery().c.paper_id))

    return Source(has(lambda _: true()) if known is None else known, has, values(lambda _: true()))


def _build_part(table: Any, value: str) -> Source:
    """A table of what a paper has any number of."""
    forms = Texts(table.c[value], table.c.folded, table.c.searched)
    return _build_several(
        lambda test: select(table.c.paper_id, forms.raw.label("value")).where(test(forms))
    )


def _build_people(narrow: Callable[[Select[Any]], Select[Any]]) -> Source:
    """People by the names that are shown for them, of some authorships."""
    names = Texts(AUTHORSHIPS.c.name, AUTHORSHIPS.c.folded, AUTHORSHIPS.c.searched)
    alias = Texts(ALIASES.c.shown, ALIASES.c.folded, ALIASES.c.searched)

    def values(test: Callable[[Any], Test]) -> Select[Any]:
        renamed = select(ALIASES.c.name)
        has_name = or_(
            and_(test(names), names.raw.not_in(renamed)), names.raw.in_(renamed.where(test(alias)))
        )
        name = select(alias.raw).where(ALIASES.c.name == names.raw).scalar_subquery()
        people = select(AUTHORSHIPS.c.paper_id, func.coalesce(name, names.raw).label("value"))
        return narrow(people).where(has_name)

    return _build_several(values)


def _get_last(people: Select[Any]) -> Select[Any]:
    """Known only where the printed list is complete; behind the printed names stand page owners."""
    of_paper = PAPERS.alias()
    is_last = and_(
        of_paper.c.paper_id == AUTHORSHIPS.c.paper_id,
        of_paper.c.authors_complete == 1,
        of_paper.c.n_authors == AUTHORSHIPS.c.ordinal + 1,
    )
    return people.join(of_paper, is_last)


def _list_printed(test: Callable[[Any], Test]) -> Select[Any]:
    forms = Texts(AUTHORSHIPS.c.name, AUTHORSHIPS.c.folded, AUTHORSHIPS.c.searched)
    names = select(AUTHORSHIPS.c.paper_id, forms.raw.label("value"))
    return names.where(AUTHORSHIPS.c.role != "page", test(forms))


def _list_page_owners(test: Callable[[Any], Test]) -> Select[Any]:
    forms = Texts(PAGES.c.person, PAGES.c.folded, PAGES.c.searched)
    on_page = ENTRIES.c.document_id == PAGES.c.document_id
    owners = select(ENTRIES.c.paper_id, forms.raw.label("value")).join_from(PAGES, ENTRIES, on_page)
    return owners.where(test(forms))


def _list_roles(test: Callable[[Any], Test]) -> Select[Any]:
    """The roles that sentences of a paper have: bytes of its chunks, none of them above 0F."""
    each = (
        select(CHUNKS.c.paper_id, literal(role).label("name")).where(
            has_part(hex_of(CHUNKS.c.roles), f"{at:02X}")
        )
        for at, role in enumerate(SENTENCE_ROLES)
    )
    roles = union_all(*each).subquery()
    forms = Texts(roles.c.name, roles.c.name, literal(WORD) + roles.c.name)
    return select(roles.c.paper_id, forms.raw.label("value")).where(test(forms)).distinct()


_MONTH, _DAY = func.nullif(PAPERS.c.month, 0), func.nullif(PAPERS.c.day, 0)
_LEAP = and_(PAPERS.c.year % 4 == 0, or_(PAPERS.c.year % 100 != 0, PAPERS.c.year % 400 == 0))
_LENGTH = case(
    (_MONTH.in_((4, 6, 9, 11)), 30), (_MONTH == 2, case((_LEAP, 29), else_=28)), else_=31
)
FIRST_DAY = PAPERS.c.year * 10_000 + func.coalesce(_MONTH, 1) * 100 + func.coalesce(_DAY, 1)
LAST_DAY = PAPERS.c.year * 10_000 + func.coalesce(_MONTH, 12) * 100 + func.coalesce(_DAY, _LENGTH)
"""The first and the last day that a paper may be of, as numbers."""
_RECENCY = (
    PAPERS.c.year * 10_000 + func.coalesce(_MONTH, 0) * 100 + func.coalesce(_DAY, 0)
)  # within its year, what prints the least comes last from the newest on
PRINTED = PAPERS.c.n_authors > 0
_COMPLETE = and_(PRINTED, PAPERS.c.authors_complete == 1)
_FULL_TEXT = Texts(
    func.coalesce(PAPERS.c.title, "") + " " + PAPERS.c.text, PAPERS.c.searched_text, PAPERS.c.searched_text, build_searched, is_indexed=True
)  # fmt: skip
_PAPER_ID = Texts(PAPERS.c.paper_id, PAPERS.c.paper_id, literal(WORD) + PAPERS.c.paper_id)
_LINE = cast(PLACES.c.line, Text)
_PLACE = Texts(
    PLACES.c.document + ":" + _LINE,
    PLACES.c.folded + ":" + _LINE,
    PLACES.c.searched + f":{WORD}" + _LINE,
)
SOURCES: Mapping[str, Source] = {
    "year": _build_scalar(Numbers(PAPERS.c.year)),
    "month": _build_scalar(Numbers(PAPERS.c.month)),
    "day": _build_scalar(Numbers(PAPERS.c.day)),
    "date": _build_scalar(Numbers(_RECENCY), and_(PAPERS.c.year.is_not(None), PAPERS.c.year != 0)),
    "category": _build_column("category"),
    "affiliation": _build_part(AFFILIATIONS, "name"),
    "venue": _build_column("venue"),
    "keyword": _build_part(KEYWORDS, "name"),
    "role": _build_several(_list_roles),
    # A document that prints no marks leaves it unknown whether there is code.
    "code": replace(
        _build_scalar(Numbers(func.coalesce(PAPERS.c.code, 0)), true()),
        known=PAPERS.c.code.is_not(None),
    ),
    "retracted": replace(
        _build_scalar(Numbers(func.coalesce(PAPERS.c.retracted, 0)), true()),
        known=PAPERS.c.retracted.is_not(None),
    ),
    "link": _build_part(LINKS, "url"),
    "title": _build_column("title", is_indexed=True),
    "text": _build_scalar(_FULL_TEXT, PAPERS.c.text != ""),
    "title_word": _build_part(TITLE_WORDS, "word"),
    "title_chars": _build_scalar(Numbers(PAPERS.c.n_title_chars), PAPERS.c.n_title_chars > 0),
    "abstract_words": _build_scalar(Numbers(PAPERS.c.n_words), PAPERS.c.text != ""),
    "score": _build_scalar(Numbers(PAPERS.c.score)),
    "doi": _build_column("doi"),
    "author": _build_people(lambda people: people),
    "printed_author": _build_several(_list_printed, PRINTED),
    "first_author": _build_people(lambda people: people.where(AUTHORSHIPS.c.role == "first")),
    "last_author": _build_people(_get_last),
    "complete_authors": _build_scalar(Numbers(PAPERS.c.authors_complete), PRINTED),
    "n_authors": _build_scalar(Numbers(PAPERS.c.n_authors), _COMPLETE),
    "page": _build_several(_list_page_owners),
    "document": _build_part(PLACES, "document"),
    "place": _build_several(
        lambda test: select(PLACES.c.paper_id, _PLACE.raw.label("value")).where(test(_PLACE))
    ),
    "n_places": _build_scalar(Numbers(PAPERS.c.n_places)),
    "paper": _build_scalar(_PAPER_ID),
}
"""Where the values of each field of papers are, by its name in `rag.types.fields.FIELDS`."""


def find_source(field: str) -> Source:
    """Where a field's values are.

    Raises:
        QueryError: The field is one of people.
    """
    if field not in SOURCES:
        raise QueryError(
            f"{field} is a figure of people, not of papers; papers have {', '.join(SOURCES)}"
        )
    return SOURCES[field]
