"""Who somebody is, what they wrote and with whom."""

from __future__ import annotations

import pytest

from rag import catalogue, people
from rag.answering.citations import check
from rag.census import Census, census
from rag.routing import route
from rag.types import Answer, ProfilePage, Thread
from tests.shelf import Shelf, by_words, paper

SHELF = Shelf(
    [
        paper("p1", "Face Forgery Detection in Videos", "Face forgery detection in videos.",
              ("Daichi Zhang", "Shen Chen"), year=2022, owner="Shiming Ge"),
        paper("p2", "Face Forgery Detection with Noise", "Face forgery detection by noise.",
              ("Daichi Zhang",), year=2024),
        paper("p3", "MaskNet: Masked Faces", "Masked faces are recognised.",
              ("Chenyu Dai", "Daichi Zhang"), complete=False, year=2020, owner="Shiming Ge"),
        paper("p4", "Palm Prints", "Palms.", ("Lei Shen",), year=2023),
        paper("p5", "Adversarial Training", "Training.", ("Li Shen",), year=2021),
        paper("p6", None, "SignNet makes signs."),
        paper("p7", "Prompts", "Prompts.", ("Kexin Bao", "Fu Wei"), year=2021),
        paper("p8", "Chords", "Chords.", ("Kexin Baoa",), year=2021),
    ],
    [ProfilePage("Shiming Ge", "CV", 15, 54, 1706, 0.53, 57)],
    {"Shiming Ge": ["p1", "p3"]},
)  # fmt: skip


def ask(question: str, shelf: Shelf = SHELF) -> Answer:
    intent = route(question, Thread(), shelf)
    assert intent.route == "person", (question, intent)
    answer = people.answer(intent, shelf, lambda query, k: by_words(shelf, query, k))
    check(answer.text, answer.citations, {p.paper_id: p for p in shelf.papers()})
    return answer


def cited(answer: Answer) -> set[str]:
    return {c.paper_id for c in answer.citations}


@pytest.mark.parametrize(
    "question",
    [
        "who is Daichi Zhang?",
        "daichi zhang's papers",
        "what does Dachi Zang work on",
        "Zhang, Daichi",
        "tell me about Daichi Zhang's work",
        "Daichi Zhang - which papers?",
        "everything by Daichi Zhang",
    ],
)
def test_a_person_is_told_with_all_their_papers_however_asked(question: str) -> None:
    answer = ask(question)
    assert cited(answer) == {"p1", "p2", "p3"}
    assert answer.experts[0].name == "Daichi Zhang"
    assert answer.experts[0].roles == {"p1": "first", "p2": "first", "p3": "listed"}
    assert "2020 to 2024" in answer.text


def test_a_misspelt_name_is_answered_and_said() -> None:
    assert "showing Daichi Zhang for 'Dachi Zang'" in ask("what does Dachi Zang work on").text


def test_a_page_owner_stands_on_papers_that_hide_them_and_the_figures_are_the_pages() -> None:
    answer = ask("summarise Shiming Ge's papers")
    assert cited(answer) == {"p1", "p3"}
    assert set(answer.experts[0].roles.values()) == {"page"}
    said = "2 listed on their profile page, where the paper prints only 'et al.'."
    assert said in answer.text
    assert "h-index 15" in answer.text and "1,706" in answer.text


def test_papers_on_a_topic_and_papers_on_anything_else_part_the_whole() -> None:
    on = cited(ask("which papers by Daichi Zhang are about forgery detection?"))
    off = cited(ask("did Daichi Zhang work on anything other than forgery detection?"))
    assert on == {"p1", "p2"}
    assert off == {"p3"}


def test_a_topic_that_the_person_never_wrote_on_is_abstained_from() -> None:
    answer = ask("what did Daichi Zhang write about palms?")
    assert answer.status == "abstained"
    assert answer.citations == ()


def test_co_authors_come_with_the_shared_papers_most_frequent_first() -> None:
    answer = ask("who collaborates with Daichi Zhang?")
    assert [e.name for e in answer.experts] == [
        "Daichi Zhang",
        "Shiming Ge",
        "Chenyu Dai",
        "Shen Chen",
    ]
    assert answer.experts[1].papers == ("p1", "p3")
    assert cited(answer) == {"p1", "p2", "p3"}


def test_shared_papers_of_two_people() -> None:
    assert cited(ask("have Daichi Zhang and Shen Chen published together?")) == {"p1"}
    nothing = ask("papers that Lei Shen and Shen Chen wrote together")
    assert nothing.citations == ()
    assert "No paper here prints" in nothing.text


def test_two_similar_names_are_compared_and_not_merged() -> None:
    answer = ask("Is Lei Shen the same person as Li Shen?")
    assert cited(answer) == {"p4", "p5"}
    assert "2 different names" in answer.text


