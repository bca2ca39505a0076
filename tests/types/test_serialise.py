"""Answers and papers as JSON records."""

from __future__ import annotations

import json
from datetime import date

import pytest

from rag.answers.citations import build_citation
from rag.types import (
    Alternative,
    Answer,
    Condition,
    Expert,
    RoleSpan,
    SaidSentence,
    ScoredPaper,
    Usage,
)
from rag.types.fields import Range
from rag.types.query import Part, Query, Reading, Topic
from rag.types.serialise import (
    build_condition_record,
    build_paper_record,
    build_sentence_records,
    read_condition_record,
    record,
)
from tests.shelf import paper

PAPER = paper(
    "p7", None, "Zebras walk.", ["Ann", "Bob"], owner="Cy", places=[("a.txt", 3), ("b.txt", 9)],
    year=2021, category="CV", code=True, score=88.5, links=("https://x.org",), doi="10.1/x",
)  # fmt: skip


def test_an_answer_is_recorded_field_by_field() -> None:
    answer = Answer(
        question="who?",
        status="answered",
        route="experts",
        text="Ann [1].",
        citations=(build_citation(1, PAPER, (0, 6)),),
        papers=(ScoredPaper("p7", "a.txt:3", 0.5, ("b.txt:9",)),),
        experts=(Expert("Ann", 1.5, ("p7",), {"p7": "first"}),),
        value=("Ann", "Bob"),
        model="m",
        prompt_sha256="ab",
        library="f1",
        latency_ms=1.23456,
        first_words_ms=1.11111,
        first_token_ms=0.5,
        usage=Usage(3, 4, 0.5, cached_tokens=2),
        warnings=("w",),
        reading=Reading(
            Query("people", about=Topic("masks")),
            "who?",
            reason="it asks for people",
            parts=(Part("about", 'about "masks"', "masks"),),
            unread=("please",),
            others=(Query("passages", text="masks"),),
        ),
        checks={"sentences_supported": 1},
        other=Alternative("content", "what papers say"),
        sentences=(SaidSentence("Ann works.", "not_found", (1,)),),
        earlier={"shortened": 2},
        filters=(Condition("code", "is", True),),
        among="3 of 9 papers (with the Code mark)",
        steps=(("reading the question", 0.456),),
    )
    assert record(answer, "q1") == {
        "id": "q1",
        "question": "who?",
        "status": "answered",
        "outcome": "answered",
        "route": "experts",
        "text": "Ann [1].",
        "citations": [
            {
                "marker": 1,
                "paper": "p7",
                "source": "a.txt:3",
                "also_at": ["b.txt:9"],
                "title": None,
                "label": "label of p7",
                "quote": "Zebras",
                "span": [0, 6],
                "page": None,
            }
        ],
        "papers": [{"paper": "p7", "source": "a.txt:3", "score": 0.5, "also_at": ["b.txt:9"]}],
        "experts": [{"name": "Ann", "score": 1.5, "papers": ["p7"], "roles": {"p7": "first"}}],
        "value": ["Ann", "Bob"],
        "model": "m",
        "prompt_sha256": "ab",
        "library": "f1",
        "latency_ms": 1.23,
        "first_words_ms": 1.11,
        "first_token_ms": 0.5,
        "usage": {
            "input_tokens": 3,
            "output_tokens": 4,
            "cost_usd": 0.5,
            "cached_tokens": 2,
            "estimated": False,
        },
        "cached": False,
        "warnings": ["w"],
        "checks": {"sentences_supported": 1},
        "read_as": "it asks for people; among 3 of 9 papers (with the Code mark)",
        "query": 'people about "masks"',
        "reading": {
            "by": "words",
            "parts": [
                {
                    "slot": "about",
                    "printed": 'about "masks"',
                    "words": "masks",
                    "origin": "words",
                    "evidence": "",
                }
            ],
            "unread": ["please"],
            "notes": [],
            "others": ['passages: "masks"'],
            "confidence": 1.0,
            "second": "",
        },
        "other_reading": {"route": "content", "words": "what papers say"},
        "filters": [{"field": "code", "operator": "is", "value": True}],
        "steps": [{"name": "reading the question", "ms": 0.46}],
        "verified_by": "",
        "sentences": [{"text": "Ann works.", "verdict": "not_found", "markers": [1]}],
        "earlier_turns": {"shortened": 2},
    }


