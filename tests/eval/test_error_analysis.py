"""What a report says of a question that went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eval.report.error_analysis import list_findings, list_latencies
from eval.run.runs import Run
from eval.run.scoring import Score
from eval.sets.question_sets import Question, QuestionSet


def wanted(**asked: Any) -> str:
    question = Question(id="q", kind="catalogue", question="which?", **asked)
    made = QuestionSet("few", Path("few.jsonl"), "", (question,))
    score = Score("q", "catalogue", "wrong", {})
    (found,) = list_findings(Run(Path(), {}, made, {}, (score,)))
    return found.wanted


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"answer": 0}, "answer: 0"),
        ({"answer": ()}, "answer: an empty list"),
        ({"answer": ("a:1",), "papers": ("a:1",)}, "papers: a:1"),
        ({"answer": ("a:1", "a:2"), "papers": ("a:1",)}, "papers: a:1 · answer: a:1, a:2"),
        ({"facts": (("x", "y"), ("z",))}, "facts: x or y; z"),
        ({"answerable": False}, "an abstention"),
        ({"expect": "a polite word"}, "a polite word"),
        ({}, "nothing that code can check"),
    ],
)
def test_what_was_wanted_is_told_in_words(asked: dict[str, Any], told: str) -> None:
    assert wanted(**asked) == told


def test_only_what_went_wrong_is_found_and_faults_count() -> None:
    questions = tuple(Question(id=i, kind="fact", question=i) for i in "abcd")
    outcomes = ("right", "right", "unscored", "failed")
    scores = tuple(
        Score(q.id, q.kind, outcome, {}, ("a made-up quote",) if q.id == "b" else ())
        for q, outcome in zip(questions, outcomes, strict=True)
    )
    made = QuestionSet("few", Path("few.jsonl"), "", questions)
    found = list_findings(Run(Path(), {}, made, {}, scores))
    assert [(f.question_id, f.outcome) for f in found] == [("b", "right"), ("d", "failed")]
    assert found[1].text == "there is no record"


def test_latencies_are_told_by_route() -> None:
    records = {
        "a": {"route": "person", "latency_ms": 2},
        "b": {"route": "content", "latency_ms": 3},
        "c": {"route": "person", "latency_ms": 1},
    }
    run = Run(Path(), {}, QuestionSet("few", Path("few.jsonl"), "", ()), records, ())
    assert list_latencies(run) == {"content": [3.0], "person": [2.0, 1.0]}
