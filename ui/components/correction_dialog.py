"""The dialogue in which a reader corrects what was read of a paper in a file."""

from __future__ import annotations

import streamlit as st

from rag.app.assistant import Assistant
from rag.types import Document, Entry
from rag.types.errors import RagError
from ui.components import library_changes
from ui.views.escaping import fault, plain

CORRECTING = "correcting"
"""Name of the file whose dialogue is open: it is drawn in each run until it is closed."""


def close_correction() -> None:
    st.session_state.pop(CORRECTING, None)


@st.dialog("Correct what was read", width="medium", on_dismiss=close_correction)
def render_correction(assistant: Assistant, document: Document) -> None:
    """Draw the fields of one entry, of several to be chosen; what is changed is kept."""
    entries = assistant.library.list_entries(document.name)
    entry = entries[0]
    if len(entries) > 1:
        at = st.selectbox(
            "Which paper",
            range(len(entries)),
            format_func=lambda at: plain(_name_entry(entries[at])),
            key="correct_entry",
        )
        entry = entries[at]
    paper = assistant.paper(str(entry.place))
    for line in entry.provenance:
        st.caption(plain(line))
    with st.form("correction"):
        title = st.text_input("Title", paper.title or "", key=f"title_{entry.place}")
        people = st.text_area(
            "Authors, one a line", "\n".join(paper.authors), key=f"authors_{entry.place}"
        )
        year = st.number_input("Year", 1000, 2999, paper.year, step=1, key=f"year_{entry.place}")
        venue = st.text_input("Venue", paper.venue or "", key=f"venue_{entry.place}")
        pressed = st.form_submit_button("Keep", type="primary", key="keep_correction")
    if not pressed:
        return
    authors = [line.strip() for line in people.splitlines() if line.strip()]
    entered = {"title": title.strip(), "authors": authors, "year": year, "venue": venue.strip()}
    before = {"title": paper.title or "", "authors": list(paper.authors), "year": paper.year,
              "venue": paper.venue or ""}  # fmt: skip
    changes = {name: value or None for name, value in entered.items() if value != before[name]}
    if "authors" in changes:
        changes["authors"] = authors
    try:
        if changes:
            earlier = {
                name: before[name] or (before[name] if name == "authors" else None)
                for name in changes
            }
            library_changes.correct_entry(assistant, entry.place, changes, earlier)
    except RagError as exc:
        st.error(fault(exc), icon=":material/error:")
        return
    close_correction()
    st.rerun()


def _name_entry(entry: Entry) -> str:
    return entry.title or f"line {entry.place.line}"
