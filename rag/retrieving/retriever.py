"""Query -> Retrieval: candidates from the lexical index and the vectors, scored anew one by one."""

from __future__ import annotations

import math
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

import numpy as np

from rag.encoding import Encoding
from rag.library import Library
from rag.retrieving import fusion, late
from rag.retrieving.query import FRAME_WORDS, Query, analyse, token_weights
from rag.stores import Lexical, Vectors
from rag.text import fold, index_terms, sentences, stem, terms, words
from rag.types import Chunk, Paper, PaperHit, Retrieval, Sentence, Span, WordMatch

CANDIDATES = 100
"""Chunks taken from the lexical index and from the vectors, each."""
BM25_K1 = 1.2
"""As the lexical index has it; a term's weight in a chunk stays below idf * (k1 + 1)."""
CACHED_CHUNKS = 400
N_WORD_MATCHES = 8
"""Papers of a retrieval that are told word by word how they meet the query."""
FIELD_BOOSTS: Mapping[str, float] = {"body": 1.0, "names": 1.0}


class Searchable(Protocol):
    """The indexes in use; see `rag.indexing.Indexes`."""

    @property
    def vectors(self) -> Vectors: ...
    @property
    def lexical(self) -> Lexical: ...


class QueryEmbedder(Protocol):
    """The part of LangChain's ``Embeddings`` that a question needs."""

    def embed_query(self, text: str) -> list[float]: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A chunk with its signals; ``best`` as in LateScore, None without token vectors."""

    chunk: Chunk
    sentences: tuple[Span, ...]
    signals: Mapping[str, float]
    best: late.Matrix | None


class Retriever:
    """Finds papers for a question.

    Args:
        library: Papers, chunks and their encodings.
        indexes: Lexical index and vectors.
        embedder: As made the vectors; if it has ``encode_query``, late interaction takes part.
    """

    def __init__(self, library: Library, indexes: Searchable, embedder: QueryEmbedder) -> None:
        self._library, self._indexes, self._embedder = library, indexes, embedder
        self._encode_query = getattr(embedder, "encode_query", None)
        self._cache: OrderedDict[str, tuple[late.Matrix, late.TokenMatrix]] = OrderedDict()
        self._guard = Lock()

    def retrieve(
        self, query: str, k: int = 20, *, within: Collection[str] | None = None
    ) -> Retrieval:
        """The k best papers for a query, best first; equal scores by paper id.

        Args:
            query: Any text; without words it finds nothing.
            k: 1 or more.
            within: Paper ids to choose from; None: all.
        """
        asked = analyse(query)
        if not asked.clauses or not self._library.n_papers:
            return Retrieval(query, ())
        encoding = self._encode_query(query) if self._encode_query else None
        vector = encoding.vector if encoding else np.array(self._embedder.embed_query(query))
        lexical = self._lexical_signals(asked, within)
        dense = self._dense_signals(vector, within)
        wanted = {*lexical, *dense} if within is None else self._chunk_ids(within)
        chunks = self._library.chunks(sorted(wanted))
        if encoding is None:
            found = [_plain_candidate(c, asked, lexical, dense) for c in chunks]
        else:
            found = self._match_tokens(asked, encoding, chunks, lexical)
        return self._join(asked, encoding, found, k)

    # --- signals ------------------------------------------------------------------------------

    def _lexical_signals(self, asked: Query, within: Collection[str] | None) -> dict[str, float]:
        """BM25 as a share of what the query's terms could reach, by chunk id."""
        if not asked.terms:
            return {}
        index = self._indexes.lexical
        reach = sum(self._idf(asked.terms)) * (BM25_K1 + 1)
        k = CANDIDATES if within is None else max(CANDIDATES, index.count())
        hits = index.query(asked.terms, k, FIELD_BOOSTS)
        return {chunk_id: score / reach for chunk_id, _, score in hits}

    def _dense_signals(
        self, vector: late.Matrix, within: Collection[str] | None
    ) -> dict[str, float]:
        """Cosine by chunk id."""
        where = None if within is None else {"paper_id": {"$in": sorted(within)}}
        return dict(self._indexes.vectors.query(vector.tolist(), CANDIDATES, where))

    def _idf(self, stems: Sequence[str]) -> list[float]:
        """BM25's idf of each term: ln(1 + (N - n + .5) / (n + .5))."""
        index = self._indexes.lexical
        n_chunks = index.count()
        body = index.document_frequencies(stems)
        names = index.document_frequencies(stems, "names")
        counts = [max(body[term], names[term]) for term in stems]
        return [math.log(1 + (n_chunks - n + 0.5) / (n + 0.5)) for n in counts]

    def _match_tokens(
        self,
        asked: Query,
        encoding: Encoding,
        chunks: Sequence[Chunk],
        lexical: Mapping[str, float],
    ) -> list[_Candidate]:
        query = self._query_tokens(asked, encoding)
        loaded = self._loaded(chunks)
        scores = late.score(query, [tokens for _, tokens in loaded])
        found = []
        for chunk, (vector, tokens), score in zip(chunks, loaded, scores, strict=True):
            signals = {
                "late": score.late,
                "local": score.local,
                "dense": float(vector @ encoding.vector),
                "lexical": lexical.get(chunk.chunk_id, 0.0),
            }
            found.append(_Candidate(chunk, tokens.sentences, signals, score.best))
        return found

    def _query_tokens(self, asked: Query, encoding: Encoding) -> late.QueryTokens:
        spans = [(int(a), int(b)) for a, b in encoding.spans]
        stems = {term for term in terms(asked.text)}
        idf = dict(zip(sorted(stems), self._idf(sorted(stems)), strict=True))
        weights = np.array(
            token_weights(asked, spans, lambda word: idf.get(word, 0.0)), dtype=np.float32
        )
        starts = np.array([clause[0] for clause in asked.clauses])
        clauses = np.searchsorted(starts, [a for a, _ in spans], side="right") - 1
        asking = [any(left <= a < right for left, right in asked.asking) for a, _ in spans]
        return late.QueryTokens(
            vectors=_unit(encoding.tokens),
            weights=weights / weights.sum(),
            clauses=np.maximum(clauses, 0),
            asking=np.array(asking, dtype=bool),
        )

    # --- chunks and papers --------------------------------------------------------------------

    def _chunk_ids(self, paper_ids: Collection[str]) -> set[str]:
        rows = self._library.select(
            "SELECT chunk_id FROM chunks WHERE paper_id IN (SELECT value FROM json_each(?))",
            _json(paper_ids),
        )
        return {row["chunk_id"] for row in rows}

    def _loaded(self, chunks: Sequence[Chunk]) -> list[tuple[late.Matrix, late.TokenMatrix]]:
        """Vector and token matrix of each chunk, from the cache where they are held."""
        with self._guard:
            missing = [c for c in chunks if c.chunk_id not in self._cache]
            encodings = self._library.encodings([c.chunk_id for c in missing])
            texts = {p.paper_id: p.text for p in self._library.papers({c.paper_id for c in missing})}
            for chunk, encoding in zip(missing, encodings, strict=True):
                matrix = _token_matrix(chunk, texts[chunk.paper_id], encoding)
                self._cache[chunk.chunk_id] = (encoding.vector, matrix)
            found = [self._cache[c.chunk_id] for c in chunks]
            while len(self._cache) > CACHED_CHUNKS:
                self._cache.popitem(last=False)
        return found

    def _join(
        self, asked: Query, encoding: Encoding | None, found: Sequence[_Candidate], k: int
    ) -> Retrieval:
        """A paper scores as its best chunk; its sentences come from all chunks that were found."""
        weights = fusion.WITHOUT_TOKENS if encoding is None else fusion.WITH_TOKENS
        by_paper: dict[str, list[_Candidate]] = defaultdict(list)
        scores: dict[str, float] = {}
        for candidate in found:
            paper_id = candidate.chunk.paper_id
            by_paper[paper_id].append(candidate)
            score = fusion.fuse(candidate.signals, weights)
            scores[paper_id] = max(score, scores.get(paper_id, -math.inf))
        best = sorted(scores, key=lambda paper_id: (-scores[paper_id], paper_id))[:k]
        query = self._query_tokens(asked, encoding) if encoding else None
        worth = self._worth(asked)
        papers = {paper.paper_id: paper for paper in self._library.papers(best)}
        hits = []
        for rank, paper_id in enumerate((p for p in best if p in papers), 1):
            group = sorted(by_paper[paper_id], key=lambda c: -fusion.fuse(c.signals, weights))
            paper, signals = papers[paper_id], group[0].signals
            ranked = self._sentences(query, asked, paper, group)
            met = _words_met(worth, encoding, paper, group) if rank <= N_WORD_MATCHES else ()
            hits.append(PaperHit(paper, scores[paper_id], rank, ranked, signals, met))
        return Retrieval(asked.text, tuple(hits))

    def _worth(self, asked: Query) -> list[tuple[str, Span, float]]:
        """Each word of the query with its idf; 0 for stop words and words of asking."""
        told = [
            (word, span, stem(fold(word)) if terms(word) and fold(word) not in FRAME_WORDS else "")
            for word, span in words(asked.text)
        ]
        stems = sorted({stemmed for _, _, stemmed in told} - {""})
        idf = dict(zip(stems, self._idf(stems), strict=True))
        return [(word, span, idf.get(stemmed, 0.0)) for word, span, stemmed in told]

    def _sentences(
        self,
        query: late.QueryTokens | None,
        asked: Query,
        paper: Paper,
        group: Sequence[_Candidate],
    ) -> tuple[Sentence, ...]:
        """The sentences of the chunks found, in text order, each with its best score."""
        scores: dict[Span, float] = {}
        for candidate in group:
            if query is None or candidate.best is None:
                pairs = _overlaps(asked, paper, candidate.sentences)
            else:
                values = late.sentence_scores(query, candidate.best)
                pairs = zip(candidate.sentences, map(float, values), strict=True)
            for span, value in pairs:
                if span[0] < span[1]:
                    scores[span] = max(value, scores.get(span, -1.0))
        return tuple(Sentence(span, scores[span]) for span in sorted(scores))


