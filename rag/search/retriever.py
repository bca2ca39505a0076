"""The retriever: takes candidates from the lexical index and the vectors, and rescores each."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rag.library import Library
from rag.library.naming import is_made_up
from rag.library.token_vector_store import decode_vector
from rag.search import fusion, late, thesaurus
from rag.search.candidates import (
    Candidates,
    PlainCandidates,
    load_candidates,
    load_candidates_of,
)
from rag.search.query import (
    AnalysedQuery,
    compute_token_weights,
    parse_query,
    spans_in,
)
from rag.search.word_matches import WordMatcher, compute_idf
from rag.text import extract_terms, iter_words, split_terms
from rag.types import (
    Paper,
    PaperHit,
    Retrieval,
    Sentence,
    SentenceRole,
    Span,
)
from rag.types.cancellation import heed, heeded
from rag.types.errors import LibraryEmpty
from rag.types.ports import Lexical, TermCounts, VectorSearch
from rag.types.token_vectors import CompressedTokens, DocumentTokens, Encoding

FloatArray = NDArray[np.float64]
Matrix = NDArray[np.float32]

CANDIDATES = 100
"""Chunks taken from the lexical index and from the vectors, each."""
MOST_SCORED = 300
BM25_K1 = 1.2
"""The k1 of the lexical index; a term's weight in a chunk stays below idf * (k1 + 1)."""
READ_CHARS = 1_000
"""Characters of a query that late interaction reads; with 4,000, every chunk took a second. Lexical
search reads them all."""
N_WORD_MATCHES = 10
"""Best papers of a retrieval that get word matches: those that a second stage may put first."""
FIELD_BOOSTS: Mapping[str, float] = {"body": 1.0, "names": 1.0}


class Searchable(Protocol):
    """The indexes in use; see `rag.ingest.indexing.Indexes`."""

    def open(self) -> tuple[Lexical, VectorSearch]: ...


class QueryEmbedder(Protocol):
    """The part of LangChain's ``Embeddings`` that a question needs."""

    def embed_query(self, text: str) -> list[float]: ...


@runtime_checkable
class TokenEmbedder(Protocol):
    """What late interaction needs of an embedder: `match` is a `late.Match`.

    ``adapt`` gives vectors and weights of a question's tokens as they are to be matched.
    """

    def encode_query(self, text: str) -> Encoding: ...
    def compress(self, encoding: Encoding) -> CompressedTokens: ...
    def narrow(self, tokens: CompressedTokens) -> CompressedTokens: ...
    def adapt(
        self, vectors: late.Matrix, weights: late.Matrix
    ) -> tuple[late.Matrix, late.Matrix]: ...
    def match(self, queries: late.Matrix, tokens: DocumentTokens) -> late.Matrix: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Wording:
    """One wording of the question, prepared for the signals; the last three for late interaction.

    ``typed`` are the token vectors before the embedder adapts them, of length 1.
    """

    query: AnalysedQuery
    vector: late.Matrix
    spans: Sequence[Span] = ()
    tokens: late.QueryTokens | None = None
    typed: Matrix | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """The scores of all candidates for one wording: arrays with one value a candidate, in order.

    ``late`` is None without token vectors.
    """

    wording: _Wording
    signals: Mapping[str, FloatArray]
    scores: FloatArray
    late: late.LateScores | None = None

    def get_signals(self, at: int) -> dict[str, float]:
        return {name: float(values[at]) for name, values in self.signals.items()}


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """All candidates, each read in the wording that fits it best and scored in all.

    Attributes:
        table: Their tokens; None without token vectors.
        choice: (n,) index of the wording in ``tried``, the first of equals.
        scores: (n,) by the mean over the wordings.
    """

    candidates: Candidates
    table: late.TokenTable | None
    tried: Sequence[_Tried]
    choice: Sequence[int]
    scores: Sequence[float]

    def get_tried(self, at: int) -> _Tried:
        return self.tried[self.choice[at]]

    def list_read(self, at: int) -> list[Span]:
        """The sentences of a candidate that are scored, the heading, which is empty, among them."""
        if self.table is None:
            return self.candidates.list_sentences(at)
        own = self.table.spans[self.table.cuts[at] : self.table.cuts[at + 1]]
        return [(a, b) for a, b in own.tolist()]


