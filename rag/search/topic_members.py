"""How likely each paper near a topic is on it, from how near it comes and from what it has in common with the nearest.

"Dataset condensation" is not said by "dataset distillation", but the papers nearest to the one share their words with
those of the other; a paper that has the topic's words by the way shares few. The weights (logistic regression) are
fitted by ``python -m eval train topics`` to topics of which all papers are known, and stand in ``topic_members.yaml``.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import fmean, pstdev

from rag.text import split_terms
from rag.types import Paper

TOPIC_WEIGHTS_FILE = Path(__file__).with_name("topic_members.yaml")

LEAST_MEMBER = 0.3
"""Least probability with which a paper is on a topic."""
LEAST_CLOSE = 0.12
"""Least probability with which it is open whether a paper is on a topic; of those below `LEAST_MEMBER` a quarter is."""
LEAST_SHARE = 0.5
"""Papers below this share of the best one's level are hardly ever likely enough to be told."""
_SOFTNESS = 0.05
"""Levels by which a paper's weight among the nearest falls to a third."""
_OF_TITLE, _OF_TEXT = 1.0, 0.5
"""What a term of a title and of a text weighs where papers are compared."""
_MOST_WORDS = 10
_MOST_ABOVE = 2.0
_LEAST_SPREAD = 0.001
"""Added to a standard deviation, which may be 0."""


def rate_member(signals: Mapping[str, float]) -> float:
    """The probability of a paper to be on a topic."""
    weights = _load_weights()
    logit = weights["intercept"] + sum(weights[n] * value for n, value in signals.items())
    return 1 / (1 + math.exp(-logit))


@cache
def _load_weights() -> Mapping[str, float]:
    import yaml

    weights: Mapping[str, float] = yaml.safe_load(TOPIC_WEIGHTS_FILE.read_text(encoding="utf-8"))
    return weights


def compute_member_signals(
    papers: Sequence[Paper],
    levels: Sequence[float],
    others: Sequence[float],
    idf: Mapping[str, float],
    titled: Sequence[bool],
) -> list[dict[str, float]]:
    """What the decision is made from, one a paper.

    ``words`` is the share of the topic's words, by their idf, that the paper has; ``alike`` how much of its other
    words the nearest papers have, without itself; ``above`` by how many tens of standard deviations it is nearer
    than those that no topic unites.

    Args:
        papers: Those near the topic.
        levels: How near each comes, on the scale of `rag.search.topics.compute_level`; the best above 0.
        others: The levels of all papers found, in any order.
        idf: Of the topic's terms in the library.
        titled: Whether each has the topic in its title, in so many words.
    """
    if not papers:
        return []
    best, total = max(levels), sum(idf.values())
    far = sorted(others)[: max(1, len(others) // 2)]
    middle, spread = fmean(far), 10 * (pstdev(far) + _LEAST_SPREAD)
    terms = [(split_terms(p.title or ""), split_terms(p.text)) for p in papers]
    alike = _compute_likeness(terms, levels, frozenset(idf))
    n_words = min(len(idf), _MOST_WORDS) / _MOST_WORDS
    return [
        {
            "above": min(_MOST_ABOVE, (level - middle) / spread),
            "share": level / best,
            "words": sum(idf[t] for t in idf.keys() & {*of_title, *of_text}) / (total or 1.0),
            "titled": float(is_titled),
            "alike": likeness,
            "length": n_words,
        }
        for level, (of_title, of_text), likeness, is_titled in zip(
            levels, terms, alike, titled, strict=True
        )
    ]


def _compute_likeness(
    terms: Sequence[tuple[Sequence[str], Sequence[str]]],
    levels: Sequence[float],
    topic_terms: frozenset[str],
) -> list[float]:
    """The cosine of each paper's terms with those of the others, these weighted by how near they come to the topic."""
    counts = Counter(t for of_title, of_text in terms for t in {*of_title, *of_text})
    idf = {t: math.log(1 + len(terms) / (1 + n)) for t, n in counts.items() if t not in topic_terms}
    vectors = [_build_vector(of_title, of_text, idf) for of_title, of_text in terms]
    best = max(levels)
    weights = [math.exp((level - best) / _SOFTNESS) for level in levels]
    common: dict[str, float] = defaultdict(float)
    for vector, weight in zip(vectors, weights, strict=True):
        for term, value in vector.items():
            common[term] += weight * value
    total = sum(weights)
    return [
        (sum(common[t] * value for t, value in vector.items()) - weight * bool(vector))
        / max(total - weight, 1e-9)
        for vector, weight in zip(vectors, weights, strict=True)
    ]


def _build_vector(
    of_title: Sequence[str], of_text: Sequence[str], idf: Mapping[str, float]
) -> dict[str, float]:
    """Terms with their weights, of length 1; empty without any."""
    amounts = dict.fromkeys(of_text, _OF_TEXT)
    for term in set(of_title):
        amounts[term] = amounts.get(term, 0.0) + _OF_TITLE
    vector = {t: n * idf[t] for t, n in amounts.items() if t in idf}
    norm = math.sqrt(sum(value * value for value in vector.values()))
    return {t: value / norm for t, value in vector.items()}
