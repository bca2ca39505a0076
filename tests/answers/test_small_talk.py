"""Remarks about the program get a line that fits."""

from __future__ import annotations

import pytest

from rag.answers.small_talk import answer_aside
from rag.types import Query


@pytest.mark.parametrize(
    ("kind", "question", "start"),
    [
        ("greeting", "hi", "Hello."),
        ("capabilities", "what can you do", "Ask what papers say"),
        ("about_you", "who made you", "I am Paperfolk"),
        ("feedback", "thats wrong", "Sorry"),
        ("feedback", "you didn't get it", "Sorry"),
        ("feedback", "ok", "All right."),
        ("thanks", "thx", "You are welcome."),
    ],
)
def test_each_kind_of_remark_has_its_line(kind: str, question: str, start: str) -> None:
    assert answer_aside(Query("aside", what=kind), question).text.startswith(start)
