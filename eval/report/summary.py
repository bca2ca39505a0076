"""The figures of a run: means with intervals by kind, outcomes apart, the whole run's decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.measures import formulas
from eval.report.tables import Cell, format_table
from eval.run.runs import Run
from eval.run.scoring import OUTCOMES, Score

RESAMPLES = 2000
DECISIVE: Mapping[str, str] = {"expert": "ndcg@5", "robust": "no_crash"}
"""The measure that stands for a kind; ``correct`` for the others."""


def get_measure(kind: str) -> str:
    """The main measure of a kind."""
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


def compute_figure(values: Sequence[float], of: Callable[..., Any] = np.mean) -> Figure:
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
        outcomes: Number of questions of each kind by outcome.
    """

    kinds: Mapping[str, Mapping[str, Figure]]
    overall: Mapping[str, float | None]
    outcomes: Mapping[str, Mapping[str, int]]

    def get_value(self, name: str) -> float | None:
        """``<kind>.<measure>`` or ``all.<measure>``; None if there is no such figure."""
        kind, _, measure = name.partition(".")
        if kind == "all":
            return self.overall.get(measure)
        mean_figure = self.kinds.get(kind, {}).get(measure)
        return mean_figure.mean if mean_figure else None


def compute_summary(run: Run) -> Summary:
    by_kind: dict[str, list[Score]] = {}
    for score in run.scores:
        by_kind.setdefault(score.kind, []).append(score)
    kinds = {kind: _compute_figures(scores) for kind, scores in by_kind.items()}
    counts = {kind: Counter(s.outcome for s in scores) for kind, scores in by_kind.items()}
    outcomes = {kind: {str(o): count[o] for o in OUTCOMES} for kind, count in counts.items()}
    return Summary(kinds, _compute_overall(run, kinds, outcomes), outcomes)


def _compute_figures(scores: Sequence[Score]) -> dict[str, Figure]:
    names = dict.fromkeys(name for score in scores for name in score.values)
    values = {name: [s.values[name] for s in scores if name in s.values] for name in names}
    figures = {name: compute_figure(value_list) for name, value_list in values.items()}
    if words := values.get("words"):
        figures["words_median"] = compute_figure(words, np.median)
    return figures


def _compute_overall(
    run: Run,
    kinds: Mapping[str, Mapping[str, Figure]],
    outcomes: Mapping[str, Mapping[str, int]],
) -> dict[str, float | None]:
    decisive = [
        figures[get_measure(kind)].mean
        for kind, figures in kinds.items()
        if kind != "robust" and get_measure(kind) in figures
    ]
    answerable = {q.id: q.answerable for q in run.questions.questions}
    statuses = {s.question_id: run.records.get(s.question_id, {}).get("status") for s in run.scores}
    decided = formulas.count_decisions(
        [
            (statuses[s.question_id] == "abstained", not answerable[s.question_id])
            for s in run.scores
            if s.kind != "robust"  # hostile input may be turned away either way
        ]
    )
    return {
        "macro": formulas.compute_mean(decisive),
        "right": _compute_mean(run, "right"),
        "citations_valid": _compute_mean(run, "citations_valid"),
        "faults": float(sum(len(s.faults) for s in run.scores)),
        "forbidden": _compute_sum(run, "forbidden"),
        "failed": float(sum(count["failed"] for count in outcomes.values())),
        "abstention_precision": decided.precision,
        "abstention_recall": decided.recall,
        "latency_p50_ms": formulas.compute_percentile(_list_values(run, "latency_ms"), 0.5),
        "latency_p95_ms": formulas.compute_percentile(_list_values(run, "latency_ms"), 0.95),
        "tokens": _compute_sum(run, "tokens"),
        "cost_usd": _compute_sum(run, "cost_usd") if _list_values(run, "cost_usd") else None,
    }


def _list_values(run: Run, name: str) -> list[float]:
    return [s.values[name] for s in run.scores if name in s.values]


def _compute_mean(run: Run, name: str) -> float | None:
    return formulas.compute_mean(_list_values(run, name))


def _compute_sum(run: Run, name: str) -> float:
    return sum(_list_values(run, name))


def list_failures(run: Run) -> list[str]:
    """Why questions failed: a sentence for each reason, the most frequent first."""
    failed = [s.question_id for s in run.scores if s.outcome == "failed"]
    why = Counter(str(run.records.get(i, {}).get("text", "there is no record")) for i in failed)
    return [f"{n} of {len(run.scores)} questions failed: {text}" for text, n in why.most_common()]


def format_summary(summary: Summary) -> str:
    """The tables for the terminal."""
    rows: list[list[Cell]] = []
    for kind, figures in summary.kinds.items():
        decisive = get_measure(kind)
        mean_figure = figures.get(decisive)
        counts = summary.outcomes[kind]
        interval = f"{mean_figure.low:.3f}..{mean_figure.high:.3f}" if mean_figure else "-"
        support = "  ".join(
            f"{name} {figures[name].mean:.3f}" for name in SUPPORTING[kind] if name in figures
        )
        row: list[Cell] = [kind, sum(counts.values()), *(counts[o] for o in OUTCOMES), decisive]
        rows.append([*row, mean_figure.mean if mean_figure else None, interval, support])
    head = ["kind", "n", *OUTCOMES, "measure", "mean", "95%", "also"]
    overall: list[list[Cell]] = [[name, value] for name, value in summary.overall.items()]
    return f"{format_table(head, rows)}\n\n{format_table(['over all', 'value'], overall)}"
