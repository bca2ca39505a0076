"""Ports to the derived stores (vectors, lexical index) and to embedders, with their records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from rag.types import Chunk, Paper, PaperHit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types.token_vectors import CompressedTokens, Encoding

LEXICAL_FIELDS = ("body", "title", "names")
"""Of the lexical index. ``body``: heading and text; ``names``: people, affiliations, category, year, venue."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One build of the indexes: its folder, its collection, and the embedder of its vectors.

    Attributes:
        home: What tells a library in a shared database from a copy of it; empty: its data folder does.
    """

    folder: Path
    collection: str
    embedder: str
    dimension: int
    home: str = ""


@dataclass(frozen=True, slots=True)
class VectorRecord:
    """A chunk for the vector store: its vector (float16, little endian)."""

    chunk_id: str
    vector: bytes


@dataclass(frozen=True, slots=True)
class LexicalRecord:
    """A chunk for the lexical index: its terms by field (`LEXICAL_FIELDS`)."""

    chunk_id: str
    paper_id: str
    body: Sequence[str]
    title: Sequence[str]
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class IndexRecord:
    """A chunk with the records of both indexes."""

    chunk: Chunk
    paper: Paper
    vector: bytes


VectorRows: TypeAlias = "Sequence[Sequence[float]] | NDArray[np.float32]"


class VectorSearch(Protocol):
    """Chunk vectors, searched by cosine."""

    def query(self, vectors: VectorRows, k: int) -> list[list[tuple[str, float]]]:
        """For each vector the k chunks nearest to it with their cosine, best first, ties by chunk id.

        Args:
            vectors: One or more, of any length except zero.
            k: 1 or more; fewer are returned if there are fewer.
        """

    def list_ids(self, among: Collection[str] | None = None) -> set[str]:
        """The ids of all chunks here, or of those of some that are here."""

    def count(self) -> int: ...
    def close(self) -> None: ...


class Vectors(VectorSearch, Protocol):
    """The store of chunk vectors, as it is written to."""

    def upsert(self, records: Sequence[VectorRecord]) -> None:
        """Add these chunks, or replace what is there under their ids."""

    def delete(self, chunk_ids: Sequence[str]) -> None:
        """Remove these chunks; unknown ids are ignored."""

    def commit(self) -> None:
        """Make what is searched of what is here, after the last change."""


class TermCounts(Protocol):
    """Says how rare a term is."""

    def count(self) -> int: ...
    def count_documents(self, terms: Iterable[str], field: str = "body") -> dict[str, int]: ...


class Lexical(TermCounts, Protocol):
    """Chunk terms, searched by BM25."""

    def update(self, upserts: Iterable[LexicalRecord], deletes: Collection[str] = ()) -> None: ...
    def find_chunks(
        self,
        terms: Iterable[str],
        k: int,
        boosts: Mapping[str, float] | None = None,
        within: Collection[str] | None = None,
    ) -> list[tuple[str, str, float]]: ...
    def list_ids(self, among: Collection[str] | None = None) -> set[str]: ...
    def close(self) -> None: ...


class Stores(Protocol):
    """Opens, creates and removes the stores of a generation; see `rag.adapters.index_stores`."""

    def open_vectors(self, generation: Generation, *, create: bool = False) -> Vectors: ...
    def open_search(self, generation: Generation) -> VectorSearch: ...
    def lacks_commit(self, generation: Generation) -> bool:
        """Whether the store was left without `Vectors.commit`, as by an older version: it is searched itself."""

    def open_lexical(self, generation: Generation, *, create: bool = False) -> Lexical: ...
    def drop(self, generation: Generation) -> None: ...
    def is_sound(self, generation: Generation, *, timeout_s: float) -> bool: ...
    def stamp(self, generation: Generation) -> str: ...


class Embedder(Protocol):
    """The part of LangChain's ``Embeddings`` that is used, with the name of the model.

    ``dimension`` may be 0 until the first text was embedded.
    """

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    def embed_documents(self, texts: list[str]) -> list[list[float]]: ...


@runtime_checkable
class Encoder(Protocol):
    """An embedder that also gives token vectors, for late interaction, and keeps them small."""

    def encode(self, texts: Sequence[str]) -> list[Encoding]: ...
    def encode_gist(self, texts: Sequence[str]) -> list[Encoding]:
        """The vector of each text's rarest words alone, and the tokens as far as these and the words foretell them."""

    def compress(self, encoding: Encoding) -> CompressedTokens: ...
    def compress_to_words(self, encoding: Encoding) -> CompressedTokens: ...
    def narrow(self, tokens: CompressedTokens) -> CompressedTokens: ...


class Reranker(Protocol):
    """Reads the first papers of a ranking again. It orders them, and never adds one.

    Its scores compare papers within one call; how well a paper fits stays the retriever's to say.
    """

    @property
    def name(self) -> str: ...
    def score(self, query: str, hits: Sequence[PaperHit]) -> Sequence[float]: ...
