"""What is suggested next: made of the answer, answerable, not asked before, within the filters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rag.answers.rows import build_scored_papers
from rag.answers.suggestions import find_suggestions
from rag.app.assistant import Assistant, build
from rag.config.settings import Settings
from rag.types import Answer, Condition, Query, Reading, Thread, Turn
from rag.types.fields import Range
from rag.types.query import PersonRef, Topic
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


def test_they_are_read_as_of_the_papers_that_the_conversation_is_about(
    assistant: Assistant,
) -> None:
    ids = tuple(p.paper_id for p in assistant.library.list_papers() if p.authors)[:2]
    thread = Thread(filters=(Condition("paper", "in", ids),))
    assert set(assistant.read("Who wrote them?", thread).query.papers) == set(ids)
    assert "Who wrote them?" in assistant.openings(thread)


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
        return Answer(question, "abstained", "content", question)

    def read(question: str, thread: Thread) -> Reading:
        assert thread.model == "extractive"
        return Reading(QUERIES["works"] if "works" in question else Query("aside"))

    found = find_suggestions(answer, Thread(), Shelf(FACES), ask, read)
    assert found == ("Who works on few-shot AI faces?",)


def test_one_that_is_read_as_an_earlier_question_is_left_out() -> None:
    asked = Query("people", about=Topic("few-shot AI faces"))
    answer = Answer(
        "q",
        "answered",
        "content",
        "text",
        reading=Reading(asked),
        papers=build_scored_papers(FACES),
    )
    thread = Thread((Turn("Whom do I ask about few-shot faces?", answer),))
    found = find_suggestions(answer, thread, Shelf(FACES), answer_all, lambda *_: Reading(asked))
    assert not any("works on" in question for question in found)


def test_what_is_computed_is_read_and_not_answered() -> None:
    about = Answer("q", "answered", "content", "text", papers=build_scored_papers(FACES[:1]))
    asked = []

    def ask(question: str, thread: Thread) -> Answer:
        asked.append(question)
        return answer_all(question, thread)

    found = find_suggestions(about, Thread((Turn("q", about),)), Shelf(FACES), ask, read_all)
    assert len(found) == 3 and asked == ["How is FaceOne evaluated?"]


def test_of_several_papers_none_is_it() -> None:
    papers = (
        paper("p1", "How the Names of Tame Falcons Are Learned at Night", year=2020),
        paper("p2", "What Falcons Learn of the Names of Others at Dawn", year=2021),
    )
    about = Answer("q", "answered", "content", "text", papers=build_scored_papers(papers))
    found = find_suggestions(
        about, Thread((Turn("q", about),)), Shelf(papers), answer_all, read_all
    )
    assert found[0] == "Which of them are from 2021?"
    assert not any(" it " in question or " it?" in question for question in found)


QUERIES: dict[str, Query] = {
    "wrote": Query("profile", people=(PersonRef("Ann Lee"),)),
    "works": Query("people", about=Topic("few-shot AI faces")),
    "code": Query("papers"),
    "them are from": Query("papers"),
}


def read_all(question: str, _: Thread) -> Reading:
    return Reading(next((q for word, q in QUERIES.items() if word in question), Query("aside")))


def answer_all(question: str, _: Thread) -> Answer:
    return Answer(question, "answered", "content", question)


def test_after_a_question_without_an_answer_they_go_back_to_what_was_talked_of() -> None:
    about = Answer("q", "answered", "content", "text", papers=build_scored_papers(FACES[:1]))
    nothing = Answer("?", "abstained", "content", "nothing here")
    thread = Thread((Turn("q", about), Turn("?", nothing)))
    found = find_suggestions(nothing, thread, Shelf(FACES), answer_all, read_all)
    assert found == ("Who wrote FaceOne?", "Who works on few-shot AI faces?")


def test_what_was_offered_before_comes_after_all_else() -> None:
    about = Answer("q", "answered", "content", "text", papers=build_scored_papers(FACES[:1]))
    first = find_suggestions(about, Thread((Turn("q", about),)), Shelf(FACES), answer_all, read_all)
    again = replace(about, text="more")
    thread = Thread((Turn("q", about), Turn("and?", again)))
    assert find_suggestions(again, thread, Shelf(FACES), answer_all, read_all)[0] not in first
