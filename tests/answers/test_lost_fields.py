"""What a reader did not find is not said to be absent."""

from __future__ import annotations

import pytest

from rag.answers import person_phrases, phrases
from rag.library.identity import merge
from rag.types import Entry, Place
from tests.conversation import ask
from tests.shelf import Shelf, paper

LOST = ("authors: not found", "year: not found")


def entry(line: int = 1, **values: object) -> Entry:
    given = {"raw": "", "title": "Peat", "text": "Peat burns.", **values}
    return Entry(place=Place("p.pdf", line), **given)  # type: ignore[arg-type]


def test_what_one_document_did_not_find_another_may_know() -> None:
    alone = merge("p1", [entry(provenance=LOST)], {})
    assert alone.is_not_found("authors") and alone.is_not_found("year")
    joined = merge("p1", [entry(provenance=LOST), entry(2, authors=("Lea Moreau",))], {})
    assert not joined.is_not_found("authors") and joined.is_not_found("year")


def test_a_guess_is_told_only_where_it_is_what_is_shown() -> None:
    guess = ("year: guessed from the copyright",)
    guessed = entry(2, year=2020, provenance=guess)
    assert merge("p1", [guessed], {}).provenance == guess
    assert merge("p1", [entry(1, year=2021), guessed], {}).provenance == ()


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        (phrases.tell_undated(3, ""), "without a printed year"),
        (phrases.tell_undated(3, "", 3), "3 papers whose year could not be read"),
        (phrases.tell_undated(3, "", 1), "1 of which may print one that could not be read"),
        (person_phrases.tell_missing_authors(4, 0, 2, None), "2 name no authors at all"),
        (
            person_phrases.tell_missing_authors(4, 0, 2, None, 2),
            "of 2 the authors could not be read",
        ),
        (person_phrases.head_without_authors("peat", is_lost=True), "could not be read"),
    ],
)
def test_the_sentence_says_whether_it_was_looked_for(sentence: str, words: str) -> None:
    assert words in sentence


def test_counts_say_how_many_papers_lack_the_field() -> None:
    shelf = Shelf(
        [
            paper("p1", "Peat", authors=("Jana Doe",), year=2019),
            paper("p2", "Moss", year=2019),
            paper("p3", "Fern"),
        ]
    )
    none = ask("how many papers are from 2018?", shelf=shelf).text
    assert none.startswith("No papers from 2018. (1 paper without a printed year not counted.)")
    ranked = ask("who has written the most papers?", shelf=shelf).text
    assert ranked.endswith("(2 papers without known authors not counted.)")
