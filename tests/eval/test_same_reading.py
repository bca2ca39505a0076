"""Queries that ask the same in other spellings are equal, and those that do not are not."""

from __future__ import annotations

import pytest

from eval.run.same_reading import (
    are_conditions_equal,
    compare_topics,
    normalise_query,
    resolve_shown_papers,
)
from rag.types.query import Query, Topic
from rag.types.query_parser import read_conditions, read_query


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("year = 2020", "year = 2020..2020"),
        ("year > 2020", "year = 2021.."),
        ("year in (2020, 2021)", "year = 2020..2021"),
        ("year = 2020.. and year <= 2022", "year = 2020..2022"),
        ("year = 2023", "date = 2023-01-01..2023-12-31"),
        ("month = 3 and year = 2022", "date = 2022-03-01..2022-03-31"),
        ("n_authors < 3", "n_authors = ..2"),
        ("not code and year = 2020", "year = 2020 and not code"),
        ('venue = "Isis"', 'venue contains "isis"'),
        ("affiliation contains tencent", 'affiliation = "tencent-ai"'),
        ('author lacks ("Ann Mao")', 'author != "ann mao"'),
        ('author = "Birgit Sørensen"', 'author in ("Birgit Sorensen")'),
        ('author = "Ann Mao" and first_author = "Ann Mao"', 'first_author = "Ann Mao"'),
    ],
)
def test_spellings_of_one_condition_are_equal(one: str, other: str) -> None:
    assert are_conditions_equal(read_conditions(one), read_conditions(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("year = 2020", "year = 2021"),
        ("year = 2020", "year = 2020.."),
        ("code", "not code"),
        ("code", "code and year = 2020"),
        ('author = "Ann Mao"', 'first_author = "Ann Mao"'),
        ('author = "Ann Mao"', 'author = "Ann Maos"'),
        ('author = "Ann Mao"', 'author lacks ("Ann Mao")'),
        ("title contains drone", "text contains drone"),
        ("year unknown", "year known"),
    ],
)
def test_other_conditions_are_not(one: str, other: str) -> None:
    assert not are_conditions_equal(read_conditions(one), read_conditions(other))


@pytest.mark.parametrize(
    ("actual", "expected", "level"),
    [
        (Topic("Label noise"), Topic("label noise"), "exact"),
        (Topic("the effect of wages"), Topic("effects of wage"), "same words"),
        (Topic("tumour apnoea"), Topic("tumors, apnea"), "same words"),
        (
            Topic("face forgery video detection"),
            Topic("face video forgery detection tasks"),
            "close",
        ),
        (Topic("drones"), Topic("drones and cars"), "other"),
        (None, Topic("drones"), "other"),
        (Topic("drones"), None, "other"),
        (Topic("drones"), Topic("drones", without="audio"), "other"),
        (Topic("a and b", all_of=("a", "b")), Topic(all_of=("b", "a")), "exact"),
        (Topic("hiv", all_of=("hiv", "malaria")), Topic(all_of=("hiv", "dengue")), "other"),
    ],
)
def test_topics_are_compared_by_their_words(
    actual: Topic | None, expected: Topic, level: str
) -> None:
    assert compare_topics(actual, expected) == level


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("papers, order by date descending, first 3", "extreme, order by date descending, first 3"),
        ("extreme, order by year ascending", "extreme, order by date ascending, first 1"),
        ("extreme, order by n_papers, first 1", "people by author, order by n_papers, first 1"),
        ('people about hiv where author lacks ("Ann Mao")', 'people about hiv besides "Ann Mao"'),
        ("people authors about hiv", "people about hiv"),
        (
            'papers shared for "Ann Mao", "Bo Li"',
            'papers where author = "Ann Mao" and author = "Bo Li"',
        ),
        ("count papers by year", "count papers by year, order by date descending, first 1"),
    ],
)
def test_queries_that_mean_the_same_are_normalised_alike(one: str, other: str) -> None:
    assert normalise_query(read_query(one)) == normalise_query(read_query(other))


def test_the_papers_just_shown_are_what_showed_them() -> None:
    previous = read_query("papers about hiv where code")
    resolved = resolve_shown_papers(
        read_query("count papers of #p1, #p2 where year = 2020"), ["p2", "p1"], previous
    )
    assert resolved == Query(
        want="count",
        about=Topic("hiv"),
        where=read_conditions("year = 2020 and code"),
    )
    part = read_query("count papers of #p1 where year = 2020")
    assert resolve_shown_papers(part, ["p2", "p1"], previous) == part
