"""Two questions in one message."""

from __future__ import annotations

import pytest

from rag.app.assistant import Assistant
from rag.text.markdown import markers
from rag.types.query import Query, Topic
from rag.understanding.two_questions import are_two, split_questions


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("How many papers are on tides and who wrote them?", "who wrote them?"),
        ("Who studies moss? How many papers are there?", "How many papers are there?"),
        ("Which papers have code? If so, list their authors", "list their authors"),
        ("List papers on bread; when were they posted?", "when were they posted?"),
        ("Which papers are on dough? How do they let it rise?", "How do they let it rise?"),
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


def test_both_questions_are_answered_under_one_count_of_markers(assistant: Assistant) -> None:
    answer = assistant.ask("How many papers are on palmprints and who wrote them?")
    assert answer.reading is not None and answer.reading.second == "who wrote them?"
    first, _, second = answer.text.partition("*who wrote them?*")
    assert first.startswith("**2 papers** about palmprints") and "**Lei Shen**" in second
    assert set(markers(second)) & set(markers(first)) and answer.experts
    assert {c.marker for c in answer.citations} == set(markers(answer.text))


def test_the_second_question_is_of_what_the_first_one_found(assistant: Assistant) -> None:
    answer = assistant.ask("What's the oldest paper and what is it about?")
    first, _, second = answer.text.partition("*what is it about?*")
    oldest = {c.paper_id for c in answer.citations if c.marker in markers(first)[:1]}
    assert oldest == {c.paper_id for c in answer.citations if c.marker in markers(second)}


def test_a_question_of_yes_or_no_behind_and_is_a_second_one() -> None:
    two = split_questions("What does FedForgery do and is its code public?")
    assert two == ("What does FedForgery do", "is its code public?")
    assert split_questions("What is stored and is never sent?") is None
