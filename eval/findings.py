"""What a report and a summary say of a run besides its means: errors, latencies, gate, others' figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.gate import COMMAND, Expectation, breach, value_of
from eval.public import all_published
from eval.runs import Run
from eval.scoring import Outcome, Score
from eval.sets import Question
from eval.summary import Summary


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


def findings(run: Run) -> list[Finding]:
    """The questions that went wrong, in the order of the set."""
    asked = {q.id: q for q in run.questions.questions}
    return [
        _finding(score, asked[score.question_id], run.records.get(score.question_id, {}))
        for score in run.scores
        if score.outcome in ("wrong", "abstained", "failed") or score.faults
    ]


def _finding(score: Score, question: Question, record: Mapping[str, Any]) -> Finding:
    return Finding(
        question_id=score.question_id,
        kind=score.kind,
        outcome=score.outcome,
        turns=question.turns or (question.question,),
        wanted=_wanted(question),
        text=str(record.get("text", "there is no record")),
        cited=tuple(dict.fromkeys(str(c["source"]) for c in record.get("citations") or ())),
        read_as=str(record.get("read_as", "")),
        faults=score.faults,
    )


def _wanted(question: Question) -> str:
    if not question.answerable:
        return "an abstention"
    answer = question.answer
    parts = {
        "papers": ", ".join(question.papers),
        "facts": "; ".join(" or ".join(group) for group in question.facts),
        "people": ", ".join(person.name for person in question.people),
        "answer": "" if answer is None else _listed(answer, question),
    }
    told = " · ".join(f"{name}: {value}" for name, value in parts.items() if value)
    return told or question.expect or "nothing that code can check"


def _listed(answer: float | str | tuple[str, ...], question: Question) -> str:
    """An answer in words; a list only where the papers above do not say it already."""
    if not isinstance(answer, tuple):
        return str(answer)
    if not answer:
        return "an empty list"
    return "" if set(answer) == set(question.papers) else ", ".join(answer)


def latencies(run: Run) -> dict[str, list[float]]:
    """Milliseconds to each whole answer, by route."""
    found: dict[str, list[float]] = defaultdict(list)
    for record in run.records.values():
        found[str(record["route"])].append(float(record["latency_ms"]))
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure of the gate on this run."""

    expectation: Expectation
    now: float | None
    ok: bool


def verdicts(name: str, summary: Summary, expected: Sequence[Expectation]) -> list[Verdict]:
    """The gate's figures of one question set, by its name."""
    found = {name: summary}
    return [
        Verdict(one, value_of(found, one), breach(found, one) is None)
        for one in expected
        if one.command == COMMAND and one.set == name
    ]


@dataclass(frozen=True, slots=True)
class Standing:
    """One system's nDCG@10 on a public collection; ``command`` makes ours again."""

    collection: str
    system: str
    value: float
    ours: bool
    command: str = ""


def standings(expected: Sequence[Expectation]) -> list[Standing]:
    """Ours beside those of others, best first within each collection."""
    found = []
    for name, figures in all_published().items():
        rows = [Standing(name, system, value, False) for system, value in figures.items()]
        rows += [
            Standing(name, "Paperfolk", e.measured, True, e.command)
            for e in expected
            if e.figure == f"{name}.nDCG@10"
        ]
        found += sorted(rows, key=lambda row: -row.value)
    return found
