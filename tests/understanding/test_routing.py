"""Which branch a question takes; most questions stand in `cases.yaml`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Thread
from rag.understanding.routing import route
from tests.shelves import PAGES


@given(st.text(max_size=80))
def test_any_text_takes_some_route_and_the_same_one_again(text: str) -> None:
    first, second = route(text, Thread(), PAGES), route(text, Thread(), PAGES)
    assert first == second


def test_capitals_are_no_chat_spelling() -> None:
    assert "R" in route("what is the R package?", Thread(), PAGES).query.text


def test_of_a_long_text_the_last_sentences_say_what_is_asked() -> None:
    story = "We build doors that open for the right faces and for nobody else in town. " * 8
    story = " ".join(f"{part}{n}" if n % 7 == 0 else part for n, part in enumerate(story.split()))
    found = route(f"{story}. Who works on drones?", Thread(), PAGES).query
    assert (found.route, found.topic) == ("experts", "drones")


def test_a_long_text_that_asks_what_papers_say_is_looked_for_whole() -> None:
    text = " ".join(f"word{n}" for n in range(300)) + " how does that work?"
    found = route(text, Thread(), PAGES).query
    assert (found.route, found.text) == ("content", text)


@pytest.mark.parametrize("phrase", ["a", "papers by", "of the", "compare a and b"])
def test_a_phrase_said_over_and_over_is_read_as_if_said_twice(phrase: str) -> None:
    twice, often = (route(" ".join([phrase] * n), Thread(), PAGES).query for n in (2, 1_000))
    assert (often.route, often.topic, often.where) == (
        twice.route,
        twice.topic,
        twice.where,
    )
