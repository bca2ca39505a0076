"""Counts and lists, computed over everything; most questions stand in `understanding/cases.yaml`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answers.papers import answer_papers
from rag.app.assistant import Assistant
from rag.library.selection import resolve_conditions
from rag.types import Condition, Paper, Query
from rag.types.fields import Range
from rag.types.query import Topic
from tests.conversation import ask
from tests.shelf import Shelf, paper
from tests.shelves import ENTRIES


def test_several_people_of_one_surname_are_offered_and_not_merged() -> None:
    shelf = Shelf(
        [paper("p1", "A", authors=("Bo Li",), year=2020), paper("p2", "B", authors=("Fu Li",))]
    )
    answer = ask("papers by Li from 2020", shelf=shelf)
    assert answer.value is None
    assert "Bo Li" in answer.text and "Fu Li" in answer.text


def test_a_paper_is_asked_for_what_its_entry_says() -> None:
    shelf = Shelf([paper("p1", "DuetFace: Splitting", year=2022, month=7, day=15, code=True)])
    for question, value in (
        ("when was DuetFace posted?", 2022),
        ("does DuetFace have code?", "yes"),
    ):
        assert ask(question, shelf=shelf).value == value


UAVS = Shelf(
    [
        paper("p1", "UAV Tracking at Night", "UAV tracking.", year=2021),
        paper("p2", "UAV Tracking by Day", "UAV tracking.", year=2024),
        paper("p3", "UAV Tracking", "UAV tracking.", year=None, month=5),
        paper("p4", "Hyperbolic Trees", "Trees in a hyperbolic space.", year=2022),
        paper("p5", "The Geometry of Masks", "Masks have a geometry.", year=2020),
        paper("p6", "Geometry of Palms", "Palms have a geometry.", year=2020),
    ]
)


def test_the_newest_on_a_topic_come_by_date_and_those_without_a_year_by_name() -> None:
    answer = ask("the 2 newest papers about UAV tracking", shelf=UAVS)
    assert [scored.paper_id for scored in answer.papers] == ["p2", "p1"]
    assert (
        "*UAV Tracking* (May) [3] prints no year, so whether it is newer cannot be told."
        in answer.text
    )


def test_where_none_on_a_topic_is_of_the_year_the_nearest_and_the_undated_are_counted_on_it() -> (
    None
):
    answer = ask("papers about UAV tracking from 2023", shelf=UAVS)
    assert answer.value == ()
    assert "(1 paper about UAV tracking without a printed year not counted.)" in answer.text
    assert "The nearest year with papers about UAV tracking is 2024 (1 paper)." in answer.text


def test_where_none_on_a_topic_meets_a_condition_the_nearest_in_meaning_that_do_are_listed(
    assistant: Assistant,
) -> None:
    # those on face forgery are on deepfakes, though they have no such word
    forged = assistant.ask("Which deepfake detection papers come with code?")
    assert "**Hierarchical Forgery Classifier On Multi-modality Face Forgery Clues**" in forged.text
    answer = assistant.ask("Which aerial saliency papers come with code?")
    assert answer.value == () and "Nearest to it in meaning:" in answer.text
    absent = assistant.ask("Which quantum computing papers come with code?")
    assert not absent.citations and "Nearest" not in absent.text


def test_what_no_paper_calls_so_is_told_with_what_is_nearest_in_meaning(
    assistant: Assistant,
) -> None:
    none = assistant.query(Query("papers", about=Topic("football")))
    assert none.status == "abstained"
    assert none.text.startswith(
        "No paper is about football in these words. Nearest to it in meaning:"
    )
    assert none.text.count("**SoccerNet") == 2 == len(none.citations)
    foreign = assistant.query(Query("papers", about=Topic("quantum gravity")))
    assert (foreign.text, foreign.citations) == ("No papers about quantum gravity.", ())


def test_a_new_overview_of_years_without_papers_says_so(assistant: Assistant) -> None:
    answer = assistant.ask("what's new since 2025 on pose estimation")
    assert answer.text.startswith("No papers from 2025 or later about pose estimation.")
    assert "The nearest year with papers about pose estimation is 2024 (1 paper)." in answer.text


def test_a_topic_of_no_paper_is_told_with_what_comes_near_to_it_listed_or_counted(
    assistant: Assistant,
) -> None:
    for question in (
        "any papers using hyperbolic geometry?",
        "how many papers use hyperbolic geometry?",
    ):
        answer = assistant.ask(question)
        assert answer.text.startswith("No paper is about hyperbolic geometry in these words.")
        assert [c.title.split(":")[0] for c in answer.citations] == ["Navigating the Emotion Tree"]


def test_a_share_of_none_is_told_of_the_whole() -> None:
    query = Query("share", about=Topic("UAV tracking"), where=(Condition("year", "is", 2022),))
    answer = answer_papers(query, UAVS, UAVS.retrieve)
    assert answer.value == "0%" and "0 of the 3 papers about UAV tracking" in answer.text


# --- brute force ----------------------------------------------------------------------------

_YEARS = st.one_of(st.none(), st.integers(2017, 2025))
_PAPERS = st.lists(
    st.tuples(_YEARS, st.sampled_from(["CV", "LG", None]), st.booleans(),
              st.sets(st.sampled_from(["Ann Mao", "Bo Li", "Cai Wu"]))),
    max_size=12,
)  # fmt: skip
_Test = Callable[[Paper], bool]
_CONDITIONS: dict[str, tuple[Condition, _Test]] = {
    "from 2022": (Condition("year", "is", 2022), lambda p: p.year == 2022),
    "up to 2021": (
        Condition("year", "is", Range(None, 2021)),
        lambda p: p.year is not None and p.year <= 2021,
    ),
    "no year": (Condition("year", "unknown", None), lambda p: p.year is None),
    "not CV": (Condition("category", "not_in", ("CV",)), lambda p: p.category not in ("CV", None)),
    "code": (Condition("code", "is", True), lambda p: p.code is True),
    "no code": (Condition("code", "is", False), lambda p: p.code is not True),
    "by Bo": (Condition("author", "is", "bo li"), lambda p: "Bo Li" in p.authors),
    "not Ann": (Condition("author", "lacks", ("Ann Mao",)), lambda p: "Ann Mao" not in p.authors),
}


@settings(max_examples=30)
@given(made=_PAPERS, chosen=st.sets(st.sampled_from(sorted(_CONDITIONS)), min_size=1))
def test_any_filter_equals_a_scan_of_every_paper(
    made: list[tuple[int | None, str | None, bool, set[str]]], chosen: set[str]
) -> None:
    papers = [
        paper(
            f"p{n}", f"Paper {n}", authors=sorted(authors), year=year, category=category, code=code
        )
        for n, (year, category, code, authors) in enumerate(made)
    ]
    always = paper(
        "p99", "Everybody", authors=("Ann Mao", "Bo Li", "Cai Wu"), category="XX", year=1990
    )
    shelf = Shelf([*papers, always])
    wanted = [p for p in shelf.papers if all(_CONDITIONS[c][1](p) for c in chosen)]
    resolved = resolve_conditions([_CONDITIONS[c][0] for c in sorted(chosen)], shelf)
    assert not resolved.absent and not resolved.choices
    assert shelf.find_papers(resolved.conditions) == wanted


@given(
    first=st.sampled_from(["2024", "2022", "2019"]),
    category=st.sampled_from(["CV", "LG"]),
    code=st.sampled_from(["with", "without"]),
)
def test_a_count_equals_the_length_of_its_list(first: str, category: str, code: str) -> None:
    conditions = f"{category} papers from {first} {code} code"
    n = ask(f"how many {conditions}?", shelf=ENTRIES).value
    listed = ask(f"which {conditions}?", shelf=ENTRIES).value
    assert isinstance(listed, tuple)
    assert n == len(listed)


def test_an_at_sign_that_is_typed_stands_for_nobody() -> None:
    query = Query("papers", where=(Condition("author", "is", "@7"),))
    assert "Nobody called @7" in answer_papers(query, ENTRIES, ENTRIES.retrieve).text


CUT = Shelf(
    [
        paper("p1", "One", authors=("Ann Mao", "Bo Li", "Cai Wu"), complete=False),
        paper("p2", "Two", authors=("Ann Mao", "Bo Li", "Cai Wu")),
        paper("p3", "Three", authors=("Ann Mao", "Bo Li", "Cai Wu", "Di Xu")),
    ]
)


@pytest.mark.parametrize(
    ("question", "value", "words"),
    [
        ("how many papers are by at least four authors?", 2, "by at least 4 authors"),
        ("how many papers have more than four authors?", 0, "1 paper with an author list cut by"),
        ("how many papers are by at least six authors?", 0, "1 paper with an author list cut by"),
        ("how many papers have exactly three authors?", 1, "complete"),
    ],
)
def test_a_list_cut_by_et_al_has_at_least_one_author_more(
    question: str, value: int, words: str
) -> None:
    answer = ask(question, shelf=CUT)
    assert answer.value == value and words in answer.text


def test_people_of_both_years_have_papers_of_each() -> None:
    assert "Ann Mao" not in ask("Who has published both in 2019 and in 2022?", shelf=ENTRIES).text
