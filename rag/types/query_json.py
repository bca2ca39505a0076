"""A query as JSON, and the JSON Schema of it, both made from the types.

The schema is what a chat model fills (structured output), and what other programs send. It keeps to
what strict structured output allows: every property is required, none is added, absence is null.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from rag.types.fields import FIELDS, Condition, QueryError, Range
from rag.types.query import Query

Json = dict[str, Any]

_SCALARS: dict[object, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    date: {"type": "string", "description": "a day, as in 2023-05-01"},
}


def build_schema(type_: object = Query, *, strict: bool = True) -> Json:
    """The JSON Schema of a query, or of another type of it.

    Args:
        type_: The type described.
        strict: As structured output wants it; otherwise what has a default may be left out, as in
            what other programs send.
    """
    if type_ in _SCALARS:
        return dict(_SCALARS[type_])
    if is_dataclass(type_):
        hints = get_type_hints(type_)
        properties = {f.name: build_schema(hints[f.name], strict=strict) for f in fields(type_)}
        needed = [f.name for f in fields(type_) if strict or f.default is MISSING]
        if type_ is Condition:
            properties["field"] = {"type": "string", "enum": list(FIELDS)}
        return {
            "type": "object",
            "properties": properties,
            "required": needed,
            "additionalProperties": False,
        }
    arguments = get_args(type_)
    if get_origin(type_) is Literal:
        return {"type": "string", "enum": list(arguments)}
    if get_origin(type_) is tuple:
        return {"type": "array", "items": build_schema(arguments[0], strict=strict)}
    if get_origin(type_) in (Union, types.UnionType):
        return {"anyOf": [build_schema(each, strict=strict) for each in _flatten(type_)]}
    raise TypeError(f"no JSON Schema for {type_!r}")


def _flatten(union: object) -> list[object]:
    flat: list[object] = []
    for each in get_args(union):
        inner = _flatten(each) if get_origin(each) in (Union, types.UnionType) else [each]
        flat += [type_ for type_ in inner if type_ not in flat]
    return flat


def dump_query(query: Query) -> Json:
    """The query as JSON values."""
    return cast("Json", _dump(query))


def _dump(value: object) -> object:
    if is_dataclass(value):
        return {f.name: _dump(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple):
        return [_dump(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


def load_query(record: Mapping[str, Any]) -> Query:
    """The query that JSON values describe; what is left out has its default.

    Raises:
        QueryError: It is no query; the message names the part that is not.
    """
    return cast("Query", _load(Query, record, "query"))


def _load(type_: object, value: object, where: str) -> object:
    arguments = get_args(type_)
    if get_origin(type_) in (Union, types.UnionType):
        return _load_union(_flatten(type_), value, where)
    if is_dataclass(type_):
        return _load_object(type_, value, where)
    if get_origin(type_) is tuple:
        if not isinstance(value, (list, tuple)):
            raise QueryError(f"{where} takes a list, not {value!r}")
        return tuple(_load(arguments[0], each, f"{where}[{n}]") for n, each in enumerate(value))
    if get_origin(type_) is Literal:
        if value not in arguments:
            raise QueryError(f"{where} is one of {', '.join(map(str, arguments))}, not {value!r}")
        return value
    if type_ is date and isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError as exc:
            raise QueryError(f"{where} takes a day such as 2023-05-01, not {value!r}") from exc
    if type_ is float and type(value) in (int, float):
        return value
    if type(value) is not type_:
        raise QueryError(f"{where} cannot be {value!r}")
    return value


def _load_object(type_: Any, value: object, where: str) -> object:
    if not isinstance(value, Mapping):
        raise QueryError(f"{where} takes an object, not {value!r}")
    hints = get_type_hints(type_)
    if type_ is Condition and getattr(FIELDS.get(str(value.get("field"))), "type", "") != "day":
        hints["value"] = _NO_DAYS
    known = {f.name for f in fields(type_)}
    if unknown := set(value) - known:
        raise QueryError(f"{where} has no {min(unknown)!r}; there are {', '.join(sorted(known))}")
    values = {name: _load(hints[name], each, f"{where}.{name}") for name, each in value.items()}
    needed = {f.name for f in fields(type_) if f.default is f.default_factory is MISSING}
    if missing := needed - set(values):
        raise QueryError(f"{where} lacks a part: {', '.join(sorted(missing))}")
    return type_(**values)


_NO_DAYS = str | int | float | bool | Range | tuple[str | int | float | bool | Range, ...] | None
"""Values of fields that are no days: "2023-05-01" may stand in a title."""


def _load_union(choices: list[object], value: object, where: str) -> object:
    """The first type that fits, a more special one first: a day before text, a flag before a number."""
    order = sorted(choices, key=lambda t: t is str)
    error: QueryError | None = None
    for choice in order:
        if choice is type(None):
            if value is None:
                return None
            continue
        try:
            return _load(choice, value, where)
        except QueryError as exc:
            error = exc
    raise error or QueryError(f"{where} cannot be {value!r}")
