"""Fusion: combines the signals of one paper into one score.

The signals are on fixed scales (cosines, and BM25 as a share of what the query could reach), so they
are added as they are, not standardised per query: a paper's score then means the same in every query
and can be compared with a threshold, and a lexical match counts for as much as the question shares
words with the paper. Weights: chosen on the development questions, SciFact train and SciTLDR train;
see eval/LOG.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

WITH_TOKENS: Mapping[str, float] = {"late": 1.0, "local": 1.0, "dense": 0.6, "lexical": 0.5}
WITHOUT_TOKENS: Mapping[str, float] = {"dense": 1.0, "lexical": 1.4}
"""Weights for embedders without token vectors."""


Signal = TypeVar("Signal", float, NDArray[np.float64])
"""Of one paper, or of many at once."""


def fuse(signals: Mapping[str, Signal], weights: Mapping[str, float]) -> Signal:
    """The weighted sum of the signals, divided by the sum of the weights; a missing one counts 0."""
    total: Any = 0.0
    for name, weight in weights.items():
        total = total + weight * signals.get(name, 0.0)
    fused: Signal = total / sum(weights.values())
    return fused
