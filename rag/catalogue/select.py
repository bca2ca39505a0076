"""Papers that meet all conditions, by brute force over the library; and what would have matched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.answering.citations import plain
from rag.catalogue.fields import FIELDS, meets, said, said_all
from rag.census import Census, Source, census
from rag.listing import counted
from rag.names import Mention
from rag.stopping import heeded
from rag.text import fold, join_names
from rag.types import Condition, Paper

PEOPLE_FIELDS = frozenset({"author", "printed", "first author", "last author", "page"})


@dataclass(frozen=True, slots=True)
class Settled:
    """Conditions with every person and value as the library prints it.

    Attributes:
        notes: What was read differently from how it was typed.
        absent: Why nothing can match: a sentence for each name or value that the library lacks.
        choices: Persons of whom one must be chosen.
    """

    conditions: tuple[Condition, ...]
    notes: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    choices: tuple[Mention, ...] = ()


def select(library: Source, conditions: Sequence[Condition]) -> list[Paper]:
    """The papers that meet every condition, in the library's order; names may be misspelt."""
    now = census(library)
    settled = settle(conditions, (), now)
    return [] if settled.absent or settled.choices else matching(now, settled.conditions)


def matching(now: Census, conditions: Sequence[Condition]) -> list[Paper]:
    """Papers that meet all of some settled conditions, in the library's order."""
    return [p for p in heeded(now.papers) if all(meets(p, c, now) for c in conditions)]


def settle(conditions: Sequence[Condition], people: Sequence[Mention], now: Census) -> Settled:
    """Replace placeholders and typed values by what the library prints."""
    done: list[Condition] = []
    notes: list[str] = []
    absent: list[str] = []
    choices: list[Mention] = []
    for condition in conditions:
        if condition.field in PEOPLE_FIELDS and condition.operator not in ("known", "unknown"):
            mentions = [_mention(v, people, now) for v in _values(condition.value)]
            notes += [m.note for m in mentions if m.note]
            absent += [no_such_person(m) for m in mentions if not m.names]
            choices += [m for m in mentions if len(m.names) > 1]
            names = tuple(m.names[0] if len(m.names) == 1 else m.typed for m in mentions)
            condition = replace(condition, value=names if len(names) > 1 else names[0])
            if condition.field == "page" and not absent and not choices:
                absent += [_no_page(name, now) for name in names if now.page(name) is None]
        elif condition.field in ("category", "affiliation") and condition.value is not None:
            condition, missing = _of_vocabulary(condition, now)
            absent += missing if condition.operator not in ("not in", "is not", "lacks") else []
        done.append(condition)
    return Settled(
        tuple(done), tuple(dict.fromkeys(notes)), tuple(dict.fromkeys(absent)), tuple(choices)
    )


def _values(value: object) -> Sequence[object]:
    return value if isinstance(value, tuple) else (value,)


def _mention(value: object, people: Sequence[Mention], now: Census) -> Mention:
    typed = str(value)
    if people and re.fullmatch(r"@\d+", typed):
        return people[int(typed[1:])]
    found = now.names.resolve(typed)
    return found or Mention((0, len(typed)), typed, (), "absent", now.names.near(typed))


def no_such_person(mention: Mention) -> str:
    """A sentence that says so, with near names."""
    near = f" Names like it: {join_names(map(plain, mention.near))}." if mention.near else ""
    return f"Nobody called {plain(mention.typed)} is in this library.{near}"


def choose_one(mention: Mention) -> str:
    """A sentence that offers the persons whom a name fits."""
    who = join_names(map(plain, mention.names))
    return f"'{plain(mention.typed)}' may be {who}. Ask again with the whole name."


def _no_page(name: str, now: Census) -> str:
    owners = join_names(plain(page.person) for page in now.pages)
    known = f" There are pages of {owners}." if owners else ""
    return f"The library holds no page of {plain(name)}.{known}"


def _of_vocabulary(condition: Condition, now: Census) -> tuple[Condition, list[str]]:
    """The value as printed; a sentence for one that is never printed."""
    held = now.categories if condition.field == "category" else now.affiliations
    printed = {fold(value): value for value in held}
    found, missing = [], []
    for value in _values(condition.value):
        typed = fold(str(value))
        same = [printed[typed]] if typed in printed else []
        parts = same or [v for f, v in printed.items() if typed in f.replace("-", " ").split()]
        found += parts or [str(value)]
        if not parts:
            missing.append(_never_printed(condition.field, str(value), held))
    operator = condition.operator
    if len(found) > 1 and operator in ("is", "is not"):
        operator = {"is": "in", "is not": "not in"}[operator]
    value = tuple(found) if len(found) > 1 or operator in ("in", "not in") else found[0]
    return replace(condition, operator=operator, value=value), missing


def _never_printed(field: str, value: str, held: Counter[str]) -> str:
    known = sorted(held, key=lambda v: (-held[v], v))
    if not known:
        return f"No paper here prints {FIELDS[field].noun}."
    more = f"; printed are {join_names(known[:8])}" + (" and others" if len(known) > 8 else "")
    return f"No paper here prints the {field} {value}{more}."


def nearest(now: Census, conditions: Sequence[Condition]) -> str:
    """What would have matched: one condition less, or the nearest year. Empty if nothing would."""
    best: tuple[int, str] | None = None
    if len(conditions) == 1:
        return _nearest_year(conditions[0], now)
    for at in range(len(conditions)):
        rest = [*conditions[:at], *conditions[at + 1 :]]
        n = len(matching(now, rest))
        if n and (best is None or n < best[0]):
            best = (n, f"Papers {said_all(rest)}: {n}, none of them {said(conditions[at])}.")
    return best[1] if best else ""


def _nearest_year(condition: Condition, now: Census) -> str:
    """The years that are held, nearest to the one asked for."""
    if condition.field != "year" or not now.years:
        values = {v for p in now.papers for v in FIELDS[condition.field].values(p, now)}
        return "" if values else f"No paper here has {FIELDS[condition.field].noun}."
    wanted = [v for v in _values(condition.value) if isinstance(v, int)]
    if not wanted:
        return ""
    near = min(now.years, key=lambda y: (min(abs(y - w) for w in wanted), y))
    n = now.years[near]
    return f"The nearest year with papers is {near} ({counted(n)})."
