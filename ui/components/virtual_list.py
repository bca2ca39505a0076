"""A list of any length whose rows come in blocks when they are seen; presses are reported.

See ``ui/assets/list.js``. What the browser asks for is kept in the session until the next run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from ui.components.click_component import read_asset

BLOCK = 50
"""Rows that come together."""
MAX_BLOCKS = 6
"""Blocks that one run sends; a window shows two."""
FRAME = """
<div class="pf listing">
  <div class="head"></div>
  <div class="rows" role="list" aria-label="{label}"></div>
</div>
"""


def get_wanted(key: str, signature: str, n_rows: int) -> list[int]:
    """Numbers of the blocks to send: those that the browser asked for, or the first of a new list."""
    list_signature, numbers = st.session_state.get(f"{key}_wanted", ("", ()))
    wanted = numbers if list_signature == signature else (0, 1)
    return [number for number in wanted if 0 <= number * BLOCK < n_rows][:MAX_BLOCKS]


def render_list(
    key: str,
    label: str,
    head: str,
    signature: str,
    n_rows: int,
    blocks: Mapping[int, Sequence[str]],
    on_act: Callable[[str, str], None],
    *,
    words: str = "",
    chosen: Sequence[str] = (),
    all_chosen: bool = False,
    opened: str = "",
) -> None:
    """Draw the list.

    Args:
        key: Unique on the page.
        label: What the list is, for those who hear it; a literal.
        head: HTML above and beside the rows, escaped.
        signature: Of what is listed and how it is ordered: another one begins the list anew.
        n_rows: Of the whole list.
        blocks: Rows as HTML by the number of their block; see `get_wanted`.
        on_act: Called with the pressed element's ``data-act`` and ``data-value``.
        words: As searched for.
        chosen: Ids of the rows whose box is ticked; of those that are not, with ``all_chosen``.
        all_chosen: Whether every row is ticked but for those.
        opened: Id of the row that stands open beside the list.
    """

    def handle_change() -> None:
        pressed: Any = st.session_state[key].get("act")
        if not pressed:
            return
        act, value = str(pressed.get("act", "")), str(pressed.get("value", ""))
        if act != "want":
            st.session_state[f"{key}_wanted"] = (signature, ())  # the browser has its rows
            on_act(act, value)
            return
        list_signature, _, numbers = value.rpartition(" ")
        wanted = tuple(int(number) for number in numbers.split(",") if number.isdigit())
        st.session_state[f"{key}_wanted"] = (list_signature, wanted)

    css = read_asset("board.css") + read_asset("library.css") + read_asset("list.css")
    mount = st.components.v2.component(
        f"paperfolk_{key}", html=FRAME.format(label=label), css=css, js=read_asset("list.js")
    )
    mount(
        key=key,
        data={
            "html": head,
            "signature": signature,
            "n": n_rows,
            "size": BLOCK,
            "blocks": {str(number): list(rows) for number, rows in blocks.items()},
            "words": words,
            "chosen": list(chosen),
            "all": all_chosen,
            "opened": opened,
        },
        on_act_change=handle_change,
    )
