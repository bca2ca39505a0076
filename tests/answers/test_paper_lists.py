"""Pages of a list, tables of counts and facets, compared with what one counts by hand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rag.answers.facets import count_facets, toggle_value
from rag.answers.papers import answer_papers
from rag.answers.rows import build_scored_papers
from rag.answers.topic_map import map_topics
from rag.app.assistant import Assistant
from rag.types import Condition
from rag.types.query import Order
from rag.types.query_parser import read_query

CODE = Condition("code", "is", True)


def test_pages_of_a_list_are_the_list(assistant: Assistant) -> None:
    view = assistant.library.view
    for sorting in ("newest first", Order("title", "ascending")):
        whole = view.find_ids((), sorting)
        pages = [view.find_ids((), sorting, 50, offset=start) for start in range(0, 200, 50)]
        assert [one for page in pages for one in page] == whole
        assert [len(page) for page in pages] == [50, 50, 50, 19]


@pytest.mark.parametrize("conditions", [(), (CODE,), (Condition("year", "below", 1900),)])
def test_a_list_is_read_with_its_places_as_paper_by_paper(
    assistant: Assistant, conditions: tuple[Condition, ...]
) -> None:
    view = assistant.library.view
    papers = view.find_papers(conditions, "newest first")
    assert view.find_scored(conditions, "newest first") == build_scored_papers(papers)
    assert view.list_scored([p.paper_id for p in papers]) == build_scored_papers(papers)
    assert view.has_papers(conditions) == bool(papers)
    assert bool(conditions) or any(paper.also_at for paper in papers)


def test_a_list_of_any_length_is_read_from_an_index_alone(library_data: Path) -> None:
    with closing(sqlite3.connect(library_data / "library.db")) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT paper_id, document, line, n_places FROM papers WHERE year < 2020"
        ).fetchall()
    assert ["COVERING INDEX papers_facts" in row[3] for row in plan] == [True]


def test_papers_that_meet_more_come_first_in_the_same_order(assistant: Assistant) -> None:
    view = assistant.library.view
    ids = view.find_ids((), "newest first")
    first = set(view.find_ids([CODE]))
    expected = [one for one in ids if one in first] + [one for one in ids if one not in first]
    assert view.find_ids((), "newest first", first=[CODE]) == expected


def test_a_table_of_counts_is_what_each_of_its_cells_counts(assistant: Assistant) -> None:
    view = assistant.library.view
    columns = [(), (CODE,), (Condition("title", "contains", "face"), CODE)]
    years = view.count_each("year", columns)
    for year, row in years.items():
        own = Condition("year", "unknown") if year is None else Condition("year", "is", year)
        assert row == tuple(view.count_papers((*column, own)) for column in columns)
    assert sum(row[0] for row in years.values()) == view.n_papers


def test_a_facet_counts_what_choosing_a_value_would_leave(assistant: Assistant) -> None:
    view = assistant.library.view
    conditions = (Condition("category", "is", "LG"), Condition("text", "contains", "federated"))
    facets = {facet.field: facet for facet in count_facets(view, conditions)}
    for value, n in facets["year"].values:
        assert n == view.count_papers((*conditions, Condition("year", "is", value)))
    marks = {facet.field: facet for facet in count_facets(view, ())}["code"]
    assert marks.n_unknown == view.count_papers([Condition("code", "unknown")]) > 0
    for value, n in marks.values:
        assert n == view.count_papers(toggle_value((), "code", value))
    assert facets["year"].values == tuple(sorted(facets["year"].values, reverse=True))
    for value, n in facets["category"].values:  # its own condition does not narrow it
        assert n == view.count_papers((conditions[1], Condition("category", "is", value)))
    assert facets["category"].chosen == ("LG",)
    assert "venue" not in facets  # no paper prints one


def test_topics_are_counted_by_the_condition_that_lists_them(assistant: Assistant) -> None:
    found = map_topics(assistant.library.view)
    assert [topic.n_papers for topic in found.topics] == sorted(
        (topic.n_papers for topic in found.topics), reverse=True
    )
    for at, topic in enumerate(found.topics):
        assert topic.n_papers == assistant.library.view.count_papers([topic.condition])
        for other in range(at):
            both = {name for name, _ in topic.people} & {n for n, _ in found.topics[other].people}
            assert found.ties.get((other, at), 0) == len(both)


def test_a_list_by_role_quotes_a_sentence_of_that_role(assistant: Assistant) -> None:
    library = assistant.library
    query = read_query('papers where role = "resource" and year = 2024')
    answer = answer_papers(query, library.view, assistant.retrieve)
    assert len(answer.citations) > 1
    for citation in answer.citations:
        roles = {s.span: s.role for s in library.list_role_spans(citation.paper_id)}
        assert roles[citation.span] == "resource"


def test_no_list_of_limitations_is_explained(assistant: Assistant) -> None:
    query = read_query('papers where role = "limitation"')
    answer = answer_papers(query, assistant.library.view, assistant.retrieve)
    assert "only where its abstract heads it so" in answer.text