class Retriever:
    """Finds papers for a question.

    Args:
        library: Papers, chunks and their encodings.
        indexes: Lexical index and vectors.
        embedder: The one of the vectors; without late interaction if it is no `TokenEmbedder`.
        most_scored: Up to so many papers of a restriction are all scored; of more, only candidates.
    """

    def __init__(
        self,
        library: Library,
        indexes: Searchable,
        embedder: QueryEmbedder,
        most_scored: int = MOST_SCORED,
    ) -> None:
        self._most_scored = most_scored
        self._library, self._indexes, self._embedder = library, indexes, embedder
        self._tokens = embedder if isinstance(embedder, TokenEmbedder) else None

    def retrieve(
        self, query: str, k: int = 20, *, within: Collection[str] | None = None
    ) -> Retrieval:
        """The k best papers for a query, best first; equal scores by paper id.

        A query in everyday words is also tried in the library's own (`rag.search.thesaurus`); a
        chunk counts by the mean of both.

        Args:
            query: Any text; without words it finds nothing.
            k: 1 or more.
            within: Paper ids to choose from, none of them finds nothing; None: all. Of a few, all
                are scored; of many, those that words or vectors find among some more candidates.
        """
        heed()
        analysed_query = parse_query(query)
        within = None if within is None else frozenset(within)
        nothing = within is not None and not within
        if not analysed_query.clauses or nothing:
            return Retrieval(query, ())
        try:
            index, vectors = self._indexes.open()
        except LibraryEmpty:
            return Retrieval(query, ())
        with self._library.open_snapshot():
            return self._rank(analysed_query, k, within, index, vectors)

    def _rank(
        self,
        analysed_query: AnalysedQuery,
        k: int,
        within: frozenset[str] | None,
        index: Lexical,
        vectors: VectorSearch,
    ) -> Retrieval:
        query = analysed_query.text
        rewriting = thesaurus.convert_to_research_terms(query, index.count_documents)
        wordings = [self._build_wording(analysed_query, index)]
        if rewriting:
            wordings.append(self._build_wording(parse_query(rewriting.text), index))
        lexical = [self._compute_lexical_signals(w.query, index, within) for w in wordings]
        dense: list[dict[str, float]] = []
        if not self._are_few(within):  # of these, all vectors are read
            dense = self._compute_dense_signals([w.vector for w in wordings], vectors, within)
        heed()
        scored = (
            self._score_plainly(wordings, lexical, dense, within)
            if self._tokens is None
            else self._score_tokens(self._tokens, wordings, lexical, dense, within)
        )
        if scored is None:
            return Retrieval(query, ())
        first = wordings[0]
        matcher = WordMatcher(analysed_query, index, rewriting, first.spans, first.typed)
        return Retrieval(query, self._join(scored, k, matcher))

    def _build_wording(self, analysed_query: AnalysedQuery, index: Lexical) -> _Wording:
        if self._tokens is None:
            return _Wording(
                analysed_query,
                np.array(self._embedder.embed_query(analysed_query.text), np.float32),
            )
        encoding = self._tokens.encode_query(analysed_query.text[:READ_CHARS])
        if not len(encoding.tokens):  # it begins with signs that the model does not read
            encoding = self._tokens.encode_query(analysed_query.text)
        spans = [(int(start), int(end)) for start, end in encoding.spans]
        plain = build_query_tokens(analysed_query, encoding.tokens, spans, index)
        vectors, weights = self._tokens.adapt(plain.vectors, plain.weights)
        adapted = replace(plain, vectors=vectors, weights=weights)
        return _Wording(analysed_query, encoding.vector, spans, adapted, plain.vectors)

    # --- signals ------------------------------------------------------------------------------

    def _compute_lexical_signals(
        self, analysed_query: AnalysedQuery, index: Lexical, within: Collection[str] | None
    ) -> dict[str, float]:
        """BM25 as a share of what the query's terms could reach, by chunk id."""
        if not analysed_query.terms:
            return {}
        reach = sum(compute_idf(analysed_query.terms, index)) * (BM25_K1 + 1)
        are_few = within is not None and len(within) <= self._most_scored
        k = max(CANDIDATES, index.count()) if are_few else CANDIDATES
        hits = index.find_chunks(analysed_query.terms, k, FIELD_BOOSTS, within)
        return {chunk_id: score / reach for chunk_id, _, score in hits}

    def _compute_dense_signals(
        self,
        asked: Sequence[late.Matrix],
        vectors: VectorSearch,
        within: Collection[str] | None,
    ) -> list[dict[str, float]]:
        """Cosine by chunk id of the nearest; of many papers, of some more, as few of them may be of these."""
        k = CANDIDATES
        if within is not None:
            wider = math.ceil(2 * CANDIDATES * self._library.n_papers / len(within))
            k = max(1, min(vectors.count(), wider))
        return [dict(found) for found in vectors.query(np.stack(asked), k)]

    def _compute_cosines(self, vector: late.Matrix, chunk_ids: Sequence[str]) -> dict[str, float]:
        """Cosine of each chunk, by id."""
        stored = self._library.list_vectors(chunk_ids, self._library.index_state.embedder)
        rows = _normalize_rows(np.stack([decode_vector(stored[i]) for i in chunk_ids]))
        return dict(zip(chunk_ids, (rows @ _normalize_rows(vector[None])[0]).tolist(), strict=True))

    # --- chunks and papers --------------------------------------------------------------------

    def _score_tokens(
        self,
        embedder: TokenEmbedder,
        wordings: Sequence[_Wording],
        lexical: Sequence[Mapping[str, float]],
        dense: Sequence[Mapping[str, float]],
        within: frozenset[str] | None,
    ) -> _Scored | None:
        """Candidates by late interaction, cosine and words; None where there are none."""
        if self._are_few(within):
            candidates = load_candidates_of(self._library, embedder, within or ())
        else:
            ids = set().union(*lexical, *dense)
            candidates = load_candidates(self._library, embedder, ids, within)
        if candidates is None:
            return None
        heed()
        asking = [w.tokens for w in wordings if w.tokens]
        tried = []
        for wording, scores, shares in zip(
            wordings, late.score(asking, candidates.table, embedder.match), lexical, strict=True
        ):
            signals: dict[str, FloatArray] = {
                "late": scores.late.astype(np.float64),
                "local": scores.local.astype(np.float64),
                "dense": (candidates.vectors @ wording.vector).astype(np.float64),
                "lexical": np.array([shares.get(i, 0.0) for i in candidates.chunk_ids]),
            }
            fused = fusion.fuse(signals, fusion.WITH_TOKENS)
            tried.append(_Tried(wording, signals, fused, scores))
        return _choose_wordings(candidates, candidates.table, tried)

    def _score_plainly(
        self,
        wordings: Sequence[_Wording],
        lexical: Sequence[Mapping[str, float]],
        dense: Sequence[Mapping[str, float]],
        within: frozenset[str] | None,
    ) -> _Scored | None:
        """Candidates by cosine and words, for embedders without token vectors."""
        if self._are_few(within):
            chunks = self._library.list_chunks_of(within or ())
        else:
            chunks = self._library.list_chunks(sorted(set().union(*lexical, *dense)))
            chunks = [c for c in chunks if within is None or c.paper_id in within]
        if not chunks:
            return None
        candidates = PlainCandidates(chunks)
        if self._are_few(within):
            dense = [self._compute_cosines(w.vector, candidates.chunk_ids) for w in wordings]
        tried = []
        for wording, shares, cosines in zip(wordings, lexical, dense, strict=True):
            signals: dict[str, FloatArray] = {
                "dense": np.array([cosines.get(i, 0.0) for i in candidates.chunk_ids]),
                "lexical": np.array([shares.get(i, 0.0) for i in candidates.chunk_ids]),
            }
            tried.append(_Tried(wording, signals, fusion.fuse(signals, fusion.WITHOUT_TOKENS)))
        return _choose_wordings(candidates, None, tried)

    def _are_few(self, within: Collection[str] | None) -> bool:
        return within is not None and len(within) <= self._most_scored

    def _join(self, scored: _Scored, k: int, matcher: WordMatcher) -> tuple[PaperHit, ...]:
        """A paper scores as its best chunk; its sentences come from all chunks that were found."""
        candidates, scores = scored.candidates, scored.scores
        by_paper: dict[str, list[int]] = defaultdict(list)
        best_first = sorted(range(len(scores)), key=lambda n: (-scores[n], candidates.chunk_ids[n]))
        for at in best_first:
            by_paper[candidates.paper_ids[at]].append(at)
        order = sorted(by_paper, key=lambda paper_id: (-scores[by_paper[paper_id][0]], paper_id))
        papers = self._library.list_papers(order[:k])
        groups = [by_paper[paper.paper_id] for paper in papers]
        signals = _compute_signals(scored, [at for group in groups for at in group])
        first = groups[:N_WORD_MATCHES]
        nearness = matcher.compute_nearness(_list_best(scored.tried[0].late, first), len(first))
        hits = []
        for rank, (paper, group) in enumerate(zip(heeded(papers), groups, strict=True), 1):
            met = matcher.match(paper, nearness[rank - 1]) if rank <= len(first) else ()
            sentences = _merge_sentences(paper, group, scored, signals)
            own = scored.get_tried(group[0]).get_signals(group[0])
            hits.append(PaperHit(paper, scores[group[0]], rank, sentences, own, met))
        return tuple(hits)


