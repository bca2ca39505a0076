"""People whose name is one word in a question, and papers described by everyday nouns."""

from __future__ import annotations

import pytest

from rag.understanding.entities import find_described, find_entities
from tests.shelf import Shelf, paper

SHELF = Shelf(
    [
        paper("p1", "Star Names in Polynesian Navigation", "Names of stars.", ("Ingrid Sørensen",)),
        paper("p2", "Bread and Letters", "A Bayes classifier of letters.", ("Tom Bayes", "B")),
        paper("p3", "Letters of Credit", "Credit in Antwerp.", ("Ana Vogel",)),
    ]
)


def list_people(question: str) -> list[str]:
    spans = find_entities(question, SHELF).spans
    return [question[s.start : s.end] for s in spans if s.kind == "person" and s.is_certain]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("anything from a Sørensen", ["a Sørensen"]),
        ("which of these use a Bayes classifier?", []),
        ("the highest score among papers by B", ["B"]),
        ("papers by hand", []),
    ],
)
def test_a_name_of_one_word_is_a_person_where_no_paper_writes_of_it(
    question: str, names: list[str]
) -> None:
    assert list_people(question) == names


@pytest.mark.parametrize(
    ("description", "paper_id"),
    [
        ("the piece on Polynesian star names", "p1"),
        ("that thing about letters of credit", "p3"),
        ("the letters paper", ""),
        ("the piece on Polynesian tides", ""),
    ],
)
def test_everyday_nouns_are_no_part_of_a_description(description: str, paper_id: str) -> None:
    assert find_described(description, SHELF) == paper_id
