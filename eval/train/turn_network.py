"""Fits the network that chooses the reading of a turn: Adam in numpy, sparse rows by scipy.

The loss is that of a conditional logit: of all readings that a turn may have, those that are right are to
have the probability.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from eval.train.network_fit import Adam, compute_rate
from rag.understanding.head_features import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """All readings of all turns, in rows one turn after another.

    Attributes:
        signs: (n_contexts, n_signs) of the turns; ``vectors`` (n_contexts, dim) of their words, zeros where
            nothing is embedded.
        marks: (n_readings, n_marks).
        context: (n_readings,) row of ``signs``; ``right`` whether a reading is right.
        starts: (n_turns + 1,) the first reading of each turn, and how many there are.
        worth: (n_turns,) what a turn counts for.
    """

    signs: csr_matrix
    vectors: Floats
    marks: csr_matrix
    context: Ints
    right: NDArray[np.bool_]
    starts: Ints
    worth: Floats

    @property
    def has_vector(self) -> NDArray[np.bool_]:
        """(n_contexts, 1) whether a turn's words are embedded."""
        has_vector: NDArray[np.bool_] = np.any(self.vectors != 0, axis=1, keepdims=True)
        return has_vector


@dataclass(frozen=True, slots=True)
class TurnFitOptions:
    """How the network is fitted.

    Attributes:
        n_hidden: Of one member; ``n_members`` are fitted from different seeds and stand side by side.
        least_signs: Contexts that a sign must occur in to have weights; ``least_marks`` readings of a mark.
        sign_dropout: Share of the signs that a step does not see; ``vector_dropout`` of the numbers of a
            vector, ``no_vector`` of whole vectors, as the reader has none without the embedded model.
    """

    n_hidden: int = 96
    n_epochs: int = 24
    batch: int = 128
    rate: float = 2e-3
    decay: float = 0.01
    sign_dropout: float = 0.2
    vector_dropout: float = 0.4
    no_vector: float = 0.1
    hidden_dropout: float = 0.3
    least_signs: int = 8
    least_marks: int = 100
    n_members: int = 3
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """A fitted network over the columns of `Readings`; see `TurnNetwork`."""

    signs: Floats
    vector: Floats
    middle: Floats
    bias: Floats
    marks: Floats
    plain: Floats

    def score(self, data: Readings) -> Floats:
        """(n_readings,) scores."""
        scores = np.zeros(len(data.context), np.float32)
        has_vector = data.has_vector
        for at in range(0, len(data.starts) - 1, 512):
            rows = np.arange(data.starts[at], data.starts[min(at + 512, len(data.starts) - 1)])
            contexts, place = np.unique(data.context[rows], return_inverse=True)
            vectors = (data.vectors[contexts] - self.middle) * has_vector[contexts]
            hidden = np.tanh(data.signs[contexts] @ self.signs + vectors @ self.vector + self.bias)
            weights = hidden @ self.marks.T + self.plain
            scores[rows] = _weigh(weights, place, data.marks[rows])[0]
        return scores


def fit_layers(data: Readings, chosen: NDArray[np.bool_], options: TurnFitOptions) -> Layers:
    """Members from different seeds, side by side; the mean of their scores is the network's.

    Args:
        data: All readings.
        chosen: (n_turns,) those that are learned from; each has a right reading.
        options: Of each member but for its seed.
    """
    turns = np.flatnonzero(chosen)
    rows = _list_rows(data, turns)
    contexts = np.unique(data.context[rows])
    signs = np.flatnonzero(data.signs[contexts].getnnz(axis=0) >= options.least_signs)
    marks = np.flatnonzero(data.marks[rows].getnnz(axis=0) >= options.least_marks)
    has_vector = data.has_vector
    embedded = data.vectors[contexts[has_vector[contexts, 0]]]
    middle, spread = embedded.mean(0), embedded.std(0) + 1e-4
    narrow = replace(
        data, signs=data.signs[:, signs].tocsr(), marks=data.marks[:, marks].tocsr(),
        vectors=np.asarray((data.vectors - middle) / spread * has_vector, np.float32),
    )  # fmt: skip
    members = [
        _fit_member(narrow, turns, replace(options, seed=options.seed * options.n_members + at))
        for at in range(options.n_members)
    ]

    def join(name: str, axis: int = 1) -> Floats:
        return np.concatenate([member[name] for member in members], axis)

    n_hidden = options.n_hidden * options.n_members
    of_signs = np.zeros((data.signs.shape[1], n_hidden), np.float32)
    of_marks = np.zeros((data.marks.shape[1], n_hidden), np.float32)
    plain = np.zeros(data.marks.shape[1], np.float32)
    of_signs[signs] = join("signs")
    of_marks[marks] = join("marks") / options.n_members
    plain[marks] = np.mean([member["plain"] for member in members], 0)
    of_vector = join("vector") / spread[:, None]
    return Layers(of_signs, of_vector, middle, join("bias", 0), of_marks, plain)


