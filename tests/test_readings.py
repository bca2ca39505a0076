"""The other reading of a question: offered where there is one, taken where it is wanted."""

from __future__ import annotations

import pytest

from rag.readings import other_reading
from rag.routing import route
from rag.types import Alternative, ProfilePage, ReadAs, Thread
from tests.shelf import Shelf, paper

SHELF = Shelf(
    [
        paper("p1", "DuetFace: Faces", "DuetFace protects faces.", ("Yuxi Mi",), year=2022,
              category="CV", owner="Nannan Wang"),
        paper("p2", "Drones at Night", "We find drones.", ("Ann Mao",), year=2024, category="LG"),
    ],
    [ProfilePage("Nannan Wang", "CV", 55, 113)],
    {"Nannan Wang": ["p1"]},
)  # fmt: skip


def other(question: str, read_as: ReadAs | None = None) -> Alternative | None:
    return other_reading(route(question, Thread(), SHELF, read_as))


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("who works on drones?", Alternative("content", "what papers say about drones")),
        ("drones at night", Alternative("experts", "people who work on drones at night")),
        ("who found drones first?", Alternative("experts", "people who work on found drones first")),
        ("who is Isaac Newton?", Alternative("content", "what papers say")),
        ("which paper from 2024 is the funniest?", Alternative("catalogue", "all papers from 2024")),
        ("what has Yuxi Mi done on drones?", Alternative("content", "what papers say about drones")),
        ("how many papers about drones?", Alternative("content", "what papers say about drones")),
        ("what is the oldest paper?", Alternative("content", "what papers say")),
        ("which paper decodes base64 strings?", Alternative("content", "what papers say")),
    ],
)  # fmt: skip
def test_each_route_offers_the_reading_that_is_near(question: str, expected: Alternative) -> None:
    assert other(question) == expected


@pytest.mark.parametrize(
    "question",
    ["how does DuetFace protect faces?", "papers from 2024", "who is Yuxi Mi?", "hello", "???"],
)
def test_where_no_other_reading_is_plausible_none_is_offered(question: str) -> None:
    assert other(question) is None


def test_a_long_subject_is_not_repeated() -> None:
    long = (
        "who works on extraordinarily complicated interdisciplinary representations of knowledge?"
    )
    assert other(long) == Alternative("content", "what papers say about it")


@pytest.mark.parametrize("wanted", ["content", "experts", "person", "catalogue"])
def test_the_reading_that_is_wanted_is_taken_and_offers_the_first_one(wanted: ReadAs) -> None:
    natural = route("papers about drones from 2024", Thread(), SHELF)
    forced = route("papers about drones from 2024", Thread(), SHELF, wanted)
    assert forced.route == wanted
    if wanted != natural.route:
        found = other_reading(forced)
        assert found is not None and found.route == natural.route


def test_wanted_people_are_looked_for_on_what_the_question_is_about() -> None:
    assert route("how are drones found?", Thread(), SHELF, "experts").topic == "drones found"


def test_a_refused_text_is_looked_up_where_that_is_wanted() -> None:
    refused = "which paper decodes base64 strings?"
    assert route(refused, Thread(), SHELF).route == "unsupported"
    assert route(refused, Thread(), SHELF, "content").route == "content"
