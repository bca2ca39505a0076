"""Lists of publications in Markdown or plain text: one item a paper, ``- **Title**. A. Author, Venue 2021``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rag.readers import field_mapping
from rag.readers.references import parse_reference
from rag.readers.source import DocumentParts, DocumentSource
from rag.types import Entry, Place, Rejection

NAME = "publication_list"
SUFFIXES = (".md", ".markdown")

_ITEM = re.compile(r"^\s{0,6}(?:[-*+•]|\[?\d{1,4}[.)\]])\s+(?=\S)")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\(([^()\s]*)\)")
_STRONG = re.compile(r"\*\*(.+?)\*\*|__(.+?)__")
_EMPHASIS = re.compile(r"(?<![\w*])[*_]([^*_]+)[*_](?![\w*])")


def recognise(source: DocumentSource) -> bool:
    """Whether it has items, and half of them or more read as publications."""
    items = list(_iter_items(source.head.split("\n")))
    read_items = sum(_parse_item(text) is not None for _, text in items)
    return len(items) > 1 and 2 * read_items >= len(items) and read_items > 0


def read(source: DocumentSource) -> DocumentParts:
    return DocumentParts.from_results(
        _build_item_entry(source.name, line, text) for line, text in _iter_items(source.lines)
    )


def _iter_items(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Index and text of each item, with the lines that go on with it."""
    starts = [index for index, line in enumerate(lines) if _ITEM.match(line)]
    for start, end in pairwise([*starts, len(lines)]):
        item = [_ITEM.sub("", lines[start])]
        for line in lines[start + 1 : end]:
            if not line.strip() or line.startswith("#"):
                break
            item.append(line.strip())
        yield start, "\n".join(item)


def _build_item_entry(document: str, index: int, text: str) -> Entry | Rejection:
    record = _parse_item(text)
    if record is None:
        start = " ".join(text.split())[:60]
        return Rejection(
            document, index + 1, f"the item reads as no publication (it begins {start!r})"
        )
    return field_mapping.build_record_entry(record, Place(document, index + 1), text)


def _parse_item(text: str) -> dict[str, object] | None:
    links = _LINK.findall(text)
    titles = [a or b for a, b in _STRONG.findall(text)] + [label for label, _ in links]
    plain = _STRONG.sub(lambda m: m.group(1) or m.group(2), _LINK.sub(r"\1", text))
    venues = _EMPHASIS.findall(plain)
    plain = _EMPHASIS.sub(r"\1", plain)
    titles = [_EMPHASIS.sub(r"\1", _LINK.sub(r"\1", title)).strip(" .") for title in titles]
    addresses = [address for _, address in links]
    return parse_reference(" ".join(plain.split()), titles, venues, addresses)
