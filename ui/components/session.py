"""The parts that all screens share: the assistant, the style, the side panel with a paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from types import MappingProxyType

import streamlit as st

from rag.app.assistant import Assistant, build
from rag.app.conversation_export import answer_markdown
from rag.config.settings import Settings, load
from rag.ingest import uploads
from rag.types import Answer, Paper, Reading, Span
from rag.types.errors import LibraryEmpty, NotFound, RagError, ReadError
from ui.components.click_component import Act, read_asset, render_clickable
from ui.views import answer_html
from ui.views.escaping import fault, plain, without_paths
from ui.views.reading_chips import list_paper_ids, render_chips

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
    """Build the assistant for these settings, once for the whole server."""
    uploads.sweep(settings.data)
    built = build(settings)
    if count_papers(built):
        with suppress(RagError):  # what cannot be used is said when it is needed
            built.retrieve("warm up", 1)
    return built


def get_assistant() -> Assistant:
    """The assistant of this server; if it cannot be built, show the reason and stop the script."""
    try:
        return build_once(load())
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")
        st.stop()


def count_papers(assistant: Assistant) -> int:
    """Papers in the library; 0 before the first ingest."""
    try:
        return assistant.library.n_papers
    except LibraryEmpty:
        return 0


def telling(act: Callable[..., object]) -> Callable[..., None]:
    """Wrap a callback so that its error is shown on the page as one sentence."""

    @wraps(act)
    def acting(*values: object, **names: object) -> None:
        try:
            act(*values, **names)
        except RagError as exc:
            st.session_state["fault"] = str(exc)

    return acting


def say_fault() -> None:
    """Show the error of a callback."""
    if message := st.session_state.pop("fault", None):
        st.error(fault(message), icon=":material/error:")


def apply_style() -> None:
    st.html(f"<style>{read_asset('board.css')}{read_asset('page.css')}</style>")


def get_mode(settings: Settings) -> tuple[str, str]:
    """The mode of answering, as a word and as a sentence."""
    if settings.generative:
        name = settings.chat_model_name
        return name, f"{name} words the answers; code checks each quote against the papers."
    return "extractive", "Answers are sentences quoted from the papers; no language model is used."


def get_papers_of(assistant: Assistant, answer: Answer) -> dict[str, Paper]:
    """The papers that an answer cites or uses, by id."""
    ids = {c.paper_id for c in answer.citations}
    ids.update(key for expert in answer.experts for key in expert.papers)
    return get_papers_by_id(assistant, ids)


def get_papers_by_id(assistant: Assistant, ids: Iterable[str]) -> dict[str, Paper]:
    return {paper.paper_id: paper for paper in assistant.library.list_papers(list(ids))}


def get_titles(assistant: Assistant, reading: Reading) -> dict[str, str]:
    """What the papers are called that a question was about."""
    papers = get_papers_by_id(assistant, list_paper_ids(reading))
    return {paper_id: paper.name for paper_id, paper in papers.items()}


@st.cache_data(show_spinner=False, max_entries=2)
def _load_names(_assistant: Assistant, fingerprint: str) -> frozenset[str]:
    """All names printed in this state of the library."""
    return frozenset(person.name for person in _assistant.library.list_persons())


def find_people_in(assistant: Assistant, answer: Answer, papers: Iterable[Paper]) -> frozenset[str]:
    """The people an answer may mention: names in bold, and authors of the papers behind it."""
    printed = frozenset(a.name for paper in papers for a in paper.authorships)
    return printed | (
        answer_html.extract_bold(answer.text)
        & _load_names(assistant, assistant.library.fingerprint)
    )


# --- the side panel -------------------------------------------------------------------------


def open_source(paper_id: str, span: Span | None = None, mark: object = None) -> None:
    """Show a paper beside the page from the next run on; ``mark`` is the chip that opened it."""
    st.session_state["source"] = (paper_id, span, mark)


def get_opened() -> object:
    """Identifier of the chip whose paper is open, or None."""
    source = st.session_state.get("source")
    return source[2] if source else None


def close_source() -> None:
    st.session_state.pop("source", None)


def handle_act(what: str, value: str) -> None:
    """Handle clicks whose effect is the same on every screen."""
    if what == "paper":
        open_source(value, mark=value)
    elif what == "person":
        st.session_state["go_to"] = {"name": value}
    elif what == "topic":
        st.session_state["go_to"] = {"topic": value}
    elif what == "close":
        close_source()


def build_act_handler(answer: Answer, where: object, acts: Acts) -> Act:
    """Build the click handler of one answer; ``where`` is unique on the page."""
    cited = {str(citation.marker): citation for citation in answer.citations}

    def handle_press(what: str, value: str) -> None:
        if what == "cite" and value in cited:
            citation = cited[value]
            open_source(citation.paper_id, citation.span, (where, citation.marker))
        elif what in acts:
            telling(acts[what])(value)
        else:
            handle_act(what, value)

    return handle_press


def pathless(answer: Answer) -> Answer:
    """The answer with this server's file paths removed from its messages about faults."""
    text = without_paths(answer.text) if answer.status == "failed" else answer.text
    return replace(answer, text=text, warnings=tuple(map(without_paths, answer.warnings)))


