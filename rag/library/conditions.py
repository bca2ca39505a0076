"""Conditions in SQL: which papers meet them, exactly.

Each operator stands once, in `OPERATORS`, for fields of one value and of many: it is made of what a
`rag.library.sources.Source` says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
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

from rag.library.fields import get_least_authors
from rag.library.sources import (
    FIRST_DAY,
    LAST,
    LAST_DAY,
    PRINTED,
    Numbers,
    Source,
    Test,
    bind,
    build_range,
    find_source,
)
from rag.library.tables import LINKS, PAPERS, has_part
from rag.text import fold
from rag.types import Condition
from rag.types.fields import ABSENCE, Operator, Scalar
from rag.types.query import Order

Values = tuple[Scalar, ...]


def _is_any(source: Source, values: Values) -> Test:
    return source.has(lambda forms: forms.is_one_of(values))


def _has_any(source: Source, test: str, values: Values) -> Test:
    return source.has(lambda forms: or_(false(), *map(getattr(forms, test), values)))


def _has_two(source: Source, values: Values) -> Test:
    counted = (case((_is_any(source, (value,)), 1), else_=0) for value in values)
    return sum(counted, start=literal(0)) > 1


OPERATORS: Mapping[Operator, Callable[[Source, Values], Test]] = {
    "is": _is_any,
    "is_not": lambda s, vs: and_(s.known, not_(_is_any(s, vs))),
    "in": _is_any,
    "in_each": _is_any,  # of a paper; that people have papers of each is seen where they are ranked
    "not_in": lambda s, vs: and_(s.known, not_(_is_any(s, vs))),
    "lacks": lambda s, vs: not_(_is_any(s, vs)),
    "above": lambda s, vs: _has_any(s, "is_above", vs),
    "below": lambda s, vs: _has_any(s, "is_below", vs),
    "contains": lambda s, vs: _has_any(s, "contains", vs),
    "contains_any": lambda s, vs: _has_any(s, "contains", vs),
    "not_contains": lambda s, vs: not_(_has_any(s, "contains", vs)),
    "starts": lambda s, vs: _has_any(s, "starts", vs),
    "has": lambda s, vs: _has_any(s, "has_sign", vs),
    "two_of": _has_two,
    "known": lambda s, vs: s.known,
    "unknown": lambda s, vs: not_(s.known),
}


def compile_condition(condition: Condition) -> Test:
    """The condition as a test of rows of ``papers``, true or false for each, never unknown.

    Raises:
        QueryError: The condition is one on people.
    """
    field, operator, values = condition.field, condition.operator, condition.values
    source = find_source(field)
    if operator not in ABSENCE:
        if field == "link" and operator in ("contains", "not_contains", "contains_any"):
            hosted = _is_hosted(values)
            return not_(hosted) if condition.is_negative else hosted
        if field == "date":
            return and_(PAPERS.c.year.is_not(None), _is_of_days(condition))
        if field == "n_authors":  # a list that 'et al.' cuts has at least one more
            least = get_least_authors(condition)
            enough = false() if least is None else PAPERS.c.n_authors + 1 >= least
            is_cut = and_(PRINTED, PAPERS.c.authors_complete == 0)
            return or_(
                and_(is_cut, enough), and_(not_(is_cut), OPERATORS[operator](source, values))
            )
    return OPERATORS[operator](source, values)


def _is_hosted(hosts: Values) -> Test:
    """Whether a link leads to a host called so: ``github`` is github.com, not x.github.io."""
    address = LINKS.c.address
    tests = [
        has_part(address, wanted)
        if "." in wanted
        else and_(address >= f"{wanted}.", address < f"{wanted}.{LAST}")
        for wanted in (fold(str(host)) for host in hosts)
    ]
    return PAPERS.c.paper_id.in_(select(LINKS.c.paper_id).where(or_(false(), *tests)))


def _is_of_days(condition: Condition) -> Test:
    """Whether every day that the paper may be of is wanted, or none of them is."""
    if condition.operator == "above":
        return FIRST_DAY > bind(condition.value)
    if condition.operator == "below":
        return LAST_DAY < bind(condition.value)
    first, last = Numbers(FIRST_DAY), Numbers(LAST_DAY)
    spans = [build_range(value) for value in condition.values]
    if not condition.is_negative:
        ends = (and_(first.is_one_of([span]), last.is_one_of([span])) for span in spans)
        return or_(false(), *ends)
    before = [last.is_below(span.low) if span.low is not None else false() for span in spans]
    after = [first.is_above(span.high) if span.high is not None else false() for span in spans]
    return and_(true(), *(or_(*pair) for pair in zip(before, after, strict=True)))


# --- selections -----------------------------------------------------------------------------

IN_PLACE = (PAPERS.c.document, PAPERS.c.line, PAPERS.c.paper_id)
"""The library's order."""


def compile_conditions(conditions: Sequence[Condition]) -> Test:
    """Whether a paper meets all of them; every paper meets none."""
    return and_(true(), *map(compile_condition, conditions))


Sorting = Order | Literal["newest first"] | None
"""An order by a field; as lists are shown, undated papers by the month that they print; by first place."""


def order_by(sorting: Sorting) -> tuple[ColumnElement[Any], ...]:
    """What papers are sorted by: those without a value come last, equal ones by id.

    Raises:
        QueryError: The field is one of people.
    """
    if sorting is None:
        return IN_PLACE
    if isinstance(sorting, str):
        days = (PAPERS.c.year, PAPERS.c.month, PAPERS.c.day)
        return *(func.coalesce(day, 0).desc() for day in days), PAPERS.c.paper_id
    source = find_source(sorting.field)
    key = source.order.asc() if sorting.way == "ascending" else source.order.desc()
    return not_(source.known), key, PAPERS.c.paper_id


def build_groups(field: str, conditions: Sequence[Condition]) -> Select[Any]:
    """Each value of a field with the number of papers that meet all conditions, most first.

    Raises:
        QueryError: A field is one of people.
    """
    source = find_source(field)
    if source.single is not None:
        n = func.count().label("n")
        single = select(source.single.label("value"), n).select_from(PAPERS)
        groups = single.where(source.there, compile_conditions(conditions))
        return groups.group_by(source.single).order_by(n.desc(), source.single)
    values = source.values.subquery()
    n = func.count(values.c.paper_id.distinct()).label("n")
    several = select(values.c.value, n)
    if conditions:
        chosen = select(PAPERS.c.paper_id).where(compile_conditions(conditions))
        several = several.where(values.c.paper_id.in_(chosen))
    return several.group_by(values.c.value).order_by(n.desc(), values.c.value)
