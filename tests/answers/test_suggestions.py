"""What is suggested next: made of the answer, answerable, not asked before, within the filters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rag.answers.rows import build_scored_papers
from rag.answers.suggestions import find_suggestions
from rag.app.assistant import Assistant, build
from rag.config.settings import Settings
from rag.types import Answer, Condition, RouteName, Thread, Turn
from rag.types.fields import Range
from tests.conversation import ask_assistant
from tests.shelf import Shelf, paper

FACES = (
    paper("p1", "FaceOne: Few-Shot AI Faces", authors=("Ann Lee",), year=2020),
    paper("p2", "On Few-Shot AI Faces", authors=("Ann Lee",), year=2021),
)


@pytest.mark.parametrize(
    "question",
    [
        "What is DuetFace?",
        "Who works on face anti-spoofing?",
        "What does Shiming Ge work on?",
        "How many papers from 2024 have code?",
        "What is the boiling point of tungsten?",
        "hello",
    ],
)
def test_each_suggestion_is_answered(assistant: Assistant, question: str) -> None:
    thread = ask_assistant(assistant, question)
    found = assistant.suggestions(thread)
    assert 1 <= len(found) <= 3 and len(set(found)) == len(found)
    for one in found:
        assert assistant.ask(one, thread).status == "answered"


def test_they_are_about_what_was_answered(assistant: Assistant) -> None:
    found = assistant.suggestions(ask_assistant(assistant, "What is DuetFace?"))
    assert found[0] == "Who wrote DuetFace?"
    found = assistant.suggestions(ask_assistant(assistant, "Who works on face anti-spoofing?"))
    assert found[0] == "What does Qianyu Zhou work on?"
    found = assistant.suggestions(ask_assistant(assistant, "How many papers per year?"))
    assert found[0] == "Which of them have code?"


def test_what_was_asked_before_is_not_suggested(assistant: Assistant) -> None:
    thread = ask_assistant(assistant, "Who wrote DuetFace?", "What is DuetFace?")
    assert "Who wrote DuetFace?" not in assistant.suggestions(thread)


def test_they_are_answered_by_the_papers_that_the_filters_leave(assistant: Assistant) -> None:
    years = Condition("year", "is", Range(2023, 2023))
    thread = ask_assistant(
        assistant, "Who works on face recognition?", thread=Thread(filters=(years,))
    )
    for one in assistant.suggestions(thread):
        answer = assistant.ask(one, thread)
        assert answer.status == "answered" and answer.filters == (years,)


def test_no_model_is_asked_for_them(library_data: Path, weights: Path) -> None:
    settings = Settings(
        data=library_data, model_path=weights, openai_base_url="http://127.0.0.1:9/v1", retries=0
    )
    with build(settings) as held:
        first = held.ask("What is DuetFace?", Thread(model="extractive"))
        thread = Thread((Turn("What is DuetFace?", first),))
        assert held.suggestions(thread)


def test_one_that_is_declined_or_read_otherwise_is_left_out() -> None:
    answer = Answer("q", "answered", "content", "text", papers=build_scored_papers(FACES[:1]))

    def ask(question: str, thread: Thread) -> Answer:
        assert thread.model == "extractive"
        status = "abstained" if "wrote" in question else "answered"
        route = "catalogue" if "evaluated" in question else "experts"
        return Answer(question, status, route, question)  # type: ignore[arg-type]

    found = find_suggestions(answer, Thread(), Shelf(FACES), ask)
    assert found == ("Who works on few-shot AI faces?",)


def answer_all(question: str, _: Thread) -> Answer:
    routes: dict[str, RouteName] = {"wrote": "person", "works": "experts", "code": "catalogue"}
    route = next((r for word, r in routes.items() if word in question), "content")
    return Answer(question, "answered", route, question)


def test_after_a_question_without_an_answer_they_go_back_to_what_was_talked_of() -> None:
    about = Answer("q", "answered", "content", "text", papers=build_scored_papers(FACES[:1]))
    nothing = Answer("?", "abstained", "content", "nothing here")
    thread = Thread((Turn("q", about), Turn("?", nothing)))
    found = find_suggestions(nothing, thread, Shelf(FACES), answer_all)
    assert found == ("Who wrote FaceOne?", "Who works on few-shot AI faces?")


def test_what_was_offered_before_comes_after_all_else() -> None:
    about = Answer("q", "answered", "content", "text", papers=build_scored_papers(FACES[:1]))
    first = find_suggestions(about, Thread((Turn("q", about),)), Shelf(FACES), answer_all)
    again = replace(about, text="more")
    thread = Thread((Turn("q", about), Turn("and?", again)))
    assert find_suggestions(again, thread, Shelf(FACES), answer_all)[0] not in first
