"""The list of conversations as safe HTML, grouped by day; pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Row:
    """A conversation in the list; ``day``: of its last change."""

    thread_id: str
    name: str
    day: date


def name_day(day: date, today: date) -> str:
    """The heading that a day stands under."""
    age_days = (today - day).days
    if age_days < 2:
        return "Yesterday" if age_days == 1 else "Today"
    return "This week" if age_days < 7 else f"{day:%B %Y}"


def render_thread_list(rows: Sequence[Row], active: str | None, none: str, today: date) -> str:
    """Conversations as buttons in one element; as widgets each would be sent and drawn in each run.

    Args:
        rows: Last changed first.
        active: The id of the open one, which is marked.
        none: What is said where there are no rows.
        today: The reader's day.
    """
    if not rows:
        return f'<p class="at">{escape(none)}</p>'
    groups = groupby(rows, lambda row: name_day(row.day, today))
    return "".join(
        f'<h3>{heading}</h3><ul class="threads" aria-label="Conversations: {heading}">'
        f"{''.join(_render_row(row, active) for row in members)}</ul>"
        for heading, members in groups
    )


def _render_row(row: Row, active: str | None) -> str:
    current = ' aria-current="true"' if row.thread_id == active else ""
    value, name = escape(row.thread_id, quote=True), escape(row.name, quote=True)
    return (
        f'<li><button class="thread" data-act="thread" data-value="{value}"{current}>'
        f'{escape(row.name)}</button><button class="tool" data-act="menu" data-value="{value}" '
        f'aria-label="Rename, export or delete: {name}" title="Rename, export, delete">⋯</button></li>'
    )
