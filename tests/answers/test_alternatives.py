"""The next best reading is named in words, and nothing is offered beside small talk."""

from __future__ import annotations

import pytest

from rag.answers.alternatives import find_other_reading, refuse_unread_alone
from rag.types import Condition, Query, Reading
from rag.types.query import PersonRef, Topic

DRONES = Topic("drones")


@pytest.mark.parametrize(
    ("query", "other", "words"),
    [
        (Query("people", about=DRONES), Query("passages", text="who?"), "what papers say about drones"),
        (Query("papers", about=DRONES), Query("people", about=DRONES), "people who work on drones"),
        (Query("passages", text="x"), Query("papers", about=DRONES, where=(Condition("year", "is", 2022),)),
         "all papers about drones from 2022"),
        (Query("passages", text="x"), Query("profile", people=(PersonRef("Ann Mao"),)), "Ann Mao, and their papers"),
        (Query("passages", text="x"), Query("count"), "all papers that fit, counted or listed"),
    ],
)  # fmt: skip
def test_the_other_reading_is_named_in_words(query: Query, other: Query, words: str) -> None:
    found = find_other_reading(Reading(query, others=(other,)))
    assert found is not None and (found.route, found.words) == (other.route, words)


def test_nothing_else_is_offered_beside_small_talk_or_of_the_same_kind() -> None:
    assert (
        find_other_reading(Reading(Query("aside", what="thanks"), others=(Query("papers"),)))
        is None
    )
    assert find_other_reading(Reading(Query("papers"), others=(Query("count"),))) is None


def test_only_a_list_of_everything_is_refused_for_words_that_nothing_used() -> None:
    assert refuse_unread_alone(Reading(Query("papers"), unread=("not hats",))) is not None
    by_year = Query("groups", by=("year",))
    assert refuse_unread_alone(Reading(by_year, unread=("span",))) is None
