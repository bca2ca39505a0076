"""Library: drop files in, see what was read of each, correct it, take it out, and take that back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from rag.app.assistant import Assistant
from rag.ingest import uploads
from rag.ingest.watching import format_ingest_state
from rag.text.english import counted
from rag.types import Condition, Document, Entry, IndexHealth, Place
from rag.types.errors import RagError
from ui.components import (
    correction_dialog,
    library_changes,
    page_links,
    paper_state,
    selected_papers,
    session,
    virtual_list,
)
from ui.components.click_component import render_clickable
from ui.components.library_changes import LibraryChange
from ui.views import document_rows
from ui.views.answer_html import escape
from ui.views.escaping import fault, plain

KEY = "files"
MAX_MERGED = 20
PICKED = "files_picked"


def origin(assistant: Assistant, document: Document) -> str:
    """Where a document came from: who uploaded it, but not the folder on this server."""
    path = Path(document.path)
    if path.parent != uploads.get_upload_folder(assistant.settings.data).resolve():
        return "from this computer’s folders"
    reader = uploads.uploaders(assistant.settings.data).get(path.name, "")
    return f"uploaded by {reader}" if reader else "uploaded"


# --- adding ---------------------------------------------------------------------------------


def add(assistant: Assistant, documents: Sequence[Document]) -> None:
    """Draw the drop zone; what is dropped is shown as it would be read, then read."""
    turn = st.session_state.setdefault("upload_turn", 0)
    uploaded_files = st.file_uploader(
        "Add papers: PDF, BibTeX, RIS, CSV, JSON lines, web pages, profile pages, lists of abstracts",
        accept_multiple_files=True,
        key=f"upload_{turn}",
    )
    uploads.sweep(
        assistant.settings.data
    )  # sessions outlive their pages, by as much as Streamlit likes
    choice: uploads.ChosenUpload | None = st.session_state.get("choice")
    if not uploaded_files:
        if choice is not None:
            st.session_state.pop("choice").close()
        return
    if choice is None:
        choice = st.session_state["choice"] = uploads.ChosenUpload(assistant.settings.data)
    chosen = choice.take([(file.name, file.getvalue()) for file in uploaded_files], documents)
    drop = in_place_of(assistant, chosen, documents)
    with st.spinner("looking into them …", show_time=False):
        plan = assistant.plan_ingest([item.path for item in chosen], drop=drop)
    render_clickable(
        document_rows.render_plan(plan), key="plan", on_act=session.handle_act, style="library.css"
    )
    if plan.changes_nothing:
        st.info("There is nothing new in this.", icon=":material/info:")
        return
    n_new = plan.count("new")
    what = counted(n_new) if n_new else "the changes"
    if st.button(f"Add {plain(what)}", icon=":material/add:", type="primary", key="confirm"):
        to_read = {item.path for item in plan.documents if item.change in ("new", "changed")}
        new = [item for item in chosen if str(item.path.resolve()) in to_read]
        library_changes.add_uploads(assistant, choice, new, documents, drop)
        st.session_state.pop("choice").close()
        st.session_state["upload_turn"] = turn + 1
        st.rerun()


def in_place_of(
    assistant: Assistant, chosen: Sequence[uploads.Upload], document_list: Sequence[Document]
) -> list[str]:
    """Ask which documents the uploaded files replace; none is replaced without the user's choice.

    A document of the same name is shown with its origin; by default both are kept.
    """
    documents = {document.name: document for document in document_list}
    removed_items = []
    for item in (item for item in chosen if item.earlier):
        earlier = documents.get(item.earlier)
        whose = f" ({origin(assistant, earlier)})" if earlier else ""
        st.caption(
            f"There is another {plain(item.earlier + whose)}, so this one becomes {plain(item.name)}."
        )
        if earlier and st.checkbox(
            f"Take out the earlier {plain(item.earlier + whose)}",
            key=f"gone_{item.name}_{item.sha256}",
        ):
            removed_items.append(earlier.name)
    return removed_items


def render_change(assistant: Assistant, change: LibraryChange) -> None:
    """Draw what was done last, with what can be done about it."""
    with st.container(key="done", horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f":material/check: {plain(change.sentence)}", width="content")
        if change.added:
            selected_papers.render_button(
                assistant, "ask_added", (Condition("document", "in", change.added),)
            )
        if st.button("Undo", icon=":material/undo:", key="undo"):
            library_changes.undo(assistant, change)
            st.rerun()
        st.button(
            "Dismiss",
            icon=":material/close:",
            type="tertiary",
            key="dismiss",
            on_click=library_changes.store_change,
            args=(None,),
        )


@st.fragment(run_every="2s")
def render_running(assistant: Assistant) -> None:
    """The ingest that runs in any process, with its time left, or one that was interrupted."""
    state = assistant.ingest_state
    if state is None:
        return
    if state.is_alive:
        st.progress(state.share, plain(format_ingest_state(state)))
    else:
        st.warning(plain(format_ingest_state(state)), icon=":material/warning:")


# --- the files ------------------------------------------------------------------------------


def handle_act(act: str, value: str) -> None:
    """Keep a press until the page is drawn: what takes long shows its progress there."""
    picked: tuple[str, ...] = st.session_state.get(PICKED, ())
    if act in ("mark", "unmark"):
        st.session_state[PICKED] = paper_state.mark_row(picked, act, value)
    elif act == "search":
        st.session_state["file_words"] = value
    elif act == "correct":
        st.session_state[correction_dialog.CORRECTING] = value
    elif act in ("remove", "part"):
        st.session_state["library_act"] = (act, value)
    else:
        page_links.handle_act(act, value)


def render_files(assistant: Assistant, documents: Sequence[Document]) -> None:
    """Draw every file as a row, those with problems first, and the bar of those chosen."""
    words = st.session_state.get("file_words", "")
    matching = [
        d
        for d in documents
        if words.casefold() in f"{d.name} {d.page and d.page.person}".casefold()
    ]
    matching.sort(key=lambda document: (not document.rejections, document.name))
    fingerprint = assistant.library.fingerprint
    signature = f"{fingerprint}{abs(hash(words)):x}"
    blocks = {}
    for number in virtual_list.get_wanted(KEY, signature, len(matching)):
        start = number * virtual_list.BLOCK
        blocks[number] = [
            document_rows.render_document(
                document,
                _list_entries(assistant, document),
                origin(assistant, document),
                start + at,
                len(matching),
            )
            for at, document in enumerate(matching[start : start + virtual_list.BLOCK])
        ]
    picked = [d for d in documents if d.name in st.session_state.get(PICKED, ())]
    virtual_list.render_list(
        KEY,
        "Files",
        _render_head(len(matching), len(documents), words),
        signature,
        len(matching),
        blocks,
        session.telling(handle_act),
        words=words,
        chosen=[document.name for document in picked],
    )
    if picked:
        render_picked(assistant, picked)


def _list_entries(assistant: Assistant, document: Document) -> Sequence[Entry]:
    """The entries of a file whose row tells of them."""
    tells = document.n_entries == 1 or document.format == "abstract_list"
    return assistant.library.list_entries(document.name) if tells else ()


def _render_head(n_listed: int, n_all: int, words: str) -> str:
    n = counted(n_all, "file") if n_listed == n_all else f"{n_listed:,} of {counted(n_all, 'file')}"
    field = ""
    if n_all > 10:
        value = escape(words, quote=True)
        field = f'<input type="search" aria-label="Name of a file or person" placeholder="Name of a file or person" value="{value}">'
    return f'<div class="top"><p class="count" role="status">{n}</p>{field}</div>'


def render_picked(assistant: Assistant, picked: Sequence[Document]) -> None:
    names = tuple(document.name for document in picked)
    with st.container(key="chosen", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{counted(len(names), 'file')} selected**", width="content")
        selected_papers.render_button(assistant, "ask_about", (Condition("document", "in", names),))
        if st.button("Remove", icon=":material/delete:", key="remove_chosen"):
            st.session_state[PICKED] = ()
            library_changes.remove_documents(assistant, picked)
            st.rerun()


def render_merged(assistant: Assistant, documents: Sequence[Document]) -> None:
    """Draw the papers of several entries, which can be parted."""
    merged = [Condition("n_places", "above", 1)]
    n = assistant.library.view.count_papers(merged)
    if not n:
        return
    with st.expander(f"{counted(n)} in several places", icon=":material/join:"):
        st.caption("Entries that were taken to be the same paper. Part one that is another paper.")
        papers = assistant.library.view.find_papers(merged, limit=MAX_MERGED)
        render_clickable(
            document_rows.render_merged(papers, {d.name: d for d in documents}),
            key="merged",
            on_act=session.telling(handle_act),
            style="library.css",
        )


def do_act(assistant: Assistant, documents: Sequence[Document]) -> None:
    """Do what was pressed in a row."""
    act, value = st.session_state.pop("library_act", ("", ""))
    if act == "part":
        document, _, line = value.rpartition(":")
        library_changes.part_entry(assistant, Place(document, int(line)))
        st.rerun()
    chosen = [document for document in documents if document.name == value]
    if act == "remove" and chosen:
        library_changes.remove_documents(assistant, chosen)
        st.rerun()
    name = st.session_state.get(correction_dialog.CORRECTING)
    for document in documents:
        if document.name == name:
            correction_dialog.render_correction(assistant, document)


# --- the state ------------------------------------------------------------------------------


def render_health(assistant: Assistant) -> None:
    with st.expander("Check the library", icon=":material/health_and_safety:"):
        st.caption("Whether papers, vectors and the index of words are in step.")
        if st.button("Check", key="check"):
            with st.spinner("checking …"):
                st.session_state["health"] = assistant.health()
        state: IndexHealth | None = st.session_state.get("health")
        if state is None:
            return
        counts_text = (
            f"{state.n_chunks:,} chunks, {state.n_vectors:,} vectors, {state.n_indexed:,} indexed"
        )
        if state.ok:
            st.success(f"In step: {plain(counts_text)}.", icon=":material/check:")
            return
        st.error(fault(f"{'; '.join(state.problems)} ({counts_text})"), icon=":material/error:")
        if st.button("Repair", icon=":material/build:", key="repair", help="Reads everything anew"):
            paths = [Path(d.path) for d in assistant.library.list_documents()]
            library_changes.ingest(assistant, [p for p in paths if p.is_file()], anew=True)
            st.session_state["health"] = assistant.health()
            st.rerun()


def main() -> None:
    assistant = session.get_assistant()
    with st.container(key="wide"):
        st.title("Library", anchor=False)
        try:
            has_papers = bool(session.count_papers(assistant))
            documents = assistant.library.list_documents() if has_papers else []
            render_running(assistant)
            do_act(assistant, documents)
            add(assistant, documents)
            if (change := library_changes.get_last_change()) is not None:
                render_change(assistant, change)
            if documents:
                library = assistant.library
                counts = f"{counted(library.n_papers)} by {counted(library.n_people, 'person')}"
                st.caption(f"The library holds {plain(counts)}.")
                render_files(assistant, documents)
                render_merged(assistant, documents)
                render_health(assistant)
            else:
                st.caption("No papers yet: drop some above.")
        except RagError as exc:
            st.error(fault(exc), icon=":material/error:")
    page_links.follow_link(assistant)
    session.draw_panel(assistant)


main()
