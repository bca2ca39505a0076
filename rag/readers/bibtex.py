"""BibTeX, by bibtexparser: an entry with a title is a paper, with or without its abstract."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rag.readers import field_mapping
from rag.readers.names import Byline, parse_author_names
from rag.readers.source import DocumentParts, DocumentSource, drop_logs_and_warnings
from rag.types import Entry, Place, Rejection

if TYPE_CHECKING:
    from bibtexparser.model import Block

NAME = "bibtex"
SUFFIXES = (".bib", ".bibtex")

_ENTRY = re.compile(r"^[ \t]*@[A-Za-z]+\s*[{(]\s*(?:[^\s,{}=]+\s*)?,", re.MULTILINE)
_PROSE = re.compile(r"^[^\S\n]*Abstract\s*:", re.MULTILINE | re.IGNORECASE)


def recognise(source: DocumentSource) -> bool:
    """Whether an entry begins a line, before any paragraph of another format."""
    first_entry = _ENTRY.search(source.head)
    return first_entry is not None and _PROSE.search(source.head, 0, first_entry.start()) is None


def read(source: DocumentSource) -> DocumentParts:
    """Every entry; two with the same key are two entries, a field given twice counts once."""
    from bibtexparser.entrypoint import parse_string

    with drop_logs_and_warnings("bibtexparser"):
        library = parse_string(source.text)
    strings = {str(s.key).lower(): str(s.value) for s in library.strings}
    results = (_convert_block(source.name, block, strings) for block in library.blocks)
    return DocumentParts.from_results(result for result in results if result is not None)


def _convert_block(
    document: str, block: Block, strings: Mapping[str, str]
) -> Entry | Rejection | None:
    from bibtexparser import model

    place = Place(document, (block.start_line or 0) + 1)
    if isinstance(block, model.DuplicateBlockKeyBlock | model.DuplicateFieldKeyBlock):
        twice = block.ignore_error_block
        if isinstance(twice, model.Entry):
            fields = [(f.key, _drop_braces(str(f.value), strings)) for f in twice.fields]
            return _build_bibtex_entry(place, block.raw or "", fields)
    if isinstance(block, model.ParsingFailedBlock):
        return Rejection(document, place.line, _format_reason(block.error))
    if not isinstance(block, model.Entry):
        return None
    return _build_bibtex_entry(
        place, block.raw or "", [(f.key, str(f.value)) for f in block.fields]
    )


def _drop_braces(value: str, strings: Mapping[str, str]) -> str:
    """A value without its braces or quotes; bibtexparser leaves them where a key came twice."""
    if value[:1] + value[-1:] in ("{}", '""'):
        return value[1:-1]
    return strings.get(value.lower(), value)


def _build_bibtex_entry(place: Place, raw: str, key_values: list[tuple[str, str]]) -> Entry:
    fields: dict[str, str] = {}
    for key, value in key_values:
        fields.setdefault(key.lower(), value)
    if "url" not in fields and (arxiv := _get_arxiv(fields)):
        fields["url"] = f"https://arxiv.org/abs/{arxiv}"
    return field_mapping.build_record_entry(
        fields, place, raw, _parse_bibtex_byline(fields.pop("author", ""))
    )


def _format_reason(error: Exception) -> str:
    detail = str(getattr(error, "abort_reason", "") or error).strip().splitlines()
    clause = detail[0].rstrip(" .") if detail else "it cannot be parsed"
    return f"the BibTeX entry is broken: {clause[:1].lower()}{clause[1:]}"


def _get_arxiv(fields: dict[str, str]) -> str | None:
    kind = fields.get("archiveprefix") or fields.get("eprinttype") or ""
    return fields.get("eprint") if kind.lower() == "arxiv" else None


def _parse_bibtex_byline(field: str) -> Byline:
    from bibtexparser.middlewares import names

    name_list = [" ".join(name.split()) for name in names.split_multiple_persons_names(field)]
    return parse_author_names([_convert_name(name) for name in name_list])


def _convert_name(name: str) -> str:
    """``Last, First`` as ``First Last``; a name in braces, such as a group's, stays whole."""
    from bibtexparser.middlewares import names

    if name.startswith("{") and name.endswith("}"):
        return name
    try:
        parts = names.parse_single_name_into_parts(name, strict=False)
    except names.InvalidNameError:
        return name
    return str(parts.merge_first_name_first)
