"""Whatever is a query is answered, or refused in one sentence that says why."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from rag.app.assistant import Assistant
from rag.types.fields import QueryError
from rag.types.query import Order, Query, Topic
from tests.queries import build_queries


@settings(max_examples=150, deadline=None)
@given(query=build_queries())
def test_any_query_is_answered_or_refused(assistant: Assistant, query: Query) -> None:
    try:
        answer = assistant.query(query)
    except QueryError as exc:
        assert str(exc)
    else:
        assert answer.text


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (Query("people", by=("page_papers",), order=Order("title_chars")), "not ordered by title_chars; there are h_index"),
        (Query("people", by=("h_index",), order=Order("n_coauthors")), "not ordered by n_coauthors"),
    ],
)  # fmt: skip
def test_figures_of_pages_are_ordered_by_figures(
    assistant: Assistant, query: Query, says: str
) -> None:
    with pytest.raises(QueryError, match=says):
        assistant.query(query)


@pytest.mark.parametrize("line", [
    'passages of #0000: "what is it"', "papers of #0000", "people authors of #0000",
    "values by h_index of #0000", "overview of #0000", "papers like #0000",
])  # fmt: skip
def test_of_a_paper_that_is_not_there_nothing_is_said(assistant: Assistant, line: str) -> None:
    answer = assistant.query(line)
    assert answer.status == "abstained"
    assert "has no paper #0000" in answer.text
    assert not answer.citations


def test_the_other_papers_are_answered_about(assistant: Assistant) -> None:
    known = assistant.query("papers first 1").papers[0].paper_id
    answer = assistant.query(f"values by year of #{known}, #0000")
    assert answer.status == "answered"
    assert "has no paper #0000" in answer.text
    assert {citation.paper_id for citation in answer.citations} == {known}


def test_a_share_says_nothing_of_what_to_read_first(assistant: Assistant) -> None:
    topic = Topic("zxqv")
    plain_share = assistant.query(Query("share", about=topic))
    assert (
        assistant.query(Query("share", about=topic, what="reading order")).text == plain_share.text
    )


def test_values_need_a_field() -> None:
    with pytest.raises(
        QueryError,
        match="values need a field to show; there are ",
    ):
        Query("values")
