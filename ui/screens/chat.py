"""Chat: questions, cited answers, and the cited paper beside them."""

from __future__ import annotations

import time

import streamlit as st

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


def sidebar(held: Assistant) -> None:
    with st.sidebar:
        st.button(
            "New conversation",
            icon=":material/edit_square:",
            width="stretch",
            on_click=start_anew,
            disabled=not turns(),
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


def first_shown() -> int:
    """Where the drawn part of the thread begins; a long one is drawn whole only on request."""
    hidden = len(turns()) - SHOWN_TURNS
    if hidden <= 0 or st.session_state.get("whole"):
        return 0
    if st.button(f"Show {hidden} earlier", icon=":material/history:", type="tertiary"):
        st.session_state["whole"] = True
        st.rerun()
    return hidden


def draw(held: Assistant, index: int, turn: Turn) -> None:
    with st.chat_message("user"):
        st.html(views.question(turn.question))
    with st.chat_message("assistant"):
        fresh = st.session_state.get("fresh") == index
        shared.tell(held, turn.answer, f"answer_{index}", scroll=fresh)
    if turn.answer.status == "failed" and index == len(turns()) - 1:
        st.button("Try again", icon=":material/refresh:", on_click=retry, args=(turn.question,))


def retry(question: str) -> None:
    turns().pop()
    ask_next(question)


def answer_live(held: Assistant, question: str) -> Answer:
    """Ask, showing steps and words as they come."""
    with st.chat_message("user"):
        st.html(views.question(question))
    with st.chat_message("assistant"):
        place = st.empty()
        steps: list[str] = []
        text, drawn = "", 0.0
        try:
            for event in held.stream(question, thread()):
                if isinstance(event, Answer):
                    return event
                if isinstance(event, Step):
                    steps.append(event.name)
                elif isinstance(event, Delta):
                    text += event.text
                if time.monotonic() - drawn > REDRAW_S:
                    place.html(views.working(steps, text))
                    drawn = time.monotonic()
        except RagError as exc:
            return Answer(question, "failed", "unsupported", str(exc))
    raise AssertionError("a stream ends with its answer")


def main() -> None:
    held = shared.assistant()
    n_papers = shared.n_papers(held)
    if not n_papers:
        empty_library(held)
        return
    sidebar(held)
    typed = st.chat_input("Ask about papers or people")
    question = typed or st.session_state.pop("pending", None)
    if not turns() and not question:
        welcome(held, n_papers)
    last = len(turns()) if question else len(turns()) - 1
    for index in range(first_shown(), len(turns())):
        with st.container(key="last_turn" if index == last else f"turn_{index}"):
            draw(held, index, turns()[index])
    if question and question.strip():
        shared.close_source()
        with st.container(key="last_turn"):
            answer = answer_live(held, question.strip())
        st.session_state["fresh"] = len(turns())
        turns().append(Turn(question.strip(), answer))
        st.rerun()
    st.session_state.pop("fresh", None)
    shared.panel(held)


main()
