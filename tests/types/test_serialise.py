"""Answers and papers as JSON records."""

from __future__ import annotations

import json

from rag.answers.citations import build_citation
from rag.types import (
    Alternative,
    Answer,
    Condition,
    Expert,
    Intent,
    SaidSentence,
    ScoredPaper,
    Usage,
)
from rag.types.serialise import build_paper_record, record
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
        intent=Intent("experts", "who?", "who?", "it asks for people"),
        checks={"sentences_supported": 1},
        other=Alternative("content", "what papers say"),
        sentences=(SaidSentence("Ann works.", "partly", (1,)),),
        earlier={"shortened": 2},
        filters=(Condition("code", "is", True),),
        among="3 of 9 papers (with the Code mark)",
        steps=(("reading the question", 0.456),),
    )
    assert record(answer, "q1") == {
        "id": "q1",
        "question": "who?",
        "status": "answered",
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
        "other_reading": {"route": "content", "words": "what papers say"},
        "filters": [{"field": "code", "operator": "is", "value": True}],
        "steps": [{"name": "reading the question", "ms": 0.46}],
        "sentences": [{"text": "Ann works.", "verdict": "partly", "markers": [1]}],
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
    assert found["other_reading"] is None
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
    }


def test_records_are_json_as_they_are() -> None:
    answer = Answer("q", "answered", "content", "“x”", (build_citation(1, PAPER, (0, 12)),))
    for made in (record(answer, "i"), dict(build_paper_record(PAPER))):
        assert json.loads(json.dumps(made)) == made
