"""Which papers are on a topic: by its own words, and not by part of another compound."""

from __future__ import annotations

import random

import pytest

from rag.answers.papers import answer_papers
from rag.app.assistant import Assistant
from rag.library.search_forms import build_searched
from rag.search.topics import Phrase, has_other_prefix_only, split_alternatives
from rag.types import Retrieval
from tests.conversation import read
from tests.shelf import paper
from tests.shelves import TOPICS


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
    assert Phrase(topic).is_in(title, "") is held
    searched = build_searched(title)
    parts = Phrase(topic).list_parts()
    assert not held or all(any(one in searched for one in part) for part in parts)


def test_one_plain_word_tells_what_a_paper_is_about_only_in_its_title() -> None:
    said = ("Masks", "We also speak of drones.")
    assert Phrase("drones").is_in(*said) and not Phrase("drones").is_topic_of(*said)


def test_papers_that_say_a_topic_are_found_without_reading_the_others(
    assistant: Assistant,
) -> None:
    papers = assistant.library.list_papers()
    titles = [p.title.split() for p in papers if p.title]
    chance = random.Random(3)
    for words in chance.sample(titles, 30):
        at = chance.randrange(len(words))
        phrase = Phrase(" ".join(words[at : at + chance.randint(1, 3)]))
        looked_at = {
            found[0] for found in assistant.library.view.iter_texts((), phrase.list_parts())
        }
        said = {p.paper_id for p in papers if phrase.is_in(p.title or "", p.text)}
        assert said <= looked_at, words


@pytest.mark.parametrize(
    ("text", "otherwise"),
    [
        ("Face de-identification hides people.", True),
        ("Re-identification, not de-identification.", False),
        ("Persons are found again.", False),
    ],
)
def test_a_compound_with_another_prefix_is_another_thing(text: str, otherwise: bool) -> None:
    assert has_other_prefix_only("person re-identification", paper("p1", text=text)) is otherwise


def test_a_paper_that_says_the_topic_is_listed_though_the_search_does_not_find_it() -> None:
    query = read("papers on federated learning", shelf=TOPICS).query
    answer = answer_papers(query, TOPICS, lambda query, k: Retrieval(query, ()))
    assert answer.value == ("seed.txt:1", "seed.txt:2")


def test_the_gate_before_the_stems_lets_every_text_with_the_phrase_through(
    assistant: Assistant,
) -> None:
    chance = random.Random(4)
    papers = chance.sample(assistant.library.list_papers(), 60)
    topics = ["re-identification", "deidentification", "don't care", "skies", "3.5 models", "r^2"]
    for each in chance.sample(papers, 12):
        words = each.text.split()
        at = chance.randrange(len(words) - 3)
        topics += [" ".join(words[at : at + n]) for n in (1, 2, 3)]
    for topic in topics:
        gated, plain = Phrase(topic), Phrase(topic)
        plain._gate, plain._plain = None, ()
        for each in papers:
            assert gated.is_in(each.title or "", each.text) == plain.is_in(
                each.title or "", each.text
            ), (topic, each.text)


def test_only_the_clauses_that_may_say_the_phrase_are_stemmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    phrase = Phrase("object tracking")
    stemmed: list[str] = []
    list_stems = phrase._list_stems
    monkeypatch.setattr(phrase, "_list_stems", lambda t: stemmed.append(t) or list_stems(t))
    text = "We see things. " * 50 + "We propose object tracking. " + "Things move. " * 50
    assert phrase.is_in("", text)
    assert stemmed == ["object tracking"]


@pytest.mark.parametrize(
    ("text", "stems"),
    [
        ("We study object trackers and object tracking here.", False),
        ("An object, tracking it, l'object tracking", True),
        ("Subobject tracking and object trackings", True),
        ("L'object tracking-based things", True),
    ],
)
def test_what_says_the_phrase_between_spaces_is_not_stemmed(
    monkeypatch: pytest.MonkeyPatch, text: str, stems: bool
) -> None:
    phrase, plain = Phrase("object tracking"), Phrase("object tracking")
    plain._gate, plain._plain = None, ()
    read: list[str] = []
    is_in_text = phrase._is_in_text
    monkeypatch.setattr(phrase, "_is_in_text", lambda t: read.append(t) or is_in_text(t))
    assert phrase.is_in("", text) is plain.is_in("", text)
    assert bool(read) is stems


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("We don't track; object tracking is theirs.", True),
        ("Their obj'ect track'ing fails.", True),
        ("L'object tracking fails, object, tracking too.", False),
        ("Subobject tracking's end: an object's tracking.", True),
        ("It is an object. Tracking isn't.", False),
        ("Objects are tracked^2.", False),
        ("An object whose object tracking fails.", True),
        ("An object, one of two, is tracked.", False),
    ],
)
def test_marks_within_words_do_not_count(text: str, held: bool) -> None:
    gated, plain = Phrase("object tracking"), Phrase("object tracking")
    plain._gate, plain._plain = None, ()
    assert gated.is_in("", text) is plain.is_in("", text) is held


def test_papers_about_one_word_are_chosen_by_their_titles_in_the_statement(
    assistant: Assistant,
) -> None:
    parts, view = Phrase("recognition").list_parts(), assistant.library.view
    everywhere = {row[0]: row for row in view.iter_texts((), parts)}
    titled = {row[0] for row in view.iter_texts((), parts, in_text=())}
    assert titled == {i for i, title, _ in everywhere.values() if title and "ecognition" in title}
    others = sorted(set(everywhere) - titled)[:2]
    assert {row[0] for row in view.iter_texts((), parts, in_text=others)} == titled | {*others}


@pytest.mark.parametrize(
    ("topic", "sides"),
    [
        ("vehicle or person re-identification", ["vehicle re-identification", "person re-identification"]),
        ("fake news or media manipulation", ["fake news", "media manipulation"]),
        ("makeup, style or font transfer", ["makeup transfer", "style transfer", "font transfer"]),
        ("competitions/challenges", ["competitions", "challenges"]),
        ("pose with small/fast models", ["pose with small models", "pose with fast models"]),
        ("deepfake / face forgery", ["deepfake", "face forgery"]),
        ("order of layers", ["order of layers"]),
        ("or", ["or"]),
    ],
)  # fmt: skip
def test_a_topic_of_two_sides_is_parted_and_what_they_have_in_common_is_of_both(
    topic: str, sides: list[str]
) -> None:
    assert split_alternatives(topic) == sides


def test_papers_on_either_side_are_on_a_topic_of_two(assistant: Assistant) -> None:
    answer = assistant.ask("papers about makeup transfer or dehazing")
    titles = " ".join(c.title or "" for c in answer.citations)
    assert "Makeup Transfer" in titles and "Dehazing" in titles
