"""Typed queries, each with what it comes to over a few papers: the shapes that papers are asked in."""

from __future__ import annotations

from typing import get_args

import pytest

from rag.answers.papers import answer_papers
from rag.answers.persons import answer_person
from rag.types import Answer, Query, Reading
from rag.types.fields import QueryError
from rag.types.papers import ProfilePage
from rag.types.query import RelationKind
from rag.types.query_parser import read_query
from tests.conversation import answer_reading, ask, read
from tests.shelf import Shelf, paper

RAIN = "Rain is wet. We measure rain."
PAPERS = Shelf(
    [
        paper("p1", "Rain one", RAIN, ("Ann Mao", "Bo Li"), year=2022, month=5, day=4, category="CV", code=True, score=60.5),
        paper("p2", "Rain two", RAIN, ("Ann Mao",), year=2023, month=1, day=9, category="LG", owner="Cy Xu"),
        paper("p3", "Snow", "Snow is white.", ("Di Fo", "Bo Li", "Ann Mao"), year=2023, category="CV", code=True, score=80.0),
        paper("p4", None, "Untold."),
    ],
    pages=[ProfilePage("Cy Xu", h_index=12, n_citations=300, n_papers=40)],
    on_page={"Cy Xu": ["p2"]},
)  # fmt: skip


def run(line: str, shelf: Shelf = PAPERS) -> Answer:
    query = read_query(line)
    answer = answer_person if query.route == "person" else answer_papers
    return answer(query, shelf, shelf.retrieve)


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        ("papers where year = 2023", "p2 p3"),
        ("papers where year >= 2023", "p2 p3"),
        ("papers where year in (..2022, 2024..)", "p1"),
        ("papers where year != 2023", "p1"),
        ("papers where year unknown", "p4"),
        ("papers where date = 2023-01-01..2023-06-30", "p2"),
        ("papers where date > 2022-12-31", "p2 p3"),
        ("papers where date < 2022-05-04", ""),
        ("papers where date = 2022-05-04", "p1"),
        ("papers where date != 2023-01-01..2023-02-01", "p1"),
        ("papers where month in (5, 6)", "p1"),
        ("papers where category = CV and code", "p3 p1"),
        ("papers where not code", "p2 p4"),
        ("papers where code unknown", "p2 p4"),
        ("papers where score = 70..", "p3"),
        ("papers where n_authors = 2..", "p3 p1"),
        ("papers where title starts Rain", "p2 p1"),
        ('papers where title contains any of ("snow", "two")', "p2 p3"),
        ('papers where author two of ("Ann Mao", "Bo Li", "Di Fo")', "p3 p1"),
        ('papers where author lacks ("Bo Li")', "p2 p4"),
        ("papers where first_author = \"Ann Mao\"", "p2 p1"),
        ("papers where last_author = \"Ann Mao\"", "p2 p3"),
        ("papers where page = \"Cy Xu\"", "p2"),
        ("papers where paper in (p1, p4)", "p1 p4"),
        ("papers about rain where year = 2022", "p1"),
        ("papers not about rain where year known", "p3"),
        ("papers order by score ascending", "p1 p3 p2 p4"),
        ("papers where year known, order by date descending, first 2", "p2 p3"),
        ("extreme, order by n_authors descending", "p3"),
        ("extreme, order by date both ends", "p1 p2"),
        ("papers of #p3, #p1 where year = 2022", "p1"),
    ],
)  # fmt: skip
def test_a_list_is_exactly_what_meets_the_query(line: str, ids: str) -> None:
    value = run(line).value
    assert isinstance(value, tuple)
    sources = {p.source: p.paper_id for p in PAPERS.papers}
    named = [sources[source] for source in value]
    assert sorted(named) == sorted(ids.split()), line
    if "order" in line and "ends" not in line:
        assert named == ids.split()


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("count papers where year = 2023", 2),
        ("count by category", 2),
        ("count by place", 4),
        ("count by author where n_papers = 2..", 2),
        ("count papers by year", "2022: 1; 2023: 2"),
        ("count papers by year, first 1", 2023),
        ("count papers by year, order by n_papers ascending", "2022: 1; 2023: 2"),
        ("count papers average by year", 1.5),
        ("share of papers where code of those where category = CV", "100%"),
        ("share of papers by year where code", "2022: 100%; 2023: 50%"),
        ("values average by score", 70.25),
        ("values sum by score", 140.5),
        ("values median by score", 70.25),
        ("values by year of #p1", 2022),
        ("values by author of #p1", "Ann Mao, Bo Li"),
        ("values by h_index for \"Cy Xu\"", 12),
        ("values by page_papers for \"Cy Xu\"", 40),
        ("people by author, first 1", "Ann Mao"),
        ("people by author where not has_page, order by n_papers ascending, first 1", "Di Fo"),
        ("people by author where h_index >= 10", "Cy Xu"),
        ("people by author where n_coauthors = 2", "Bo Li"),
        ("people by author, order by n_coauthors descending, first 1", "Ann Mao"),
        ("people by h_index, order by h_index descending", "Cy Xu"),
        ("people by author where year in each of (2022, 2023)", 2),
        ("count papers where category = XX", 0),
    ],
)  # fmt: skip
def test_a_figure_is_computed(line: str, value: object) -> None:
    assert run(line).value == value


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("papers where h_index > 3", "figure of people"),
        ("values average by title", "has no average"),
        ("groups by h_index", "figure of people"),
    ],
)
def test_what_does_not_go_together_is_said(line: str, said: str) -> None:
    with pytest.raises(QueryError, match=said):
        run(line)


