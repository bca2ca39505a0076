"""What all pages share: the keys, the switch between light and dark, and the bar of a phone."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ui.components import conversation_list
from ui.components.click_component import read_asset
from ui.views.escaping import plain

FRAME = """
<div class="pf manners">
  <div class="themes" role="group" aria-label="Colours">
    <button data-theme="System" aria-pressed="true">Auto</button><button data-theme="Light"
      aria-pressed="false">Light</button><button data-theme="Dark" aria-pressed="false">Dark</button>
  </div>
  <button class="help" aria-label="Keyboard shortcuts" title="Keyboard shortcuts">?</button>
  <dialog aria-label="Keyboard shortcuts">
    <h2>Keyboard</h2>
    <dl>
      <dt><kbd>/</kbd></dt><dd>go to the input</dd>
      <dt><kbd>↑</kbd> <kbd>↓</kbd></dt><dd>in the empty input: earlier questions</dd>
      <dt><kbd>Ctrl</kbd> <kbd>K</kbd></dt><dd>search conversations</dd>
      <dt><kbd>Esc</kbd></dt><dd>close the paper beside the page</dd>
      <dt><kbd>?</kbd></dt><dd>this list</dd>
    </dl>
    <form method="dialog"><button>Close</button></form>
  </dialog>
</div>
"""


def render_manners() -> None:
    """Draw the switch and listen to the keys; last in the sidebar, once a page."""
    mount = st.components.v2.component(
        "paperfolk_manners",
        html=FRAME,
        css=read_asset("board.css") + read_asset("answer.css"),
        js=read_asset("page.js"),
    )
    with st.sidebar.container(key="manners"):
        mount(key="manners_board")


def place_phone_bar() -> DeltaGenerator:
    """The place of the bar that a narrow screen has on top."""
    return st.container(key="phone_bar", horizontal=True, vertical_alignment="center")


def render_phone_bar(title: str, *, can_begin: bool = False) -> None:
    """Draw what stands in that bar: where one is, and a new conversation."""
    st.markdown(plain(title))
    if can_begin:
        st.button(
            "New",
            icon=":material/edit_square:",
            type="tertiary",
            key="phone_new",
            on_click=conversation_list.open_thread,
            args=(None,),
        )