def draw_answer(
    assistant: Assistant,
    answer: Answer,
    key: str,
    *,
    scroll: bool = False,
    tools: str = "",
    acts: Acts = MappingProxyType({}),
    opened: str | None = None,
) -> None:
    """Draw an answer with its citations, its references and how its question was read.

    Args:
        assistant: Its library contains the papers.
        answer: A complete answer.
        key: Unique on the page.
        scroll: Whether the page moves to the last question when this first appears.
        tools: HTML of the buttons; see `ui.components.answer_actions`.
        acts: Handlers of these buttons by act; each gets the value of the clicked element.
        opened: The part of the query that is being changed.
    """
    answer = pathless(answer)
    mark = get_opened()
    active = mark[1] if isinstance(mark, tuple) and mark[0] == key else None
    papers = get_papers_of(assistant, answer)
    chips = ""
    if answer.reading is not None and answer.status != "failed":
        titles = get_titles(assistant, answer.reading)
        chips = render_chips(answer.reading, titles, can_change="change" in acts, opened=opened)
    render_clickable(
        answer_html.render_answer_html(
            answer,
            papers,
            active,
            find_people_in(assistant, answer, papers.values()),
            chips=chips,
            tools=tools,
        ),
        key=key,
        on_act=build_act_handler(answer, key, acts),
        cards=answer_html.build_cards(answer, papers),
        copied=answer_markdown(answer, list(papers.values())) if tools else "",
        scroll=scroll,
    )


def draw_panel(assistant: Assistant) -> None:
    """Draw the open paper, if any, and switch to a person that was clicked."""
    destination = st.session_state.pop("go_to", None)
    if destination is not None:
        close_source()
        st.switch_page(PEOPLE, query_params=destination)
    source = st.session_state.get("source")
    if not source:
        return
    paper_id, span, _ = source
    try:
        paper = assistant.paper(paper_id)
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
        if span and paper.page_starts and _draw_page(assistant, paper, span):
            span = None  # marked on the page, which the text below must not scroll away
        render_clickable(
            answer_html.render_source(paper, span),
            key="source_board",
            on_act=handle_act,
            closable=True,
        )


def _draw_page(assistant: Assistant, paper: Paper, span: Span) -> bool:
    """Draw the page that a quote stands on, the quote marked, if it can be; once for each quote."""
    key = (paper.paper_id, span)
    drawn_key, image = st.session_state.get("drawn_page", (None, None))
    if drawn_key != key:
        try:
            with st.spinner("drawing the page …"):
                image = assistant.draw_page(paper, span)
        except ReadError as exc:
            st.caption(plain(str(exc)))
            image = None
        st.session_state["drawn_page"] = (key, image)
    if image is not None:
        page = f"Page {paper.find_page(span[0])} of {len(paper.page_starts)}"
        st.image(image, caption=plain(page), width="stretch")
    return image is not None
