"""Damage of a data folder is mended by an ingest or told in one sentence, never a traceback."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.adapters import open_marks
from rag.adapters.chroma_embedded import CHROMA_FILE as CHROMA_FILE
from rag.adapters.chroma_embedded import require_whole_chroma
from rag.adapters.flat_vectors import FLAT_FILE
from rag.adapters.index_stores import LocalStores
from rag.ingest.indexing import Indexes, check_indexes, get_generation
from rag.ingest.ingesting import apply_ingest
from rag.library import Library, Writer
from rag.library.exclusions import EXCLUSIONS_FILE as OLD_LIST
from rag.library.exclusions import old_list
from rag.library.integrity import STAMPS_FILE as SOUND
from rag.library.schema import LIBRARY_FILE
from rag.search.candidates import load_candidates
from rag.types.errors import IndexUnreadable, LibraryError, RagError
from tests.conftest import ROOT
from tests.desk import Desk, write
from tests.stand_ins import QuickEncoder, QuickStores, list_encodings, vector

TITLES = ("Apples", "Pears", "Plums", "Figs")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with four papers, and beside it the document that they came from."""
    folder = tmp_path_factory.mktemp("whole")
    desk = Desk(folder / "data")
    desk.ingest(write(folder / "a.jsonl", *TITLES, authors=["Ann Arbor"]), embedder=QuickEncoder())
    desk.library.close()
    return folder / "data"


@pytest.fixture
def harmed(whole: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(whole, tmp_path / "data")
    desk = Desk(tmp_path / "data")
    yield desk
    desk.library.close()


def ingest_again(desk: Desk, whole: Path) -> tuple[str, ...]:
    """What an ingest of the unchanged document mended."""
    report = desk.ingest(whole.parent / "a.jsonl", embedder=QuickEncoder())
    assert report.plan.changes_nothing
    return report.mended


def sql(folder: Path, *statements: str) -> None:
    connection = sqlite3.connect(folder / LIBRARY_FILE)
    connection.execute("PRAGMA foreign_keys = OFF")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def write_wild(path: Path, n: int, seed: int) -> None:
    chosen = random.Random(seed)
    with path.open("r+b") as file:
        for _ in range(n):
            file.seek(chosen.randrange(path.stat().st_size))
            file.write(bytes([chosen.randrange(256)]))


def index(folder: Path, part: str) -> Path:
    return folder / "index" / "000001" / part


# --- what is derived: mended ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM vectors", "4 chunks have no vector"),
        ("DELETE FROM vectors WHERE rowid % 3 = 0", "chunks have no vector"),
        ("UPDATE vectors SET vector = x'00', tokens = x'0102'", "4 chunks have no vector"),
        ("UPDATE vectors SET tokens = zeroblob(19)", "4 chunks have no vector"),
        ("DELETE FROM authorships", "4 papers are not what was stored"),
        ("DELETE FROM chunks", "4 papers have no chunk"),
        ("DELETE FROM papers WHERE title = 'Figs'", "1 entries have no paper"),
        ("UPDATE papers SET text = 'Other words.'", "4 papers are not what was stored"),
    ],
)
def test_rows_that_can_be_derived_again_are(
    harmed: Desk, whole: Path, statement: str, told: str
) -> None:
    with Library.open(whole) as before:
        expected = before.list_papers(), before.list_chunks(), before.fingerprint
    sql(harmed.folder, statement)
    assert told in " ".join(check_indexes(harmed.library, harmed.stores).problems)
    assert told in " ".join(ingest_again(harmed, whole))
    library = harmed.library
    assert (library.list_papers(), library.list_chunks(), library.fingerprint) == expected
    assert len(list_encodings(library)) == 4
    assert harmed.nearest("Pears") == "Pears"
    assert ingest_again(harmed, whole) == ()


