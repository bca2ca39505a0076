"""Sweeps parameters: a run with the current values, and one for each other value, compared with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from eval.report import artefacts, run_comparison, summary
from eval.report.tables import Cell, format_table
from eval.run import runs
from eval.run.parameters import Dial, apply_dial
from eval.sets.question_sets import QuestionSet
from rag.app.assistant import build
from rag.config.settings import Settings

FIGURES = (
    "all.macro", "fact.correct", "fact.R@1", "known-item.R@1", "known-item.R@5", "synthesis.R@10",
    "synthesis.cite_precision", "expert.ndcg@5", "unanswerable.correct", "all.latency_p50_ms",
)  # fmt: skip
AS_IS = "as it is"


def run_values(
    settings: Settings,
    questions: QuestionSet,
    dials: Sequence[Dial],
    out: Path,
    progress: Callable[[str, int, int], None],
) -> dict[str, runs.Run]:
    """A run as things are and one for each value of each dial, in folders of their own below ``out``.

    One dial is turned at a time. A sweep that was interrupted goes on where it stopped.
    """
    runs_by_value = {AS_IS: _run_once(settings, questions, out, AS_IS, progress)}
    for dial in dials:
        for value in dial.values:
            name = f"{dial.name}={value}"
            with apply_dial(settings, dial.name, value, out / "libraries", progress) as changed:
                runs_by_value[name] = _run_once(changed, questions, out, name, progress)
    return runs_by_value


def _run_once(
    settings: Settings,
    questions: QuestionSet,
    out: Path,
    name: str,
    progress: Callable[[str, int, int], None],
) -> runs.Run:
    folder = out / name.replace("/", "_").replace(" ", "-")
    with build(settings) as assistant:
        run = runs.run_questions(assistant, questions, folder, partial(progress, name))
    artefacts.write_report(run, summary.compute_summary(run))
    return run


def format_sweep(runs_by_value: dict[str, runs.Run]) -> str:
    """Figures by value, and what each value wins and loses against things as they are."""
    summaries = {name: summary.compute_summary(run) for name, run in runs_by_value.items()}
    figure_names = [
        f for f in FIGURES if any(s.get_value(f) is not None for s in summaries.values())
    ]
    rows: list[list[Cell]] = []
    for name, run in runs_by_value.items():
        changes = run_comparison.compare_runs(runs_by_value[AS_IS], run)
        row: list[Cell] = [name, *(summaries[name].get_value(figure) for figure in figure_names)]
        rows.append([*row, f"+{len(changes.wins)} -{len(changes.losses)}"])
    n = len(next(iter(runs_by_value.values())).scores)
    return format_table([f"{n} questions", *figure_names, "won, lost"], rows)
