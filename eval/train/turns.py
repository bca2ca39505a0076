"""Trains what chooses the reading of a follow-up: ``python -m eval train turns --data NAME=FOLDER …``.

Writes rag/understanding/turns.json and prints how often the right reading is taken, cross-validated by
conversation. The fit is a conditional logit: of all readings that a turn may have, those that are right are
to have the probability.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from eval.run.readings import load_cases
from eval.train.turn_sets import Encode, Labelled, list_filled, list_turns, list_worked
from rag.app.assistant import Assistant
from rag.understanding.dialogue_scoring import WEIGHTS, describe

Array = NDArray[np.float64]
SETS = Path(__file__).parents[1] / "sets"
READINGS = tuple(SETS / "readings" / f"{name}.jsonl" for name in "abd")
FILLED = SETS / "wordings" / "filled.jsonl"
N_FOLDS = 8
PENALTY = 2.0
LEAST_TURNS = 3
"""Turns that a feature must occur in to have a weight."""
LEAST_WEIGHT = 0.02
"""Smaller weights are not kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """All readings of all turns.

    Attributes:
        names: Of the features; ``rows`` (n_readings, n_features).
        right: (n_readings,) whether a reading is right; ``turn`` the turn it is of, from 0.
        starts: (n_turns,) the first reading of each turn; ``worth`` what a turn counts for.
        fold: (n_turns,) the part that it is held out with.
        is_judged: (n_turns,) see `Labelled`.
    """

    names: Sequence[str]
    rows: csr_matrix
    right: NDArray[np.bool_]
    turn: NDArray[np.int64]
    starts: NDArray[np.int64]
    worth: Array
    fold: NDArray[np.int64]
    is_judged: NDArray[np.bool_]


def collect(assistants: Mapping[str, Assistant], encode: Encode) -> list[Labelled]:
    """The turns of all sources, over the libraries given; others are left out."""
    turns: list[Labelled] = []
    filled = [json.loads(line) for line in FILLED.read_text(encoding="utf-8").splitlines()]
    for library, assistant in assistants.items():
        for path in READINGS:
            cases = [case for case in load_cases(path) if case.library == library]
            turns += list_turns(assistant, cases, encode)
        rows = [row for row in filled if row["library"] == library]
        turns += list_filled(assistant, rows, encode)
    turns += list_worked(assistants["seeds"], encode)
    return turns


def build_data(turns: Sequence[Labelled]) -> Data:
    """The features of all readings."""
    places: dict[str, int] = {}
    columns, values, ends, right, of = [], [], [0], [], []
    for number, labelled in enumerate(turns):
        for features, is_right in zip(
            describe(labelled.turn, labelled.candidates), labelled.right, strict=True
        ):
            for name, value in features.items():
                if value:
                    columns.append(places.setdefault(name, len(places)))
                    values.append(float(value))
            ends.append(len(columns))
            right.append(is_right)
            of.append(number)
    folds = [int(hashlib.sha256(t.group.encode()).hexdigest(), 16) % N_FOLDS for t in turns]
    turn = np.array(of)
    return Data(
        tuple(places),
        csr_matrix((values, columns, ends), (len(right), len(places))),
        np.array(right),
        turn,
        np.searchsorted(turn, np.arange(len(turns))),
        np.array([t.worth for t in turns]),
        np.array(folds),
        np.array([t.is_judged for t in turns]),
    )


def fit(data: Data, chosen: NDArray[np.bool_]) -> Array:
    """(n_features,) weights from the chosen turns; 0 for features that too few of them have."""
    has_right = np.logical_or.reduceat(data.right, data.starts)
    worth = data.worth * chosen * has_right
    cells = data.rows.tocoo()
    seen = csr_matrix((np.ones(cells.nnz), (data.turn[cells.row], cells.col)))
    seen.data[:] = 1
    kept = np.flatnonzero(np.asarray(seen[np.flatnonzero(chosen)].sum(0)).ravel() >= LEAST_TURNS)
    rows = data.rows[:, kept].tocsr()

    def compute_loss(weights: Array) -> tuple[float, Array]:
        scores = rows @ weights
        every, total = _share(scores, data)
        good, total_right = _share(np.where(data.right, scores, -1e9), data)
        loss = float(np.sum(worth * (total - total_right)) + PENALTY * weights @ weights / 2)
        good = np.where(data.right, good, 0.0)
        return loss, rows.T @ ((every - good) * worth[data.turn]) + PENALTY * weights

    found = minimize(
        compute_loss, np.zeros(len(kept)), jac=True, method="L-BFGS-B", options={"maxiter": 120}
    )
    weights = np.zeros(len(data.names))
    weights[kept] = found.x
    return weights


def _share(scores: Array, data: Data) -> tuple[Array, Array]:
    """(n_readings,) softmax within each turn, and (n_turns,) the logarithm of its divisor."""
    most = np.maximum.reduceat(scores, data.starts)
    powers = np.exp(scores - most[data.turn])
    sums = np.add.reduceat(powers, data.starts)
    return powers / sums[data.turn], most + np.log(sums)


def take_best(scores: Array, data: Data) -> NDArray[np.bool_]:
    """(n_turns,) whether the likeliest reading is right."""
    ends = [*data.starts[1:], len(scores)]
    best = [a + int(np.argmax(scores[a:b])) for a, b in zip(data.starts, ends, strict=True)]
    return data.right[best]


def train(assistants: Mapping[str, Assistant], encode: Encode, path: Path = WEIGHTS) -> str:
    """Fit on all turns and write the weights; how often held out turns are read right."""
    turns = collect(assistants, encode)
    data = build_data(turns)
    scores = np.zeros(len(data.right))
    for number in range(N_FOLDS):
        weights = fit(data, data.fold != number)
        held_out = (data.fold == number)[data.turn]
        scores[held_out] = (data.rows @ weights)[held_out]
    right = take_best(scores, data)
    reachable = np.logical_or.reduceat(data.right, data.starts)
    weights = fit(data, np.ones(len(turns), bool))
    kept = {
        name: round(float(weight), 3)
        for name, weight in sorted(zip(data.names, weights, strict=True))
        if abs(weight) >= LEAST_WEIGHT
    }
    path.write_text(json.dumps({"weights": kept}, ensure_ascii=False, indent=0) + "\n", "utf-8")
    lines = []
    for name, some in (("judged", data.is_judged), ("filled", ~data.is_judged)):
        lines.append(
            f"{name:<10}{int(some.sum()):>6} turns, right {right[some].mean():.3f} held out, "
            f"{reachable[some].mean():.3f} at best"
        )
    return "\n".join([*lines, f"{len(kept)} weights in {path.name}"])
