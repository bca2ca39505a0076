"""The gate: no figure may fall below what is expected of it (``eval/expected.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        set: Name of the question set that it is measured on.
        measured: What the command gave when it was last looked at.
        tolerance: How much worse it may be.
        better: Which way is better.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    figure: str
    set: str = "development"
    command: str = COMMAND
    measured: float
    tolerance: float = 0.0
    better: Literal["higher", "lower"] = "higher"
    note: str = ""

    @property
    def name(self) -> str:
        """The figure, with the set where it is not the development set."""
        return self.figure if self.set == "development" else f"{self.set}: {self.figure}"

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


def sets(expected: Sequence[Expectation]) -> tuple[str, ...]:
    """Names of the question sets that the gate needs, each once."""
    return tuple(dict.fromkeys(one.set for one in expected if one.command == COMMAND))


def breaches(found: Mapping[str, Summary], expected: Sequence[Expectation]) -> list[str]:
    """What falls short of what is expected, one sentence each; a figure that is missing does too.

    Args:
        found: Figures by question set.
        expected: Those of other commands are passed over.
    """
    return [told for one in expected if one.command == COMMAND and (told := breach(found, one))]


def breach(found: Mapping[str, Summary], one: Expectation) -> str | None:
    """Why one expectation is not met; None where it is."""
    value = value_of(found, one)
    if value is None:
        return f"{one.name} was not measured"
    if one.admits(value):
        return None
    word = "below" if one.better == "higher" else "above"
    return f"{one.name} is {value:.3f}, {word} {one.measured:.3f} by more than {one.tolerance:.3f}"


def value_of(found: Mapping[str, Summary], one: Expectation) -> float | None:
    return found[one.set].value(one.figure) if one.set in found else None


def told(found: Mapping[str, Summary], expected: Sequence[Expectation]) -> str:
    """The gate's figures beside what is expected."""
    rows: list[list[Cell]] = []
    for one in expected:
        if one.command == COMMAND:
            state = "RED" if breach(found, one) else "ok"
            rows.append([one.name, value_of(found, one), one.measured, one.tolerance, state])
    return table(["figure", "now", "expected", "tolerance", ""], rows)
