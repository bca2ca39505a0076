"""Chat: questions, cited answers, and the cited paper beside them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.app.assistant import Assistant
from rag.app.conversations import StoredThread
from rag.app.jobs import AnswerJobs
from rag.types import Condition
from ui.components import conversation_list, filter_bar, selected_papers, session
from ui.components.chat_turn import Pending, ask_next, render_suggestions, render_turn
from ui.components.manners import place_phone_bar, render_phone_bar
from ui.screens import welcome
from ui.views.escaping import plain

SHOWN_TURNS = 12
"""Number of turns drawn of a long conversation; each click adds as many."""


def render_sidebar(assistant: Assistant, desk: AnswerJobs, thread: StoredThread | None) -> None:
    with st.sidebar:
        conversation_list.render_conversations(desk.store, thread, assistant)


def get_first_drawn(thread: StoredThread) -> int:
    """Index of the first turn to draw; earlier turns are added on request."""
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


def start_answer(desk: AnswerJobs, thread: StoredThread | None, next_: Pending) -> StoredThread:
    """Start answering the next question, in a new thread if none is open."""
    session.close_source()
    if thread is None:
        thread_id = desk.store.create_thread(next_.question)
    else:
        thread_id = thread.thread_id
    desk.ask(thread_id, next_.question, instead_of=next_.instead_of, reading=next_.reading)
    if thread is None:
        conversation_list.open_thread(thread_id)
    return desk.store.get_thread(thread_id)


def ask_before_new_thread(next_: Pending) -> None:
    """Offer to ask the question in a new conversation, as its own was deleted."""
    st.button(
        f"Ask “{plain(next_.question)}” in a new conversation",
        icon=":material/edit_square:",
        key="held_back",
        on_click=ask_next,
        args=(next_.question,),
    )


def render_conversation(
    assistant: Assistant,
    desk: AnswerJobs,
    thread: StoredThread,
    render_others: Callable[[], None],
) -> DeltaGenerator:
    """Draw the turns; returns the container below the last one.

    A turn keeps its key when others follow, so it is not redrawn. While the last one is being
    answered it comes first, and behind its first words the turns before it and the other parts of
    the page (``render_others``).
    """
    turns = thread.turns[get_first_drawn(thread) :]
    places = [st.container(key=f"turn_{turn.ordinal}") for turn in turns]

    def render_earlier() -> None:
        for place, turn in zip(places, turns[:-1], strict=False):
            with place:
                render_turn(assistant, desk, thread, turn, last=False)
                st.container()
        render_others()

    growing = desk.open(thread.thread_id, turns[-1].ordinal) is not None
    if not growing:
        render_earlier()
    with places[-1]:
        render_turn(
            assistant, desk, thread, turns[-1],
            last=True, render_others=render_earlier if growing else None,
        )  # fmt: skip
        return st.container()


def open_about(desk: AnswerJobs) -> None:
    """Begin the conversation that a page asked for: about one paper."""
    if paper_id := st.query_params.get("about"):
        st.query_params.pop("about")
        condition = Condition("paper", "in", (paper_id,))
        conversation_list.open_thread(desk.store.create_thread(filters=(condition,)))


def render_input(assistant: Assistant, desk: AnswerJobs, thread: StoredThread | None) -> None:
    """Draw the input with the filters and the model of the next answer."""
    st.chat_input("Ask about papers or people", key="typed")
    filter_bar.render_bar(assistant, desk.store, thread)


def main() -> None:
    assistant = session.get_assistant()
    if assistant.library.is_empty:
        welcome.render_empty(assistant, assistant.settings)
        return
    desk = conversation_list.get_jobs(assistant)
    open_about(desk)
    wanted = conversation_list.get_current()
    thread = conversation_list.read(desk.store, wanted)
    typed: str | None = st.session_state.get("typed")
    pending: Pending | None = st.session_state.pop("pending", None)
    if typed and typed.strip():
        pending = Pending(typed.strip())
    if pending is not None and wanted is not None and thread is None:
        ask_before_new_thread(pending)  # it may have been meant as the next one of what is gone
    elif pending is not None:
        thread = start_answer(desk, thread, pending)
    begun = thread is not None and bool(thread.turns)
    filters = filter_bar.get_terms(thread).filters
    phone_bar = place_phone_bar()
    hero = st.empty()
    if begun or filters:
        hero.empty()  # at once, not only when the answer is whole: there is one input at a time

    def render_frame() -> None:
        with phone_bar:
            render_phone_bar(thread.name if begun and thread else "Paperfolk", can_begin=begun)
        if begun or filters:
            # Explicitly at the bottom: an input that Streamlit puts there pulls the page to its end.
            with st.bottom:
                render_input(assistant, desk, thread)
        render_sidebar(assistant, desk, thread)

    if not begun:
        render_frame()
        with hero.container():
            welcome.show_warnings(filter_bar.get_settings(assistant, thread))
            if filters:
                selected_papers.render_start(assistant, filters)
            else:
                welcome.render_head(assistant)
                with st.container(key="centre"):
                    render_input(assistant, desk, thread)
                welcome.render_library(assistant, ask_next)
        session.draw_panel(assistant)
        return
    assert thread is not None
    below = render_conversation(assistant, desk, thread, render_frame)
    conversation_list.say_unkept(desk.store, thread)
    session.draw_panel(assistant)
    with below:
        render_suggestions(assistant, desk, desk.store.get_thread(thread.thread_id))


main()
