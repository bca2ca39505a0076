"""BibTeX and BibLaTeX, by bibtexparser: an entry with a title is a paper, with or without its abstract.

Macros are put in and joined by ``#``, a child takes from its ``crossref`` what it lacks. What tools
write though it is no BibTeX is read all the same: entries without a key, doubled and missing commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.readers import bibtex_names, field_mapping
from rag.readers.source import (
    DocumentParts,
    DocumentSource,
    decode_western,
    drop_logs_and_warnings,
)
from rag.types import Entry, Place, Rejection

if TYPE_CHECKING:
    from bibtexparser.library import Library
    from bibtexparser.model import Block

NAME = "bibtex"
SUFFIXES = (".bib", ".bibtex")

_ENTRY = re.compile(
    r"^[ \t]*@[A-Za-z]+\s*[{(]\s*(?:(?:[^\s,{}=]+\s*)?,|[A-Za-z][\w-]*\s*=)", re.MULTILINE
)
_PROSE = re.compile(r"^[^\S\n]*Abstract\s*:", re.MULTILINE | re.IGNORECASE)
_KEYLESS = re.compile(
    r"^([ \t]*@(?!string|comment|preamble)[A-Za-z]+\s*\{)(\s*)(?=[A-Za-z][\w-]*\s*=)", re.M | re.I
)
_NO_KEY = "-without-a-key-"
_MACRO = re.compile(r"[A-Za-z][\w:.+/-]*")
_MONTHS = frozenset("jan feb mar apr may jun jul aug sep oct nov dec".split())
_VOLUMES = frozenset(("proceedings", "mvproceedings", "periodical", "xdata", "set"))
_NOT_INHERITED = frozenset(
    ("title", "subtitle", "author", "crossref", "xdata", "abstract", "doi", "url", "file", "key")
)


def recognise(source: DocumentSource) -> bool:
    """Whether an entry begins a line, before any paragraph of another format."""
    first_entry = _ENTRY.search(source.head)
    return first_entry is not None and _PROSE.search(source.head, 0, first_entry.start()) is None


def read(source: DocumentSource) -> DocumentParts:
    """Every entry; two with the same key are two entries, a field given twice counts once."""
    source, western = decode_western(source)
    library = _parse(_add_keys(source.text))
    strings: dict[str, str] = {}
    for string in library.strings:  # one may be made of those before it
        value = _resolve(str(string.value), strings)
        strings[str(string.key).lower()] = value if value is not None else str(string.value)
    records: list[_Record | Rejection] = []
    for block, following in pairwise((*library.blocks, None)):
        records.extend(_iter_records(source.name, block, strings, _get_rest(following)))
    known = [record for record in records if isinstance(record, _Record)]
    _inherit(known)
    volumes = _find_volumes(known)
    columns = field_mapping.Columns("field")
    notes = [
        f"line {r.line}: @{r.kind} {r.fields.get('title', r.key)!r} is a volume, and no paper itself"
        for r in known
        if r.key.lower() in volumes and r.kind != "xdata"
    ]
    notes += _list_missing(known)
    results = (
        _build_bibtex_entry(source.name, record, columns) if isinstance(record, _Record) else record
        for record in records
        if isinstance(record, Rejection) or record.key.lower() not in volumes
    )
    return DocumentParts.from_results(results, notes=lambda: (*western, *notes, *columns.notes))


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    kind: str
    key: str
    raw: str
    fields: dict[str, str]
    unknown: tuple[tuple[str, str], ...] = ()
    """Fields with macros that are not defined."""


def _parse(text: str) -> Library:
    from bibtexparser.entrypoint import parse_string

    with drop_logs_and_warnings("bibtexparser"):
        return parse_string(text, parse_stack=[])


def _add_keys(text: str) -> str:
    """The text with a key wherever EndNote writes none; no line is added."""
    number = iter(range(len(text)))
    return _KEYLESS.sub(lambda m: f"{m.group(1)}{_NO_KEY}{next(number)},{m.group(2)}", text)


def _iter_records(
    document: str,
    block: Block | None,
    strings: Mapping[str, str],
    rest: str = "",
    *,
    repaired: bool = False,
) -> Iterator[_Record | Rejection]:
    """A block's record; ``rest`` is what the parser has left over behind one that it could not read."""
    from bibtexparser import model

    assert block is not None

    line = (block.start_line or 0) + 1
    raw = re.sub(rf"{_NO_KEY}\d+,", "", block.raw or "", count=1)
    entry = getattr(block, "ignore_error_block", None) or block
    if isinstance(entry, model.Entry):
        unknown: list[tuple[str, str]] = []
        values = [
            (f.key, str(f.value), _resolve(str(f.value), strings, f.key, unknown))
            for f in entry.fields
        ]
        if repaired or all(resolved is not None for *_, resolved in values):
            fields: dict[str, str] = {}
            for key, value, resolved in values:
                fields.setdefault(key.lower(), value if resolved is None else resolved)
            macros = tuple(dict.fromkeys(unknown))
            yield _Record(line, entry.entry_type.lower(), entry.key, raw, fields, macros)
            return
    elif not isinstance(block, model.ParsingFailedBlock):
        return
    if not repaired:
        is_cut = isinstance(block, model.ParsingFailedBlock) and entry is block
        raw = f"{raw}\n{rest}" if rest and is_cut else raw
        mended = _parse(_repair(_add_keys(raw)))
        if len(mended.blocks) == 1 and isinstance(mended.blocks[0], model.Entry):
            again = mended.blocks[0]
            for record in _iter_records(document, again, strings, repaired=True):
                if isinstance(record, _Record):
                    yield replace(record, line=line, raw=raw)
            return
    error = getattr(block, "error", None) or ValueError("a value is not closed")
    yield Rejection(document, line, _format_reason(error))


