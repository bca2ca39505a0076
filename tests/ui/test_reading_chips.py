"""The chips of a reading: every part has one, and whatever is taken away leaves a query that is answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from rag.app.assistant import Assistant, build
from rag.config.settings import Settings
from rag.types import Query, Reading
from rag.types.fields import Condition, Operator, QueryError, Range, Scalar
from rag.types.query import Part, Topic
from rag.types.query_parser import read_query
from tests.types.test_query import build_queries
from tests.ui.test_answer_html import HOSTILE, Tags, safe
from ui.views.query_parts import (
    WANT,
    build_condition,
    change_query,
    list_other_wants,
    list_parts,
    remove_part,
    set_condition,
    set_words,
)
from ui.views.reading_chips import format_want, list_chips, list_paper_ids, render_chips

LINES = (
    "count papers where code and year = 2023",
    "papers for \"Yuxi Mi\" about drones",
    "papers about \"face recognition\" not about drones where year = 2020..2024, order by date, first 5",
    "people about drones where code",
    "people about each of drones, faces not about masks",
    "people by author where n_papers = 3.. and year = 2023, order by n_papers ascending",
    "people coauthors for \"Yuxi Mi\"",
    "people common_coauthors for \"Yuxi Mi\", \"Shouhong Ding\"",
    "profile for \"Shiming Ge\"",
    "profile same for \"Lei Shen\", \"Li Shen\"",
    "profile not_stated (\"email\") for \"Yuxi Mi\"",
    "count shared for \"Yuxi Mi\", \"Shouhong Ding\"",
    "people authors of #PAPER",
    "people common_authors of #PAPER, #OTHER",
    "passages of #PAPER: \"What does it propose?\"",
    "comparison about each of DuetFace, SlerpFace: \"Compare DuetFace and SlerpFace\"",
    "share of papers where code of those where year = 2024",
    "share of papers by year where code",
    "count papers by year about drones",
    "count papers average by year",
    "extreme, order by date ascending",
    "values by venue, code of #PAPER",
    "values by h_index for \"Shiming Ge\"",
    "papers like #PAPER where paper not in (\"PAPER\")",
)  # fmt: skip


def read(line: str) -> Reading:
    return Reading(read_query(line), "the question?")


def words(line: str) -> list[str]:
    return [chip.words for chip in list_chips(read(line), {"a": "A Title", "b": "B"})]


# --- chips ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("count papers where code and year = 2023", ["number of papers", "with code", "from 2023"]),
        (
            "people about faces not about masks, order by date, first 3",
            ["people", "about faces", "not about masks", "newest first", "at most 3"],
        ),
        ("share of papers where code of those where year = 2024",
         ["share of papers", "with code", "of those from 2024"]),
        ("count papers by venue about drones", ["papers by venue", "about drones"]),
        ("count by venue", ["number of venues"]),
        ("people by first_author", ["first authors"]),
        ("people coauthors for Ann", ["co-authors", "Ann"]),
        ("people authors of #a, #b", ["authors", "“A Title”", "“B”"]),
        ("people authors of #a, #b, #c, #d", ["authors", "in 4 papers"]),
        ('passages of #a: "why?"', ["what the papers say", "“A Title”"]),
        ('passages about each of x, y: "x or y?"', ["what the papers say"]),
        ("papers like #a where paper not in (a)",
         ["similar papers", "like “A Title”", "besides “A Title”"]),
        ("papers besides Ann, order by score ascending",
         ["list of papers", "besides Ann", "by header score, lowest first"]),
        ("papers where title contains a_b", ["list of papers", "with 'a_b' in the title"]),
        ('aside ("unsupported: x")', ["outside these papers"]),
        ('aside ("greeting")', []),
    ],
)  # fmt: skip
def test_each_part_of_a_query_is_a_chip(line: str, says: list[str]) -> None:
    assert words(line) == says


def test_what_came_from_the_conversation_is_marked() -> None:
    parts = (
        Part("where", "year = 2023", origin="thread"),
        Part("where", "code", "with code"),
        Part("about", 'about "drones"', origin="thread"),
        Part("about", 'not about "masks"', "not on masks"),
    )
    line = "papers about drones not about masks where year = 2023 and code"
    reading = replace(read(line), parts=parts)
    marked = [chip.words for chip in list_chips(reading) if chip.is_from_thread]
    assert marked == ["about drones", "from 2023"]
    assert render_chips(reading).count("from before") == 2


def test_only_papers_that_chips_name_are_looked_up() -> None:
    assert list_paper_ids(read("papers like #a of #b, #c")) == ("b", "c", "a")
    assert list_paper_ids(read("papers of #a, #b, #c, #d")) == ()


# --- taking away ----------------------------------------------------------------------------


@given(build_queries())
def test_whatever_is_taken_away_leaves_a_query_until_only_what_is_wanted_is_left(
    query: Query,
) -> None:
    for chip in list_chips(Reading(query)):
        if not chip.is_removable:
            continue
        less = remove_part(query, chip.part)
        assert read_query(str(less)) == less
    for _ in range(40):
        parts = [part for part in list_parts(query) if part != WANT]
        if not parts:
            break
        query = remove_part(query, parts[-1])
    assert list_parts(query) == (WANT,)


@pytest.fixture(scope="module")
def assistant(library_data: Path, weights: Path) -> Iterator[Assistant]:
    with build(Settings(data=library_data, model_path=weights)) as opened:
        yield opened


@pytest.mark.parametrize("line", LINES)
def test_every_change_of_a_chip_is_answered(line: str, assistant: Assistant) -> None:
    paper, other = assistant.library.list_papers()[:2]
    line = line.replace("PAPER", paper.paper_id).replace("OTHER", other.paper_id)
    reading = read(line)
    queries = [remove_part(reading.query, p) for p in list_parts(reading.query) if p != WANT]
    for query in (*queries, *list_other_wants(reading)):
        *_, answer = assistant.stream_reading(change_query(reading, query, "before"))
        assert answer.reading.query == query and answer.question == "the question?"


@pytest.mark.parametrize(
    ("line", "part", "leaves"),
    [
        ("people coauthors for Ann", "people:0", "people by author"),
        ("profile for Ann", "people:0", "people by author"),
        ("profile same for Ann, Bo", "people:1", 'profile for "Ann"'),
        ("papers shared for Ann, Bo", "people:0", 'papers where author = "Bo"'),
        ("papers for Ann about masks", "topic", 'papers where author = "Ann"'),
        ("people about masks", "topic", "people by author"),
        ("people about masks not about faces", "topic", "people by author"),
        ('people about "a and b" about each of a, b, c', "all_of:0",
         'people about "b and c" about each of "b", "c"'),
        ('people about "a and b" about each of a, b', "all_of:0", 'people about "b"'),
        ("extreme, order by date", "order", "papers"),
        ("share of papers where code of those where year = 2024", "where:0",
         "count papers where year = 2024"),
        ("people by author where n_papers = 3.. and code", "where:1",
         "people by author where n_papers = 3.."),
        ('passages of #a: "why?"', "papers:0", 'passages: "why?"'),
    ],
)  # fmt: skip
def test_what_made_sense_only_with_a_part_goes_with_it(line: str, part: str, leaves: str) -> None:
    assert str(remove_part(read_query(line), part)) == leaves


@pytest.mark.parametrize("part", [WANT, "where:1", "people:0", "", "nonsense:x"])
def test_what_cannot_be_taken_away_is_an_error(part: str) -> None:
    with pytest.raises(QueryError):
        remove_part(read_query("papers where code"), part)


# --- changing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "offers"),
    [
        ("count papers where code", ["list of papers", "people", "papers by year"]),
        ("people about masks",
         ["list of papers", "number of papers", "papers by year", "what the papers say"]),
        ("profile for Ann", ["list of papers", "number of papers", "co-authors"]),
        ('passages: "What is DuetFace?"',
         ["list of papers", "number of papers", "people", "papers by year"]),
        ('passages of #a: "why?"', ["authors", "similar papers"]),
        ("people authors of #a", ["similar papers", "what the papers say"]),
        ('aside ("unsupported: x")', ["what the papers say"]),
    ],
)  # fmt: skip
def test_other_wants_are_those_that_make_sense(line: str, offers: list[str]) -> None:
    assert [format_want(query) for query in list_other_wants(read(line))] == offers


def test_a_list_of_what_papers_were_asked_about_is_on_their_subject() -> None:
    first, *_ = list_other_wants(read('passages: "What is DuetFace?"'))
    assert first == Query("papers", about=Topic("DuetFace"))


@pytest.mark.parametrize(
    ("field", "values", "leave_out", "before", "condition"),
    [
        ("year", (2023,), False, None, Condition("year", "is", 2023)),
        ("year", (Range(2020, None),), True, "above", Condition("year", "is_not", Range(2020, None))),
        ("category", ("CV", "LG"), False, "is", Condition("category", "in", ("CV", "LG"))),
        ("category", ("CV",), True, None, Condition("category", "lacks", ("CV",))),
        ("venue", ("Neural",), False, "contains", Condition("venue", "contains", "Neural")),
        ("author", ("A", "B"), False, "two_of", Condition("author", "two_of", ("A", "B"))),
        ("author", ("A",), False, "two_of", Condition("author", "is", "A")),
        ("title", ("face",), False, None, Condition("title", "contains", "face")),
        ("title", ("face",), True, "contains", Condition("title", "not_contains", "face")),
        ("venue", ("X",), False, "unknown", Condition("venue", "is", "X")),
    ],
)  # fmt: skip
def test_chosen_values_are_a_condition(
    field: str, values: tuple[Scalar, ...], leave_out: bool, before: Operator, condition: Condition
) -> None:
    made = build_condition(field, values, leave_out=leave_out, operator=before)
    assert made == condition


def test_a_changed_part_stands_in_the_place_of_the_old_one() -> None:
    query = read_query("papers for Ann about masks where code and year = 2023")
    year = Condition("year", "is", 2022)
    assert set_condition(query, "where:1", year).where == (query.where[0], year)
    assert set_condition(query, "", year).where == (*query.where, year)
    assert set_words(query, "topic", "faces").topic == "faces"
    assert [person.typed for person in set_words(query, "people:0", "Bo").people] == ["Bo"]


def test_the_reading_before_a_change_is_offered_and_the_unused_words_stay_told() -> None:
    reading = replace(read("papers where code"), unread=("really",))
    changed = change_query(reading, read_query("papers"), "list of papers, with code")
    assert changed.by == "screen" and changed.others == (reading.query,)
    html = render_chips(changed, can_change=True)
    assert "or: list of papers, with code" in html and "not used: “really”" in html


# --- as HTML --------------------------------------------------------------------------------


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_in_chips_is_escaped(hostile: str) -> None:
    query = Query("papers", where=(Condition("title", "contains", hostile),), about=Topic(hostile))
    reading = Reading(query, hostile, reason=hostile, unread=(hostile,), others=(query,))
    html = render_chips(replace(reading, other_words=hostile), can_change=True)
    safe(html)
    labels = [attributes.get("aria-label") for _, attributes in Tags(html).tags]
    assert f"Change: about {hostile}" in labels


def test_every_button_has_a_name_and_an_answer_that_others_follow_has_none() -> None:
    reading = read("papers about masks where code")
    tags = Tags(render_chips(reading, can_change=True, opened="where:0")).tags
    buttons = [attributes for tag, attributes in tags if tag == "button"]
    assert [button["aria-label"] for button in buttons] == [
        "Change: list of papers",
        "Change: about masks",
        "Take away: about masks",
        "Change: with code",
        "Take away: with code",
        "Add a condition",
    ]
    opened = [b["aria-label"] for b in buttons if b.get("aria-expanded") == "true"]
    assert opened == ["Change: with code"]
    assert "<button" not in render_chips(reading)
