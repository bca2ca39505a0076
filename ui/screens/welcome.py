"""The first screen: what Paperfolk is, example questions, and problems with a button to fix each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

import streamlit as st

from rag.answers.phrases import ROUTE_WORDS
from rag.app.assistant import Assistant
from rag.app.preflight import Obstacle, fetch_model, find_obstacles
from rag.config.settings import Settings
from rag.ingest.watching import format_ingest_state
from rag.types.errors import RagError
from rag.types.ingests import IngestState
from ui.components import session
from ui.views.escaping import fault, plain

LOOK_AGAIN_S = 20
ROUTES = (
    (":material/article:", ROUTE_WORDS["content"]),
    (":material/group:", ROUTE_WORDS["experts"]),
    (":material/person:", ROUTE_WORDS["person"]),
    (":material/list:", ROUTE_WORDS["catalogue"]),
)
"""Icon and kind of each example question, in the order shown."""


def render_welcome(assistant: Assistant, settings: Settings, ask: Callable[[str], None]) -> None:
    """Draw what Paperfolk is, what the mode means, and an example question of each kind."""
    _, sentence = session.get_mode(settings)
    st.html(
        '<div class="hero"><h1>Ask your papers,<br>and find the people behind them</h1>'
        f"<p>{assistant.library.n_papers:,} papers are in. Every answer quotes the paper it comes from; "
        "a number opens the sentence. "
        "If the papers do not say, the answer tells you.</p>"
        f'<p class="how"><b>{escape(_format_mode(settings))} mode</b>: {escape(sentence)}</p></div>'
    )
    with st.container(key="examples"):
        columns = st.columns(2)
        for index, question in enumerate(assistant.examples()):
            icon, kind = ROUTES[index] if index < len(ROUTES) else ("", "")
            columns[index % 2].button(
                f"{plain(question)}  \n:small[{plain(kind)}]",
                key=f"example_{index}",
                icon=icon or None,
                width="stretch",
                on_click=ask,
                args=(question,),
            )


def render_empty(assistant: Assistant, settings: Settings) -> None:
    """Draw the screen of an empty library: what Paperfolk is, and the two ways to add papers."""
    _, sentence = session.get_mode(settings)
    st.html(
        '<div class="hero"><h1>No papers yet</h1><p>Paperfolk answers questions from papers that it '
        "has read, quotes them, and finds the people behind them.</p>"
        f'<p class="how"><b>{escape(_format_mode(settings))} mode</b>: {escape(sentence)}</p></div>'
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


def _format_mode(settings: Settings) -> str:
    return "Generative" if settings.generative else "Extractive"


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
