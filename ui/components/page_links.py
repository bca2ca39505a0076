"""Presses that lead to another page: a question asked in the chat, a list on the Papers page."""

from __future__ import annotations

import streamlit as st

from rag.app.assistant import Assistant
from rag.types import Reading
from ui.components import conversation_list, session
from ui.components.chat_turn import ask_next
from ui.components.paper_state import ADDRESS, KEY, read_state

OVERVIEW = "screens/overview.py"

PAGES = {"papers": session.PAPERS, "people": session.PEOPLE, "library": session.LIBRARY}


def handle_act(what: str, value: str) -> None:
    """Handle a press; what leads elsewhere is followed by `follow_link` in the same run."""
    if what in ("ask", "papers", "page"):
        st.session_state["followed"] = (what, value)
    else:
        session.handle_act(what, value)


def follow_link(assistant: Assistant) -> None:
    """Go where the last press leads, if it leads to another page."""
    what, value = st.session_state.pop("followed", ("", ""))
    if what == "papers":
        session.close_source()
        st.session_state[KEY] = read_state(value)
        st.switch_page(session.PAPERS, query_params={ADDRESS: value})
    if what == "page" and value in PAGES:
        st.switch_page(PAGES[value])
    if what == "ask":
        open_question(value)


def open_question(question: str, reading: Reading | None = None) -> None:
    """Ask a question in a new conversation of the chat."""
    conversation_list.open_thread(None)
    ask_next(question, None, reading)
    st.switch_page(session.CHAT)
