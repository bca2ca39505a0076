"""The retriever: takes candidates from the lexical index and the vectors, and rescores each."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from threading import Lock
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rag.library import Library
from rag.library.chunking import get_sentences, get_text_offset
from rag.library.naming import is_made_up
from rag.library.token_vector_store import StoredEncoding
from rag.search import families, fusion, late, thesaurus
from rag.search.acronyms import (
    extract_acronyms,
    find_expansions,
    has_long_form,
    is_measure,
    is_part,
)
from rag.search.expected_words import estimate_expected
from rag.search.query import (
    FRAME_WORDS,
    AnalysedQuery,
    compute_token_weights,
    parse_query,
    spans_in,
)
from rag.text import extract_terms, fold, iter_words, split_terms
from rag.text.analysis import is_without_spaces
from rag.types import (
    Chunk,
    Paper,
    PaperHit,
    Retrieval,
    Sentence,
    SentenceRole,
    Span,
    WordMatch,
)
from rag.types.cancellation import heed, heeded
from rag.types.ports import Lexical, Vectors
from rag.types.token_vectors import CompressedTokens, DocumentTokens, Encoding

FloatArray = NDArray[np.float64]

CANDIDATES = 100
"""Chunks taken from the lexical index and from the vectors, each."""
MOST_SCORED = 300
BM25_K1 = 1.2
"""The k1 of the lexical index; a term's weight in a chunk stays below idf * (k1 + 1)."""
CACHED_CHUNKS = 400
READ_CHARS = 1_000
"""Characters of a query that late interaction reads; with 4,000, every chunk took a second. Lexical
search reads them all."""
N_WORD_MATCHES = 10
"""Best papers of a retrieval that get word matches: those that a second stage may put first."""
FIELD_BOOSTS: Mapping[str, float] = {"body": 1.0, "names": 1.0}


class Searchable(Protocol):
    """The indexes in use; see `rag.ingest.indexing.Indexes`."""

    @property
    def vectors(self) -> Vectors: ...
    @property
    def lexical(self) -> Lexical: ...


class QueryEmbedder(Protocol):
    """The part of LangChain's ``Embeddings`` that a question needs."""

    def embed_query(self, text: str) -> list[float]: ...


@runtime_checkable
class TokenEmbedder(Protocol):
    """What late interaction needs of an embedder: `match` is a `late.Match`."""

    def encode_query(self, text: str) -> Encoding: ...
    def compress(self, encoding: Encoding) -> CompressedTokens: ...
    def narrow(self, tokens: CompressedTokens) -> CompressedTokens: ...
    def match(self, queries: late.Matrix, tokens: DocumentTokens) -> late.Matrix: ...


@dataclass(frozen=True, slots=True, eq=False)
class _Wording:
    """One wording of the question, prepared for the signals; the last two for late interaction."""

    query: AnalysedQuery
    vector: late.Matrix
    spans: Sequence[Span] = ()
    tokens: late.QueryTokens | None = None


class _WordWeight(NamedTuple):
    """A word of the question, what it weighs in this library, and how surely an answering paper has it."""

    word: str
    span: Span
    idf: float
    expected: float


