"""Finds, reads and compares the evaluation runs of a data folder; pure except for reading files.

``python -m eval`` writes a run folder; this module reads its ``summary.json``, ``scores.jsonl`` and
``records.jsonl``. Unknown fields are ignored, since new ones may be added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from rag.types.errors import ReadError

FOLDER = "evaluations"
SUMMARY, SCORES, RECORDS, REPORT = "summary.json", "scores.jsonl", "records.jsonl", "report.html"
OUTCOMES = ("right", "wrong", "abstained", "unscored", "failed")
APART = ("failed", "abstained")
"""Measures that count outcomes, so none is the main measure of a kind."""


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


class FailedQuestion(BaseModel):
    """A question that was not answered as wanted: what was wanted, and what came."""

    question: str
    kind: str
    outcome: str
    wanted: str = ""
    text: str = ""
    faults: Sequence[str] = ()


class _Summary(BaseModel):
    run: _About
    overall: Mapping[str, float | None]
    kinds: Mapping[str, Mapping[str, Mean]]
    outcomes: Mapping[str, Mapping[str, int]]
    decisive: Mapping[str, str] = {}
    errors: Sequence[FailedQuestion] = ()


class _Score(BaseModel):
    question_id: str
    kind: str
    outcome: str


class _Record(BaseModel):
    id: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """One run: its questions, its date, and its results.

    Attributes:
        begun: ISO date and time.
        decisive: Name of the main measure of each kind of question.
    """

    folder: Path
    questions: str
    begun: str
    revision: str
    overall: Mapping[str, float | None]
    kinds: Mapping[str, Mapping[str, Mean]]
    outcomes: Mapping[str, Mapping[str, int]]
    decisive: Mapping[str, str]
    errors: Sequence[FailedQuestion] = ()

    @property
    def name(self) -> str:
        at = self.begun[:16].replace("T", " ")
        return f"{at}, {self.questions}" + (f", {self.revision[:7]}" if self.revision else "")

    @property
    def n_questions(self) -> int:
        return sum(sum(counts.values()) for counts in self.outcomes.values())

    def get_main_figure(self, kind: str) -> Mean | None:
        """The main figure of a kind."""
        return self.kinds.get(kind, {}).get(self.decisive.get(kind, ""))


@dataclass(frozen=True, slots=True)
class ChangedQuestion:
    """A question with another outcome in the later run."""

    kind: str
    question: str
    before: str
    after: str

    @property
    def better(self) -> bool:
        return self.after == "right"


def list_runs(data: Path) -> tuple[list[EvaluationRun], list[str]]:
    """Runs below the data folder, newest first, and a sentence for each that cannot be read."""
    complete_runs, problems = [], []
    for summary in sorted((data / FOLDER).glob(f"*/{SUMMARY}")):
        try:
            complete_runs.append(read_run(summary.parent))
        except ReadError as exc:
            problems.append(str(exc))
    return sorted(
        complete_runs, key=lambda run: (run.begun, run.folder.name), reverse=True
    ), problems


def read_run(folder: Path) -> EvaluationRun:
    """A run from its folder.

    Raises:
        ReadError: Its summary is not there or has another form.
    """
    path = folder / SUMMARY
    try:
        summary = _Summary.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as exc:
        raise ReadError(
            f"the run in {str(folder)!r} cannot be shown ({_format_first_error(exc)}); "
            "delete the folder, or run the evaluation again"
        ) from exc
    return EvaluationRun(
        folder,
        summary.run.questions.name,
        summary.run.begun,
        summary.run.revision or "",
        summary.overall,
        summary.kinds,
        summary.outcomes,
        {
            kind: summary.decisive.get(kind) or _choose_measure(figures)
            for kind, figures in summary.kinds.items()
        },
        summary.errors,
    )


def list_newest(runs: Sequence[EvaluationRun]) -> list[EvaluationRun]:
    """The newest run of each set of questions; ``runs``: the newest first."""
    newest: dict[str, EvaluationRun] = {}
    for run in runs:
        newest.setdefault(run.questions, run)
    return list(newest.values())


def sum_outcomes(runs: Sequence[EvaluationRun]) -> dict[str, dict[str, int]]:
    """How often the questions of each kind came to what, over several runs; kinds by name."""
    sums: dict[str, dict[str, int]] = {}
    for run in runs:
        for kind, counts in run.outcomes.items():
            of_kind = sums.setdefault(kind, dict.fromkeys(OUTCOMES, 0))
            for outcome, n in counts.items():
                of_kind[outcome] = of_kind.get(outcome, 0) + n
    return dict(sorted(sums.items()))


def _choose_measure(figures: Mapping[str, Mean]) -> str:
    names = [name for name in figures if name not in APART]
    return "correct" if "correct" in names else next(iter(names), "")


def list_changed_questions(before: EvaluationRun, after: EvaluationRun) -> list[ChangedQuestion]:
    """The questions of both runs that came to something else, those made right first."""
    earlier = {score.question_id: score for score in _read_lines(before.folder / SCORES, _Score)}
    questions_by_id = {
        record.id: record.question for record in _read_lines(after.folder / RECORDS, _Record)
    }
    changes = [
        ChangedQuestion(
            score.kind,
            questions_by_id.get(score.question_id, score.question_id),
            earlier[score.question_id].outcome,
            score.outcome,
        )
        for score in _read_lines(after.folder / SCORES, _Score)
        if score.question_id in earlier and earlier[score.question_id].outcome != score.outcome
    ]
    return sorted(changes, key=lambda change: (not change.better, change.kind, change.question))


def _read_lines(path: Path, form: type[Any]) -> Sequence[Any]:
    reader = TypeAdapter(form)
    try:
        return [reader.validate_json(line) for line in path.read_bytes().splitlines()]
    except (OSError, ValidationError) as exc:
        raise ReadError(
            f"{str(path)!r} cannot be read ({_format_first_error(exc)}); run the evaluation again"
        ) from exc


def _format_first_error(exc: Exception) -> str:
    if isinstance(exc, ValidationError):
        first = exc.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        return f"{place}: {first['msg']}"
    return str(exc)
