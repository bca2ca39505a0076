"""Invariants of a library's database, independent of its indexes."""

from __future__ import annotations

from sqlalchemy import select, text

from rag.library import identity
from rag.library.library import Library
from rag.library.schema import WHOLE_VECTOR
from rag.library.tables import PAPERS
from rag.types.errors import LibraryError

_BATCH = 2_000
_INVARIANTS = (
    ("SELECT count(*) FROM papers WHERE paper_id NOT IN (SELECT paper_id FROM entries)",
     "papers stand in no document"),
    ("SELECT count(*) FROM entries WHERE paper_id NOT IN (SELECT paper_id FROM papers)",
     "entries have no paper"),
    ("SELECT count(*) FROM papers WHERE paper_id NOT IN (SELECT paper_id FROM chunks)",
     "papers have no chunk"),
    ("SELECT count(*) FROM chunks WHERE paper_id NOT IN (SELECT paper_id FROM papers)",
     "chunks have no paper"),
    ("SELECT count(*) FROM chunks c WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE "
     "v.chunk_id = c.chunk_id AND v.embedder = (SELECT value FROM meta WHERE key = 'target') "
     f"AND {WHOLE_VECTOR})",
     "chunks have no vector"),
    ("SELECT count(DISTINCT name) FROM authorships WHERE name NOT IN (SELECT name FROM names)",
     "people cannot be found by their names"),
    ("SELECT count(*) FROM papers WHERE title <> '' AND paper_id NOT IN (SELECT paper_id FROM "
     "paper_names)", "papers cannot be found by their titles"),
)  # fmt: skip


def find_problems(library: Library) -> list[str]:
    """What is not as it must be; empty when all is well."""
    try:
        return [*library.find_damage(), *derived_problems(library), *content_problems(library)]
    except LibraryError as exc:  # nothing more can be asked of it
        return [str(exc)]


def derived_problems(library: Library) -> list[str]:
    """What is not as it must be of all that an ingest can derive again from the documents' entries.

    Raises:
        LibraryError: The file is damaged.
    """
    results = []
    with library.open_snapshot():
        for sql, sentence in _INVARIANTS:
            n = int(library.fetch(text(sql))[0][0])
            if n:
                results.append(f"{n} {sentence}")
    return results


def content_problems(library: Library) -> list[str]:
    """Papers that are not what was stored, by their digests: everything is read once.

    Raises:
        LibraryError: Something cannot be read.
    """
    for document in library.list_documents():
        library.list_entries(document.name)
    with library.open_snapshot():
        digests = library.fetch(select(PAPERS.c.paper_id, PAPERS.c.digest))
        n = 0
        for start in range(0, len(digests), _BATCH):
            batch = dict(digests[start : start + _BATCH])
            papers = library.read_papers(list(batch))
            n += sum(identity.compute_paper_digest(p) != batch[p.paper_id] for p in papers)
    return [f"{n} papers are not what was stored"] if n else []
