"""Chat: questions, cited answers, and the cited paper beside them."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.asking import Desk
from rag.pipeline import Assistant
from rag.threadstore import KeptThread
from ui import conversations, first, openings, shared, terms
from ui.escaping import plain
from ui.turns import Pending, ask_next, going_on, turn_screen

SHOWN_TURNS = 12
"""Turns of a long conversation that are drawn, and by how many more it unfolds."""


def sidebar(held: Assistant, desk: Desk, thread: KeptThread | None) -> None:
    with st.sidebar:
        settings = terms.settings(held, thread)
        name, sentence = shared.mode(settings)
        color: Literal["violet", "green"] = "violet" if settings.generative else "green"
        st.badge(plain(name), icon=terms.icon(name), color=color)
        st.caption(plain(sentence))
        conversations.listing(desk.store, thread, held)


def first_shown(thread: KeptThread) -> int:
    """Where the drawn part of a thread begins; earlier turns are drawn on request, some at a time."""
    n, key = len(thread.turns), f"drawn_{thread.thread_id}"
    drawn: int = st.session_state.get(key, SHOWN_TURNS)
    hidden = n - drawn
    if hidden <= 0:
        return 0
    st.button(
        f"Show {min(hidden, SHOWN_TURNS):,} of {hidden:,} earlier questions",
        icon=":material/history:",
        type="tertiary",
        key="earlier",
        on_click=lambda: st.session_state.update({key: drawn + SHOWN_TURNS}),
    )
    return hidden


def asked(desk: Desk, thread: KeptThread | None, next_: Pending) -> KeptThread:
    """Begin to answer the next question, in a new thread if none is open."""
    shared.close_source()
    if thread is None:
        thread_id = desk.store.begin(next_.question)
    else:
        thread_id = thread.thread_id
    desk.ask(thread_id, next_.question, instead_of=next_.instead_of, read_as=next_.read_as)
    if thread is None:
        conversations.open_thread(thread_id)
    return desk.store.thread(thread_id)


def held_back(next_: Pending) -> None:
    """A question whose conversation is gone is asked on its own only if that is wanted."""
    st.button(
        f"Ask “{plain(next_.question)}” in a new conversation",
        icon=":material/edit_square:",
        key="held_back",
        on_click=ask_next,
        args=(next_.question,),
    )


def conversation(held: Assistant, desk: Desk, thread: KeptThread) -> DeltaGenerator:
    """Draw the turns; returns the place under the last one.

    Each keeps its key when others follow: what is on screen is not made anew.
    """
    n = len(thread.turns)
    first = first_shown(thread)
    for index in range(first, n):
        last = index == n - 1
        with st.container(key=f"turn_{thread.turns[index].ordinal}"):
            turn_screen(held, desk, thread, thread.turns[index], last=last)
            below = st.container()
    return below


def main() -> None:
    held = shared.assistant()
    if not shared.n_papers(held):
        first.empty(held, held.settings)
        return
    desk = conversations.desk(held)
    wanted = conversations.current()
    thread = conversations.read(desk.store, wanted)
    above = st.bottom.container()
    typed = st.chat_input("Ask about papers or people")
    pending: Pending | None = st.session_state.pop("pending", None)
    if typed and typed.strip():
        pending = Pending(typed.strip())
    if pending is not None and wanted is not None and thread is None:
        held_back(pending)  # it may have been meant as the next one of what is gone
    elif pending is not None:
        thread = asked(desk, thread, pending)
    with above:
        terms.bar(held, desk.store, thread)
    sidebar(held, desk, thread)
    hero = st.empty()
    if thread is None or not thread.turns:
        filters = terms.terms(thread).filters
        with hero.container():
            settings = terms.settings(held, thread)
            first.warn(settings)
            if filters:
                openings.screen(held, filters)
            else:
                first.welcome(held, settings, ask_next)
        shared.panel(held)
        return
    hero.empty()  # at once, not only when the answer is whole
    below = conversation(held, desk, thread)
    conversations.say_unkept(desk.store, thread)
    shared.panel(held)
    with below:
        going_on(held, desk, desk.store.thread(thread.thread_id))


main()
