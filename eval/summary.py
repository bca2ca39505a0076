"""The figures of a run: means with intervals by kind, outcomes apart, the whole run's decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval import measures
from eval.runs import Run
from eval.scoring import OUTCOMES, Score
from eval.tables import Cell, table

RESAMPLES = 2000
DECISIVE: Mapping[str, str] = {"expert": "ndcg@5", "robust": "no_crash"}
"""The measure that stands for a kind; ``correct`` for the others."""


def measure_of(kind: str) -> str:
    """The measure that stands for a kind."""
    return DECISIVE.get(kind, "correct")


SUPPORTING: Mapping[str, tuple[str, ...]] = {
    "fact": ("R@1", "cite_f1", "fact_in_text"),
    "known-item": ("R@1", "R@5", "MRR"),
    "synthesis": ("R@10", "cite_precision", "cite_recall"),
    "followup": ("R@10", "cite_f1", "fact_in_text"),
    "expert": ("P@1", "paper_precision", "paper_recall"),
    "person": ("paper_recall", "paper_precision", "people_found"),
    "catalogue": ("list_precision", "list_recall", "forbidden"),
    "unanswerable": ("forbidden", "citations_valid", "words"),
    "robust": ("correct", "forbidden", "citations_valid"),
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over n questions, with its 95% interval by the bootstrap over questions."""

    mean: float
    low: float
    high: float
    n: int


def figure(values: Sequence[float], of: Callable[..., Any] = np.mean) -> Figure:
    """Percentile bootstrap (Efron 1979), always the same resamples; of one value or more.

    Args:
        values: One a question.
        of: What is made of them, with an ``axis``; the mean unless said.
    """
    array = np.asarray(values, dtype=float)
    draws = np.random.default_rng(0).integers(0, len(array), (RESAMPLES, len(array)))
    low, high = np.percentile(of(array[draws], axis=1), [2.5, 97.5])
    return Figure(float(of(array)), float(low), float(high), len(array))


@dataclass(frozen=True, slots=True)
class Summary:
    """All figures of a run.

    Attributes:
        kinds: By kind, by measure.
        overall: By measure, over all questions; and figures of the run that are no means.
        outcomes: How many questions of each kind came to what.
    """

    kinds: Mapping[str, Mapping[str, Figure]]
    overall: Mapping[str, float | None]
    outcomes: Mapping[str, Mapping[str, int]]

    def value(self, name: str) -> float | None:
        """``<kind>.<measure>`` or ``all.<measure>``; None if there is no such figure."""
        kind, _, measure = name.partition(".")
        if kind == "all":
            return self.overall.get(measure)
        found = self.kinds.get(kind, {}).get(measure)
        return found.mean if found else None


def summarise(run: Run) -> Summary:
    by_kind: dict[str, list[Score]] = {}
    for score in run.scores:
        by_kind.setdefault(score.kind, []).append(score)
    kinds = {kind: _figures(scores) for kind, scores in by_kind.items()}
    counts = {kind: Counter(s.outcome for s in scores) for kind, scores in by_kind.items()}
    outcomes = {kind: {str(o): count[o] for o in OUTCOMES} for kind, count in counts.items()}
    return Summary(kinds, _overall(run, kinds, outcomes), outcomes)


def _figures(scores: Sequence[Score]) -> dict[str, Figure]:
    names = dict.fromkeys(name for score in scores for name in score.values)
    values = {name: [s.values[name] for s in scores if name in s.values] for name in names}
    found = {name: figure(held) for name, held in values.items()}
    if words := values.get("words"):
        found["words_median"] = figure(words, np.median)
    return found


def _overall(
    run: Run,
    kinds: Mapping[str, Mapping[str, Figure]],
    outcomes: Mapping[str, Mapping[str, int]],
) -> dict[str, float | None]:
    decisive = [
        figures[measure_of(kind)].mean
        for kind, figures in kinds.items()
        if kind != "robust" and measure_of(kind) in figures
    ]
    answerable = {q.id: q.answerable for q in run.questions.questions}
    statuses = {s.question_id: run.records.get(s.question_id, {}).get("status") for s in run.scores}
    decided = measures.decisions(
        [
            (statuses[s.question_id] == "abstained", not answerable[s.question_id])
            for s in run.scores
            if s.kind != "robust"  # hostile input may be turned away either way
        ]
    )
    return {
        "macro": measures.mean(decisive),
        "right": _mean(run, "right"),
        "citations_valid": _mean(run, "citations_valid"),
        "faults": float(sum(len(s.faults) for s in run.scores)),
        "forbidden": _sum(run, "forbidden"),
        "failed": float(sum(count["failed"] for count in outcomes.values())),
        "abstention_precision": decided.precision,
        "abstention_recall": decided.recall,
        "latency_p50_ms": measures.percentile(_held(run, "latency_ms"), 0.5),
        "latency_p95_ms": measures.percentile(_held(run, "latency_ms"), 0.95),
        "tokens": _sum(run, "tokens"),
        "cost_usd": _sum(run, "cost_usd") if _held(run, "cost_usd") else None,
    }


def _held(run: Run, name: str) -> list[float]:
    return [s.values[name] for s in run.scores if name in s.values]


def _mean(run: Run, name: str) -> float | None:
    return measures.mean(_held(run, name))


def _sum(run: Run, name: str) -> float:
    return sum(_held(run, name))


def failures(run: Run) -> list[str]:
    """Why questions failed: a sentence for each reason, the most frequent first."""
    failed = [s.question_id for s in run.scores if s.outcome == "failed"]
    why = Counter(str(run.records.get(i, {}).get("text", "there is no record")) for i in failed)
    return [f"{n} of {len(run.scores)} questions failed: {text}" for text, n in why.most_common()]


def told(summary: Summary) -> str:
    """The tables for the terminal."""
    rows: list[list[Cell]] = []
    for kind, figures in summary.kinds.items():
        decisive = measure_of(kind)
        held = figures.get(decisive)
        counts = summary.outcomes[kind]
        interval = f"{held.low:.3f}..{held.high:.3f}" if held else "-"
        support = "  ".join(
            f"{name} {figures[name].mean:.3f}" for name in SUPPORTING[kind] if name in figures
        )
        row: list[Cell] = [kind, sum(counts.values()), *(counts[o] for o in OUTCOMES), decisive]
        rows.append([*row, held.mean if held else None, interval, support])
    head = ["kind", "n", *OUTCOMES, "measure", "mean", "95%", "also"]
    overall: list[list[Cell]] = [[name, value] for name, value in summary.overall.items()]
    return f"{table(head, rows)}\n\n{table(['over all', 'value'], overall)}"
