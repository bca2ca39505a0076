"""Each measure on a case worked out by hand, and against ir_measures on random runs."""

from __future__ import annotations

import math

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.measures import formulas

GRADES = {"a": 2.0, "b": 1.0, "c": 0.0, "d": 1.0}
RANKING = ["x", "a", "c", "b"]


def test_ndcg_by_hand() -> None:
    gained = 2 / math.log2(3) + 1 / math.log2(5)
    best = 2 + 1 / math.log2(3) + 1 / math.log2(4)
    assert formulas.compute_ndcg(RANKING, GRADES, 10) == pytest.approx(gained / best)


def test_exponential_gain_by_hand() -> None:
    best = 3 + 1 / math.log2(3)
    found = formulas.compute_ndcg(RANKING, GRADES, 2, formulas.get_exponential_gain)
    assert found == pytest.approx((3 / math.log2(3)) / best)


def test_ranks_and_shares_by_hand() -> None:
    assert formulas.compute_recall(RANKING, GRADES, 2) == pytest.approx(1 / 3)
    assert formulas.compute_precision(RANKING, GRADES, 10) == pytest.approx(2 / 10)
    assert formulas.compute_reciprocal_rank(RANKING, GRADES) == 0.5
    assert formulas.compute_average_precision(RANKING, GRADES) == pytest.approx((1 / 2 + 2 / 4) / 3)
    assert formulas.compute_success(RANKING, GRADES, 1) == 0
    assert formulas.compute_success(RANKING, GRADES, 2) == 1


def test_nothing_relevant_is_not_zero() -> None:
    nothing = {"a": 0.0}
    assert formulas.compute_ndcg(RANKING, nothing, 10) is None
    assert formulas.compute_recall(RANKING, nothing, 10) is None
    assert formulas.compute_reciprocal_rank(RANKING, nothing) is None
    assert formulas.compute_average_precision(RANKING, nothing) is None
    assert formulas.compute_set_recall(["a"], []) is None
    assert formulas.compute_set_precision([], ["a"]) is None
    assert formulas.compute_mean([]) is None
    assert formulas.compute_percentile([], 0.5) is None


def test_sets_by_hand() -> None:
    recall = formulas.compute_set_recall(["a", "x", "y", "z"], ["a", "b"])
    precision = formulas.compute_set_precision(["a", "x", "y", "z"], ["a", "b"])
    assert (recall, precision) == (0.5, 0.25)
    assert formulas.compute_f1(precision, recall) == pytest.approx(1 / 3)
    assert formulas.compute_f1(0.0, 0.0) == 0


def test_abstaining_by_hand() -> None:
    found = formulas.count_decisions([(True, True), (True, False), (False, True), (False, False)])
    assert (found.precision, found.recall) == (0.5, 0.5)
    assert formulas.count_decisions([(False, False)]).precision is None


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 2), (0.51, 3), (0.95, 4), (1.0, 4)])
def test_percentiles_are_values_that_occurred(share: float, value: float) -> None:
    assert formulas.compute_percentile([4, 1, 3, 2], share) == value


items = st.sampled_from([f"i{n}" for n in range(12)])
rankings = st.lists(items, unique=True, min_size=1, max_size=12)
judged = st.dictionaries(items, st.integers(0, 3), min_size=1).filter(lambda g: any(g.values()))


@settings(deadline=None)
@given(rankings, judged, st.integers(1, 12))
def test_the_measures_are_those_of_the_reference_library(
    ranking: list[str], grades: dict[str, int], k: int
) -> None:
    from ir_measures import AP, RR, P, R, Success, nDCG

    asked = [nDCG @ k, R @ k, P @ k, RR, AP, Success @ k]
    run = {"q": {item: float(-n) for n, item in enumerate(ranking)}}
    theirs = ir_measures.calc_aggregate(asked, {"q": grades}, run)
    g = {item: float(grade) for item, grade in grades.items()}
    ours = {
        nDCG @ k: formulas.compute_ndcg(ranking, g, k),
        R @ k: formulas.compute_recall(ranking, g, k),
        P @ k: formulas.compute_precision(ranking, g, k),
        RR: formulas.compute_reciprocal_rank(ranking, g),
        AP: formulas.compute_average_precision(ranking, g),
        Success @ k: formulas.compute_success(ranking, g, k),
    }
    assert ours == {name: pytest.approx(value) for name, value in theirs.items()}
    gains = {item: 2**grade - 1 for item, grade in grades.items()}
    steep = ir_measures.calc_aggregate([nDCG @ k], {"q": gains}, run)[nDCG @ k]
    assert formulas.compute_ndcg(ranking, g, k, formulas.get_exponential_gain) == pytest.approx(
        steep
    )
