"""The second stage's token vectors, kept beside the library: they hang on a chunk's text and the model alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, select

from rag.library.schema import Migration
from rag.library.stores import STORE_FAULTS, FileStore, SharedStore, Store
from rag.library.tables import build_upsert
from rag.types.errors import LibraryError

_PATIENCE_S = 1.0
_FAULTS = (*STORE_FAULTS, LibraryError)
ENCODINGS = Table(
    "encodings", MetaData(), Column("chunk_id", Text, primary_key=True), Column("model", Text),
    Column("vector", LargeBinary), Column("tokens", LargeBinary),
)  # fmt: skip
MIGRATIONS = (
    Migration("""
CREATE TABLE IF NOT EXISTS encodings (
    chunk_id {text} PRIMARY KEY, model {text} NOT NULL, vector {blob} NOT NULL, tokens {blob} NOT NULL
) {keyed};
"""),
)


class RerankerEncodings:
    """What one model made of chunks, shared by any number of threads and processes.

    They save time and nothing else: where they cannot be read or written, there are none.

    Args:
        folder: The data folder.
        url: Of the database that holds the library, if several servers share it.
        model: Whose token vectors these are; those of another go.
    """

    def __init__(self, folder: Path, url: str, model: str) -> None:
        self._model = model
        self._store: Store = (
            SharedStore(url, "reranker", MIGRATIONS)
            if url
            else FileStore(
                folder / "reranker.db", "the reranker's vectors", MIGRATIONS, patience_s=_PATIENCE_S
            )
        )

    def find(self, chunk_ids: Iterable[str]) -> Mapping[str, tuple[bytes, bytes]]:
        """Vector and token vectors of those that are kept, by chunk."""
        wanted = list(chunk_ids)
        if not wanted or not self._store.is_there:
            return {}
        rows = select(ENCODINGS.c.chunk_id, ENCODINGS.c.vector, ENCODINGS.c.tokens).where(
            ENCODINGS.c.chunk_id.in_(wanted), ENCODINGS.c.model == self._model
        )
        try:
            with self._store.open() as connection:
                return {key: (bytes(v), bytes(t)) for key, v, t in connection.execute(rows)}
        except _FAULTS:
            return {}

    def keep(self, encodings: Mapping[str, tuple[bytes, bytes]]) -> None:
        """Keep some; those of another model go."""
        rows = [
            {"chunk_id": key, "model": self._model, "vector": vector, "tokens": tokens}
            for key, (vector, tokens) in encodings.items()
        ]
        try:
            with self._store.open() as connection:
                connection.execute(ENCODINGS.delete().where(ENCODINGS.c.model != self._model))
                connection.execute(build_upsert(connection.dialect.name, ENCODINGS, rows[0]), rows)
        except _FAULTS:
            return
