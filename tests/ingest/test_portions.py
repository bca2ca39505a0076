"""An ingest of many documents goes portion by portion: askable meanwhile, and resumed where it ended."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from rag.ingest import ingesting, portions
from rag.ingest.indexing import check_indexes
from rag.ingest.watching import (
    format_ingest_state,
    format_survey,
    read_ingest_state,
)
from rag.library import Library, Writer
from rag.text import stem
from rag.types import DocumentReading, Entry, Place, Report
from rag.types.ingests import DocumentPlan, EntryPlan, IngestState, Survey
from tests.desk import Desk, write
from tests.ingest.test_crash import _run, _state
from tests.stand_ins import Fuse, FusedEmbedder, FusedStores, QuickEmbedder, QuickStores

FRUIT = ("Apples", "Pears", "Plums", "Figs", "Cherries", "Quinces", "Grapes", "Lemons", "Dates")


class Killed(BaseException):
    """Ends an ingest anywhere, as Ctrl-C does."""


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "PORTION_ENTRIES", 2)
    monkeypatch.setattr(portions, "PORTION_DOCUMENTS", 2)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "data")
    yield desk
    desk.library.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five documents of a paper each, and one of nine, two of them in other documents as well."""
    below = tmp_path / "documents"
    for title in FRUIT[:5]:
        write(below / f"{title.lower()}.jsonl", title)
    write(below / "many.jsonl", *(f"Sorts of {title.lower()}" for title in FRUIT[:7]), *FRUIT[:2])
    return below


def clean_state(folder: Path, tmp_path: Path) -> object:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(portions, "PORTION_ENTRIES", 1_000)
        patched.setattr(portions, "PORTION_DOCUMENTS", 1_000)
        clean = Desk(tmp_path / "clean")
        clean.ingest(folder)
        state = _state(clean.library)
        clean.library.close()
    return state


def go_on(desk: Desk, folder: Path) -> Report:
    """Ingest again, which ends with all that a whole ingest gives."""
    report = desk.ingest(folder)
    assert _state(desk.library) == clean_state(folder, desk.folder.parent)
    assert read_ingest_state(desk.folder) is None
    return report


def test_portions_give_what_one_ingest_of_all_gives_and_are_there_at_once(
    desk: Desk, folder: Path, tmp_path: Path
) -> None:
    seen: list[tuple[int, set[str | None]]] = []

    def look(state: IngestState) -> None:
        n_papers, generation = desk.library.n_papers, desk.library.index_state.generation
        if generation and n_papers > max([n for n, _ in seen], default=0):
            seen.append((n_papers, desk.found(stem("apples"))))

    desk.ingest(folder, watch=look)
    assert len(seen) >= 4, "the library grew at once"
    assert all("Apples" in found for _, found in seen), "what was there before was not found"
    assert _state(desk.library) == clean_state(folder, tmp_path)


def test_indexes_are_written_in_steps_that_grow_with_the_library() -> None:
    n_indexed, n_written = 500, 0
    while n_indexed < 1_000_000:
        n_indexed += max(500, int(ingesting._compute_most_unindexed(n_indexed)))
        n_written += n_indexed
    assert n_written < 13 * n_indexed, "it grows faster than the library"
    assert ingesting._compute_most_unindexed(900) == 450
    assert ingesting._compute_most_unindexed(30_000) == ingesting.MOST_UNINDEXED


def test_a_portion_is_looked_through_for_what_it_changes(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bool] = []
    list_unembedded = Writer.list_unembedded

    def look(writer: Writer, *values: Any, everywhere: bool, **options: Any) -> Any:
        looked.append(everywhere)
        return list_unembedded(writer, *values, everywhere=everywhere, **options)

    monkeypatch.setattr(Writer, "list_unembedded", look)
    report = desk.ingest(folder)
    assert looked[0] and len(looked) > 2 and not any(looked[1:])
    assert report.n_embedded == report.n_chunks


