"""Numbers of a sentence against those of the papers."""

from __future__ import annotations

import pytest

from rag.generation.numbers import NumberSet, normalize_number

TEXT = "It reaches 92.5% accuracy at 30 fps with three datasets, a change of -7 points, on 1,200 images."


def lacking(claim: str, n_papers: int = 2) -> list[str]:
    return NumberSet(TEXT).find_lacking(claim, n_papers)[0]


@pytest.mark.parametrize(
    "claim",
    ["92.5%", "92.50 percent", "92,5 %", "30 frames per second", "3 datasets", "-7 points", "1200 images",
     "two papers", "these two methods", "one of them"],
)  # fmt: skip
def test_the_same_number_is_found_however_it_is_written(claim: str) -> None:
    assert lacking(claim) == []


@pytest.mark.parametrize(
    "claim",
    ["92.6%", "92.5 ms", "-92.5%", "30 hours", "four datasets", "two datasets", "2%", "12,00", "thousands of images",
     "doubled", "nine papers", "½ of it", "1,201"],
)  # fmt: skip
def test_another_value_sign_unit_or_count_is_not(claim: str) -> None:
    assert lacking(claim) != []


def test_a_unit_that_the_paper_does_not_print_is_told() -> None:
    assert NumberSet("a score of 7").find_lacking("a score of 7 percent", 1) == ([], True)


def test_one_value_has_one_form() -> None:
    assert {normalize_number(n) for n in ("1,000", "1000", "1000.0")} == {"1000"}
    assert {normalize_number(n) for n in ("0.5", ".5", "0,50")} == {"0.5"}
