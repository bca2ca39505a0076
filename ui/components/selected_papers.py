"""Conversations about selected papers: how other screens start one, and its first screen."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag.answers.filtered_library import apply_filters
from rag.app.assistant import Assistant
from rag.text import join_names
from rag.types import Condition, Query, Reading, Thread
from ui.components import conversation_list, session
from ui.components.chat_turn import ask_next
from ui.components.click_component import render_clickable
from ui.views import answer_html
from ui.views.escaping import plain

MAX_OPENINGS = 6
MOST_CHOSEN = 500
"""Upper limit of papers selected one by one; larger selections are better made by filters."""
TOO_MANY = f"At most {MOST_CHOSEN} papers can be asked about one by one; narrow the list instead"
MAX_COMPARED = 4


def render_button(
    assistant: Assistant, key: str, filters: Sequence[Condition], why_not: str = ""
) -> None:
    """Draw the button that starts a conversation about these papers only, or say why it cannot."""
    if st.button(
        "Ask about these papers",
        icon=":material/forum:",
        key=key,
        disabled=bool(why_not),
        help=plain(why_not) or None,
    ):
        store = conversation_list.get_jobs(assistant).store
        conversation_list.open_thread(store.create_thread(filters=filters))
        st.switch_page(session.CHAT)


def build_filters(ids: Sequence[str]) -> tuple[Condition, ...]:
    """The filter of a conversation about papers chosen one by one; none for more than can be."""
    return (Condition("paper", "in", tuple(ids)),) if 0 < len(ids) <= MOST_CHOSEN else ()


def build_comparison(ids: Sequence[str], names: Sequence[str]) -> Reading:
    """A comparison of these papers and no others."""
    question = f"Compare {join_names(names)}"
    query = Query("comparison", papers=tuple(ids), is_about_several=True, text=question)
    return Reading(query, question, by="screen", reason="the papers were chosen")


def render_compare(assistant: Assistant, ids: Sequence[str]) -> None:
    """Draw the button that asks for a comparison of a few papers in a new conversation."""
    if st.button("Compare", icon=":material/compare_arrows:", key="compare"):
        names = [paper.name for paper in assistant.library.list_papers(ids)]
        reading = build_comparison(ids, names)
        conversation_list.open_thread(None)
        ask_next(reading.question, None, reading)
        st.switch_page(session.CHAT)


def render_start(assistant: Assistant, filters: tuple[Condition, ...]) -> None:
    """Draw what the next conversation is about, with questions that these papers answer."""
    thread = Thread(filters=filters)
    filtered_library = apply_filters(assistant.library.view, thread)
    assert filtered_library is not None
    if not filtered_library.n_papers:
        st.html(
            f'<div class="pf"><p class="note">{answer_html.escape(filtered_library.why_empty)}</p></div>'
        )
        return
    n_papers = filtered_library.n_papers
    n = f"{n_papers:,} papers" if n_papers > 1 else "one paper"
    st.html(f'<div class="hero"><h1>Ask about {answer_html.escape(n)}</h1></div>')
    with st.container(key="examples"):
        columns = st.columns(2)
        for index, question in enumerate(assistant.openings(thread)):
            columns[index % 2].button(
                plain(question),
                key=f"opening_{index}",
                width="stretch",
                on_click=ask_next,
                args=(question,),
            )
    render_clickable(
        answer_html.render_paper_list(filtered_library.find_papers(limit=MAX_OPENINGS)),
        key="opening_papers",
        on_act=session.handle_act,
    )
    if n_papers > MAX_OPENINGS:
        st.caption(f"and {n_papers - MAX_OPENINGS:,} more")