def test_killed_while_reading_keeps_the_documents_read(desk: Desk, folder: Path) -> None:
    def kill(state: IngestState) -> None:
        if state.stage == "reading" and state.file == "many.jsonl":
            raise Killed

    with pytest.raises(Killed):
        desk.ingest(folder, watch=kill)
    assert len(desk.library.list_documents()) == 2
    state = read_ingest_state(desk.folder)
    assert state is not None and not state.is_alive
    assert "interrupted at reading many.jsonl" in format_ingest_state(state)
    report = go_on(desk, folder)
    assert report.resumed.startswith(
        "went on where an ingest was interrupted: 2 papers read before"
    )
    assert report.n_embedded == 10, "apples and cherries were embedded before"


def test_killed_in_a_long_document_keeps_its_entries(desk: Desk, folder: Path) -> None:
    embedder = QuickEmbedder()

    def kill(state: IngestState) -> None:
        n_entries = len(desk.library.list_entries("many.jsonl"))
        if n_entries == 4 and len(embedder.seen) > desk.library.n_chunks:
            raise Killed

    with pytest.raises(Killed):
        desk.ingest(folder, embedder=embedder, watch=kill)
    (partial,) = [d for d in desk.library.list_documents() if d.is_partial]
    assert (partial.name, partial.n_entries) == ("many.jsonl", 4)
    report = go_on(desk, folder)
    assert report.resumed == (
        "went on where an ingest was interrupted: 7 papers read before were skipped; 2 vectors of "
        "others were there already"
    )
    assert not any(document.is_partial for document in desk.library.list_documents())


def test_a_long_document_that_changes_before_it_goes_on_is_the_new_one(
    desk: Desk, folder: Path
) -> None:
    def kill(state: IngestState) -> None:
        if any(document.is_partial for document in desk.library.list_documents()):
            raise Killed

    with pytest.raises(Killed):
        desk.ingest(folder, watch=kill)
    write(folder / "many.jsonl", *FRUIT[4:])
    go_on(desk, folder)


