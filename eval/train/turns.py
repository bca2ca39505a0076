"""Trains what chooses the reading of a follow-up: ``python -m eval train turns --data NAME=FOLDER …``.

Writes rag/understanding/turns.npz and prints how often the right reading is taken, cross-validated by
conversation. The fit is a conditional logit over pairs of a sign of the turn and a mark of a reading: of
all readings that a turn may have, those that are right are to have the probability.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from eval.run.readings import ReadTurn, format_readings, load_cases, read_cases
from eval.train.turn_sets import Asked, Encode, list_filled, list_turns, list_worked
from rag.app.assistant import Assistant
from rag.understanding import dialogue_scoring
from rag.understanding.candidates import list_candidates
from rag.understanding.dialogue_scoring import TURN_WEIGHTS, TurnWeights, describe
from rag.understanding.reading_marks import mark_details
from rag.understanding.turn_signs import gather_facts

Array = NDArray[np.float64]
SETS = Path(__file__).parents[1] / "sets"
READINGS = tuple(SETS / "readings" / f"{name}.jsonl" for name in "abdfhijkln")
FILLED = SETS / "wordings" / "filled.jsonl"
N_FOLDS = 5
PENALTY = 3.0
LEAST_TURNS = 4
"""Turns that a sign or a mark must occur in to have weights."""
N_STEPS = 80
DETAIL_WORTH = 0.5
"""What the choice of a detail counts for beside that of a reading."""
LEAST_WEIGHT = 0.01
"""Smaller weights are not kept."""
CONTEXT = ("1", "last ", "shown ", "want ", "link ")
"""Signs that measures (marks that begin with ``=``) are weighed with; other marks with all signs."""


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """All readings of all turns.

    Attributes:
        signs: Names of the columns of ``turns`` (n_contexts, n_signs); a turn that may go back has two contexts.
        marks: Names of the columns of ``readings`` (n_readings, n_marks).
        context: (n_readings,) row of ``turns``; ``turn`` the number of the turn, from 0.
        right: (n_readings,) whether a reading is right.
        starts: (n_turns,) the first reading of each turn; ``worth`` what a turn counts for.
        groups: The conversation of each turn, which is held out as a whole.
        is_judged: (n_turns,) see `Asked`.
        detail_of: (n_turns,) -1 for a turn whose reading is chosen; else the number of the turn of which the
            detail of content is chosen, as an item of its own.
    """

    signs: Sequence[str]
    marks: Sequence[str]
    turns: csr_matrix
    readings: csr_matrix
    context: NDArray[np.int64]
    turn: NDArray[np.int64]
    right: NDArray[np.bool_]
    starts: NDArray[np.int64]
    worth: Array
    groups: Sequence[str]
    is_judged: NDArray[np.bool_]
    detail_of: NDArray[np.int64]

    @property
    def fold(self) -> NDArray[np.int64]:
        """(n_turns,) the part that a turn is held out with."""
        keys = (hashlib.sha256(group.encode()).hexdigest() for group in self.groups)
        return np.array([int(key, 16) % N_FOLDS for key in keys])

    @property
    def is_reachable(self) -> NDArray[np.bool_]:
        """(n_turns,) whether some reading is right."""
        return np.logical_or.reduceat(self.right, self.starts)


def collect(assistants: Mapping[str, Assistant], encode: Encode) -> list[Asked]:
    """The turns of all sources, over the libraries given; others are left out."""
    turns: list[Asked] = []
    filled = [json.loads(line) for line in FILLED.read_text(encoding="utf-8").splitlines()]
    for library, assistant in assistants.items():
        for path in READINGS:
            for case in load_cases(path):
                if case.library == library:
                    turns += list_turns(assistant, case, encode)
        for row in filled:
            if row["library"] == library:
                turns += list_filled(assistant, row, encode)
    turns += list_worked(assistants["seeds"], encode)
    return turns


class _Table:
    """A sparse matrix that is written row by row, its columns by name."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self._columns: list[int] = []
        self._values: list[float] = []
        self._ends = [0]

    def add(self, row: Mapping[str, float]) -> None:
        for name, value in row.items():
            if value:
                self._columns.append(self.names.setdefault(name, len(self.names)))
                self._values.append(value)
        self._ends.append(len(self._columns))

    def build(self) -> csr_matrix:
        shape = (len(self._ends) - 1, len(self.names))
        return csr_matrix((self._values, self._columns, self._ends), shape)