HARMS: dict[str, Callable[[Path], object]] = {
    "index gone": lambda folder: shutil.rmtree(folder / "index"),
    "chroma gone": lambda folder: shutil.rmtree(index(folder, "chroma")),
    "chroma wild": lambda folder: write_wild(index(folder, "chroma") / CHROMA_FILE, 2_000, 1),
    "chroma cut": lambda folder: os.truncate(index(folder, "chroma") / CHROMA_FILE, 9_000),
    "lexical gone": lambda folder: shutil.rmtree(index(folder, "lexical")),
    "lexical junk": lambda folder: (index(folder, "lexical") / "meta.json").write_text("{"),
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_indexes_that_are_damaged_are_built_again_by_an_ingest_that_reads_nothing_new(
    harmed: Desk, whole: Path, harm: Callable[[Path], object]
) -> None:
    harm(harmed.folder)
    assert ingest_again(harmed, whole)
    assert harmed.embedded == []
    assert harmed.library.index_state.generation == 2
    assert harmed.nearest("Figs") == "Figs"
    assert ingest_again(harmed, whole) == ()


def test_what_an_ingest_has_left_is_not_gone_through_again(
    harmed: Desk, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest_again(harmed, whole)
    kept = (harmed.folder / SOUND).read_text("utf-8")
    looked: list[object] = []
    monkeypatch.setattr(
        "rag.ingest.indexing._compare", lambda *given: looked.append(given) or ((), [])
    )
    monkeypatch.setattr("rag.library.invariants.content_problems", looked.append)
    assert harmed.nearest("Figs") == "Figs"  # reading does not change what is known
    apply_ingest(harmed.library, harmed.stores, QuickEncoder, [whole.parent / "a.jsonl"])
    assert looked == [] and (harmed.folder / SOUND).read_text("utf-8") == kept


# --- a process that its vectors have ended ----------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_wild_bytes_in_chromas_file_never_reach_its_native_code(harmed: Desk, seed: int) -> None:
    write_wild(index(harmed.folder, "chroma") / CHROMA_FILE, 2_000, seed)
    with pytest.raises(IndexUnreadable, match="damaged"):
        require_whole_chroma(index(harmed.folder, "chroma"))
    assert harmed.nearest("Plums") == "Plums"
    assert harmed.library.index_state.generation == 1  # the copy was searched
    index(harmed.folder, FLAT_FILE).unlink()
    assert harmed.nearest("Plums") == "Plums"
    assert harmed.library.index_state.generation == 2


class Untrusting(LocalStores):
    """Every trial fails; ``trials`` counts them."""

    trials = 0

    def is_sound(self, *_: object, **__: object) -> bool:
        self.trials += 1
        return False


def test_after_an_unclean_end_vectors_are_tried_out_and_built_again(harmed: Desk) -> None:
    code = (
        "import os, sys; from pathlib import Path; from rag.ingest.indexing import get_generation\n"
        "from rag.library import Library; from tests.stand_ins import QuickStores\n"
        "library = Library.open(Path(sys.argv[1]))\n"
        "place = get_generation(library, library.index_state)\n"
        "vectors = QuickStores().open_vectors(place); vectors.count(); os.abort()\n"
    )
    command = [sys.executable, "-c", code, str(harmed.folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGABRT
    index(harmed.folder, FLAT_FILE).unlink()
    stores = Untrusting()
    indexes = Indexes(harmed.library, stores)
    assert indexes.vectors.count() == 4
    assert (stores.trials, harmed.library.index_state.generation) == (1, 2)
    indexes.close()


def test_a_store_that_is_open_or_was_closed_is_not_tried_out(harmed: Desk) -> None:
    stores = Untrusting()
    index(harmed.folder, FLAT_FILE).unlink()
    first, second = Indexes(harmed.library, stores), Indexes(harmed.library, stores)
    assert first.vectors.count() == second.vectors.count() == 4
    first.close(), second.close()
    again = Indexes(harmed.library, stores)
    assert again.vectors.count() == 4 and stores.trials == 0
    again.close()


def test_a_mark_goes_with_its_store_and_its_lock_with_its_process(tmp_path: Path) -> None:
    mark = open_marks.Mark(tmp_path)
    assert not open_marks.clear_dead(tmp_path)
    mark.remove()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / f"{open_marks.MARK_PREFIX}left").touch()
    assert open_marks.clear_dead(tmp_path)
    assert not open_marks.clear_dead(tmp_path)


# --- the library's file: told -----------------------------------------------------------------

FILE_HARMS: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "head": lambda path: path.write_bytes(b"\0" * 4096 + path.read_bytes()[4096:]),
    "wild": lambda path: write_wild(path, 20_000, 1),
    "text": lambda path: path.write_text("hello"),
    "table gone": lambda path: sql(path.parent, "DROP TABLE authorships"),
    "not text": lambda path: sql(
        path.parent, "UPDATE papers SET text = CAST(text || x'ff80' AS TEXT)"
    ),
    "not JSON": lambda path: sql(path.parent, "UPDATE papers SET page_starts = '{'"),
    "no number": lambda path: sql(path.parent, "UPDATE meta SET value = 'x' WHERE key = 'version'"),
}


@pytest.mark.parametrize("harm", FILE_HARMS.values(), ids=FILE_HARMS)
def test_damage_of_the_librarys_file_is_one_sentence_everywhere(
    harmed: Desk, whole: Path, harm: Callable[[Path], object]
) -> None:
    harm(harmed.folder / LIBRARY_FILE)
    library = harmed.library

    def ask_everything() -> None:
        (
            library.list_papers(),
            library.list_names(),
            library.list_chunks(),
            library.list_documents(),
        )
        _ = library.index_state

    for use in (ask_everything, lambda: ingest_again(harmed, whole)):
        with pytest.raises(LibraryError) as told:
            use()
        assert "\n" not in str(told.value) and "paperfolk ingest" in str(told.value)
        assert "is about" not in str(told.value)  # no passage
    assert check_indexes(library, harmed.stores).problems
    harmed.library.close()
    (harmed.folder / LIBRARY_FILE).unlink()
    assert harmed.ingest(whole.parent / "a.jsonl").n_papers == 4


@pytest.mark.parametrize("seed", range(6))
def test_wild_bytes_anywhere_in_the_library_are_no_traceback(
    harmed: Desk, whole: Path, seed: int
) -> None:
    write_wild(harmed.folder / LIBRARY_FILE, 200, seed)
    uses: list[Callable[[], object]] = [
        lambda: harmed.library.list_papers(),
        lambda: list_encodings(harmed.library),
        lambda: load_candidates(
            harmed.library, QuickEncoder(), harmed.library.list_chunk_ids(), None
        ),
        lambda: [harmed.library.list_entries(d.name) for d in harmed.library.list_documents()],
        lambda: check_indexes(harmed.library, harmed.stores),
        lambda: apply_ingest(
            harmed.library, harmed.stores, QuickEncoder, [whole.parent / "a.jsonl"]
        ),
    ]
    for use in uses:
        try:
            use()
        except RagError as told:
            assert "\n" not in str(told)


# --- documents that a reader removed ----------------------------------------------------------


def test_a_removed_document_stays_removed_whatever_its_name(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    write(folder / "a\nb.jsonl", "Apples"), write(folder / "c.jsonl", "Pears")
    desk.ingest(folder)
    desk.ingest(drop=["a\nb.jsonl"])
    assert desk.ingest(folder).n_papers == 1
    assert desk.ingest(folder / "a\nb.jsonl").n_papers == 2
    assert desk.library.left_out() == frozenset()


def test_a_document_and_its_place_on_the_list_change_together(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    write(folder / "a.jsonl", "Apples"), write(folder / "b.jsonl", "Pears", "Plums", "Figs")
    desk.ingest(folder)

    class Killed(QuickStores):
        def open_vectors(self, *_: object, **__: object) -> None:  # type: ignore[override]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_ingest(desk.library, Killed(), QuickEncoder, [], drop=["a.jsonl"])
    assert desk.library.n_papers == 3 and len(desk.library.left_out()) == 1
    assert desk.ingest(folder).n_papers == 3
    assert desk.library.select("SELECT count(*) AS n FROM vectors")[0]["n"] == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_list_of_an_older_version_is_taken_over_in_any_encoding(
    desk: Desk, tmp_path: Path, encoding: str
) -> None:
    folder = tmp_path / "döcuments"
    unwanted = write(folder / "ä.jsonl", "Apples").resolve()
    write(folder / "b.jsonl", "Pears")
    desk.folder.mkdir()
    (desk.folder / OLD_LIST).write_text(f"{unwanted}\n", encoding)
    assert desk.library.left_out() == {str(unwanted)}
    assert desk.ingest(folder).n_papers == 1
    assert not (desk.folder / OLD_LIST).exists()
    assert desk.library.left_out() == {str(unwanted)}


def test_a_list_that_is_none_keeps_nothing_from_being_read(desk: Desk, tmp_path: Path) -> None:
    desk.folder.mkdir()
    (desk.folder / OLD_LIST).write_bytes(b"\xff\xfe\0")
    assert old_list(desk.folder) == frozenset()
    assert desk.ingest(write(tmp_path / "a.jsonl", "Apples")).n_papers == 1
    (desk.folder / OLD_LIST).mkdir()
    assert desk.ingest(write(tmp_path / "b.jsonl", "Pears")).n_papers == 2


# --- a full disk ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "step",
    ["start_ingest", "log_ingest_end", "list_unembedded", "store", "clear_outbox", "_set_meta"],
)
def test_a_disk_that_is_full_at_any_step_of_an_ingest_is_one_sentence(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    document = write(tmp_path / "a.jsonl", *TITLES)
    with monkeypatch.context() as patched:
        patched.setattr(Writer, step, fail)
        with pytest.raises(LibraryError, match=r"cannot be written \(database or disk is full\)"):
            desk.ingest(document)
    assert desk.ingest(document).n_papers == 4
    assert vector("any") and desk.nearest("Figs") == "Figs"


def test_indexes_that_cannot_be_built_are_one_sentence(desk: Desk, tmp_path: Path) -> None:
    document = write(tmp_path / "a.jsonl", *TITLES)
    desk.folder.mkdir()
    (desk.folder / "index").write_text("in the way")
    with pytest.raises(LibraryError, match=r"cannot be built .* make room or give rights"):
        desk.ingest(document)
    (desk.folder / "index").unlink()
    assert desk.ingest(document).n_papers == 4


def test_a_generation_is_what_its_library_says(harmed: Desk) -> None:
    place = get_generation(harmed.library, harmed.library.index_state)
    assert QuickStores().stamp(place) == QuickStores().stamp(place) != ""
    assert LocalStores("127.0.0.1:9").stamp(place) == ""


def test_on_a_full_disk_everything_is_read_and_nothing_changed(
    harmed: Desk, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.stat().st_mtime_ns for path in harmed.folder.rglob("*")}
    with monkeypatch.context() as patched:
        patched.setattr("rag.library.permissions.LITTLE_BYTES", 2**62)
        assert harmed.nearest("Pears") == "Pears" and harmed.found("pear") == {"Pears"}
        with pytest.raises(LibraryError, match="is full.*make room"):
            ingest_again(harmed, whole)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert ingest_again(harmed, whole) == ()
