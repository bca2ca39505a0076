"""What a list of papers can be narrowed by, each value with the number of papers that it would leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rag.library.view import LibraryView
from rag.types import Condition
from rag.types.fields import FIELDS, Range, Scalar

FACET_FIELDS = ("year", "category", "code", "author", "affiliation", "venue", "keyword", "page")
"""In the order shown; those of which no paper has a value are not shown."""
MAX_VALUES = 40
"""Values of a facet that are offered; by others one searches."""


@dataclass(frozen=True, slots=True)
class Facet:
    """One field, with its values and how many papers have each under all other conditions.

    Attributes:
        values: Years the newest first, all else the most frequent first; a chosen one is always there.
        n_unknown: Papers without a value.
        chosen: Of the values.
        is_unknown: Whether the papers without one are chosen.
    """

    field: str
    values: tuple[tuple[Scalar, int], ...]
    n_unknown: int = 0
    chosen: tuple[Scalar, ...] = ()
    is_unknown: bool = False


def is_of_facet(condition: Condition, field: str) -> bool:
    """Whether a condition is one that the boxes of a facet can show."""
    if condition.field != field or any(isinstance(value, Range) for value in condition.values):
        return False
    is_flag = FIELDS[field].type == "flag"
    return (
        condition.operator in ("is", "in", "unknown") or is_flag and condition.operator == "known"
    )


def count_facets(library: LibraryView, conditions: Sequence[Condition]) -> tuple[Facet, ...]:
    """The facets of the papers that meet conditions; a facet's own condition does not narrow it."""
    conditions = _search_once(library, conditions)
    facets = (_count_facet(library, conditions, field) for field in FACET_FIELDS)
    return tuple(facet for facet in facets if facet.values or facet.chosen or facet.is_unknown)


def _search_once(library: LibraryView, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """The conditions with those on words settled: no facet is one, so the texts are read once for all."""
    words = [condition for condition in conditions if FIELDS[condition.field].type == "text"]
    if not words:
        return tuple(conditions)
    ids = library.find_ids(words) or ["none"]
    on_fields = (condition for condition in conditions if condition not in words)
    return (*on_fields, Condition("paper", "in", tuple(ids)))


def _count_facet(library: LibraryView, conditions: Sequence[Condition], field: str) -> Facet:
    of_facet = [condition for condition in conditions if is_of_facet(condition, field)]
    elsewhere = [condition for condition in conditions if condition not in of_facet]
    counts: dict[Any, int] = dict(library.count_groups(field, elsewhere, MAX_VALUES))
    chosen = _list_chosen(of_facet)
    for value in chosen:
        if value is not None and value not in counts:
            counts[value] = library.count_papers((*elsewhere, Condition(field, "is", value)))
    n_unknown = 0
    if field in ("year", "code"):
        n_unknown = library.count_papers((*elsewhere, Condition(field, "unknown")))
    if field == "code" and False in counts:  # which the unmarked count as otherwise
        counts[False] -= n_unknown
    values = tuple(counts.items())
    if field in ("year", "code"):
        values = tuple(sorted(values, reverse=True))
    known = tuple(value for value in chosen if value is not None)
    return Facet(field, values, n_unknown, known, None in chosen)


def _list_chosen(conditions: Sequence[Condition]) -> list[Scalar | None]:
    """The values that a facet's conditions leave; None: papers without one."""
    operators = {condition.operator for condition in conditions}
    values: list[Scalar | None] = [value for condition in conditions for value in condition.values]
    without_unknown = "known" in operators or values != [False]
    if "unknown" in operators or not without_unknown:
        values.append(None)
    return values


def toggle_value(
    conditions: Sequence[Condition], field: str, value: Scalar | None
) -> tuple[Condition, ...]:
    """The conditions with a value of a facet added or taken away; None: papers without a value."""
    of_facet = [condition for condition in conditions if is_of_facet(condition, field)]
    elsewhere = tuple(condition for condition in conditions if condition not in of_facet)
    was = _list_chosen(of_facet)
    if value is None or FIELDS[field].type == "flag":
        values = [] if value in was else [value]
    else:
        values = [v for v in was if v not in (None, value)]
        values += [] if value in was else [value]
    if not values:
        return elsewhere
    if values == [None]:
        return (*elsewhere, Condition(field, "unknown"))
    if values == [False]:  # alone, it takes in the papers of which nothing says whether
        return (*elsewhere, Condition(field, "is", False), Condition(field, "known"))
    wanted = tuple(v for v in values if v is not None)
    single = Condition(field, "is", wanted[0]) if len(wanted) == 1 else None
    return (*elsewhere, single or Condition(field, "in", wanted))


def remove_condition(
    conditions: Sequence[Condition], condition: Condition, value: Scalar | None = None
) -> tuple[Condition, ...]:
    """The conditions without one, or without one of its values."""
    if value is None or len(condition.values) < 2:
        is_flag = FIELDS[condition.field].type == "flag"  # which may take two conditions
        return tuple(
            c for c in conditions if c != condition and not (is_flag and c.field == condition.field)
        )
    rest = tuple(v for v in condition.values if v != value)
    changed = replace(condition, value=rest)
    return tuple(changed if c == condition else c for c in conditions)
