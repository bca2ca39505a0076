"""The examples of expected words, and what they are measured by."""

from __future__ import annotations

import numpy as np
import pytest

from eval.train.expected_words import LEAST_ASKED, compute_auc, iter_told, list_asking_words
from eval.train.reader_examples import Example, read_turn


def build(line: str) -> Example:
    return Example("a.txt:1", (read_turn(line),), "passages")


def test_what_several_papers_are_asked_after_by_is_a_word_of_asking() -> None:
    turns = [read_turn(f"what does [A:Sail{n}] solve with {word}") for n, word in enumerate("abcd")]
    assert len(turns) == LEAST_ASKED
    assert {"what", "does", "solve", "with"} == set(list_asking_words(turns))


def test_what_is_told_stands_before_the_question_or_behind_it() -> None:
    examples = [
        build("[W:I am new to boats.] what are [T:keels]?"),
        build("what are [T:keels]? [W:my boss wants to know] [S:in two sentences]"),
        build("[W:hi] what are [T:masts]?"),
    ]
    assert list(iter_told(examples)) == [
        ("I am new to boats.", True),
        ("my boss wants to know", False),
        ("in two sentences", False),
    ]


@pytest.mark.parametrize(
    ("scores", "positive", "area"),
    [
        ([0.1, 0.9], [0, 1], 1.0),
        ([0.9, 0.1], [0, 1], 0.0),
        ([0.1, 0.4, 0.3, 0.8], [0, 1, 1, 0], 0.5),
    ],
)
def test_the_area_is_the_share_of_pairs_in_order(
    scores: list[float], positive: list[int], area: float
) -> None:
    assert compute_auc(np.array(scores), np.array(positive)) == pytest.approx(area)