def _list_best(scores: late.LateScores | None, groups: Sequence[Sequence[int]]) -> Matrix | None:
    """(n_query_tokens, n_groups) The greatest cosine of each token in some groups of chunks."""
    if scores is None or not groups:
        return None
    cuts = np.cumsum([0, *map(len, groups)])[:-1]
    chunks = [at for group in groups for at in group]
    best: Matrix = np.maximum.reduceat(scores.by_chunk[:, chunks], cuts, axis=1)
    return best


def build_query_tokens(
    analysed_query: AnalysedQuery, vectors: late.Matrix, spans: Sequence[Span], index: TermCounts
) -> late.QueryTokens:
    stems = {term for term in extract_terms(analysed_query.text)}
    idf = dict(zip(sorted(stems), compute_idf(sorted(stems), index), strict=True))
    weights = np.array(
        compute_token_weights(analysed_query, spans, lambda word: idf.get(word, 0.0)),
        dtype=np.float32,
    )
    starts = np.array([clause[0] for clause in analysed_query.clauses])
    clauses = np.searchsorted(starts, [a for a, _ in spans], side="right") - 1
    names = [place for word, place in iter_words(analysed_query.text) if is_made_up(word)]

    def mark(places: Iterable[Span]) -> NDArray[np.bool_]:
        marks = np.zeros(len(spans), dtype=bool)
        for place in places:
            inside = spans_in(spans, place)
            marks[inside.start : inside.stop] = True
        return marks

    return late.QueryTokens(
        vectors=_normalize_rows(vectors),
        weights=weights / weights.sum(),
        clauses=np.maximum(clauses, 0),
        asking=mark(analysed_query.asking),
        coined=mark(names),
        heads=mark(analysed_query.heads),
        predicates=mark(analysed_query.predicates),
    )


