"""Scores of hand-made records against values that another program worked out from the same records."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from eval.run.scoring import Score, Scorer, is_number
from eval.sets.question_sets import Question, load_set

FOLDER = Path(__file__).parent / "handmade"
SAME = {"000_052e22e2ea1c628a.txt:10": "001_a5f9dfde50f3564c.txt:299"}

EXPECTED = {
    "fact": {"failed": 0.25, "abstained": 0.25, "cite_recall": 0.5, "cite_precision": 0.75, "R@1": 0.25, "R@5": 0.75, "MRR": 0.458, "fact_in_text": 0.25, "words": 4.0, "correct": 0.5},
    "known-item": {"failed": 0.333, "abstained": 0.0, "cite_recall": 0.333, "cite_precision": 0.5, "R@1": 0.333, "R@5": 0.333, "MRR": 0.389, "fact_in_text": 0.667, "words": 1.667, "correct": 0.333},
    "synthesis": {"failed": 0.0, "abstained": 0.0, "cite_recall": 0.5, "cite_precision": 0.5, "R@10": 0.583, "fact_in_text": 1.0, "words": 2.5, "correct": 0.5},
    "expert": {"failed": 0.0, "ndcg@5": 0.703, "P@1": 0.5, "top_is_main": 0.0, "main_in_top5": 1.0, "paper_recall": 0.25, "paper_precision": 0.75},
    "person": {"failed": 0.0, "paper_recall": 0.5, "paper_precision": 0.333, "people_found": 0.5, "correct": 0.5, "abstain_ok": 1.0},
    "catalogue": {"failed": 0.0, "correct": 0.8},
    "unanswerable": {"failed": 0.0, "correct": 0.5},
    "followup": {"failed": 0.0, "abstained": 0.0, "cite_recall": 1.0, "cite_precision": 0.5, "R@10": 1.0, "fact_in_text": 1.0, "words": 2.0, "correct": 0.5},
    "robust": {"failed": 0.0, "no_crash": 1.0, "correct": 0.5},
}  # fmt: skip
"""Means by kind, rounded to three digits; one fact failed, and one known item has no record."""


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    records = {row["id"]: row for row in map(json.loads, lines("records.jsonl"))}
    scorer = Scorer(SAME)
    questions = load_set(FOLDER / "questions.jsonl").questions
    return {q.id: scorer.score(q, records.get(q.id)) for q in questions}


def lines(name: str) -> list[str]:
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("kind", EXPECTED)
def test_the_measures_agree_with_an_independent_scorer(kind: str, scores: dict[str, Score]) -> None:
    values = defaultdict(list)
    for score in scores.values():
        if score.kind == kind:
            for name, value in score.values.items():
                values[name].append(value)
    means = {name: round(sum(values[name]) / len(values[name]), 3) for name in EXPECTED[kind]}
    assert means == EXPECTED[kind]


@pytest.mark.parametrize(
    ("question_id", "outcome"),
    [("f1", "right"), ("f3", "abstained"), ("k2", "wrong"), ("u1", "right"), ("u2", "wrong"),
     ("r1", "unscored"), ("r2", "wrong"), ("e1", "wrong"), ("p2", "right"), ("c4", "wrong")],
)  # fmt: skip
def test_outcomes_are_told_apart(question_id: str, outcome: str, scores: dict[str, Score]) -> None:
    assert scores[question_id].outcome == outcome


@pytest.mark.parametrize("record", [None, {"status": "failed", "text": "it broke"}])
def test_a_missing_and_a_failed_record_have_found_nothing(record: Any) -> None:
    question = load_set(FOLDER / "questions.jsonl").questions[0]
    score = Scorer().score(question, record)
    assert score.outcome == "failed"
    assert (score.values["failed"], score.values["correct"], score.values["R@5"]) == (1, 0, 0)
    assert not {"cite_precision", "latency_ms", "citations_valid"} & set(score.values)


def test_the_words_of_an_error_answer_nothing() -> None:
    asked = Question(id="q", kind="catalogue", question="how many?", answer=500)
    score = Scorer().score(asked, {"status": "failed", "text": "the server said 500"})
    assert (score.outcome, score.values["correct"]) == ("failed", 0)


def test_active_markup_makes_any_answer_wrong() -> None:
    question = load_set(FOLDER / "questions.jsonl").questions[-1]
    record: dict[str, Any] = {"status": "answered", "text": "the sigma ![x](https://evil.example)"}
    score = Scorer().score(question, record)
    assert (score.outcome, score.values["forbidden"]) == ("wrong", 1.0)


def test_words_a_question_forbids_make_the_answer_wrong() -> None:
    question = load_set(FOLDER / "questions.jsonl").questions[-1]
    strict = question.model_copy(update={"forbidden": ("HACKED",)})
    record: dict[str, Any] = {"status": "answered", "text": "the sigma, hacked"}
    assert Scorer().score(strict, record).outcome == "wrong"


def test_faults_lower_the_share_of_valid_citations() -> None:
    question = load_set(FOLDER / "questions.jsonl").questions[0]
    record = json.loads(lines("records.jsonl")[0])
    score = Scorer(check=lambda _: ["the quote is made up"]).score(question, record)
    assert score.values["citations_valid"] == 0
    assert score.faults == ("the quote is made up",)


@pytest.mark.parametrize(
    ("wanted", "value", "text", "right"),
    [
        (12, 12, "", True),
        (12, 13, "there are 12", False),
        (12, None, "there are 12.", True),
        (12, None, "there are 112 and 120", False),
        (1204, None, "1,204 papers", True),
        (2, None, "1.2 of them", False),
    ],
)
def test_a_number_is_met_by_the_value_or_by_the_text(
    wanted: float, value: object, text: str, right: bool
) -> None:
    assert is_number(wanted, value, text) is right


def test_an_expert_question_without_an_answer_wants_an_abstention() -> None:
    questions = load_set(FOLDER / "questions.jsonl").questions
    expert = next(q for q in questions if q.kind == "expert")
    absent = expert.model_copy(update={"answerable": False})
    outcomes = [Scorer().score(absent, {"status": s}).outcome for s in ("abstained", "answered")]
    assert outcomes == ["right", "wrong"]


@pytest.mark.parametrize(
    ("kind", "status", "outcome"),
    [
        ("fact", "answered", "unscored"),
        ("expert", "answered", "unscored"),
        ("catalogue", "answered", "unscored"),
        ("fact", "abstained", "abstained"),
        ("fact", "failed", "failed"),
        ("robust", "abstained", "unscored"),
    ],
)
def test_a_question_that_says_nothing_of_a_right_answer_is_not_scored(
    kind: Any, status: str, outcome: str
) -> None:
    bare = Question(id="q", kind=kind, question="what?")
    score = Scorer().score(bare, {"status": status, "text": "something"})
    assert (score.outcome, "correct" in score.values) == (outcome, False)


def test_a_follow_up_on_a_list_is_right_when_the_list_is_exact() -> None:
    asked = Question(id="q", kind="followup", question="which?", papers=("a:1",), answer=("a:1",))
    cited = [{"marker": n, "source": f"a:{n}"} for n in (1, 2)]
    record = {"status": "answered", "text": "[1] [2]", "citations": cited, "value": ["a:1", "a:2"]}
    assert Scorer().score(asked, record).outcome == "wrong"
    assert Scorer().score(asked, {**record, "value": ["a:1"]}).outcome == "right"
