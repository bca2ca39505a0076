"""Converts answers, with their readings, to JSON text and back, so that follow-ups still work.

A frozen type becomes an object that names it in ``$``; only the types listed here are ever created
from a text. Every sequence becomes a tuple, as our types have them. A query is kept as the line that
it prints. Answers of versions that had no queries are read by `rag.app.old_readings`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from rag.app.old_readings import read_old_reading
from rag.types import (
    Alternative,
    Answer,
    Citation,
    Condition,
    Expert,
    Query,
    Reading,
    SaidSentence,
    ScoredPaper,
    Usage,
)
from rag.types.query import Part
from rag.types.query_parser import read_query
from rag.types.serialise import build_condition_record, read_condition_record

MARK = "$"

_CLASSES: Mapping[str, type] = {
    "Alternative": Alternative,
    "Answer": Answer,
    "Citation": Citation,
    "Expert": Expert,
    "Part": Part,
    "Reading": Reading,
    "SaidSentence": SaidSentence,
    "ScoredPaper": ScoredPaper,
    "Usage": Usage,
}
"""The types by the names that records give them.

Kept conversations hold these names, so they stay whatever becomes of the classes' own.
"""
_NAMES = {known_class: name for name, known_class in _CLASSES.items()}


def encode_answer(answer: Answer) -> str:
    """The answer as one line of JSON."""
    return json.dumps(_encode_value(answer), ensure_ascii=False, separators=(",", ":"))


def decode_answer(text: str) -> Answer:
    """Decode what `encode_answer` wrote, also in an older version with other optional fields.

    Raises:
        ValueError: The text holds no answer that this version understands.
    """
    try:
        written = json.loads(text)
        value = _decode_value(written)
    except (TypeError, KeyError) as exc:
        raise ValueError(f"the text holds no answer: {exc}") from exc
    if not isinstance(value, Answer):
        raise ValueError(f"the text holds no answer but a {type(value).__name__}")
    intent = written.get("intent")
    return replace(value, reading=read_old_reading(intent)) if intent else value


def encode_conditions(conditions: Sequence[Condition]) -> str:
    """Some conditions as one line of JSON."""
    return json.dumps(_encode_value(tuple(conditions)), ensure_ascii=False, separators=(",", ":"))


def decode_conditions(text: str) -> tuple[Condition, ...]:
    """What `encode_conditions` wrote."""
    return tuple(_decode_value(json.loads(text)))


def _encode_value(value: object) -> Any:
    if isinstance(value, Query):
        return {MARK: "Query", "line": str(value)}
    if isinstance(value, Condition):
        return {MARK: "Condition", **build_condition_record(value)}
    if is_dataclass(value) and (name := _NAMES.get(type(value))):
        encoded_fields = {f.name: _encode_value(getattr(value, f.name)) for f in fields(value)}
        return {MARK: name, **encoded_fields}
    if isinstance(value, Mapping):
        return {str(key): _encode_value(item) for key, item in value.items()}
    if isinstance(value, frozenset | set):
        return {MARK: "set", "items": sorted((_encode_value(item) for item in value), key=str)}
    if isinstance(value, tuple | list):
        return [_encode_value(item) for item in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def _decode_value(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode_value(item) for item in value)
    if not isinstance(value, dict):
        return value
    if MARK not in value:
        return {key: _decode_value(item) for key, item in value.items()}
    name = value[MARK]
    if name == "set":
        return frozenset(_decode_value(value["items"]))
    if name == "Query":
        return read_query(value["line"])
    if name == "Condition":
        return read_condition_record(value["field"], value["operator"], value["value"])
    known_class = _CLASSES[name]
    known = {f.name for f in fields(known_class)}
    return known_class(**{key: _decode_value(item) for key, item in value.items() if key in known})
