"""Signals as one score."""

from __future__ import annotations

import pytest

from rag.search.fusion import WITH_TOKENS, WITHOUT_TOKENS, fuse


def test_a_score_is_the_weighted_mean_of_the_signals() -> None:
    assert fuse({"a": 1.0, "b": 0.5}, {"a": 1.0, "b": 3.0}) == pytest.approx(0.625)


def test_a_missing_signal_counts_nothing_and_an_unknown_one_is_left_out() -> None:
    assert fuse({"a": 1.0, "c": 9.0}, {"a": 1.0, "b": 3.0}) == pytest.approx(0.25)


@pytest.mark.parametrize("weights", [WITH_TOKENS, WITHOUT_TOKENS])
def test_full_signals_score_1_and_none_0(weights: dict[str, float]) -> None:
    assert fuse(dict.fromkeys(weights, 1.0), weights) == pytest.approx(1.0)
    assert fuse({}, weights) == 0.0


@pytest.mark.parametrize("weights", [WITH_TOKENS, WITHOUT_TOKENS])
def test_more_of_any_signal_is_a_higher_score(weights: dict[str, float]) -> None:
    some = dict.fromkeys(weights, 0.4)
    assert all(fuse(some | {name: 0.5}, weights) > fuse(some, weights) for name in weights)
