"""An overview of everything that is here."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.dialects import sqlite

from rag.answers.citations import check_citations
from rag.answers.library_overview import answer_library, is_of_library
from rag.types import Condition, Query
from rag.types.query import Topic
from tests.shelf import Shelf, paper

PAPERS = [
    paper("p1", "Night Vision for Owls", year=2021, authors=("Ann", "Bo"), category="CV"),
    paper("p2", "More Night Vision", year=2022, authors=("Bo",), category="CV", code=True),
    paper("p3", "Roots", authors=("Cy",), category="LG"),
]
SHELF = Shelf(PAPERS)


def test_a_library_is_told_by_its_topics_years_people_and_newest_papers() -> None:
    answer = answer_library(Query("overview", text="what is here?"), SHELF)
    for line in (
        "**3 papers** here.",
        "- Often in titles: night vision (2).",
        "- By year: 2022 (1), 2021 (1); 1 without a printed year.",
        "- Most papers: Bo (2), Ann (1), Cy (1).",
        "- Categories: CV (2), LG (1).",
        "- With code: 1.",
    ):
        assert line in answer.text.splitlines()
    assert [p.paper_id for p in answer.papers] == ["p2", "p1", "p3"]
    check_citations(answer.text, answer.citations, {p.paper_id: p for p in PAPERS})


def test_an_overview_under_conditions_counts_what_meets_them() -> None:
    of_2022 = Query("overview", where=(Condition("year", "is", 2022),))
    assert answer_library(of_2022, SHELF).text.startswith("**1 paper** from 2022.")
    of_1999 = Query("overview", where=(Condition("year", "is", 1999),))
    assert answer_library(of_1999, SHELF).status == "abstained"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query("overview"), True),
        (Query("overview", about=Topic("owls")), False),
        (Query("overview", papers=("p1",)), False),
        (Query("papers"), False),
    ],
)
def test_an_overview_of_a_topic_or_of_papers_is_not_of_the_library(
    query: Query, expected: bool
) -> None:
    assert is_of_library(query) is expected


def test_an_overview_reads_as_many_people_as_it_names_and_tests_titles_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shelf = Shelf(
        [paper(f"p{n}", f"Owl Song {n}", authors=(f"Ann {n}", f"Bo {n}")) for n in range(40)]
    )
    read: list[tuple[str, int]] = []
    fetch = shelf.library.fetch

    def count(statement: Any, **values: Any) -> Any:
        rows = fetch(statement, **values)
        read.append((str(statement.compile(dialect=sqlite.dialect())), len(rows)))
        return rows

    monkeypatch.setattr(shelf.library, "fetch", count)
    answer_library(Query("overview"), shelf)
    assert [n for statement, n in read if "count(DISTINCT authorships" in statement] == [6]
    read.clear()
    answer_library(Query("overview"), shelf)
    assert not any("REGEXP" in statement for statement, _ in read)
