"""The component of most pages: shows HTML of `ui.views.answer_html` and reports clicks on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

ASSETS = Path(__file__).parents[1] / "assets"
FRAME = """
<div class="board pf">
  <div class="body"></div>
  <span class="news" role="status"></span>
  <div class="card" role="tooltip" hidden><b class="t"></b><span class="b"></span><q class="q"></q></div>
</div>
"""
Act = Callable[[str, str], None]


@cache
def read_asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def render_clickable(
    html: str,
    *,
    key: str,
    on_act: Act,
    cards: Sequence[dict[str, str]] = (),
    closable: bool = False,
    copied: str = "",
    style: str = "",
) -> None:
    """Show HTML whose ``data-act`` elements call ``on_act(act, value)`` before the next run.

    Args:
        html: Already escaped; see `ui.views.answer_html.render_answer_html`.
        key: Unique on the page.
        on_act: Called with the pressed element's ``data-act`` and ``data-value``.
        cards: What hovering a chip shows; see `ui.views.reference_html.build_cards`.
        closable: Whether the Escape key reports the act ``close``.
        copied: What a button of class ``copy`` puts on the clipboard.
        style: A style sheet of the assets that the HTML needs besides its own.
    """

    def handle_change() -> None:
        pressed: Any = st.session_state[key].get("act")
        if pressed:
            on_act(str(pressed.get("act", "")), str(pressed.get("value", "")))

    # Registered on each run: registration is per server session, and cheap.
    css = read_asset("board.css") + read_asset("answer.css") + (read_asset(style) if style else "")
    name = f"paperfolk_board_{style.partition('.')[0]}" if style else "paperfolk_board"
    mount = st.components.v2.component(name, html=FRAME, css=css, js=read_asset("board.js"))
    mount(
        key=key,
        data={
            "html": html,
            "cards": list(cards),
            "closable": closable,
            "copied": copied,
        },
        on_act_change=handle_change,
    )
