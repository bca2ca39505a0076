"""Questions that a library offers: made from what stands in it, and answered by it."""

from __future__ import annotations

import pytest

from rag.answers.examples import build_examples
from rag.app.assistant import Assistant
from rag.types import Paper, ProfilePage
from tests.shelf import Shelf, paper


def made(*papers: Paper, pages: tuple[ProfilePage, ...] = ()) -> tuple[str, ...]:
    return build_examples(Shelf(papers, pages))  # type: ignore[arg-type]


def test_the_seeds_offer_one_question_of_each_route_and_all_are_answered(
    assistant: Assistant,
) -> None:
    answers = [assistant.ask(question) for question in assistant.examples()]
    assert [a.route for a in answers] == ["content", "experts", "person", "catalogue"]
    assert {a.status for a in answers} == {"answered"}
    assert all(a.citations or a.value is not None for a in answers)


def test_an_empty_library_offers_nothing() -> None:
    assert made() == ()


def test_a_method_is_asked_for_by_the_name_that_its_text_has_too() -> None:
    held = [
        paper("p1", "A Study: of nothing"),
        paper("p2", "GaitNet: Walking", "No name here."),
        paper("p3", "PalmNet: Hands", "PalmNet reads palms."),
    ]
    assert "What does PalmNet do?" in made(*held)


def test_without_a_method_the_first_paper_is_asked_for_by_its_name() -> None:
    assert made(paper("p1", "Palm Prints"))[0] == "What is known about palm prints?"
    assert made(paper("p1"))[0] == "What is known about label of p1?"


def test_the_topic_is_the_commonest_pair_of_telling_words_in_titles() -> None:
    held = [
        paper("p1", "Face Recognition in the Dark"),
        paper("p2", "On face recognition"),
        paper("p3", "Deep Learning Network Models"),
        paper("p4", "Learning Network of Faces"),
    ]
    assert "Who works on face recognition?" in made(*held)
    assert not any(q.startswith("Who") for q in made(held[0], held[2]))


def test_a_pair_said_twice_in_one_title_counts_once() -> None:
    assert not any(q.startswith("Who") for q in made(paper("p1", "Palm print and palm print")))


def test_the_busiest_person_without_a_page_is_asked_for_and_the_first_by_name_of_equals() -> None:
    held = [
        paper("p1", "A", authors=["Zoe", "Bea", "Own"]),
        paper("p2", "B", authors=["Zoe", "Bea", "Own"]),
        paper("p3", "C", authors=["Own", "Al"]),
    ]
    found = made(*held, pages=(ProfilePage("Own"),))
    assert "What does Bea work on?" in found


@pytest.mark.parametrize(
    ("years", "code", "question"),
    [
        ((2020, 2021, 2021), None, "Which papers are from 2021?"),
        ((2020, 2021), None, "Which papers are from 2021?"),
        ((2020, 2020, 2021), True, "How many papers from 2020 have code?"),
        ((None,), True, "How many papers are there?"),
    ],
)
def test_the_list_is_of_the_year_with_most_papers_and_the_later_of_equals(
    years: tuple[int | None, ...], code: bool | None, question: str
) -> None:
    held = [paper(f"p{n}", "T", year=year, code=code) for n, year in enumerate(years, 1)]
    assert made(*held)[-1] == question
