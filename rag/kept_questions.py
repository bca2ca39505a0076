"""The user's own evaluation questions: kept from the chat, one JSON object a line.

The file lies in the data folder in the form of ``eval/sets/README.md``, so that ``python -m eval``
asks them beside the development questions. What a reader calls good is what a right answer holds
from then on: its papers, its people, its number or list, or that it abstains. What a reader calls
bad is kept with the reason and without a right answer: it is asked and counted as not scored until
somebody writes into the file what a right answer holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.codec import freeze_conditions
from rag.errors import LibraryError
from rag.threadstore import KeptThread, Opinion
from rag.types import Answer, Condition, Turn

FILE = "questions.jsonl"
LOCK = "questions.lock"
LOCK_TIMEOUT_S = 10.0
MAIN, OTHER = 2, 1
"""Grades of people: who heads a list that was called good, and who else stands in it."""

Row = dict[str, Any]


class KeptQuestions:
    """The questions kept in one data folder; the file is made with the first of them."""

    def __init__(self, data: Path) -> None:
        self.path = data / FILE

    def rows(self) -> list[Row]:
        """As they stand in the file, oldest first; none without a file.

        Raises:
            LibraryError: The file cannot be read, or a line is no JSON object.
        """
        try:
            lines = self.path.read_text(encoding="utf-8").split("\n")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as exc:
            raise self._unusable(exc) from exc
        return [self._row(number, line) for number, line in enumerate(lines, 1) if line.strip()]

    def holds(self, thread: KeptThread, ordinal: int) -> bool:
        """Whether the question of this turn is kept already."""
        return question_id(_until(thread, ordinal), thread.filters) in {
            row.get("id") for row in self.rows()
        }

    def keep(self, thread: KeptThread, ordinal: int, opinion: Opinion) -> str:
        """Keep the question of one turn with what its answer says of a right one; returns its id.

        The same question kept again is replaced, such as after a change of opinion.

        Args:
            thread: The conversation; earlier answered turns are asked before the question.
            ordinal: Of a turn that was answered.
            opinion: Good: the answer is right. Bad: it is not, and why.

        Raises:
            LibraryError: The turn has no answer, or the file cannot be written.
        """
        made = row(_until(thread, ordinal), opinion, thread.filters)
        with self._rewriting() as held:
            at = next((n for n, one in enumerate(held) if one.get("id") == made["id"]), len(held))
            held[at : at + 1] = [made]
        return str(made["id"])

    def forget(self, thread: KeptThread, ordinal: int) -> None:
        """Take a question out again; nothing happens where it is not kept."""
        gone = question_id(_until(thread, ordinal), thread.filters)
        with self._rewriting() as held:
            held[:] = [one for one in held if one.get("id") != gone]

    @contextmanager
    def _rewriting(self) -> Iterator[list[Row]]:
        """The rows, to be changed; written whole afterwards, by one process at a time."""
        from filelock import FileLock, Timeout

        part = self.path.with_suffix(".part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.path.with_name(LOCK), timeout=LOCK_TIMEOUT_S):
                held = self.rows()
                yield held
                told = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in held)
                part.write_text(told, encoding="utf-8")
                part.replace(self.path)
        except (OSError, Timeout) as exc:
            raise self._unusable(exc) from exc

    def _row(self, number: int, line: str) -> Row:
        try:
            found = json.loads(line)
        except ValueError as exc:
            raise self._unusable(f"line {number} is not JSON: {exc}") from exc
        if not isinstance(found, dict):
            raise self._unusable(f"line {number} is no JSON object")
        return found

    def _unusable(self, why: object) -> LibraryError:
        return LibraryError(
            f"the kept questions in {str(self.path)!r} cannot be used ({why}); "
            "mend the file or move it away"
        )


def _until(thread: KeptThread, ordinal: int) -> tuple[Turn, ...]:
    """The answered turns up to one; that one last."""
    asked = next((turn for turn in thread.turns if turn.ordinal == ordinal), None)
    if asked is None or asked.answer is None or asked.answer.status == "failed":
        raise LibraryError(
            f"question {ordinal} of conversation {thread.thread_id!r} has no answer to be kept; "
            "ask it again first"
        )
    return (*thread.before(ordinal).turns, Turn(asked.question, asked.answer))


def question_id(turns: Sequence[Turn], filters: Sequence[Condition] = ()) -> str:
    """The same for the same words in the same conversation over the same papers."""
    told = json.dumps([" ".join(turn.question.split()) for turn in turns])
    told += freeze_conditions(filters) if filters else ""
    return f"own-{hashlib.sha256(told.encode()).hexdigest()[:10]}"


def row(turns: Sequence[Turn], opinion: Opinion, filters: Sequence[Condition] = ()) -> Row:
    """A question of the set from a turn and those before it, the judged one last."""
    last = turns[-1]
    made: Row = {
        "id": question_id(turns, filters),
        "kind": _kind(turns, opinion),
        "question": last.question,
    }
    if len(turns) > 1:
        made["turns"] = [turn.question for turn in turns]
    if filters:
        made["filters"] = [asdict(condition) for condition in filters]
    if opinion.verdict == "good":
        made |= _right(last.answer)
    note = "a reader called this answer " + opinion.verdict
    return made | {"note": f"{note}: {opinion.reason.strip()}" if opinion.reason.strip() else note}


def _kind(turns: Sequence[Turn], opinion: Opinion) -> str:
    answer = turns[-1].answer
    if answer.route in ("smalltalk", "unsupported"):
        return "robust"
    if answer.status == "abstained" and opinion.verdict == "good":
        return "unanswerable"
    if answer.route != "content":
        return {"experts": "expert", "person": "person", "catalogue": "catalogue"}[answer.route]
    if len(turns) > 1:
        return "followup"
    return "synthesis" if len(_papers(answer)) > 1 else "fact"


def _right(answer: Answer) -> Row:
    """What an answer that is right says of every right answer."""
    if answer.route in ("smalltalk", "unsupported"):
        return {}
    if answer.status == "abstained":
        return {"answerable": False}
    found: Row = {"papers": _papers(answer)}
    if answer.route == "catalogue" and answer.value is not None:
        value = answer.value
        return found | {"answer": list(value) if isinstance(value, tuple) else value}
    if answer.route == "experts":
        return found | {"people": _people(answer)}
    if answer.route == "person" and answer.intent is not None:
        return found | {"people": [{"name": n, "grade": MAIN} for n in answer.intent.people]}
    return found | {
        "evidence": [{"paper": c.source, "quote": c.quote} for c in answer.citations if c.quote]
    }


def _papers(answer: Answer) -> list[str]:
    return list(dict.fromkeys(citation.source for citation in answer.citations))


def _people(answer: Answer) -> list[Row]:
    places = {c.paper_id: c.source for c in answer.citations}
    return [
        {
            "name": expert.name,
            "grade": OTHER if at else MAIN,
            "papers": [places[p] for p in expert.papers if p in places],
        }
        for at, expert in enumerate(answer.experts)
    ]
