"""The user's own evaluation questions: kept from the chat, one JSON object a line.

Several servers keep them in the database that they share; the file then holds what
``python -m eval`` was last asked. The file lies in the data folder in the form of ``eval/sets/README.md``, so that ``python -m eval``
asks them beside the development questions. An answer that the user rated good becomes the expected
answer: its papers, its people, its number or list, or its abstention. One rated bad is stored with
the reason and without an expected answer: it is asked and counted as unscored until somebody writes
the expected answer into the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from rag.app.codec import encode_conditions
from rag.app.conversations import Opinion, StoredThread
from rag.library.database import get_words
from rag.library.schema import Migration
from rag.library.stores import STORE_FAULTS, SharedStore
from rag.types import Answer, Condition, Turn
from rag.types.errors import LibraryError
from rag.types.serialise import build_condition_record

QUESTIONS_FILE = "questions.jsonl"
QUESTIONS_LOCK = "questions.lock"
LOCK_TIMEOUT_S = 10.0
MAIN, FURTHER = 2, 1
"""Grades of people in a list rated good: the first one, and the others."""

QuestionRow = dict[str, Any]

QUESTION_MIGRATIONS = (
    Migration("""
CREATE TABLE questions (
    ordinal {serial},
    id      {text} NOT NULL UNIQUE,
    row     {text} NOT NULL                    -- JSON, as in a line of the file
);
"""),
)
_ROWS = text("SELECT row FROM questions ORDER BY ordinal")
_KEEP = text(
    "INSERT INTO questions (id, row) VALUES (:id, :row) "
    "ON CONFLICT (id) DO UPDATE SET row = excluded.row"
)
_REMOVE = text("DELETE FROM questions WHERE id = :id")


class UserQuestionSet:
    """The questions stored in one data folder; the file is created with the first of them."""

    def __init__(self, data: Path, url: str = "") -> None:
        self.path = data / QUESTIONS_FILE
        self._store = SharedStore(url, "questions", QUESTION_MIGRATIONS) if url else None

    def read_rows(self) -> list[QuestionRow]:
        """As they are kept, oldest first; none where there are none yet.

        Raises:
            LibraryError: They cannot be read, or a line of the file is no JSON object.
        """
        if self._store is not None:
            with self._open_shared(self._store) as connection:
                lines = list(connection.execute(_ROWS).scalars())
            return [json.loads(line) for line in lines]
        try:
            lines = self.path.read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as exc:
            raise self._build_unusable_error(exc) from exc
        return [
            self._parse_row(number, line) for number, line in enumerate(lines, 1) if line.strip()
        ]

    def write_file(self) -> Path:
        """The file with all questions, as ``python -m eval`` reads it."""
        if self._store is not None and (rows := self.read_rows()):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._write(rows)
        return self.path

    def has_question(self, thread: StoredThread, ordinal: int) -> bool:
        """Whether the question of this turn is kept already."""
        return compute_question_id(_list_turns_until(thread, ordinal), thread.filters) in {
            row.get("id") for row in self.read_rows()
        }

    def keep(self, thread: StoredThread, ordinal: int, opinion: Opinion) -> str:
        """Keep the question of one turn with what its answer says of a right one; returns its id.

        The same question kept again is replaced, such as after a change of opinion.

        Args:
            thread: The conversation; earlier answered turns are asked before the question.
            ordinal: Of a turn that was answered.
            opinion: Good: the answer is right. Bad: it is not, and why.

        Raises:
            LibraryError: The turn has no answer, or the file cannot be written.
        """
        new_row = build_question_row(_list_turns_until(thread, ordinal), opinion, thread.filters)
        if self._store is not None:
            with self._open_shared(self._store) as connection:
                values = {"id": new_row["id"], "row": json.dumps(new_row, ensure_ascii=False)}
                connection.execute(_KEEP, values)
            return str(new_row["id"])
        with self._open_for_update() as rows:
            at = next(
                (n for n, old_row in enumerate(rows) if old_row.get("id") == new_row["id"]),
                len(rows),
            )
            rows[at : at + 1] = [new_row]
        return str(new_row["id"])

    def remove(self, thread: StoredThread, ordinal: int) -> None:
        """Take a question out again; nothing happens where it is not kept."""
        removed_id = compute_question_id(_list_turns_until(thread, ordinal), thread.filters)
        if self._store is not None:
            with self._open_shared(self._store) as connection:
                connection.execute(_REMOVE, {"id": removed_id})
            return
        with self._open_for_update() as rows:
            rows[:] = [old_row for old_row in rows if old_row.get("id") != removed_id]

    @contextmanager
    def _open_for_update(self) -> Iterator[list[QuestionRow]]:
        """The rows, to be changed; written whole afterwards, by one process at a time."""
        from filelock import FileLock, Timeout

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_name(QUESTIONS_LOCK), timeout=LOCK_TIMEOUT_S):
                rows = self.read_rows()
                yield rows
                self._write(rows)
        except (OSError, Timeout) as exc:
            raise self._build_unusable_error(exc) from exc

    def _write(self, rows: Sequence[QuestionRow]) -> None:
        part = self.path.with_suffix(".part")
        text_lines = (json.dumps(question, ensure_ascii=False) + "\n" for question in rows)
        part.write_text("".join(text_lines), encoding="utf-8")
        part.replace(self.path)

    @contextmanager
    def _open_shared(self, store: SharedStore) -> Iterator[Connection]:
        try:
            with store.open() as connection:
                yield connection
        except STORE_FAULTS as exc:
            raise LibraryError(
                f"the kept questions in {store.place!r} cannot be used ({get_words(exc)}); "
                "check that the database runs and that the setting 'library' names it"
            ) from exc

    def _parse_row(self, number: int, line: str) -> QuestionRow:
        try:
            parsed_row = json.loads(line)
        except ValueError as exc:
            raise self._build_unusable_error(f"line {number} is not JSON: {exc}") from exc
        if not isinstance(parsed_row, dict):
            raise self._build_unusable_error(f"line {number} is no JSON object")
        return parsed_row

    def _build_unusable_error(self, why: object) -> LibraryError:
        return LibraryError(
            f"the kept questions in {str(self.path)!r} cannot be used ({why}); "
            "mend the file or move it away"
        )


def _list_turns_until(thread: StoredThread, ordinal: int) -> tuple[Turn, ...]:
    """The answered turns up to one; that one last."""
    last_turn = next((turn for turn in thread.turns if turn.ordinal == ordinal), None)
    if last_turn is None or last_turn.answer is None or last_turn.answer.status == "failed":
        raise LibraryError(
            f"question {ordinal} of conversation {thread.thread_id!r} has no answer to be kept; "
            "ask it again first"
        )
    return (*thread.get_thread_before(ordinal).turns, Turn(last_turn.question, last_turn.answer))


def compute_question_id(turns: Sequence[Turn], filters: Sequence[Condition] = ()) -> str:
    """The same for the same words in the same conversation over the same papers."""
    key_text = json.dumps([" ".join(turn.question.split()) for turn in turns])
    key_text += encode_conditions(filters) if filters else ""
    return f"own-{hashlib.sha256(key_text.encode()).hexdigest()[:10]}"


def build_question_row(
    turns: Sequence[Turn], opinion: Opinion, filters: Sequence[Condition] = ()
) -> QuestionRow:
    """A question of the set from a turn and those before it, the judged one last."""
    last = turns[-1]
    new_row: QuestionRow = {
        "id": compute_question_id(turns, filters),
        "kind": _get_kind(turns, opinion),
        "question": last.question,
    }
    if len(turns) > 1:
        new_row["turns"] = [turn.question for turn in turns]
    if filters:
        new_row["filters"] = [build_condition_record(condition) for condition in filters]
    if opinion.verdict == "good":
        new_row |= _build_expected(last.answer)
    note = "a reader called this answer " + opinion.verdict
    return new_row | {
        "note": f"{note}: {opinion.reason.strip()}" if opinion.reason.strip() else note
    }


def _get_kind(turns: Sequence[Turn], opinion: Opinion) -> str:
    answer = turns[-1].answer
    if answer.route in ("smalltalk", "unsupported"):
        return "robust"
    if answer.status == "abstained" and opinion.verdict == "good":
        return "unanswerable"
    if answer.route != "content":
        return {"experts": "expert", "person": "person", "catalogue": "catalogue"}[answer.route]
    if len(turns) > 1:
        return "followup"
    return "synthesis" if len(_list_cited_papers(answer)) > 1 else "fact"


def _build_expected(answer: Answer) -> QuestionRow:
    """What an answer that is right says of every right answer."""
    if answer.route in ("smalltalk", "unsupported"):
        return {}
    if answer.status == "abstained":
        return {"answerable": False}
    expected_row: QuestionRow = {"papers": _list_cited_papers(answer)}
    if answer.route == "catalogue" and answer.value is not None:
        value = answer.value
        return expected_row | {"answer": list(value) if isinstance(value, tuple) else value}
    if answer.route == "experts":
        return expected_row | {"people": _list_graded_people(answer)}
    if answer.route == "person" and answer.reading is not None:
        names = [name for person in answer.reading.query.people for name in person.names]
        return expected_row | {"people": [{"name": n, "grade": MAIN} for n in names]}
    return expected_row | {
        "evidence": [{"paper": c.source, "quote": c.quote} for c in answer.citations if c.quote]
    }


def _list_cited_papers(answer: Answer) -> list[str]:
    return list(dict.fromkeys(citation.source for citation in answer.citations))


def _list_graded_people(answer: Answer) -> list[QuestionRow]:
    places = {c.paper_id: c.source for c in answer.citations}
    return [
        {
            "name": expert.name,
            "grade": FURTHER if at else MAIN,
            "papers": [places[p] for p in expert.papers if p in places],
        }
        for at, expert in enumerate(answer.experts)
    ]
