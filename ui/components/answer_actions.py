"""The row of small buttons under an answer; pure HTML, as `ui.views.answer_html.render_answer_html`."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from rag.app.conversations import OpinionVerdict, StoredTurn

_STROKES: Mapping[str, str] = {
    "copy": "M9 9h10v11H9z M5 15H4V4h11v1",
    "done": "M5 12.5l4.5 4.5L19 7.5",
    "good": "M7 11v9H4v-9z M7 11l4-7c1.6 0 2.5 1 2.2 2.6L12.6 10H19c1 0 1.7 1 1.4 2l-1.9 6.6"
    "c-.2.8-.9 1.4-1.8 1.4H7",
    "bad": "M17 13V4h3v9z M17 13l-4 7c-1.6 0-2.5-1-2.2-2.6l.6-3.4H5c-1 0-1.7-1-1.4-2l1.9-6.6"
    "c.2-.8.9-1.4 1.8-1.4H17",
    "keep": "M10 4v6l-5 8.4c-.6 1 .1 2.1 1.2 2.1h11.6c1.1 0 1.8-1.1 1.2-2.1L14 10V4 M8.5 4h7 M8 15h8",
    "retry": "M4.5 12a7.5 7.5 0 1 1 2.2 5.3 M4.5 19v-4.5H9",
}
"""Outlines of the icons, drawn on a 24 by 24 grid, by name."""
_SAYS: Mapping[OpinionVerdict, str] = {"good": "Good answer", "bad": "Bad answer"}


def read_icon(name: str) -> str:
    return f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{_STROKES[name]}"/></svg>'


def render_tool(act: str, value: str, name: str, label: str, *, pressed: bool | None = None) -> str:
    """Render one button; ``pressed`` is its state if it can be switched on and off, else None."""
    state = "" if pressed is None else f' aria-pressed="{str(pressed).lower()}"'
    label_text = escape(label, quote=True)
    return (
        f'<button class="tool" data-act="{act}" data-value="{escape(value, quote=True)}" '
        f'title="{label_text}" aria-label="{label_text}"{state}>{read_icon(name)}</button>'
    )


def render_tools(turn: StoredTurn, *, last: bool, is_stored: bool | None = None) -> str:
    """Render the buttons to copy and to rate an answer; the last answer can also be tried again.

    Args:
        turn: A turn with an answer.
        last: Whether it is the last turn of the conversation.
        is_stored: Whether the question is in the evaluation set; None if it cannot be added.
    """
    parts = ['<button class="tool copy" title="Copy with references" aria-label="Copy with ']
    parts.append(f'references">{read_icon("copy")}{read_icon("done")}</button>')
    if turn.answer is not None and turn.answer.status != "failed":
        parts += [_render_thumb(turn, verdict) for verdict in _SAYS]
    if is_stored is not None:
        label = "In the evaluation: take it out" if is_stored else "Add to the evaluation"
        parts.append(render_tool("keep", "", "keep", label, pressed=is_stored))
    if last:
        parts.append(render_tool("retry", "", "retry", "Ask again"))
    return f'<div class="tools" role="group" aria-label="This answer">{"".join(parts)}</div>'


def _render_thumb(turn: StoredTurn, verdict: OpinionVerdict) -> str:
    opinion = turn.opinion if turn.opinion and turn.opinion.verdict == verdict else None
    label = _SAYS[verdict] + (f": {opinion.reason}" if opinion and opinion.reason else "")
    return render_tool("judge", verdict, verdict, label, pressed=opinion is not None)
