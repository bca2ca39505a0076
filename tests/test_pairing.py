"""Follow-ups on two papers: one shown and one named, or one asked about after the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.config import Settings
from rag.pipeline import Assistant, build
from rag.types import Answer, Thread, Turn
from tests.test_threads import talk


@pytest.mark.parametrize(
    ("turns", "focus"),
    [
        (("What is DuetFace?", "How does it compare to VISA?"), ("p1", "p2")),
        (("What is DuetFace?", "is it faster than SlerpFace?"), ("p1", "p4")),
        (("What is DuetFace?", "and VISA?", "what are their differences?"), ("p1", "p2")),
        (("What is DuetFace?", "and VISA?", "compare them"), ("p1", "p2")),
        (("What is DuetFace?", "and VISA?", "which of the two has code?"), ("p1", "p2")),
        (("What is D2Pruner?", "What is DuetFace?", "and VISA?", "do both use tokens?"), ("p1", "p2")),
        (("What is DuetFace?", "and VISA?", "what are the two stages of it?"), ("p2",)),
        (("What is DuetFace?", "and VISA?", "does it use both text and graphs?"), ("p2",)),
    ],
)  # fmt: skip
def test_two_papers_of_a_conversation_are_kept_together(
    turns: tuple[str, ...], focus: tuple[str, ...]
) -> None:
    intent = talk(*turns, cites=("p2",))
    assert intent.parts.get("focus") == focus


def test_which_of_the_two_is_asked_of_these_two_alone() -> None:
    intent = talk("What is DuetFace?", "and VISA?", "which of the two has code?")
    assert intent.route == "catalogue" and intent.parts["several"]


# --- over the seeds ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def assistant(library_data: Path, weights: Path) -> Iterator[Assistant]:
    with build(Settings(data=library_data, model_path=weights)) as opened:
        yield opened


def last(assistant: Assistant, *turns: str) -> Answer:
    thread = Thread()
    for question in turns:
        answer = assistant.ask(question, thread)
        thread = thread.plus(Turn(question, answer))
    return answer


@pytest.mark.parametrize(
    "turns",
    [
        ("What is PartialFace?", "How does it compare to DuetFace?"),
        ("What is PartialFace?", "and DuetFace?", "compare them"),
    ],
)
def test_both_papers_are_set_side_by_side(assistant: Assistant, turns: tuple[str, ...]) -> None:
    answer = last(assistant, *turns)
    assert answer.text.startswith("2 papers side by side") and answer.text.count("\n| **") == 2


def test_a_paper_in_view_beside_one_that_is_not_here_is_not_answered(assistant: Assistant) -> None:
    answer = last(assistant, "What is PartialFace?", "How does it compare to FooBarNet?")
    assert answer.status == "abstained" and "mentions “FooBarNet”." in answer.text
