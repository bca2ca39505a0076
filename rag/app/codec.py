"""Converts answers, with their intents, to JSON text and back, so that follow-ups still work.

A frozen type becomes an object that names it in ``$``; only the types listed here are ever created
from a text. Every sequence becomes a tuple, as our types have them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from rag.types import (
    Alternative,
    Answer,
    Citation,
    Condition,
    Expert,
    Intent,
    SaidSentence,
    ScoredPaper,
    Usage,
)

MARK = "$"


@cache
def _get_classes() -> Mapping[str, type]:
    """The types by the names that records give them.

    Kept conversations hold these names, so they stay whatever becomes of the classes' own.
    """
    from rag.library.person_index import Mention
    from rag.understanding.catalogue_ask import Ask
    from rag.understanding.person_ask import PersonAsk

    return {
        "Alternative": Alternative,
        "Answer": Answer,
        "Ask": Ask,
        "Citation": Citation,
        "Condition": Condition,
        "Expert": Expert,
        "Intent": Intent,
        "Mention": Mention,
        "PersonAsk": PersonAsk,
        "SaidSentence": SaidSentence,
        "ScoredPaper": ScoredPaper,
        "Usage": Usage,
    }


@cache
def _get_names() -> Mapping[type, str]:
    return {known_class: name for name, known_class in _get_classes().items()}


def encode_answer(answer: Answer) -> str:
    """The answer as one line of JSON."""
    return json.dumps(_encode_value(answer), ensure_ascii=False, separators=(",", ":"))


def decode_answer(text: str) -> Answer:
    """What `encode_answer` wrote, also by a version whose types had other optional fields.

    Raises:
        ValueError: The text holds no answer that this version understands.
    """
    try:
        value = _decode_value(json.loads(text))
    except (TypeError, KeyError) as exc:
        raise ValueError(f"the text holds no answer: {exc}") from exc
    if not isinstance(value, Answer):
        raise ValueError(f"the text holds no answer but a {type(value).__name__}")
    return value


def encode_conditions(conditions: Sequence[Condition]) -> str:
    """Some conditions as one line of JSON."""
    return json.dumps(_encode_value(tuple(conditions)), ensure_ascii=False, separators=(",", ":"))


def decode_conditions(text: str) -> tuple[Condition, ...]:
    """What `encode_conditions` wrote."""
    return tuple(_decode_value(json.loads(text)))


def _encode_value(value: object) -> Any:
    if is_dataclass(value) and (name := _get_names().get(type(value))):
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
    if value[MARK] == "set":
        return frozenset(_decode_value(value["items"]))
    known_class = _get_classes()[value[MARK]]
    known = {f.name for f in fields(known_class)}
    return known_class(**{key: _decode_value(item) for key, item in value.items() if key in known})
