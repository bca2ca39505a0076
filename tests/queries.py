"""Queries of all kinds, for tests of what must hold for every query."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st

from rag.types.fields import ABSENCE, FIELDS, MANY, OPERATORS_OF_TYPE, Condition, Range
from rag.types.query import (
    Detail,
    Form,
    Measure,
    Order,
    PersonRef,
    Query,
    RelationKind,
    Topic,
    Want,
)

TEXTS = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
IDS = st.from_regex(r"[0-9a-f]{4,8}", fullmatch=True)
FIGURES: dict[str, st.SearchStrategy[Any]] = {
    "integer": st.integers(-10, 3000),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "day": st.dates(),
}
SORTABLE = [name for name, field in FIELDS.items() if field.is_sortable]


@st.composite
def build_ranges(draw: st.DrawFn, figures: st.SearchStrategy[Any]) -> Range:
    low, high = sorted((draw(figures), draw(figures)))
    open_end = draw(st.sampled_from(("low", "high", "none")))
    return Range(None if open_end == "low" else low, None if open_end == "high" else high)


@st.composite
def build_conditions(draw: st.DrawFn) -> Condition:
    field = FIELDS[draw(st.sampled_from(list(FIELDS)))]
    operator = draw(st.sampled_from(OPERATORS_OF_TYPE[field.type]))
    if operator in ABSENCE:
        return Condition(field.name, operator)
    values: st.SearchStrategy[Any] = TEXTS
    if field.type == "flag":
        values = st.booleans()
    elif field.name == "month":
        values = st.integers(1, 12)
    elif field.type in FIGURES:
        figures = FIGURES[field.type]
        values = figures if operator in ("above", "below") else figures | build_ranges(figures)
    if operator in MANY:
        return Condition(
            field.name, operator, tuple(draw(st.lists(values, min_size=1, max_size=3)))
        )
    return Condition(field.name, operator, draw(values))


@st.composite
def build_topics(draw: st.DrawFn) -> Topic:
    words, without = draw(st.just("") | TEXTS), draw(st.just("") | TEXTS)
    return Topic(
        words or "" if without else words or "x", without, tuple(draw(st.lists(TEXTS, max_size=3)))
    )


def build_tuples(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=3).map(tuple)


@st.composite
def build_queries(draw: st.DrawFn) -> Query:
    want = draw(st.sampled_from(get_args(Want)))
    people = st.builds(PersonRef, TEXTS, build_tuples(TEXTS))
    by = draw(build_tuples(st.sampled_from(list(FIELDS))))
    order = draw(
        st.none()
        | st.builds(
            Order,
            st.sampled_from(SORTABLE),
            st.sampled_from(("descending", "ascending", "both ends")),
        )
    )
    return Query(
        want,
        by or (("year",) if want in ("groups", "values") else ()),
        draw(build_tuples(build_conditions())),
        draw(build_tuples(build_conditions())),
        draw(st.none() | build_topics()),
        draw(build_tuples(people)),
        draw(build_tuples(IDS)),
        draw(st.just("") | IDS),
        draw(st.sampled_from((None, *get_args(RelationKind)))) if want != "groups" else None,
        draw(build_tuples(TEXTS)),
        order or (Order("date", "both ends") if want == "extreme" else None),
        draw(st.none() | st.integers(1, 99)),
        draw(st.sampled_from(get_args(Measure))) if want in ("values", "groups") else "each",
        draw(st.sampled_from((None, *get_args(Detail)))),
        draw(st.booleans()),
        draw(st.builds(Form, st.sampled_from(("", "table", "list")), st.none() | st.integers(1, 9),
                       st.just("") | TEXTS, st.just("") | TEXTS)),
        draw(st.just("") | TEXTS),
        draw(st.just("") | TEXTS),
    )  # fmt: skip
