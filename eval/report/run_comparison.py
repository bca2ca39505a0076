"""Compares two runs on the same questions: changes, their size, and their significance.

Differences are paired by question. The interval is the percentile bootstrap over questions (Efron
1979); the p value is that of the randomisation test that swaps the two systems at random for each
question (Fisher; for retrieval: Smucker et al., CIKM 2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.judges import run_judges
from eval.report.summary import RESAMPLES, SUPPORTING, compute_figure, get_measure
from eval.report.tables import Cell, format_table
from eval.run.runs import Run
from eval.run.scoring import get_decisive_measure
from rag.types.errors import ReadError

ALWAYS = ("right", "cite_f1", "words", "latency_ms")
"""Compared beside the measures of each kind."""


@dataclass(frozen=True, slots=True)
class Difference:
    """B minus A over n questions that both have a value for."""

    kind: str
    measure: str
    n: int
    a: float
    b: float
    low: float
    high: float
    p: float
    n_better: int
    n_worse: int


@dataclass(frozen=True, slots=True)
class Change:
    """One question that came out differently: right or no longer, or by the measure that decides."""

    question_id: str
    question: str
    before: str
    after: str
    value_before: float
    value_after: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, and the questions won and lost by B."""

    a: str
    b: str
    differences: tuple[Difference, ...]
    wins: tuple[Change, ...]
    losses: tuple[Change, ...]


def compare_runs(a: Run, b: Run) -> Comparison:
    """What B does to the questions that both runs asked.

    Raises:
        ReadError: They share no question.
    """
    kinds = {s.question_id: s.kind for s in a.scores}
    shared = [s.question_id for s in b.scores if kinds.get(s.question_id) == s.kind]
    if not shared:
        raise ReadError(f"runs {str(a.folder)!r} and {str(b.folder)!r} share no question")
    before, after = _get_values(a), _get_values(b)
    differences = []
    for kind in dict.fromkeys(kinds[i] for i in shared):
        for measure in dict.fromkeys((get_measure(kind), *SUPPORTING[kind], *ALWAYS)):
            pairs = [
                (before[i][measure], after[i][measure])
                for i in shared
                if kinds[i] == kind and measure in before[i] and measure in after[i]
            ]
            if pairs:
                differences.append(_compute_difference(kind, measure, pairs))
    wins, losses = _find_changes(a, b, shared)
    differences += _list_overall_differences(before, after, shared)
    return Comparison(
        str(a.folder), str(b.folder), (*differences, *_list_judged_differences(a, b)), wins, losses
    )


def _list_overall_differences(
    before: Mapping[str, Mapping[str, float]],
    after: Mapping[str, Mapping[str, float]],
    shared: Sequence[str],
) -> list[Difference]:
    right_pairs = [(before[i].get("right"), after[i].get("right")) for i in shared]
    pairs = [
        (before_value, after_value)
        for before_value, after_value in right_pairs
        if before_value is not None and after_value is not None
    ]
    return [_compute_difference("all", "right", pairs)] if pairs else []


def _list_judged_differences(a: Run, b: Run) -> list[Difference]:
    """What judges say of both, where the same model judged both by the same prompts."""
    judged_before, judged_after = run_judges.load_judged(a.folder), run_judges.load_judged(b.folder)
    if (
        not judged_before
        or not judged_after
        or any(judged_before[key] != judged_after[key] for key in ("model", "prompts"))
    ):
        return []
    before, after = (
        {answer["question_id"]: answer["values"] for answer in judged["answers"]}
        for judged in (judged_before, judged_after)
    )
    differences = []
    for measure in judged_before["measures"]:
        pairs = [
            (before[i][measure], after[i][measure])
            for i in before
            if measure in before[i] and measure in after.get(i, {})
        ]
        if pairs:
            differences.append(_compute_difference("judged", measure, pairs))
    return differences


def _get_values(run: Run) -> dict[str, Mapping[str, float]]:
    return {score.question_id: score.values for score in run.scores}


def _compute_difference(
    kind: str, measure: str, pairs: Sequence[tuple[float, float]]
) -> Difference:
    a, b = np.array(pairs, dtype=float).T
    gaps = b - a
    interval = compute_figure(gaps.tolist())
    return Difference(
        kind, measure, len(pairs), float(a.mean()), float(b.mean()), interval.low, interval.high,
        compute_randomisation_p(gaps.tolist()), int((gaps > 0).sum()), int((gaps < 0).sum()),
    )  # fmt: skip


def compute_randomisation_p(gaps: Sequence[float]) -> float:
    """Share of random swaps whose mean gap is at least as large, either way; 1 where nothing differs.

    Exact up to twelve gaps that are not 0; sampled, always alike, beyond.
    """
    nonzero_gaps = np.array([gap for gap in gaps if gap], dtype=float)
    if not len(nonzero_gaps):
        return 1.0
    observed_gap = abs(nonzero_gaps.sum()) - 1e-12
    if len(nonzero_gaps) <= 12:
        signs = 1 - 2 * (
            (np.arange(2 ** len(nonzero_gaps))[:, None] >> np.arange(len(nonzero_gaps))) & 1
        )
        return float((np.abs(signs @ nonzero_gaps) >= observed_gap).mean())
    draws = np.random.default_rng(0).integers(0, 2, (5 * RESAMPLES, len(nonzero_gaps))) * 2 - 1
    return float(((np.abs(draws @ nonzero_gaps) >= observed_gap).sum() + 1) / (len(draws) + 1))


def _find_changes(
    a: Run, b: Run, shared: Sequence[str]
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    before = {s.question_id: s for s in a.scores}
    after = {s.question_id: s for s in b.scores}
    questions_by_id = {q.id: q for q in b.questions.questions}
    wins: list[Change] = []
    losses: list[Change] = []
    for i in shared:
        name = get_decisive_measure(questions_by_id[i])
        before_value, after_value = before[i].values.get(name), after[i].values.get(name)
        if before_value is None or after_value is None:
            continue
        outcomes = before[i].outcome, after[i].outcome
        gap = (outcomes[1] == "right") - (outcomes[0] == "right") or after_value - before_value
        if gap:
            change = Change(i, questions_by_id[i].question, *outcomes, before_value, after_value)
            (wins if gap > 0 else losses).append(change)
    return tuple(wins), tuple(losses)


def format_comparison(comparison: Comparison) -> str:
    rows = [_build_row(d) for d in comparison.differences]
    head = ["measure", "n", "A", "B", "B - A", "95%", "p", "up", "down"]
    lists = [_list("won by B", comparison.wins), _list("lost by B", comparison.losses)]
    return "\n\n".join([f"A: {comparison.a}\nB: {comparison.b}", format_table(head, rows), *lists])


def _build_row(d: Difference) -> list[Cell]:
    interval = f"{d.low:+.3f}..{d.high:+.3f}"
    return [
        f"{d.kind} {d.measure}", d.n, d.a, d.b, d.b - d.a, interval, d.p, d.n_better, d.n_worse,
    ]  # fmt: skip


def _list(name: str, changes: Sequence[Change]) -> str:
    lines = [f"{name}: {len(changes)}"]
    lines += [f"  {c.question_id}: {c.before} -> {c.after} | {c.question}" for c in changes]
    return "\n".join(lines)
