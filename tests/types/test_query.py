"""Queries and conditions are checked when made, print as they are said, and are read back."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.types.fields import FIELDS, Condition, QueryError, Range
from rag.types.query import (
    Query,
    Want,
)
from rag.types.query_json import build_schema, dump_query, load_query
from rag.types.query_parser import read_conditions, read_query
from rag.types.query_text import print_query
from tests.queries import build_queries


@given(build_queries())
def test_what_prints_is_read_back(query: Query) -> None:
    assert read_query(print_query(query)) == query


@pytest.mark.parametrize(
    "doi",
    [
        "10.1000/X.1",
        "https://doi.org/10.1000/X.1",
        "http://dx.doi.org/10.1000/X.1",
        "doi.org/10.1000/X.1",
        "doi:10.1000/X.1",
        "DOI: 10.1000/X.1 ",
        "doi https://www.doi.org/10.1000/X.1",
    ],
)
def test_a_doi_is_one_whatever_is_printed_before_it(doi: str) -> None:
    assert Condition("doi", "is", doi) == Condition("doi", "is", "10.1000/X.1")
    assert Condition("doi", "in", (doi,)).values == ("10.1000/X.1",)
    assert Condition("doi", "contains", "doi peat").value == "doi peat"


def test_a_paper_before_the_question_is_read_back() -> None:
    # what "what does it propose?" after a list is kept as: the colon is not the paper's
    query = Query("passages", papers=("p1", "a.bib:3"), text="What does it propose?")
    assert read_query(print_query(query)) == query


@given(st.text(max_size=80))
def test_any_line_is_a_query_or_one_clear_error(line: str) -> None:
    try:
        read_query(line)
    except QueryError as exc:
        assert str(exc)


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("count papers where year >= 2023 and code by year", "count papers by year where year = 2023.. and code"),
        ("papers where author = Ann Mao and category = CV", 'papers where author = "Ann Mao" and category = "CV"'),
        ("count by venue", "count by venue"),
        ("people by author where n_papers >= 2", "people by author where n_papers = 2.."),
        ("papers first 3 where code = no", "papers where not code, first 3"),
    ],
)  # fmt: skip
def test_a_line_may_be_written_loosely(line: str, printed: str) -> None:
    assert str(read_query(line)) == printed


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("papers where yaer = 3", "there are year, month"),
        ("papers where year = abc", "a whole number"),
        ('papers where year = "2023"', "a whole number"),
        ("papers where code contains x", "takes true or false|begins no part|needs an operator"),
        ("paper where code", "passages, overview"),
        ("papers where year ~ 3", "needs an operator"),
        ("papers order by venue", "there are year, date"),
        ("papers first none", "whole number"),
        ("papers where year = 2024..2020", "ends before it begins"),
        ("groups", "year, month"),
    ],
)
def test_an_error_says_what_there_is(line: str, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        read_query(line)


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("year", "is", "2023"),
        ("year", "contains", 2023),
        ("code", "is", 1),
        ("month", "is", 13),
        ("date", "is", 2023),
        ("author", "is", ""),
        ("year", "in", 2023),
        ("year", "known", 2023),
        ("date", "is", Range(2020, 2023)),
        ("title", "in", ("a",)),
    ],
)
def test_a_condition_is_checked_when_it_is_made(field: str, operator: Any, value: Any) -> None:
    with pytest.raises(QueryError):
        Condition(field, operator, value)


def test_conditions_are_read_alone() -> None:
    assert read_conditions("date = 2023-05-01.. and doi unknown") == (
        Condition("date", "is", Range(date(2023, 5, 1), None)),
        Condition("doi", "unknown"),
    )


@given(build_queries())
def test_json_gives_the_query_back(query: Query) -> None:
    assert load_query(json.loads(json.dumps(dump_query(query)))) == query


def test_the_schema_names_every_part_and_every_field() -> None:
    schema = build_schema()
    assert set(schema["properties"]) == {f.name for f in dataclasses.fields(Query)}
    assert schema["properties"]["want"]["enum"] == list(get_args(Want))
    condition = schema["properties"]["where"]["items"]
    assert condition["properties"]["field"]["enum"] == list(FIELDS)
    assert not schema["additionalProperties"]


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"want": "papers", "colour": "red"}, "no 'colour'"),
        ({"want": "everything"}, "passages, overview"),
        ({"want": "papers", "where": [{"field": "year", "operator": "is", "value": "x"}]}, "whole number"),
        ({}, "lacks a part"),
        ({"want": "papers", "where": "code"}, "takes a list"),
    ],
)  # fmt: skip
def test_json_that_is_no_query_is_one_clear_error(record: dict[str, Any], says: str) -> None:
    with pytest.raises(QueryError, match=says):
        load_query(record)


def test_a_day_in_a_title_stays_text() -> None:
    query = Query("papers", where=(Condition("title", "contains", "2023-05-01"),))
    assert load_query(dump_query(query)) == query
