"""The entry of a paper: what its marks and its own text say."""

from __future__ import annotations

import pytest

from rag.answers.attributes import answer_attributes, find_code_link
from tests.conversation import ask
from tests.shelf import Shelf, paper

PRINTED = "We study masks. The source code is available at https://github.com/one/two."


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        (PRINTED, "The source code is available at https://github.com/one/two."),
        ("Codes: www.place.org/masks for all.", "Codes: www.place.org/masks for all."),
        ("See our page https://place.org/masks for examples.", ""),
        ("Code will be released.", ""),
    ],
)
def test_the_sentence_with_the_address_of_code_is_found(text: str, quote: str) -> None:
    span = find_code_link(paper("p1", "Masks", text))
    assert (text[slice(*span)] if span else "") == quote


@pytest.mark.parametrize("mark", [None, False])
def test_code_that_the_text_gives_is_told_and_quoted_without_a_mark(mark: bool | None) -> None:
    shelf = Shelf([paper("p1", "Masks", PRINTED, code=mark)])
    answer = answer_attributes(("code",), ["p1"], shelf)
    assert (answer.status, answer.value) == ("answered", "yes")
    assert "https://github.com/one/two [1]" in answer.text
    assert (
        answer.citations[0].quote == "The source code is available at https://github.com/one/two."
    )


def test_code_with_a_mark_comes_with_its_address_or_is_said_to_be_only_marked() -> None:
    marked = Shelf(
        [
            paper("p1", "Masks", PRINTED, code=True),
            paper("p2", "Drones", "Drones fly.", code=True, links=("https://github.com/x/y",)),
            paper("p3", "Palms", "We read palms.", code=True),
            paper("p4", "Chords", "We play.", code=False),
        ]
    )
    lines = answer_attributes(("code",), ["p1", "p2", "p3", "p4"], marked).text.splitlines()
    assert [line.split(": ", 1)[1] for line in lines] == [
        "yes: https://github.com/one/two [1].",
        "yes: https://github.com/x/y [2].",
        "the page marks code as available, but prints no address of it [3].",
        "no Code mark, and no address of code is printed [4].",
    ]


def test_a_list_of_papers_with_code_says_where_it_is() -> None:
    shelf = Shelf([paper("p1", "Masks", PRINTED, code=True), paper("p2", "Drones", code=False)])
    assert ", https://github.com/one/two [1]" in ask("papers with code", shelf=shelf).text
