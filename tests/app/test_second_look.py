"""A count or a list that comes to nothing gives way to a body that tells what is asked; one that answers stands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.app.assistant import Assistant, build
from rag.config.settings import Settings
from rag.types import Thread, Turn

FURTHER = (
    "The taxonomy was drawn by hand over two summers. Keepers on the moor were asked which plants their bees visit. "
    "Each visit was written into a book and read again in winter. The hives stand in rows of six behind a wall of "
    "stone. Wind from the west keeps the bees at home on many days."
)
TOLD = (
    "The Calluna taxonomy is organised in 15 distinct hierarchies of forage plants. "
    "A voucher specimen of Phoenix paludosa is kept in the herbarium of Dhaka."
)
BODY = "\n\n".join(
    ("We describe a register of hives on a moor.", *[FURTHER] * 5, TOLD, *[FURTHER] * 3)
)
RECORDS = (
    {"title": "A register of hives on the moor", "text": BODY},
    {
        "title": "Bees and the Calluna taxonomy of forage",
        "text": "We use the Calluna taxonomy to sort what bees eat. It works well.",
    },
    {"title": "Ants in gardens", "text": "We count ants in gardens. There are many of them."},
)
HIERARCHIES = "How many distinct hierarchies are in the Calluna taxonomy?"
VOUCHER = "Who keeps the voucher specimen of Phoenix paludosa?"


@pytest.fixture(scope="module")
def bees(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("bees")
    records = folder / "corpus.jsonl"
    rows = [{"_id": str(n), **record} for n, record in enumerate(RECORDS)]
    records.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with build(Settings(data=folder / "data", model_path=weights)) as assistant:
        assistant.ingest([records])
        yield assistant


@pytest.mark.parametrize(("question", "told"), [(VOUCHER, "herbarium of Dhaka")])
def test_a_body_answers_what_no_count_or_list_does(
    bees: Assistant, question: str, told: str
) -> None:
    assert bees.read(question).query.want in ("count", "papers", "people", "profile")
    answer = bees.ask(question)
    assert answer.reading and answer.reading.query.want == "passages"
    assert told in answer.text and answer.citations[0].quote in BODY
    # what was computed is still offered
    assert answer.reading.others[0].want == bees.read(question).query.want


@pytest.mark.parametrize(
    "question",
    [
        "How many papers use the Calluna taxonomy?",
        "Who works on forage plants?",
        "Papers by Knuth on hives",
        "How many hives has the observatory of Atlantis?",
    ],
)
def test_what_asks_for_papers_or_people_or_is_told_nowhere_stands(
    bees: Assistant, question: str
) -> None:
    answer = bees.ask(question)
    assert answer.reading and answer.reading.query == bees.read(question).query


def test_a_reading_chosen_by_hand_stands(bees: Assistant) -> None:
    answer = bees.ask(HIERARCHIES, read_as="catalogue")
    assert answer.route == "catalogue"


def test_in_a_conversation_a_question_that_stands_alone_is_answered_alike(bees: Assistant) -> None:
    before = "What do ants do in gardens?"
    thread = Thread(turns=(Turn(before, bees.ask(before)),))
    assert bees.read(VOUCHER, thread).query.want != "passages"
    assert "herbarium of Dhaka" in bees.ask(VOUCHER, thread).text
