"""Papers as JSON: one object a line, or one array of objects.

A broken line or object is rejected with its line; the others are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.readers import field_mapping
from rag.readers.source import MAX_ENTRY_CHARS, DocumentParts, DocumentSource, too_long
from rag.types import Entry, Place, Rejection

NAME = "jsonl"
SUFFIXES = (".jsonl", ".ndjson", ".json")

_BEGINS = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*\{)")
_ARRAY_OR_SPREAD = re.compile(r"\s*(?:\[|\{[ \t]*\n)")
_DECODER = json.JSONDecoder()
_OBJECT_SEPARATOR = re.compile(r"[\s,\[\]]*")


def recognise(source: DocumentSource) -> bool:
    return _BEGINS.match(source.head) is not None


def read(source: DocumentSource) -> DocumentParts:
    spread = _ARRAY_OR_SPREAD.match(source.text) is not None
    items = _iter_objects(source.text) if spread else _iter_lines(source)
    return DocumentParts.from_results(_build_json_entry(source.name, item) for item in items)


@dataclass(frozen=True, slots=True)
class _Item:
    """One value, or the reason why it cannot be read."""

    line: int
    raw: str
    value: object = None
    flaw: str = ""


def _iter_lines(source: DocumentSource) -> Iterator[_Item]:
    for number, line in enumerate(source.lines, 1):
        if len(line) > MAX_ENTRY_CHARS:
            yield _Item(number, "", flaw=too_long(len(line)))
        elif line.strip():
            try:
                yield _Item(number, line.strip(), json.loads(line))
            except (ValueError, RecursionError) as exc:
                yield _Item(number, line, flaw=_format_flaw(exc))


def _iter_objects(text: str) -> Iterator[_Item]:
    """Objects that may take several lines; after a broken one, on to the next as far indented."""
    position, line = 0, 1
    while True:
        start = _find_resumption(text, position)
        line += text.count("\n", position, start)
        if start >= len(text):
            return
        try:
            value, end = _decoded(text, start)
            yield _Item(line, text[start:end], value)
        except (ValueError, RecursionError) as exc:
            end = _find_next_start(text, start)
            in_line = start - text.rfind("\n", 0, start) - 1
            yield _Item(line, "", flaw=_format_flaw(exc, in_line))
        line += text.count("\n", start, end)
        position = end


def _decoded(text: str, start: int) -> tuple[object, int]:
    """The value at ``start`` and its end.

    It is sought in no more of the text than it needs: the place of an error is counted from the
    beginning of what was given, which for each of many broken objects took the whole document.
    """
    for n_chars in (1_000, 30_000, MAX_ENTRY_CHARS):
        values = text[start : start + n_chars]
        full = start + n_chars >= len(text)
        try:
            value, n_read = _DECODER.raw_decode(values)
            if full or n_read < len(values):
                return value, start + n_read
        except json.JSONDecodeError as exc:
            # Close to the end, or in a string, it may be there only because the text was cut off.
            if full or (exc.pos < len(values) - 20 and "Unterminated" not in exc.msg):
                raise
    raise ValueError(f"longer than {MAX_ENTRY_CHARS:,} characters")


def _find_resumption(text: str, position: int) -> int:
    match = _OBJECT_SEPARATOR.match(text, position)
    return match.end() if match else position


def _find_next_start(text: str, start: int) -> int:
    line_start = text.rfind("\n", 0, start) + 1
    indent = re.escape(text[line_start:start]) if text[line_start:start].isspace() else ""
    match = re.compile(rf"\n{indent}(?=\{{)").search(text, start)
    return match.end() if match else len(text)


def _format_flaw(exc: Exception, before: int = 0) -> str:
    """Why a value cannot be read that begins after so many characters of its line."""
    if isinstance(exc, json.JSONDecodeError):
        column = exc.colno + (before if exc.lineno == 1 else 0)
        return f"not valid JSON ({exc.msg.lower().removesuffix(' at')} at column {column})"
    return (
        "not valid JSON (nested too deeply)"
        if isinstance(exc, RecursionError)
        else f"not valid JSON ({exc})"
    )


def _build_json_entry(document: str, item: _Item) -> Entry | Rejection:
    if item.flaw:
        return Rejection(document, item.line, item.flaw)
    if not isinstance(item.value, dict):
        return Rejection(document, item.line, "not a JSON object with a title or abstract")
    try:
        return field_mapping.build_record_entry(item.value, Place(document, item.line), item.raw)
    except field_mapping.NotARecord as exc:
        return Rejection(document, item.line, str(exc))
