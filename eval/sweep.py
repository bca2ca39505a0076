"""Dials tried at several values: a run as things are, one for each value, each compared with the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from eval import comparing, publishing, runs, summary
from eval.dials import Dial, turned
from eval.sets import QuestionSet
from eval.tables import Cell, table
from rag.config import Settings
from rag.pipeline import build

FIGURES = (
    "all.macro", "fact.correct", "fact.R@1", "known-item.R@1", "known-item.R@5", "synthesis.R@10",
    "synthesis.cite_precision", "expert.ndcg@5", "unanswerable.correct", "all.latency_p50_ms",
)  # fmt: skip
AS_IS = "as it is"


def sweep(
    settings: Settings,
    questions: QuestionSet,
    dials: Sequence[Dial],
    out: Path,
    progress: Callable[[str, int, int], None],
) -> dict[str, runs.Run]:
    """A run as things are and one for each value of each dial, in folders of their own below ``out``.

    One dial is turned at a time. A sweep that was interrupted goes on where it stopped.
    """
    found = {AS_IS: _run(settings, questions, out, AS_IS, progress)}
    for dial in dials:
        for value in dial.values:
            name = f"{dial.name}={value}"
            with turned(settings, dial.name, value, out / "libraries", progress) as changed:
                found[name] = _run(changed, questions, out, name, progress)
    return found


def _run(
    settings: Settings,
    questions: QuestionSet,
    out: Path,
    name: str,
    progress: Callable[[str, int, int], None],
) -> runs.Run:
    folder = out / name.replace("/", "_").replace(" ", "-")
    with build(settings) as assistant:
        run = runs.perform(assistant, questions, folder, partial(progress, name))
    publishing.publish(run, summary.summarise(run))
    return run


def told(found: dict[str, runs.Run]) -> str:
    """Figures by value, and what each value wins and loses against things as they are."""
    summaries = {name: summary.summarise(run) for name, run in found.items()}
    shown = [f for f in FIGURES if any(s.value(f) is not None for s in summaries.values())]
    rows: list[list[Cell]] = []
    for name, run in found.items():
        changes = comparing.compare(found[AS_IS], run)
        row: list[Cell] = [name, *(summaries[name].value(figure) for figure in shown)]
        rows.append([*row, f"+{len(changes.wins)} -{len(changes.losses)}"])
    n = len(next(iter(found.values())).scores)
    return table([f"{n} questions", *shown, "won, lost"], rows)
