"""Questions kept from the chat: in the form of a question set, one for each conversation and turn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eval.run import runs
from eval.run.scoring import Scorer
from eval.sets import question_sets
from rag.app.assistant import Assistant
from rag.app.conversations import Opinion, StoredThread, StoredTurn
from rag.app.user_question_set import UserQuestionSet
from rag.types import Answer, Condition, Thread, Turn
from rag.types.errors import LibraryError
from rag.types.fields import Range
from rag.types.serialise import record

GOOD, BAD = Opinion("good"), Opinion("bad", "the wrong paper")


def talk(assistant: Assistant, *questions: str) -> StoredThread:
    thread, kept = Thread(), []
    for n, question in enumerate(questions, 1):
        answer = assistant.ask(question, thread)
        thread = thread.add_turn(Turn(question, answer))
        kept.append(StoredTurn(n, question, "2026-11-21", answer.text, answer))
    return StoredThread("t", "talk", "2026-11-21", tuple(kept))


ASKED = {
    "fact": ("What is DuetFace?",),
    "synthesis": ("Which papers are about face forgery detection?",),
    "expert": ("Who works on face anti-spoofing?",),
    "person": ("Who is Chunhui Zhang?",),
    "catalogue": ("How many papers from 2022 have code?",),
    "unanswerable": ("Who works on protein folding?",),
    "robust": ("hello",),
    "followup": ("What is DuetFace?", "and who wrote it?"),
}


@pytest.mark.parametrize("kind", ASKED)
def test_an_answer_called_good_is_right_when_it_is_given_again(
    kind: str, assistant: Assistant, tmp_path: Path
) -> None:
    thread = talk(assistant, *ASKED[kind])
    kept = UserQuestionSet(tmp_path)
    key = kept.keep(thread, len(thread.turns), GOOD)
    (question,) = question_sets.load_set(kept.path).questions
    answer = thread.turns[-1].answer
    assert answer is not None
    outcome = Scorer().score(question, record(answer, key)).outcome
    if kind in ("followup", "synthesis"):  # the route decides; both are asked with their turns
        assert question.turns == (ASKED[kind] if len(ASKED[kind]) > 1 else ())
    else:
        assert question.kind == kind
    assert outcome == ("unscored" if kind == "robust" else "right")


def test_an_answer_called_bad_is_kept_with_its_reason_and_not_scored(
    assistant: Assistant, tmp_path: Path
) -> None:
    thread = talk(assistant, "What is DuetFace?")
    kept = UserQuestionSet(tmp_path)
    kept.keep(thread, 1, BAD)
    (question,) = question_sets.load_set(kept.path).questions
    assert (question.papers, question.note) == (
        (),
        "a reader called this answer bad: the wrong paper",
    )
    answer = thread.turns[0].answer
    assert answer is not None
    assert Scorer().score(question, record(answer, question.id)).outcome == "unscored"


def test_a_changed_opinion_replaces_and_others_stay(assistant: Assistant, tmp_path: Path) -> None:
    kept = UserQuestionSet(tmp_path)
    first, second = talk(assistant, "What is DuetFace?"), talk(assistant, "hello")
    kept.keep(first, 1, BAD)
    kept.keep(second, 1, GOOD)
    kept.keep(first, 1, GOOD)
    assert [row["question"] for row in kept.read_rows()] == ["What is DuetFace?", "hello"]
    assert kept.read_rows()[0]["papers"]


def test_the_filters_of_a_conversation_are_kept_and_asked_with(
    assistant: Assistant, tmp_path: Path
) -> None:
    filters = (Condition("year", "is", Range(2022, 2022)),)
    question = "How many papers have code?"
    answer = assistant.ask(question, Thread(filters=filters))
    whole = assistant.ask(question)
    assert answer.value != whole.value
    turn = StoredTurn(1, question, "2026-11-21", answer.text, answer)
    narrow = StoredThread("t", "talk", "2026-11-21", (turn,), filters)
    kept = UserQuestionSet(tmp_path)
    kept.keep(narrow, 1, GOOD)
    assert not kept.has_question(replace(narrow, filters=()), 1)
    run = runs.run_questions(assistant, question_sets.load_set(kept.path), tmp_path / "run")
    assert [score.outcome for score in run.scores] == ["right"]


def test_a_question_with_a_line_separator_is_one_line(assistant: Assistant, tmp_path: Path) -> None:
    kept, thread = UserQuestionSet(tmp_path), talk(assistant, "hello\u2028there")
    kept.keep(thread, 1, GOOD)
    assert kept.has_question(thread, 1)
    (question,) = question_sets.load_set(kept.path).questions
    assert question.question == "hello\u2028there"


def test_what_is_forgotten_is_no_longer_held(assistant: Assistant, tmp_path: Path) -> None:
    kept, thread = UserQuestionSet(tmp_path), talk(assistant, "hello")
    kept.keep(thread, 1, GOOD)
    assert kept.has_question(thread, 1)
    kept.remove(thread, 1)
    assert not kept.has_question(thread, 1)


def test_the_same_words_after_another_conversation_are_another_question(
    assistant: Assistant, tmp_path: Path
) -> None:
    kept = UserQuestionSet(tmp_path)
    kept.keep(talk(assistant, "What is DuetFace?"), 1, GOOD)
    assert not kept.has_question(talk(assistant, "What is SlerpFace?", "What is DuetFace?"), 2)


def test_a_turn_without_an_answer_is_refused(assistant: Assistant, tmp_path: Path) -> None:
    thread = talk(assistant, "hello")
    (turn,) = thread.turns
    failed = Answer("hello", "failed", "unsupported", "it broke")
    for answer in (None, failed):
        broken = replace(thread, turns=(replace(turn, answer=answer),))
        with pytest.raises(LibraryError, match="ask it again"):
            UserQuestionSet(tmp_path).keep(broken, 1, GOOD)
    with pytest.raises(LibraryError):
        UserQuestionSet(tmp_path).keep(thread, 7, GOOD)
    assert not (tmp_path / "questions.jsonl").exists()


def test_a_file_that_is_broken_stays_as_it_is(assistant: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"id": "a"}\nno json\n', encoding="utf-8")
    with pytest.raises(LibraryError, match="line 2"):
        UserQuestionSet(tmp_path).keep(talk(assistant, "hello"), 1, GOOD)
    assert path.read_text(encoding="utf-8").endswith("no json\n")
