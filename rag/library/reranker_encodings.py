"""The second stage's token vectors, kept beside the library: they hang on a chunk's text and the model alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, select

from rag.library.derived_rows import DerivedRows

ENCODINGS = Table(
    "encodings", MetaData(), Column("chunk_id", Text, primary_key=True), Column("version", Text),
    Column("vector", LargeBinary), Column("tokens", LargeBinary),
)  # fmt: skip
_CREATION = """
CREATE TABLE IF NOT EXISTS encodings (
    chunk_id {text} PRIMARY KEY, version {text} NOT NULL, vector {blob} NOT NULL, tokens {blob} NOT NULL
) {keyed};
"""


class RerankerEncodings:
    """What one model made of chunks; see `DerivedRows`.

    Args:
        folder: The data folder.
        url: Of the database that holds the library, if several servers share it.
        model: Whose token vectors these are; those of another go.
    """

    def __init__(self, folder: Path, url: str, model: str) -> None:
        self._model = model
        self._rows = DerivedRows(
            folder, url, "reranker", "the reranker's vectors", ENCODINGS, _CREATION
        )

    def find(self, chunk_ids: Iterable[str]) -> Mapping[str, tuple[bytes, bytes]]:
        """Vector and token vectors of those that are kept, by chunk."""
        rows = select(ENCODINGS.c.chunk_id, ENCODINGS.c.vector, ENCODINGS.c.tokens)
        wanted = rows.where(
            ENCODINGS.c.chunk_id.in_(list(chunk_ids)), ENCODINGS.c.version == self._model
        )
        return {key: (bytes(v), bytes(t)) for key, v, t in self._rows.find(wanted)}

    def keep(self, encodings: Mapping[str, tuple[bytes, bytes]]) -> None:
        """Keep some; those of another model go."""
        self._rows.keep(
            self._model,
            [{"chunk_id": key, "vector": v, "tokens": t} for key, (v, t) in encodings.items()],
        )
