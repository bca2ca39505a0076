"""Follow-ups made whole from what was asked and shown; most stand in `cases.yaml`."""

from __future__ import annotations

from dataclasses import replace

from rag.answers.papers import answer_papers
from rag.types import ProfilePage
from tests.conversation import ask, read
from tests.shelf import Shelf, paper
from tests.shelves import FACES


def test_a_list_has_no_person_number_nought() -> None:
    reading = read("who works on faces?", "what does number 0 work on?", shelf=FACES)
    assert reading.query.people == ()


def test_the_reason_names_the_paper_that_was_meant() -> None:
    reading = read("What is DuetFace?", "what are its stages?", shelf=FACES, cites=("p1",))
    assert "DuetFace" in reading.reason


def test_of_those_no_other_paper_is_counted() -> None:
    shelf = Shelf(
        [
            paper("p1", "Faces", authors=("Ann Mao",), year=2022, code=True),
            paper("p2", "Drones", authors=("Ann Mao", "Bo Li"), year=2023, code=True, owner="Cai Wu"),
            paper("p3", "Masks", authors=("Bo Li",), owner="Cai Wu"),
        ],
        [ProfilePage("Cai Wu", n_papers=9)],
        {"Cai Wu": ["p2", "p3"]},
    )  # fmt: skip
    for question in ("how many of those are from 2023?", "how many of those are by Cai Wu?"):
        answer = ask("papers with code", question, shelf=shelf)
        assert answer.value == 1
        assert "not counted" not in answer.text and "page itself" not in answer.text


def test_figures_of_somebody_else_are_of_them_alone() -> None:
    answer = ask("the h-index of Yuxi Mi and Cai Wu?", "and Ann Mao?", shelf=FACES)
    assert "Yuxi Mi" not in answer.text


def test_papers_without_a_year_stand_last_in_an_order_by_date() -> None:
    shelf = Shelf([paper("p1", "Undated", "", ("Ann Mao",)), paper("p2", "Old", "", ("Ann Mao",), year=2019)])  # fmt: skip
    answer = ask("sort the papers by Ann Mao by date", shelf=shelf)
    assert [p.paper_id for p in answer.papers] == ["p2", "p1"]
    assert "newest first; the last 1 without a year" in answer.text


def test_a_last_author_is_known_where_the_list_is_complete() -> None:
    turns = ("how many papers does Yuge Huang have as first author?", "and as last author?")
    cut = Shelf([replace(p, authors_complete=False) for p in FACES.list_papers()])
    answer = answer_papers(read(*turns, shelf=FACES).query, cut, cut.retrieve)
    assert answer.value == 0
    assert "1 paper of theirs with an author list cut by 'et al.' not counted" in answer.text


def test_a_made_up_word_in_the_condition_of_a_list_names_no_paper() -> None:
    linked = Shelf([*FACES.list_papers(), paper("p6", "Code", "GitLab hosts it.", ("Ann Mao",), links=("https://gitlab.com/a",), year=2020),
                    paper("p7", "More", "It works.", ("Ann Mao",), links=("https://gitlab.com/b",), year=2021)])  # fmt: skip
    turns = ("how many papers have a GitLab link?", "how many of them are from 2021?")
    reading = read(*turns, shelf=linked)
    assert set(reading.query.papers) == {"p6", "p7"}


def test_a_wish_for_other_words_is_no_correction() -> None:
    assert read("who works on faces?", "make it shorter", shelf=FACES).query.topic != "shorter"
