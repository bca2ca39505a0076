"""The options of ``papers``, ``ask`` and ``who`` that name papers: one for each field that has a flag."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date

from rag.types.fields import FIELDS, Condition, Field, QueryError, Range, Scalar

_CONTAINED = frozenset({"text", "title", "link", "venue"})
"""Fields of which a word will do."""
_WORDS = {"author": "A", "page": "PERSON", "text": "WORDS", "category": "C", "affiliation": "X"}


def add_field_options(parser: argparse.ArgumentParser) -> None:
    """An option for each field that has one; a mark also has its opposite, ``--no-code``."""
    group = parser.add_argument_group("only papers with")
    for field in FIELDS.values():
        if not field.flag or field.of != "paper":
            continue
        if field.type == "flag":
            either = group.add_mutually_exclusive_group()
            either.add_argument(
                f"--{field.flag}",
                action="store_const",
                const=Condition(field.name, "is", True),
                dest=field.name,
                help=field.help,
            )
            either.add_argument(
                f"--no-{field.flag}",
                action="store_const",
                const=Condition(field.name, "is", False),
                dest=field.name,
                help="the opposite",
            )
            continue
        is_ordered = field.type in ("integer", "number", "day")
        group.add_argument(
            f"--{field.flag}",
            type=_build_reader(field),
            dest=field.name,
            metavar="Y[..Z]" if is_ordered else _WORDS.get(field.name, "NAME"),
            help=field.help,
        )


def list_conditions(args: argparse.Namespace) -> tuple[Condition, ...]:
    """The conditions of the options that were given."""
    values = (getattr(args, name, None) for name in FIELDS)
    return tuple(value for value in values if isinstance(value, Condition))


def _build_reader(field: Field) -> Callable[[str], Condition]:
    def read(text: str) -> Condition:
        try:
            if field.type in ("integer", "number", "day"):
                return Condition(field.name, "is", _read_span(field, text))
            return Condition(field.name, "contains" if field.name in _CONTAINED else "is", text)
        except QueryError as exc:
            raise argparse.ArgumentTypeError(str(exc)) from None

    return read


def _read_span(field: Field, text: str) -> Scalar:
    """``2023``, ``2021..2023``, ``2021..`` or ``..2023``; days as ``2023-05-01``."""
    first, dots, last = text.partition("..")
    low, high = (_read_end(field, end, text) if end else None for end in (first, last))
    if not dots and low is not None:
        return low
    if low is not None and high is not None and low > high:  # type: ignore[operator]
        raise QueryError(f"{text!r} is a reversed span; write {last}..{first}")
    return Range(low, high)


def _read_end(field: Field, end: str, text: str) -> int | float | date:
    try:
        if field.type == "day":
            return date.fromisoformat(end)
        return int(end) if field.type == "integer" else float(end)
    except ValueError:
        raise QueryError(f"{text!r} is no {field.name}: it takes {field.help}") from None
