"""One setting tried at several values: a run each, and each compared with the first.

Names: a field of `rag.config.Settings` (``evidence_tokens=1000,3000``), or a fusion weight
(``fusion.lexical=0.3,0.5,0.7``) of those that the embedder's signals are fused with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from eval import comparing, runs, summary
from eval.sets import QuestionSet
from eval.tables import Cell, table
from rag.config import Settings
from rag.errors import SettingsError
from rag.pipeline import build
from rag.retrieving import fusion

FIGURES = (
    "all.macro", "fact.correct", "fact.R@1", "known-item.R@1", "known-item.R@5", "synthesis.R@10",
    "synthesis.cite_precision", "expert.ndcg@5", "unanswerable.correct", "all.latency_p50_ms",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dial:
    """What is turned, and the values it is tried at, as typed."""

    name: str
    values: tuple[str, ...]

    @staticmethod
    def parse(text: str) -> Dial:
        """``name=first,second,...``.

        Raises:
            SettingsError: It is not of that form, or there is no such dial.
        """
        name, equals, values = text.partition("=")
        if not equals or not values:
            raise SettingsError(f"dial {text!r} is not of the form name=first,second")
        weight = name.removeprefix("fusion.")
        if name not in Settings.model_fields and (
            weight == name or weight not in fusion.WITH_TOKENS
        ):
            weights = ", ".join(f"fusion.{w}" for w in fusion.WITH_TOKENS)
            raise SettingsError(f"unknown dial {name!r}: neither a setting nor one of {weights}")
        return Dial(name, tuple(values.split(",")))


def sweep(
    settings: Settings,
    questions: QuestionSet,
    dial: Dial,
    out: Path,
    progress: Callable[[str, int, int], None],
) -> list[runs.Run]:
    """A run for each value, in folders of their own below ``out``."""
    found = []
    for value in dial.values:
        name = f"{dial.name}={value}"
        with turned(settings, dial.name, value) as changed, build(changed) as assistant:
            folder = out / name.replace("/", "_")
            found.append(runs.perform(assistant, questions, folder, partial(progress, name)))
        summary.write(found[-1], summary.summarise(found[-1]))
    return found


@contextmanager
def turned(settings: Settings, name: str, value: str) -> Iterator[Settings]:
    """The settings with one dial at another value; a fusion weight for as long as this lasts."""
    if not name.startswith("fusion."):
        yield Settings.model_validate({**dict(settings), name: value})
        return
    held = fusion.WITH_TOKENS
    fusion.WITH_TOKENS = {**held, name.removeprefix("fusion."): float(value)}
    try:
        yield settings
    finally:
        fusion.WITH_TOKENS = held


def told(found: list[runs.Run], dial: Dial) -> str:
    """Figures by value, and what each value wins and loses against the first."""
    rows: list[list[Cell]] = []
    for value, run in zip(dial.values, found, strict=True):
        figures = summary.summarise(run)
        changes = comparing.compare(found[0], run)
        row: list[Cell] = [f"{dial.name}={value}", *(figures.value(name) for name in FIGURES)]
        rows.append([*row, f"+{len(changes.wins)} -{len(changes.losses)}"])
    return table(["", *FIGURES, "won, lost"], rows)