def _words_met(
    worth: Sequence[tuple[str, Span, float]],
    encoding: Encoding | None,
    paper: Paper,
    group: Sequence[_Candidate],
) -> tuple[WordMatch, ...]:
    has = paper_terms(paper)
    tables = [c.best.max(axis=1) for c in group if c.best is not None]
    best = np.max(tables, axis=0) if tables else None
    met = []
    for word, (start, end), idf in worth:
        cosine = 0.0
        if best is not None and encoding is not None:
            inside = (encoding.spans[:, 0] >= start) & (encoding.spans[:, 1] <= end)
            cosine = float(best[inside].mean()) if inside.any() else 0.0
        parts = terms(word, keep_stop_words=True)
        met.append(WordMatch(word, (start, end), idf, all(p in has for p in parts), cosine))
    return tuple(met)


def paper_terms(paper: Paper) -> frozenset[str]:
    """Every index term of what is known of a paper: title, text, people, places, dates."""
    known = [paper.name, paper.text, paper.category or "", paper.venue or "", str(paper.year or "")]
    known += [authorship.name for authorship in paper.authorships]
    known += [*paper.affiliations, *paper.links]
    joined = " \n ".join(known)
    return frozenset(index_terms(joined)) | frozenset(terms(joined, keep_stop_words=True))


