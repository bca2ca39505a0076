"""Library: documents and their sources, adding by upload, removing, and the state of the indexes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

from rag.app.assistant import Assistant
from rag.cli.ingest_report import iter_ingest_lines
from rag.ingest import uploads
from rag.ingest.watching import format_ingest_state
from rag.text.english import counted
from rag.types import Document, Health, Rejection
from rag.types.errors import RagError
from rag.types.ingests import IngestState
from ui.components import session
from ui.views.escaping import fault, plain, without_paths


def render_counts(assistant: Assistant, document_list: list[Document]) -> None:
    with st.container(horizontal=True, gap="large"):
        st.metric("Papers", f"{assistant.library.n_papers:,}", width="content")
        st.metric("People", f"{assistant.library.n_people:,}", width="content")
        st.metric("Documents", f"{len(document_list):,}", width="content")


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


def render_documents(assistant: Assistant, document_list: list[Document]) -> None:
    st.header("Documents", anchor=False)
    st.dataframe(
        [
            {
                "Document": document.name,
                "Format": document.format.replace("_", " "),
                "Entries": document.n_entries,
                "Rejected": len(document.rejections),
                "Read": document.ingested_at[:16].replace("T", " "),
                "From": origin(assistant, document),
                "sha256": document.sha256[:12],
            }
            for document in document_list
        ],
        hide_index=True,
        alt="Documents read into the library",
    )
    last = max(document.ingested_at for document in document_list)
    st.caption(plain(f"Last read: {last[:16].replace('T', ' ')} UTC"))
    rejected = [rejection for document in document_list for rejection in document.rejections]
    if rejected:
        st.warning(f"{len(rejected):,} could not be read:", icon=":material/warning:")
        render_lines(map(format_reason, rejected))


def render_lines(texts: Iterable[str]) -> None:
    """Show lines of text unchanged, with no line cut off."""
    st.code("\n".join(map(without_paths, texts)), language=None, wrap_lines=True)


def origin(assistant: Assistant, document: Document) -> str:
    """Where a document came from: who uploaded it, but not the folder on this server."""
    path = Path(document.path)
    if path.parent != uploads.get_upload_folder(assistant.settings.data).resolve():
        return "this server"
    return by(uploads.uploaders(assistant.settings.data).get(path.name, ""))


def by(reader: str) -> str:
    return f"uploaded by {reader}" if reader else "uploaded"


def format_reason(rejection: Rejection) -> str:
    """Where and why something could not be read, with the document's name only once."""
    names_document = rejection.line is None and repr(rejection.document) in rejection.reason
    return rejection.reason if names_document else str(rejection)


# --- what was done --------------------------------------------------------------------------

Part = Literal["add", "correct", "remove", "state"]
"""The parts of this page that change the library; each reports what it did."""


def show_outcome(part: Part) -> None:
    """The result of this part's last ingest, shown once in place of its button."""
    where, outcome_lines = st.session_state.get("ingested", ("", []))
    if where == part:
        del st.session_state["ingested"]
        st.toast(f"Done. {plain(outcome_lines[-1])}", icon=":material/check:")
        st.success("Done.", icon=":material/check:")
        render_lines(outcome_lines)


# --- adding ---------------------------------------------------------------------------------


def add(assistant: Assistant, documents: Sequence[Document]) -> None:
    """Draw the upload: files, then a plan to review, then the ingest."""
    st.header("Add papers", anchor=False)
    turn = st.session_state.setdefault("upload_turn", 0)
    uploaded_files = st.file_uploader(
        "Profile pages, lists of abstracts, BibTeX, CSV, JSON lines or PDF",
        accept_multiple_files=True,
        key=f"upload_{turn}",
    )
    show_outcome("add")
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
    removed_items = in_place_of(assistant, chosen, documents)
    plan = assistant.plan_ingest([item.path for item in chosen], drop=removed_items)
    render_lines(iter_ingest_lines(plan))
    if plan.rejections:
        st.warning(f"{len(plan.rejections):,} cannot be read:", icon=":material/block:")
        render_lines(map(format_reason, plan.rejections))
    if plan.changes_nothing:
        st.info("There is nothing new in this.", icon=":material/info:")
    elif st.button("Read into the library", type="primary", key="confirm"):
        reader = {item.path for item in plan.documents if item.change in ("new", "changed")}
        new = [item for item in chosen if str(item.path.resolve()) in reader]
        with choice.keeping(new, st.session_state.get("reader", "")) as paths:
            run_ingest(assistant, "add", paths, drop=removed_items)
        discard(assistant, documents, removed_items)
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


def discard(assistant: Assistant, documents: Sequence[Document], names: Sequence[str]) -> None:
    """Delete the files of removed documents that had been uploaded."""
    for document in documents:
        if document.name in names:
            uploads.delete_upload(assistant.settings.data, Path(document.path))


def run_ingest(
    assistant: Assistant,
    part: Part,
    paths: Sequence[Path] = (),
    *,
    anew: bool = False,
    drop: Sequence[str] = (),
) -> None:
    """Ingest with a progress bar; the result is shown in the next run of the script."""
    bar = st.progress(0.0, "reading …")

    def report(state: IngestState) -> None:
        bar.progress(state.share, plain(format_ingest_state(state)))

    ingest_report = assistant.ingest(paths, rebuild=anew, drop=drop, watch=report)
    st.session_state["ingested"] = (part, list(iter_ingest_lines(ingest_report)))


