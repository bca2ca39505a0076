"""A conversation's filters: what is left, who is left, and that every kind of question heeds them."""

from __future__ import annotations

import pytest

from rag.answers.filtered_library import FilteredLibrary, apply_filters, format_filters
from rag.app.assistant import Assistant
from rag.types import Condition, ProfilePage, Thread
from rag.types.fields import Range
from rag.types.serialise import record
from tests.shelf import Shelf, paper

OLD = paper("p1", "Old Faces", authors=("Ann Lee", "Bo Li"), year=2020, code=False)
NEW = paper("p2", "New Faces", authors=("Ann Lee",), owner="Cy Moe", year=2023, code=True)
UNDATED = paper("p3", "Timeless Faces", authors=("Bo Li",))
SHELF = Shelf([OLD, NEW, UNDATED], [ProfilePage("Cy Moe", h_index=3)], {"Cy Moe": ["p2"]})
FROM_2021 = Condition("year", "is", Range(2021, 2023))


def test_people_and_pages_stay_with_their_remaining_papers_alone() -> None:
    left = FilteredLibrary(SHELF, [FROM_2021])
    assert left.find_papers() == [NEW]
    assert left.count_groups("author") == {"Ann Lee": 1, "Cy Moe": 1}
    assert left.list_papers_of("Ann Lee") == (NEW,)
    resolved = left.names.resolve("Bo Li")
    assert left.names.resolve("Ann Lee") and (resolved is None or not resolved.names)
    assert [page.person for page in left.pages] == ["Cy Moe"]
    assert FilteredLibrary(SHELF, [Condition("author", "is", "Bo Li")]).pages == ()
    assert left.list_papers(["p1", "p2"]) == [NEW]
    assert set(left.count_groups("year")) == {2023}


def test_all_conditions_hold_together() -> None:
    by_ann = Condition("author", "in", ("Ann Lee",))
    assert FilteredLibrary(SHELF, [by_ann]).ids == {"p1", "p2"}
    assert FilteredLibrary(SHELF, [by_ann, Condition("code", "is", True)]).ids == {"p2"}


def test_what_leaves_nothing_says_why() -> None:
    nobody = FilteredLibrary(SHELF, [Condition("author", "is", "Grace Hopper")])
    assert nobody.n_papers == 0 and "Grace Hopper" in nobody.why_empty
    shelf = Shelf([OLD, paper("p4", "Masks", authors=("Cy Li",)), UNDATED])
    several = FilteredLibrary(shelf, [Condition("author", "is", "Li")])
    assert "(by Li). 'Li' may be Bo Li and Cy Li" in several.why_empty
    clash = FilteredLibrary(SHELF, [FROM_2021, Condition("code", "is", False)])
    assert "leave no paper (from 2021 to 2023 and without the Code mark)" in clash.why_empty


def test_what_is_left_has_a_fingerprint_of_its_own() -> None:
    whole = FilteredLibrary(SHELF, [Condition("paper", "in", ("p1", "p2", "p3"))])
    assert (
        len({SHELF.fingerprint, whole.fingerprint, FilteredLibrary(SHELF, [FROM_2021]).fingerprint})
        == 3
    )
    assert format_filters(whole.conditions) == "chosen one by one"


def test_a_conversation_without_filters_is_not_narrowed() -> None:
    assert apply_filters(SHELF, Thread()) is None
    assert apply_filters(SHELF, Thread(filters=(FROM_2021,))) is apply_filters(
        SHELF, Thread(filters=(FROM_2021,))
    )


@pytest.mark.parametrize(
    "question",
    [
        "What is known about face recognition?",
        "Who works on face recognition?",
        "What does Shiming Ge work on?",
        "Which papers have code?",
    ],
)
def test_every_route_answers_from_the_papers_left(assistant: Assistant, question: str) -> None:
    thread = Thread(filters=(Condition("year", "is", Range(2023, 2024)),))
    answer = assistant.ask(question, thread)
    cited = assistant.library.list_papers([c.paper_id for c in answer.citations])
    assert answer.status == "answered" and cited
    assert {paper.year for paper in cited} <= {2023, 2024}
    assert {assistant.paper(p.paper_id).year for p in answer.papers} <= {2023, 2024}
    assert answer.among == "74 of 169 papers (from 2023 to 2024)"
    told = record(answer)
    assert told["read_as"].endswith(f"; among {answer.among}")
    assert told["filters"] == [{"field": "year", "operator": "between", "value": [2023, 2024]}]


def test_an_abstention_says_that_the_filters_hid_papers(assistant: Assistant) -> None:
    thread = Thread(filters=(Condition("year", "is", Range(2023, 2024)),))
    answer = assistant.ask("What is DuetFace?", thread)
    assert answer.status == "abstained" and "without the filters" in answer.warnings[0]


def test_filters_that_leave_nothing_are_an_abstention(assistant: Assistant) -> None:
    thread = Thread(filters=(Condition("year", "is", Range(1950, 1960)),))
    for question in ("What is DuetFace?", "Who works on faces?", "How many papers are there?"):
        answer = assistant.ask(question, thread)
        assert answer.status == "abstained" and "leave no paper" in answer.text
    assert assistant.ask("hello", thread).route == "smalltalk"


def test_chosen_papers_are_what_they_means(assistant: Assistant) -> None:
    titled = [paper for paper in assistant.library.list_papers() if paper.authors][:2]
    ids = tuple(paper.paper_id for paper in titled)
    thread = Thread(filters=(Condition("paper", "in", ids),))
    answer = assistant.ask("Who wrote them?", thread)
    assert {c.paper_id for c in answer.citations} == set(ids)
    assert titled[0].authors[0] in answer.text and titled[1].authors[0] in answer.text
    content = assistant.ask("What do these papers propose?", thread)
    assert content.route == "content" and {c.paper_id for c in content.citations} == set(ids)


def test_a_model_that_is_not_offered_is_said_to_be(assistant: Assistant) -> None:
    answer = assistant.ask("hello", Thread(model="gone-model"))
    assert answer.warnings == (
        "gone-model is not offered by these settings; answered by extractive",
    )
