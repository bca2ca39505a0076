"""The gate: no figure may fall below what is expected of it (``eval/expected.yaml``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from eval.summary import Summary
from eval.tables import Cell, table
from rag.errors import SettingsError

FILE = Path(__file__).parent / "expected.yaml"
COMMAND = "python -m eval gate"


class Expectation(BaseModel):
    """One figure with the command that makes it again.

    Attributes:
        figure: As `eval.summary.Summary.value` names it, or in words for other commands.
        measured: What the command gave when it was last looked at.
        tolerance: How much worse it may be.
        better: Which way is better.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    figure: str
    command: str = COMMAND
    measured: float
    tolerance: float = 0.0
    better: Literal["higher", "lower"] = "higher"
    note: str = ""

    def admits(self, value: float) -> bool:
        if self.better == "higher":
            return value >= self.measured - self.tolerance - 1e-9
        return value <= self.measured + self.tolerance + 1e-9


def expectations(path: Path = FILE) -> tuple[Expectation, ...]:
    """All that is expected.

    Raises:
        SettingsError: The file does not fit.
    """
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(tuple[Expectation, ...]).validate_python(rows)
    except (OSError, yaml.YAMLError, ValidationError) as exc:
        raise SettingsError(f"expected figures {str(path)!r} do not fit: {exc}") from exc


def breaches(summary: Summary, expected: Sequence[Expectation]) -> list[str]:
    """What this run's figures fall short of, one sentence each; a figure that is missing does too."""
    found = []
    for one in expected:
        if one.command != COMMAND:
            continue
        value = summary.value(one.figure)
        if value is None:
            found.append(f"{one.figure} was not measured")
        elif not one.admits(value):
            word = "below" if one.better == "higher" else "above"
            found.append(
                f"{one.figure} is {value:.3f}, {word} {one.measured:.3f} by more than {one.tolerance:.3f}"
            )
    return found


def told(value_of: Callable[[str], float | None], expected: Sequence[Expectation]) -> str:
    """The gate's figures beside what is expected."""
    rows: list[list[Cell]] = []
    for one in expected:
        if one.command == COMMAND:
            value = value_of(one.figure)
            state = "ok" if value is not None and one.admits(value) else "RED"
            rows.append([one.figure, value, one.measured, one.tolerance, state])
    return table(["figure", "now", "expected", "tolerance", ""], rows)