def _list_rows(data: Readings, turns: Ints) -> Ints:
    return np.concatenate([np.arange(data.starts[t], data.starts[t + 1]) for t in turns])


def _weigh(weights: Floats, place: Ints, marks: csr_matrix) -> tuple[Floats, Ints, Ints]:
    """Scores of readings from the weights of marks in their contexts; the cells that they are made of."""
    row = np.repeat(np.arange(marks.shape[0]), np.diff(marks.indptr))
    cell = place[row] * marks.shape[1] + marks.indices
    scores = np.bincount(row, weights.ravel()[cell] * marks.data, marks.shape[0])
    return scores.astype(np.float32), row, cell


def _share(scores: Floats, starts: Ints, turn: Ints) -> Floats:
    """Softmax within each turn."""
    powers = np.exp(scores - np.maximum.reduceat(scores, starts)[turn])
    return np.asarray(powers / np.add.reduceat(powers, starts)[turn], np.float32)


def _fit_member(data: Readings, turns: Ints, o: TurnFitOptions) -> dict[str, Floats]:
    rng = np.random.default_rng(o.seed)
    dim = data.vectors.shape[1]
    shapes = {
        "signs": ((data.signs.shape[1], o.n_hidden), 0.05),
        "vector": ((dim, o.n_hidden), 0.5 / np.sqrt(dim)),
        "bias": ((o.n_hidden,), 0.0),
        "marks": ((data.marks.shape[1], o.n_hidden), 0.05),
        "plain": ((data.marks.shape[1],), 0.0),
    }
    values = {
        name: rng.normal(0, spread, shape).astype(np.float32) if spread else np.zeros(shape, np.float32)
        for name, (shape, spread) in shapes.items()
    }  # fmt: skip
    adam = Adam(values, dict.fromkeys(values, o.decay), o.rate, {})
    n_batches = -(-len(turns) // o.batch)

    def drop(shape: tuple[int, ...], share: float) -> Floats:
        return ((rng.random(shape, np.float32) >= share) / (1 - share)).astype(np.float32)

    for epoch in range(o.n_epochs):
        drawn = rng.permutation(turns)
        for number in range(n_batches):
            batch = np.sort(drawn[number * o.batch : (number + 1) * o.batch])
            slopes = _compute_slopes(data, batch, values, o, drop)
            adam.step(slopes, compute_rate((epoch + number / n_batches) / o.n_epochs), {})
    return values


def _compute_slopes(
    data: Readings,
    batch: Ints,
    values: dict[str, Floats],
    o: TurnFitOptions,
    drop: Callable[[tuple[int, ...], float], Floats],
) -> dict[str, Floats]:
    """Gradient of the loss of some turns, parts of them left out by chance."""
    rows = _list_rows(data, batch)
    sizes = data.starts[batch + 1] - data.starts[batch]
    starts, turn = np.cumsum([0, *sizes[:-1]]), np.repeat(np.arange(len(batch)), sizes)
    contexts, place = np.unique(data.context[rows], return_inverse=True)
    signs = data.signs[contexts].copy()
    signs.data = signs.data * drop(signs.data.shape, o.sign_dropout)
    vectors = data.vectors[contexts]
    vectors = vectors * drop(vectors.shape, o.vector_dropout)
    vectors *= drop((len(contexts), 1), o.no_vector) > 0
    hidden = np.tanh(signs @ values["signs"] + vectors @ values["vector"] + values["bias"])
    keeps = drop(hidden.shape, o.hidden_dropout)
    kept = hidden * keeps
    marks, right = data.marks[rows], data.right[rows]
    scores, row, cell = _weigh(kept @ values["marks"].T + values["plain"], place, marks)
    good = np.where(right, _share(np.where(right, scores, -1e9), starts, turn), 0.0)
    pull = (_share(scores, starts, turn) - good) * (data.worth[batch] / o.batch)[turn]
    shape = (len(contexts), marks.shape[1])
    pulls = np.bincount(cell, pull[row] * marks.data, shape[0] * shape[1])
    of_marks = pulls.reshape(shape).astype(np.float32)
    back = (of_marks @ values["marks"]) * keeps * (1 - hidden * hidden)
    return {
        "signs": np.asarray(signs.T @ back, np.float32),
        "vector": vectors.T @ back,
        "bias": back.sum(0),
        "marks": of_marks.T @ kept,
        "plain": of_marks.sum(0),
    }
