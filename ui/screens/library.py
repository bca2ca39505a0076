"""Library: what was read from where, adding by upload, removing, and how it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import streamlit as st

from rag import uploads
from rag.errors import RagError
from rag.pipeline import Assistant
from rag.reporting import ingest_lines
from rag.types import Document, Health, Rejection
from ui import shared
from ui.escaping import fault, plain, without_paths


def counts(held: Assistant, found: list[Document]) -> None:
    with st.container(horizontal=True, gap="large"):
        st.metric("Papers", f"{held.library.n_papers:,}", width="content")
        st.metric("People", f"{len(held.library.persons()):,}", width="content")
        st.metric("Documents", f"{len(found):,}", width="content")


def documents(held: Assistant, found: list[Document]) -> None:
    st.header("Documents", anchor=False)
    st.dataframe(
        [
            {
                "Document": document.name,
                "Format": document.format.replace("_", " "),
                "Entries": document.n_entries,
                "Rejected": len(document.rejections),
                "Read": document.ingested_at[:16].replace("T", " "),
                "From": origin(held, document),
                "sha256": document.sha256[:12],
            }
            for document in found
        ],
        hide_index=True,
        alt="Documents read into the library",
    )
    last = max(document.ingested_at for document in found)
    st.caption(plain(f"Last read: {last[:16].replace('T', ' ')} UTC"))
    rejected = [rejection for document in found for rejection in document.rejections]
    if rejected:
        st.warning(f"{len(rejected):,} could not be read:", icon=":material/warning:")
        lines(map(reason, rejected))


def lines(texts: Iterable[str]) -> None:
    """Lines as they are, none cut off."""
    st.code("\n".join(map(without_paths, texts)), language=None, wrap_lines=True)


def origin(held: Assistant, document: Document) -> str:
    """Where a document came from, as far as it concerns readers: by whom, but not which folder."""
    path = Path(document.path)
    if path.parent != uploads.folder(held.settings.data).resolve():
        return "this server"
    return by(uploads.uploaders(held.settings.data).get(path.name, ""))


def by(reader: str) -> str:
    return f"uploaded by {reader}" if reader else "uploaded"


def reason(rejection: Rejection) -> str:
    """Where and why something could not be read; the document's name once."""
    named = rejection.line is None and repr(rejection.document) in rejection.reason
    return rejection.reason if named else str(rejection)


# --- what was done --------------------------------------------------------------------------

Part = Literal["add", "remove", "state"]
"""A part of this page that changes the library, which also says what it did."""


def outcome(part: Part) -> None:
    """What the last ingest of this part did, said once where its button was."""
    where, told = st.session_state.get("ingested", ("", []))
    if where == part:
        del st.session_state["ingested"]
        st.toast(f"Done. {plain(told[-1])}", icon=":material/check:")
        st.success("Done.", icon=":material/check:")
        lines(told)


# --- adding ---------------------------------------------------------------------------------


def add(held: Assistant, found: Sequence[Document]) -> None:
    """Files -> a plan to look at -> the library."""
    st.header("Add papers", anchor=False)
    turn = st.session_state.setdefault("upload_turn", 0)
    given = st.file_uploader(
        "Profile pages, lists of abstracts, BibTeX, CSV, JSON lines or PDF",
        accept_multiple_files=True,
        key=f"upload_{turn}",
    )
    outcome("add")
    uploads.sweep(held.settings.data)  # sessions outlive their pages, by as much as Streamlit likes
    choice: uploads.Choice | None = st.session_state.get("choice")
    if not given:
        if choice is not None:
            st.session_state.pop("choice").close()
        return
    if choice is None:
        choice = st.session_state["choice"] = uploads.Choice(held.settings.data)
    chosen = choice.take([(file.name, file.getvalue()) for file in given], found)
    gone = in_place_of(held, chosen, found)
    plan = held.plan([one.path for one in chosen], drop=gone)
    lines(ingest_lines(plan))
    if plan.rejections:
        st.warning(f"{len(plan.rejections):,} cannot be read:", icon=":material/block:")
        lines(map(reason, plan.rejections))
    if plan.changes_nothing:
        st.info("There is nothing new in this.", icon=":material/info:")
    elif st.button("Read into the library", type="primary", key="confirm"):
        read = {one.path for one in plan.documents if one.change in ("new", "changed")}
        new = [one for one in chosen if str(one.path.resolve()) in read]
        with choice.keeping(new, st.session_state.get("reader", "")) as paths:
            ingest(held, "add", paths, drop=gone)
        discard(held, found, gone)
        st.session_state.pop("choice").close()
        st.session_state["upload_turn"] = turn + 1
        st.rerun()


