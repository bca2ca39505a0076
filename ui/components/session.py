"""The parts that all screens share: the assistant, the style, the side panel with a paper."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from types import MappingProxyType

import streamlit as st

from rag.answers.persons import format_caution
from rag.answers.portrait import build_portrait
from rag.app.assistant import Assistant, build
from rag.app.conversation_export import answer_markdown
from rag.config.settings import Settings, load
from rag.ingest import uploads
from rag.library.bibliography import format_papers
from rag.library.entry_names import name_entries
from rag.text.markdown import plain as escape_markdown
from rag.types import Answer, Paper, Reading, Span
from rag.types.errors import LibraryEmpty, NotFound, RagError, ReadError
from ui.components.click_component import Act, read_asset, render_clickable
from ui.components.open_paper import OpenPaper, Quotes
from ui.views import answer_html, markdown_html, paper_html, people_html, reference_html
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


@st.cache_resource(show_spinner=False, max_entries=16)
def _build_variant(_assistant: Assistant, settings: Settings) -> Assistant:
    return _assistant.copy_with_settings(settings)


def get_assistant() -> Assistant:
    """The assistant of this server, with this session's own model; where it cannot be built, say why and stop."""
    try:
        assistant = build_once(load())
        settings = st.session_state.get("own_model")
        return _build_variant(assistant, load(**settings)) if settings else assistant
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")
        st.stop()


def has_own_model() -> bool:
    """Whether this session has a chat model of its own."""
    return "own_model" in st.session_state


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
    st.html(
        f"<style>{read_asset('board.css')}{read_asset('answer.css')}{read_asset('page.css')}</style>"
    )


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
    return frozenset(_assistant.library.list_names())


def find_people_in(assistant: Assistant, answer: Answer, papers: Iterable[Paper]) -> frozenset[str]:
    """The people an answer may mention: names in bold or in a list, and authors of the papers behind it."""
    printed = frozenset(a.name for paper in papers for a in paper.authorships)
    return printed | (
        markdown_html.extract_spans(answer.text)
        & _load_names(assistant, assistant.library.fingerprint)
    )


# --- the side panel -------------------------------------------------------------------------


def get_opened() -> OpenPaper | None:
    return st.session_state.get("source")


def open_source(paper_id: str, mark: object = None, quotes: Quotes = ()) -> None:
    """Show a paper beside the page from the next run on; the parts as in `OpenPaper`."""
    st.session_state["source"] = OpenPaper(paper_id, mark, quotes)


def close_source() -> None:
    st.session_state.pop("source", None)


def step_through(step: int) -> None:
    """Open the next or the previous quote of the answer, from the last one the first."""
    opened = get_opened()
    if opened is None or not opened.at or not isinstance(opened.mark, tuple):
        return
    paper_id, _, marker = opened.quotes[(opened.at - 1 + step) % len(opened.quotes)]
    open_source(paper_id, (opened.mark[0], marker), opened.quotes)


def handle_act(what: str, value: str) -> None:
    """Handle clicks whose effect is the same on every screen."""
    if what == "paper":
        open_source(value, value)
    elif what == "person":
        st.session_state["go_to"] = {"name": value}
    elif what == "topic":
        st.session_state["go_to"] = {"topic": value}
    elif what == "step":
        step_through(int(value))
    elif what == "about" and (opened := get_opened()):
        st.session_state["go_to"] = {"about": opened.paper_id}
    elif what == "close":
        close_source()


def build_act_handler(answer: Answer, where: object, acts: Acts) -> Act:
    """Build the click handler of one answer; ``where`` is unique on the page."""
    cited = {str(citation.marker): citation for citation in answer.citations}

    def handle_press(what: str, value: str) -> None:
        if what == "cite" and value in cited:
            quotes = tuple((c.paper_id, c.span, c.marker) for c in answer.citations)
            open_source(cited[value].paper_id, (where, int(value)), quotes)
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
    tools: str = "",
    acts: Acts = MappingProxyType({}),
    opened: str | None = None,
) -> None:
    """Draw an answer with its citations, its references and how its question was read.

    Args:
        assistant: Its library contains the papers.
        answer: A complete answer.
        key: Unique on the page.
        tools: HTML of the buttons; see `ui.components.answer_actions`.
        acts: Handlers of these buttons by act; each gets the value of the clicked element.
        opened: The part of the query that is being changed.
    """
    answer = pathless(answer)
    opened_paper = get_opened()
    mark = opened_paper.mark if opened_paper else None
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
            portrait=render_portrait(assistant, answer),
        ),
        key=key,
        on_act=build_act_handler(answer, key, acts),
        cards=reference_html.build_cards(answer, papers),
        copied=answer_markdown(answer, list(papers.values())) if tools else "",
    )


def render_portrait(assistant: Assistant, answer: Answer) -> str:
    """The portrait that stands in place of the words of an answer about one person; empty for any other."""
    if answer.route != "person" or answer.status != "answered" or len(answer.experts) != 1:
        return ""
    name = answer.experts[0].name
    notes, begin, _ = answer.text.partition(f"**{escape_markdown(name)}**: ")
    if not begin:
        return ""
    view = assistant.library.view
    papers = view.list_papers_of(name)
    portrait = build_portrait(name, papers, view, format_caution(name, papers, view))
    return markdown_html.render_markdown(notes) + people_html.render_portrait(portrait, answer)


def draw_panel(assistant: Assistant) -> None:
    """Draw the open paper, if any, and switch to the person or the conversation that was pressed."""
    destination = st.session_state.pop("go_to", None)
    if destination is not None:
        close_source()
        page = CHAT if "about" in destination or "thread" in destination else PEOPLE
        st.switch_page(page, query_params=destination)
    opened = get_opened()
    if not opened:
        return
    try:
        paper = assistant.paper(opened.paper_id)
    except NotFound:
        close_source()
        st.toast("This paper is no longer in the library.")
        return
    span = opened.span
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
            paper_html.render_source(
                paper,
                span,
                [quote for paper_id, quote, _ in opened.quotes if paper_id == paper.paper_id],
                bar=paper_html.render_bar(opened.at, len(opened.quotes)),
                places=name_entries(assistant.library, [paper.paper_id])[paper.paper_id],
            ),
            key="source_board",
            on_act=handle_act,
            closable=True,
            copied=format_papers([paper], "bibtex"),
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
