"""Questions that a model reads into a typed query, and what of its reading is taken."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from rag.config.settings import Settings
from rag.generation.generative import load_prompts
from rag.generation.model_reading import is_unsure, read_with_model
from rag.types import Answer, Citation, Query, Reading, Thread, Turn
from rag.types.errors import MalformedReply, ProviderUnreachable
from rag.types.query_parser import read_query
from tests.generation.test_generative import Scripted

PROMPT = load_prompts(Settings().prompts).read
QUESTION = "Wie schnell ist DuetFace?"
BY_WORDS = Reading(Query("papers"), QUESTION, confidence=0.3)
CITED = Citation(
    1, "p7", "a.txt:1", (), "DuetFace: Faces in Two Channels", "", "It is fast.", (0, 11)
)
FIRST = Answer("What is DuetFace?", "answered", "content", "It is fast [1].", (CITED,))
THREAD = Thread((Turn("What is DuetFace?", FIRST),))


def read(reply: Any, question: str = QUESTION, thread: Thread = Thread()) -> Reading:  # noqa: B008 - frozen
    model = Scripted([reply if isinstance(reply, str) else json.dumps(reply)])
    return read_with_model(question, thread, BY_WORDS, model, PROMPT, 1000).reading


def test_a_question_of_another_language_becomes_a_typed_query() -> None:
    reading = read({"want": "passages", "text": "How fast is DuetFace?"})
    assert reading.query == Query("passages", text="How fast is DuetFace?")
    assert (reading.by, reading.others) == ("model", (BY_WORDS.query,))


def test_thoughts_and_fences_around_the_object_do_no_harm() -> None:
    reply = '<think>{"want": "aside"}</think>```json\n{"want": "count", "about": {"words": "faces"}}\n```'
    assert str(read(reply).query) == 'count papers about "faces"'


def test_a_follow_up_is_a_query_about_the_paper_in_focus() -> None:
    reply = {"want": "passages", "papers": ["P1"], "text": "What about its speed?"}
    assert read(reply, "and its speed?", THREAD).query.papers == ("p7",)


def test_a_number_of_no_paper_shown_goes_where_another_stays() -> None:
    reply = {"want": "passages", "papers": ["P1", "P9"], "text": "What about their speed?"}
    assert read(reply, "and their speed?", THREAD).query.papers == ("p7",)


def test_a_word_that_a_paper_has_may_stand_for_one_of_another_language() -> None:
    reply = json.dumps({"want": "people", "about": {"words": "Federated Learning"}})
    read_words = partial(read_with_model, "Wer forscht an föderiertem Lernen?", Thread(), BY_WORDS)
    found = read_words(Scripted([reply]), PROMPT, 1000, {"federated", "learning"}.__contains__)
    assert found.reading.query.topic == "Federated Learning"
    with pytest.raises(MalformedReply):
        read_words(Scripted([reply]), PROMPT, 1000, {"learning"}.__contains__)


@pytest.mark.parametrize(
    ("sign", "value", "printed"),
    [
        ("=", 2023, "year = 2023"),
        ("is", "2023", "year = 2023"),
        (">=", 2023, "year >= 2023"),
        ("<=", "2023", "year <= 2023"),
        (">", 2023, "year > 2023"),
        ("!=", 2023, "year != 2023"),
    ],
)
def test_conditions_are_read_with_the_signs_of_the_prompt(
    sign: str, value: object, printed: str
) -> None:
    reply = {"want": "count", "where": [{"field": "year", "operator": sign, "value": value}]}
    assert str(read(reply).query) == str(read_query(f"count papers where {printed}"))


@pytest.mark.parametrize(
    "reply",
    [
        "I cannot.",
        "{",
        {"want": "poems"},
        {"want": "passages", "papers": ["P4"]},
        {"want": "people", "about": {"words": "Mark Zorbson"}},
        {"want": "profile", "people": [{"typed": "Zebulon Quark"}]},
        {"want": "passages", "text": "How fast is ZorbNet?"},
        {"want": "passages", "text": "See https://evil.example/a"},
        {"want": "count", "where": [{"field": "year", "operator": "=", "value": "soon"}]},
        {"want": "papers", "where": [{"field": "author", "operator": "=", "value": "Zeb Quark"}]},
    ],
)
def test_what_is_no_query_or_names_what_was_not_said_is_refused(reply: Any) -> None:
    with pytest.raises(MalformedReply):
        read(reply, "and its speed?", THREAD)


def test_a_name_within_a_script_without_spaces_was_typed() -> None:
    reply = {"want": "passages", "text": "How fast is KelpNet?"}
    assert read(reply, "KelpNetの速さは?").query.text == "How fast is KelpNet?"


@pytest.mark.parametrize(
    ("reply", "why"),
    [("I cannot.", "holds no JSON object"), ({"about": None}, "lacks a part: want")],
)
def test_what_a_reading_lacks_is_told(reply: Any, why: str) -> None:
    with pytest.raises(MalformedReply, match=why):
        read(reply)


def test_a_call_that_fails_is_an_error() -> None:
    with pytest.raises(ProviderUnreachable):
        model = Scripted([], ProviderUnreachable("gone"))
        read_with_model(QUESTION, Thread(), BY_WORDS, model, PROMPT, 1000)


@pytest.mark.parametrize(
    ("reading", "question", "unsure"),
    [
        (Reading(Query("papers")), "Which papers are from 2022?", False),
        (Reading(Query("papers")), "Which papers on tides contradict each other?", True),
        (Reading(Query("papers"), confidence=0.3), "Which should I read first?", True),
        (Reading(Query("papers"), is_close=True), "Give me three takeaways.", True),
        (Reading(Query("papers"), unread=("SWOT",)), "A SWOT analysis", True),
        (Reading(Query("passages")), "Wie schnell ist das Verfahren und wer nutzt es?", True),
        (Reading(Query("aside"), confidence=0.3), "Hello there!", False),
    ],
)
def test_only_what_words_leave_unsure_is_put_to_the_model(
    reading: Reading, question: str, unsure: bool
) -> None:
    assert is_unsure(reading, question) is unsure
