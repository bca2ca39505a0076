"""Settles conditions: typed names and values become those of the library; suggests near misses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.library.fields import format_condition, format_conditions
from rag.library.person_index import Mention
from rag.library.view import LibraryView
from rag.text import fold, join_names
from rag.text.english import counted
from rag.text.markdown import plain
from rag.types import Condition
from rag.types.fields import ABSENCE, FIELDS, MANY, Operator, Range, Scalar

PEOPLE_FIELDS = frozenset(name for name, field in FIELDS.items() if field.type == "person")


@dataclass(frozen=True, slots=True)
class ResolvedConditions:
    """Conditions with people and values replaced by the library's own.

    Attributes:
        notes: Names and values that were read differently from how they were typed.
        absent: A sentence for each name or value that is not in the library, so nothing can match.
        choices: Ambiguous names, of which the user must choose one person.
    """

    conditions: tuple[Condition, ...]
    notes: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    choices: tuple[Mention, ...] = ()


def resolve_conditions(conditions: Sequence[Condition], library: LibraryView) -> ResolvedConditions:
    """Replace typed names and values by what the library prints."""
    resolved_conditions: list[Condition] = []
    notes: list[str] = []
    absent: list[str] = []
    choices: list[Mention] = []
    for condition in conditions:
        if condition.operator in (*ABSENCE, "contains", "not_contains", "contains_any", "starts"):
            pass  # no whole name to look up
        elif condition.field in PEOPLE_FIELDS:
            mentions = [_find_mention(str(value), library) for value in condition.values]
            notes += [m.note for m in mentions if m.note]
            absent += [format_no_such_person(m) for m in mentions if not m.names]
            choices += [m for m in mentions if len(m.names) > 1]
            names = tuple(m.names[0] if len(m.names) == 1 else m.typed for m in mentions)
            condition = _set_values(condition, names)
            if condition.field == "page" and not absent and not choices:
                absent += [
                    _format_no_page(name, library)
                    for name in names
                    if library.find_page(name) is None
                ]
        elif condition.field in ("category", "affiliation"):
            condition, missing = _resolve_value(condition, library)
            absent += [] if condition.is_negative else missing
        resolved_conditions.append(condition)
    return ResolvedConditions(
        tuple(resolved_conditions),
        tuple(dict.fromkeys(notes)),
        tuple(dict.fromkeys(absent)),
        tuple(choices),
    )


def _set_values(condition: Condition, values: Sequence[Scalar]) -> Condition:
    """The condition with other values; one that takes a single value takes the first."""
    return replace(condition, value=tuple(values) if condition.operator in MANY else values[0])


def _find_mention(typed: str, library: LibraryView) -> Mention:
    mention = library.names.resolve(typed)
    return mention or Mention(
        (0, len(typed)), typed, (), "absent", library.names.find_similar(typed)
    )


def format_no_such_person(mention: Mention) -> str:
    """The sentence that nobody has this name, with similar names."""
    similar_names = (
        f" Names like it: {join_names(map(plain, mention.near))}." if mention.near else ""
    )
    return f"Nobody called {plain(mention.typed)} is in this library.{similar_names}"


def choose_one(mention: Mention) -> str:
    """A sentence that offers the persons whom a name fits."""
    who = join_names(map(plain, mention.names))
    return f"'{plain(mention.typed)}' may be {who}. Ask again with the whole name."


def _format_no_page(name: str, library: LibraryView) -> str:
    owners = join_names(plain(page.person) for page in library.pages)
    known = f" There are pages of {owners}." if owners else ""
    return f"There is no profile page of {plain(name)} here.{known}"


def _resolve_value(condition: Condition, library: LibraryView) -> tuple[Condition, list[str]]:
    """The value as printed; a sentence for one that is never printed."""
    printed_values: list[Scalar] = []
    missing = []
    for value in condition.values:
        typed = fold(str(value))
        alike = library.list_printed_with(condition.field, typed)
        same = [v for v in alike if fold(v) == typed][-1:]
        parts = same or [v for v in alike if typed in fold(v).replace("-", " ").split()]
        printed_values += parts or [str(value)]
        if not parts:
            counts = library.count_groups(condition.field)
            missing.append(_format_never_printed(condition.field, str(value), counts))
    if len(printed_values) > 1 and condition.operator in ("is", "is_not"):
        operator: Operator = "in" if condition.operator == "is" else "not_in"
        return replace(condition, operator=operator, value=tuple(printed_values)), missing
    return _set_values(condition, printed_values), missing


def _format_never_printed(field: str, value: str, vocabulary: Counter[str]) -> str:
    known = sorted(vocabulary, key=lambda v: (-vocabulary[v], v))
    if not known:
        return f"No paper here has {FIELDS[field].noun}."
    rest = " and others" if len(known) > 8 else ""
    return f"No paper here has the {field} {value}; there are {join_names(known[:8])}{rest}."


def format_nowhere(library: LibraryView, conditions: Sequence[Condition]) -> str:
    """That no paper has a field at all, such as a venue; empty where some have each one."""
    fields = [c.field for c in conditions if c.operator not in ("known", "unknown")]
    nowhere = next((f for f in fields if not library.count_valued(f)), None)
    return f"No paper here has {FIELDS[nowhere].noun}." if nowhere else ""


def format_nearest(library: LibraryView, conditions: Sequence[Condition]) -> str:
    """What would have matched: one condition less, or the nearest year. Empty if nothing would."""
    best: tuple[int, str] | None = None
    if nowhere := format_nowhere(library, conditions):
        return nowhere
    if len(conditions) == 1:
        return _format_nearest_years(conditions[0], library)
    for at in range(len(conditions)):
        rest = [*conditions[:at], *conditions[at + 1 :]]
        n = library.count_papers(rest)
        if n and (best is None or n < best[0]):
            limit = format_condition(conditions[at])
            best = n, f"({counted(n)} {format_conditions(rest)}, none of them {limit}.)"
    return best[1] if best else ""


def _format_nearest_years(condition: Condition, library: LibraryView) -> str:
    """The years in the library that are nearest to the given one."""
    years = library.count_groups("year") if condition.field == "year" else None
    return format_nearest_year([condition], years) if years else ""


def format_nearest_year(timed: Sequence[Condition], years: Counter[int], about: str = "") -> str:
    """The year nearest to the ones asked for, of ``years`` with how many papers each has.

    Args:
        timed: Conditions on the year.
        years: Of the papers that count, such as those on a topic.
        about: What they have in common, in words.
    """
    wanted = [year for c in timed for value in c.values for year in _list_years(value)]
    if not wanted or not years:
        return ""
    nearest_year = min(years, key=lambda y: (min(abs(y - w) for w in wanted), y))
    common = f" {about}" if about else ""
    return (
        f"The nearest year with papers{common} is {nearest_year} ({counted(years[nearest_year])})."
    )


def _list_years(value: Scalar) -> list[int]:
    ends = (value.low, value.high) if isinstance(value, Range) else (value,)
    return [end for end in ends if isinstance(end, int)]
