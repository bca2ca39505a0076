"""The report of `paperfolk doctor` as lines: what is wrong first, then parts by how much they matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from rag.cli.format import BOLD_STYLE, DIM_STYLE, GREEN, RED, apply_colour
from rag.cli.markdown import remove_control_characters

_PARTS = ("library", "embedder", "chat model", "tracing")


def iter_doctor_lines(state: Mapping[str, Any], out: TextIO, *, lists_all: bool) -> Iterator[str]:
    """The lines of a report.

    Args:
        state: As `rag.app.doctor.get_state` found it.
        out: Where they are shown.
        lists_all: Also the settings that nobody has set.
    """
    wrong = [remove_control_characters(sentence) for sentence in state["wrong"]]
    for sentence in wrong:
        yield apply_colour("✗ ", RED, out) + sentence
    if not wrong:
        yield apply_colour("✓ ", GREEN, out) + "questions can be answered"
    for name in _PARTS:
        part = dict(state[name])
        part_state = str(part.pop("state"))
        is_wrong = any(sentence.startswith(f"{name}: ") for sentence in wrong)
        mark = apply_colour(*(("✗", RED) if is_wrong else ("✓", GREEN)), out)
        yield ""
        yield f"{mark} {apply_colour(name, BOLD_STYLE, out)}  {remove_control_characters(part_state)}"
        yield from _iter_rows(part)
    settings = {
        key: value
        for key, value in state["settings"].items()
        if lists_all or not str(value).endswith("(default)")
    }
    n_default = len(state["settings"]) - len(settings)
    yield ""
    hint = f"  {n_default} more have their defaults; --all shows them" if n_default else ""
    yield apply_colour("settings", BOLD_STYLE, out) + apply_colour(hint, DIM_STYLE, out)
    yield from _iter_rows(settings)
    yield ""
    yield apply_colour("versions", BOLD_STYLE, out)
    yield from _iter_rows(state["versions"])


def _iter_rows(rows: Mapping[str, Any]) -> Iterator[str]:
    return (f"  {name:<22} {remove_control_characters(str(value))}" for name, value in rows.items())
