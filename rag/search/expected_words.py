"""How surely a paper that answers a question has each of its words.

*Can deepfake detectors be fooled? I write for a newspaper.* is answered without "newspaper", most likely
without "fooled", hardly without "detectors". A small network on the vectors of a question's tokens knows; `eval/train/expected_words.py` fits it to questions whose paper is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.search.query import AnalysedQuery, spans_in
from rag.text.everyday import is_everyday
from rag.types import Span

Matrix = NDArray[np.float32]

WEIGHTS_FILE = Path(__file__).with_name("expected_words.npz")
ARRAYS = ("hidden", "hidden_bias", "output", "bias")
N_FLAGS = 3
EVERYDAY, CONTENT = 0.3, 0.95
"""Without token vectors: about the shares of everyday and other words that the answering papers had."""


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedWords:
    """A network of one hidden layer over what `build_inputs` gives.

    Attributes:
        hidden: (n_inputs, n_hidden) and ``hidden_bias``.
        output: (n_hidden,) and ``bias``, a number.
    """

    hidden: Matrix
    hidden_bias: Matrix
    output: Matrix
    bias: Matrix

    def estimate(self, inputs: Matrix) -> list[float]:
        """The probability of each word, 0 to 1; ``inputs`` is (n_words, n_inputs)."""
        inner = np.maximum(inputs @ self.hidden + self.hidden_bias, 0)
        logits = inner @ self.output + self.bias
        return [float(p) for p in 1 / (1 + np.exp(-logits))]


@cache
def load_expected_words() -> ExpectedWords:
    with np.load(WEIGHTS_FILE, allow_pickle=False) as stored:
        return ExpectedWords(*(stored[name].astype(np.float32) for name in ARRAYS))


def build_inputs(
    query: AnalysedQuery, words: Sequence[tuple[str, Span]], spans: Sequence[Span], vectors: Matrix
) -> tuple[list[int], Matrix]:
    """The words that the model has read, by their index, and what is known of each.

    That is the mean of its tokens, the mean of the question's, whether it is an everyday word, whether it is
    written like a name, with capitals or digits, and whether it says what kind of thing is asked for:
    *which diseases was it tested on* is answered by one of them.

    Args:
        query: The question.
        words: Of the question, with their places in it.
        spans: Of its tokens, in order.
        vectors: (n_tokens, dim) of length 1.
    """
    inside = [spans_in(spans, place) for _, place in words]
    read = [at for at, tokens in enumerate(inside) if tokens]
    flags = [
        (
            is_everyday(word),
            any(c.isupper() or c.isdigit() for c in word),
            any(a <= start < b for a, b in query.heads),
        )
        for word, (start, _) in (words[at] for at in read)
    ]
    inputs = np.empty((len(read), 2 * vectors.shape[1] + N_FLAGS), np.float32)
    own, whole, signs = np.split(inputs, [vectors.shape[1], 2 * vectors.shape[1]], axis=1)
    if read:
        own[:] = average_spans(vectors, [inside[at] for at in read])
        whole[:] = vectors.mean(axis=0)
        signs[:] = flags
    return read, inputs


def average_spans(values: Matrix, spans: Sequence[range]) -> Matrix:
    """(len(spans), m) The mean over each of some spans of rows, none empty, of (n, m) values."""
    cuts = np.array([(span.start, span.stop) for span in spans], np.intp).reshape(-1)
    closed = np.concatenate([values, np.zeros((1, values.shape[1]), values.dtype)])
    means: Matrix = np.add.reduceat(closed, cuts, axis=0)[::2]
    means /= np.array([len(span) for span in spans])[:, None]
    return means


def estimate_expected(
    query: AnalysedQuery,
    words: Sequence[tuple[str, Span]],
    spans: Sequence[Span] = (),
    vectors: Matrix | None = None,
) -> list[float]:
    """The probability that an answering paper has each word; by the words alone without token vectors."""
    expected = [EVERYDAY if is_everyday(word) else CONTENT for word, _ in words]
    network = load_expected_words()
    if vectors is None or 2 * vectors.shape[1] + N_FLAGS != len(network.hidden):
        return expected
    read, inputs = build_inputs(query, words, spans, vectors)
    for at, p in zip(read, network.estimate(inputs), strict=True):
        expected[at] = p
    return expected
