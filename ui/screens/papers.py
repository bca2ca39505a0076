"""Papers: one list to search, narrow, open, choose from, ask about, compare and export."""

from __future__ import annotations

import hashlib
from functools import partial

import streamlit as st

from rag.answers.facets import Facet, count_facets
from rag.app.assistant import Assistant
from rag.library.bibliography import EXPORT_SUFFIXES, MEDIA_TYPES, ExportFormat, format_papers
from rag.library.selection import format_nearest
from rag.types import Condition
from rag.types.errors import RagError
from ui.components import page_links, paper_state, selected_papers, session, virtual_list
from ui.components.paper_state import PaperState
from ui.views import markdown_html, paper_rows
from ui.views.escaping import fault, plain

FORMATS: dict[ExportFormat, str] = {"bibtex": "BibTeX", "ris": "RIS", "csv": "CSV"}
KEY = "papers"


@st.cache_data(show_spinner=False, max_entries=64)
def _load_facets(
    _assistant: Assistant, fingerprint: str, conditions: tuple[Condition, ...]
) -> tuple[Facet, ...]:
    """The facets, for this state of the library."""
    return count_facets(_assistant.library.view, conditions)


def handle_act(act: str, value: str) -> None:
    """Change the list; what concerns the rest of the page is done in a run of all of it."""
    if not paper_state.change_state(act, value):
        page_links.handle_act(act, value)
        st.session_state["whole_page"] = True


@st.fragment
def render_catalogue(assistant: Assistant) -> None:
    """Draw the list and what can be done with those chosen; a press draws only these anew."""
    if st.session_state.pop("whole_page", False):
        st.rerun()
    session.say_fault()
    try:
        render_list_of(assistant, paper_state.load_state())
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")


def render_list_of(assistant: Assistant, state: PaperState) -> None:
    view = assistant.library.view
    conditions = state.every_condition
    n_listed = view.count_papers(conditions)
    key = (view.fingerprint, state.line, state.order)
    signature = hashlib.sha256(repr(key).encode()).hexdigest()[:12]
    words = paper_rows.split_words(state.words)
    blocks = {}
    for number in virtual_list.get_wanted(KEY, signature, n_listed):
        start = number * virtual_list.BLOCK
        ids = view.find_ids(
            conditions, state.sorting, virtual_list.BLOCK, offset=start, first=state.first
        )
        blocks[number] = [
            paper_rows.render_row(paper, start + at, n_listed, words)
            for at, paper in enumerate(view.list_papers(ids))
        ]
    note = "" if n_listed else markdown_html.remove_escapes(format_nearest(view, conditions))
    n_chosen = state.count_chosen(n_listed)
    head = paper_rows.ListHead(
        n_listed,
        assistant.library.n_papers,
        state.words,
        paper_state.list_chips(state),
        _load_facets(assistant, view.fingerprint, conditions),
        state.order,
        bool(n_chosen) and n_chosen == n_listed,
        note,
    )
    opened = session.get_opened()
    virtual_list.render_list(
        KEY,
        "Papers",
        paper_rows.render_head(head),
        signature,
        n_listed,
        blocks,
        session.telling(handle_act),
        words=state.words,
        chosen=state.marked,
        all_chosen=state.all_chosen,
        opened=opened.paper_id if opened else "",
    )
    if n_chosen:
        render_chosen(assistant, state, n_chosen)


def list_chosen(assistant: Assistant, state: PaperState) -> list[str]:
    """Ids of the papers chosen, in the order of the list, or in that in which they were chosen."""
    if not state.all_chosen:
        return list(state.marked)
    left_out = set(state.marked)
    ids = assistant.library.view.find_ids(state.every_condition, state.sorting, first=state.first)
    return [paper_id for paper_id in ids if paper_id not in left_out]


def export_chosen(assistant: Assistant, state: PaperState, form: ExportFormat) -> str:
    return format_papers(assistant.library.list_papers(list_chosen(assistant, state)), form)


def render_chosen(assistant: Assistant, state: PaperState, n_chosen: int) -> None:
    """Draw the bar of what can be done with the papers chosen."""
    with st.container(key="chosen", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(paper_rows.format_chosen(n_chosen))}**", width="content")
        is_whole_list = state.all_chosen and not state.marked
        if is_whole_list and not state.conditions and not state.words:
            filters: tuple[Condition, ...] = ()
        elif is_whole_list:
            filters = state.every_condition
        else:
            filters = selected_papers.build_filters(list_chosen(assistant, state))
        why_not = "" if filters or is_whole_list else selected_papers.TOO_MANY
        selected_papers.render_button(assistant, "ask_about", filters, why_not)
        if 2 <= n_chosen <= selected_papers.MAX_COMPARED:
            selected_papers.render_compare(assistant, list_chosen(assistant, state))
        for form, name in FORMATS.items():
            st.download_button(
                plain(name),
                data=partial(export_chosen, assistant, state, form),
                file_name=f"papers{EXPORT_SUFFIXES[form]}",
                mime=MEDIA_TYPES[form],
                icon=":material/download:",
                key=f"export_{form}",
                on_click="ignore",
            )
        st.button(
            "Clear",
            icon=":material/close:",
            type="tertiary",
            key="choose_none",
            help="Select nothing",
            on_click=clear_chosen,
        )


def clear_chosen() -> None:
    state: PaperState = st.session_state[paper_state.KEY]
    paper_state.store_state(PaperState(state.words, state.conditions, state.order))


def main() -> None:
    assistant = session.get_assistant()
    with st.container(key="wide"):
        st.title("Papers", anchor=False)
        if not session.count_papers(assistant):
            st.info("No papers yet: add some on the Library page.", icon=":material/info:")
            return
        render_catalogue(assistant)
    page_links.follow_link(assistant)
    session.draw_panel(assistant)


main()
