"""Tables for the terminal: columns of text and figures, aligned."""

from __future__ import annotations

from collections.abc import Sequence

Cell = str | float | int | None


def format_cell(value: Cell) -> str:
    """A figure as it is printed: shares with three digits, small sums with two, nothing as a dash."""
    if value is None:
        return "-"
    if isinstance(value, float) and 0 < abs(value) < 0.001:
        return f"{value:.2g}"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return str(value)


def format_table(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """The rows under their heads: the first column to the left, the others to the right."""
    cells = [list(head), *([format_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    lines = [_format_line(row, widths) for row in cells]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _format_line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = (
        text.ljust(width) if at == 0 else text.rjust(width)
        for at, (text, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join([first, *rest]).rstrip()
