"""Figures are found by their units and measures, from one table."""

from __future__ import annotations

import pytest

from rag.answers.units import find_measures, has_figures_of, states_how_well


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("It reaches 41.7% of oaks.", True),
        ("It runs at 40 FPS.", True),
        ("It needs 2.4 GFLOPs.", True),
        ("Its mAP is 71.6.", True),
        ("It has 8,000 images from 2019.", False),
        ("A map of 12 forests.", False),
    ],
)
def test_a_figure_that_says_how_well_is_told_from_a_count(text: str, does: bool) -> None:
    assert states_how_well(text) is does


def test_a_measure_is_asked_for_by_its_name() -> None:
    assert find_measures("what FLOPs reduction does it get?") == ["FLOPs"]
    assert find_measures("how accurate is it?") == []
    assert has_figures_of(["FLOPs"], "It reduces FLOPs by 74%.")
    assert not has_figures_of(["FLOPs"], "It reduces tokens by 90%.")
    assert not has_figures_of(["rank"], "It is best at Rank-1.")
