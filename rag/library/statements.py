"""The statements that the catalogue reads with, each built once: building takes longer than running."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, Table, bindparam, exists, func, select

from rag.library import rows
from rag.library.tables import (
    AFFILIATIONS,
    AUTHORSHIPS,
    CHUNKS,
    DOCUMENTS,
    ENTRIES,
    IS_SEARCHED,
    KEYWORDS,
    LINKS,
    META,
    OUTBOX,
    PAGES,
    PAPERS,
    PLACES,
    VECTORS,
    is_listed,
)

_N_ENTRIES = (
    select(func.count())
    .where(ENTRIES.c.document_id == DOCUMENTS.c.document_id)
    .correlate(DOCUMENTS)
    .scalar_subquery()
)
DOCUMENTS_READ = (
    select(DOCUMENTS, *(PAGES.c[name] for name in rows.PAGE_FIELDS), _N_ENTRIES.label("n_entries"))
    .outerjoin_from(DOCUMENTS, PAGES)
    .order_by(DOCUMENTS.c.name)
)
ENTRIES_READ = select(ENTRIES, DOCUMENTS.c.name.label("document")).join(DOCUMENTS)


def _build_readings(table: Table, names: Iterable[str], *order: str) -> dict[str, Select[Any]]:
    """Reads columns of all papers, or of those ``listed`` in the parameter ``ids``."""
    every = select(*(table.c[name] for name in names)).order_by(*(table.c[name] for name in order))
    return {"all": every, "listed": every.where(is_listed(table.c.paper_id))}


PAPERS_READ = _build_readings(
    PAPERS,
    ("paper_id", "page_starts", "details", *rows.PAPER_SCALARS),
    "document",
    "line",
    "paper_id",
)
ANY_PAPER = select(PAPERS.c.paper_id).limit(1)
DIGESTS_LISTED = select(PAPERS.c.paper_id, PAPERS.c.digest).where(is_listed(PAPERS.c.paper_id))
PARTS_READ = {
    table: _build_readings(table, ("paper_id", *names), "paper_id", "ordinal")
    for table, names in (
        (AUTHORSHIPS, ("name", "role", "position", "family")),
        (PLACES, ("document", "line")),
        (AFFILIATIONS, ("name",)),
        (LINKS, ("url",)),
        (KEYWORDS, ("name",)),
    )
}
"""What a paper has any number of, in its order."""
CHUNKS_LISTED = rows.CHUNKS_WITH_TEXT.where(is_listed(CHUNKS.c.chunk_id))
CHUNKS_OF_PAPERS = rows.CHUNKS_WITH_TEXT.where(is_listed(CHUNKS.c.paper_id)).order_by(
    CHUNKS.c.paper_id, CHUNKS.c.start
)
VECTORS_LISTED = select(VECTORS.c.chunk_id, VECTORS.c.vector).where(
    VECTORS.c.embedder == bindparam("embedder"), is_listed(VECTORS.c.chunk_id)
)
_STORED = exists().where(CHUNKS.c.chunk_id == VECTORS.c.chunk_id).correlate(VECTORS)


def select_searched(embedder: str) -> Select[tuple[str]]:
    """Ids of the chunks whose vectors by an embedder are no gists."""
    return select(VECTORS.c.chunk_id).where(VECTORS.c.embedder == embedder, IS_SEARCHED, _STORED)


META_READ = select(META)
STATE_READ = select(META.c.key, META.c.value, exists().select_from(OUTBOX).label("is_pending"))
"""All of ``meta``, and whether the outbox has anything."""
IN_TEXT_ORDER = (PAPERS.c.document, PAPERS.c.line, PAPERS.c.paper_id, CHUNKS.c.start)