def in_place_of(
    held: Assistant, chosen: Sequence[uploads.Upload], found: Sequence[Document]
) -> list[str]:
    """The documents that go because a chosen file is to stand for them: none unasked.

    What has a chosen file's name already is said with its origin; both stay unless the reader says.
    """
    documents = {document.name: document for document in found}
    gone = []
    for one in (one for one in chosen if one.earlier):
        earlier = documents.get(one.earlier)
        whose = f" ({origin(held, earlier)})" if earlier else ""
        st.caption(
            f"There is another {plain(one.earlier + whose)}, so this one becomes {plain(one.name)}."
        )
        if earlier and st.checkbox(
            f"Take out the earlier {plain(one.earlier + whose)}",
            key=f"gone_{one.name}_{one.sha256}",
        ):
            gone.append(earlier.name)
    return gone


def discard(held: Assistant, found: Sequence[Document], names: Sequence[str]) -> None:
    """Delete the files of documents that were removed, where they were uploaded."""
    for document in found:
        if document.name in names:
            uploads.discard(held.settings.data, Path(document.path))


def ingest(
    held: Assistant,
    part: Part,
    paths: Sequence[Path] = (),
    *,
    anew: bool = False,
    drop: Sequence[str] = (),
) -> None:
    """Ingest under a progress bar; what it did is said on the next run."""
    bar = st.progress(0.0, "reading …")

    def report(step: str, done: int, total: int) -> None:
        bar.progress(min(done / max(total, 1), 1.0), f"{plain(step)} …")

    done = held.ingest(paths, rebuild=anew, drop=drop, progress=report)
    st.session_state["ingested"] = (part, list(ingest_lines(done)))


# --- removing -------------------------------------------------------------------------------


def remove(held: Assistant, found: list[Document]) -> None:
    """Documents -> a plan to look at -> the library without them."""
    st.header("Remove documents", anchor=False)
    turn = st.session_state.setdefault("remove_turn", 0)
    names = st.multiselect(
        "Documents to remove",
        sorted(document.name for document in found),
        placeholder="choose documents",
        select_all=False,  # the first offer is what Enter takes: one document, not all that match
        key=f"remove_{turn}",
    )
    outcome("remove")
    if not names:
        st.caption(
            "Files that were uploaded are deleted; others stay where they are and are left out "
            "from then on, until they are uploaded or named to paperfolk ingest."
        )
        return
    plan = held.plan(drop=names)
    lines(ingest_lines(plan))
    for document in found:
        if document.name in names and (told := origin(held, document)) != "uploaded":
            st.caption(f"{plain(document.name)}: {plain(told)}")
    n = plan.counts["removed"]
    what = f"{len(names)} document{'s' if len(names) != 1 else ''} with {n} entries"
    if st.button(
        f"Remove {plain(what)}", type="primary", icon=":material/delete:", key="remove_now"
    ):
        ingest(held, "remove", drop=names)
        discard(held, found, names)
        st.session_state["remove_turn"] = turn + 1
        st.rerun()


# --- the state ------------------------------------------------------------------------------


def health(held: Assistant) -> None:
    st.header("State", anchor=False)
    outcome("state")
    if st.button("Check", icon=":material/health_and_safety:", key="check"):
        with st.spinner("checking …"):
            st.session_state["health"] = held.health()
    found: Health | None = st.session_state.get("health")
    if found is None:
        st.caption("Whether library, vectors and index are in step.")
        return
    told = f"{found.n_chunks} chunks, {found.n_vectors} vectors, {found.n_indexed} indexed"
    if found.ok:
        st.success(f"In step: {plain(told)}.", icon=":material/check:")
    else:
        st.error(fault(f"{'; '.join(found.problems)} ({told})"), icon=":material/error:")
        if st.button("Repair", icon=":material/build:", key="repair", help="Reads everything anew"):
            repair(held)
            st.session_state["health"] = held.health()
            st.rerun()


def repair(held: Assistant) -> None:
    """Read, embed and index everything anew from where it was read."""
    there = [Path(d.path) for d in held.library.documents() if Path(d.path).is_file()]
    ingest(held, "state", there, anew=True)


def main() -> None:
    held = shared.assistant()
    st.title("Library", anchor=False)
    try:
        found = held.library.documents() if shared.n_papers(held) else []
        if found:
            counts(held, found)
            documents(held, found)
        else:
            st.info("No papers yet: add some here.", icon=":material/info:")
            outcome("remove")
        add(held, found)
        if found:
            remove(held, found)
            health(held)
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")


main()