# --- correcting ---------------------------------------------------------------------------------


def correct(assistant: Assistant, names: Sequence[str]) -> None:
    """Draw the correction of a paper: what was read of it, to be changed and kept."""
    st.header("Correct", anchor=False)
    show_outcome("correct")
    turn = st.session_state.setdefault("correct_turn", 0)
    name = st.selectbox(
        "A PDF, whose title, people and year had to be looked for",
        names,
        index=None,
        placeholder="choose a document",
        key=f"correct_{turn}",
    )
    if name is None:
        return
    paper = assistant.paper(f"{name}:1")
    render_lines(paper.provenance)
    with st.form("correction"):
        title = st.text_input("Title", paper.title or "")
        listing = st.text_area("Authors, one a line", "\n".join(paper.authors))
        year = st.number_input("Year", 1000, 2999, paper.year, step=1)
        venue = st.text_input("Venue", paper.venue or "")
        pressed = st.form_submit_button("Keep", type="primary", key="keep_correction")
    if pressed:
        authors = [line.strip() for line in listing.splitlines() if line.strip()]
        entered = {"title": title.strip(), "authors": authors, "year": year, "venue": venue.strip()}
        before = {"title": paper.title or "", "authors": list(paper.authors), "year": paper.year,
                  "venue": paper.venue or ""}  # fmt: skip
        changes = {name: value or None for name, value in entered.items() if value != before[name]}
        if changes:
            changes |= {"authors": authors} if "authors" in changes else {}
            report = assistant.correct(paper.paper_id, changes)
            st.session_state["ingested"] = ("correct", list(iter_ingest_lines(report)))
        st.session_state["correct_turn"] = turn + 1
        st.rerun()


# --- removing -------------------------------------------------------------------------------


def remove(assistant: Assistant, document_list: list[Document]) -> None:
    """Draw the removal: documents, then a plan to review, then the removal."""
    st.header("Remove documents", anchor=False)
    turn = st.session_state.setdefault("remove_turn", 0)
    names = st.multiselect(
        "Documents to remove",
        sorted(document.name for document in document_list),
        placeholder="choose documents",
        select_all=False,  # the first offer is what Enter takes: one document, not all that match
        key=f"remove_{turn}",
    )
    show_outcome("remove")
    if not names:
        st.caption(
            "Files that were uploaded are deleted; others stay where they are and are left out "
            "from then on, until they are uploaded or named to paperfolk ingest."
        )
        return
    plan = assistant.plan_ingest(drop=names)
    render_lines(iter_ingest_lines(plan))
    for document in document_list:
        if document.name in names and (text := origin(assistant, document)) != "uploaded":
            st.caption(f"{plain(document.name)}: {plain(text)}")
    n = plan.counts["removed"]
    what = f"{counted(len(names), 'document')} with {counted(n, 'entry')}"
    if st.button(
        f"Remove {plain(what)}", type="primary", icon=":material/delete:", key="remove_now"
    ):
        run_ingest(assistant, "remove", drop=names)
        discard(assistant, document_list, names)
        st.session_state["remove_turn"] = turn + 1
        st.rerun()


# --- the state ------------------------------------------------------------------------------


def render_health(assistant: Assistant) -> None:
    st.header("State", anchor=False)
    show_outcome("state")
    if st.button("Check", icon=":material/health_and_safety:", key="check"):
        with st.spinner("checking …"):
            st.session_state["health"] = assistant.health()
    state: Health | None = st.session_state.get("health")
    if state is None:
        st.caption("Whether library, vectors and index are in step.")
        return
    counts_text = f"{state.n_chunks} chunks, {state.n_vectors} vectors, {state.n_indexed} indexed"
    if state.ok:
        st.success(f"In step: {plain(counts_text)}.", icon=":material/check:")
    else:
        st.error(fault(f"{'; '.join(state.problems)} ({counts_text})"), icon=":material/error:")
        if st.button("Repair", icon=":material/build:", key="repair", help="Reads everything anew"):
            run_repair(assistant)
            st.session_state["health"] = assistant.health()
            st.rerun()


def run_repair(assistant: Assistant) -> None:
    """Read, embed and index all documents again."""
    there = [Path(d.path) for d in assistant.library.list_documents() if Path(d.path).is_file()]
    run_ingest(assistant, "state", there, anew=True)


def main() -> None:
    assistant = session.get_assistant()
    st.title("Library", anchor=False)
    try:
        document_list = (
            assistant.library.list_documents() if session.count_papers(assistant) else []
        )
        render_running(assistant)
        if document_list:
            render_counts(assistant, document_list)
            render_documents(assistant, document_list)
        else:
            st.info("No papers yet: add some here.", icon=":material/info:")
            show_outcome("remove")
        add(assistant, document_list)
        if document_list:
            if names := [d.name for d in document_list if d.format == "pdf"]:
                correct(assistant, names)
            remove(assistant, document_list)
            render_health(assistant)
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")


main()
