"""Conditions in SQL: which papers meet them, exactly as `rag.library.fields.match_condition` says.

A field is a `Source`: whether a paper has a value, and whether one of its values passes a test. An
operator is made of these two, so each stands once, in `OPERATORS`, for one value and for many.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Select,
    Text,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
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
    ENTRIES,
    LINKS,
    PAGES,
    PAPERS,
    PLACES,
    TITLE_WORDS,
    has_part,
    is_listed,
)
from rag.text import fold
from rag.types import Condition

Test = ColumnElement[bool]
Value = Any
"""The value of a condition, checked when the condition was made."""

LAST = "\U0010ffff"
"""Comes after every character of a text."""
MAX_PARTS = 100
"""Words of a phrase that are looked for; nobody types more."""


def encode_number(value: Any) -> float:
    """A number as it is, a mark as 0 or 1."""
    if not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} is no number")
    return int(value) if isinstance(value, bool) else value


def encode_day(day: Any) -> int:
    """A day as one number, which is ordered as days are."""
    year, month, number = day
    return int(year * 10_000 + month * 100 + number)


@dataclass(frozen=True, slots=True)
class Texts:
    """The columns of a text value: as printed, and in the forms that are compared and searched."""

    raw: ColumnElement[str]
    folded: ColumnElement[str]
    searched: ColumnElement[str]
    fold: Callable[[str], str] = fold

    def is_one_of(self, values: Sequence[Value]) -> Test:
        texts = [self.fold(value) for value in values if isinstance(value, str)]
        return self.folded == texts[0] if len(texts) == 1 else is_listed(self.folded, texts)

    def contains(self, value: Value) -> Test:
        """Whether the phrase begins where a word begins; hyphens and spaces within it may differ."""
        parts = build_phrase_parts(str(value))[:MAX_PARTS]
        if not parts:
            return true()
        # The longest part alone rules out most, in a fraction of the time of a pattern.
        quick = has_part(self.searched, max(parts, key=len))
        return and_(quick, self.searched.regexp_match(build_phrase_regex(parts)))

    def starts(self, value: Value) -> Test:
        beginning = self.fold(str(value))
        return and_(self.folded >= beginning, self.folded < beginning + LAST)

    def is_marked(self, value: Value) -> Test:
        if value == "a digit":
            return self.raw.regexp_match(build_digit_regex())
        return has_part(self.raw, str(value))


@dataclass(frozen=True, slots=True)
class Numbers:
    """The column of a number, a mark, or a day as one number."""

    value: ColumnElement[Any]
    encode: Callable[[Any], float] = encode_number

    def bind(self, value: Value) -> ColumnElement[Any]:
        """The value as a parameter of its own type: compared with whole numbers, 2.5 stays 2.5."""
        encoded = self.encode(value)
        return literal(encoded, Double if isinstance(encoded, float) else BigInteger)

    def is_one_of(self, values: Sequence[Value]) -> Test:
        return self.value.in_([self.bind(value) for value in values])

    def is_between(self, bounds: Value) -> Test:
        low, high = bounds
        tests = [self.value >= self.bind(low)] if low is not None else []
        tests += [self.value <= self.bind(high)] if high is not None else []
        return and_(true(), *tests)

    def is_outside(self, bounds: Value) -> Test:
        low, high = map(self.bind, bounds)
        return or_(self.value <= low, self.value >= high)

    def is_above(self, value: Value) -> Test:
        return self.value > self.bind(value)

    def is_below(self, value: Value) -> Test:
        return self.value < self.bind(value)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field's values are.

    Attributes:
        known: Whether the paper has a value.
        has: Whether one of its values passes a test, which is given the value's columns.
        values: Each paper's values, as ``paper_id`` and ``value``, for groups.
        order: What papers are sorted by; None where they have several values.
    """

    known: Test
    has: Callable[[Callable[[Any], Test]], Test]
    values: Select[Any]
    order: ColumnElement[Any] | None = None


def _build_scalar(forms: Texts | Numbers, known: Test | None = None) -> Source:
    """One value a paper, in a column of ``papers``."""
    shown = forms.raw if isinstance(forms, Texts) else forms.value
    there = known if known is not None else and_(shown.is_not(None), _is_not_empty(shown))
    return Source(
        there,
        lambda test: and_(there, test(forms)),
        select(PAPERS.c.paper_id, shown.label("value")).where(there),
        case((there, forms.folded if isinstance(forms, Texts) else forms.value)),
    )


def _is_not_empty(column: ColumnElement[Any]) -> Test:
    return column != "" if isinstance(column.type, Text) else true()