def _plain_candidate(
    chunk: Chunk, asked: Query, lexical: Mapping[str, float], dense: Mapping[str, float]
) -> _Candidate:
    signals = {
        "dense": dense.get(chunk.chunk_id, 0.0),
        "lexical": lexical.get(chunk.chunk_id, 0.0),
    }
    offset = chunk.span[0]
    spans = tuple((a + offset, b + offset) for a, b in sentences(chunk.text))
    return _Candidate(chunk, spans, signals, None)


def _overlaps(asked: Query, paper: Paper, spans: Iterable[Span]) -> Iterable[tuple[Span, float]]:
    """Share of the query's terms that each sentence has."""
    wanted = set(asked.terms)
    for start, end in spans:
        yield (start, end), len(wanted & set(index_terms(paper.text[start:end]))) / len(wanted or "-")


def _token_matrix(chunk: Chunk, text: str, encoding: Encoding) -> late.TokenMatrix:
    """The chunk's tokens cut at sentence borders; those of the heading count as one sentence."""
    from rag.chunking import text_offset

    offset = text_offset(chunk)
    left, right = chunk.span
    spans = [s for s in sentences(text[left:right])] if right > left else []
    borders = [offset + a for a, _ in spans]
    owners = np.searchsorted(np.array(borders), encoding.spans[:, 0], side="right") - 1
    vectors = _unit(encoding.tokens) if len(encoding) else np.zeros((1, len(encoding.vector)))
    owners = owners if len(encoding) else np.array([-1])
    starts = np.flatnonzero(np.concatenate(([True], np.diff(owners) != 0)))
    held = tuple(
        (spans[o][0] + left, spans[o][1] + left) if o >= 0 else (left, left) for o in owners[starts]
    )
    peaks = np.maximum(np.abs(vectors).max(axis=1), 1e-6)
    values = np.rint(vectors / peaks[:, None] * 127).astype(np.int8)
    return late.TokenMatrix(values, (peaks / 127).astype(np.float32), starts, held)


def _unit(vectors: late.Matrix) -> late.Matrix:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: late.Matrix = (vectors / np.maximum(norms, 1e-9)).astype(np.float32)
    return unit


def _json(values: Iterable[str]) -> str:
    import json

    return json.dumps(sorted(values))

