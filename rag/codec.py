"""Answers as JSON text and back again, whole: with their intents, so that follow-ups still work.

A frozen type becomes an object that names its class in ``$``; only the classes listed here are ever
made from a text. Every sequence comes back as a tuple, as our types have them.
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
def _classes() -> Mapping[str, type]:
    from rag.catalogue.ask import Ask
    from rag.names import Mention
    from rag.people.ask import PersonAsk

    known = (
        Alternative, Answer, Ask, Citation, Condition, Expert, Intent, Mention, PersonAsk, SaidSentence,
        ScoredPaper, Usage,
    )  # fmt: skip
    return {one.__name__: one for one in known}


def freeze(answer: Answer) -> str:
    """The answer as one line of JSON."""
    return json.dumps(_plain(answer), ensure_ascii=False, separators=(",", ":"))


def thaw(text: str) -> Answer:
    """What `freeze` wrote, also by a version whose types had other optional fields.

    Raises:
        ValueError: The text holds no answer that this version understands.
    """
    try:
        found = _typed(json.loads(text))
    except (TypeError, KeyError) as exc:
        raise ValueError(f"the text holds no answer: {exc}") from exc
    if not isinstance(found, Answer):
        raise ValueError(f"the text holds no answer but a {type(found).__name__}")
    return found


def freeze_conditions(conditions: Sequence[Condition]) -> str:
    """Some conditions as one line of JSON."""
    return json.dumps(_plain(tuple(conditions)), ensure_ascii=False, separators=(",", ":"))


def thaw_conditions(text: str) -> tuple[Condition, ...]:
    """What `freeze_conditions` wrote."""
    return tuple(_typed(json.loads(text)))


def _plain(value: object) -> Any:
    if is_dataclass(value) and type(value).__name__ in _classes():
        told = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        return {MARK: type(value).__name__, **told}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, frozenset | set):
        return {MARK: "set", "items": sorted((_plain(one) for one in value), key=str)}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def _typed(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_typed(one) for one in value)
    if not isinstance(value, dict):
        return value
    if MARK not in value:
        return {key: _typed(one) for key, one in value.items()}
    if value[MARK] == "set":
        return frozenset(_typed(value["items"]))
    made = _classes()[value[MARK]]
    known = {f.name for f in fields(made)}
    return made(**{key: _typed(one) for key, one in value.items() if key in known})
