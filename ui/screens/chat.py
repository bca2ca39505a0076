"""Chat: questions, cited answers, and the cited paper beside them."""

from __future__ import annotations

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.asking import Asking, Desk
from rag.errors import RagError
from rag.pipeline import Assistant
from rag.threadstore import KeptThread, KeptTurn
from rag.types import Answer, Delta, Step
from ui import conversations, shared, views

REDRAW_S = 0.04
SHOWN_TURNS = 20


def ask_next(question: str) -> None:
    """Ask in the next run, as if it had been typed."""
    st.session_state["pending"] = question


def sidebar(held: Assistant, desk: Desk, thread: KeptThread | None) -> None:
    with st.sidebar:
        name, sentence = shared.mode(held.settings)
        generative = held.settings.generative
        st.badge(
            name,
            icon=":material/smart_toy:" if generative else ":material/format_quote:",
            color="violet" if generative else "green",
        )
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


def frame(question: str) -> DeltaGenerator:
    """Draw a question; returns the place of its answer."""
    with st.chat_message("user"):
        st.html(views.question(question))
    with st.chat_message("assistant"):
        return st.empty()


def listen(asking: Asking, desk: Desk, place: DeltaGenerator, *, stoppable: bool) -> None:
    """Show steps and words as they come, until the answer is whole or stopped."""
    steps: list[tuple[str, float]] = []
    text, drawn = "", 0.0
    with place.container():
        words, below = st.empty(), st.empty()
        if stoppable:
            below.button(
                "Stop",
                key="stop",
                icon=":material/stop_circle:",
                type="tertiary",
                on_click=desk.stop,
                args=(asking.turn[0],),
            )
    for timed in asking.watch():
        event = timed.event
        first = isinstance(event, Delta) and not text
        if isinstance(event, Step):
            steps.append((event.name, timed.at_s))
        elif isinstance(event, Delta):
            text += event.text
        if not isinstance(event, Answer) and (first or time.monotonic() - drawn > REDRAW_S):
            words.html(views.working(steps, text))
            drawn = time.monotonic()
    below.empty()


def turn_screen(held: Assistant, desk: Desk, thread_id: str, turn: KeptTurn, *, last: bool) -> None:
    """Draw one turn; an answer in the making is drawn as it grows."""
    place = frame(turn.question)
    asking = desk.open(thread_id, turn.ordinal) if turn.answer is None else None
    if asking is not None:
        listen(asking, desk, place, stoppable=held.settings.generative)
    if turn.answer is None:  # it may have been kept since the thread was read
        after = desk.store.thread(thread_id).turns
        turn = next((one for one in after if one.ordinal == turn.ordinal), turn)
    with place.container():
        if turn.answer is None:
            st.html(views.interrupted(turn.words))
        else:
            key = f"answer_{thread_id}_{turn.ordinal}"
            shared.tell(held, turn.answer, key, scroll=asking is not None)
        if last and (turn.answer is None or turn.answer.status == "failed"):
            st.button(
                "Try again",
                icon=":material/refresh:",
                on_click=retry,
                args=(desk, thread_id, turn),
            )


def retry(desk: Desk, thread_id: str, turn: KeptTurn) -> None:
    """Take the question back and ask it again."""
    desk.store.forget_from(thread_id, turn.ordinal)
    ask_next(turn.question)


def asked(desk: Desk, thread: KeptThread | None, question: str) -> KeptThread:
    """Begin to answer the next question, in a new thread if none is open."""
    shared.close_source()
    thread_id = thread.thread_id if thread else desk.store.begin(question)
    desk.ask(thread_id, question)
    if thread is None:
        conversations.open_thread(thread_id)
    return desk.store.thread(thread_id)


def conversation(held: Assistant, desk: Desk, thread: KeptThread) -> None:
    n = len(thread.turns)
    first = first_shown(n)
    for index in range(first, n):
        last = index == n - 1
        with st.container(key="last_turn" if last else f"turn_{index}"):
            turn_screen(held, desk, thread.thread_id, thread.turns[index], last=last)


def main() -> None:
    held = shared.assistant()
    n_papers = shared.n_papers(held)
    if not n_papers:
        empty_library(held)
        return
    desk = conversations.desk(held)
    thread = conversations.read(desk.store, conversations.current())
    typed = st.chat_input("Ask about papers or people")
    question = (typed or st.session_state.pop("pending", None) or "").strip()
    if question:
        thread = asked(desk, thread, question)
    sidebar(held, desk, thread)
    hero = st.empty()
    if thread is None or not thread.turns:
        with hero.container():
            welcome(held, n_papers)
    else:
        hero.empty()  # at once, not only when the answer is whole
        conversation(held, desk, thread)
    shared.panel(held)


main()
