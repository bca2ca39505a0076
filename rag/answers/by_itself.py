"""Compares single sentences with a question, each embedded by itself.

The stored vectors of a body's tokens were made among those of their whole passage, and say as much of that; by
themselves a sentence and its tokens say what it tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.types import WordMatch
from rag.types.token_vectors import Encoding

Array = NDArray[np.float64]

BY_ITSELF = ("itself", "itself_words", "itself_tokens")
"""Signals of a sentence that was embedded by itself, -1 to 1: its cosine with the question, and the mean over the
question's tokens of the cosine with the nearest of the sentence's, by the idf of their words and all alike."""
_UNKNOWN = 0.05
"""How far a sentence that was not embedded counts below the least of those that were."""


class SentenceEncoder(Protocol):
    """The part of the embedded model that is needed; it keeps the last questions."""

    def encode(self, texts: Sequence[str]) -> list[Encoding]: ...
    def encode_query(self, text: str) -> Encoding: ...


def compare_by_itself(
    question: str, words: Sequence[WordMatch], texts: Sequence[str], encoder: SentenceEncoder
) -> list[dict[str, float]]:
    """The signals of `BY_ITSELF` of each text.

    Args:
        question: Has one token at least.
        words: Its words with their idf; without any that counts, all tokens count alike.
        texts: Sentences, each with one token at least.
        encoder: About 6 ms of processor time a sentence.
    """
    asked = encoder.encode_query(question)
    weights = _weigh_tokens(asked, words)
    signals = []
    for told in encoder.encode(texts):
        nearest = (asked.tokens @ told.tokens.T).max(axis=1)
        values = (told.vector @ asked.vector, nearest @ weights, nearest.mean())
        signals.append(dict(zip(BY_ITSELF, map(float, values), strict=True)))
    return signals


def rate_by_itself(cosines: Sequence[float | None]) -> Array:
    """One signal against the best sentence's, which is 0, of the few that have it; all 0 where none has."""
    known = [cosine for cosine in cosines if cosine is not None]
    if not known:
        return np.zeros(len(cosines))
    least = min(known) - _UNKNOWN
    scores = np.array([least if cosine is None else cosine for cosine in cosines])
    rated: Array = 10 * (scores - scores.max())
    return rated


def _weigh_tokens(asked: Encoding, words: Sequence[WordMatch]) -> Array:
    """(n_tokens,) The idf of the word that each token is of, adding up to 1."""
    starts = np.array([match.span[0] for match in words])
    idf = np.array([match.idf for match in words])
    of_words = np.searchsorted(starts, asked.spans[:, 0], side="right") - 1
    weights = np.where(of_words < 0, 0.0, idf[of_words]) if len(idf) else np.zeros(len(asked))
    total = float(weights.sum())
    return weights / total if total > 0 else np.full(len(asked), 1 / len(asked))
