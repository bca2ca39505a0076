"""The fit of the question's side: its gradient, and that it learns a direction that words alone do not show."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from eval.train.question_map import Example, Pool, PoolPaper, compute_loss, fit
from rag.search.late import QueryTokens

DIM = 6


def _unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def _draw_pool(draw: np.random.Generator) -> Pool:
    return Pool(
        [
            PoolPaper(
                _unit(draw.normal(size=DIM)),
                _unit(draw.normal(size=(7, DIM))),
                np.array([0, 2, 5]),
                Counter([f"word{at}"]),
            )
            for at in range(5)
        ]
    )


def _draw_example(draw: np.random.Generator) -> Example:
    none = np.zeros(4, bool)
    weights = np.array([0.4, 0.0, 0.35, 0.25], np.float32)
    clauses = np.array([0, 0, 1, 1])
    vectors = _unit(draw.normal(size=(4, DIM)))
    tokens = QueryTokens(vectors, weights, clauses, none, none, none, none)
    return Example(tokens, np.arange(5), np.arange(5) == 1, draw.normal(size=5) * 0.05, False)


@pytest.mark.parametrize("name", ["shift", "worth", "power", "sharpness"])
def test_gradient_is_the_change_of_the_loss(name: str) -> None:
    draw = np.random.default_rng(3)
    pool, example = _draw_pool(draw), _draw_example(draw)
    parameters = {
        "shift": draw.normal(size=(DIM, DIM)) * 0.05,
        "worth": draw.normal(size=DIM) * 0.1,
        "power": np.array(-0.1),
        "sharpness": np.array(2.0),
    }
    _, gradients = compute_loss(parameters, example, pool)
    step = draw.normal(size=parameters[name].shape) * 1e-3
    above, _ = compute_loss({**parameters, name: parameters[name] + step}, example, pool)
    below, _ = compute_loss({**parameters, name: parameters[name] - step}, example, pool)
    assert above - below == pytest.approx(
        2 * float((gradients[name] * step).sum()), rel=0.05, abs=1e-6
    )


def test_fit_raises_the_probability_of_the_own_paper() -> None:
    draw = np.random.default_rng(4)
    pool = _draw_pool(draw)
    examples = [_draw_example(draw) for _ in range(40)]
    parameters = fit(examples, pool, DIM)
    start = {**{k: np.zeros_like(v) for k, v in parameters.items()}, "sharpness": np.log(60.0)}
    before, after = (
        sum(compute_loss(p, example, pool)[0] for example in examples) for p in (start, parameters)
    )
    assert after < before


def test_lexical_share_is_greatest_for_the_paper_with_the_word() -> None:
    pool = _draw_pool(np.random.default_rng(5))
    shares = pool.compute_lexical(["word2", "word9"])
    assert shares.argmax() == 2 and 0 < shares[2] < 1
