"""Question sets are checked when they are read, and what does not fit is told with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.sets import question_sets
from eval.sets.question_sets import load_set
from rag.types.errors import ReadError

GOOD = {"id": "q1", "kind": "fact", "question": "what?", "papers": ["a.txt:1"]}


def written(folder: Path, *rows: Any) -> Path:
    path = folder / "set.jsonl"
    text = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_development_set_holds_every_kind() -> None:
    found = load_set()
    assert len(found.questions) == 226
    assert len({q.kind for q in found.questions}) == 9


def test_the_users_own_questions_are_run_beside_the_projects(tmp_path: Path) -> None:
    assert [s.name for s in question_sets.list_routine_sets(tmp_path / "set.jsonl")] == list(
        question_sets.ROUTINE_SETS
    )
    own = written(tmp_path, GOOD)
    assert [s.name for s in question_sets.list_routine_sets(own)] == [
        *question_sets.ROUTINE_SETS,
        "set",
    ]
    own.write_text("", encoding="utf-8")
    assert len(question_sets.list_routine_sets(own)) == len(question_sets.ROUTINE_SETS), (
        "the last question was taken out again"
    )


def test_the_last_turn_is_the_question(tmp_path: Path) -> None:
    row = {"id": "q1", "kind": "followup", "turns": ["first", "second"]}
    assert load_set(written(tmp_path, row)).questions[0].question == "second"


def test_a_minimal_question_is_enough(tmp_path: Path) -> None:
    (question,) = load_set(written(tmp_path, GOOD, "")).questions
    assert (question.papers, question.answerable) == (("a.txt:1",), True)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({**GOOD, "fact": []}, "line 2: fact: extra"),
        ({**GOOD, "kind": "riddle"}, "line 2: kind"),
        ({"id": "q2", "kind": "fact"}, "line 2: question"),
        ({**GOOD, "id": "q2", "kind": "unanswerable"}, "line 2: .*answerable"),
        ({**GOOD, "id": "q2", "turns": ["first", "other"]}, "line 2: .*turns"),
        ("{", "line 2: not JSON"),
        (GOOD, "'q1' occurs twice"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(tmp_path: Path, row: Any, told: str) -> None:
    with pytest.raises(ReadError, match=told):
        load_set(written(tmp_path, GOOD, row))


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="line 1.*line 2"):
        load_set(written(tmp_path, "{", "["))


def test_an_empty_or_missing_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no question"):
        load_set(written(tmp_path, ""))
    with pytest.raises(ReadError, match="cannot be read"):
        load_set(tmp_path / "none.jsonl")
