"""Fits a conditional logit: of all sentences of a paper, those that answer are to have the probability."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

Array = NDArray[np.float64]


def fit(
    features: Sequence[Array],
    answers: Sequence[NDArray[np.bool_]],
    worth: Sequence[float],
    penalty: Array,
    bounds: Sequence[tuple[float | None, float | None]] | None = None,
) -> Array:
    """(n_features,) The weights of all features.

    Args:
        features: (n, n_features) of each question's sentences.
        answers: (n,) which of them answer, at least one each.
        worth: What a question weighs.
        penalty: (n_features,) of the squares of the weights, 0 or more.
        bounds: Of the weights; None: any.
    """
    # Most are 0: what counts for one kind of answer is nothing in the questions of the others.
    x = csr_matrix(np.concatenate(features))
    right_rows = np.concatenate(answers)
    sizes = [len(of_one) for of_one in answers]
    starts, owner = np.cumsum([0, *sizes])[:-1], np.repeat(np.arange(len(sizes)), sizes)
    weighed = np.asarray(worth, np.float64)

    def compute_loss(weights: Array) -> tuple[float, Array]:
        scores = x @ weights
        every = _sum_logs(scores, starts, owner)
        right = _sum_logs(np.where(right_rows, scores, -np.inf), starts, owner)
        given = np.exp(scores - every[owner])
        wanted = np.where(right_rows, np.exp(scores - right[owner]), 0.0)
        gradient = x.T @ (weighed[owner] * (given - wanted)) + penalty * weights
        loss = weighed @ (every - right) + penalty @ weights**2 / 2
        return float(loss), gradient

    start = np.zeros(len(penalty))
    result = minimize(compute_loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    weights: Array = result.x
    return weights


def _sum_logs(scores: Array, starts: NDArray[np.intp], owner: NDArray[np.intp]) -> Array:
    """The logarithm of the sum of the exponentials, by question."""
    top = np.maximum.reduceat(scores, starts)
    total = np.add.reduceat(np.exp(scores - top[owner]), starts)
    return np.asarray(top + np.log(total))
