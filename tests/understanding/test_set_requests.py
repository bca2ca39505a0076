"""Requests in set words: a table of fields, what comes up most, and whether the program can be trusted."""

from __future__ import annotations

import pytest

from rag.answers.papers import answer_papers
from rag.types import Query, Reading
from rag.types.query import Topic
from rag.understanding.set_requests import (
    asks_for_subjects,
    asks_for_trust,
    narrow_to_users,
    split_table,
)
from tests.conversation import ask, read
from tests.shelf import Shelf, paper

SHELF = Shelf(
    [
        paper("p1", "Leaf Tracking", "We track leaves. Leaf tracking is hard.", authors=("Ann Mao", "Bo Li"), year=2021),
        paper("p2", "Fast Leaf Tracking", "Leaf tracking on phones.", authors=("Cy Ro",), year=2023),
        paper("p3", "Rain Maps", "We map rain.", authors=("Di Wu",), year=2023),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "rest", "fields"),
    [
        ("Give me a table: title, year, authors of the leaf papers", "Give me a list of the leaf papers", ("title", "year", "author")),
        ("a table of the leaf papers: title, year and first author", "a list of the leaf papers", ("title", "year", "first_author")),
        ("show the leaf papers as a table with title and venue", "show the leaf papers", ("title", "venue")),
        ("Give me a table of the leaf papers", "Give me a table of the leaf papers", ()),
        ("which papers have title and year?", "which papers have title and year?", ()),
    ],
)  # fmt: skip
def test_a_wish_for_a_table_of_fields_is_read_apart_from_what_is_listed(
    question: str, rest: str, fields: tuple[str, ...]
) -> None:
    assert split_table(question) == (rest, fields)


def test_a_table_of_fields_has_a_row_a_paper_and_a_column_a_field() -> None:
    answer = ask("Give me a table: title, year, authors of the leaf tracking papers", shelf=SHELF)
    assert "| Title | Year | Authors |\n|---|---|---|" in answer.text
    assert "| Leaf Tracking [" in answer.text and "| 2021 | Ann Mao, Bo Li |" in answer.text
    assert "Rain Maps" not in answer.text


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("which subjects come up most often?", True),
        ("what are the most common topics?", True),
        ("which themes dominate?", True),
        ("which people cover the most topics?", False),
        ("who publishes most often?", False),
    ],
)
def test_subjects_that_come_up_most_are_topics(question: str, expected: bool) -> None:
    assert asks_for_subjects(question) is expected


def test_what_comes_up_most_is_an_overview_of_the_library() -> None:
    assert read("which subjects come up most often?", shelf=SHELF).query.want == "overview"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("can I trust what you say, or do you make things up like chatgpt?", True),
        ("do you hallucinate?", True),
        ("how reliable are you?", True),
        ("can we trust face recognition?", False),
        ("how reliable is DuetFace?", False),
        ("which papers reduce hallucination?", False),
    ],
)
def test_whether_answers_can_be_trusted_is_asked_of_the_program(
    question: str, expected: bool
) -> None:
    assert asks_for_trust(question) is expected
    assert (read(question, shelf=SHELF).query.what == "about_you") is expected


def test_a_topic_before_the_papers_is_read_beside_a_condition() -> None:
    query = read("which leaf papers come with code?", shelf=SHELF).query
    assert (query.want, query.topic) == ("papers", "leaf")


def test_the_course_of_a_topic_is_none_of_it() -> None:
    query = read("how has leaf tracking evolved?", shelf=SHELF).query
    assert query.topic in ("leaf tracking", "")


def test_which_of_a_list_use_a_thing_are_those_that_name_it() -> None:
    merged = Reading(Query("papers", about=Topic("phones leaf tracking")), "")
    query = narrow_to_users("which of these use phones?", merged, ("p1", "p2")).query
    answer = answer_papers(query, SHELF, SHELF.retrieve)
    assert [scored.paper_id for scored in answer.papers] == ["p2"]
    assert "among those just shown" in answer.text
    for other in ("which of these are about rain?", "which of these need no training?"):
        assert narrow_to_users(other, merged, ("p1", "p2")) == merged
