"""Papers as JSON: one object a line, one array of objects, or an answer that has them under a name.

A broken line or object is rejected with its line; the others are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rag.readers import field_mapping, json_shapes
from rag.readers.source import MAX_ENTRY_CHARS, DocumentParts, DocumentSource, too_long
from rag.types import Entry, Place, Rejection
from rag.types.papers import FILLED_IN, SERVICE_MARK

NAME = "jsonl"
SUFFIXES = (".jsonl", ".ndjson", ".json")

_LIST_END = re.compile(r"\s*\]")
_LIST_START = re.compile(r'"([\w-]+)"\s*:\s*\[')
_BEGINS = re.compile(r"\s*(?:\{\s*[\"}]|\[\s*\{)")
_ARRAY_OR_SPREAD = re.compile(r"\s*(?:\[|\{[ \t]*\n)")
_DECODER = json.JSONDecoder()
_OBJECT_SEPARATOR = re.compile(r"[\s,\[\]]*")


def recognise(source: DocumentSource) -> bool:
    return _BEGINS.match(source.head) is not None


def read(source: DocumentSource) -> DocumentParts:
    spread = _ARRAY_OR_SPREAD.match(source.text) is not None or _is_one_value(source.text)
    items = _iter_objects(source.text) if spread else _iter_lines(source)
    columns = field_mapping.Columns("field")
    results = (
        _build_json_entry(source.name, record, columns)
        for item in items
        for record in _iter_records(item, source.text)
        if not json_shapes.is_attachment(record.value)
    )
    return DocumentParts.from_results(results, notes=lambda: columns.notes)


def _is_one_value(text: str) -> bool:
    """Whether an object goes on over the end of the first line, as a service's answer may."""
    first, _, rest = text.strip().partition("\n")
    if not rest or len(first) > MAX_ENTRY_CHARS:
        return False
    try:
        json.loads(first)
    except ValueError:
        try:
            return isinstance(json.loads(text), dict)
        except (ValueError, RecursionError):
            return False
    except RecursionError:
        return False
    return False


def _iter_records(item: _Item, text: str) -> Iterator[_Item]:
    """The item, or the records within it where it is a service's answer."""
    records = json_shapes.find_records(item.value)
    if records is None:
        yield item
        return
    # The place of each is found again in the text: the list that holds as many.
    for start in _LIST_START.finditer(item.raw):
        if start.group(1) in json_shapes.ENVELOPES:
            objects = list(_iter_objects(item.raw[start.end() - 1 :], is_whole=False))
            if [record.value for record in objects] == records:
                before = item.line - 1 + item.raw.count("\n", 0, start.end())
                yield from (replace(record, line=record.line + before) for record in objects)
                return
    yield from (_Item(item.line, json.dumps(r, ensure_ascii=False), r) for r in records)


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


def _iter_objects(text: str, *, is_whole: bool = True) -> Iterator[_Item]:
    """Objects that may take several lines; after a broken one, on to the next as far indented.

    Not ``is_whole``: those of the list with which the text begins.
    """
    position, line = 0, 1
    while True:
        if not is_whole and position and _LIST_END.match(text, position):
            return
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


def _mark_service(entry: Entry, mark: object) -> Entry:
    """The entry with each of its fields known as a service's word: its own documents come first."""
    if not isinstance(mark, dict):
        return entry
    basis = f"{FILLED_IN} {mark.get('service')} on {mark.get('on')}"
    names = [name for name in _FILLED if getattr(entry, name) not in (None, (), "")]
    return replace(entry, provenance=tuple(f"{name}: {basis}" for name in names))


_FILLED = (
    "title", "text", "authors", "year", "venue", "doi", "url", "arxiv", "pmid", "keywords",
    "affiliations", "retracted",
)  # fmt: skip


def _build_json_entry(
    document: str, item: _Item, columns: field_mapping.Columns
) -> Entry | Rejection:
    if item.flaw:
        return Rejection(document, item.line, item.flaw)
    if not isinstance(item.value, dict):
        return Rejection(document, item.line, "not a JSON object with a title or abstract")
    fields = {name: value for name, value in item.value.items() if name != SERVICE_MARK}
    record = json_shapes.flatten(fields)
    columns.count((str(name), value) for name, value in record.items())
    try:
        entry = field_mapping.build_record_entry(record, Place(document, item.line), item.raw)
        columns.check_kept(((str(name), value) for name, value in record.items()), entry)
        return _mark_service(entry, item.value.get(SERVICE_MARK))
    except field_mapping.NotARecord as exc:
        return Rejection(document, item.line, str(exc))
