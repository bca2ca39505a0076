"""Two runs on the same questions: what changed, by how much, and how sure that is.

Differences are paired by question. The interval is the percentile bootstrap over questions (Efron
1979); the p value is that of the randomisation test that swaps the two systems at random for each
question (Fisher; for retrieval: Smucker et al., CIKM 2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval import judging
from eval.runs import Run
from eval.scoring import decisive
from eval.summary import RESAMPLES, SUPPORTING, figure, measure_of
from eval.tables import Cell, table
from rag.errors import ReadError

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


def compare(a: Run, b: Run) -> Comparison:
    """What B does to the questions that both runs asked.

    Raises:
        ReadError: They share no question.
    """
    kinds = {s.question_id: s.kind for s in a.scores}
    shared = [s.question_id for s in b.scores if kinds.get(s.question_id) == s.kind]
    if not shared:
        raise ReadError(f"runs {str(a.folder)!r} and {str(b.folder)!r} share no question")
    before, after = _values(a), _values(b)
    found = []
    for kind in dict.fromkeys(kinds[i] for i in shared):
        for measure in dict.fromkeys((measure_of(kind), *SUPPORTING[kind], *ALWAYS)):
            pairs = [
                (before[i][measure], after[i][measure])
                for i in shared
                if kinds[i] == kind and measure in before[i] and measure in after[i]
            ]
            if pairs:
                found.append(_difference(kind, measure, pairs))
    wins, losses = _changes(a, b, shared)
    found += _over_all(before, after, shared)
    return Comparison(str(a.folder), str(b.folder), (*found, *_judged(a, b)), wins, losses)


def _over_all(
    before: Mapping[str, Mapping[str, float]],
    after: Mapping[str, Mapping[str, float]],
    shared: Sequence[str],
) -> list[Difference]:
    both = [(before[i].get("right"), after[i].get("right")) for i in shared]
    pairs = [(one, other) for one, other in both if one is not None and other is not None]
    return [_difference("all", "right", pairs)] if pairs else []


def _judged(a: Run, b: Run) -> list[Difference]:
    """What judges say of both, where the same model judged both by the same prompts."""
    one, other = judging.held(a.folder), judging.held(b.folder)
    if not one or not other or any(one[key] != other[key] for key in ("model", "prompts")):
        return []
    before, after = (
        {answer["question_id"]: answer["values"] for answer in judged["answers"]}
        for judged in (one, other)
    )
    found = []
    for measure in one["measures"]:
        pairs = [
            (before[i][measure], after[i][measure])
            for i in before
            if measure in before[i] and measure in after.get(i, {})
        ]
        if pairs:
            found.append(_difference("judged", measure, pairs))
    return found


def _values(run: Run) -> dict[str, Mapping[str, float]]:
    return {score.question_id: score.values for score in run.scores}


def _difference(kind: str, measure: str, pairs: Sequence[tuple[float, float]]) -> Difference:
    a, b = np.array(pairs, dtype=float).T
    gaps = b - a
    interval = figure(gaps.tolist())
    return Difference(
        kind, measure, len(pairs), float(a.mean()), float(b.mean()), interval.low, interval.high,
        randomisation_p(gaps.tolist()), int((gaps > 0).sum()), int((gaps < 0).sum()),
    )  # fmt: skip


def randomisation_p(gaps: Sequence[float]) -> float:
    """Share of random swaps whose mean gap is at least as large, either way; 1 where nothing differs.

    Exact up to twelve gaps that are not 0; sampled, always alike, beyond.
    """
    held = np.array([gap for gap in gaps if gap], dtype=float)
    if not len(held):
        return 1.0
    seen = abs(held.sum()) - 1e-12
    if len(held) <= 12:
        signs = 1 - 2 * ((np.arange(2 ** len(held))[:, None] >> np.arange(len(held))) & 1)
        return float((np.abs(signs @ held) >= seen).mean())
    draws = np.random.default_rng(0).integers(0, 2, (5 * RESAMPLES, len(held))) * 2 - 1
    return float(((np.abs(draws @ held) >= seen).sum() + 1) / (len(draws) + 1))


def _changes(
    a: Run, b: Run, shared: Sequence[str]
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    before = {s.question_id: s for s in a.scores}
    after = {s.question_id: s for s in b.scores}
    asked = {q.id: q for q in b.questions.questions}
    wins: list[Change] = []
    losses: list[Change] = []
    for i in shared:
        name = decisive(asked[i])
        one, other = before[i].values.get(name), after[i].values.get(name)
        if one is None or other is None:
            continue
        outcomes = before[i].outcome, after[i].outcome
        gap = (outcomes[1] == "right") - (outcomes[0] == "right") or other - one
        if gap:
            change = Change(i, asked[i].question, *outcomes, one, other)
            (wins if gap > 0 else losses).append(change)
    return tuple(wins), tuple(losses)


def told(found: Comparison) -> str:
    rows = [_row(d) for d in found.differences]
    head = ["measure", "n", "A", "B", "B - A", "95%", "p", "up", "down"]
    lists = [_list("won by B", found.wins), _list("lost by B", found.losses)]
    return "\n\n".join([f"A: {found.a}\nB: {found.b}", table(head, rows), *lists])


def _row(d: Difference) -> list[Cell]:
    interval = f"{d.low:+.3f}..{d.high:+.3f}"
    return [
        f"{d.kind} {d.measure}", d.n, d.a, d.b, d.b - d.a, interval, d.p, d.n_better, d.n_worse,
    ]  # fmt: skip


def _list(name: str, changes: Sequence[Change]) -> str:
    lines = [f"{name}: {len(changes)}"]
    lines += [f"  {c.question_id}: {c.before} -> {c.after} | {c.question}" for c in changes]
    return "\n".join(lines)
