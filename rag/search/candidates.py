"""Chunks that may be found, as they are scored: read and decoded all at once."""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.library import Library
from rag.library.chunk_rows import ChunkRow, read_chunk_rows, read_chunk_rows_of, select_chunk_ids
from rag.library.chunking import get_sentences
from rag.library.rows import decode_roles, translated
from rag.library.token_vector_store import (
    decode_joined,
    decode_stored,
    encode_tokens,
    has_old_layout,
)
from rag.search import late
from rag.types import Chunk, SentenceRole, Span
from rag.types.token_vectors import CompressedTokens, Encoding


class Compressor(Protocol):
    """What token vectors of an older version need of their embedder."""

    def compress(self, encoding: Encoding) -> CompressedTokens: ...
    def narrow(self, tokens: CompressedTokens) -> CompressedTokens: ...


class Candidates(Protocol):
    """Some chunks, in order.

    Attributes:
        chunk_ids, paper_ids: Of each.
    """

    chunk_ids: Sequence[str]
    paper_ids: Sequence[str]

    def list_sentences(self, at: int) -> list[Span]:
        """The sentences of one chunk, in its paper's text."""

    def list_roles(self, at: int) -> Sequence[SentenceRole] | None:
        """Their roles; None where they are not known."""


class PlainCandidates:
    """Chunks of an embedder without token vectors."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = chunks
        self.chunk_ids: Sequence[str] = [chunk.chunk_id for chunk in chunks]
        self.paper_ids: Sequence[str] = [chunk.paper_id for chunk in chunks]

    def list_sentences(self, at: int) -> list[Span]:
        begin = self._chunks[at].span[0]
        return [(begin + a, begin + b) for a, b in get_sentences(self._chunks[at])]

    def list_roles(self, at: int) -> Sequence[SentenceRole] | None:
        return self._chunks[at].roles


class TokenCandidates:
    """Chunks with their token vectors.

    Args:
        rows: One or more, as the library reads them, with the sentences of each.
        embedder: Reads what an older version wrote, until the next ingest.
    """

    def __init__(self, rows: Sequence[ChunkRow], embedder: Compressor) -> None:
        self.chunk_ids: Sequence[str] = [row.chunk_id for row in rows]
        self.paper_ids: Sequence[str] = [row.paper_id for row in rows]
        self._roles = [row.roles for row in rows]
        self._begins = np.array([row.start for row in rows], np.intp)
        counts = np.array([len(row.sentences) // _SPAN.size for row in rows], np.intp)
        sentences = np.frombuffer(b"".join(row.sentences for row in rows), "<i4").reshape(-1, 2)
        self._cuts = np.concatenate([[0], np.cumsum(counts)])
        self._sentences = sentences.astype(np.intp)
        tokens, sizes = decode_joined([_read_tokens(row, embedder) for row in rows])
        vectors = np.frombuffer(b"".join(row.vector for row in rows), "<f2").astype(np.float32)
        offsets = np.array([row.text_offset for row in rows], np.intp)
        self.table = late.build_table(
            tokens,
            vectors.reshape(len(rows), -1),
            sizes,
            self._begins,
            self._sentences,
            counts,
            offsets,
        )

    @property
    def vectors(self) -> NDArray[np.float32]:
        """(n, dim) of the chunks."""
        return self.table.tokens.vectors

    def list_sentences(self, at: int) -> list[Span]:
        own = self._sentences[self._cuts[at] : self._cuts[at + 1]] + self._begins[at]
        return [(a, b) for a, b in own.tolist()]

    def list_roles(self, at: int) -> Sequence[SentenceRole] | None:
        blob = self._roles[at]
        return None if blob is None else decode_roles(blob)


@translated
def build_candidates(rows: Sequence[ChunkRow], embedder: Compressor) -> TokenCandidates:
    """See `TokenCandidates`."""
    return TokenCandidates(rows, embedder)


def load_candidates(
    library: Library,
    embedder: Compressor,
    chunk_ids: Collection[str],
    within: Collection[str] | None,
) -> TokenCandidates | None:
    """Those of some chunks that are of some papers, ordered by id; None where there is none.

    Args:
        library: That has them.
        embedder: Of their token vectors.
        chunk_ids: Those unknown are left out.
        within: Ids of papers; None: all.
    """
    if within is not None:  # first: among a few papers there may be a hundredth of the candidates
        chunk_ids = select_chunk_ids(library, chunk_ids, within)
    rows = read_chunk_rows(library, chunk_ids)
    return build_candidates(rows, embedder) if rows else None


def load_candidates_of(
    library: Library, embedder: Compressor, paper_ids: Collection[str]
) -> TokenCandidates | None:
    """All chunks of some papers; None where there is none."""
    rows = read_chunk_rows_of(library, paper_ids)
    return build_candidates(rows, embedder) if rows else None


def _read_tokens(row: ChunkRow, embedder: Compressor) -> bytes:
    """The token vectors as they are stored now."""
    if not has_old_layout(row.tokens):
        return row.tokens
    encoding = decode_stored(row.vector, row.tokens)
    if isinstance(encoding, Encoding):
        return encode_tokens(embedder.compress(encoding))
    return encode_tokens(embedder.narrow(encoding.tokens))


_SPAN = struct.Struct("<2i")
