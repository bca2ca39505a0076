"""How likely the first paper of a ranking is the one that a question describes.

A paper that is half remembered comes first in two of three cases; what stands below it tells which. The weights
(logistic regression) are fitted by ``python -m eval train remembered`` to questions whose paper is known, and stand in
``first_hit.yaml``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from rag.types import Retrieval

FIRST_HIT_FILE = Path(__file__).with_name("first_hit.yaml")
SURE = 0.7
"""Probability from which the first paper is told as the one that is meant; of those told so, nine of ten are."""
LIKELY = 0.5
MAX_OTHERS = 4
"""Papers named beside a first one that is not sure."""
_SIGNALS = ("dense", "late", "lexical", "local")


def compute_first_hit_chance(retrieval: Retrieval) -> float:
    """The probability of the first paper to be the one that is meant; 0 without papers."""
    if not retrieval.papers:
        return 0.0
    weights = _load_weights()
    logit = weights["intercept"] + sum(
        weights[name] * value for name, value in compute_first_hit_signals(retrieval).items()
    )
    return 1 / (1 + math.exp(-logit))


@cache
def _load_weights() -> Mapping[str, float]:
    import yaml

    weights: Mapping[str, float] = yaml.safe_load(FIRST_HIT_FILE.read_text(encoding="utf-8"))
    return weights


def compute_first_hit_signals(retrieval: Retrieval) -> dict[str, float]:
    """What the probability is made from: the score, the next one's share of it, and the lead in each signal."""
    first, *others = retrieval.papers
    leads = {
        name: first.signals.get(name, 0.0)
        - max((hit.signals.get(name, 0.0) for hit in others), default=0.0)
        for name in _SIGNALS
    }
    return {
        "score": first.score,
        "next": others[0].score / max(first.score, 1e-9) if others else 0.0,
        **leads,
    }
