"""Which papers are on a topic: by its own words, and not by part of another compound."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag import catalogue, experts
from rag.frames import list_frame
from rag.routing import route
from rag.topics import Phrase, only_otherwise
from rag.types import Retrieval, Thread, Turn
from tests.shelf import Shelf, by_words, paper


@pytest.mark.parametrize(
    ("topic", "title", "held"),
    [
        ("knowledge distillation", "Faces via Selective Knowledge Distillation", True),
        ("knowledge distillation", "Distilled knowledge", False),
        ("object tracking", "Object-level tracking", True),
        ("object tracking", "Objects that need a tracking", False),
        ("person re-identification", "Persons reidentification", True),
        ("person re-identification", "Person Re-identification", True),
        ("person re-identification", "Person re identification", True),
        ("re-identification", "A reidentification set", True),
        ("object tracking", "We see the object. Tracking is hard", False),
        ("person re-identification", "Person de-identification", False),
        ("recognition in the wild", "Recognition in the wild", True),
        ("few shot learning", "Few-shot learning", True),
        ("few-shot learning", "Few shot learning", True),
        ("CLIP", "Seeing with CLIP", True),
        ("CLIP", "A clip of a video", False),
        ("of the", "Of the", False),
    ],
)
def test_a_phrase_is_held_stemmed_in_order_with_one_word_between(
    topic: str, title: str, held: bool
) -> None:
    assert Phrase(topic).stands_in(paper("p1", title, text="")) is held


def test_one_plain_word_tells_what_a_paper_is_about_only_in_its_title() -> None:
    said = paper("p1", "Masks", text="We also speak of drones.")
    assert Phrase("drones").stands_in(said) and not Phrase("drones").tells_of(said)


@pytest.mark.parametrize(
    ("text", "otherwise"),
    [
        ("Face de-identification hides people.", True),
        ("Re-identification, not de-identification.", False),
        ("Persons are found again.", False),
    ],
)
def test_a_compound_with_another_prefix_is_another_thing(text: str, otherwise: bool) -> None:
    assert only_otherwise("person re-identification", paper("p1", text=text)) is otherwise


SHELF = Shelf(
    [
        paper("p1", "Federated Learning", "Federated learning of models.", ("Ann Mao",), year=2024),
        paper("p2", "Masks", "A study. Federated learning helps.", ("Bo Li",), year=2023),
        paper("p3", "Learning in a Federated Way", "Models.", ("Ann Mao",), year=2024),
        paper("p4", "Drones", "They fly.", ("Bo Li",), year=2024),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    "question",
    [
        "List the papers about federated learning",
        "Which papers are about federated learning?",
        "which papers use federated learning?",
        "Show me papers on federated learning",
        "what papers are there on federated learning?",
        "papers on federated learning",
    ],
)
def test_papers_asked_for_by_their_topic_alone_are_a_whole_list(question: str) -> None:
    intent = route(question, Thread(), SHELF)
    assert (intent.route, intent.topic) == ("catalogue", "federated learning")
    made = catalogue.answer(intent, SHELF, lambda q, k: by_words(SHELF, q, k))
    assert made.value == ("seed.txt:1", "seed.txt:2", "seed.txt:3")
    assert "2 say it in these words, 1 is close in meaning" in made.text


def test_a_paper_that_says_the_topic_is_listed_though_the_search_does_not_find_it() -> None:
    intent = route("papers on federated learning", Thread(), SHELF)
    made = catalogue.answer(intent, SHELF, lambda q, k: Retrieval(q, ()))
    assert made.value == ("seed.txt:1", "seed.txt:2")


@pytest.mark.parametrize(
    "question",
    [
        "which papers use masks and how do they differ?",
        "Which papers on masks compare with others?",
        "the paper that uses where people look to tell real from fake",
        "summarise the papers on masks",
        "papers on what models forget",
        "what works on noisy labels?",
    ],
)
def test_what_papers_say_is_not_asked_for_as_a_list(question: str) -> None:
    assert list_frame(question) is None


# --- what is not to be there, and what is to be there at once --------------------------------

BOTH = Shelf(
    [
        paper("p1", "Drones", "Drones fly.", ("Ann Mao",), category="CV"),
        paper("p2", "Masks", "Masks hide.", ("Ann Mao",), category="LG"),
        paper("p3", "Drones Again", "Drones land.", ("Bo Li",), category="AI"),
        paper("p4", "Masks on Drones", "Both.", ("Cai Wu",), category="CV"),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("question", "keys"),
    [
        ("papers about drones but not about masks", "13"),
        ("which papers about drones are not about masks?", "13"),
        ("Which papers are not about masks?", "13"),
        ("Which papers are neither CV nor LG?", "3"),
        ("which papers in category CV are not about masks?", "1"),
    ],
)
def test_what_is_shut_out_of_a_list_is_not_in_it(question: str, keys: str) -> None:
    intent = route(question, Thread(), BOTH)
    made = catalogue.answer(intent, BOTH, lambda q, k: by_words(BOTH, q, k))
    assert set(made.value or ()) == {f"seed.txt:{key}" for key in keys}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Who works on drones but not on masks?", {"Bo Li"}),
        ("Who works on both drones and masks?", {"Ann Mao", "Cai Wu"}),
        ("Who works on both drones and parsing?", set()),
    ],
)
def test_people_are_shut_out_or_must_have_papers_on_each(question: str, names: set[str]) -> None:
    intent = route(question, Thread(), BOTH)
    made = experts.answer(intent, BOTH, lambda q, k: by_words(BOTH, q, k))
    assert {expert.name for expert in made.experts} == names


def test_what_cannot_be_shut_out_is_said_and_is_no_part_of_the_topic() -> None:
    intent = route("which papers are about drones without masks?", Thread(), BOTH)
    made = catalogue.answer(intent, BOTH, lambda q, k: by_words(BOTH, q, k))
    assert intent.topic == "drones" and "cannot check 'without masks'" in made.text


CODED = Shelf(
    [
        paper("p1", "Drones", "Drones fly.", ("Ann Mao",), code=True),
        paper("p2", "Drones Again", "Drones land.", ("Bo Li",), code=False),
        paper("p3", "Masks", "Masks hide.", ("Bo Li",), code=False),
    ]
)


def test_and_without_after_papers_with_code_keeps_the_topic_of_the_list() -> None:
    thread = Thread()
    for question, keys in (
        ("papers about drones", "12"),
        ("with code", "1"),
        ("and without?", "2"),
    ):
        intent = route(question, thread, CODED)
        made = catalogue.answer(intent, CODED, lambda q, k: by_words(CODED, q, k))
        made = replace(made, intent=intent)
        assert set(made.value or ()) == {f"seed.txt:{key}" for key in keys}  # type: ignore[arg-type]
        thread = replace(thread, turns=(*thread.turns, Turn(question, made)))