def _build_column(name: str) -> Source:
    """A text of ``papers`` whose forms have columns of their own."""
    return _build_scalar(
        Texts(PAPERS.c[name], PAPERS.c[f"folded_{name}"], PAPERS.c[f"searched_{name}"])
    )


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
    own = Texts(AUTHORSHIPS.c.name, AUTHORSHIPS.c.folded, AUTHORSHIPS.c.searched)
    other = Texts(ALIASES.c.shown, ALIASES.c.folded, ALIASES.c.searched)

    def values(test: Callable[[Any], Test]) -> Select[Any]:
        renamed = select(ALIASES.c.name)
        shown = or_(
            and_(test(own), own.raw.not_in(renamed)), own.raw.in_(renamed.where(test(other)))
        )
        name = select(other.raw).where(ALIASES.c.name == own.raw).scalar_subquery()
        people = select(AUTHORSHIPS.c.paper_id, func.coalesce(name, own.raw).label("value"))
        return narrow(people).where(shown)

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


def _build_day(month: int, number: int) -> ColumnElement[int]:
    """The papers' dates as numbers, with this month and day where none is printed."""
    return (
        PAPERS.c.year * 10_000
        + func.coalesce(PAPERS.c.month, month) * 100
        + func.coalesce(PAPERS.c.day, number)
    )


_PRINTED = PAPERS.c.n_authors > 0
_CUT = and_(_PRINTED, PAPERS.c.authors_complete == 0)
_DATED = and_(PAPERS.c.year.is_not(None), PAPERS.c.year != 0)
_FULL_TEXT = Texts(
    PAPERS.c.title + " " + PAPERS.c.text, PAPERS.c.searched_text, PAPERS.c.searched_text, build_searched
)  # fmt: skip
_PAPER_ID = Texts(PAPERS.c.paper_id, PAPERS.c.paper_id, literal(WORD) + PAPERS.c.paper_id)

SOURCES: Mapping[str, Source] = {
    "year": _build_scalar(Numbers(PAPERS.c.year)),
    "month": _build_scalar(Numbers(PAPERS.c.month)),
    "category": _build_column("category"),
    "affiliation": _build_part(AFFILIATIONS, "name"),
    "code": _build_scalar(Numbers(func.coalesce(PAPERS.c.code, 0)), true()),
    "title": _build_column("title"),
    "text": _build_scalar(_FULL_TEXT, PAPERS.c.text != ""),
    "link": _build_part(LINKS, "url"),
    "score": _build_scalar(Numbers(PAPERS.c.score)),
    "author": _build_people(lambda people: people),
    "printed": _build_several(_list_printed, _PRINTED),
    "first author": _build_people(lambda people: people.where(AUTHORSHIPS.c.role == "first")),
    "last author": _build_people(_get_last),
    "page": _build_several(_list_page_owners),
    "document": _build_part(PLACES, "document"),
    "places": _build_scalar(Numbers(PAPERS.c.n_places)),
    "complete": _build_scalar(Numbers(PAPERS.c.authors_complete), _PRINTED),
    "number of authors": _build_scalar(
        Numbers(PAPERS.c.n_authors), and_(_PRINTED, PAPERS.c.authors_complete == 1)
    ),
    "date": _build_scalar(Numbers(_build_day(0, 0), encode_day), _DATED),
    "paper": _build_scalar(_PAPER_ID),
    "title length": _build_scalar(Numbers(PAPERS.c.n_title_chars), PAPERS.c.n_title_chars > 0),
    "length": _build_scalar(Numbers(PAPERS.c.n_words), PAPERS.c.text != ""),
    "word": _build_part(TITLE_WORDS, "word"),
    "doi": _build_column("doi"),
    "venue": _build_column("venue"),
}
"""By the names of `rag.library.fields.CATALOGUE_FIELDS`."""


def _list_values(value: Value) -> Sequence[Value]:
    return tuple(value) if isinstance(value, (tuple, list, frozenset, set)) else (value,)


def _has_any(source: Source, test: str, values: Sequence[Value]) -> Test:
    tests = [source.has(lambda forms, v=v: getattr(forms, test)(v)) for v in values]  # type: ignore[misc]
    return or_(false(), *tests)


def _is_any(source: Source, value: Value) -> Test:
    return source.has(lambda forms: forms.is_one_of(_list_values(value)))


def _is(source: Source, value: Value) -> Test:
    return source.has(lambda forms: forms.is_one_of([value]))


def _has_two(source: Source, value: Value) -> Test:
    counted = (case((_is(source, one), 1), else_=0) for one in _list_values(value))
    return sum(counted, start=literal(0)) > 1


OPERATORS: Mapping[str, Callable[[Source, Value], Test]] = {
    "is": _is,
    "is not": lambda s, v: and_(s.known, not_(_is(s, v))),
    "in": _is_any,
    "not in": lambda s, v: and_(s.known, not_(_is_any(s, v))),
    "lacks": lambda s, v: not_(_is_any(s, v)),
    "between": lambda s, v: _has_any(s, "is_between", [v]),
    "not between": lambda s, v: and_(s.known, not_(_has_any(s, "is_between", [v]))),
    "within any": lambda s, v: _has_any(s, "is_between", _list_values(v)),
    "outside": lambda s, v: _has_any(s, "is_outside", [v]),
    "above": lambda s, v: _has_any(s, "is_above", [v]),
    "below": lambda s, v: _has_any(s, "is_below", [v]),
    "contains": lambda s, v: _has_any(s, "contains", [v]),
    "not contains": lambda s, v: not_(_has_any(s, "contains", [v])),
    "contains any": lambda s, v: _has_any(s, "contains", _list_values(v)),
    "starts": lambda s, v: _has_any(s, "starts", [v]),
    "marked": lambda s, v: _has_any(s, "is_marked", [v]),
    "two of": _has_two,
    "known": lambda s, v: s.known,
    "unknown": lambda s, v: not_(s.known),
}
NEGATIVE = ("is not", "not in", "not contains", "lacks")


