"""Questions that any field asks of its library: names of several words, journals, what is counted."""

from __future__ import annotations

import pytest

from rag.types.query_text import print_query
from rag.understanding.languages import convert_to_english
from rag.understanding.pointers import expand_pointers
from tests.conversation import ask, read
from tests.shelf import Shelf, paper

SHELF = Shelf(
    [
        paper("p1", "Bread Prices and Riots in France", authors=("Jean-Luc de la Croix", "Marie Dupont"),
              year=1998, venue="Nature Communications"),
        paper("p2", "Preface", authors=("Wei Li 0003",), year=2010, venue="Nature"),
        paper("p3", "Preface", authors=("Martin King Jr.",), year=2011, venue="Public Health"),
        paper("p4", "A Public Health Advocacy Framework for Bread", authors=("Marie Dupont",), year=2012,
              venue="FIRE-SWITZERLAND", text="We build a public health advocacy framework for bread."),
        paper("p5", "Smoke over Towns", authors=("Anke Vries",), year=2012, venue="Fire Ecology"),
        paper("p8", "Primes", authors=("Charles Jean Gustave Nicolas de la Vallée Poussin",), year=1896),
        paper("p6", "Slot Machines", authors=("J. Järvinen-Tasso",), year=2020),
        paper("p7", "Lotteries", authors=("Johanna Järvinen-Tasso",), year=2021),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "printed"),
    [
        ("papers by de la Croix", 'papers where author = "Jean-Luc de la Croix"'),
        ("How many papers by de la Croix?", 'count papers where author = "Jean-Luc de la Croix"'),
        ("papers by Jean-Luc de la Croix", 'papers where author = "Jean-Luc de la Croix"'),
        # Prints of likely one person: the fullest is answered, the others are named with it.
        ("papers by Järvinen-Tasso", 'papers where author = "Johanna Järvinen-Tasso"'),
        # Several journals have the word; one has it for its name.
        ("How many papers appeared in Nature?", 'count papers where venue = "Nature"'),
        ("How many papers appeared in Fire?", 'count papers where venue = "FIRE-SWITZERLAND"'),
        ("Who could I ask about public health advocacy?", 'people about "public health advocacy"'),
        ("papers published in public health", 'papers where venue contains "Public Health"'),
        # What is counted is the library, its people, or a thing that papers tell of.
        ("How many papers are in the library?", "count papers"),
        ("How many papers are in this library?", "count papers"),
        ("Who has published the most papers here?", "people by author"),
        ("How many obelisks in 2012?", 'count papers about "obelisks" where year = 2012'),
        # What kind of publication a paper is, its title says.
        ("how many prefaces in 2010", 'count papers where title contains "preface" and year = 2010'),
        ("who are the authors of the prefaces", 'people by author where title contains "preface"'),
        ("list the prefaces", 'papers where title contains "preface"'),
        ("prefaces by Wei Li", 'papers where title contains "preface" and author = "Wei Li 0003"'),
        ("everything from 2011 but the prefaces", 'papers where year = 2011 and title not contains "preface"'),
        ("list the obituaries from 2010", 'papers about "obituaries" where year = 2010'),
        ("How many volcanoes erupted in Iceland in 2021?", "passages asking number"),
        ("How many papers about bread were published in 2012?", 'count papers about "bread" where year = 2012'),
    ],
)  # fmt: skip
def test_a_question_is_read_in_any_library(question: str, printed: str) -> None:
    typed, notes = convert_to_english(question, SHELF)
    assert (typed, notes) == (question, ())
    assert print_query(read(question, shelf=SHELF).query).startswith(printed)


@pytest.mark.parametrize(
    ("question", "beginning"),
    [
        ("papers by Wei Li", "**1 paper here** by Wei Li 0003."),
        (
            "Papers by de la Vallée Poussin",
            "**1 paper here** by Charles Jean Gustave Nicolas de la Vallée Poussin.",
        ),
        ("How many papers by Martin King?", "**1 paper** by Martin King Jr.\n"),
    ],
)
def test_a_person_is_called_by_name(question: str, beginning: str) -> None:
    assert ask(question, shelf=SHELF).text.startswith(beginning)


def test_particles_of_a_name_are_no_foreign_words() -> None:
    for typed in (
        "C. J. de la Vallée Poussin",
        "Charles Jean Gustave Nicolas de la Vallée Poussin",
    ):
        assert convert_to_english(f"papers by {typed}", SHELF) == (f"papers by {typed}", ())


def test_a_list_of_names_with_initials_and_a_year_is_a_reference() -> None:
    expanded, notes = expand_pointers("de la Croix, J.-L., & Dupont, M. (1998)", SHELF)
    assert (expanded, notes) == ("Bread Prices and Riots in France", ())


def test_everyone_who_wrote_a_paper_of_a_title_is_named() -> None:
    text = ask("Who wrote Preface?", shelf=SHELF).text
    assert "Wei Li 0003" in text and "Martin King Jr." in text


YEAST = Shelf(
    [
        paper("p1", "Lipase in Yeast", "Growth stopped at 34 degrees in Pichia pastoris.", ["Rik Roe"], venue="Marsh Review"),
        paper("p2", "Voles", "Voles of Cell Bay were counted in Fenland. We saw 412 burrows.", ["Ann Lee"], venue="Cell"),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "printed"),
    [
        ("what stopped growth in Pichia?", "passages"),
        # What is counted is a thing that papers tell of, tagged as a topic or not.
        ("how many burrows were counted?", "passages asking number"),
        ("how many burrows were counted in 2018", "passages asking number"),
        ("how many burrows did they count?", "passages asking number"),
        ("how many voles were published on in 2018?", "count papers"),
        ("how many papers were written on voles?", 'count papers about "voles"'),
        ("papers in Pichia pastoris", 'papers about "Pichia pastoris"'),
        ("which animals live in Fenland", "passages"),
        ("papers in Marsh Review", 'papers where venue contains "Marsh Review"'),
        ("papers in Cell", 'papers where venue contains "Cell"'),
        ("papers published in Pichia", 'papers where venue contains "Pichia"'),
        ("papers at NeurIPS", 'papers where venue contains "NeurIPS"'),
    ],
)
def test_a_venue_is_one_that_papers_print_or_a_question_calls_so(
    question: str, printed: str
) -> None:
    assert print_query(read(question, shelf=YEAST).query).startswith(printed)
