"""Fits the small networks of the question reader: Adam in numpy, sparse rows by scipy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from rag.understanding.head_features import Floats, hash_pattern
from rag.understanding.head_weights import Network, TagChain, compute_shares

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How a network is fitted.

    Attributes:
        n_hidden: Of the layer over the vectors.
        rate: Of the layers' weights; ``pattern_rate`` of the patterns', which are rarely seen.
        decay: Of pattern weights and of layer weights, per unit of the learning rate.
        pattern_dropout: Share of an item's patterns that a step does not see.
        least_groups: Wordings that a pattern must occur in to have a weight.
        n_members: Networks from different seeds whose scores are averaged. Another seed made one alone
            read one hard wording in twenty otherwise, and each retraining broke other worked examples.
    """

    n_hidden: int = 96
    n_epochs: int = 12
    batch: int = 128
    rate: float = 2e-3
    pattern_rate: float = 6e-3
    pattern_decay: float = 0.02
    layer_decay: float = 0.02
    dropout: float = 0.3
    pattern_dropout: float = 0.15
    least_groups: int = 3
    seed: int = 0
    n_members: int = 3


@dataclass(frozen=True, slots=True, eq=False)
class PatternRows:
    """The patterns of many items: one sparse row each, columns by hash."""

    hashes: NDArray[np.uint32]
    rows: sparse.csr_matrix

    def select_columns(self, items: Ints, groups: Ints, least: int) -> NDArray[np.intp]:
        """Columns that occur in at least so many groups of the items."""
        _, places = np.unique(groups[items], return_inverse=True)
        each = (np.ones(len(items), np.float32), places, np.arange(len(items) + 1))
        by_group = sparse.csr_matrix(each, (len(items), int(places.max()) + 1)).T @ self.rows[items]
        counts = np.bincount(by_group.tocsr().indices, minlength=len(self.hashes))
        return np.flatnonzero(counts >= least)


@dataclass(frozen=True, slots=True, eq=False)
class ScaledVectors:
    """(n_items, dim) with mean 0 and deviation 1; the raw ones are ``values * spread + middle``."""

    values: Floats
    middle: Floats
    spread: Floats


def scale_vectors(vectors: Floats) -> ScaledVectors:
    middle, spread = vectors.mean(0), vectors.std(0) + 1e-4
    return ScaledVectors((vectors - middle) / spread, middle, spread)


def build_rows(patterns: Sequence[Sequence[str]]) -> PatternRows:
    flat = np.fromiter((hash_pattern(p) for row in patterns for p in row), np.uint32)
    ends = np.cumsum([0, *(len(row) for row in patterns)])
    hashes, columns = np.unique(flat, return_inverse=True)
    rows = sparse.csr_matrix(
        (np.ones(len(flat), np.float32), columns, ends), (len(patterns), len(hashes))
    )
    rows.sum_duplicates()
    rows.data[:] = 1
    return PatternRows(hashes, rows)


@dataclass(slots=True, eq=False)
class Adam:
    """Adam with decoupled decay over named arrays."""

    values: dict[str, Floats]
    decay: Mapping[str, float]
    rate: float
    rates: Mapping[str, float]
    _step: int = 0
    _first: dict[str, Floats] = field(default_factory=dict)
    _second: dict[str, Floats] = field(default_factory=dict)

    def step(
        self, slopes: Mapping[str, Floats], share: float, rows: Mapping[str, NDArray[np.intp]]
    ) -> None:
        """One step; ``share`` scales the rate, for its fall towards the end.

        ``rows``: where only some rows of an array have slopes; the others stay as they are.
        """
        self._step += 1
        for name, slope in slopes.items():
            rate = self.rates.get(name, self.rate) * share
            value = self.values[name]
            first = self._first.setdefault(name, np.zeros_like(value))
            second = self._second.setdefault(name, np.zeros_like(value))
            at = rows.get(name, slice(None))
            mean = first[at] + 0.1 * (slope - first[at])
            power = second[at] + 0.005 * (slope * slope - second[at])
            first[at], second[at] = mean, power
            scale = np.sqrt(power / (1 - 0.995**self._step)) + 1e-7
            shrunk = value[at] * (1 - rate * self.decay.get(name, 0.0))
            value[at] = shrunk - (rate / (1 - 0.9**self._step)) * mean / scale


