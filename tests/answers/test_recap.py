"""The recap of a conversation, papers to read first, and papers that state a limitation."""

from __future__ import annotations

import pytest

from rag.answers.citations import Citations, check_citations
from rag.answers.papers import answer_papers
from rag.answers.recap import answer_recap
from rag.app.assistant import Assistant
from rag.types import Answer, Condition, Query, Reading, Thread
from rag.types.answers import Turn
from rag.types.query import RECAP, Topic
from rag.types.query_parser import read_query
from tests.shelf import Shelf, paper

KEELS = paper(
    "p1", "A Review of Keels", "Keels steer ships. They are of oak.", ["Ann Mao"], year=2021
)
MASTS = paper("p2", "Keels and Masts", "Masts of keels are tall.", ["Bo Li"], year=2019)
SAILS = paper("p3", "Sails over Keels", "Sails of keels are wide.", ["Bo Li"], year=2023)
SHELF = Shelf([KEELS, MASTS, SAILS])


def ask(question: str, text: str, *, route: str = "content", what: str = "") -> Turn:
    """A turn whose text cites the first sentence of ``KEELS`` as [1] and of ``MASTS`` as [2]."""
    marks = Citations()
    marks.get_marker(KEELS, (0, 18))
    marks.get_marker(MASTS, (0, 24))
    used = [c for c in marks.list_citations() if f"[{c.marker}]" in text]
    reading = Reading(Query("overview", what=what), question)
    return Turn(question, Answer(question, "answered", route, text, tuple(used), reading=reading))  # type: ignore[arg-type]


def test_a_recap_holds_each_question_with_the_line_that_answered_it() -> None:
    turns = (
        ask("hello", "Hello.", route="smalltalk"),
        ask("what about masts?", "“Masts of keels are tall.” [2] — *Keels and Masts*\n\nMore: [1]"),
        ask("recap", "So far 1 question:", what=RECAP),
        ask("papers on keels", "2 papers about keels.\n\n- **A Review of Keels** [1]\n- **B** [2]"),
    )
    answer = answer_recap(Thread(turns), SHELF)
    assert answer.text.split("\n")[2:] == [
        "1. *what about masts?* “Masts of keels are tall.” [1] — *Keels and Masts*",
        "2. *papers on keels* 2 papers about keels: *A Review of Keels* [2] and *Keels and Masts* [1]",
    ]
    check_citations(answer.text, answer.citations, {"p1": KEELS, "p2": MASTS})


def test_a_recap_cites_no_paper_that_has_left_the_library() -> None:
    turn = ask("what about masts?", "“Masts of keels are tall.” [2]")
    answer = answer_recap(Thread((turn,)), Shelf([KEELS]))
    assert not answer.citations and "[" not in answer.text and "Masts of keels" in answer.text


def test_a_conversation_without_questions_has_nothing_to_recap() -> None:
    answer = answer_recap(Thread((ask("hello", "Hello.", route="smalltalk"),)), SHELF)
    assert answer.text == "Nothing has been asked of the papers in this conversation yet."


def test_papers_to_read_first_have_their_reasons() -> None:
    """One that promises an overview, then the closest, the earliest and the newest, each once."""
    query = Query("papers", about=Topic("keels"), what="reading order")
    answer = answer_papers(query, SHELF, SHELF.retrieve)
    rows = [row for row in answer.text.split("\n") if row[:1].isdigit() and ". **" in row]
    assert [row.split("**")[1] for row in rows][0] == "A Review of Keels"
    by_title = {row.split("**")[1]: row for row in rows}
    assert "its title promises an overview" in by_title["A Review of Keels"]
    assert "the earliest with a year" in by_title["Keels and Masts"]
    assert "the newest with a year" in by_title["Sails over Keels"]
    assert len(rows) == len(answer.citations) == 3


@pytest.mark.parametrize(
    "question",
    [
        "which papers on federated learning should I read first?",
        "where should I begin with federated learning?",
        "in which order should I read the papers on federated learning?",
    ],
)
def test_asking_where_to_begin_is_asking_for_an_order(assistant: Assistant, question: str) -> None:
    query = assistant.read(question).query
    assert (query.want, query.what) == ("papers", "reading order")
    assert "federated learning" in query.topic
    assert read_query(str(query)) == query


@pytest.mark.parametrize(
    ("question", "where"),
    [
        ("Which of Nannan Wang's papers should I read first?", ("author",)),
        ("Which of Shiming Ge's papers should I start with?", ("author",)),
        ("What should I read first?", ()),
        ("Which of these papers is most important?", ()),
    ],
)
def test_without_a_topic_the_newest_of_each_large_topic_is_read_first(
    assistant: Assistant, question: str, where: tuple[str, ...]
) -> None:
    answer = assistant.ask(question)
    assert answer.reading is not None
    query = answer.reading.query
    assert query.what == "reading order"
    assert tuple(condition.field for condition in query.where) == where
    rows = [row for row in answer.text.split("\n") if row[:1].isdigit() and ". **" in row]
    assert 3 <= len(rows) <= 5 and all("the newest" in row for row in rows)
    assert "the newest with a year" in rows[-1] and "papers on " in rows[0]


@pytest.mark.parametrize(
    "question",
    [
        "which papers state a limitation?",
        "limitations over the whole library",
        "list the papers that state their limitations",
    ],
)
def test_a_limitation_is_no_topic_but_what_a_sentence_says(
    assistant: Assistant, question: str
) -> None:
    query = assistant.read(question).query
    assert query.want == "papers" and not query.topic
    assert query.where == (Condition("role", "is", "limitation"),)


def test_the_limitations_of_a_topic_stay_a_question_of_it(assistant: Assistant) -> None:
    query = assistant.read("papers about limitations of federated learning").query
    assert "federated learning" in query.topic
    assert Condition("role", "is", "limitation") not in query.where


def test_asked_for_a_recap_a_conversation_tells_its_turns(assistant: Assistant) -> None:
    first = assistant.ask("how many papers are from 2024?", Thread())
    thread = Thread((Turn("how many papers are from 2024?", first),))
    answer = assistant.ask("recap please", thread)
    assert answer.text.startswith("So far 1 question, each with what answered it:")
    assert "37 papers" in answer.text