def _get_rest(block: Block | None) -> str:
    from bibtexparser import model

    return str(block.raw) if isinstance(block, model.ImplicitComment) else ""


def _resolve(
    value: str,
    strings: Mapping[str, str],
    field: str = "",
    unknown: list[tuple[str, str]] | None = None,
) -> str | None:
    """The text of a value: macros put in, parts joined by ``#``; None where it is no value.

    ``unknown`` is told of macros that are not defined, with the field.
    """
    parts: list[str] = []
    position = 0
    while True:
        position = _skip_space(value, position)
        end = _find_part_end(value, position)
        if end is None or end == position:
            return None
        part = value[position:end]
        if part[0] in '{"':
            parts.append(part[1:-1])
        else:
            macro = strings.get(part.lower())
            parts.append(part if macro is None else macro)
            is_macro = _MACRO.fullmatch(part) and part.lower()[:3] not in _MONTHS
            if macro is None and is_macro and unknown is not None:
                unknown.append((field, part))
        position = _skip_space(value, end)
        if position == len(value):
            return "".join(parts)
        if value[position] != "#":
            return None
        position += 1


def _skip_space(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _find_part_end(value: str, start: int) -> int | None:
    """Where a braced, quoted or bare part ends that begins at ``start``."""
    if start == len(value):
        return None
    first = value[start]
    if first not in '{"':
        match = re.compile(r"[^\s#{}\",]+").match(value, start)
        return match.end() if match else None
    depth = 0
    for at in range(start, len(value)):
        char = value[at]
        if char in "{}" and value[at - 1 : at] != "\\":
            depth += 1 if char == "{" else -1
            if first == "{" and depth == 0:
                return at + 1
        elif first == char == '"' and depth == 0 and at > start:
            return at + 1
    return None


def _repair(raw: str) -> str:
    """An entry with one comma between its fields, where there are two or none."""
    opening = raw.find("{") + 1
    pieces, position = [raw[:opening]], opening
    value_ended = False
    while position < len(raw):
        if raw[position] in '{"':
            end = _find_part_end(raw, position) or len(raw)
        elif raw[position] == ",":
            end = re.compile(r",(?:\s*,)*").match(raw, position).end()  # type: ignore[union-attr]
            pieces.append(",")
            position, value_ended = end, False
            continue
        else:
            end = position + 1
            if value_ended and re.compile(r"[A-Za-z][\w-]*\s*=").match(raw, position):
                pieces.append(", ")
        if not raw[position].isspace():
            value_ended = raw[position] in '{"'
        pieces.append(raw[position:end])
        position = end
    return "".join(pieces)


def _inherit(records: Sequence[_Record]) -> None:
    """Give each child what it lacks and its ``crossref`` or ``xdata`` has."""
    by_key = {record.key.lower(): record for record in reversed(records)}
    for record in records:
        ancestors = {record.key.lower()}
        child = record
        while (parent := by_key.get(_get_parent(child))) and parent.key.lower() not in ancestors:
            ancestors.add(parent.key.lower())
            fields = parent.fields
            title = fields.get("booktitle") or fields.get("title")
            if parent.kind != "xdata" and title:
                record.fields.setdefault("booktitle", title)
            if not {"year", "date"} & record.fields.keys():
                record.fields.update(
                    {k: fields[k] for k in ("year", "date", "month") if k in fields}
                )
            barred = frozenset(("crossref",)) if parent.kind == "xdata" else _NOT_INHERITED
            for name, value in fields.items():
                if name not in barred and name not in ("year", "date", "month"):
                    record.fields.setdefault(name, value)
            child = parent


def _list_missing(records: Sequence[_Record]) -> Iterator[str]:
    """A note for each macro and each parent that the file lacks, with the entry that names it."""
    keys = {record.key.lower() for record in records}
    for record in records:
        key = "" if record.key.startswith(_NO_KEY) else record.key
        entry = f"line {record.line}: @{record.kind}{f' {key!r}' if key else ''}"
        for field, macro in record.unknown:
            yield f"{entry}: macro {macro!r} of its {field} is not defined here, and left as it is"
        for name in ("crossref", "xdata"):
            parent = record.fields.get(name, "").strip()
            if parent and parent.lower() not in keys:
                yield f"{entry}: its {name} {parent!r} is not in this file, so nothing is taken from it"


def _get_parent(record: _Record) -> str:
    return (record.fields.get("crossref") or record.fields.get("xdata") or "").strip().lower()


def _find_volumes(records: Sequence[_Record]) -> frozenset[str]:
    """Keys of entries that are not papers: proceedings, and volumes without an author that other entries are part of."""
    parents = {_get_parent(record) for record in records}
    return frozenset(
        r.key.lower()
        for r in records
        if r.kind in _VOLUMES or (r.key.lower() in parents and "author" not in r.fields)
    )


def _build_bibtex_entry(
    document: str, record: _Record, columns: field_mapping.Columns
) -> Entry | Rejection:
    fields = dict(record.fields)
    columns.count((k, v) for k, v in fields.items() if k not in ("crossref", "xdata", "ids"))
    byline = bibtex_names.parse_byline(fields.pop("author", ""))
    place = Place(document, record.line)
    try:
        entry = field_mapping.build_record_entry(
            {**fields, "type": f"{record.kind} {fields.get('type', '')}"}, place, record.raw, byline
        )
        columns.check_kept(fields.items(), entry)
        return entry
    except field_mapping.NotARecord as exc:
        return Rejection(document, record.line, str(exc))


def _format_reason(error: Exception) -> str:
    detail = str(getattr(error, "abort_reason", "") or error).strip().splitlines()
    clause = detail[0].rstrip(" .") if detail else "it cannot be parsed"
    return f"the BibTeX entry is broken: {clause[:1].lower()}{clause[1:]}"
