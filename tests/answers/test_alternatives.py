"""The next best reading is named in words, and nothing is offered beside small talk."""

from __future__ import annotations

import pytest

from rag.answers.alternatives import add_reading_notes, find_other_reading, refuse_unread_alone
from rag.answers.reading_phrases import describe_query
from rag.text.markdown import plain
from rag.types import Answer, Condition, Query, Reading
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


def test_a_reading_that_is_unsure_is_told_before_the_answer_with_another() -> None:
    query = Query("papers", about=DRONES, where=(Condition("year", "is", 2022),))
    reading = Reading(query, others=(Query("people", about=DRONES),), is_unsure=True)
    answer = add_reading_notes(Answer("", "answered", "catalogue", "3 papers."), reading)
    told = (
        "Not sure what is meant. Read as all papers about drones from 2022; "
        "it could also be people who work on drones."
    )
    assert answer.text == f"({told})\n\n3 papers."
    assert answer.warnings == (told,)
    sure = Answer("", "answered", "catalogue", "3 papers.")
    assert add_reading_notes(sure, Reading(query)).text == "3 papers."


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (Query("count", by=("author",), where=(Condition("year", "is", 2022),)), "the number of people from 2022"),
        (Query("groups", by=("year",), about=DRONES), "papers by year about drones"),
        (Query("share", where=(Condition("code", "is", True),), base=(Condition("year", "is", 2022),)),
         "the share of papers with the Code mark among those from 2022"),
        (Query("values", by=("venue",), papers=("p1",)), "a venue of that paper"),
        (Query("people", papers=("p1", "p2"), relation="common_authors"), "who wrote all of those papers"),
        (Query("people", people=(PersonRef("Ann Mao"),), relation="coauthors"), "co-authors of Ann Mao"),
        (Query("people", about=DRONES, besides=("Bo Li",)), "people who work on drones other than Bo Li"),
        (Query("passages", papers=("p1",)), "what the paper in view says"),
        # what is typed is no markup of the answer
        (Query("people", about=Topic("![x](http://a.b)")), "people who work on " + plain("![x](http://a.b)")),
    ],
)  # fmt: skip
def test_readings_are_told_in_words(query: Query, words: str) -> None:
    assert describe_query(query) == words
