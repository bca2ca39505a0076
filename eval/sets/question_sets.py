"""Question sets: questions and their expected answers. The format: eval/sets/README.md."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rag.types import Condition
from rag.types.errors import ReadError
from rag.types.serialise import read_condition_record

FOLDER = Path(__file__).parent
DEVELOPMENT = FOLDER / "development.jsonl"
ROUTINE_SETS: Mapping[str, str] = {
    "development": "weights, cues and the decision to abstain were chosen with these",
    "people": "people, counts and lists; the program was mended against these",
    "asked": "written independently; the program was mended against these",
    "heldout": "written independently; nothing was fitted to these",
}
"""The project's sets, and what a figure on each is worth."""

Kind = Literal[
    "fact",
    "known-item",
    "synthesis",
    "expert",
    "person",
    "catalogue",
    "unanswerable",
    "followup",
    "robust",
]


class _SetRow(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Passage(_SetRow):
    """An exact quote of a paper that answers the question."""

    paper: str
    quote: str


class GradedPerson(_SetRow):
    """An expected person with a grade: 2 for a main person, 1 for a co-author."""

    name: str
    grade: int = Field(ge=0)
    papers: tuple[str, ...] = ()


class Filter(_SetRow):
    """A condition that papers must meet, like a conversation's filter."""

    field: str
    operator: str
    value: Any


class Question(_SetRow):
    """One question of a set. Papers are ``<seed file>:<line>`` of any of their places.

    Attributes:
        turns: A conversation; the last turn is judged, and is ``question`` too.
        filters: Filters of the conversation; papers must meet all of them.
        papers: Papers that a right answer must cite.
        also: Papers that it may cite as well.
        about: The paper that a false premise is about.
        facts: Groups of wordings; the answer must contain one of each group.
        forbidden: Words that must not occur in the answer's text.
        answer: A number, words, or the complete list of papers.
        answerable: False where a right answer abstains.
        expect: What a good answer does, in words for a reader; nothing is computed from it.
    """

    id: str = Field(min_length=1)
    kind: Kind
    question: str
    turns: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    papers: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()
    forbidden: tuple[str, ...] = ()
    people: tuple[GradedPerson, ...] = ()
    papers_no_author: tuple[str, ...] = ()
    answer: int | float | str | tuple[str, ...] | None = None
    answerable: bool = True
    evidence: tuple[Passage, ...] = ()
    expect: str = ""
    note: str = ""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The filters as the library knows them."""
        return tuple(read_condition_record(f.field, f.operator, f.value) for f in self.filters)

    @model_validator(mode="before")
    @classmethod
    def _set_question_from_turns(cls, row: Any) -> Any:
        if isinstance(row, dict) and "question" not in row and row.get("turns"):
            return {**row, "question": row["turns"][-1]}
        return row

    @model_validator(mode="after")
    def _check_consistent(self) -> Question:
        if self.turns and self.turns[-1] != self.question:
            raise ValueError("the last of 'turns' must be the 'question'")
        if self.kind == "unanswerable" and self.answerable:
            raise ValueError("an unanswerable question needs 'answerable': false")
        return self


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Questions with ids of their own, and the sha256 of the file they stand in."""

    name: str
    path: Path
    sha256: str
    questions: tuple[Question, ...]


def list_routine_sets(own_file: Path) -> list[QuestionSet]:
    """What is run where no set is named: the project's sets, and the user's own if there are any.

    Raises:
        ReadError: A set does not fit.
    """
    mine = [own_file] if own_file.exists() and own_file.read_bytes().strip() else []
    return [
        load_set(path) for path in (*(FOLDER / f"{name}.jsonl" for name in ROUTINE_SETS), *mine)
    ]


def load_set(path: Path = DEVELOPMENT) -> QuestionSet:
    """Read and check a set.

    Raises:
        ReadError: The file cannot be read, or lines do not fit; all such lines are told together.
    """
    try:
        data = path.read_bytes()
        lines = data.decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise ReadError(f"question set {str(path)!r} cannot be read: {exc}") from exc
    questions: list[Question] = []
    faults: list[str] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                questions.append(Question.model_validate(json.loads(line)))
            except (ValidationError, ValueError) as exc:
                faults.append(f"line {number}: {_format_fault(exc)}")
    ids = [question.id for question in questions]
    faults += [f"id {name!r} occurs twice" for name in sorted({i for i in ids if ids.count(i) > 1})]
    if not questions:
        faults.append("it holds no question")
    if faults:
        raise ReadError(f"question set {str(path)!r} does not fit: {'; '.join(faults)}")
    return QuestionSet(path.stem, path, hashlib.sha256(data).hexdigest(), tuple(questions))


def _format_fault(exc: Exception) -> str:
    if not isinstance(exc, ValidationError):
        return f"not JSON: {exc}"
    first = exc.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg'].lower()}" if where else first["msg"].lower()
