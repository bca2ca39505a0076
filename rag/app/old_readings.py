"""Readings of kept conversations from before a question was one query: intents with loose parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

from rag.library.person_index import Mention
from rag.types import Condition, Query, Reading
from rag.types.fields import QueryError
from rag.types.query import Part
from rag.types.query_text import print_conditions
from rag.types.serialise import FIELDS_BEFORE, read_condition_record
from rag.understanding.catalogue_ask import Ask
from rag.understanding.intent import Intent
from rag.understanding.person_ask import PersonAsk
from rag.understanding.query_building import build_reading


def read_old_reading(row: Mapping[str, Any]) -> Reading:
    """The reading that an intent amounts to; one that no query can hold is kept as its words."""
    parts = {name: _read_part(value) for name, value in row["parts"].items()}
    intent = Intent(
        row["route"],
        str(row["question"]),
        str(row["query"]),
        str(row.get("reason", "")),
        row.get("topic"),
        tuple(row.get("people") or ()),
        _read_conditions(row.get("conditions") or ()),
        parts,
    )
    try:
        reading = build_reading(intent)
    except (QueryError, KeyError):
        return Reading(Query("passages", text=intent.query), intent.question, reason=intent.reason)
    if not intent.get_several("focus"):
        return reading
    # What the list pointed at was, so that a follow-up can leave it.
    origin = print_conditions(intent.get_several("origin"))
    pointer = Part("papers", ", ".join(f"#{key}" for key in reading.query.papers), evidence=origin)
    return replace(reading, parts=(replace(pointer, origin="thread"),))


def _read_part(value: Any) -> Any:
    """A part as the grammar has it: lists of conditions or of mentions, asks, plain values."""
    if isinstance(value, list):
        is_of_conditions = any(isinstance(v, dict) and v.get("$") == "Condition" for v in value)
        return _read_conditions(value) if is_of_conditions else tuple(map(_read_part, value))
    if not isinstance(value, dict):
        return value
    known_class = {"Ask": Ask, "PersonAsk": PersonAsk, "Mention": Mention}.get(value.get("$", ""))
    if known_class is None:
        return None
    names = {field.name for field in fields(known_class)}
    given = {name: _read_part(item) for name, item in value.items() if name in names}
    if known_class is Ask:
        given["of"] = tuple(map(_name_field, given.get("of", ())))
    return known_class(**given)


def _name_field(name: str) -> str:
    """``per first author`` by the name that the field has now."""
    start = "per " if name.startswith("per ") else ""
    return start + FIELDS_BEFORE.get(name.removeprefix(start), name.removeprefix(start))


def _read_conditions(rows: Sequence[Mapping[str, Any]]) -> tuple[Condition, ...]:
    """The conditions that can be told."""
    conditions = []
    for row in rows:
        with suppress(QueryError, TypeError, ValueError):
            conditions.append(read_condition_record(row["field"], row["operator"], row["value"]))
    return tuple(conditions)
