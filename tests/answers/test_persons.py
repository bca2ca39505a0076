"""Who somebody is, what they wrote and with whom; most questions stand in `understanding/cases.yaml`."""

from __future__ import annotations

from rag.answers.pairs import answer_one_name, find_circles
from tests.conversation import ask
from tests.shelf import Shelf, paper
from tests.shelves import PEOPLE


def test_a_person_stands_on_papers_as_first_author_as_a_later_one_or_as_owner_of_a_page() -> None:
    (expert,) = ask("who is Daichi Zhang?", shelf=PEOPLE).experts
    assert expert.roles == {"p1": "first", "p2": "first", "p3": "listed"}
    (owner,) = ask("summarise Shiming Ge's papers", shelf=PEOPLE).experts
    assert set(owner.roles.values()) == {"page"}


def test_co_authors_come_with_the_shared_papers() -> None:
    assert ask("who collaborates with Daichi Zhang?", shelf=PEOPLE).experts[1].papers == (
        "p1",
        "p3",
    )


def test_co_authors_on_a_topic_are_those_of_the_papers_on_it() -> None:
    answer = ask("who are Daichi Zhang's coauthors on masked faces", shelf=PEOPLE)
    assert [expert.name for expert in answer.experts[1:]] == ["Chenyu Dai", "Shiming Ge"]
    assert "on masked faces (of 3 here)" in answer.text


def test_settled_aliases_join_the_papers_under_one_name() -> None:
    joined = Shelf(PEOPLE.papers, aliases={"Kexin Baoa": "Kexin Bao"})
    assert {p.paper_id for p in joined.list_papers_of("Kexin Bao")} == {"p7", "p8"}
    assert joined.list_people_of(PEOPLE.papers[7]) == ("Kexin Bao",)
    assert {p.paper_id for p in PEOPLE.list_papers_of("Kexin Bao")} == {"p7"}


def test_where_only_the_page_owner_is_known_no_list_is_spoken_of() -> None:
    shelf = Shelf([paper("p1", "MaskNet: Masks", owner="Shiming Ge")])
    text = ask("who wrote MaskNet?", shelf=shelf).text
    assert (
        text == "**MaskNet: Masks** is by **Shiming Ge**, on whose profile page it is listed [1]."
    )


def test_authors_that_were_not_found_in_a_file_are_not_said_to_be_lacking() -> None:
    known = {"complete": False, "provenance": ("authors: not found",)}
    text = ask("who wrote MaskNet?", shelf=Shelf([paper("p1", "MaskNet: Masks", **known)])).text
    assert text.endswith("I could not find its authors in the file, so they are unknown.")
    text = ask("who wrote MaskNet?", shelf=Shelf([paper("p1", "MaskNet: Masks")])).text
    assert text.endswith("its document names no authors, so they are unknown.")


def test_papers_in_groups_without_a_common_co_author_are_told_as_perhaps_two_people() -> None:
    shelf = Shelf(
        [
            paper("p1", "A", authors=("Bo Li", "Ann Mao")),
            paper("p2", "B", authors=("Bo Li", "Cai Wu")),
            paper("p3", "C", authors=("Dee Fu", "Cai Wu")),
        ]
    )
    assert "more than one person" in ask("who is Bo Li?", shelf=shelf).text
    assert "more than one person" not in ask("who is Cai Wu?", shelf=Shelf(shelf.papers[2:])).text


def test_whoever_worked_with_both_of_two_people_is_named_with_the_papers() -> None:
    shelf = Shelf(
        [
            paper("p1", "Masks", authors=("Ann Mao", "Cai Wu")),
            paper("p2", "Palms", authors=("Bo Li", "Cai Wu")),
            paper("p3", "Chords", authors=("Ann Mao", "Di Xu")),
        ]
    )
    answer = ask("Who has worked with both Ann Mao and Bo Li?", shelf=shelf)
    assert [expert.name for expert in answer.experts] == ["Cai Wu"]
    assert "1 paper with Ann Mao [1], 1 paper with Bo Li [2]" in answer.text


def test_one_name_is_told_by_the_groups_of_its_co_authors_that_never_meet() -> None:
    """Dan Orr, on whose page all stand, is on every paper and joins nothing."""
    shelf = Shelf(
        [
            paper("p1", "A", authors=("Bo Li", "Ann Mao", "Dan Orr")),
            paper("p2", "B", authors=("Bo Li", "Ann Mao", "Dan Orr")),
            paper("p3", "C", authors=("Bo Li", "Cai Wu", "Dan Orr")),
        ]
    )
    answer = answer_one_name("Bo Li", shelf)
    assert "Dan Orr aside" in answer.text and "form 2 groups that never meet" in answer.text
    assert "2 papers with Ann Mao [1] [2]" in answer.text
    assert "1 paper with Cai Wu [3]" in answer.text


def test_co_authors_that_are_linked_do_not_tell_two_people_apart() -> None:
    shelf = Shelf(
        [
            paper("p1", "A", authors=("Bo Li", "Ann Mao")),
            paper("p2", "B", authors=("Bo Li", "Cai Wu")),
            paper("p3", "C", authors=("Bo Li", "Ann Mao", "Cai Wu")),
        ]
    )
    assert len(find_circles("Bo Li", shelf)[1]) == 1
    assert "tells two people" in answer_one_name("Bo Li", shelf).text
