"""Two questions in one message."""

from __future__ import annotations

import pytest

from rag.app.assistant import Assistant
from rag.types.query import Query, Topic
from rag.understanding.two_questions import are_two, split_questions


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("How many papers are on tides and who wrote them?", "who wrote them?"),
        ("Who studies moss? How many papers are there?", "How many papers are there?"),
        ("Which papers have code? If so, list their authors", "list their authors"),
        ("List papers on bread; when were they posted?", "when were they posted?"),
    ],
)
def test_a_message_of_two_questions_is_parted(text: str, second: str) -> None:
    two = split_questions(text)
    assert two is not None and two[1] == second


@pytest.mark.parametrize(
    "text",
    [
        "Who works on moss and lichen?",
        "who does forgery detection and has code?",
        "I am new here and what I need is patience",
        "What is DuetFace?",
        "papers on sleep, and only from 2020",
        "",
    ],
)
def test_one_question_is_left_whole(text: str) -> None:
    assert split_questions(text) is None


def test_what_papers_say_on_both_is_one_answer() -> None:
    count, people = Query("count", about=Topic("tides")), Query("people", about=Topic("tides"))
    assert are_two(count, people)
    assert are_two(people, Query("people", about=Topic("moss")))
    assert not are_two(Query("passages"), Query("passages"))
    assert are_two(people, Query("passages"))
    assert not are_two(count, Query("aside"))


def test_the_second_question_is_said_to_be_open(assistant: Assistant) -> None:
    answer = assistant.ask("How many papers are on tracking and who wrote them?")
    assert answer.reading is not None
    assert (answer.reading.query.want, answer.reading.others[0].want) == ("count", "people")
    assert 'ask the second one next: "who wrote them?"' in answer.text
