"""Names the entries of papers as a reader would: ``Shiming Ge's page, entry 9``."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select

from rag.library.library import Library
from rag.library.tables import DOCUMENTS, ENTRIES, PAGES

_ENTRIES_OF = (
    select(
        ENTRIES.c.paper_id,
        ENTRIES.c.ordinal,
        DOCUMENTS.c.name,
        DOCUMENTS.c.format,
        DOCUMENTS.c.institution,
        PAGES.c.person,
    )
    .join_from(ENTRIES, DOCUMENTS, ENTRIES.c.document_id == DOCUMENTS.c.document_id)
    .outerjoin(PAGES, PAGES.c.document_id == DOCUMENTS.c.document_id)
    .order_by(DOCUMENTS.c.name, ENTRIES.c.ordinal)
)


def name_entries(library: Library, paper_ids: Collection[str]) -> Mapping[str, list[str]]:
    """Where papers stand, by id, document by document; no file is named that is a page or a list."""
    names: dict[str, list[str]] = {paper_id: [] for paper_id in paper_ids}
    for paper_id, ordinal, *document in library.fetch(
        _ENTRIES_OF.where(ENTRIES.c.paper_id.in_(names))
    ):
        names[paper_id].append(f"{_name_document(*document)}, entry {ordinal + 1}")
    return names


def _name_document(name: str, form: str, institution: str | None, person: str | None) -> str:
    if person:
        return f"{person}'s page"
    if form == "abstract_list":
        return f"{institution}'s list of abstracts" if institution else "list of abstracts"
    return name