def test_killed_while_indexing_keeps_the_rows(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(ingesting.indexing, "_build_indexes", kill)
        with pytest.raises(Killed):
            desk.ingest(folder)
    assert desk.library.n_papers == 2
    assert go_on(desk, folder).n_embedded == 10


def _ingest_killed(folder: Path, documents: Path, at: int, pipe: Connection) -> None:
    """In a process of its own: small portions, and a fuse that kills it."""
    portions.PORTION_ENTRIES = portions.PORTION_DOCUMENTS = 2
    fuse = Fuse(at)
    with Library.open(folder) as library:
        ingesting.apply_ingest(
            library, FusedStores(fuse), lambda: FusedEmbedder(fuse), [documents], progress=fuse
        )
    pipe.send(fuse.passed)


def test_a_killed_process_leaves_whole_portions(desk: Desk, folder: Path) -> None:
    _, code = _run(_ingest_killed, desk.folder, folder, 24)
    assert code == -signal.SIGKILL
    n_before = desk.library.n_papers
    assert 0 < n_before < 12
    embedder = QuickEmbedder()
    report = desk.ingest(folder, embedder=embedder)
    assert report.resumed and report.n_embedded == len(embedder.seen) <= 12 - n_before
    assert _state(desk.library) == clean_state(folder, desk.folder.parent)


def test_a_rebuild_and_a_document_that_changed_are_one_portion(desk: Desk, folder: Path) -> None:
    desk.ingest(folder)
    write(folder / "many.jsonl", *(f"Kinds of {title.lower()}" for title in FRUIT))
    states: list[int] = []
    desk.ingest(folder, watch=lambda _: states.append(desk.library.index_state.version))
    assert len(set(states)) <= 2
    assert desk.ingest(folder, rebuild=True).n_embedded == desk.library.n_chunks


def test_reports_of_thousands_hold_no_contents(desk: Desk, folder: Path) -> None:
    report = desk.ingest(folder)
    assert report.plan.count("new") == 14
    assert not any(d.reading.entries for d in report.plan.documents if d.reading)


# --- what is told -------------------------------------------------------------------------------


def test_the_plan_comes_first_and_says_what_is_unchanged(desk: Desk, folder: Path) -> None:
    desk.ingest(folder)
    write(folder / "more.jsonl", "Medlars", "Sloes")
    told: list[object] = []
    desk.ingest(folder, watch=told.append, announce=told.append)
    survey = told[0]
    assert isinstance(survey, Survey) and (survey.n_files, survey.n_unchanged) == (7, 6)
    assert format_survey(survey).startswith("plan: 7 documents, 6 of them unchanged; about 1 paper")
    shares = [state.share for state in told[1:] if isinstance(state, IngestState)]
    assert shares == sorted(shares) and shares[-1] == pytest.approx(1.0)


def test_a_state_is_a_line_with_file_rate_and_time_left() -> None:
    state = IngestState("embedding", "a.pdf", 2_000, 12, 41, 0.01, 3.14, 540.0)
    assert format_ingest_state(state) == (
        "embedding a.pdf: 12 of 2,000 documents, 41 papers, 3.14 a second, 9 min left"
    )
    slow = replace(state, rate=0.05)
    assert "41 papers, 3 a minute, 9 min left" in format_ingest_state(slow)


def test_the_state_of_a_process_that_went_silent_is_interrupted(tmp_path: Path) -> None:
    assert read_ingest_state(tmp_path) is None
    path = tmp_path / "ingest.json"
    path.write_text(json.dumps({"stage": "reading", "file": "a.pdf"}), "utf-8")
    state = read_ingest_state(tmp_path)
    assert state is not None and state.is_alive
    os.utime(path, (0, 0))
    state = read_ingest_state(tmp_path)
    assert state is not None and not state.is_alive
    path.write_text("{", "utf-8")
    assert read_ingest_state(tmp_path) is None


# --- opening an index costs what changed ------------------------------------------------------------


def test_an_index_that_is_in_step_is_opened_without_a_look_at_its_ids(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.ingest(folder)
    monkeypatch.setattr("rag.ingest.index_marks.SMALL_INDEX", 1)
    asked: list[object] = []
    original = Library.list_chunk_ids
    monkeypatch.setattr(Library, "list_chunk_ids", lambda self: asked.append(0) or original(self))
    assert desk.found(stem("apples")) >= {"Apples"}
    assert asked == []
    for mark in desk.folder.glob("index/*/compared-*"):
        mark.unlink()
    assert desk.found(stem("apples")) >= {"Apples"}
    assert len(asked) == 1 and list(desk.folder.glob("index/*/compared-lexical"))
    counted: list[object] = []
    count = Library._count
    monkeypatch.setattr(Library, "_count", lambda *values: counted.append(0) or count(*values))
    assert desk.found(stem("apples")) >= {"Apples"}
    assert len(asked) == 1 and counted == []


def test_the_check_finds_other_ids_of_equal_number(desk: Desk, folder: Path) -> None:
    desk.ingest(folder)
    indexes = ingesting.indexing.Indexes(desk.library, QuickStores(), "quick")
    first = min(indexes.vectors.list_ids())
    assert indexes.vectors.list_ids([first, "none"]) == {first}
    assert indexes.lexical.list_ids([first, "none"]) == {first}
    indexes.close()
    place = ingesting.indexing.get_generation(desk.library, desk.library.index_state)
    with closing(QuickStores().open_vectors(place)) as vectors:
        vectors.delete([first])
        vectors.commit()
    assert check_indexes(desk.library, QuickStores()).problems
    assert desk.nearest("Apples") == "Apples", "opening rebuilds what has fewer"


def test_much_text_fills_a_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many PDFs the first dozen is stored before the rest is read."""
    monkeypatch.setattr(portions, "PORTION_ENTRIES", 100)
    monkeypatch.setattr(portions, "PORTION_DOCUMENTS", 100)
    monkeypatch.setattr(portions, "PORTION_CHARS", 150)
    plans = []
    for name in FRUIT[:5]:
        entry = Entry(Place(name, 1), "", name, "x" * 80)
        reading = DocumentReading(name, "0", "pdf", (entry,))
        plans.append(
            DocumentPlan(name, name, "new", reading, (EntryPlan(entry.place, name, name, "new"),))
        )
    cut = portions.iter_portions(plans, list, {}, is_whole=False, tell=lambda n: None)
    assert [[plan.name for plan in portion] for portion, _, _ in cut] == [
        ["Apples", "Pears"],
        ["Plums", "Figs"],
        ["Cherries"],
    ]
