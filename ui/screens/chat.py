"""Chat: questions, cited answers, and the cited paper beside them."""

from __future__ import annotations

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.errors import RagError
from rag.pipeline import Assistant
from rag.types import Answer, Delta, Step, Thread, Turn
from ui import shared, views

REDRAW_S = 0.04
SHOWN_TURNS = 20


def turns() -> list[Turn]:
    held: list[Turn] = st.session_state.setdefault("turns", [])
    return held


def thread() -> Thread:
    """The conversation so far, without the turns that failed."""
    return Thread(tuple(turn for turn in turns() if turn.answer.status != "failed"))


def ask_next(question: str) -> None:
    """Ask in the next run, as if it had been typed."""
    st.session_state["pending"] = question


def start_anew() -> None:
    turns().clear()
    st.session_state.pop("whole", None)
    shared.close_source()


def sidebar(held: Assistant, *, begun: bool) -> None:
    with st.sidebar:
        st.button(
            "New conversation",
            icon=":material/edit_square:",
            width="stretch",
            on_click=start_anew,
            disabled=not begun,
        )
        name, sentence = shared.mode(held.settings)
        generative = held.settings.generative
        st.badge(
            name,
            icon=":material/smart_toy:" if generative else ":material/format_quote:",
            color="violet" if generative else "green",
        )
        st.caption(sentence)


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
        "Read the seed documents now, or add your own with <code>paperfolk ingest PATH</code>.</p></div>"
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


def retry(question: str) -> None:
    turns().pop()
    ask_next(question)


def frame(question: str) -> DeltaGenerator:
    """Draw a question; returns the place of its answer."""
    with st.chat_message("user"):
        st.html(views.question(question))
    with st.chat_message("assistant"):
        return st.empty()


def show(held: Assistant, index: int, place: DeltaGenerator, *, fresh: bool = False) -> None:
    """Draw the answer of one turn in its place; a fresh one brings its question into view."""
    turn = turns()[index]
    with place.container():
        shared.tell(held, turn.answer, f"answer_{index}", scroll=fresh)
        if turn.answer.status == "failed" and index == len(turns()) - 1:
            st.button("Try again", icon=":material/refresh:", on_click=retry, args=(turn.question,))


def listen(held: Assistant, question: str, place: DeltaGenerator) -> Answer:
    """Ask, showing steps and words as they come."""
    steps: list[str] = []
    text, drawn = "", 0.0
    try:
        for event in held.stream(question, thread()):
            if isinstance(event, Answer):
                return event
            first = isinstance(event, Delta) and not text
            if isinstance(event, Step):
                steps.append(event.name)
            elif isinstance(event, Delta):
                text += event.text
            if first or time.monotonic() - drawn > REDRAW_S:
                place.html(views.working(steps, text))
                drawn = time.monotonic()
    except RagError as exc:
        return Answer(question, "failed", "unsupported", str(exc))
    raise AssertionError("a stream ends with its answer")


def ask(held: Assistant, question: str) -> None:
    """Ask as the next turn of the thread, and draw it."""
    shared.close_source()
    place = frame(question)
    answer = listen(held, question, place)
    turns().append(Turn(question, answer))
    show(held, len(turns()) - 1, place, fresh=True)


def main() -> None:
    held = shared.assistant()
    n_papers = shared.n_papers(held)
    if not n_papers:
        empty_library(held)
        return
    typed = st.chat_input("Ask about papers or people")
    question = (typed or st.session_state.pop("pending", None) or "").strip()
    n = len(turns()) + bool(question)
    sidebar(held, begun=n > 0)
    hero = st.empty()
    if n:
        hero.empty()  # at once, not only when the answer is whole
    else:
        with hero.container():
            welcome(held, n_papers)
    for index in range(first_shown(n), n):
        with st.container(key="last_turn" if index == n - 1 else f"turn_{index}"):
            if index < len(turns()):
                show(held, index, frame(turns()[index].question))
            else:
                ask(held, question)
    shared.panel(held)


main()