def _choose_wordings(
    candidates: Candidates, table: late.TokenTable | None, tried: Sequence[_Tried]
) -> _Scored:
    """Each chunk in the wording that fits it best, the first of equals; the mean over them orders the chunks.

    The better score alone is too kind to chunks that fit one wrong replacement. All are raised until the first
    has the best score of any wording: how well a library answers is said on the scale of one wording.
    """
    scores = np.stack([wording.scores for wording in tried])
    means = scores.mean(axis=0)
    means += scores.max() - means.max()
    choice = scores.argmax(axis=0)
    return _Scored(candidates, table, tried, choice.tolist(), means.tolist())


def _compute_signals(scored: _Scored, chosen: Sequence[int]) -> dict[int, list[dict[str, float]]]:
    """The signals of the sentences of some candidates; none without token vectors."""
    of_wordings: dict[int, list[int]] = defaultdict(list)
    for at in chosen:
        of_wordings[scored.choice[at]].append(at)
    signals: dict[int, list[dict[str, float]]] = {}
    for number, group in of_wordings.items():
        tried = scored.tried[number]
        tokens, scores, table = tried.wording.tokens, tried.late, scored.table
        if tokens is None or scores is None or table is None:
            continue
        ranges = [np.arange(table.cuts[at], table.cuts[at + 1]) for at in group]
        cuts = np.cumsum([0, *map(len, ranges)])
        inside = np.concatenate(ranges)
        heading = table.spans[inside, 0] == table.spans[inside, 1]
        best = scores.by_sentence[:, inside]
        columns = late.compute_sentence_signals(tokens, best, heading, cuts)
        rows = [
            dict(zip(columns, row, strict=True))
            for row in zip(*(values.tolist() for values in columns.values()), strict=True)
        ]
        for at, start, end in zip(group, cuts.tolist(), cuts[1:].tolist(), strict=False):
            signals[at] = rows[start:end]
    return signals


