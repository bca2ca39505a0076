"""Stand-ins for tests of the library: a quick embedder, stores that count or kill."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.adapters.chroma_server import Server
from rag.adapters.index_stores import LocalStores
from rag.library import Library
from rag.library.chunk_rows import read_chunk_rows
from rag.library.token_vector_store import StoredEncoding, decode_stored
from rag.types.ports import Generation, Lexical, LexicalRecord, VectorRecord, Vectors
from rag.types.token_vectors import CompressedTokens, Encoding

DIMENSION = 16


def vector(text: str) -> list[float]:
    """Of length 1, the same for the same text and unlike any other's."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
    values = np.random.default_rng(seed).normal(size=DIMENSION)
    return [float(x) for x in values / np.linalg.norm(values)]


class QuickEmbedder:
    """Vectors from hashes; ``seen`` lists the texts in the order they were embedded."""

    def __init__(self, name: str = "quick") -> None:
        self.name = name
        self.dimension = DIMENSION
        self.seen: list[str] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.seen.extend(texts)
        return [vector(text) for text in texts]


def compress_to_floats(encoding: Encoding) -> CompressedTokens:
    """Nothing lost: floats as bytes, in rows of a multiple of 5 bytes, as stored ones are."""
    tokens = np.ascontiguousarray(encoding.tokens, np.float32)
    packed = np.zeros((len(tokens), -(-4 * tokens.shape[1] // 5) * 5), np.uint8)
    packed[:, : 4 * tokens.shape[1]] = tokens.view(np.uint8).reshape(len(tokens), -1)
    scales = np.ones(len(tokens), np.float32)
    return CompressedTokens(encoding.ids, encoding.spans[:, 0], scales, packed)


def list_encodings(
    library: Library, chunk_ids: Sequence[str] | None = None
) -> list[StoredEncoding | Encoding]:
    """What is stored of all chunks, or of these, in order, one decoded after the other."""
    ids = library.list_chunk_ids() if chunk_ids is None else chunk_ids
    rows = {row.chunk_id: row for row in read_chunk_rows(library, ids)}
    return [decode_stored(rows[i].vector, rows[i].tokens) for i in ids]


def read_floats(packed: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The tokens that `compress_to_floats` packed, and zeros after each."""
    return np.ascontiguousarray(packed[:, : packed.shape[1] // 4 * 4]).view(np.float32)


class FloatKeeper:
    """Keeps token vectors as they are."""

    def compress(self, encoding: Encoding) -> CompressedTokens:
        return compress_to_floats(encoding)

    def compress_to_words(self, encoding: Encoding) -> CompressedTokens:
        return compress_to_floats(encoding)

    def narrow(self, tokens: CompressedTokens) -> CompressedTokens:
        return tokens

    def restore(self, vector: NDArray[np.float32], tokens: CompressedTokens) -> Encoding:
        spans = np.stack([tokens.starts, tokens.starts], axis=1)
        return Encoding(vector, read_floats(tokens.packed)[:, : len(vector)], tokens.ids, spans)


class QuickEncoder(QuickEmbedder, FloatKeeper):
    """The same with two token vectors a text."""

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        return [
            Encoding(
                vector=np.array(one, dtype=np.float32),
                tokens=np.array([one, one[::-1]], dtype=np.float32),
                ids=np.array([7, 30_521], dtype=np.uint16),
                spans=np.array([[0, 1], [1, len(text)]], dtype=np.int32),
            )
            for text, one in zip(texts, self.embed_documents(list(texts)), strict=True)
        ]

    def encode_gist(self, texts: Sequence[str]) -> list[Encoding]:
        return self.encode(texts)


class QuickStores(LocalStores):
    """The real stores, trusted to be readable: the trial in another process takes a second."""

    def is_sound(self, generation: Generation, *, timeout_s: float) -> bool:
        return True


# --- killing ------------------------------------------------------------------------------------


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Fuse:
    """Counts the points that an ingest passes and kills its own process at one of them."""

    def __init__(self, at: int) -> None:
        self.at, self.passed = at, 0

    def __call__(self, *_: object) -> None:
        self.passed += 1
        if self.passed == self.at:
            kill()


class FusedEmbedder(QuickEmbedder):
    def __init__(self, fuse: Fuse) -> None:
        super().__init__()
        self._fuse = fuse

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self._fuse()
        return super().embed_documents(texts)


class FusedStores(QuickStores):
    """A point before and after everything that is done to a store, and amid each write."""

    def __init__(self, fuse: Fuse, server: Server | None = None) -> None:
        super().__init__(server)
        self._fuse = fuse

    def open_vectors(self, generation: Generation, *, create: bool = False) -> Vectors:  # type: ignore[override]
        self._fuse()
        return _FusedVectors(super().open_vectors(generation, create=create), self._fuse)

    def open_lexical(self, generation: Generation, *, create: bool = False) -> Lexical:  # type: ignore[override]
        self._fuse()
        return _FusedLexical(super().open_lexical(generation, create=create), self._fuse)


class _Fused:
    def __init__(self, store: object, fuse: Callable[[], None]) -> None:
        self._store, self._fuse = store, fuse

    def __getattr__(self, name: str) -> object:
        self._fuse()
        return getattr(self._store, name)


class _FusedVectors(_Fused):
    def upsert(self, records: Sequence[VectorRecord]) -> None:
        half = len(records) // 2
        for part in (records[:half], records[half:]):
            self._fuse()
            self._store.upsert(part)  # type: ignore[attr-defined]
        self._fuse()


class _FusedLexical(_Fused):
    def update(self, upserts: Iterable[LexicalRecord], deletes: Sequence[str] = ()) -> None:
        self._store.update(self._passing(upserts), deletes)  # type: ignore[attr-defined]
        self._fuse()

    def _passing(self, upserts: Iterable[LexicalRecord]) -> Iterator[LexicalRecord]:
        self._fuse()
        for n, record in enumerate(upserts):
            yield record
            if n % 8 == 7:
                self._fuse()
        self._fuse()
