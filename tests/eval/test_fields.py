"""The questions of other fields are scored as their README says."""

from __future__ import annotations

from collections import Counter

import pytest

from eval.run.fields import (
    FieldQuestion,
    FieldScore,
    list_cells,
    load_field_questions,
    score_answer,
)
from rag.types import Answer
from tests.shelf import paper

PAPERS = [
    paper("p1", "Moss", authors=("Jana Doe",), year=2020, venue="Fire (Basel)"),
    paper("p2", "Fern", authors=("Rik Roe",), year=2021, venue="Fire Ecology"),
]
TABLE = "2 papers:\n\n| Paper | Idea | Result |\n|---|---|---|\n| **Moss** | “a” [1] | not stated |"


def test_each_field_has_answerable_questions_and_others() -> None:
    questions = load_field_questions()
    fields = {q.field for q in questions}
    assert len(fields) == 6 and len({(q.field, q.question) for q in questions}) == len(questions)
    for name in fields:
        kinds = Counter(q.kind for q in questions if q.field == name)
        assert kinds["unanswerable"] >= 6 and kinds["content"] >= 2 * kinds["people"]


@pytest.mark.parametrize(
    ("kind", "given", "answer", "right"),
    [
        ("unanswerable", {}, Answer("q", "abstained", "content", "Not stated."), {"declined": (1, 1)}),
        ("unanswerable", {}, Answer("q", "answered", "content", "Yes."), {"declined": (0, 1)}),
        ("people", {"right": ("Doe",)}, Answer("q", "answered", "experts", "**Jana Doe**"),
         {"answered": (1, 1), "people": (1, 1)}),
        ("count", {"count": "venue:fire"}, Answer("q", "answered", "catalogue", "**1 paper** at Fire."),
         {"answered": (1, 1), "counts": (1, 1)}),
        ("count", {"count": "year:2021"}, Answer("q", "answered", "catalogue", "**12 papers**."),
         {"answered": (1, 1), "counts": (0, 1)}),
        ("number", {}, Answer("q", "answered", "catalogue", "**2 people**"), {"answered": (1, 1), "counts": (0, 1)}),
        ("comparison", {}, Answer("q", "answered", "content", TABLE),
         {"answered": (1, 1), "cells stated": (1, 2)}),
    ],
)  # fmt: skip
def test_an_answer_counts_for_its_kind(
    kind: str, given: dict[str, object], answer: Answer, right: dict[str, tuple[int, int]]
) -> None:
    score = FieldScore()
    score_answer(FieldQuestion("moss", 1, kind, "q", **given), answer, PAPERS, score)  # type: ignore[arg-type]
    scored = {name: (score.right[name], n) for name, n in score.asked.items() if n}
    assert scored == right


def test_cells_are_those_of_the_table() -> None:
    assert list_cells(TABLE) == ["“a” [1]", "not stated"]
