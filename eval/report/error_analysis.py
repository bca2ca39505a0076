"""Analyses a run beyond its means: errors, latencies, expected figures, other systems' figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.report.expectations import COMMAND, Expectation, find_breach, get_value
from eval.report.summary import Summary
from eval.run.runs import Run
from eval.run.scoring import Outcome, Score
from eval.sets.collections import load_published
from eval.sets.question_sets import Question


@dataclass(frozen=True, slots=True)
class Finding:
    """One question that did not come out right, with all that is needed to see why.

    Attributes:
        wanted: What a right answer holds, in words.
        cited: Places of the papers that were cited.
        read_as: How the question was understood.
    """

    question_id: str
    kind: str
    outcome: Outcome
    turns: tuple[str, ...]
    wanted: str
    text: str
    cited: tuple[str, ...]
    read_as: str
    faults: tuple[str, ...]


def list_findings(run: Run) -> list[Finding]:
    """The questions that went wrong, in the order of the set."""
    questions_by_id = {q.id: q for q in run.questions.questions}
    return [
        _build_finding(
            score, questions_by_id[score.question_id], run.records.get(score.question_id, {})
        )
        for score in run.scores
        if score.outcome in ("wrong", "abstained", "failed") or score.faults
    ]


def _build_finding(score: Score, question: Question, record: Mapping[str, Any]) -> Finding:
    return Finding(
        question_id=score.question_id,
        kind=score.kind,
        outcome=score.outcome,
        turns=question.turns or (question.question,),
        wanted=_format_wanted(question),
        text=str(record.get("text", "there is no record")),
        cited=tuple(dict.fromkeys(str(c["source"]) for c in record.get("citations") or ())),
        read_as=str(record.get("read_as", "")),
        faults=score.faults,
    )


def _format_wanted(question: Question) -> str:
    if not question.answerable:
        return "an abstention"
    answer = question.answer
    parts = {
        "papers": ", ".join(question.papers),
        "facts": "; ".join(" or ".join(group) for group in question.facts),
        "people": ", ".join(person.name for person in question.people),
        "answer": "" if answer is None else _format_answer(answer, question),
    }
    text = " · ".join(f"{name}: {value}" for name, value in parts.items() if value)
    return text or question.expect or "nothing that code can check"


def _format_answer(answer: float | str | tuple[str, ...], question: Question) -> str:
    """An answer in words; a list only where the papers above do not say it already."""
    if not isinstance(answer, tuple):
        return str(answer)
    if not answer:
        return "an empty list"
    return "" if set(answer) == set(question.papers) else ", ".join(answer)


def list_latencies(run: Run) -> dict[str, list[float]]:
    """Milliseconds to each whole answer, by route."""
    by_route: dict[str, list[float]] = defaultdict(list)
    for record in run.records.values():
        by_route[str(record["route"])].append(float(record["latency_ms"]))
    return dict(sorted(by_route.items()))


@dataclass(frozen=True, slots=True)
class GateVerdict:
    """One figure of the gate on this run."""

    expectation: Expectation
    now: float | None
    ok: bool


def list_verdicts(
    name: str, summary: Summary, expected: Sequence[Expectation]
) -> list[GateVerdict]:
    """The gate's figures of one question set, by its name."""
    summaries = {name: summary}
    return [
        GateVerdict(
            expectation,
            get_value(summaries, expectation),
            find_breach(summaries, expectation) is None,
        )
        for expectation in expected
        if expectation.command == COMMAND and expectation.set == name
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """One system's nDCG@10 on a public collection; ``command`` makes ours again."""

    collection: str
    system: str
    value: float
    ours: bool
    command: str = ""


def list_standings(expected: Sequence[Expectation]) -> list[Standing]:
    """Ours beside those of others, best first within each collection."""
    standing_rows = []
    for name, figures in load_published().items():
        rows = [Standing(name, system, value, False) for system, value in figures.items()]
        rows += [
            Standing(name, "Paperfolk", e.measured, True, e.command)
            for e in expected
            if e.figure == f"{name}.nDCG@10"
        ]
        standing_rows += sorted(rows, key=lambda row: -row.value)
    return standing_rows