def test_a_look_alike_is_suggested() -> None:
    assert "Kexin Baoa" in ask("who is Kexin Bao?").text


def test_settled_aliases_join_the_papers_under_one_name() -> None:
    joined = Census(SHELF, {"Kexin Baoa": "Kexin Bao"})
    assert {p.paper_id for p in joined.papers_of("Kexin Bao")} == {"p7", "p8"}
    assert joined.people_of(joined.by_id["p8"]) == ("Kexin Bao",)
    assert {p.paper_id for p in census(SHELF).papers_of("Kexin Bao")} == {"p7"}


@pytest.mark.parametrize(
    "question",
    [
        "is Siwei Lyu in here?",
        "papers by Ian Goodfellow",
        "Does Hao Li have any papers in the collection?",
        "who supervised Ian Goodfellow's work listed here",
        "What's Daichi Zhang's email address?",
        "is Daichi Zhang better than Nannan Wang?",
        "which university does Lei Shen belong to?",
        "how old is Lei Shen?",
        "how many followers does Lei Shen have?",
        "who wrote the SignNet paper?",
    ],
)
def test_what_the_library_does_not_say_of_people_is_abstained_from(question: str) -> None:
    assert ask(question).status == "abstained"


def test_authors_of_a_paper_with_its_page_owner_and_what_may_be_missing() -> None:
    answer = ask("who wrote MaskNet?")
    assert [e.name for e in answer.experts] == ["Chenyu Dai", "Daichi Zhang", "Shiming Ge"]
    assert "et al." in answer.text
    assert "first author" in ask("who is the first author of MaskNet?").text


def test_where_only_the_page_owner_is_known_no_list_is_spoken_of() -> None:
    shelf = Shelf([paper("p1", "MaskNet: Masks", owner="Shiming Ge")])
    told = ask("who wrote MaskNet?", shelf).text
    assert told == "**MaskNet: Masks** is by **Shiming Ge**, on whose page it stands [1]."


def test_a_surname_of_several_is_offered_with_their_papers() -> None:
    answer = ask("Shen's papers")
    assert {e.name for e in answer.experts} == {"Lei Shen", "Li Shen", "Shen Chen"}


def test_papers_in_groups_without_a_common_co_author_are_told_as_perhaps_two_people() -> None:
    shelf = Shelf(
        [
            paper("p1", "A", authors=("Bo Li", "Ann Mao")),
            paper("p2", "B", authors=("Bo Li", "Cai Wu")),
            paper("p3", "C", authors=("Dee Fu", "Cai Wu")),
        ]
    )
    assert "more than one person" in ask("who is Bo Li?", shelf).text
    assert "more than one person" not in ask("who is Cai Wu?", Shelf(shelf.papers()[2:])).text


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("papers by Daichi Zhang and Shen Chen together", ("seed.txt:1",)),
        ("did Daichi Zhang and Lei Shen write together?", ()),
    ],
)
def test_the_papers_that_two_people_share_are_a_complete_list(
    question: str, value: tuple[str, ...]
) -> None:
    assert ask(question).value == value


def test_what_a_person_does_may_be_asked_after_a_sentence_about_meeting_them() -> None:
    assert cited(ask("I met Daichi Zhang yesterday, what is he working on?")) == {"p1", "p2", "p3"}


def test_most_often_is_no_topic() -> None:
    assert "Most often with" in ask("who does Daichi Zhang work with most often?").text


def test_what_is_not_about_a_topic_is_listed() -> None:
    found = ask("what has Daichi Zhang done that isn't about masked faces?")
    assert "p2" in cited(found) and "p3" not in cited(found)


def test_when_somebody_first_published_is_their_oldest_paper() -> None:
    intent = route("when did Daichi Zhang first publish?", Thread(), SHELF)
    made = catalogue.answer(intent, SHELF, lambda q, k: by_words(SHELF, q, k))
    assert made.value == ("seed.txt:3",)


def test_papers_by_two_people_are_first_those_by_both() -> None:
    made = ask("papers by Shen Chen and Daichi Zhang")
    assert made.value == ("seed.txt:1",)
    assert "1 of them by both" in made.text
    assert made.papers[0].paper_id == "p1"


def test_whoever_worked_with_both_of_two_people_is_named_with_the_papers() -> None:
    shelf = Shelf(
        [
            paper("p1", "Masks", authors=("Ann Mao", "Cai Wu")),
            paper("p2", "Palms", authors=("Bo Li", "Cai Wu")),
            paper("p3", "Chords", authors=("Ann Mao", "Di Xu")),
        ]
    )
    made = ask("Who has worked with both Ann Mao and Bo Li?", shelf)
    assert [expert.name for expert in made.experts] == ["Cai Wu"]
    assert "1 paper with Ann Mao [1], 1 paper with Bo Li [2]" in made.text
