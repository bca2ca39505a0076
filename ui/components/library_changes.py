"""What the Library page changes, and how each change is taken back: adding, removing, correcting, parting.

A removed upload is laid aside in the session until the change after it, so that it can come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from rag.app.assistant import Assistant
from rag.ingest import uploads
from rag.ingest.watching import format_ingest_state
from rag.text.english import counted
from rag.types import Document, Place, Report
from rag.types.ingests import IngestState
from ui.views.escaping import plain

UNDO = "library_undo"


@dataclass(frozen=True, slots=True)
class LibraryChange:
    """The last change, in words, and what takes it back.

    Attributes:
        sentence: What was done.
        added: Names of the files that it added, to be removed again.
        removed: Files that it removed and that are still where they were.
        aside: Uploaded files that it removed.
        place: The entry that it corrected or parted.
        before: The entry's fields as they were.
    """

    sentence: str
    added: tuple[str, ...] = ()
    removed: tuple[Path, ...] = ()
    aside: tuple[uploads.Upload, ...] = ()
    place: Place | None = None
    before: Mapping[str, object] | None = None


def get_last_change() -> LibraryChange | None:
    change: LibraryChange | None = st.session_state.get(UNDO)
    return change


def store_change(change: LibraryChange | None) -> None:
    st.session_state[UNDO] = change


def ingest(
    assistant: Assistant,
    paths: Sequence[Path] = (),
    *,
    anew: bool = False,
    drop: Sequence[str] = (),
) -> Report:
    """Ingest with a progress bar that names the step, the rate and the time left."""
    bar = st.progress(0.0, "reading …")

    def report(state: IngestState) -> None:
        bar.progress(state.share, plain(format_ingest_state(state)))

    changes = assistant.ingest(paths, rebuild=anew, drop=drop, watch=report)
    bar.empty()
    return changes


def add_uploads(
    assistant: Assistant,
    choice: uploads.ChosenUpload,
    chosen: Sequence[uploads.Upload],
    documents: Sequence[Document],
    drop: Sequence[str],
) -> None:
    """Read chosen files into the library, in place of some others."""
    with choice.keeping(chosen, st.session_state.get("reader", "")) as paths:
        report = ingest(assistant, paths, drop=drop)
    discard(assistant, documents, drop)
    names = {document.path: document.name for document in assistant.library.list_documents()}
    added = tuple(names[str(path.resolve())] for path in paths if str(path.resolve()) in names)
    counts = report.plan.counts
    phrases = [counted(counts["new"], "paper") + " added"] if counts["new"] else []
    phrases += [f"{counted(counts['changed'], 'paper')} changed"] if counts["changed"] else []
    sentence = ", ".join(phrases) or "Nothing new was in it"
    store_change(LibraryChange(f"{sentence}; the library holds {counted(report.n_papers)}.", added))


def remove_documents(assistant: Assistant, documents: Sequence[Document]) -> None:
    """Remove files from the library; those that were uploaded are deleted, and laid aside until then."""
    folder = uploads.get_upload_folder(assistant.settings.data).resolve()
    paths = [Path(document.path) for document in documents]
    uploaded = [path for path in paths if folder in path.resolve().parents and path.is_file()]
    contents = [(path.name, path.read_bytes()) for path in uploaded]
    names = [document.name for document in documents]
    report = ingest(assistant, drop=names)
    discard(assistant, documents, names)
    aside: tuple[uploads.Upload, ...] = ()
    if contents:
        choice = st.session_state["aside"] = uploads.ChosenUpload(assistant.settings.data)
        aside = tuple(choice.take(contents, assistant.library.list_documents()))
    n = sum(document.n_entries for document in documents)
    sentence = f"{counted(len(documents), 'file')} with {counted(n)} removed; the library holds {counted(report.n_papers)}."
    in_place = tuple(path for path in paths if path not in uploaded)
    store_change(LibraryChange(sentence, removed=in_place, aside=aside))


def discard(assistant: Assistant, documents: Sequence[Document], names: Sequence[str]) -> None:
    """Delete the files of removed documents that had been uploaded."""
    for document in documents:
        if document.name in names:
            uploads.delete_upload(assistant.settings.data, Path(document.path))


def correct_entry(
    assistant: Assistant, place: Place, values: Mapping[str, object], before: Mapping[str, object]
) -> None:
    """Say what an entry's fields are."""
    assistant.correct(str(place), values)
    store_change(
        LibraryChange(
            "Corrected, and kept when the file is read again.", place=place, before=before
        )
    )


def part_entry(assistant: Assistant, place: Place) -> None:
    """Keep an entry as a paper of its own."""
    assistant.part([place])
    store_change(LibraryChange("Parted: the entry is a paper of its own now.", place=place))


def undo(assistant: Assistant, change: LibraryChange) -> None:
    """Take a change back."""
    store_change(None)
    if change.before is not None and change.place is not None:
        assistant.correct(str(change.place), change.before)
    elif change.place is not None:
        assistant.part([change.place], join=True)
    elif change.added:
        documents = assistant.library.list_documents()
        ingest(assistant, drop=change.added)
        discard(assistant, documents, change.added)
    else:
        _read_again(assistant, change)


def _read_again(assistant: Assistant, change: LibraryChange) -> None:
    there = [path for path in change.removed if path.is_file()]
    choice: uploads.ChosenUpload | None = st.session_state.pop("aside", None)
    if choice is None:
        ingest(assistant, there)
        return
    with choice.keeping(change.aside, st.session_state.get("reader", "")) as paths:
        ingest(assistant, [*there, *paths])
    choice.close()
