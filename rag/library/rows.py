"""Converts between rows of the library's tables and types."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from rag.library.chunking import get_sentences
from rag.library.identity import get_entry_values
from rag.text import fold
from rag.types import (
    Authorship,
    Chunk,
    Document,
    Entry,
    Paper,
    Place,
    ProfilePage,
    Rejection,
    Span,
)
from rag.types.errors import LibraryError

Row = sqlite3.Row
P = ParamSpec("P")
T = TypeVar("T")

PAPER_SCALARS = (
    "title", "label", "text", "authors_complete", "year", "month", "day", "category", "code",
    "score", "url", "doi", "venue",
)  # fmt: skip
PAGE_FIELDS = tuple(field.name for field in fields(ProfilePage))
_STORED_ENTRY_FIELDS = frozenset(field.name for field in fields(Entry)) - {"place", "raw"}


def translated(reader: Callable[P, T]) -> Callable[P, T]:
    """``reader``, with one sentence for a row whose values are not what was written there."""

    @wraps(reader)
    def reading(*values: P.args, **names: P.kwargs) -> T:
        try:
            return reader(*values, **names)
        except (ValueError, TypeError, LookupError, struct.error) as exc:
            raise LibraryError(
                f"the library holds a {reader.__name__.strip('_')} that cannot be read ({exc}); "
                'run "paperfolk ingest --rebuild", or move its file away to have it built again'
            ) from exc

    return reading


def build_paper_row(paper: Paper, digest: str) -> dict[str, object]:
    """Values for the table ``papers``, by column."""
    lists = {
        "places": [(place.document, place.line) for place in paper.places],
        "affiliations": paper.affiliations,
        "links": paper.links,
        "page_starts": paper.page_starts,
    }
    return {
        "paper_id": paper.paper_id,
        "document": paper.places[0].document,
        "line": paper.places[0].line,
        **{name: getattr(paper, name) for name in PAPER_SCALARS},
        "lists": json.dumps(lists, ensure_ascii=False),
        "digest": digest,
    }


@translated
def build_paper(row: Row, authorships: tuple[Authorship, ...]) -> Paper:
    lists = json.loads(row["lists"])
    scalars = {name: row[name] for name in PAPER_SCALARS}
    scalars["authors_complete"] = bool(row["authors_complete"])
    scalars["code"] = None if row["code"] is None else bool(row["code"])
    return Paper(
        paper_id=row["paper_id"],
        authorships=authorships,
        places=tuple(Place(document, line) for document, line in lists["places"]),
        affiliations=tuple(lists["affiliations"]),
        links=tuple(lists["links"]),
        page_starts=tuple(lists["page_starts"]),
        **scalars,
    )


def build_chunk_row(chunk: Chunk) -> tuple[object, ...]:
    """Values for the table ``chunks``, in the order of its columns."""
    ends = [at for span in get_sentences(chunk) for at in span]
    sentences_blob = struct.pack(f"<{len(ends)}i", *ends)
    return (chunk.chunk_id, chunk.paper_id, *chunk.span, chunk.heading, sentences_blob)


@translated
def decode_spans(sentences_blob: bytes) -> tuple[Span, ...]:
    """The sentence spans that `build_chunk_row` encoded."""
    return tuple(struct.iter_unpack("<2i", sentences_blob))


def build_authorship_rows(paper: Paper) -> list[tuple[object, ...]]:
    return [
        (paper.paper_id, ordinal, a.name, fold(a.name), a.role, a.position)
        for ordinal, a in enumerate(paper.authorships)
    ]


def build_authorship(row: Row) -> Authorship:
    return Authorship(row["paper_id"], row["name"], row["role"], row["position"])


def encode_entry(entry: Entry) -> str:
    """All of an entry but its place and its raw lines, which have columns of their own."""
    values = get_entry_values(entry)
    del values["raw"]
    return json.dumps(values, ensure_ascii=False)


@translated
def build_entry(row: Row) -> Entry:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in json.loads(row["parsed"]).items()
        if key in _STORED_ENTRY_FIELDS
    }
    return Entry(place=Place(row["document"], row["line"]), raw=row["raw"], **values)


@translated
def build_page(row: Row) -> ProfilePage:
    return ProfilePage(**{name: row[name] for name in PAGE_FIELDS})


@translated
def build_document(row: Row) -> Document:
    """Of a row of ``documents`` joined with ``pages`` and the number of its entries."""
    return Document(
        name=row["name"],
        path=row["path"],
        sha256=row["sha256"],
        format=row["format"],
        institution=row["institution"],
        page=build_page(row) if row["person"] is not None else None,
        n_entries=row["n_entries"],
        ingested_at=row["ingested_at"],
        rejections=tuple(
            Rejection(row["name"], line, reason) for line, reason in json.loads(row["rejections"])
        ),
        n_kept=row["n_kept"],
    )