def build_data(turns: Sequence[Asked]) -> Data:
    """The signs of all turns and the marks of all their readings."""
    signs, marks = _Table(), _Table()
    context: list[int] = []
    of: list[int] = []
    right: list[bool] = []
    items: list[tuple[Asked, int]] = []
    n_contexts = 0
    for asked in turns:
        candidates = list_candidates(asked.turn)
        right += asked.list_right(candidates)
        number = len(items)
        items.append((asked, -1))
        for of_turn, of_readings in describe(asked.turn, candidates):
            signs.add(of_turn)
            for reading in of_readings:
                marks.add(reading)
            context += [n_contexts] * len(of_readings)
            of += [number] * len(of_readings)
            n_contexts += 1
        if details := asked.list_right_details(candidates):
            of += [len(items)] * len(details)
            items.append((asked, number))
            signs.add(gather_facts(asked.turn).signs)
            for detail, reading in mark_details(asked.turn).items():
                marks.add(reading)
                right.append(details[detail])
            context += [n_contexts] * len(details)
            n_contexts += 1
    turn = np.array(of)
    return Data(
        tuple(signs.names),
        tuple(marks.names),
        signs.build(),
        marks.build(),
        np.array(context),
        turn,
        np.array(right),
        np.searchsorted(turn, np.arange(len(items))),
        np.array([t.worth * (1.0 if of < 0 else DETAIL_WORTH) for t, of in items]),
        [t.group for t, _ in items],
        np.array([t.is_judged for t, _ in items]),
        np.array([of for _, of in items]),
    )


def fit(data: Data, chosen: NDArray[np.bool_]) -> Array:
    """(n_marks, n_signs) weights from the chosen turns; 0 for what too few of them have."""
    chosen = chosen & data.is_reachable
    rows = np.flatnonzero(chosen[data.turn])
    numbers, turn = np.unique(data.turn[rows], return_inverse=True)
    contexts, context = np.unique(data.context[rows], return_inverse=True)
    signs, readings = data.turns[contexts], data.readings[rows]
    kept_signs = np.flatnonzero(signs.getnnz(axis=0) >= LEAST_TURNS)
    cells = readings.tocoo()
    seen = csr_matrix(
        (np.ones(cells.nnz), (turn[cells.row], cells.col)), (len(numbers), len(data.marks))
    )
    kept_marks = np.flatnonzero(seen.getnnz(axis=0) >= LEAST_TURNS)
    signs, readings = signs[:, kept_signs].tocsr(), readings[:, kept_marks].tocsr()
    is_measure = np.array([data.marks[int(at)].startswith("=") for at in kept_marks])
    is_context = np.array([data.signs[int(at)].startswith(CONTEXT) for at in kept_signs])
    is_used = ~is_measure[:, None] | is_context
    of_cell = np.repeat(np.arange(len(rows)), np.diff(readings.indptr))
    place = context[of_cell] * len(kept_marks) + readings.indices
    starts, right = np.searchsorted(turn, np.arange(len(numbers))), data.right[rows]
    worth = data.worth[numbers]

    def compute_loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(is_used.shape) * is_used
        by_mark = np.asarray(signs @ weights.T).ravel()
        scores: Array = np.bincount(of_cell, by_mark[place] * readings.data, len(rows)).astype(
            float
        )
        every, total = _share(scores, starts, turn)
        good, total_right = _share(np.where(right, scores, -1e9), starts, turn)
        loss = float(np.sum(worth * (total - total_right)) + PENALTY * flat @ flat / 2)
        pull = (every - np.where(right, good, 0.0)) * worth[turn]
        shape = (len(contexts), len(kept_marks))
        pulls = np.bincount(place, pull[of_cell] * readings.data, shape[0] * shape[1])
        slope = np.asarray(signs.T @ pulls.reshape(shape)).T * is_used
        return loss, slope.ravel() + PENALTY * flat

    found = minimize(
        compute_loss, np.zeros(is_used.size), jac=True, method="L-BFGS-B",
        options={"maxiter": N_STEPS, "maxcor": 8},
    )  # fmt: skip
    weights = np.zeros((len(data.marks), len(data.signs)))
    weights[np.ix_(kept_marks, kept_signs)] = found.x.reshape(is_used.shape) * is_used
    return weights


def _share(
    scores: Array, starts: NDArray[np.int64], turn: NDArray[np.int64]
) -> tuple[Array, Array]:
    """(n_readings,) softmax within each turn, and (n_turns,) the logarithm of its divisor."""
    most = np.maximum.reduceat(scores, starts)
    powers = np.exp(scores - most[turn])
    sums = np.add.reduceat(powers, starts)
    return powers / sums[turn], most + np.log(sums)


def weigh(data: Data, weights: Array) -> Array:
    """(n_readings,) scores."""
    by_mark = np.asarray(data.turns @ weights.T)
    of_cell = np.repeat(np.arange(len(data.turn)), np.diff(data.readings.indptr))
    values = by_mark[data.context[of_cell], data.readings.indices] * data.readings.data
    scores: Array = np.bincount(of_cell, values, len(data.turn)).astype(float)
    return scores


