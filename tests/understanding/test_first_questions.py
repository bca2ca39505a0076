"""The ways in which the words of a first question may be taken, and the one that is chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.adapters.minilm import MiniLM
from rag.types import Thread
from rag.types.query_text import print_query
from rag.understanding.entities import find_entities
from rag.understanding.first_questions import START, list_first, list_ways, read_first
from rag.understanding.heads import load_heads
from rag.understanding.reading import read_question
from rag.understanding.turns import Turn
from tests.shelf import Shelf
from tests.shelves import PAGES


def open_first(question: str, shelf: Shelf = PAGES) -> Turn:
    entities, encoding = find_entities(question, shelf), MiniLM().encode_query(question)
    frame = load_heads().read_frame(question, entities.spans, encoding, None)
    return Turn(frame, entities, START, shelf, encoding, is_first=True)


def test_what_was_taken_for_a_value_may_be_a_topic_and_topics_may_be_one() -> None:
    ways = {name: frame for name, frame, _ in list_ways(open_first("papers on faces from 2022"))}
    assert {s.kind for s in ways["tagged"].slots} == {"topic", "time"}
    assert {s.kind for s in ways["time in topic"].slots} == {"topic"}
    whole = [s.text for s in ways["whole"].slots]
    assert whole == ["papers on faces from 2022"]


def test_no_query_stands_twice_and_the_chances_of_all_add_up() -> None:
    turn = open_first("papers on faces from 2022")
    queries = [candidate.query for candidate in list_first(turn)]
    assert len(queries) == len({*queries}) > 2
    reading = read_first(turn)
    assert print_query(reading.query) == 'papers about "faces" where year = 2022'
    assert 0.5 < reading.confidence <= 1 and reading.query not in reading.others


@pytest.mark.parametrize("question", ["face recognition", "UAV tracking?", "deepfakes"])
def test_a_topic_and_no_word_more_is_listed_or_told_as_a_whole(question: str) -> None:
    reading = read_question(question, Thread(), PAGES, MiniLM().encode_query)
    assert reading.query.want in ("papers", "overview")
    assert reading.query.topic == question.rstrip("?")


def test_keywords_are_found_where_keywords_are_spoken_of() -> None:
    shelf = Shelf([replace(PAGES.papers[0], keywords=("field experiment", "trade"))])
    asked = (
        "which papers use field experiment as keyword",
        "keywords must include trade, which papers",
    )
    found = [[(s.value, s.kind) for s in find_entities(words, shelf).spans] for words in asked]
    assert found == [[("field experiment", "keyword")], [("trade", "keyword")]]
    assert not find_entities("papers on trade", shelf).spans


def test_a_topic_that_ends_in_evolution_keeps_the_word() -> None:
    reading = read_question("who studies stellar evolution", Thread(), PAGES, MiniLM().encode_query)
    assert reading.query.topic == "stellar evolution"
