"""Chat: questions, cited answers, and the cited paper beside them."""

from __future__ import annotations

from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.asking import Desk
from rag.errors import RagError
from rag.pipeline import Assistant
from rag.threadstore import KeptThread
from ui import conversations, shared, terms
from ui.turns import Pending, ask_next, going_on, turn_screen

SHOWN_TURNS = 20


def sidebar(held: Assistant, desk: Desk, thread: KeptThread | None) -> None:
    with st.sidebar:
        settings = terms.settings(held, thread)
        name, sentence = shared.mode(settings)
        color: Literal["violet", "green"] = "violet" if settings.generative else "green"
        st.badge(name, icon=terms.icon(name), color=color)
        st.caption(sentence)
        conversations.listing(desk.store, thread, held)


def welcome(held: Assistant, n_papers: int) -> None:
    _, sentence = shared.mode(held.settings)
    st.html(
        '<div class="hero"><h1>Ask your papers,<br>and find the people behind them</h1>'
        f"<p>{n_papers:,} papers are in. Every answer quotes the paper it comes from; "
        "a number opens the sentence.</p>"
        f'<p class="how">{sentence}</p></div>'
    )
    with st.container(key="examples"):
        columns = st.columns(2)
        for index, question in enumerate(held.examples()):
            columns[index % 2].button(
                question,
                key=f"example_{index}",
                width="stretch",
                on_click=ask_next,
                args=(question,),
            )


def empty_library(held: Assistant) -> None:
    st.html(
        '<div class="hero"><h1>No papers yet</h1><p>Paperfolk answers from papers that it has read. '
        "Read the seed documents now, or add your own on the Library page.</p></div>"
    )
    if st.button("Read the seed documents", icon=":material/library_add:", type="primary"):
        bar = st.progress(0.0, "reading …")

        def report(step: str, done: int, total: int) -> None:
            bar.progress(min(done / max(total, 1), 1.0), f"{step} …")

        try:
            held.ingest(progress=report)
        except RagError as exc:
            st.error(str(exc), icon=":material/error:")
        else:
            st.rerun()


def first_shown(n: int) -> int:
    """Where the drawn part of n turns begins; a long thread is drawn whole only on request."""
    hidden = n - SHOWN_TURNS
    if hidden <= 0 or st.session_state.get("whole"):
        return 0
    if st.button(f"Show {hidden} earlier", icon=":material/history:", type="tertiary"):
        st.session_state["whole"] = True
        st.rerun()
    return hidden


def asked(desk: Desk, thread: KeptThread | None, next_: Pending) -> KeptThread:
    """Begin to answer the next question, in a new thread if none is open."""
    shared.close_source()
    chosen = terms.terms(thread)
    if thread is None:
        thread_id = desk.store.begin(next_.question, chosen.filters, chosen.model)
        st.session_state.pop("terms", None)
    else:
        thread_id = thread.thread_id
    desk.ask(thread_id, next_.question, instead_of=next_.instead_of, read_as=next_.read_as)
    if thread is None:
        conversations.open_thread(thread_id)
    return desk.store.thread(thread_id)


def conversation(held: Assistant, desk: Desk, thread: KeptThread) -> DeltaGenerator:
    """Draw the turns; returns the place under the last one."""
    n = len(thread.turns)
    first = first_shown(n)
    for index in range(first, n):
        last = index == n - 1
        with st.container(key="last_turn" if last else f"turn_{index}"):
            turn_screen(held, desk, thread, thread.turns[index], last=last)
            below = st.container()
    return below


def main() -> None:
    held = shared.assistant()
    n_papers = shared.n_papers(held)
    if not n_papers:
        empty_library(held)
        return
    desk = conversations.desk(held)
    thread = conversations.read(desk.store, conversations.current())
    above = st.bottom.container()
    typed = st.chat_input("Ask about papers or people")
    pending: Pending | None = st.session_state.pop("pending", None)
    if typed and typed.strip():
        pending = Pending(typed.strip())
    if pending is not None:
        thread = asked(desk, thread, pending)
    with above:
        terms.bar(held, desk.store, thread)
    sidebar(held, desk, thread)
    hero = st.empty()
    if thread is None or not thread.turns:
        with hero.container():
            welcome(held, n_papers)
        shared.panel(held)
        return
    hero.empty()  # at once, not only when the answer is whole
    below = conversation(held, desk, thread)
    shared.panel(held)
    with below:
        going_on(held, desk, desk.store.thread(thread.thread_id))


main()
