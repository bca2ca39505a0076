"""What must hold within a library at any time, whatever its indexes hold."""

from __future__ import annotations

from rag.library.catalogue import Library

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
     "v.chunk_id = c.chunk_id AND v.embedder = (SELECT value FROM meta WHERE key = 'target'))",
     "chunks have no vector"),
)  # fmt: skip


def problems(library: Library) -> list[str]:
    """What is not as it must be; empty when all is well."""
    found = [str(row[0]) for row in library.select("PRAGMA integrity_check") if row[0] != "ok"]
    with library.snapshot():
        for sql, sentence in _INVARIANTS:
            n = int(library.select(sql)[0][0])
            if n:
                found.append(f"{n} {sentence}")
    return found