def _merge_sentences(
    paper: Paper,
    group: Sequence[int],
    scored: _Scored,
    signals_of_chunks: Mapping[int, Sequence[Mapping[str, float]]],
) -> tuple[Sentence, ...]:
    """The sentences of the chunks found, in text order, each with its best score and its role.

    Where the model read none of them, because the heading took all of its room, they score 0.
    """
    scores: dict[Span, float] = {}
    signals: dict[Span, Mapping[str, float]] = {}
    roles: dict[Span, SentenceRole] = {}
    passages: dict[Span, Mapping[str, float]] = {}
    for at in group:  # best first
        if (known := scored.candidates.list_roles(at)) is not None:
            roles |= zip(scored.candidates.list_sentences(at), known, strict=True)
        spans = scored.list_read(at)
        passage = {"score": float(scored.scores[at]), **scored.get_tried(at).get_signals(at)}
        passages = dict.fromkeys(spans, passage) | passages
        rows = signals_of_chunks.get(at)
        if rows is None:
            query = scored.get_tried(at).wording.query
            pairs = list(_compute_overlaps(query, paper, spans))
        else:
            pairs = []
            for span, row in zip(spans, rows, strict=True):
                pairs.append((span, row["focus"]))
                if row["focus"] > scores.get(span, -1.0):
                    signals[span] = row
        for span, value in pairs:
            if span[0] < span[1]:
                scores[span] = max(value, scores.get(span, -1.0))
    if not scores:
        scores = dict.fromkeys(scored.candidates.list_sentences(group[0]), 0.0)
    return tuple(
        Sentence(span, scores[span], roles.get(span), signals.get(span, {}), passages.get(span, {}))
        for span in sorted(scores)
    )


def _compute_overlaps(
    analysed_query: AnalysedQuery, paper: Paper, spans: Iterable[Span]
) -> Iterable[tuple[Span, float]]:
    """Share of the query's terms that each sentence has."""
    wanted = set(analysed_query.terms)
    for start, end in spans:
        yield (
            (start, end),
            len(wanted & set(split_terms(paper.text[start:end]))) / len(wanted or "-"),
        )


def _normalize_rows(vectors: late.Matrix) -> late.Matrix:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: late.Matrix = (vectors / np.maximum(norms, 1e-9)).astype(np.float32)
    return unit
