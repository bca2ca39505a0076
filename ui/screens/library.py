"""Library: what was read from where, adding by upload, removing, and how it stands."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rag import uploads
from rag.errors import RagError
from rag.pipeline import Assistant
from rag.reporting import ingest_lines
from rag.types import Document, Health
from ui import shared


def counts(held: Assistant, found: list[Document]) -> None:
    columns = st.columns(3)
    columns[0].metric("Papers", f"{held.library.n_papers:,}")
    columns[1].metric("People", f"{len(held.library.persons()):,}")
    columns[2].metric("Documents", f"{len(found):,}")


def documents(found: list[Document]) -> None:
    st.header("Documents", anchor=False)
    st.dataframe(
        [
            {
                "Document": document.name,
                "Format": document.format.replace("_", " "),
                "Entries": document.n_entries,
                "Rejected": len(document.rejections),
                "Read": document.ingested_at[:16].replace("T", " "),
                "From": document.path,
                "sha256": document.sha256[:12],
            }
            for document in found
        ],
        hide_index=True,
        alt="Documents read into the library",
    )
    last = max(document.ingested_at for document in found)
    st.caption(f"Last read: {last[:16].replace('T', ' ')} UTC")
    rejected = [str(rejection) for document in found for rejection in document.rejections]
    if rejected:
        st.warning(f"{len(rejected)} could not be read:", icon=":material/warning:")
        st.code("\n".join(rejected), language=None)


# --- adding ---------------------------------------------------------------------------------


def add(held: Assistant) -> None:
    """Files -> a plan to look at -> the library."""
    st.header("Add papers", anchor=False)
    turn = st.session_state.setdefault("upload_turn", 0)
    given = st.file_uploader(
        "Profile pages, lists of abstracts, BibTeX, RIS, CSV, JSON lines, LaTeX or PDF",
        accept_multiple_files=True,
        key=f"upload_{turn}",
    )
    if not given:
        return
    paths = uploads.save(held.settings.data, [(file.name, file.getvalue()) for file in given])
    plan = held.plan(paths)
    st.code("\n".join(ingest_lines(plan)), language=None)
    for rejection in plan.rejections:
        st.warning(shared.plain(str(rejection)), icon=":material/block:")
    if plan.changes_nothing:
        st.info("There is nothing new in this.", icon=":material/info:")
    elif st.button("Read into the library", type="primary", key="confirm"):
        ingest(held, paths)
        st.session_state["upload_turn"] = turn + 1
        st.rerun()


def ingest(held: Assistant, paths: list[Path], *, prune: bool = False, anew: bool = False) -> None:
    """Ingest under a progress bar; what it did is said on the next run."""
    bar = st.progress(0.0, "reading …")

    def report(step: str, done: int, total: int) -> None:
        bar.progress(min(done / max(total, 1), 1.0), f"{step} …")

    done = held.ingest(paths, prune=prune, rebuild=anew, progress=report)
    st.session_state["ingested"] = "\n".join(ingest_lines(done))


def remove(held: Assistant, found: list[Document]) -> None:
    """Take uploaded documents out again; those read from elsewhere are removed where they lie."""
    folder = uploads.folder(held.settings.data)
    own = {d.name: d for d in found if folder.resolve() in Path(d.path).parents}
    if not own:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Remove an upload", sorted(own), index=None, placeholder="a document", key="remove"
        )
        gone = st.button("Remove", key="remove_now", disabled=name is None)
    if gone and name is not None:
        kept = {Path(d.path).resolve() for d in own.values() if d.name != name}
        for path in folder.iterdir():  # also what was uploaded but never confirmed
            if path.resolve() not in kept:
                uploads.discard(held.settings.data, path)
        ingest(held, [folder], prune=True)
        st.rerun()


# --- the state ------------------------------------------------------------------------------


def health(held: Assistant) -> None:
    st.header("State", anchor=False)
    if st.button("Check", icon=":material/health_and_safety:", key="check"):
        with st.spinner("checking …"):
            st.session_state["health"] = held.health()
    found: Health | None = st.session_state.get("health")
    if found is None:
        st.caption("Whether library, vectors and index are in step.")
        return
    told = f"{found.n_chunks} chunks, {found.n_vectors} vectors, {found.n_indexed} indexed"
    if found.ok:
        st.success(f"In step: {told}.", icon=":material/check:")
    else:
        st.error(f"{'; '.join(found.problems)} ({told})", icon=":material/error:")
    if st.button("Repair", icon=":material/build:", key="repair", help="Reads everything anew"):
        repair(held)
        st.session_state["health"] = held.health()
        st.rerun()


def repair(held: Assistant) -> None:
    """Read, embed and index everything anew from where it was read."""
    there = [Path(d.path) for d in held.library.documents() if Path(d.path).is_file()]
    ingest(held, there, anew=True)


def main() -> None:
    held = shared.assistant()
    st.title("Library", anchor=False)
    if told := st.session_state.pop("ingested", None):
        st.success("Done.", icon=":material/check:")
        st.code(told, language=None)
    try:
        if shared.n_papers(held):
            found = held.library.documents()
            counts(held, found)
            documents(found)
            remove(held, found)
        else:
            st.info("No papers yet: add some here.", icon=":material/info:")
        add(held)
        if shared.n_papers(held):
            health(held)
    except RagError as exc:
        st.error(str(exc), icon=":material/error:")


main()
