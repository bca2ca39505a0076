"""Lists of abstracts: paragraphs that begin ``Abstract:``, without titles or authors.

A line above the first abstract names the institution.
"""

from __future__ import annotations

import re
from itertools import pairwise

from rag.readers import latex
from rag.readers.source import DocumentParts, DocumentSource
from rag.types import Entry, Place, Rejection

NAME = "abstract_list"
SUFFIXES = (".txt",)

_ABSTRACT_START = re.compile(
    r"\s*(?:\[?\d{1,4}[.)\]:]?\s+|[-*•]\s+|#{1,4}\s*)?(?:\*\*|__)?(?:Abstract|Summary)(?:\s+\d{1,4})?"
    r"(?:\*\*|__)?(?:\s*[:：](?:\*\*|__)?|\s*\.(?=\s)|\s+[—–-](?=\s)|\s*[—–](?=\S)|\s*$)\s*",
    re.IGNORECASE,
)


def recognise(source: DocumentSource) -> bool:
    """Whether one of the first lines begins an abstract."""
    printed = [line for line in source.head.split("\n") if line.strip()]
    return any(_ABSTRACT_START.match(line) for line in printed[:5])


def read(source: DocumentSource) -> DocumentParts:
    lines = source.lines
    starts = [index for index, line in enumerate(lines) if _ABSTRACT_START.match(line)]
    above = [line.strip() for line in lines[: starts[0]] if line.strip()]
    entries: list[Entry] = []
    rejections: list[Rejection] = []
    if len(above) > 1:
        reason = f"{len(above)} lines above the first abstract belong to no paper and are left out"
        rejections.append(Rejection(source.name, 1, reason))
    for start, end in pairwise([*starts, len(lines)]):
        entry = _build_abstract_entry(source.name, start, lines[start:end])
        if entry.text:
            entries.append(entry)
        else:
            rejections.append(Rejection(source.name, start + 1, "the abstract has no text"))
    institution = latex.to_text(above[0]) if len(above) == 1 else None
    return DocumentParts(tuple(entries), tuple(rejections), institution=institution)


def _build_abstract_entry(document: str, start: int, lines: list[str]) -> Entry:
    raw = "\n".join(lines).rstrip()
    begun = _ABSTRACT_START.match(raw)
    text, links = latex.convert_paragraphs(raw[begun.end() :] if begun else raw)
    return Entry(
        place=Place(document, start + 1),
        raw=raw,
        title=None,
        text=text,
        links=links,
    )