def test_a_bare_answer_has_no_id_and_nulls_where_nothing_is_known() -> None:
    found = record(Answer("q", "abstained", "content", "No."))
    assert "id" not in found
    assert (found["value"], found["prompt_sha256"], found["usage"]["cost_usd"]) == (
        None,
        None,
        None,
    )
    assert found["other_reading"] is found["query"] is found["reading"] is None
    assert (found["citations"], found["papers"], found["experts"]) == ([], [], [])
    assert (found["model"], found["read_as"], found["latency_ms"]) == ("extractive", "", 0.0)


def test_a_count_stays_a_number() -> None:
    assert record(Answer("q", "answered", "catalogue", "3", value=3))["value"] == 3


def test_a_paper_is_recorded_whole() -> None:
    assert build_paper_record(PAPER) == {
        "paper": "p7",
        "source": "a.txt:3",
        "also_at": ["b.txt:9"],
        "title": None,
        "label": "label of p7",
        "text": "Zebras walk.",
        "authors": ["Ann", "Bob"],
        "authors_complete": True,
        "roles": {"Ann": "first", "Bob": "listed", "Cy": "page"},
        "affiliations": [],
        "year": 2021,
        "month": None,
        "day": None,
        "category": "CV",
        "code": True,
        "score": 88.5,
        "links": ["https://x.org"],
        "url": None,
        "doi": "10.1/x",
        "venue": None,
        "arxiv": None,
        "pmid": None,
        "keywords": [],
        "retracted": None,
        "pages": None,
        "sections": [],
        "references": [],
        "provenance": [],
    }


def test_sentences_of_a_paper_are_recorded_with_their_roles() -> None:
    spans = (RoleSpan((0, 12), "result"), RoleSpan((0, 6), None))
    assert build_sentence_records(PAPER, spans) == [
        {"text": "Zebras walk.", "span": [0, 12], "role": "result"},
        {"text": "Zebras", "span": [0, 6], "role": None},
    ]


def test_records_are_json_as_they_are() -> None:
    answer = Answer("q", "answered", "content", "“x”", (build_citation(1, PAPER, (0, 12)),))
    for made in (record(answer, "i"), dict(build_paper_record(PAPER))):
        assert json.loads(json.dumps(made)) == made


@pytest.mark.parametrize(
    ("condition", "row"),
    [
        (Condition("year", "is", Range(2020, None)), ("year", "between", [2020, None])),
        (Condition("year", "is_not", Range(2020, 2022)), ("year", "not between", [2020, 2022])),
        (
            Condition("date", "is", Range(date(2023, 5, 1), None)),
            ("date", "between", ["2023-05-01", None]),
        ),
        (Condition("author", "in", ("Ann", "Bo")), ("author", "in", ["Ann", "Bo"])),
        (Condition("year", "in", (2020, Range(2022, 2023))), ("year", "in", [2020, [2022, 2023]])),
        (Condition("title", "contains_any", ("a", "b")), ("title", "contains any", ["a", "b"])),
        (Condition("doi", "unknown"), ("doi", "unknown", None)),
        (Condition("code", "is", False), ("code", "is", False)),
    ],
)
def test_a_condition_is_recorded_as_ever_and_read_back(
    condition: Condition, row: tuple[str, str, object]
) -> None:
    made = build_condition_record(condition)
    assert tuple(made.values()) == row
    assert read_condition_record(**json.loads(json.dumps(made))) == condition


@pytest.mark.parametrize(
    ("row", "condition"),
    [
        (("first author", "is", "Ann"), Condition("first_author", "is", "Ann")),
        (("printed", "lacks", "Ann"), Condition("printed_author", "lacks", ("Ann",))),
        (("year", "outside", [2019, 2024]), Condition("year", "in", (Range(None, 2019), Range(2024, None)))),
        (("year", "within any", [[2019, 2020]]), Condition("year", "in", (Range(2019, 2020),))),
        (("date", "is", [2023, 5, 4]), Condition("date", "is", date(2023, 5, 4))),
        (("date", "between", [[2023, 2, 31], None]), Condition("date", "is", Range(date(2023, 2, 28), None))),
        (("title", "marked", "a digit"), Condition("title", "has", "a digit")),
        (("code", "is not", True), Condition("code", "is", False)),
    ],
)  # fmt: skip
def test_conditions_of_earlier_records_are_still_read(
    row: tuple[str, str, object], condition: Condition
) -> None:
    assert read_condition_record(*row) == condition
