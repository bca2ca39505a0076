"""Converts between rows of the library's tables and types."""

from __future__ import annotations

import json
import struct
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Integer, RowMapping, Table, cast, func, select

from rag.library.chunking import get_sentences
from rag.library.search_forms import build_address, build_searched, list_title_words
from rag.library.tables import (
    AFFILIATIONS,
    AUTHORSHIPS,
    CHUNKS,
    KEYWORDS,
    LINKS,
    PAPERS,
    PLACES,
    TITLE_WORDS,
)
from rag.text import fold
from rag.types import (
    SENTENCE_ROLES,
    Authorship,
    Chunk,
    Document,
    Entry,
    Paper,
    Place,
    ProfilePage,
    Rejection,
    SentenceRole,
    Span,
)
from rag.types.errors import LibraryError

Row = RowMapping
P = ParamSpec("P")
T = TypeVar("T")

_FROM, _LENGTH = (  # PostgreSQL counts characters in smaller integers
    cast(count, Integer) for count in (CHUNKS.c.start + 1, CHUNKS.c.end - CHUNKS.c.start)
)
CHUNKS_WITH_TEXT = select(CHUNKS, func.substr(PAPERS.c.text, _FROM, _LENGTH).label("text")).join(
    PAPERS
)
"""Chunks, with their spans of the papers' texts."""

PAPER_SCALARS = (
    "title", "label", "text", "authors_complete", "year", "month", "day", "category", "code",
    "score", "url", "doi", "venue", "arxiv", "pmid", "retracted",
)  # fmt: skip
DETAILS = ("section_starts", "section_names", "references", "provenance")
"""Lists that no condition selects by, in one column."""
PAGE_FIELDS = tuple(field.name for field in fields(ProfilePage))
_ENTRY_FIELDS = frozenset(field.name for field in fields(Entry)) - {"place"}


def translated(reader: Callable[P, T]) -> Callable[P, T]:
    """``reader``, with one sentence for a row whose values are not what was written there."""

    @wraps(reader)
    def reading(*values: P.args, **names: P.kwargs) -> T:
        try:
            return reader(*values, **names)
        except (ValueError, TypeError, LookupError, struct.error, zlib.error) as exc:
            raise LibraryError(
                f"the library holds a {reader.__name__.strip('_')} that cannot be read ({exc}); "
                'run "paperfolk ingest --rebuild", or move its file away to have it built again'
            ) from exc

    return reading


@lru_cache(maxsize=50_000)  # names, documents and affiliations come again and again
def build_forms(value: str | None) -> dict[str, str | None]:
    """The columns that a text value is compared and searched by."""
    if value is None:
        return {"folded": None, "searched": None}
    return {"folded": fold(value), "searched": build_searched(value)}


def build_paper_row(paper: Paper, digest: str, *, bare: bool = False) -> dict[str, object]:
    """Values for the table ``papers``, by column; ``bare``: without what is searched."""
    forms: dict[str, str | None] = {}
    for name in ("title", "category", "venue", "doi"):
        values = build_forms(getattr(paper, name))
        forms |= {f"{form}_{name}": value for form, value in values.items()}
    return {
        "paper_id": paper.paper_id,
        "document": paper.places[0].document,
        "line": paper.places[0].line,
        **{name: getattr(paper, name) for name in PAPER_SCALARS},
        "authors_complete": int(paper.authors_complete),
        "code": None if paper.code is None else int(paper.code),
        "retracted": None if paper.retracted is None else int(paper.retracted),
        "page_starts": json.dumps(paper.page_starts),
        "details": json.dumps(
            {name: value for name in DETAILS if (value := getattr(paper, name))}, ensure_ascii=False
        ),
        "digest": digest,
        **forms,
        "searched_text": "" if bare else build_searched(f"{paper.title or ''} {paper.text}"),
        "n_title_chars": len(paper.title or ""),
        "n_words": len(paper.text.split()),
        "n_authors": len(paper.authors),
        "n_places": len(paper.places),
    }


