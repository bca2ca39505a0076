"""The first screen: the library at a glance, a question of each kind, and problems with a button to fix each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.answers.glance import Glance, build_glance
from rag.app.assistant import Assistant
from rag.app.preflight import Obstacle, fetch_model, find_obstacles
from rag.config.settings import Settings
from rag.ingest.watching import format_ingest_state
from rag.types import Thread
from rag.types.errors import RagError
from rag.types.ingests import IngestState
from ui.components import session
from ui.components.click_component import render_clickable
from ui.views import welcome_html
from ui.views.escaping import fault, plain

LOOK_AGAIN_S = 20
KINDS = (
    (":material/format_quote:", "What a paper says"),
    (":material/group:", "Who works on it"),
    (":material/person:", "One person"),
    (":material/list:", "Counts and lists"),
)
"""Icon and kind of each question of the first screen, in order."""
TOPICS, NEWEST, PEOPLE = 10, 5, 10


@st.cache_data(show_spinner=False, max_entries=2)
def load_glance(_assistant: Assistant, fingerprint: str) -> Glance:
    """What the library is about, for this state of it."""
    return build_glance(_assistant.library.view, TOPICS, NEWEST, PEOPLE)


@st.cache_data(show_spinner=False, max_entries=2)
def load_openings(_assistant: Assistant, fingerprint: str) -> tuple[str, ...]:
    """Questions of different kinds, each answered before it is offered, for this state of the library."""
    return _assistant.openings(Thread())


def render_head(assistant: Assistant) -> None:
    """Draw what Paperfolk is, and how much is in the library."""
    glance = load_glance(assistant, assistant.library.fingerprint)
    st.html(welcome_html.render_head(glance))


def render_library(assistant: Assistant, ask: Callable[[str], None]) -> None:
    """Draw a question of each kind, and the library itself: its topics, newest papers and people."""
    fingerprint = assistant.library.fingerprint
    with st.container(key="examples"):
        columns: Sequence[DeltaGenerator] = ()
        for index, question in enumerate(load_openings(assistant, fingerprint)):
            if not index % 2:  # row by row, so that a narrow screen keeps the order
                columns = st.columns(2)
            icon, kind = KINDS[index] if index < len(KINDS) else ("", "")
            columns[index % 2].button(
                f"{plain(question)}  \n:small[{plain(kind)}]",
                key=f"example_{index}",
                icon=icon or None,
                width="stretch",
                on_click=ask,
                args=(question,),
            )

    def handle_press(what: str, value: str) -> None:
        if what == "ask":
            ask(value)
        else:
            session.handle_act(what, value)

    render_clickable(
        welcome_html.render_glance(load_glance(assistant, fingerprint)),
        key="glance",
        on_act=handle_press,
    )


def render_empty(assistant: Assistant, settings: Settings) -> None:
    """Draw the screen of an empty library: what Paperfolk is, and the two ways to add papers."""
    st.html(
        '<div class="hero"><h1>No papers yet</h1><p>Paperfolk answers questions from papers that it '
        "has read, quotes them, and finds the people behind them.</p></div>"
    )
    missing = find_obstacles(settings)
    hindered = any(obstacle.what == "model" for obstacle in missing)
    show_obstacles(missing, settings)
    documents = _list_documents(settings.seeds)
    with st.container(horizontal=True, vertical_alignment="center"):
        seeds_pressed = documents and st.button(
            "Read the documents",
            icon=":material/library_add:",
            type="primary",
            disabled=hindered,
        )
        own_pressed = st.button("Add your own papers", icon=":material/upload_file:")
    if documents:
        st.caption(
            f"{len(documents):,} documents in {plain(settings.seeds.name)}; it takes some seconds."
        )
    if own_pressed:
        st.switch_page(session.LIBRARY)
    if seeds_pressed:
        read_seeds(assistant, documents)


def _list_documents(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.txt")) if folder.is_dir() else []


def read_seeds(assistant: Assistant, documents: Sequence[Path]) -> None:
    """Ingest the seeds; each is named explicitly, so those removed earlier are read again."""
    bar = st.progress(0.0, "reading …")

    def report(state: IngestState) -> None:
        bar.progress(state.share, plain(format_ingest_state(state)))

    try:
        assistant.ingest(documents, watch=report)
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")
    else:
        st.rerun()


# --- what is missing --------------------------------------------------------------------------


@st.cache_data(show_spinner=False, ttl=LOOK_AGAIN_S, max_entries=4)
def _find_missing(settings: Settings) -> tuple[Obstacle, ...]:
    return find_obstacles(settings)


def show_warnings(settings: Settings) -> None:
    """Show above a conversation what is missing; checked at most once in a few seconds."""
    show_obstacles(_find_missing(settings), settings)


def show_obstacles(missing: tuple[Obstacle, ...], settings: Settings) -> None:
    for obstacle in missing:
        with st.container(key=f"obstacle_{obstacle.what}", border=True):
            st.markdown(
                ":material/download: **The embedded model is missing**"
                if obstacle.what == "model"
                else ":material/cloud_off: **No model server**"
            )
            st.markdown(fault(_format_sentence(obstacle.message)))
            with st.container(horizontal=True):
                if obstacle.mendable and st.button(
                    "Fetch the model (80 MB)", type="primary", key="fetch"
                ):
                    fetch(settings)
                st.button("Look again", key=f"again_{obstacle.what}", on_click=_find_missing.clear)


def fetch(settings: Settings) -> None:
    """Download the model; if that fails, show the reason in one sentence."""
    try:
        with st.spinner("fetching the embedded model, once …"):
            fetch_model(settings)
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")
    else:
        _find_missing.clear()
        st.rerun()


def _format_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
