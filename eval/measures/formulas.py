"""The formulas of the measures, which compare rankings, citations and answers with gold.

Pure functions over plain values; shares are 0-1. None means that there is nothing to measure (no
relevant item, nothing cited), which is not the same as 0.

The ranking measures are those of trec_eval (https://github.com/usnistgov/trec_eval) as ir_measures
names them, but for one rule: a relevant item that was not found counts against the measure, and a
query without relevant items has no value. Rankings are best first, without duplicates.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

Grades = Mapping[str, float]
"""Grade by item; only positive grades are relevant."""


def get_linear_gain(grade: float) -> float:
    """The gain of trec_eval's nDCG (Järvelin and Kekäläinen, TOIS 2002)."""
    return grade


def get_exponential_gain(grade: float) -> float:
    """The gain that favours the best items (Burges et al., ICML 2005)."""
    return float(2**grade - 1)


def compute_ndcg(
    ranking: Sequence[str], grades: Grades, k: int, gain: Callable[[float], float] = get_linear_gain
) -> float | None:
    """Discounted gain of the first k, as a share of what the best order would give."""
    best = _compute_dcg(sorted(grades.values(), reverse=True)[:k], gain)
    return (
        _compute_dcg([grades.get(item, 0.0) for item in ranking[:k]], gain) / best if best else None
    )


def _compute_dcg(grades: Sequence[float], gain: Callable[[float], float]) -> float:
    return sum(gain(grade) / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def compute_recall(ranking: Sequence[str], grades: Grades, k: int) -> float | None:
    """Share of the relevant items among the first k."""
    relevant = _list_relevant(grades)
    return len(relevant & set(ranking[:k])) / len(relevant) if relevant else None


def compute_precision(ranking: Sequence[str], grades: Grades, k: int) -> float | None:
    """Share of relevant items among the first k places, empty places included."""
    relevant = _list_relevant(grades)
    return len(relevant & set(ranking[:k])) / k if relevant else None


def compute_success(ranking: Sequence[str], grades: Grades, k: int) -> float | None:
    """1 if a relevant item is among the first k."""
    relevant = _list_relevant(grades)
    return float(bool(relevant & set(ranking[:k]))) if relevant else None


def compute_reciprocal_rank(ranking: Sequence[str], grades: Grades) -> float | None:
    """1 / the rank of the first relevant item; 0 if there is none."""
    relevant = _list_relevant(grades)
    if not relevant:
        return None
    return next((1 / rank for rank, item in enumerate(ranking, 1) if item in relevant), 0.0)


def compute_average_precision(ranking: Sequence[str], grades: Grades) -> float | None:
    """Mean over the relevant items of the precision at the rank of each; 0 for one not found."""
    relevant = _list_relevant(grades)
    if not relevant:
        return None
    total, n_found = 0.0, 0
    for rank, item in enumerate(ranking, 1):
        if item in relevant:
            n_found += 1
            total += n_found / rank
    return total / len(relevant)


def _list_relevant(grades: Grades) -> set[str]:
    return {item for item, grade in grades.items() if grade > 0}


def compute_set_recall(retrieved_ids: Collection[str], wanted: Collection[str]) -> float | None:
    """Share of the wanted that was found."""
    return len(set(retrieved_ids) & set(wanted)) / len(set(wanted)) if wanted else None


def compute_set_precision(
    retrieved_ids: Collection[str], acceptable: Collection[str]
) -> float | None:
    """Share of the found that is acceptable."""
    return (
        len(set(retrieved_ids) & set(acceptable)) / len(set(retrieved_ids))
        if retrieved_ids
        else None
    )


def compute_f1(precision: float | None, recall: float | None) -> float | None:
    """Harmonic mean; 0 where both are 0."""
    if precision is None or recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def compute_median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def compute_mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def compute_percentile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of the values does not exceed (nearest rank)."""
    if not values:
        return None
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1]


@dataclass(frozen=True, slots=True)
class Decisions:
    """How often it was right to abstain, over questions of which some have no answer here."""

    n_abstained: int
    n_unanswerable: int
    n_both: int

    @property
    def precision(self) -> float | None:
        return self.n_both / self.n_abstained if self.n_abstained else None

    @property
    def recall(self) -> float | None:
        return self.n_both / self.n_unanswerable if self.n_unanswerable else None


def count_decisions(pairs: Collection[tuple[bool, bool]]) -> Decisions:
    """From (abstained, unanswerable) of each question."""
    return Decisions(
        n_abstained=sum(abstained for abstained, _ in pairs),
        n_unanswerable=sum(unanswerable for _, unanswerable in pairs),
        n_both=sum(abstained and unanswerable for abstained, unanswerable in pairs),
    )
