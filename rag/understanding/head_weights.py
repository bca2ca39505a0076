"""The small networks of the question reader and the chain that decodes tags: numpy at run time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.understanding.head_features import Floats, hash_pattern

Arrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Scores from vectors through one hidden layer, and from word patterns directly.

    Attributes:
        classes: Of each head, in the order of the output columns.
        hashes: (n_patterns,) uint32, ascending: the patterns that have weights.
        pattern_weights: (n_patterns, n_outputs).
        hidden_weights: (dim, n_hidden) and ``hidden_bias``; without rows if there are no vectors.
        output_weights: (n_hidden, n_outputs) and ``bias``.
        temperatures: Of each head: what its scores are divided by, so that probabilities are right.
    """

    classes: Mapping[str, tuple[str, ...]]
    hashes: NDArray[np.uint32]
    pattern_weights: Floats
    hidden_weights: Floats
    hidden_bias: Floats
    output_weights: Floats
    bias: Floats
    temperatures: Mapping[str, float]

    def find_patterns(self, patterns: Iterable[str]) -> NDArray[np.intp]:
        """Rows of the patterns that have weights."""
        hashes = np.array([hash_pattern(pattern) for pattern in patterns], np.uint32)
        if not len(self.hashes) or not len(hashes):
            return np.zeros(0, np.intp)
        rows = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        found: NDArray[np.intp] = rows[self.hashes[rows] == hashes]
        return found

    def score(self, vectors: Floats | None, patterns: Sequence[Sequence[str]]) -> Floats:
        """(n, n_outputs): one row for each item."""
        scores = np.tile(self.bias, (len(patterns), 1))
        for row, own in enumerate(patterns):
            scores[row] += self.pattern_weights[self.find_patterns(own)].sum(0)
        if vectors is not None and len(self.hidden_weights):
            hidden = np.maximum(vectors @ self.hidden_weights + self.hidden_bias, 0)
            scores += hidden @ self.output_weights
        return scores

    def select_head(self, scores: Floats, head: str) -> Floats:
        """The columns of one head."""
        start = 0
        for name, labels in self.classes.items():
            if name == head:
                return scores[:, start : start + len(labels)]
            start += len(labels)
        raise KeyError(head)

    def rank(self, scores: Floats, head: str) -> tuple[tuple[str, float], ...]:
        """Labels of one item's head with their probabilities, the most likely first."""
        shares = compute_shares(self.select_head(scores, head)[:1] / self.temperatures[head])[0]
        order = np.argsort(-shares, kind="stable")
        return tuple((self.classes[head][i], float(shares[i])) for i in order)


def compute_shares(scores: Floats) -> Floats:
    """Softmax of each row."""
    shares: Floats = np.exp(scores - scores.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    return shares


@dataclass(frozen=True, slots=True, eq=False)
class TagChain:
    """A linear chain over the tags of a question's words.

    Attributes:
        start: (n_tags,) score of the first word's tag; ``end`` of the last one's.
        steps: (n_tags, n_tags) score of a tag (column) behind another (row).
    """

    start: Floats
    steps: Floats
    end: Floats

    def decode(self, scores: Floats) -> list[int]:
        """The best sequence of tags by Viterbi; scores are (n_words, n_tags)."""
        best, links = self.start + scores[0], []
        for row in scores[1:]:
            paths = best[:, None] + self.steps
            links.append(paths.argmax(0))
            best = paths.max(0) + row
        tags = [int((best + self.end).argmax())]
        for link in reversed(links):
            tags.append(int(link[tags[-1]]))
        return tags[::-1]

    def compute_marginals(self, scores: Floats) -> Floats:
        """(n_words, n_tags): the probability of each tag at each word."""
        n = len(scores)
        local = np.exp(scores - scores.max(1, keepdims=True))
        steps = np.exp(self.steps)
        ahead, behind = np.empty_like(local), np.empty_like(local)
        ahead[0] = np.exp(self.start) * local[0]
        behind[-1] = np.exp(self.end)
        for at in range(1, n):
            ahead[at - 1] /= ahead[at - 1].sum()
            ahead[at] = (ahead[at - 1] @ steps) * local[at]
        for at in range(n - 2, -1, -1):
            behind[at] = steps @ (behind[at + 1] * local[at + 1])
            behind[at] /= behind[at].sum()
        marginals: Floats = ahead * behind
        marginals /= marginals.sum(1, keepdims=True)
        return marginals


def pack_network(prefix: str, network: Network) -> dict[str, NDArray[np.generic]]:
    """Arrays of the weights' file: one byte a pattern's weight with a scale a row, else half precision."""
    weights = network.pattern_weights
    scales = np.abs(weights).max(1, initial=0) / 127 + 1e-12
    return {
        f"{prefix}.hashes": network.hashes,
        f"{prefix}.patterns": np.round(weights / scales[:, None]).astype(np.int8),
        f"{prefix}.scales": scales.astype(np.float32),
        f"{prefix}.hidden": network.hidden_weights.astype(np.float16),
        f"{prefix}.hidden_bias": network.hidden_bias.astype(np.float32),
        f"{prefix}.output": network.output_weights.astype(np.float16),
        f"{prefix}.bias": network.bias.astype(np.float32),
    }


def unpack_network(
    prefix: str,
    arrays: Arrays,
    classes: Mapping[str, tuple[str, ...]],
    temperatures: Mapping[str, float],
) -> Network:
    def get(name: str) -> Floats:
        return np.asarray(arrays[f"{prefix}.{name}"]).astype(np.float32)

    hashes = np.asarray(arrays[f"{prefix}.hashes"]).astype(np.uint32)
    return Network(
        classes, hashes, get("patterns") * get("scales")[:, None], get("hidden"),
        get("hidden_bias"), get("output"), get("bias"), temperatures,
    )  # fmt: skip
