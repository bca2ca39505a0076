"""Chooses the reader of a document by its content; a new format is a new module in `FORMATS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from rag.readers import (
    abstract_list,
    author_page,
    bibtex,
    html_page,
    jsonl,
    labelled_list,
    pdf,
    publication_list,
    table,
    tagged,
    xml_records,
)
from rag.readers.source import DocumentParts, DocumentSource, find_bad_byte
from rag.types.errors import ReadError


@dataclass(frozen=True, slots=True)
class DocumentFormat:
    """One kind of document: its name, usual suffixes, how it is recognised, and its reader."""

    name: str
    suffixes: tuple[str, ...]
    recognise: Callable[[DocumentSource], bool]
    reader: Callable[[DocumentSource], DocumentParts]


def _build_format(module: ModuleType) -> DocumentFormat:
    return DocumentFormat(module.NAME, module.SUFFIXES, module.recognise, module.read)


FORMATS: tuple[DocumentFormat, ...] = tuple(
    _build_format(module)
    for module in (
        pdf,
        html_page,
        xml_records,
        jsonl,
        bibtex,
        tagged,
        author_page,
        labelled_list,
        abstract_list,
        table,
        publication_list,
    )
)
"""In the order of the tests: a format comes before those that would also accept its text."""

ALL_SUFFIXES = frozenset(suffix for known in FORMATS for suffix in known.suffixes)


def find_format(source: DocumentSource) -> DocumentFormat:
    """The first format that recognises the document.

    Raises:
        ReadError: None does.
    """
    for known in FORMATS:
        if known.recognise(source):
            return known
    byte = find_bad_byte(source.head)
    if byte:
        line = next(i for i, text in enumerate(source.lines, 1) if find_bad_byte(text))
        raise ReadError(
            f"file {source.name!r} is not UTF-8 text ({byte} in line {line}); "
            "save it as UTF-8, or give JSONL, CSV, BibTeX, RIS or PDF"
        )
    first = next((line.strip() for line in source.lines if line.strip()), "")
    raise ReadError(
        f"file {source.name!r} is in no format that is read here (it begins {first[:40]!r}); "
        "give an author page, a list of 'Abstract:' paragraphs or of publications, JSONL or CSV with "
        "a title or abstract, BibTeX, RIS or another reference manager's export, or PDF"
    )
