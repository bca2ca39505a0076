"""Questions over libraries of other fields than machine learning; see ``eval/sets/fields``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag.app.assistant import Assistant
from rag.types import Answer, Paper
from rag.types.errors import ReadError

QUESTIONS = Path(__file__).parent.parent / "sets" / "fields" / "questions.jsonl"
NOT_STATED = "not stated"
_MEASURES = ("cited", "declined", "answered", "people", "counts", "cells stated")


@dataclass(frozen=True, slots=True)
class FieldQuestion:
    """One question; ``right`` are patterns, ``count`` is what is counted: ``year:2021``."""

    field: str
    half: int
    kind: str
    question: str
    right: tuple[str, ...] = ()
    count: str = ""


@dataclass(slots=True)
class FieldScore:
    """Right ones of all, by measure, and the questions that went wrong."""

    right: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_MEASURES, 0))
    asked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_MEASURES, 0))
    mistakes: list[str] = field(default_factory=list)

    def add(self, measure: str, is_right: bool, question: str) -> None:
        self.asked[measure] += 1
        self.right[measure] += is_right
        if not is_right:
            self.mistakes.append(f"{measure}: {question}")


def load_field_questions(path: Path = QUESTIONS) -> list[FieldQuestion]:
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = (json.loads(line) for line in lines)
    return [FieldQuestion(**{**row, "right": tuple(row.get("right", ()))}) for row in rows]


def group_by_field(folder: Path) -> dict[str, list[FieldQuestion]]:
    """The questions by field, each of which must have its records below a folder."""
    questions: dict[str, list[FieldQuestion]] = {}
    for question in load_field_questions():
        questions.setdefault(question.field, []).append(question)
    for name in questions:
        if not (folder / name).is_dir():
            raise ReadError(f"there is no folder {str(folder / name)!r}; put its records there")
    return questions


def score_field(questions: Sequence[FieldQuestion], assistant: Assistant) -> FieldScore:
    """Ask each question of a field's library."""
    score = FieldScore()
    papers = assistant.library.list_papers()
    for asked in questions:
        score_answer(asked, assistant.ask(asked.question), papers, score)
    return score


def score_answer(
    asked: FieldQuestion, answer: Answer, papers: Sequence[Paper], score: FieldScore
) -> None:
    """Count one answer for the measures of its question's kind; ``papers`` are all of the library."""
    is_answered = answer.status == "answered"
    if asked.kind == "unanswerable":
        return score.add("declined", not is_answered, asked.question)
    score.add("answered", is_answered, asked.question)
    if asked.kind == "content":
        titles = [citation.title or citation.label for citation in answer.citations]
        is_cited = any(re.search(asked.right[0], title, re.IGNORECASE) for title in titles)
        score.add("cited", is_answered and is_cited, asked.question)
    elif asked.kind == "people":
        is_named = all(re.search(pattern, answer.text) for pattern in asked.right)
        score.add("people", is_answered and is_named, asked.question)
    elif asked.kind == "number":
        score.add("counts", answer.route == "content", asked.question)
    elif asked.kind == "count":
        n = sum(_is_counted(paper, asked.count) for paper in papers)
        is_said = re.search(rf"(?<!\d){n}(?!\d)", answer.text.partition("\n\n-")[0]) is not None
        score.add("counts", is_answered and is_said, asked.question)
    elif asked.kind == "comparison":
        for cell in list_cells(answer.text):
            score.add("cells stated", NOT_STATED not in cell, asked.question)


def _is_counted(paper: Paper, what: str) -> bool:
    kind, _, value = what.partition(":")
    if kind == "year":
        return str(paper.year) == value
    if kind == "author":
        return any(value in author for author in paper.authors)
    if kind == "venue":
        bare = re.sub(r"\s*\([^()]*\)$|-[A-Z]+$", "", paper.venue or "")
        return bare.lower() == value.lower()
    return not paper.authors


def list_cells(text: str) -> list[str]:
    """The cells of an answer's table, but for its head and its first column."""
    rows = [line.strip("|").split("|")[1:] for line in text.split("\n") if line.startswith("|")]
    return [cell.strip() for row in rows[2:] for cell in row]


def iter_field_lines(name: str, score: FieldScore) -> Iterator[str]:
    """A line a measure: ``gambling  cited  30 of 32``."""
    for measure in _MEASURES:
        if score.asked[measure]:
            yield f"{name}\t{measure}\t{score.right[measure]} of {score.asked[measure]}"