class NetworkFit:
    """One network being fitted.

    Args:
        classes: Of each head.
        vectors: Of all items, or None for word patterns alone.
        items: Those that are learned from; ``groups`` (n_items,) says which wording each is of.
    """

    def __init__(
        self,
        classes: Mapping[str, tuple[str, ...]],
        vectors: ScaledVectors | None,
        patterns: PatternRows,
        items: Ints,
        groups: Ints,
        options: FitOptions,
    ) -> None:
        self.classes, self.options = classes, options
        self._columns = patterns.select_columns(items, groups, options.least_groups)
        self._hashes = patterns.hashes[self._columns]
        self._rows = patterns.rows[:, self._columns].tocsr()
        self._rng = np.random.default_rng(options.seed)
        n_out, n_columns = sum(map(len, classes.values())), len(self._columns)
        self.values = {
            "patterns": np.zeros((n_columns, n_out), np.float32),
            "bias": np.zeros(n_out, np.float32),
        }
        self._vectors = None
        if vectors is not None:
            self._vectors, self._middle, self._spread = (
                vectors.values,
                vectors.middle,
                vectors.spread,
            )
            dim, n_hidden = self._vectors.shape[1], options.n_hidden
            self.values |= {
                "hidden": self._rng.normal(0, np.sqrt(2 / dim), (dim, n_hidden)).astype(np.float32),
                "hidden_bias": np.zeros(n_hidden, np.float32),
                "output": self._rng.normal(0, 0.3 / np.sqrt(n_hidden), (n_hidden, n_out)).astype(
                    np.float32
                ),
            }
        decay = {
            "patterns": options.pattern_decay,
            "hidden": options.layer_decay,
            "output": options.layer_decay,
        }
        rates = {"patterns": options.pattern_rate}
        self.adam = Adam(self.values, decay, options.rate, rates)
        self._kept: tuple[sparse.csr_matrix, NDArray[np.intp], Floats, Floats] | None = None

    def score(self, items: Ints) -> Floats:
        rows = self._rows[items]
        scores = rows @ self.values["patterns"] + self.values["bias"]
        if self._vectors is not None:
            hidden = self._vectors[items] @ self.values["hidden"] + self.values["hidden_bias"]
            scores = scores + np.maximum(hidden, 0) @ self.values["output"]
        return np.asarray(scores, np.float32)

    def score_with_dropout(self, items: Ints) -> Floats:
        o = self.options
        rows = self._rows[items]
        keeps = self._rng.random(len(rows.data)) >= o.pattern_dropout
        present, columns = np.unique(rows.indices, return_inverse=True)
        values = (rows.data * keeps / (1 - o.pattern_dropout)).astype(np.float32)
        rows = sparse.csr_matrix((values, columns, rows.indptr), (len(items), len(present)))
        scores = rows @ self.values["patterns"][present] + self.values["bias"]
        inner: Floats = np.zeros((len(items), 0), np.float32)
        hidden: Any = inner
        if self._vectors is not None:
            inner = self._vectors[items]
            inner = inner * (self._rng.random(inner.shape, np.float32) >= o.dropout / 2)
            inner /= 1 - o.dropout / 2
            hidden = np.maximum(inner @ self.values["hidden"] + self.values["hidden_bias"], 0)
            keeps = self._rng.random(hidden.shape, np.float32) >= o.dropout
            hidden = hidden * keeps / (1 - o.dropout)
            scores = scores + hidden @ self.values["output"]
        self._kept = (rows, present, inner, hidden)
        return np.asarray(scores, np.float32)

    def learn(
        self, slopes: Floats, share: float, extra: Mapping[str, Floats] | None = None
    ) -> None:
        """One step from the slopes of the loss at the last scores, (n, n_outputs)."""
        assert self._kept is not None
        rows, present, inner, hidden = self._kept
        gradients = {
            "patterns": np.asarray(rows.T @ slopes, np.float32),
            "bias": slopes.sum(0),
            **(extra or {}),
        }
        if self._vectors is not None:
            back = (slopes @ self.values["output"].T) * (hidden > 0) / (1 - self.options.dropout)
            gradients |= {
                "output": hidden.T @ slopes,
                "hidden": inner.T @ back,
                "hidden_bias": back.sum(0),
            }
        self.adam.step(gradients, share, {"patterns": present})

    def build_network(self, temperatures: Mapping[str, float]) -> Network:
        """For run time: takes the vectors as they come, without the scaling of the fit."""
        v = self.values
        hidden: Floats = np.zeros((0, 0), np.float32)
        output, hidden_bias = hidden, np.zeros(0, np.float32)
        if self._vectors is not None:
            hidden, output = np.divide(v["hidden"], self._spread[:, None]), v["output"]
            hidden_bias = v["hidden_bias"] - self._middle @ hidden
        return Network(
            self.classes, self._hashes, v["patterns"], hidden, hidden_bias, output, v["bias"],
            temperatures,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeanFit:
    """Networks fitted from different seeds, as one whose scores are their mean."""

    members: Sequence[NetworkFit]

    def score(self, items: Ints) -> Floats:
        return np.asarray(np.mean([fit.score(items) for fit in self.members], 0), np.float32)

    def build_network(self, temperatures: Mapping[str, float]) -> Network:
        """One network: patterns enter linearly, so their weights are averaged; layers stand side by side."""
        networks = [fit.build_network(temperatures) for fit in self.members]
        return replace(
            networks[0],
            pattern_weights=np.mean([n.pattern_weights for n in networks], 0),
            bias=np.mean([n.bias for n in networks], 0),
            hidden_weights=np.hstack([n.hidden_weights for n in networks]),
            hidden_bias=np.concatenate([n.hidden_bias for n in networks]),
            output_weights=np.divide(
                np.vstack([n.output_weights for n in networks]), len(networks)
            ),
        )


def fit_members(options: FitOptions, fit_one: Callable[[FitOptions], NetworkFit]) -> MeanFit:
    """The same fit from as many seeds as there are members."""
    n = options.n_members
    return MeanFit([fit_one(replace(options, seed=options.seed * n + at)) for at in range(n)])


def draw_variants(wordings: Ints, rng: np.random.Generator) -> Ints:
    """One item of each wording, in random order: an epoch sees every line once, in one variant."""
    order = rng.permutation(len(wordings))
    _, first = np.unique(wordings[order], return_index=True)
    return order[np.sort(first)]


def compute_rate(progress: float) -> float:
    """Share of the learning rate: a short rise, then a fall to nothing; ``progress`` is 0-1."""
    return min(progress / 0.05, 1.0) * (1 - progress) + 1e-3


def fit_heads(
    fit: NetworkFit,
    items: Ints,
    wordings: Ints,
    targets: Mapping[str, Ints],
    weights: Floats,
) -> None:
    """Fit classes: cross-entropy of each head, over the items that have a target (-1 is none).

    ``wordings``, ``targets`` and ``weights`` are of all items, those that are not learned from too.
    """
    o = fit.options
    rng = np.random.default_rng(o.seed)
    for epoch in range(o.n_epochs):
        drawn = items[draw_variants(wordings[items], rng)]
        for start in range(0, len(drawn), o.batch):
            batch = drawn[start : start + o.batch]
            scores = fit.score_with_dropout(batch)
            slopes = compute_slopes(fit.classes, scores, targets, batch) * weights[batch, None]
            rate = compute_rate((epoch + start / len(drawn)) / o.n_epochs)
            fit.learn(np.asarray(slopes / len(batch), np.float32), rate)


def compute_slopes(
    classes: Mapping[str, tuple[str, ...]],
    scores: Floats,
    targets: Mapping[str, Ints],
    batch: Ints,
) -> Floats:
    """Gradient of the heads' cross-entropy at their scores; 0 where a head has no target."""
    slopes, start = np.zeros_like(scores), 0
    for name, labels in classes.items():
        columns = slice(start, start + len(labels))
        start += len(labels)
        targets_of_batch = targets[name][batch]
        known = np.flatnonzero(targets_of_batch >= 0)
        if len(known):
            shares = compute_shares(scores[known, columns])
            shares[np.arange(len(known)), targets_of_batch[known]] -= 1
            slopes[known, columns] = shares
    return slopes


# --- chains -------------------------------------------------------------------------------------


def compute_expectations(
    local: Floats, chain: TagChain, weights: Floats
) -> tuple[Floats, Floats, Floats]:
    """Marginals (n, length, n_tags), expected steps (n_tags, n_tags), and log weights of all paths.

    ``local`` (n, length, n_tags) holds the exponentials of the scores, 0 where a tag is not allowed;
    the expected steps are weighted by each sequence's ``weights`` (n,).
    """
    n, length, n_tags = local.shape
    steps, begin, end = np.exp(chain.steps), np.exp(chain.start), np.exp(chain.end)
    ahead, behind = np.empty_like(local), np.empty_like(local)
    total = np.zeros(n)
    ahead[:, 0] = begin * local[:, 0]
    for at in range(length):
        if at:
            ahead[:, at] = (ahead[:, at - 1] @ steps) * local[:, at]
        norm = ahead[:, at].sum(1, keepdims=True) + 1e-30
        ahead[:, at] /= norm
        total += np.log(norm[:, 0])
    total += np.log((ahead[:, -1] * end).sum(1) + 1e-30)
    behind[:, -1] = end
    expected = np.zeros((n_tags, n_tags), np.float32)
    for at in range(length - 2, -1, -1):
        later = local[:, at + 1] * behind[:, at + 1]
        norm = ((ahead[:, at] @ steps) * later).sum(1) + 1e-30
        expected += (ahead[:, at] * (weights / norm)[:, None]).T @ later
        behind[:, at] = later @ steps.T
        behind[:, at] /= behind[:, at].sum(1, keepdims=True) + 1e-30
    marginals: Floats = ahead * behind
    marginals /= marginals.sum(2, keepdims=True) + 1e-30
    return marginals, expected * steps, np.asarray(total, np.float32)


def fit_chain(
    fit: NetworkFit,
    sequences: Sequence[Ints],
    wordings: Ints,
    allowed: NDArray[np.bool_],
    weights: Floats,
) -> TagChain:
    """Fit tags as a conditional random field: network and chain together.

    ``sequences`` are the items (words) of each question, in order; ``wordings`` and ``weights`` are of
    each sequence; ``allowed`` (n_items, n_tags) holds the tags that an item may have, several where
    nobody marked it.
    """
    o = fit.options
    n_tags = allowed.shape[1]
    fit.values |= {
        "start": np.zeros(n_tags, np.float32),
        "steps": np.zeros((n_tags, n_tags), np.float32),
        "end": np.zeros(n_tags, np.float32),
    }
    lengths = np.array([len(sequence) for sequence in sequences])
    rng = np.random.default_rng(o.seed)
    for epoch in range(o.n_epochs):
        drawn = draw_variants(wordings, rng)
        batches = []
        for length in np.unique(lengths[drawn]):  # sequences of one length need no padding
            alike = drawn[lengths[drawn] == length]
            batches += [alike[i : i + o.batch] for i in range(0, len(alike), o.batch)]
        for number, at in enumerate(rng.permutation(len(batches))):
            members = batches[at]
            items = np.concatenate([sequences[i] for i in members])
            _learn_chain(
                fit, items, allowed[items], weights[members],
                compute_rate((epoch + number / len(batches)) / o.n_epochs),
            )  # fmt: skip
    return TagChain(fit.values["start"], fit.values["steps"], fit.values["end"])


def _learn_chain(
    fit: NetworkFit, items: Ints, allowed: NDArray[np.bool_], weights: Floats, rate: float
) -> None:
    """One step: what the chain expects by itself, against what it expects given the marks."""
    scores = fit.score_with_dropout(items)
    shape = (len(weights), -1, scores.shape[1])
    local = np.exp(scores - scores.max(1, keepdims=True)).reshape(shape) + 1e-12
    chain = TagChain(fit.values["start"], fit.values["steps"], fit.values["end"])
    free, free_steps, _ = compute_expectations(local, chain, weights)
    true, true_steps, _ = compute_expectations(local * allowed.reshape(shape), chain, weights)
    batch = fit.options.batch
    slopes = ((free - true) * weights[:, None, None] / batch).astype(np.float32)
    extra = {
        "start": slopes[:, 0].sum(0),
        "end": slopes[:, -1].sum(0),
        "steps": ((free_steps - true_steps) / batch).astype(np.float32),
    }
    fit.learn(slopes.reshape(-1, scores.shape[1]), rate, extra)


def fit_temperature(scores: Floats, targets: Ints) -> float:
    """What scores are divided by so that the log loss on held-out items is least."""
    best, least = 1.0, np.inf
    known = targets >= 0
    if not known.any():
        return best
    for candidate in np.geomspace(0.4, 4, 60):
        shares = compute_shares(scores[known] / candidate)
        loss = -np.log(shares[np.arange(len(shares)), targets[known]] + 1e-12).mean()
        if loss < least:
            best, least = float(candidate), loss
    return best
