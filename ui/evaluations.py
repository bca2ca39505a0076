"""Evaluation runs as they lie in the data folder: found, read, compared; pure but for the files.

A run folder is written by ``python -m eval``; read here are ``summary.json``, ``scores.jsonl`` and
``records.jsonl``. Their forms gain fields, so what is not known here is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from rag.errors import ReadError

FOLDER = "evaluations"
SUMMARY, SCORES, RECORDS, REPORT = "summary.json", "scores.jsonl", "records.jsonl", "report.html"
OUTCOMES = ("right", "wrong", "abstained", "unscored", "failed")
APART = ("failed", "abstained")
"""Measures that count outcomes, so they stand for no kind."""


class Mean(BaseModel):
    """A mean over n questions with its 95% interval."""

    mean: float
    low: float
    high: float
    n: int


class _Set(BaseModel):
    name: str


class _About(BaseModel):
    begun: str
    revision: str | None = None
    questions: _Set = Field(alias="set")


class _Summary(BaseModel):
    run: _About
    overall: Mapping[str, float | None]
    kinds: Mapping[str, Mapping[str, Mean]]
    outcomes: Mapping[str, Mapping[str, int]]
    decisive: Mapping[str, str] = {}


class _Score(BaseModel):
    question_id: str
    kind: str
    outcome: str


class _Record(BaseModel):
    id: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """One run: what was asked when, and what came of it.

    Attributes:
        begun: ISO date and time.
        decisive: By kind, the name of the measure that stands for it.
    """

    folder: Path
    questions: str
    begun: str
    revision: str
    overall: Mapping[str, float | None]
    kinds: Mapping[str, Mapping[str, Mean]]
    outcomes: Mapping[str, Mapping[str, int]]
    decisive: Mapping[str, str]

    @property
    def name(self) -> str:
        at = self.begun[:16].replace("T", " ")
        return f"{at}, {self.questions}" + (f", {self.revision[:7]}" if self.revision else "")

    @property
    def n_questions(self) -> int:
        return sum(sum(counts.values()) for counts in self.outcomes.values())

    def main(self, kind: str) -> Mean | None:
        """The figure that stands for a kind."""
        return self.kinds.get(kind, {}).get(self.decisive.get(kind, ""))


@dataclass(frozen=True, slots=True)
class Turned:
    """A question that came to something else in the later run."""

    kind: str
    question: str
    before: str
    after: str

    @property
    def better(self) -> bool:
        return self.after == "right"


def runs(data: Path) -> tuple[list[EvaluationRun], list[str]]:
    """Runs below the data folder, newest first, and a sentence for each that cannot be read."""
    found, problems = [], []
    for summary in sorted((data / FOLDER).glob(f"*/{SUMMARY}")):
        try:
            found.append(read(summary.parent))
        except ReadError as exc:
            problems.append(str(exc))
    return sorted(found, key=lambda run: (run.begun, run.folder.name), reverse=True), problems


def read(folder: Path) -> EvaluationRun:
    """A run from its folder.

    Raises:
        ReadError: Its summary is not there or has another form.
    """
    path = folder / SUMMARY
    try:
        held = _Summary.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as exc:
        raise ReadError(
            f"the run in {str(folder)!r} cannot be shown ({_first(exc)}); "
            "delete the folder, or run the evaluation again"
        ) from exc
    return EvaluationRun(
        folder,
        held.run.questions.name,
        held.run.begun,
        held.run.revision or "",
        held.overall,
        held.kinds,
        held.outcomes,
        {kind: held.decisive.get(kind) or _likely(figures) for kind, figures in held.kinds.items()},
    )


def _likely(figures: Mapping[str, Mean]) -> str:
    names = [name for name in figures if name not in APART]
    return "correct" if "correct" in names else next(iter(names), "")


def turned(before: EvaluationRun, after: EvaluationRun) -> list[Turned]:
    """The questions of both runs that came to something else, those made right first."""
    earlier = {score.question_id: score for score in _lines(before.folder / SCORES, _Score)}
    asked = {record.id: record.question for record in _lines(after.folder / RECORDS, _Record)}
    changes = [
        Turned(
            score.kind,
            asked.get(score.question_id, score.question_id),
            earlier[score.question_id].outcome,
            score.outcome,
        )
        for score in _lines(after.folder / SCORES, _Score)
        if score.question_id in earlier and earlier[score.question_id].outcome != score.outcome
    ]
    return sorted(changes, key=lambda change: (not change.better, change.kind, change.question))


def _lines(path: Path, form: type[Any]) -> Sequence[Any]:
    reader = TypeAdapter(form)
    try:
        return [reader.validate_json(line) for line in path.read_bytes().splitlines()]
    except (OSError, ValidationError) as exc:
        raise ReadError(
            f"{str(path)!r} cannot be read ({_first(exc)}); run the evaluation again"
        ) from exc


def _first(exc: Exception) -> str:
    if isinstance(exc, ValidationError):
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        return f"{place}: {first['msg']}"
    return str(exc)