def test_names_and_values_typed_by_hand_are_read_as_the_library_prints_them() -> None:
    answer = run('count papers where author = "ann maoo" and category = cv')
    assert answer.value == 2 and "Ann Mao" in answer.text
    assert run("papers where author = Nobody").status == "abstained"
    assert "no such" not in run("papers where category = XX").text


# --- whose figures ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "line", "said"),
    [
        ("citations of the teacher?", 'values by n_citations for "teacher" ()', "cannot tell whose citations"),
        ("citations of each page?", "values by n_citations", "300 citations"),
        ("what is the h-index of Cy Xu?", 'values by h_index for "Cy Xu"', "h-index 12"),
        ("which paper is most cited?", "extreme, order by n_citations descending", "no citations of single papers"),
        ("how many citations has Isaac Newton?", 'values by n_citations for "Isaac Newton" ()', "Nobody called Isaac Newton"),
    ],
)  # fmt: skip
def test_figures_are_those_of_whom_the_question_tells(question: str, line: str, said: str) -> None:
    answer = ask(question, shelf=PAPERS)
    assert answer.reading is not None
    assert str(answer.reading.query) == line
    assert said in answer.text


def test_how_a_question_was_read_stands_around_the_answer() -> None:
    query = Query("papers", where=read_query("papers where year = 2023").where)
    reading = Reading(query, unread=("with hats",), notes=("'this' was read as 2023",))
    answer = answer_reading(reading, PAPERS)
    first, second, *_ = answer.text.split("\n\n")
    assert (first, answer.warnings) == (f"({reading.notes[0]})", (second,))
    assert "with hats" in second
    alone = answer_reading(Reading(Query("papers"), unread=("not hats",)), PAPERS)
    assert alone.status == "abstained" and "not hats" in alone.text


def test_a_year_is_met_by_its_whole_number() -> None:
    with pytest.raises(QueryError, match="a whole number"):
        read_query('count papers where year = "2023"')
    reading = read("papers from 2023", shelf=PAPERS)
    assert (
        PAPERS.count_groups("year")[2023] == 2 and str(reading.query) == "papers where year = 2023"
    )


@pytest.mark.parametrize("relation", ["", *sorted({*get_args(RelationKind)} - {"same"})])
@pytest.mark.parametrize("want", ["papers", "count", "people", "profile", "values", "share"])
def test_what_is_asked_of_people_under_a_condition_shows_papers_that_meet_it(
    want: str, relation: str
) -> None:
    # "what have A and B done together? / which of those have code?" listed all of them again
    for names in ('"Ann Mao"', '"Ann Mao", "Bo Li"', '"Ann Mao", "Bo Li", "Di Fo"'):
        for condition, fit in (("code", {"p1", "p3"}), ("year = 2023", {"p2", "p3"})):
            line = f"{want} {relation} for {names} where {condition}".replace("  ", " ")
            try:
                answer = run(line)
            except QueryError:
                continue  # not every relation goes with every want
            if answer.status == "answered":
                assert {p.paper_id for p in answer.papers} <= fit, line


def test_joint_papers_under_a_condition_are_counted_and_told_where_there_is_none() -> None:
    assert run('count shared for "Ann Mao", "Bo Li" where code').value == 2
    assert run('count shared for "Ann Mao", "Bo Li" where year = 2023').value == 1
    none = run('papers shared for "Ann Mao", "Bo Li" where year = 2020')
    assert none.status == "abstained"
    assert "from 2020" in none.text and "The 2 papers by Ann Mao and Bo Li" in none.text
