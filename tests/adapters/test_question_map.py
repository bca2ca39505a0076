"""The learned map of a question's tokens."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rag.adapters.question_map import QuestionMap


def test_vectors_stay_of_length_1_and_weights_add_up_to_1() -> None:
    draw = np.random.default_rng(0)
    vectors = draw.normal(size=(3, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    moved, weights = QuestionMap.load().apply(vectors, np.array([0.7, 0.0, 0.3], np.float32))
    assert np.allclose(np.linalg.norm(moved, axis=1), 1, atol=1e-5)
    assert weights[1] == 0 and np.isclose(weights.sum(), 1)
    assert ((moved * vectors).sum(axis=1) > 0.9).all()  # near where it was


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    made = QuestionMap(
        draw.normal(size=(4, 4)).astype(np.float32), draw.normal(size=4).astype(np.float32), 0.9
    )
    made.save(tmp_path / "map.npz")
    loaded = QuestionMap.load(tmp_path / "map.npz")
    assert np.allclose(loaded.shift, made.shift, atol=np.abs(made.shift).max() / 127)
    assert np.array_equal(loaded.worth, made.worth) and loaded.power == made.power
