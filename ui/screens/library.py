"""Library: what was read from where, and how it stands."""

from __future__ import annotations

import streamlit as st

from rag.errors import RagError
from rag.pipeline import Assistant
from ui import shared


def documents(held: Assistant) -> None:
    found = held.library.documents()
    people = held.library.persons()
    columns = st.columns(3)
    columns[0].metric("Papers", f"{held.library.n_papers:,}")
    columns[1].metric("People", f"{len(people):,}")
    columns[2].metric("Documents", f"{len(found):,}")
    st.header("Documents", anchor=False)
    st.dataframe(
        [
            {
                "Document": document.name,
                "Format": document.format.replace("_", " "),
                "Entries": document.n_entries,
                "Rejected": len(document.rejections),
                "Read": document.ingested_at[:16].replace("T", " "),
                "sha256": document.sha256[:12],
            }
            for document in found
        ],
        hide_index=True,
        alt="Documents read into the library",
    )
    rejected = [str(rejection) for document in found for rejection in document.rejections]
    if rejected:
        st.warning(f"{len(rejected)} could not be read:", icon=":material/warning:")
        st.code("\n".join(rejected), language=None)
    st.caption("Add papers with `paperfolk ingest PATH`; this page shows them at once.")


def health(held: Assistant) -> None:
    st.header("State", anchor=False)
    if not st.button("Check", icon=":material/health_and_safety:", key="check"):
        st.caption("Versions, settings, and whether library, vectors and index are in step.")
        return
    with st.spinner("checking …"):
        found = held.doctor()
    st.json(found)


def main() -> None:
    held = shared.assistant()
    st.title("Library", anchor=False)
    if not shared.n_papers(held):
        st.info("No papers yet: open Chat to read the seed documents.", icon=":material/info:")
        return
    try:
        documents(held)
        health(held)
    except RagError as exc:
        st.error(str(exc), icon=":material/error:")


main()
