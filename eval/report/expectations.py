"""The gate: no figure may fall below what is expected of it (``eval/report/expected.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from eval.report.summary import Summary
from eval.report.tables import Cell, format_table
from rag.types.errors import SettingsError

FILE = Path(__file__).parent / "expected.yaml"
COMMAND = "python -m eval gate"


class Expectation(BaseModel):
    """One figure with the command that makes it again.

    Attributes:
        figure: As `eval.report.summary.Summary.get_value` names it, or in words for other commands.
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


def load_expectations(path: Path = FILE) -> tuple[Expectation, ...]:
    """All that is expected.

    Raises:
        SettingsError: The file does not fit.
    """
    try:
        rows = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(tuple[Expectation, ...]).validate_python(rows)
    except (OSError, yaml.YAMLError, ValidationError) as exc:
        raise SettingsError(f"expected figures {str(path)!r} do not fit: {exc}") from exc


def list_sets(expected: Sequence[Expectation]) -> tuple[str, ...]:
    """Names of the question sets that the gate needs, each once."""
    return tuple(
        dict.fromkeys(expectation.set for expectation in expected if expectation.command == COMMAND)
    )


def list_breaches(summaries: Mapping[str, Summary], expected: Sequence[Expectation]) -> list[str]:
    """What falls short of what is expected, one sentence each; a figure that is missing does too.

    Args:
        summaries: Figures by question set.
        expected: Those of other commands are passed over.
    """
    return [
        sentence
        for expectation in expected
        if expectation.command == COMMAND and (sentence := find_breach(summaries, expectation))
    ]


def find_breach(summaries: Mapping[str, Summary], expectation: Expectation) -> str | None:
    """Why one expectation is not met; None where it is."""
    value = get_value(summaries, expectation)
    if value is None:
        return f"{expectation.name} was not measured"
    if expectation.admits(value):
        return None
    word = "below" if expectation.better == "higher" else "above"
    return f"{expectation.name} is {value:.3f}, {word} {expectation.measured:.3f} by more than {expectation.tolerance:.3f}"


def get_value(summaries: Mapping[str, Summary], expectation: Expectation) -> float | None:
    return (
        summaries[expectation.set].get_value(expectation.figure)
        if expectation.set in summaries
        else None
    )


def format_gate(summaries: Mapping[str, Summary], expected: Sequence[Expectation]) -> str:
    """The gate's figures beside what is expected."""
    rows: list[list[Cell]] = []
    for expectation in expected:
        if expectation.command == COMMAND:
            state = "RED" if find_breach(summaries, expectation) else "ok"
            rows.append(
                [
                    expectation.name,
                    get_value(summaries, expectation),
                    expectation.measured,
                    expectation.tolerance,
                    state,
                ]
            )
    return format_table(["figure", "now", "expected", "tolerance", ""], rows)
