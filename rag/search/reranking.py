"""The second stage: the first papers of a ranking in another order, by a model that reads better.

The scores stay with the ranks. A paper that moves up takes the score of its new place, so that every
cut-off, and whether the evidence suffices, mean what they meant; the order says which paper is meant.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Protocol

from rag.library import Library
from rag.library.chunking import get_embedded_text, get_sentences, get_text_offset
from rag.library.token_vector_store import decode_plain, encode_plain, encode_vector
from rag.search import fusion, late, thesaurus
from rag.search.query import parse_query
from rag.search.retriever import READ_CHARS, build_query_tokens
from rag.types import Chunk, PaperHit, Retrieval
from rag.types.cancellation import heed
from rag.types.ports import Lexical, Reranker
from rag.types.token_vectors import CompressedTokens, Encoding

FIRST = 10
"""Papers that are ordered anew; with 5, 20 and 50 the right one came first as often or less."""
CHUNKS_OF_PAPER = 2
"""Of a long paper, those with its best sentences are read."""
CACHED_CHUNKS = 200
"""Chunks whose token vectors stay in memory as they are kept, at some 110 kB each."""


class TokenEncoder(Protocol):
    """A model that gives token vectors."""

    @property
    def name(self) -> str: ...
    def encode_text(self, text: str) -> Encoding: ...
    def encode_query(self, text: str) -> Encoding: ...


class EncodingStore(Protocol):
    """Keeps what was encoded, by chunk: vector and token vectors as bytes."""

    def find(self, chunk_ids: Iterable[str]) -> Mapping[str, tuple[bytes, bytes]]: ...
    def keep(self, encodings: Mapping[str, tuple[bytes, bytes]]) -> None: ...


def rerank(retrieval: Retrieval, reranker: Reranker) -> Retrieval:
    """The ranking with its first papers in the order of the reranker, each with the score of its place."""
    first = retrieval.papers[:FIRST]
    if len(first) < 2:
        return retrieval
    scores = reranker.score(retrieval.query, first)
    order = sorted(range(len(first)), key=lambda at: (-scores[at], at))
    moved = [
        replace(first[at], rank=rank, score=first[rank - 1].score)
        for rank, at in enumerate(order, 1)
    ]
    return Retrieval(retrieval.query, (*moved, *retrieval.papers[FIRST:]))


class LateReranker:
    """Scores papers as the retriever does, with the token vectors of another model.

    Args:
        library: Of the papers.
        lexical: Says how rare a word is.
        encoder: The other model.
        store: Keeps the chunks' token vectors, which take a third of a second each to make.
    """

    def __init__(
        self, library: Library, lexical: Lexical, encoder: TokenEncoder, store: EncodingStore
    ) -> None:
        self.name = encoder.name
        self._library, self._lexical = library, lexical
        self._encoder, self._store = encoder, store
        self._cache: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()
        self._guard = Lock()

    def score(self, query: str, hits: Sequence[PaperHit]) -> Sequence[float]:
        """How well each paper fits, by its best chunk and the wording that fits it better."""
        chunks = _choose_chunks(
            hits, self._library.list_chunks_of(sorted({hit.paper.paper_id for hit in hits}))
        )
        encodings = self._load_encodings(chunks)
        chunks = [c for c in chunks if len(encodings[c.chunk_id])]
        table = _build_table(chunks, [encodings[c.chunk_id] for c in chunks]) if chunks else None
        lexical = {hit.paper.paper_id: hit.signals.get("lexical", 0.0) for hit in hits}
        best: dict[str, float] = {}
        rewriting = thesaurus.convert_to_research_terms(query, self._lexical.count_documents)
        for text in (query, rewriting.text) if rewriting else (query,):
            wording = self._encoder.encode_query(text[:READ_CHARS])
            spans = [(int(start), int(end)) for start, end in wording.spans]
            if not spans or table is None:
                continue
            tokens = build_query_tokens(parse_query(text), wording.tokens, spans, self._lexical)
            (scores,) = late.score([tokens], table, late.match_floats)
            for chunk, vector, whole, local in zip(
                chunks, table.tokens.vectors, scores.late, scores.local, strict=True
            ):
                signals = {
                    "late": float(whole),
                    "local": float(local),
                    "dense": float(vector @ wording.vector),
                    "lexical": lexical[chunk.paper_id],
                }
                fused = fusion.fuse(signals, fusion.WITH_TOKENS)
                best[chunk.paper_id] = max(fused, best.get(chunk.paper_id, fused))
        return [best.get(hit.paper.paper_id, 0.0) for hit in hits]

    def _load_encodings(self, chunks: Sequence[Chunk]) -> dict[str, Encoding]:
        """The encoding of each chunk: remembered, kept, or made now and kept."""
        ids = [chunk.chunk_id for chunk in chunks]
        with self._guard:
            loaded = {key: self._cache[key] for key in ids if key in self._cache}
        loaded |= self._store.find(key for key in ids if key not in loaded)
        new: dict[str, tuple[bytes, bytes]] = {}
        for chunk in chunks:
            if chunk.chunk_id not in loaded:
                heed()
                encoding = self._encoder.encode_text(get_embedded_text(chunk))
                new[chunk.chunk_id] = encode_vector(encoding.vector), encode_plain(encoding)
        if new:
            self._store.keep(new)
        loaded |= new
        with self._guard:
            self._cache |= loaded
            while len(self._cache) > CACHED_CHUNKS:
                self._cache.popitem(last=False)
        return {key: decode_plain(*parts) for key, parts in loaded.items()}


def _build_table(chunks: Sequence[Chunk], encodings: Sequence[Encoding]) -> late.TokenTable:
    """Of token vectors that no embedder keeps small, for `late.match_floats`: a chunk or more, none without tokens."""
    import numpy as np

    tokens = np.concatenate([encoding.tokens for encoding in encodings]).astype(np.float32)
    sentences = [get_sentences(chunk) for chunk in chunks]
    return late.build_table(
        CompressedTokens(
            np.concatenate([encoding.ids for encoding in encodings]),
            np.concatenate([encoding.spans[:, 0] for encoding in encodings]),
            np.ones(len(tokens), np.float32),
            tokens.view(np.uint8).reshape(len(tokens), -1),
        ),
        np.array([encoding.vector for encoding in encodings]),
        np.array([len(encoding) for encoding in encodings]),
        np.array([chunk.span[0] for chunk in chunks]),
        np.array([span for spans in sentences for span in spans], np.intp).reshape(-1, 2),
        np.array([len(spans) for spans in sentences]),
        np.array([get_text_offset(chunk) for chunk in chunks]),
    )


def _choose_chunks(hits: Sequence[PaperHit], chunks: Sequence[Chunk]) -> list[Chunk]:
    """The chunks of each paper that have its best sentences, as the retriever scored them."""
    sentences = {hit.paper.paper_id: hit.sentences for hit in hits}

    def score_chunk(chunk: Chunk) -> float:
        start, end = chunk.span
        inside = (s.score for s in sentences[chunk.paper_id] if start <= s.span[0] < end)
        return max(inside, default=-1.0)

    best: dict[str, int] = {}
    chosen = []
    for chunk in sorted(chunks, key=lambda c: (-score_chunk(c), c.chunk_id)):
        best[chunk.paper_id] = best.get(chunk.paper_id, 0) + 1
        if best[chunk.paper_id] <= CHUNKS_OF_PAPER:
            chosen.append(chunk)
    return chosen
