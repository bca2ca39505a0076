"""Which paper has the greatest figure, where the figures are of one unit."""

from __future__ import annotations

import pytest

from rag.answers.citations import Citations
from rag.answers.verdicts import tell_verdict
from rag.text import split_sentences
from rag.types import PaperHit, Sentence
from tests.shelf import paper


def tell(question: str, **texts: str) -> str:
    hits = [
        PaperHit(p, 1.0, 1, tuple(Sentence(s, 0.5, None) for s in split_sentences(p.text)), {})
        for p in (
            paper(f"p{n}", f"{name}: a net", text)
            for n, (name, text) in enumerate(texts.items(), 1)
        )
    ]
    return tell_verdict(question, hits, Citations())


@pytest.mark.parametrize(
    ("question", "ann", "bo", "first"),
    [
        ("which is faster?", "AnnNet runs at 30 FPS.", "BoNet runs at 1,200 FPS.", "BoNet"),
        ("which is slower?", "AnnNet runs at 30 FPS.", "BoNet runs at 1,200 FPS.", "AnnNet"),
        ("which is faster?", "AnnNet needs 5 ms.", "BoNet needs 70 ms.", "AnnNet"),
        ("which has the biggest dataset?", "It has 3 million frames.", "It has 90,000 frames.", "AnnNet"),
        ("which is smaller?", "It has 6.2M parameters.", "It has 68.1M parameters.", "AnnNet"),
        ("which is smaller?", "It has 6.2M parameters, or 4.4M parameters.", "It has 5.4M parameters.", "AnnNet"),
        ("which is faster?", "It does 14,705, ~934 and 763 faces per second.", "It does 9,433 faces per second.", "AnnNet"),
    ],
)  # fmt: skip
def test_the_greatest_figure_of_one_unit_comes_first(
    question: str, ann: str, bo: str, first: str
) -> None:
    assert f"by these figures: **{first}** (" in tell(question, AnnNet=ann, BoNet=bo)


@pytest.mark.parametrize(
    ("ann", "bo", "words"),
    [
        ("AnnNet runs at 30 FPS.", "BoNet needs 70 ms.", "not in one unit"),
        ("AnnNet runs at 30 FPS.", "BoNet is fast.", "Only **AnnNet** (30 FPS [1]) is stated"),
        ("AnnNet is fast.", "BoNet is fast.", "None of them states a figure"),
    ],
)
def test_what_cannot_be_compared_is_said(ann: str, bo: str, words: str) -> None:
    assert words in tell("which is faster?", AnnNet=ann, BoNet=bo)


def test_a_question_of_no_more_or_less_has_no_verdict() -> None:
    assert not tell("how do they differ?", AnnNet="It runs at 30 FPS.", BoNet="It runs at 9 FPS.")