def build_part_rows(papers: Iterable[Paper]) -> dict[Table, list[dict[str, object]]]:
    """Values for the tables of what a paper has any number of, by table."""
    part_rows: dict[Table, list[dict[str, object]]] = defaultdict(list)
    for paper in papers:
        parts: dict[Table, list[dict[str, object]]] = {
            PLACES: [{"document": p.document, "line": p.line} for p in paper.places],
            AFFILIATIONS: [{"name": name} for name in paper.affiliations],
            LINKS: [{"url": url, "address": build_address(url)} for url in paper.links],
            KEYWORDS: [{"name": word} for word in paper.keywords],
            TITLE_WORDS: [{"word": word} for word in list_title_words(paper.title)],
            AUTHORSHIPS: [
                {"name": a.name, "role": a.role, "position": a.position, "family": a.family}
                for a in paper.authorships
            ],
        }
        for table, values in parts.items():
            for ordinal, value in enumerate(values):
                key = {"paper_id": paper.paper_id, "ordinal": ordinal}
                part_rows[table].append(key | value | build_forms(str(next(iter(value.values())))))
    return part_rows


@translated
def build_paper(
    row: Row,
    authorships: tuple[Authorship, ...],
    places: tuple[Place, ...],
    affiliations: Iterable[str] = (),
    links: Iterable[str] = (),
    keywords: Iterable[str] = (),
    page_starts: str = "[]",
    details: str = "{}",
) -> Paper:
    """Of a row of ``papers``, and what stands in tables of its own."""
    scalars: dict[str, Any] = {name: row.get(name) for name in PAPER_SCALARS}
    scalars |= {name: tuple(value) for name, value in json.loads(details).items()}
    scalars["authors_complete"] = bool(row["authors_complete"])
    for name in ("code", "retracted"):
        scalars[name] = None if scalars[name] is None else bool(scalars[name])
    return Paper(
        paper_id=row["paper_id"],
        authorships=authorships,
        places=places,
        affiliations=tuple(affiliations),
        links=tuple(links),
        keywords=tuple(keywords),
        page_starts=tuple(json.loads(page_starts)),
        **scalars,
    )


def build_chunk_row(chunk: Chunk) -> dict[str, object]:
    """Values for the table ``chunks``, by column."""
    ends = [at for span in get_sentences(chunk) for at in span]
    return {
        "chunk_id": chunk.chunk_id,
        "paper_id": chunk.paper_id,
        "start": chunk.span[0],
        "end": chunk.span[1],
        "heading": chunk.heading,
        "sentences": struct.pack(f"<{len(ends)}i", *ends),
    }


@translated
def build_chunk(row: Row) -> Chunk:
    """Of a row of ``chunks`` with its text; one that an older version wrote has no sentences, or no roles."""
    sentences = None if row["sentences"] is None else decode_spans(row["sentences"])
    roles = None if row["roles"] is None else decode_roles(row["roles"])
    span = (row["start"], row["end"])
    return Chunk(
        row["chunk_id"], row["paper_id"], span, row["text"], row["heading"], sentences, roles
    )


@translated
def decode_spans(sentences_blob: bytes) -> tuple[Span, ...]:
    """The sentence spans that `build_chunk_row` encoded."""
    return tuple(struct.iter_unpack("<2i", sentences_blob))


def encode_roles(roles: Iterable[SentenceRole]) -> bytes:
    """A byte a sentence: its role's place among all roles."""
    return bytes(SENTENCE_ROLES.index(role) for role in roles)


@translated
def decode_roles(roles_blob: bytes) -> tuple[SentenceRole, ...]:
    """The roles that `encode_roles` encoded."""
    return tuple(SENTENCE_ROLES[at] for at in roles_blob)


def pack_entry(values: Mapping[str, object]) -> bytes:
    """All of an entry but its place, deflated, without the fields that hold nothing.

    No condition selects by it, and it says a text twice: as the document has it, and plain.
    """
    told = {name: value for name, value in values.items() if value not in (None, (), [])}
    return zlib.compress(json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass"))


@translated
def build_entry(row: Row) -> Entry:
    values: dict[str, Any] = {
        key: _build_tuple(value) if isinstance(value, list) else value
        for key, value in json.loads(zlib.decompress(row["packed"])).items()
        if key in _ENTRY_FIELDS
    }
    return Entry(place=Place(row["document"], row["line"]), **{"title": None, **values})


def _build_tuple(value: object) -> object:
    """Lists as tuples, at every depth."""
    return tuple(map(_build_tuple, value)) if isinstance(value, list) else value


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
