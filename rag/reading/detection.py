"""Which reader a document gets, by its content; a new format is a new module in this list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from rag.errors import ReadError
from rag.reading import abstract_list, author_page, bibtex, jsonl, pdf, table
from rag.reading.source import Parts, Source, bad_byte


@dataclass(frozen=True, slots=True)
class Format:
    """One kind of document: its name, usual suffixes, how it is told, and its reader."""

    name: str
    suffixes: tuple[str, ...]
    recognise: Callable[[Source], bool]
    read: Callable[[Source], Parts]


def _format(module: ModuleType) -> Format:
    return Format(module.NAME, module.SUFFIXES, module.recognise, module.read)


FORMATS: tuple[Format, ...] = tuple(
    _format(module) for module in (pdf, jsonl, bibtex, author_page, abstract_list, table)
)
"""In the order in which they are tried: a format before those that would also accept its text."""

SUFFIXES = frozenset(suffix for known in FORMATS for suffix in known.suffixes)


def detect(source: Source) -> Format:
    """The first format that recognises the document.

    Raises:
        ReadError: None does.
    """
    for known in FORMATS:
        if known.recognise(source):
            return known
    byte = bad_byte(source.head)
    if byte:
        line = next(i for i, text in enumerate(source.lines, 1) if bad_byte(text))
        raise ReadError(
            f"file {source.name!r} is not UTF-8 text ({byte} in line {line}); "
            "save it as UTF-8, or give JSONL, CSV, BibTeX or PDF"
        )
    first = next((line.strip() for line in source.lines if line.strip()), "")
    raise ReadError(
        f"file {source.name!r} is in no format that is read here (it begins {first[:40]!r}); "
        "give an author page, a list of 'Abstract:' paragraphs, JSONL or CSV with a title or "
        "abstract, BibTeX or PDF"
    )
