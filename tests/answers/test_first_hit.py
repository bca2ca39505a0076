"""How sure the first paper is, and how a half-remembered one is told by it."""

from __future__ import annotations

import pytest

from rag.answers.first_hit import LIKELY, SURE, compute_first_hit_chance
from rag.app.assistant import Assistant
from tests.answers.test_answering_papers import rank


def test_a_lead_makes_the_first_paper_sure_and_a_tie_does_not() -> None:
    assert compute_first_hit_chance(rank(0.8, 0.4, 0.3)) > SURE
    assert compute_first_hit_chance(rank(0.6, 0.6, 0.59)) < LIKELY
    assert compute_first_hit_chance(rank()) == 0.0


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("what was the paper called that composes pictures of food", "**Foodfusion"),
        ("i remember a paper with a tracker of drones chasing other drones", "Perhaps **"),
    ],
)
def test_a_half_remembered_paper_is_told_as_surely_as_it_is_found(
    assistant: Assistant, question: str, begins: str
) -> None:
    text = assistant.ask(question).text
    assert text.startswith(begins)
    assert ("It could also be:" in text) == begins.startswith("Perhaps")