def compile_condition(condition: Condition) -> Test:
    """The condition as a test of rows of ``papers``, true or false for each, never unknown.

    Raises:
        ValueError: There is no such field or operator, or the field has no such operator.
    """
    field, operator = condition.field, condition.operator
    value: Value = condition.value
    if field not in SOURCES or operator not in OPERATORS:
        raise ValueError(f"papers have no condition {field!r} {operator!r}")
    if field == "link" and isinstance(value, str):
        hosted = _is_hosted(fold(value))
        return not_(hosted) if operator in NEGATIVE else hosted
    if field in ("date", "number of authors") and operator == "within any":
        spans = (replace(condition, operator="between", value=v) for v in _list_values(value))
        return or_(false(), *map(compile_condition, spans))
    if field == "date" and operator in ("between", "not between"):
        return _is_dated_within(value, within=operator == "between")
    try:
        test = OPERATORS[operator](SOURCES[field], value)
    except (AttributeError, TypeError) as exc:
        raise ValueError(f"the field {field!r} has no operator {operator!r} for {value!r}") from exc
    if field == "number of authors":  # a list that 'et al.' cuts has at least one more
        is_least = operator == "between" and value[0] is not None and value[1] is None
        enough = PAPERS.c.n_authors + 1 >= value[0] if is_least else false()
        return or_(and_(_CUT, enough), and_(not_(_CUT), test))
    return test


def _is_hosted(wanted: str) -> Test:
    """Whether a link leads to a host called so: ``github`` is github.com, not x.github.io."""
    address = LINKS.c.address
    beginning = f"{wanted}."
    test = (
        has_part(address, wanted)
        if "." in wanted
        else and_(address >= beginning, address < beginning + LAST)
    )
    return PAPERS.c.paper_id.in_(select(LINKS.c.paper_id).where(test))


def _is_dated_within(bounds: Value, *, within: bool) -> Test:
    """Whether every day that the paper may be of lies between two days, or none of them does."""
    low, high = (None if day is None else encode_day(day) for day in bounds)
    first, last = _build_day(1, 1), _build_day(12, 31)
    if within:
        tests = [first >= low] if low is not None else []
        tests += [last <= high] if high is not None else []
        return and_(PAPERS.c.year.is_not(None), *tests)
    beyond = [last < low] if low is not None else []
    beyond += [first > high] if high is not None else []
    return and_(PAPERS.c.year.is_not(None), or_(false(), *beyond))


# --- selections -----------------------------------------------------------------------------

IN_PLACE = (PAPERS.c.document, PAPERS.c.line, PAPERS.c.paper_id)
"""The library's order."""


def compile_conditions(conditions: Sequence[Condition]) -> Test:
    """Whether a paper meets all of them; every paper meets none."""
    return and_(true(), *map(compile_condition, conditions))


def build_selection(
    conditions: Sequence[Condition], order: str = "", *, descending: bool = False
) -> Select[Any]:
    """Ids of the papers that meet all conditions.

    Args:
        conditions: Settled ones: people and values as the library prints them.
        order: A field with one value a paper; papers without one come last, and equal ones by id.
            Empty: by first place.
        descending: From the largest value on.

    Raises:
        ValueError: There is no such field, or papers cannot be sorted by it.
    """
    ids = select(PAPERS.c.paper_id).where(compile_conditions(conditions))
    if not order:
        return ids.order_by(*IN_PLACE)
    key = SOURCES[order].order if order in SOURCES else None
    if key is None:
        raise ValueError(f"papers cannot be sorted by {order!r}")
    return ids.order_by(key.is_(None), key.desc() if descending else key, PAPERS.c.paper_id)


def build_groups(field: str, conditions: Sequence[Condition]) -> Select[Any]:
    """Each value of a field with the number of papers that meet all conditions, most first.

    Raises:
        ValueError: There is no such field.
    """
    if field not in SOURCES:
        raise ValueError(f"papers have no field {field!r}")
    values = SOURCES[field].values.subquery()
    n = func.count(values.c.paper_id.distinct()).label("n")
    chosen = select(PAPERS.c.paper_id).where(compile_conditions(conditions))
    groups = select(values.c.value, n).where(values.c.paper_id.in_(chosen))
    return groups.group_by(values.c.value).order_by(n.desc(), values.c.value)
