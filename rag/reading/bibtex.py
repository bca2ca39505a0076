"""BibTeX, by bibtexparser: an entry with a title is a paper, with or without its abstract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rag.reading import records
from rag.reading.names import Byline, author_names
from rag.reading.source import Parts, Source, quiet
from rag.types import Entry, Place, Rejection

if TYPE_CHECKING:
    from bibtexparser.model import Block

NAME = "bibtex"
SUFFIXES = (".bib", ".bibtex")

_ENTRY = re.compile(r"^[ \t]*@[A-Za-z]+\s*[{(]\s*(?:[^\s,{}=]+\s*)?,", re.MULTILINE)
_PROSE = re.compile(r"^[^\S\n]*Abstract\s*:", re.MULTILINE | re.IGNORECASE)


def recognise(source: Source) -> bool:
    """Whether an entry begins a line, before any paragraph of another format."""
    found = _ENTRY.search(source.head)
    return found is not None and _PROSE.search(source.head, 0, found.start()) is None


def read(source: Source) -> Parts:
    """Every entry; two with the same key are two entries, a field given twice counts once."""
    from bibtexparser.entrypoint import parse_string

    with quiet("bibtexparser"):
        library = parse_string(source.text)
    strings = {str(s.key).lower(): str(s.value) for s in library.strings}
    found = (_found(source.name, block, strings) for block in library.blocks)
    return Parts.of(one for one in found if one is not None)


def _found(document: str, block: Block, strings: Mapping[str, str]) -> Entry | Rejection | None:
    from bibtexparser import model

    place = Place(document, (block.start_line or 0) + 1)
    if isinstance(block, model.DuplicateBlockKeyBlock | model.DuplicateFieldKeyBlock):
        twice = block.ignore_error_block
        if isinstance(twice, model.Entry):
            fields = [(f.key, _bare(str(f.value), strings)) for f in twice.fields]
            return _entry(place, block.raw or "", fields)
    if isinstance(block, model.ParsingFailedBlock):
        return Rejection(document, place.line, _reason(block.error))
    if not isinstance(block, model.Entry):
        return None
    return _entry(place, block.raw or "", [(f.key, str(f.value)) for f in block.fields])


def _bare(value: str, strings: Mapping[str, str]) -> str:
    """A value without its braces or quotes; bibtexparser leaves them where a key came twice."""
    if value[:1] + value[-1:] in ("{}", '""'):
        return value[1:-1]
    return strings.get(value.lower(), value)


def _entry(place: Place, raw: str, given: list[tuple[str, str]]) -> Entry:
    fields: dict[str, str] = {}
    for key, value in given:
        fields.setdefault(key.lower(), value)
    if "url" not in fields and (arxiv := _arxiv(fields)):
        fields["url"] = f"https://arxiv.org/abs/{arxiv}"
    return records.entry(fields, place, raw, _byline(fields.pop("author", "")))


def _reason(error: Exception) -> str:
    detail = str(getattr(error, "abort_reason", "") or error).strip().splitlines()
    clause = detail[0].rstrip(" .") if detail else "it cannot be parsed"
    return f"the BibTeX entry is broken: {clause[:1].lower()}{clause[1:]}"


def _arxiv(fields: dict[str, str]) -> str | None:
    kind = fields.get("archiveprefix") or fields.get("eprinttype") or ""
    return fields.get("eprint") if kind.lower() == "arxiv" else None


def _byline(field: str) -> Byline:
    from bibtexparser.middlewares import names

    listed = [" ".join(name.split()) for name in names.split_multiple_persons_names(field)]
    return author_names([_ordered(name) for name in listed])


def _ordered(name: str) -> str:
    """``Last, First`` as ``First Last``; a name in braces, such as a group's, stays whole."""
    from bibtexparser.middlewares import names

    if name.startswith("{") and name.endswith("}"):
        return name
    try:
        parts = names.parse_single_name_into_parts(name, strict=False)
    except names.InvalidNameError:
        return name
    return str(parts.merge_first_name_first)
