"""Late interaction: compares the question's tokens with the tokens of candidate chunks.

The score of a chunk is MaxSim (Khattab & Zaharia, ColBERT, SIGIR 2020): every query token is matched
with its nearest document token, and the cosines are summed, weighted by token. The same matrix, split
at sentence borders, scores each sentence; the score `LateScores.local` requires that all tokens of
one clause match within one sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.types.token_vectors import CompressedTokens, DocumentTokens

Matrix = NDArray[np.float32]


Match = Callable[[Matrix, DocumentTokens], Matrix]
"""Query tokens (m, dim) and document tokens -> the greatest cosine of each query token in each sentence,
(m, n_sentences); of the embedder that made them."""


@dataclass(frozen=True, slots=True, eq=False)
class TokenTable:
    """The tokens of some chunks, one chunk after the other.

    Attributes:
        tokens: Of all chunks, cut into sentences; those of a heading count as one sentence.
        cuts: (n + 1,) where each chunk's sentences begin among all, and how many there are.
        spans: (n_sentences, 2) in the papers' texts; an empty one stands for the heading.
    """

    tokens: DocumentTokens
    cuts: NDArray[np.intp]
    spans: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class QueryTokens:
    """The tokens of a query.

    Attributes:
        vectors: (n, dim) float32 of length 1.
        weights: (n,) float32 that add up to 1.
        clauses: (n,) number of each token's clause, from 0.
        asking: (n,) whether the token is part of a question phrase.
        coined: (n,) whether the token is part of a coined name, such as a method's.
        heads: (n,) whether the token says what kind of thing is asked for.
        predicates: (n,) whether the token says what is asked of what the question is about.
    """

    vectors: Matrix
    weights: Matrix
    clauses: NDArray[np.intp]
    asking: NDArray[np.bool_]
    coined: NDArray[np.bool_]
    heads: NDArray[np.bool_]
    predicates: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class LateScores:
    """Scores of all chunks for one query, in the order of the chunks.

    Attributes:
        late: (n,) MaxSim over the whole chunk, -1 to 1.
        local: (n,) MaxSim where the tokens of a clause must match within one sentence, never above
            `late`.
        by_sentence: (n_query_tokens, all sentences) greatest cosine of each query token in each; 0 of one that weighs nothing.
        by_chunk: (n_query_tokens, n) the same in each chunk.
        cuts: (n + 1,) where each chunk's sentences begin in ``by_sentence``, and its width.
    """

    late: Matrix
    local: Matrix
    by_sentence: Matrix
    by_chunk: Matrix
    cuts: NDArray[np.intp]


def match_floats(queries: Matrix, tokens: DocumentTokens) -> Matrix:
    """A `Match` of token vectors that are kept as they are, the bytes of their floats in ``packed``."""
    best: Matrix = np.maximum.reduceat(
        queries @ tokens.packed.view(np.float32).T, tokens.starts, axis=1
    )
    return best


def score(queries: Sequence[QueryTokens], table: TokenTable, match: Match) -> list[LateScores]:
    """Match each query with all chunks, of which there is one at least.

    Tokens of no weight, a third of a question's, are not matched: their cosines are 0.
    """
    weighed = np.concatenate([query.weights > 0 for query in queries])
    vectors = np.concatenate([query.vectors for query in queries])
    by_sentence = np.zeros((len(vectors), len(table.spans)), np.float32)
    by_sentence[weighed] = match(vectors[weighed], table.tokens)
    parts = np.split(by_sentence, np.cumsum([len(q.vectors) for q in queries])[:-1])
    return [
        _build_scores(query, best, table.cuts) for query, best in zip(queries, parts, strict=True)
    ]


def build_table(
    tokens: CompressedTokens,
    vectors: Matrix,
    sizes: NDArray[np.intp],
    begins: NDArray[np.intp],
    sentences: NDArray[np.intp],
    counts: NDArray[np.intp],
    offsets: NDArray[np.intp],
) -> TokenTable:
    """The tokens of some chunks, cut where sentences begin; what stands before the first is the heading.

    A sentence without tokens, which no model has read, is left out.

    Args:
        tokens: Of all chunks, one after the other; ``starts`` count from where each text begins.
        vectors: (n, dim) of the chunks.
        sizes: (n,) tokens of each, one or more.
        begins: (n,) where each chunk's span begins in its paper's text.
        sentences: (n_sentences, 2) spans of all chunks' sentences in the chunks' texts, ascending within each.
        counts: (n,) sentences of each.
        offsets: (n,) where each chunk's text begins in what was embedded, behind the heading.
    """
    n = len(sizes)
    first_tokens = np.cumsum(sizes) - sizes
    of_sentences = np.repeat(np.arange(n), counts)
    # One ascending row of numbers: chunk, then place.
    places = np.repeat(np.arange(n) * _LONGEST, sizes) + tokens.starts
    borders = of_sentences * _LONGEST + offsets[of_sentences] + sentences[:, 0]
    begun = np.searchsorted(places, borders)
    firsts = np.cumsum(counts) - counts
    starts = np.insert(begun, firsts, first_tokens)  # a heading before each chunk's sentences
    is_read = np.diff(starts, append=len(places)) > 0
    spans = np.insert(sentences + begins[of_sentences, None], firsts, begins[:, None], axis=0)
    n_read = np.add.reduceat(is_read, firsts + np.arange(n), dtype=np.intp)
    read_tokens = DocumentTokens(
        tokens.ids, tokens.scales, tokens.packed, vectors, sizes, starts[is_read]
    )
    return TokenTable(read_tokens, np.concatenate([[0], np.cumsum(n_read)]), spans[is_read])


_LONGEST = 1 << 40
"""More than any text has characters."""


def _build_scores(query: QueryTokens, best: Matrix, cuts: NDArray[np.intp]) -> LateScores:
    """Of one query with the sentences of all chunks, which begin at ``cuts``."""
    by_chunk = np.maximum.reduceat(best, cuts[:-1], axis=1)
    late = query.weights @ by_chunk
    clauses = np.unique(query.clauses)
    weights = query.weights * (query.clauses == clauses[:, None])
    local = np.maximum.reduceat(weights @ best, cuts[:-1], axis=1).sum(axis=0)
    return LateScores(late, local, best, by_chunk, cuts)


ASKING_BOOST = 8.0
HEADING_LOSS = 0.8
"""Share of its weight that a token loses if the heading contains it; less for a near match."""
NAMED_LOSS = 0.8
"""Share of its weight that a token of a coined name loses: the sentence that repeats the name of a
method is not the one that answers."""

SENTENCE_SIGNALS = ("focus", "plain", "unsaid", "asking", "head", "predicate", "described", "alone")


def compute_sentence_signals(
    query: QueryTokens, best: Matrix, heading: NDArray[np.bool_], cuts: NDArray[np.intp]
) -> dict[str, Matrix]:
    """(m,) each: how well the sentences of each text fit parts of the query, -1 to 1, higher is better.

    ``plain`` is MaxSim of the whole query. In the others what the heading says too, and coined names,
    count less: they led to the paper and are not what is asked of it. ``unsaid`` takes all tokens,
    ``asking`` those of question phrases, ``head`` those that say what kind of thing is asked for,
    ``predicate`` those that follow what the question is about, ``described`` those of no question phrase; ``focus`` all, those of question phrases and those that tell the sentences
    apart more than others. ``alone`` is how far a sentence leads all others, token by token.

    Args:
        query: Its tokens are the rows of ``best``.
        best: (n_query_tokens, m) as in `LateScores`, of all texts: one by one would take longer.
        heading: (m,) which of the sentences stand for the heading.
        cuts: (n + 1,) where each text's sentences begin, at least one each, and ``m``.
    """
    if not best.shape[1]:
        return {name: np.zeros(0, np.float32) for name in SENTENCE_SIGNALS}
    starts, owners = cuts[:-1], np.repeat(np.arange(len(cuts) - 1), np.diff(cuts))
    top = np.maximum.reduceat(best, starts, axis=1)
    headings = np.maximum.reduceat(np.where(heading, best.clip(0, 1), 0), starts, axis=1)
    named = (query.weights * (1 - NAMED_LOSS * query.coined))[:, None]
    unsaid = named * (1 - HEADING_LOSS * headings**2)
    contrast = np.sqrt(
        np.maximum(top - np.add.reduceat(best, starts, axis=1) / np.diff(cuts), 1e-4)
    )

    def take(marks: NDArray[np.bool_]) -> Matrix:
        part = unsaid * marks[:, None]
        taken: Matrix = np.where(part.any(axis=0), part, unsaid)
        return taken

    parts = {
        "focus": unsaid * (1 + ASKING_BOOST * query.asking)[:, None] * contrast,
        "plain": np.broadcast_to(query.weights[:, None], top.shape),
        "unsaid": unsaid,
        "asking": take(query.asking),
        "head": take(query.heads),
        "predicate": take(query.predicates),
        "described": take(~query.asking),
    }
    signals = {
        name: np.einsum("ts,ts->s", weights[:, owners], best) / weights.sum(axis=0)[owners]
        for name, weights in parts.items()
    }
    leads = best >= top[:, owners]
    others = np.maximum.reduceat(np.where(leads, -np.inf, best), starts, axis=1)
    is_alone = (np.add.reduceat(leads, starts, axis=1, dtype=np.intp) == 1) & np.isfinite(others)
    lead = np.where(leads & is_alone[:, owners], best - others[:, owners], 0)
    alone = np.einsum("ts,ts->s", unsaid[:, owners], lead) / unsaid.sum(axis=0)[owners]
    return signals | {"alone": alone}
