"""Words of flags, fields, orders and numbers mean what they say."""

from __future__ import annotations

import pytest

from rag.text.numbers import parse_bounds, parse_number
from rag.types.fields import Condition, Range
from rag.types.query_text import print_condition
from rag.understanding.dialogue_state import find_ordinal
from rag.understanding.entities import read_flag, read_role
from rag.understanding.field_words import read_attribute, read_group, read_order
from rag.understanding.slots import merge_conditions, read_form


@pytest.mark.parametrize(
    ("words", "negative", "printed"),
    [
        ("code", False, "code"),
        ("code", True, "not code"),
        ("no code", False, "not code"),
        ("an implementation", False, "code"),
        ("open source", False, "code"),
        ("no year", False, "year unknown"),
        ("undated", False, "year unknown"),
        ("a date", True, "year unknown"),
        ("untitled", False, "title unknown"),
        ("et al.", False, "not complete_authors"),
        ("et al.", True, "complete_authors"),
        ("all authors named", False, "complete_authors"),
        ("single-author", False, "n_authors = 1"),
        ("in more than one document", False, "n_places = 2.."),
        ("github", False, 'link contains "github"'),
        ("github", True, 'link not contains "github"'),
        ("no affiliation", False, "affiliation unknown"),
        ("a DOI", False, "doi known"),
    ],
)
def test_a_flag_is_a_condition(words: str, negative: bool, printed: str) -> None:
    condition = read_flag(words, is_negative=negative)
    assert condition is not None and print_condition(condition) == printed


def test_words_that_are_no_flag_set_nothing() -> None:
    assert read_flag("purple", is_negative=False) is None


@pytest.mark.parametrize(
    ("words", "field"),
    [("first author", "first_author"), ("senior author", "last_author"), ("lead author", "first_author"), ("code", "")],
)  # fmt: skip
def test_a_role_names_its_field(words: str, field: str) -> None:
    assert read_role(words) == field


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("when", "year"),
        ("h-index", "h_index"),
        ("how many citations", "n_citations"),
        ("how many authors", "n_authors"),
        ("which journal", "venue"),
        ("link", "link"),
        ("AI score", "ai_score"),
        ("colour", ""),
    ],
)
def test_an_attribute_names_its_field(words: str, field: str) -> None:
    assert read_attribute(words) == field


@pytest.mark.parametrize(
    ("words", "field"),
    [("year", "year"), ("universities", "affiliation"), ("first authors", "first_author"), ("people", "author")],
)  # fmt: skip
def test_a_group_names_its_field(words: str, field: str) -> None:
    assert read_group(words) == field


@pytest.mark.parametrize(
    ("words", "context", "field", "way"),
    [
        ("newest", " paper", "date", "descending"),
        ("oldest", " paper", "date", "ascending"),
        ("newest first", "", "date", "descending"),
        ("oldest and newest", "", "date", "both ends"),
        ("lowest", " score", "score", "ascending"),
        ("longest", " abstract", "abstract_words", "descending"),
        ("most", " authors", "n_authors", "descending"),
        ("highest", " h-index", "h_index", "descending"),
    ],
)
def test_an_order_has_a_field_and_a_way(words: str, context: str, field: str, way: str) -> None:
    order = read_order(words, context)
    assert (order.field, order.way) == (field, way)


@pytest.mark.parametrize(
    ("words", "bounds"),
    [
        ("at least three", Range(3, None)),
        ("more than 2", Range(3, None)),
        ("fewer than five", Range(None, 4)),
        ("at most 3", Range(None, 3)),
        ("exactly 2", Range(2, 2)),
        ("3+", Range(3, None)),
        ("some", None),
    ],
)
def test_bounds_are_read(words: str, bounds: Range | None) -> None:
    assert parse_bounds(words) == bounds


def test_numbers_are_read_in_words_and_digits() -> None:
    assert [parse_number(text) for text in ("top five", "the 12 best", "few")] == [5, 12, None]


@pytest.mark.parametrize(
    ("question", "n", "at"),
    [("the second one", 3, 1), ("number 3", 3, 2), ("the last", 4, 3), ("the fifth", 3, None),
     ("who is no. two of those", 3, 1), ("number two, tell me more", 3, 1), ("no one else?", 3, None),
     ("first author?", 3, None), ("what about faces", 3, None)],
)  # fmt: skip
def test_a_place_in_a_list_is_found(question: str, n: int, at: int | None) -> None:
    assert find_ordinal(question, n) == at


def test_conditions_that_no_paper_meets_together_are_alternatives() -> None:
    before, after = (
        Condition("year", "is", Range(None, 2018)),
        Condition("year", "is", Range(2025, None)),
    )
    assert [print_condition(c) for c in merge_conditions([before, after])] == [
        "year in (..2018, 2025..)"
    ]
    overlapping = [
        Condition("year", "is", Range(2018, None)),
        Condition("year", "is", Range(None, 2020)),
    ]
    assert merge_conditions(overlapping) == tuple(overlapping)


def test_wishes_for_form_are_read() -> None:
    assert read_form("as a table").shape == "table"
    assert read_form("in two sentences").sentences == 2
    assert read_form("in German").language == "German"
    assert read_form("for a beginner").audience == "a beginner"
