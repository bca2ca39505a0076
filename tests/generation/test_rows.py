"""Units, rows of figures, months and the other English spelling: what the free checks find of them."""

from __future__ import annotations

import pytest

from rag.generation.declining import declines
from rag.generation.ground import Ground
from rag.generation.numbers import extract_figures
from rag.generation.support import compare_claim
from rag.types import Paper, Place

KELP = Paper(
    "p1", None, "KelpNet",
    "We study derandomized drift in arbitrary heterogeneous coves and homogeneous coves. "
    "KelpNet-S reaches 69.7% recall with 4.4M weights and 1.8 GFLOPs. "
    "KelpNet-L reaches 73.5% recall with 6.2M weights and 4.7 GFLOPs. "
    "It costs 0.057MB and runs at 418 shells per second on CPU and 9,433 shells per second on GPU. "
    "Its certified yield is 41.70%, up from a nearly 1-fold lower 26.00%. "
    "It cuts the drift by an order of magnitude.",
    (), False, (Place("a.txt", 1),), year=2022, month=7, day=15,
)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("57 kB", "0.057 MB"), ("1.8 billion floating-point operations", "1.8 GFLOPs"),
        ("2 minutes", "120 seconds"), ("500 ms", "0.5 s"), ("5 mm", "0.5 cm"), ("4.7G", "4.7 GFLOPs"),
        ("tenfold", "an order of magnitude"),
    ],
)  # fmt: skip
def test_a_quantity_is_the_same_in_another_unit(one: str, other: str) -> None:
    (a,), (b,) = extract_figures(one), extract_figures(other)
    assert a.matches(b)


def test_a_quantity_in_another_unit_can_be_another_one() -> None:
    (a,), (b,) = extract_figures("57 MB"), extract_figures("0.057 MB")
    assert not a.matches(b)


@pytest.mark.parametrize(
    ("claim", "doubt"),
    [
        ("KelpNet-S reaches 69.7% recall with 4.4M weights.", ""),
        ("KelpNet-S reaches 73.5% recall with 4.4M weights.", "figure"),
        ("KelpNet-L needs 6.2M weights and 1.8 GFLOPs.", "row"),
        ("KelpNet-S has 4.4M weights and KelpNet-L 6.2M.", ""),
        ("KelpNet-S reaches 69.7% recall with 4.4M weights, KelpNet-L 73.5% with 6.2M.", ""),
        ("It runs at 418 shells per second on CPU.", ""),
        ("It runs at 9,433 shells per second on CPU.", "figure"),
        ("Its yield rose from 26% to 41.7%.", ""),
        ("It cuts the drift roughly tenfold.", ""),
        ("It works in arbitrary heterogeneous coves.", ""),
        ("KelpNet was posted in July 2022.", ""),
        ("KelpNet was posted on 15 July 2022.", ""),
        ("KelpNet was posted in September 2022.", "date"),
    ],
)
def test_a_claim_keeps_to_one_row(claim: str, doubt: str) -> None:
    support = compare_claim(claim, Ground([KELP]))
    assert (support.doubt, support.invented) == (doubt, ())


def test_british_and_american_spelling_are_one() -> None:
    ground = Ground([KELP])
    assert ground.respell("the derandomised drift") == "the derandomized drift"
    assert ground.respell("the colourful drift of KelpNet") == "the colourful drift of KelpNet"


@pytest.mark.parametrize(
    ("sentence", "is_one"),
    [
        ("How fast it is, the abstract leaves open.", True),
        ("Whether it scales remains unclear in the paper.", True),
        ("The paper releases open models.", False),
    ],
)
def test_what_is_left_open_is_declined(sentence: str, is_one: bool) -> None:
    assert declines(sentence) is is_one
