"""What every screen shares: the assistant, the style, the side panel with a paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from types import MappingProxyType

import streamlit as st

from rag import uploads
from rag.config import Settings, load
from rag.errors import LibraryEmpty, NotFound, RagError
from rag.pipeline import Assistant, build
from rag.threadexport import answer_markdown
from rag.types import Answer, Paper, Span
from ui import views
from ui.board import Act, asset, board
from ui.escaping import fault, without_paths

CHAT, PEOPLE, PAPERS, LIBRARY, QUALITY = (
    "screens/chat.py",
    "screens/people.py",
    "screens/papers.py",
    "screens/library.py",
    "screens/quality.py",
)

Acts = Mapping[str, Callable[[str], None]]


@st.cache_resource(show_spinner="opening the library …")
def build_once(settings: Settings) -> Assistant:
    """The assistant for these settings; one a server."""
    uploads.sweep(settings.data)
    held = build(settings)
    if n_papers(held):
        with suppress(RagError):  # what cannot be used is said when it is needed
            held.retrieve("warm up", 1)
    return held


def assistant() -> Assistant:
    """The one assistant of this server; a screen that cannot have it says why and stops."""
    try:
        return build_once(load())
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")
        st.stop()


def n_papers(held: Assistant) -> int:
    """Papers in the library; 0 before the first ingest."""
    try:
        return held.library.n_papers
    except LibraryEmpty:
        return 0


def telling(act: Callable[..., object]) -> Callable[..., None]:
    """A callback whose fault is said on the page, in its sentence, when the page is drawn."""

    @wraps(act)
    def acting(*values: object, **named: object) -> None:
        try:
            act(*values, **named)
        except RagError as exc:
            st.session_state["fault"] = str(exc)

    return acting


def say_fault() -> None:
    """What a callback could not do."""
    if message := st.session_state.pop("fault", None):
        st.error(fault(message), icon=":material/error:")


def style() -> None:
    st.html(f"<style>{asset('board.css')}{asset('page.css')}</style>")


def mode(settings: Settings) -> tuple[str, str]:
    """What answers, in a word and in a sentence."""
    if settings.generative:
        name = settings.chat_model_name
        return name, f"{name} words the answers; code checks each quote against the papers."
    return "extractive", "Answers are sentences quoted from the papers; no language model is used."


def papers_of(held: Assistant, answer: Answer) -> dict[str, Paper]:
    """The papers that an answer cites or counts on, by id."""
    ids = {c.paper_id for c in answer.citations}
    ids.update(key for expert in answer.experts for key in expert.papers)
    return papers_by_id(held, ids)


def papers_by_id(held: Assistant, ids: Iterable[str]) -> dict[str, Paper]:
    return {paper.paper_id: paper for paper in held.library.papers(list(ids))}


@st.cache_data(show_spinner=False, max_entries=2)
def _names(_held: Assistant, fingerprint: str) -> frozenset[str]:
    """Every name that this state of the library prints."""
    return frozenset(person.name for person in _held.library.persons())


def people_in(held: Assistant, answer: Answer, papers: Iterable[Paper]) -> frozenset[str]:
    """The people whom an answer may name: in bold, or on one of the papers behind it."""
    printed = frozenset(a.name for paper in papers for a in paper.authorships)
    return printed | (views.bold(answer.text) & _names(held, held.library.fingerprint))


# --- the side panel -------------------------------------------------------------------------


def open_source(paper_id: str, span: Span | None = None, mark: object = None) -> None:
    """Show a paper beside the page from the next run on; ``mark`` says which chip opened it."""
    st.session_state["source"] = (paper_id, span, mark)


def opened() -> object:
    """The mark of the chip whose paper is open, or None."""
    source = st.session_state.get("source")
    return source[2] if source else None


def close_source() -> None:
    st.session_state.pop("source", None)


def act(what: str, value: str) -> None:
    """Do what a pressed element asks for, where that is the same on every screen."""
    if what == "paper":
        open_source(value, mark=value)
    elif what == "person":
        st.session_state["go_to"] = {"name": value}
    elif what == "topic":
        st.session_state["go_to"] = {"topic": value}
    elif what == "close":
        close_source()


def acting(answer: Answer, where: object, acts: Acts) -> Act:
    """What the pressed elements of one answer do; ``where`` tells it from others on the page."""
    cited = {str(citation.marker): citation for citation in answer.citations}

    def on_act(what: str, value: str) -> None:
        if what == "cite" and value in cited:
            citation = cited[value]
            open_source(citation.paper_id, citation.span, (where, citation.marker))
        elif what in acts:
            telling(acts[what])(value)
        else:
            act(what, value)

    return on_act


def pathless(answer: Answer) -> Answer:
    """The answer without this server's paths in what it says of faults."""
    text = without_paths(answer.text) if answer.status == "failed" else answer.text
    return replace(answer, text=text, warnings=tuple(map(without_paths, answer.warnings)))


def tell(
    held: Assistant,
    answer: Answer,
    key: str,
    *,
    scroll: bool = False,
    tools: str = "",
    acts: Acts = MappingProxyType({}),
) -> None:
    """Draw an answer with its chips and references.

    Args:
        held: Whose library holds the papers.
        answer: Whole.
        key: Its own on the page.
        scroll: Whether the page moves to the last question when this first appears.
        tools: What can be done with it; see `ui.tools`.
        acts: What each of these does with the pressed element's value, by its act.
    """
    answer = pathless(answer)
    mark = opened()
    active = mark[1] if isinstance(mark, tuple) and mark[0] == key else None
    papers = papers_of(held, answer)
    board(
        views.answer(
            answer,
            papers,
            active,
            people_in(held, answer, papers.values()),
            tools=tools,
            can_reread="reread" in acts,
        ),
        key=key,
        on_act=acting(answer, key, acts),
        cards=views.cards(answer, papers),
        copied=answer_markdown(answer, list(papers.values())) if tools else "",
        scroll=scroll,
    )


def panel(held: Assistant) -> None:
    """Draw the opened paper, if there is one, and go to the people that were pressed."""
    asked = st.session_state.pop("go_to", None)
    if asked is not None:
        close_source()
        st.switch_page(PEOPLE, query_params=asked)
    source = st.session_state.get("source")
    if not source:
        return
    paper_id, span, _ = source
    try:
        paper = held.paper(paper_id)
    except NotFound:
        close_source()
        st.toast("This paper is no longer in the library.")
        return
    with st.container(key="source"):
        st.button(
            "Close",
            key="close_source",
            icon=":material/close:",
            type="tertiary",
            on_click=close_source,
        )
        board(views.source(paper, span), key="source_board", on_act=act, closable=True)
