"""Follow-ups on two papers: one shown and one named, or one asked about after the other."""

from __future__ import annotations

import pytest

from rag.app.assistant import Assistant
from tests.conversation import ask_assistant


@pytest.mark.parametrize(
    "turns",
    [
        ("What is PartialFace?", "How does it compare to DuetFace?"),
        ("What is PartialFace?", "and DuetFace?", "compare them"),
    ],
)
def test_both_papers_are_set_side_by_side(assistant: Assistant, turns: tuple[str, ...]) -> None:
    answer = ask_assistant(assistant, *turns).turns[-1].answer
    assert answer.text.startswith("2 papers side by side") and answer.text.count("\n| **") == 2


def test_a_paper_in_view_beside_one_that_is_not_here_is_not_answered(assistant: Assistant) -> None:
    answer = (
        ask_assistant(assistant, "What is PartialFace?", "How does it compare to FooBarNet?")
        .turns[-1]
        .answer
    )
    assert answer.status == "abstained" and "mentions “FooBarNet”." in answer.text