def take_best(scores: Array, data: Data) -> NDArray[np.bool_]:
    """(n_items,) whether the likeliest reading is right, of one that is asked of papers with its detail."""
    ends = [*data.starts[1:], len(scores)]
    best = [a + int(np.argmax(scores[a:b])) for a, b in zip(data.starts, ends, strict=True)]
    right = data.right[best]
    column = data.marks.index("want passages")
    is_content = data.readings[best][:, [column]].toarray().ravel() > 0
    for number in np.flatnonzero(data.detail_of >= 0):
        of = data.detail_of[number]
        right[of] &= right[number] or not is_content[of]
    return right


def hold_out(data: Data) -> Array:
    """(n_readings,) scores of each fold by the weights of the others."""
    scores, fold = np.zeros(len(data.right)), data.fold
    for number in range(N_FOLDS):
        held_out = (fold == number)[data.turn]
        scores[held_out] = weigh(data, fit(data, fold != number))[held_out]
    return scores


def read_held_out(assistants: Mapping[str, Assistant], data: Data) -> Iterator[ReadTurn]:
    """Whole conversations, each read by weights that were fitted without it.

    A turn that is read wrongly is answered so, and those after it are read after that answer.
    """
    fold_of = dict(zip(data.groups, data.fold, strict=True))
    cases = [case for path in READINGS for case in load_cases(path)]
    for number in range(N_FOLDS):
        weights = build_weights(data, fit(data, data.fold != number))
        held_out = [case for case in cases if fold_of.get(case.id) == number]
        with patch.object(dialogue_scoring, "load_weights", lambda weights=weights: weights):
            for case in held_out:
                if case.library in assistants:
                    yield from read_cases(assistants[case.library], [case])


def build_weights(data: Data, weights: Array) -> TurnWeights:
    """As they are read with."""
    return TurnWeights(
        {name: at for at, name in enumerate(data.marks)},
        {name: at for at, name in enumerate(data.signs)},
        weights.astype(np.float32),
        compute_digest(),
    )


def write_weights(data: Data, weights: Array, path: Path = TURN_WEIGHTS) -> int:
    """Write weights as `load_weights` reads them, one byte each; how many there are."""
    large = np.where(np.abs(weights) >= LEAST_WEIGHT, weights, 0.0)
    rows, columns = np.flatnonzero(large.any(1)), np.flatnonzero(large.any(0))
    large = large[np.ix_(rows, columns)]
    places = np.flatnonzero(large)
    scale = np.abs(large).max() / 32767
    steps = np.diff(places, prepend=0).astype(np.uint32)
    np.savez_compressed(
        path,
        marks=np.array("\n".join(data.marks[int(at)] for at in rows)),
        signs=np.array("\n".join(data.signs[int(at)] for at in columns)),
        steps=steps,
        values=np.round(large.ravel()[places] / scale).astype(np.int16),
        scale=np.float32(scale),
        examples=np.array(compute_digest()),
    )
    return len(places)


def compute_digest() -> str:
    """Of the conversations and wordings that the weights are made from."""
    digest = hashlib.sha256()
    for path in (*READINGS, FILLED):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def train(
    assistants: Mapping[str, Assistant],
    encode: Encode,
    path: Path = TURN_WEIGHTS,
    *,
    whole: bool = False,
) -> str:
    """Fit on all turns and write the weights; how often held out turns are read right, and how that grows.

    ``whole``: also read whole conversations, each by weights that were fitted without it.
    """
    data = build_data(collect(assistants, encode))
    right, fold, is_turn = take_best(hold_out(data), data), data.fold, data.detail_of < 0
    lines = [
        f"{name:<10}{int(some.sum()):>6} turns, right {right[some].mean():.3f} held out, "
        f"{data.is_reachable[some].mean():.3f} at best"
        for name, some in (
            ("judged", is_turn & data.is_judged),
            ("filled", is_turn & ~data.is_judged),
        )
    ]
    some = (fold == 0) & data.is_judged & is_turn
    for part in range(1, N_FOLDS):
        few = take_best(weigh(data, fit(data, (fold > 0) & (fold <= part))), data)
        n = int(((fold > 0) & (fold <= part) & data.is_judged & is_turn).sum())
        lines.append(f"of {n:>5} judged turns: {few[some].mean():.3f} of one part held out")
    if whole:
        lines.append(format_readings([*read_held_out(assistants, data)]))
    n_kept = write_weights(data, fit(data, np.ones(len(fold), bool)), path)
    return "\n".join([*lines, f"{n_kept} weights in {path.name}"])
