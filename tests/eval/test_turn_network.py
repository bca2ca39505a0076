"""A network learns which reading is right from what turn and reading have together."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix

from eval.train.turn_network import Readings, TurnFitOptions, fit_layers

OPTIONS = TurnFitOptions(
    n_hidden=16, n_epochs=40, batch=32, rate=0.02, n_members=2, least_signs=1, least_marks=1,
    sign_dropout=0.0, hidden_dropout=0.1,
)  # fmt: skip


def make_readings(n_turns: int, seed: int) -> Readings:
    """Turns of two signs, of which both or none speak for the second reading; the vector says nothing."""
    rng = np.random.default_rng(seed)
    signs = rng.integers(0, 2, (n_turns, 2))
    is_second = signs[:, 0] == signs[:, 1]  # no weight of a pair alone tells that
    marks = np.tile(np.eye(2), (n_turns, 1))
    right = np.column_stack([~is_second, is_second]).ravel()
    vectors = rng.normal(0, 1, (n_turns, 4)).astype(np.float32)
    return Readings(
        csr_matrix(np.column_stack([np.ones(n_turns), signs]), dtype=np.float32), vectors,
        csr_matrix(marks, dtype=np.float32), np.repeat(np.arange(n_turns), 2), right,
        np.arange(0, 2 * n_turns + 1, 2), np.ones(n_turns, np.float32),
    )  # fmt: skip


def measure(scores: np.ndarray, data: Readings) -> float:
    best = scores.reshape(-1, 2).argmax(1)
    return float(np.mean(data.right.reshape(-1, 2)[np.arange(len(best)), best]))


def test_what_two_signs_say_together_is_learned() -> None:
    data, other = make_readings(400, 0), make_readings(200, 1)
    layers = fit_layers(data, np.ones(400, bool), OPTIONS)
    assert measure(layers.score(other), other) > 0.95


def test_turns_without_a_vector_are_read_too() -> None:
    data, other = make_readings(400, 0), make_readings(200, 1)
    layers = fit_layers(data, np.ones(400, bool), OPTIONS)
    other.vectors[:] = 0
    assert measure(layers.score(other), other) > 0.95


def test_a_rare_sign_and_a_turn_that_is_left_out_have_no_weight() -> None:
    data = make_readings(400, 0)
    lone = data.signs.toarray()
    lone = np.column_stack([lone, np.arange(400) == 7]).astype(np.float32)
    rare = Readings(
        csr_matrix(lone),
        data.vectors,
        data.marks,
        data.context,
        data.right,
        data.starts,
        data.worth,
    )
    options = TurnFitOptions(n_hidden=8, n_epochs=1, n_members=1, least_signs=2, least_marks=1)
    layers = fit_layers(rare, np.ones(400, bool), options)
    assert layers.signs[:3].any(1).all() and not layers.signs[3].any()