@dataclass(frozen=True, slots=True, eq=False)
class _Tried:
    """The scores of all chunks for one wording: arrays with one value a chunk, in order.

    ``sentences`` and ``best`` (as in `late.LateScores`) take the index of a chunk.
    """

    wording: _Wording
    signals: Mapping[str, FloatArray]
    scores: FloatArray
    sentences: Callable[[int], tuple[Span, ...]]
    best: Callable[[int], late.Matrix | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A chunk with the wording that fits it best, and its index among all."""

    chunk: Chunk
    at: int
    score: float
    tried: _Tried

    @property
    def wording(self) -> _Wording:
        return self.tried.wording

    @property
    def sentences(self) -> tuple[Span, ...]:
        return self.tried.sentences(self.at)

    @property
    def best(self) -> late.Matrix | None:
        return self.tried.best(self.at)

    @property
    def signals(self) -> dict[str, float]:
        return {name: float(values[self.at]) for name, values in self.tried.signals.items()}


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
        self._cache: OrderedDict[str, late.TokenMatrix] = OrderedDict()
        self._guard = Lock()

    def retrieve(
        self, query: str, k: int = 20, *, within: Collection[str] | None = None
    ) -> Retrieval:
        """The k best papers for a query, best first; equal scores by paper id.

        A query in everyday words is also tried in the library's own (`rag.search.thesaurus`); a
        chunk counts by the wording that fits it better.

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
        if not analysed_query.clauses or nothing or self._library.is_empty:
            return Retrieval(query, ())
        index, vectors = self._indexes.lexical, self._indexes.vectors
        rewriting = thesaurus.convert_to_research_terms(query, index.count_documents)
        wordings = [self._build_wording(analysed_query, index)]
        if rewriting:
            wordings.append(self._build_wording(parse_query(rewriting.text), index))
        lexical = [self._compute_lexical_signals(w.query, index, within) for w in wordings]
        dense = [self._compute_dense_signals(w.vector, vectors, within) for w in wordings]
        if within is None or len(within) > self._most_scored:
            chunks = self._library.list_chunks(sorted(set().union(*lexical, *dense)))
            if within is not None:
                chunks = [chunk for chunk in chunks if chunk.paper_id in within]
        else:
            chunks = self._library.list_chunks_of(within)
        heed()
        if self._tokens is None:
            tried = [
                _match_without_tokens(chunks, *of)
                for of in zip(wordings, lexical, dense, strict=True)
            ]
        else:
            loaded = self._load_matrices(chunks, self._tokens)
            asking = [w.tokens for w in wordings if w.tokens]
            scores = late.score(asking, loaded, self._tokens.match)
            tried = [
                _match_with_tokens(chunks, loaded, *of)
                for of in zip(wordings, scores, lexical, strict=True)
            ]
        candidates = _choose_wordings(chunks, tried)
        word_weights = _compute_word_weights(analysed_query, index, wordings[0])
        return self._join(analysed_query, tried[0], candidates, k, rewriting, word_weights)

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
        return _Wording(
            analysed_query,
            encoding.vector,
            spans,
            build_query_tokens(analysed_query, encoding.tokens, spans, index),
        )

    # --- signals ------------------------------------------------------------------------------

    def _compute_lexical_signals(
        self, analysed_query: AnalysedQuery, index: Lexical, within: Collection[str] | None
    ) -> dict[str, float]:
        """BM25 as a share of what the query's terms could reach, by chunk id."""
        if not analysed_query.terms:
            return {}
        reach = sum(_compute_idf(analysed_query.terms, index)) * (BM25_K1 + 1)
        are_few = within is not None and len(within) <= self._most_scored
        k = max(CANDIDATES, index.count()) if are_few else CANDIDATES
        hits = index.find_chunks(analysed_query.terms, k, FIELD_BOOSTS, within)
        return {chunk_id: score / reach for chunk_id, _, score in hits}

    def _compute_dense_signals(
        self, vector: late.Matrix, vectors: Vectors, within: Collection[str] | None
    ) -> dict[str, float]:
        """Cosine by chunk id."""
        if within is not None and len(within) > self._most_scored:
            n = vectors.count()
            wider = math.ceil(2 * CANDIDATES * self._library.n_papers / len(within))
            return dict(vectors.query(vector.tolist(), min(n, wider)))
        where = None if within is None else {"paper_id": {"$in": sorted(within)}}
        return dict(vectors.query(vector.tolist(), CANDIDATES, where))

    # --- chunks and papers --------------------------------------------------------------------

    def _load_matrices(
        self, chunks: Sequence[Chunk], embedder: TokenEmbedder
    ) -> list[late.TokenMatrix]:
        """The token matrix of each chunk, from the cache if it is there."""
        with self._guard:
            missing = [c for c in chunks if c.chunk_id not in self._cache]
            encodings = self._library.list_encodings([c.chunk_id for c in missing])
            for chunk, encoding in zip(missing, encodings, strict=True):
                # Of an older version, until the next ingest.
                if isinstance(encoding, Encoding):
                    tokens = embedder.compress(encoding)
                else:
                    tokens = embedder.narrow(encoding.tokens)
                encoding = StoredEncoding(encoding.vector, tokens)
                self._cache[chunk.chunk_id] = build_token_matrix(chunk, encoding)
            matrices = [self._cache[c.chunk_id] for c in chunks]
            while len(self._cache) > CACHED_CHUNKS:
                self._cache.popitem(last=False)
        return matrices

    def _join(
        self,
        analysed_query: AnalysedQuery,
        typed: _Tried,
        candidates: Sequence[_Candidate],
        k: int,
        rewriting: thesaurus.Rewriting | None,
        word_weights: Sequence[_WordWeight],
    ) -> Retrieval:
        """A paper scores as its best chunk; its sentences come from all chunks that were found."""
        by_paper: dict[str, list[_Candidate]] = defaultdict(list)
        for candidate in sorted(candidates, key=lambda c: (-c.score, c.chunk.chunk_id)):
            by_paper[candidate.chunk.paper_id].append(candidate)
        order = sorted(by_paper, key=lambda paper_id: (-by_paper[paper_id][0].score, paper_id))
        word_forms = _list_word_forms(word_weights, rewriting)
        spelt = find_expansions(analysed_query.text)
        hits = []
        signals = _compute_signals([c for paper_id in order[:k] for c in by_paper[paper_id]])
        for rank, paper in enumerate(heeded(self._library.list_papers(order[:k])), 1):
            group = by_paper[paper.paper_id]
            met: tuple[WordMatch, ...] = ()
            if rank <= N_WORD_MATCHES:
                own_items = extract_acronyms(paper)
                short = [span for acronym, span in spelt if acronym in own_items]
                met = _match_words(word_weights, word_forms, short, typed, paper, group)
            best = group[0]
            ranked = _merge_sentences(paper, group, signals)
            hits.append(PaperHit(paper, best.score, rank, ranked, best.signals, met))
        return Retrieval(analysed_query.text, tuple(hits))


def _compute_idf(stems: Sequence[str], index: Lexical) -> list[float]:
    """BM25's idf of each term: ln(1 + (N - n + .5) / (n + .5))."""
    n_chunks = index.count()
    body = index.count_documents(stems)
    names = index.count_documents(stems, "names")
    counts = [max(body[term], names[term]) for term in stems]
    return [math.log(1 + (n_chunks - n + 0.5) / (n + 0.5)) for n in counts]


def build_query_tokens(
    analysed_query: AnalysedQuery, vectors: late.Matrix, spans: Sequence[Span], index: Lexical
) -> late.QueryTokens:
    stems = {term for term in extract_terms(analysed_query.text)}
    idf = dict(zip(sorted(stems), _compute_idf(sorted(stems), index), strict=True))
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


def _compute_word_weights(
    analysed_query: AnalysedQuery, index: Lexical, typed: _Wording
) -> list[_WordWeight]:
    """Each word of the query with its idf, which is 0 for stop words and words of asking."""
    word_terms = [
        (word, span, () if fold(word) in FRAME_WORDS else extract_terms(word))
        for word, span in iter_words(analysed_query.text)
    ]
    all_terms = sorted({term for _, _, of_word in word_terms for term in of_word})
    idf = dict(zip(all_terms, _compute_idf(all_terms, index), strict=True))
    words = [(word, span) for word, span, _ in word_terms]
    vectors = typed.tokens.vectors if typed.tokens else None
    expected = estimate_expected(analysed_query, words, typed.spans, vectors)
    return [
        _WordWeight(word, span, sum(idf[term] for term in of_word), p)
        for (word, span, of_word), p in zip(word_terms, expected, strict=True)
    ]


def _choose_wordings(chunks: Sequence[Chunk], tried: Sequence[_Tried]) -> list[_Candidate]:
    """Each chunk in the wording that fits it best, the first of equals."""
    scores = np.stack([wording.scores for wording in tried])
    choice = scores.argmax(axis=0).tolist()
    best = scores.max(axis=0).tolist()
    return [
        _Candidate(chunk, at, score, tried[chosen])
        for at, (chunk, score, chosen) in enumerate(zip(chunks, best, choice, strict=True))
    ]


def _match_with_tokens(
    chunks: Sequence[Chunk],
    loaded: Sequence[late.TokenMatrix],
    wording: _Wording,
    late_scores: late.LateScores,
    lexical: Mapping[str, float],
) -> _Tried:
    """Candidates by late interaction, cosine and words."""
    vectors = np.array([tokens.vector for tokens in loaded]).reshape(len(loaded), -1)
    signals: dict[str, FloatArray] = {
        "late": late_scores.late.astype(np.float64),
        "local": late_scores.local.astype(np.float64),
        "dense": (vectors @ wording.vector if len(loaded) else np.zeros(0)).astype(np.float64),
        "lexical": np.array([lexical.get(chunk.chunk_id, 0.0) for chunk in chunks]),
    }
    scores = fusion.fuse(signals, fusion.WITH_TOKENS)
    return _Tried(wording, signals, scores, lambda at: loaded[at].sentences, late_scores.get_best)


def _match_without_tokens(
    chunks: Sequence[Chunk],
    wording: _Wording,
    lexical: Mapping[str, float],
    dense: Mapping[str, float],
) -> _Tried:
    """Candidates by cosine and words, for embedders without token vectors."""
    signals = {
        "dense": np.array([dense.get(chunk.chunk_id, 0.0) for chunk in chunks]),
        "lexical": np.array([lexical.get(chunk.chunk_id, 0.0) for chunk in chunks]),
    }

    def get_spans(at: int) -> tuple[Span, ...]:
        offset = chunks[at].span[0]
        return tuple((a + offset, b + offset) for a, b in get_sentences(chunks[at]))

    scores = fusion.fuse(signals, fusion.WITHOUT_TOKENS)
    return _Tried(wording, signals, scores, get_spans, lambda at: None)


def _compute_signals(candidates: Sequence[_Candidate]) -> dict[str, list[dict[str, float]]]:
    """The signals of the sentences of each candidate with token vectors, by chunk id."""
    of_wordings: dict[int, list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        if candidate.best is not None and candidate.wording.tokens is not None:
            of_wordings[id(candidate.wording)].append(candidate)
    signals = {}
    for group in of_wordings.values():
        tokens = group[0].wording.tokens
        assert tokens is not None
        spans = [span for candidate in group for span in candidate.sentences]
        cuts = np.cumsum([0, *(len(candidate.sentences) for candidate in group)])
        best = np.concatenate([c.best for c in group if c.best is not None], axis=1)
        heading = np.array([start == end for start, end in spans])
        table = late.compute_sentence_signals(tokens, best, heading, cuts)
        rows = [
            dict(zip(table, row, strict=True))
            for row in zip(*(values.tolist() for values in table.values()), strict=True)
        ]
        for candidate, start, end in zip(group, cuts.tolist(), cuts[1:].tolist(), strict=False):
            signals[candidate.chunk.chunk_id] = rows[start:end]
    return signals


def _merge_sentences(
    paper: Paper,
    group: Sequence[_Candidate],
    signals_of_chunks: Mapping[str, Sequence[Mapping[str, float]]],
) -> tuple[Sentence, ...]:
    """The sentences of the chunks found, in text order, each with its best score and its role.

    Where the model read none of them, because the heading took all of its room, they score 0.
    """
    scores: dict[Span, float] = {}
    signals: dict[Span, Mapping[str, float]] = {}
    roles: dict[Span, SentenceRole] = {}
    passages: dict[Span, float] = {}
    for candidate in group:  # best first
        roles |= _list_roles(candidate.chunk)
        passages = dict.fromkeys(candidate.sentences, candidate.score) | passages
        rows = signals_of_chunks.get(candidate.chunk.chunk_id)
        if rows is None:
            pairs = list(_compute_overlaps(candidate.wording.query, paper, candidate.sentences))
        else:
            pairs = []
            for span, row in zip(candidate.sentences, rows, strict=True):
                pairs.append((span, row["focus"]))
                if row["focus"] > scores.get(span, -1.0):
                    signals[span] = row
        for span, value in pairs:
            if span[0] < span[1]:
                scores[span] = max(value, scores.get(span, -1.0))
    if not scores:
        offset = group[0].chunk.span[0]
        scores = {(a + offset, b + offset): 0.0 for a, b in get_sentences(group[0].chunk)}
    return tuple(
        Sentence(
            span, scores[span], roles.get(span), signals.get(span, {}), passages.get(span, 0.0)
        )
        for span in sorted(scores)
    )


def _list_roles(chunk: Chunk) -> dict[Span, SentenceRole]:
    """The roles of a chunk's sentences, by their spans in the paper's text; none where not known."""
    at = chunk.span[0]
    spans = [(start + at, end + at) for start, end in get_sentences(chunk)] if chunk.roles else []
    return dict(zip(spans, chunk.roles or (), strict=True))


def _list_word_forms(
    word_weights: Sequence[_WordWeight], rewriting: thesaurus.Rewriting | None
) -> list[tuple[str, ...]]:
    """Each word as typed, with the research term that it was replaced by, if there is one."""
    replaced = rewriting.replaced if rewriting else ()
    starts = [start for (start, _), _ in replaced]
    word_forms: list[tuple[str, ...]] = []
    for word, (start, end), *_ in word_weights:
        at = bisect_right(starts, start) - 1
        inside = at >= 0 and end <= replaced[at][0][1]
        word_forms.append((word, replaced[at][1]) if inside else (word,))
    return word_forms


def _match_words(
    word_weights: Sequence[_WordWeight],
    word_forms: Sequence[Sequence[str]],
    short: Sequence[Span],
    typed: _Tried,
    paper: Paper,
    group: Sequence[_Candidate],
) -> tuple[WordMatch, ...]:
    """How the paper meets each word as typed; a word's research term counts as the word.

    So does the acronym of a phrase (``short`` are the spans of those that this paper has), and a word
    that the paper joins with its neighbour: ``palm print`` is met by ``palmprint``.

    How near it comes to a word is of the question as typed, though another wording found the paper: "do
    husbands of gamblers suffer?" was declined, because every word of it counted as far from everything.
    """
    has = extract_paper_terms(paper)
    best_of_chunks = (typed.best(candidate.at) for candidate in group)
    tables = [best.max(axis=1) for best in best_of_chunks if best is not None]
    best = np.max(tables, axis=0) if tables else None
    words = [word for word, *_ in word_weights]
    joined = {
        at + side
        for at, (first, second) in enumerate(pairwise(words))
        if first.isalpha() and second.isalpha() and not has.isdisjoint(_list_terms(first + second))
        for side in (0, 1)
    }
    met = []
    for at, ((word, (start, end), idf, expected), forms) in enumerate(
        zip(word_weights, word_forms, strict=True)
    ):
        inside = spans_in(typed.wording.spans, (start, end))
        cosine = (
            float(best[inside.start : inside.stop].mean()) if best is not None and inside else 0.0
        )
        is_found = any(has.issuperset(_list_terms(s, keep_stop_words=True)) for s in forms)
        # A name in capitals has no family; yet a paper on Swedish gamblers is on Sweden.
        has_family = word.islower() or families.is_place(word)
        is_found = is_found or (has_family and families.has_relative(word, has))
        is_found = is_found or any(a <= start and end <= b for a, b in short)
        is_found = is_found or is_part(word, paper) or has_long_form(word, has) or at in joined
        is_found = is_found or is_measure(word, paper)
        is_found = is_found or (is_without_spaces(word) and word in f"{paper.name} {paper.text}")
        met.append(WordMatch(word, (start, end), idf, is_found, cosine, expected))
    return tuple(met)


@lru_cache(maxsize=2_000)  # a question's words are looked for in paper after paper
def _list_terms(text: str, *, keep_stop_words: bool = False) -> tuple[str, ...]:
    return tuple(extract_terms(text, keep_stop_words=keep_stop_words))


@lru_cache(maxsize=2_000)
def extract_paper_terms(paper: Paper) -> frozenset[str]:
    """Every index term of what is known of a paper: title, text, people, places, dates."""
    known = [paper.name, paper.text, paper.category or "", paper.venue or "", str(paper.year or "")]
    known += [authorship.name for authorship in paper.authorships]
    known += [*paper.affiliations, *paper.links]
    return extract_text_terms(" \n ".join(known))


def extract_text_terms(text: str) -> frozenset[str]:
    """The index terms of a text, those of stop words too."""
    return frozenset(split_terms(text)) | frozenset(extract_terms(text, keep_stop_words=True))


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


def build_token_matrix(chunk: Chunk, encoding: StoredEncoding) -> late.TokenMatrix:
    """The chunk's tokens cut at sentence borders; those of the heading count as one sentence."""
    offset, text_start = get_text_offset(chunk), chunk.span[0]
    spans = get_sentences(chunk)
    borders = np.array([offset + start for start, _ in spans])
    tokens = encoding.tokens
    owners = np.searchsorted(borders, tokens.starts, side="right") - 1
    if not len(tokens.ids):  # a text without tokens matches nothing
        tokens = CompressedTokens(
            ids=np.zeros(1, np.uint16),
            starts=np.zeros(1, np.int32),
            scales=np.zeros(1, np.float32),
            packed=np.zeros((1, tokens.packed.shape[1]), np.uint8),
        )
        owners = np.array([-1])
    starts = np.flatnonzero(np.concatenate(([True], np.diff(owners) != 0)))
    token_spans = tuple(
        (spans[o][0] + text_start, spans[o][1] + text_start) if o >= 0 else (text_start, text_start)
        for o in owners[starts]
    )
    return late.TokenMatrix(encoding.vector, tokens, starts, token_spans)


def build_plain_matrix(chunk: Chunk, encoding: Encoding) -> late.TokenMatrix:
    """The same of token vectors that no embedder keeps small, for `late.match_floats`."""
    tokens = np.ascontiguousarray(encoding.tokens, np.float32)
    packed = tokens.view(np.uint8).reshape(len(tokens), 4 * len(encoding.vector))
    ones = np.ones(len(tokens), np.float32)
    plain = CompressedTokens(encoding.ids, encoding.spans[:, 0], ones, packed)
    return build_token_matrix(chunk, StoredEncoding(encoding.vector, plain))


def _normalize_rows(vectors: late.Matrix) -> late.Matrix:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: late.Matrix = (vectors / np.maximum(norms, 1e-9)).astype(np.float32)
    return unit
