"""Kept answers: written and read back, also those of versions that had no queries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rag.app.codec import decode_answer, decode_conditions, encode_answer, encode_conditions
from rag.types import Answer, Condition, Query, Reading
from rag.types.fields import Range
from rag.types.query import Part, PersonRef

YUXI = {"$": "Mention", "span": [0, 7], "typed": "yuxi mi", "names": ["Yuxi Mi"], "how": "exact"}
LI = {"$": "Mention", "span": [0, 2], "typed": "Li", "names": ["Bo Li", "Fu Li"], "how": "partial"}


def test_an_answer_with_its_reading_is_read_back() -> None:
    reading = Reading(
        Query("papers", where=(Condition("year", "is", Range(2020, None)),), papers=("p1", "p2")),
        "which are newer?",
        reason="it asks for papers",
        parts=(Part("papers", "#p1, #p2", origin="thread", evidence="code"),),
        unread=("newer",),
        others=(Query("passages", text="newer?"), Query("profile", people=(PersonRef("Li"),))),
        is_close=True,
        notes=("'li' was read as Bo Li",),
    )
    answer = Answer("which?", "answered", "catalogue", "Two.", value=("a:1",), reading=reading)
    assert decode_answer(encode_answer(answer)) == answer


def test_filters_are_kept_as_ever() -> None:
    kept = '[{"$":"Condition","field":"year","operator":"between","value":[2021,2023]}]'
    filters = (Condition("year", "is", Range(2021, 2023)),)
    assert decode_conditions(kept) == filters
    assert encode_conditions(filters) == kept


def build_intent(route: str, **given: Any) -> dict[str, Any]:
    empty = {"question": "typed", "query": "searched", "reason": "why", "topic": None, "people": [],
             "conditions": [], "parts": {}}  # fmt: skip
    return {"$": "Intent", "route": route, **empty, **given}


def build_condition(field: str, operator: str, value: object) -> dict[str, object]:
    return {"$": "Condition", "field": field, "operator": operator, "value": value}


@pytest.mark.parametrize(
    ("intent", "line"),
    [
        (build_intent("content", parts={"focus": ["p1"], "several": False}), 'passages of #p1: "searched"'),
        (
            build_intent("experts", topic="drones", conditions=[build_condition("year", "between", [2021, None])]),
            'people about "drones" where year = 2021..',
        ),
        (
            build_intent("person", parts={"ask": {"$": "PersonAsk", "form": "authors"}, "focus": ["p1"]}),
            "people authors of #p1",
        ),
        (
            build_intent("person", people=["Yuxi Mi"], parts={"ask": {"$": "PersonAsk", "form": "coauthors"}, "people": [YUXI]}),
            'people coauthors for "Yuxi Mi"',
        ),
        (build_intent("person", people=["Bo Li"], topic="masks"), 'papers for "Bo Li" about "masks"'),
        (
            build_intent(
                "catalogue",
                conditions=[build_condition("first author", "is", "@0"), build_condition("year", "is", 2022)],
                parts={"ask": {"$": "Ask", "verb": "count"}, "people": [YUXI]},
            ),
            'count papers where first_author = "Yuxi Mi" and year = 2022',
        ),
        (
            build_intent("catalogue", conditions=[build_condition("author", "lacks", "@0")], parts={"people": [LI]}),
            'papers where author lacks ("Li")',
        ),
        (
            build_intent("catalogue", conditions=[build_condition("colour", "is", "red")], topic="rain",
                         parts={"ask": {"$": "Ask", "verb": "list", "topic": "rain"}}),
            'papers about "rain"',
        ),
        (build_intent("smalltalk"), 'aside ("greeting")'),
        (build_intent("unsupported"), 'aside ("unsupported: why")'),
    ],
)  # fmt: skip
def test_answers_of_versions_before_queries_can_be_followed_up(
    intent: dict[str, Any], line: str
) -> None:
    written = json.loads(encode_answer(Answer("typed", "answered", intent["route"], "Kept.")))
    del written["reading"]
    answer = decode_answer(json.dumps({**written, "intent": intent}))
    assert answer.text == "Kept." and answer.reading is not None
    assert (str(answer.reading.query), answer.reading.question) == (line, "typed")
    assert answer.reading.reason == "why"


def test_a_text_that_is_no_answer_is_refused() -> None:
    for text in ("[]", '{"$":"Nothing"}', '{"$":"Query","line":"papers"}', "{"):
        with pytest.raises(ValueError):
            decode_answer(text)
