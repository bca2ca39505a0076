"""Counts and lists: read from words, computed over everything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import catalogue
from rag.answering.citations import check
from rag.catalogue.scan import people_in
from rag.census import census
from rag.routing import route
from rag.types import Answer, Condition, Paper, ProfilePage, Thread
from tests.shelf import Shelf, by_words, paper

PAGE = ProfilePage("Shiming Ge", "CV", 15, 54, 1706, 0.53, 57)
OTHER_PAGE = ProfilePage("Nannan Wang", "CV", 55, 113, 3144, 0.51, 60)
GITHUB = "https://github.com/x/y"
SHELF = Shelf(
    [
        paper("p1", "Few-Shot Tracking", authors=("Ann Mao", "Bo Li"), year=2019, category="CV",
              code=True, affiliations=("tencent-ai",), owner="Shiming Ge", month=3, links=(GITHUB,)),
        paper("p2", "Deep Nets", authors=("Bo Li",), year=2022, category="LG", code=False,
              affiliations=("tencent-ai", "tsinghua"), month=5),
        paper("p3", "Few shot Learning", authors=("Cai Wu",), complete=False, year=2024,
              category="LG", code=True, score=88.9, links=("https://x.github.io/page",)),
        paper("p4", "Masks", authors=("Ann Mao",), category="CV", code=False, owner="Shiming Ge"),
        paper("p5", None, year=None),
        paper("p6", "Tracking UAVs", text="UAV tracking from drones.", authors=("Ann Mao",),
              year=2024, category="CV", code=False, score=50.0, places=(("a.txt", 1), ("b.txt", 2))),
    ],
    [PAGE, OTHER_PAGE],
    {"Shiming Ge": ["p1", "p4"], "Nannan Wang": []},
)  # fmt: skip


def ask(question: str) -> Answer:
    intent = route(question, Thread(), SHELF)
    assert intent.route == "catalogue", (question, intent)
    answer = catalogue.answer(intent, SHELF, lambda query, k: by_words(SHELF, query, k))
    check(answer.text, answer.citations, {p.paper_id: p for p in SHELF.papers()})
    return answer


def sources(*keys: str) -> set[str]:
    return {p.source for p in SHELF.papers(keys)}


@pytest.mark.parametrize(
    ("question", "keys"),
    [
        ("which papers are from 2024?", "p3 p6"),
        ("list the 2024 studies", "p3 p6"),
        ("which of Cai Wu's papers have 'few shot' in the title?", "p3"),
        ("which papers have neither code nor a year?", "p4 p5"),
        ("papers that aren't from 2019 or 2022", "p3 p6"),
        ("code papers of 2024", "p3"),
        ("papers w/o authors", "p5"),
        ("what came out in 2019?", "p1"),
        ("papers where Ann Mao is the first author", "p1 p4 p6"),
        ("any paper with 'Few' in its title", "p1 p3"),
        ("papers before 2022", "p1"),
        ("papers older than 2022", "p1"),
        ("papers since 2022", "p2 p3 p6"),
        ("papers after 2022", "p3 p6"),
        ("papers between 2019 and 2022", "p1 p2"),
        ("papers from 2019 or 2022", "p1 p2"),
        ("papers until 2022", "p1 p2"),
        ("papers posted in March 2019", "p1"),
        ("LG papers", "p2 p3"),
        ("papers in the LG category from 2022", "p2"),
        ("papers not in CV", "p2 p3"),
        ("papers with code", "p1 p3"),
        ("CV papers without code", "p4 p6"),
        ("which papers have no Code mark?", "p2 p4 p5 p6"),
        ("papers with a tencent affiliation", "p1 p2"),
        ("which paper lists both tencent-ai and tsinghua?", "p2"),
        ("papers without an affiliation", "p3 p4 p5 p6"),
        ("papers by Bo Li from 2022", "p2"),
        ("papers by Ann Mao but not Shiming Ge from 2024", "p6"),
        ("papers on Shiming Ge's page with code", "p1"),
        ("CV papers from the Shiming Ge page", "p1 p4"),
        ("which titles say few-shot?", "p1 p3"),
        ("papers with 'Tracking' in the title", "p1 p6"),
        ("titles that start with Few", "p1 p3"),
        ("which papers have no year?", "p4 p5"),
        ("which papers have no title?", "p5"),
        ("entries without authors", "p5"),
        ("which papers give a github link in the abstract?", "p1"),
        ("papers without a link", "p2 p4 p5 p6"),
        ("papers with a score above 60", "p3"),
        ("which papers print et al.?", "p3"),
        ("papers that stand in two documents", "p6"),
        ("CV papers from 2024 about UAV tracking", "p6"),
        ("papers with exactly one author", "p2 p4 p6"),
        ("papers where Ann Mao is first author from 2019", "p1"),
    ],
)
def test_a_list_holds_exactly_the_papers_that_meet_its_words(question: str, keys: str) -> None:
    answer = ask(question)
    assert isinstance(answer.value, tuple)
    assert set(answer.value) == sources(*keys.split())
    assert {c.source for c in answer.citations} == sources(*keys.split())


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("how many papers are there?", 6),
        ("how many papers from 2024?", 2),
        ("how many papers have Ann Mao as an author?", 3),
        ("how many papers on Shiming Ge's page are in the library?", 2),
        ("how many papers does the Shiming Ge page list?", 54),
        ("what's Shiming Ge's citation count?", 1706),
        ("h-index of Nannan Wang", 55),
        ("novelty percentage shown for shiming ge", 0.53),
        ("who has the highest h-index?", "Nannan Wang"),
        ("total citations of all pages", 4850),
        ("which year has the most papers?", 2024),
        ("who has the most papers?", "Ann Mao"),
        ("who has the most first-author papers?", "Ann Mao"),
        ("how many categories are there?", 2),
        ("papers by category", "CV: 3; LG: 2"),
        ("how many papers in 2019 vs 2024?", "2019: 1; 2024: 2"),
        ("what is the highest score printed in a header, and for which paper?", 88.9),
    ],
)
def test_a_figure_is_computed_or_taken_from_the_page(question: str, value: object) -> None:
    assert ask(question).value == value


@pytest.mark.parametrize(
    ("question", "keys"),
    [
        ("what is the oldest paper?", "p1"),
        ("newest paper by Bo Li", "p2"),
        ("which paper has the lowest score?", "p6"),
    ],
)
def test_an_extreme_cites_the_papers_at_that_end(question: str, keys: str) -> None:
    assert {c.source for c in ask(question).citations} == sources(*keys.split())


def test_a_filter_that_matches_nothing_answers_none_and_names_the_nearest() -> None:
    answer = ask("how many papers from 1999?")
    assert (answer.value, answer.status) == (0, "answered")
    assert "None" in answer.text and "2019" in answer.text
    both = ask("papers from 2019 without code")
    assert both.value == () and "without the Code mark" in both.text


@pytest.mark.parametrize(
    "question",
    [
        "papers affiliated with Stanford?",
        "is there anything in the IV category?",
        "how many papers come from Google?",
        "h-index of Bo Li?",
        "how many citations does Hao Chen have?",
        "papers on Bo Li's page from 2022",
    ],
)
def test_what_is_never_printed_is_abstained_from(question: str) -> None:
    answer = ask(question)
    assert answer.status == "abstained"
    assert answer.value in (None, 0, ())


def test_how_many_papers_a_page_owner_has_gives_both_figures() -> None:
    answer = ask("how many papers does Shiming Ge have?")
    assert answer.value is None
    assert "2 papers" in answer.text and "54" in answer.text


def test_several_people_of_one_surname_are_offered_and_not_merged() -> None:
    shelf = Shelf(
        [paper("p1", "A", authors=("Bo Li",), year=2020), paper("p2", "B", authors=("Fu Li",))]
    )
    intent = route("papers by Li from 2020", Thread(), shelf)
    answer = catalogue.answer(intent, shelf, lambda query, k: by_words(shelf, query, k))
    assert answer.value is None
    assert "Bo Li" in answer.text and "Fu Li" in answer.text


def test_a_paper_is_asked_for_what_its_entry_says() -> None:
    shelf = Shelf([paper("p1", "DuetFace: Splitting", year=2022, month=7, day=15, code=True)])
    for question, value in (
        ("when was DuetFace posted?", 2022),
        ("does DuetFace have code?", "yes"),
    ):
        intent = route(question, Thread(), shelf)
        answer = catalogue.answer(intent, shelf, lambda query, k: by_words(shelf, query, k))
        assert answer.value == value


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
        Condition("year", "between", (None, 2021)),
        lambda p: p.year is not None and p.year <= 2021,
    ),
    "no year": (Condition("year", "unknown", None), lambda p: p.year is None),
    "not CV": (Condition("category", "not in", ("CV",)), lambda p: p.category not in ("CV", None)),
    "code": (Condition("code", "is", True), lambda p: p.code is True),
    "no code": (Condition("code", "is", False), lambda p: p.code is not True),
    "by Bo": (Condition("author", "is", "bo li"), lambda p: "Bo Li" in p.authors),
    "not Ann": (Condition("author", "lacks", "Ann Mao"), lambda p: "Ann Mao" not in p.authors),
}


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
    wanted = [p for p in shelf.papers() if all(_CONDITIONS[c][1](p) for c in chosen)]
    assert catalogue.select(shelf, [_CONDITIONS[c][0] for c in sorted(chosen)]) == wanted


@given(
    first=st.sampled_from(["2024", "2022", "2019"]),
    category=st.sampled_from(["CV", "LG"]),
    code=st.sampled_from(["with", "without"]),
)
def test_a_count_equals_the_length_of_its_list(first: str, category: str, code: str) -> None:
    conditions = f"{category} papers from {first} {code} code"
    n, listed = ask(f"how many {conditions}?").value, ask(f"which {conditions}?").value
    assert isinstance(listed, tuple)
    assert n == len(listed)


def test_absent_people_are_seen_only_where_a_name_stands() -> None:
    now = census(SHELF)
    assert [m.how for m in people_in("papers by Yann Lecunn from 2020", now)] == ["absent"]
    for question in ("papers with a score", "is there anything in CV?", "which titles say masks?"):
        assert people_in(question, now) == ()


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("who has at least two papers?", "Ann Mao, Bo Li, Shiming Ge"),
        ("how many people have exactly one paper?", 1),
        ("who has the most papers apart from the page owners?", "Ann Mao"),
        ("how many distinct first authors are there?", 3),
        ("how many papers did Ann Mao first-author?", 3),
        ("what share of Ann Mao's papers are from 2024?", "33%"),
        ("which month has most papers?", "March, May"),
    ],
)
def test_people_shares_and_roles_are_counted(question: str, value: object) -> None:
    assert ask(question).value == value


# --- ends, averages and shares of anything held ---------------------------------------------

MEASURED = Shelf(
    [
        paper("p1", "Why Do Faces Matter?", "One two three.", ("A", "B"), year=2022, code=True, score=60.0),
        paper("p2", "Tokens: 4 Ways", "One two.", ("A",), year=2024, code=False, score=80.0),
        paper("p3", "Faces", "One.", ("A", "C", "D"), complete=False, year=2024, code=True),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("which paper has the longest title?", ("seed.txt:1",)),
        ("shortest title", ("seed.txt:3",)),
        ("longest abstract?", ("seed.txt:1",)),
        ("which paper has the most authors?", ("seed.txt:1",)),
        ("papers with a question mark in the title", ("seed.txt:1",)),
        ("which titles contain a number?", ("seed.txt:2",)),
        ("average score", 70),
        ("how many papers per year on average?", 1.5),
        ("how many authors does a paper have on average?", 1.5),
        ("median year", 2024),
        ("share of papers with code per year", "2022: 100%; 2024: 50%"),
        ("what share of the 2024 papers is from 2022?", 0),
        ("top 2 title words", "faces: 2; matter: 1"),
        ("the highest score among papers by B", 60.0),
        ("show the 0 highest scoring papers", 80.0),
        ("top twelve title words", "faces: 2; matter: 1; tokens: 1; ways: 1"),
        ("papers with faces but not matter in the title", ("seed.txt:3",)),
        ("how many papers with faces in their title have code?", 2),
        ("which papers have a colon in the title and code?", ()),
        ("papers with a complete list of authors", ("seed.txt:2", "seed.txt:1")),
        ("how are the papers distributed over the years?", "2022: 1; 2024: 2"),
        ("how many papers have scores?", 2),
    ],
)
def test_what_is_held_can_be_ordered_and_averaged(question: str, value: object) -> None:
    intent = route(question, Thread(), MEASURED)
    assert intent.route == "catalogue"
    made = catalogue.answer(intent, MEASURED, lambda q, k: by_words(MEASURED, q, k))
    assert made.value == value


def test_an_average_of_authors_says_whose_lists_are_not_counted() -> None:
    intent = route("average number of authors", Thread(), MEASURED)
    made = catalogue.answer(intent, MEASURED, lambda q, k: by_words(MEASURED, q, k))
    assert "1 paper with a list that ends in 'et al.' not counted" in made.text


def test_all_papers_on_a_topic_are_listed_not_quoted() -> None:
    intent = route("list all papers about faces", Thread(), MEASURED)
    made = catalogue.answer(intent, MEASURED, lambda q, k: by_words(MEASURED, q, k))
    assert (intent.route, intent.topic) == ("catalogue", "faces")
    assert made.value == ("seed.txt:1", "seed.txt:3")


# --- venues, and what a year alone cannot tell ----------------------------------------------

VENUES = Shelf(
    [
        paper("p1", "Parsing", "We parse.", ("Ann Mao",), year=2020, venue="2020.emnlp-main"),
        paper("p2", "Tagging", "We tag.", ("Ann Mao", "Bo Li"), year=2019, venue="Journal of Tagging"),
        paper("p3", "Donald Trump in the News", "News on Donald Trump.", ("Bo Li",), year=2019),
    ]
)  # fmt: skip


def of_venues(question: str) -> Answer:
    intent = route(question, Thread(), VENUES)
    return catalogue.answer(intent, VENUES, lambda q, k: by_words(VENUES, q, k))


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("papers at EMNLP 2020", ("seed.txt:1",)),
        ("how many papers were published in the Journal of Tagging?", 1),
        ("papers per venue", "2020.emnlp-main: 1; Journal of Tagging: 1"),
        ("how many papers have more than ten authors?", 0),
    ],
)
def test_venues_are_conditions_and_groups(question: str, value: object) -> None:
    assert of_venues(question).value == value


def test_where_only_years_are_printed_half_a_year_cannot_be_told_and_is_not_none() -> None:
    made = of_venues("how many papers from the first half of 2019?")
    assert (made.status, made.value) == ("abstained", None)
    assert "2 papers of those years print no month" in made.text


def test_a_name_after_by_is_a_person_though_texts_speak_of_it() -> None:
    assert route("papers by Donald Trump", Thread(), VENUES).route == "person"
    assert route("what do papers say about Donald Trump?", Thread(), VENUES).route == "content"


def test_what_cannot_be_checked_is_said_without_its_markup() -> None:
    assert "I cannot check 'not (1) or 'x''" in ask("papers from 2024 but not [1] or `x`").text


def test_an_at_sign_that_is_typed_stands_for_nobody() -> None:
    intent = route("papers by Bo Li with 'recall@0' in the title", Thread(), SHELF)
    assert Condition("title", "contains", "recall@0") in intent.conditions
    assert "Nobody called @7" in catalogue.answer(
        replace(intent, conditions=(Condition("author", "is", "@7"),), parts={}),
        SHELF, lambda query, k: by_words(SHELF, query, k),
    ).text  # fmt: skip


def test_a_name_does_not_end_within_a_word() -> None:
    assert people_in("papers of Q9 2023", census(SHELF)) == ()


CUT = Shelf(
    [
        paper("p1", "One", authors=("Ann Mao", "Bo Li", "Cai Wu"), complete=False),
        paper("p2", "Two", authors=("Ann Mao", "Bo Li", "Cai Wu")),
        paper("p3", "Three", authors=("Ann Mao", "Bo Li", "Cai Wu", "Di Xu")),
    ]
)


@pytest.mark.parametrize(
    ("question", "value", "told"),
    [
        ("how many papers are by at least four authors?", 2, "by at least 4 authors"),
        ("how many papers have more than four authors?", 0, "1 paper with a list that ends in"),
        ("how many papers are by at least six authors?", 0, "1 paper with a list that ends in"),
        ("how many papers have exactly three authors?", 1, "complete"),
    ],
)
def test_a_list_cut_by_et_al_has_at_least_one_author_more(
    question: str, value: int, told: str
) -> None:
    intent = route(question, Thread(), CUT)
    made = catalogue.answer(intent, CUT, lambda q, k: by_words(CUT, q, k))
    assert made.value == value and told in made.text


def test_people_of_both_years_have_papers_of_each() -> None:
    made = ask("Who has published both in 2019 and in 2022?")
    assert "both in 2019 and in 2022" in made.text
    assert "Bo Li: 2 papers" in made.text and "Ann Mao" not in made.text
