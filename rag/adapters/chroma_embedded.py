"""Chroma's embedded store, checked before it is opened: a damaged one kills the process.

Chroma reads its file in native code, which aborts the process on some damage (such as a message of
SQLite's about it that is no UTF-8). Nothing can catch that, so the file is looked at before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from rag.adapters.chroma import ChromaVectors
from rag.adapters.flat_vectors import FLAT_FILE, FlatUpdate, Rows, build_rows
from rag.adapters.open_marks import Mark
from rag.types.errors import IndexUnreadable
from rag.types.ports import Generation, VectorRecord

CHROMA_FILE = "chroma.sqlite3"
QUICK_BYTES = 64_000_000
"""Up to this size the file is checked at each opening, which takes a tenth of a second."""


READ_AT_ONCE = 10_000


class WatchedVectors(ChromaVectors):
    """The vectors of one generation in its folder, with a mark while they are open, and the flat copy of them."""

    def __init__(self, generation: Generation, *, create: bool = False) -> None:
        self._mark = Mark(generation.folder)
        super().__init__(generation, create=create)
        self._flat = FlatUpdate(generation.folder / FLAT_FILE, create=create)

    def upsert(self, records: Sequence[VectorRecord]) -> None:
        self._flat.upsert(records)
        super().upsert(records)

    def delete(self, chunk_ids: Sequence[str]) -> None:
        self._flat.delete(chunk_ids)
        super().delete(chunk_ids)

    def commit(self) -> None:
        self._flat.commit(self._iter_rows())

    def _iter_rows(self) -> Iterator[Rows]:
        """All that the store has."""
        import numpy as np

        for offset in range(0, self.count(), READ_AT_ONCE):
            with self._convert_errors():
                page = self._collection.get(
                    limit=READ_AT_ONCE, offset=offset, include=["embeddings"]
                )
            yield build_rows(page["ids"], np.asarray(page["embeddings"], np.float32))

    def close(self) -> None:
        super().close()
        self._mark.remove()


def require_whole_chroma(folder: Path, *, at_most: int | None = None) -> None:
    """Check all pages of Chroma's file with SQLite's own check.

    Args:
        folder: Chroma's.
        at_most: Files larger than this are not checked; None: no limit.

    Raises:
        IndexUnreadable: The file is damaged.
    """
    path = folder / CHROMA_FILE
    try:
        if at_most is not None and path.stat().st_size > at_most:
            return
        place = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(place, uri=True, timeout=30)) as connection:
            (record,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except (OSError, sqlite3.Error, UnicodeDecodeError) as exc:  # its words may be no text
        record = str(exc)
    if record != "ok":
        raise IndexUnreadable(
            f"the vectors in {str(folder)!r} are damaged ({' '.join(record.split())}); "
            'run "paperfolk ingest" to rebuild them'
        )
