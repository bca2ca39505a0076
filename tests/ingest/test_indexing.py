"""Indexes that do not fit their library are rebuilt, and readers go over to what is new."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rag.ingest.indexing import Indexes, check_indexes, get_generation
from rag.library import Library
from rag.library.chunking import OPENING_CHARS
from rag.library.schema import LIBRARY_FILE
from rag.library.sqlite import open_connection
from rag.types.errors import LibraryEmpty
from tests.conftest import ROOT
from tests.desk import Desk, abstract, write
from tests.stand_ins import QuickEncoder, QuickStores, vector

LIST = "000_052e22e2ea1c628a.txt"


# --- indexes that do not fit ------------------------------------------------------------------


def _lose_folder(folder: Path) -> None:
    (folder / "index" / "000001").rename(folder / "elsewhere")


def _break_vectors(folder: Path) -> None:
    (folder / "index" / "000001" / "chroma" / "chroma.sqlite3").write_bytes(b"broken" * 1_000)
    (folder / "index" / "000001" / "flat-vectors").write_bytes(b"broken" * 1_000)


def _break_lexical(folder: Path) -> None:
    (folder / "index" / "000001" / "lexical" / "meta.json").write_text("{", "utf-8")


def _lose_a_vector(folder: Path) -> None:
    with Library.open(folder) as library:
        _delete_vector(library, library.list_chunks()[0].chunk_id)


def _delete_vector(library: Library, chunk_id: str) -> None:
    place = get_generation(library, library.index_state)
    with closing(QuickStores().open_vectors(place)) as vectors:
        vectors.delete([chunk_id])


def _lose_an_index_entry(folder: Path) -> None:
    with Library.open(folder) as library:
        indexes = Indexes(library, QuickStores())
        indexes.lexical.update([], [library.list_chunks()[0].chunk_id])
        indexes.close()


@pytest.mark.parametrize(
    "harm", [_lose_folder, _break_vectors, _break_lexical, _lose_a_vector, _lose_an_index_entry]
)
def test_indexes_that_do_not_fit_the_library_are_rebuilt_when_opened(
    desk: Desk, seeds: Path, harm: Any
) -> None:
    desk.ingest(seeds / LIST)
    harm(desk.folder)
    assert check_indexes(desk.library, desk.stores).problems != ()
    indexes = Indexes(desk.library, desk.stores, "quick")
    assert (indexes.vectors.count(), indexes.lexical.count()) == (10, 10)
    assert check_indexes(desk.library, desk.stores).problems == ()
    indexes.close()


def test_where_chroma_alone_is_broken_its_copy_is_searched_until_an_ingest_mends_it(
    desk: Desk, tmp_path: Path
) -> None:
    document = write(tmp_path / "a.jsonl", "Apples", "Pears")
    desk.ingest(document)
    (desk.folder / "index" / "000001" / "chroma" / "chroma.sqlite3").write_bytes(b"broken" * 1_000)
    assert desk.nearest("Pears") == "Pears"
    assert desk.library.index_state.generation == 1
    assert "vectors" in " ".join(check_indexes(desk.library, desk.stores).problems)
    desk.ingest(document)
    assert desk.library.index_state.generation == 2


def test_a_copy_that_is_not_what_the_store_has_is_told_and_mended(
    desk: Desk, tmp_path: Path
) -> None:
    document = write(tmp_path / "a.jsonl", "Apples", "Pears")
    desk.ingest(document)
    kept = desk.folder / "index" / "000001" / "flat-vectors"
    of_two = kept.read_bytes()
    desk.ingest(write(document, "Apples", "Pears", "Plums"))
    assert kept.read_bytes() != of_two
    kept.write_bytes(of_two)
    problems = check_indexes(desk.library, desk.stores).problems
    assert "what is searched of the vectors is not what the store has" in problems
    assert desk.nearest("Plums") == "Plums"
    assert check_indexes(desk.library, desk.stores).problems == ()


def test_the_vectors_of_an_older_version_get_their_copy_when_they_are_first_searched(
    desk: Desk, tmp_path: Path
) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", "Apples", "Pears"))
    kept = desk.folder / "index" / "000001" / "flat-vectors"
    whole = kept.read_bytes()
    kept.unlink()
    assert desk.nearest("Pears") == "Pears"
    assert kept.read_bytes() == whole


def _write_body(path: Path) -> Path:
    """A paper with a body of some windows, whose last one alone has kelp in it."""
    told = [
        f"Sentence {n} tells of the rivers of county {n} and of their many bridges."
        for n in range(99)
    ]
    rows = [{"title": "Rivers", "abstract": " ".join([*told, "Kelp is named here."])}]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    return path


def test_windows_behind_the_opening_of_a_body_are_in_the_lexical_index_alone(
    desk: Desk, tmp_path: Path
) -> None:
    desk.ingest(
        write(tmp_path / "a.jsonl", "Apples"),
        _write_body(tmp_path / "b.jsonl"),
        embedder=QuickEncoder(),
    )
    opening = {c.chunk_id for c in desk.library.list_chunks() if c.span[0] < OPENING_CHARS}
    health = check_indexes(desk.library, desk.stores)
    assert health.n_chunks == health.n_indexed > health.n_vectors + 2
    with closing(Indexes(desk.library, desk.stores, "quick")) as indexes:
        assert indexes.vectors.list_ids() == opening == desk.library.list_searched("quick")
    assert health.n_vectors == desk.library.count_searched("quick") == len(opening)
    assert desk.found("kelp") == {"Rivers"}


def test_without_token_vectors_all_windows_are_searched_by_theirs(
    desk: Desk, tmp_path: Path
) -> None:
    desk.ingest(_write_body(tmp_path / "b.jsonl"))
    health = check_indexes(desk.library, desk.stores)
    assert health.n_chunks == health.n_vectors == health.n_indexed > 5


def test_a_vector_lost_beside_a_body_is_missed(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(
        write(tmp_path / "a.jsonl", "Apples"),
        _write_body(tmp_path / "b.jsonl"),
        embedder=QuickEncoder(),
    )
    (lost,) = (c.chunk_id for c in desk.library.list_chunks() if c.heading == "Apples")
    _delete_vector(desk.library, lost)
    problems = check_indexes(desk.library, desk.stores).problems
    assert problems == (f"1 chunks are not in the vectors, such as {lost!r}",)
    with closing(Indexes(desk.library, desk.stores, "quick")) as indexes:
        assert lost in indexes.vectors.list_ids()


def test_a_body_changed_in_place_leaves_the_indexes_in_step(desk: Desk, tmp_path: Path) -> None:
    titles = [f"Apples {n}" for n in range(40)]
    desk.ingest(write(tmp_path / "a.jsonl", *titles), embedder=QuickEncoder())
    before = desk.library.index_state.generation
    body = _write_body(tmp_path / "b.jsonl")
    desk.ingest(body, embedder=QuickEncoder())
    body.write_text(body.read_text("utf-8").replace("bridges", "ferries"), "utf-8")
    desk.ingest(body, embedder=QuickEncoder())
    assert desk.library.index_state.generation == before
    assert desk.found("bridg") == set() and desk.found("ferri") == {"Rivers"}


def test_an_orphan_in_an_index_is_found(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", "Apples", "Pears"))
    with open_connection(desk.folder / LIBRARY_FILE, readonly=False) as connection:
        connection.execute("DELETE FROM chunks WHERE heading = 'Pears'")
    connection.close()
    problems = " ".join(check_indexes(desk.library, desk.stores).problems)
    for sentence in (
        "papers have no chunk",
        "entries of the vectors",
        "entries of the lexical index",
    ):
        assert f"1 {sentence}" in problems


def test_a_library_without_papers_says_so_when_it_is_searched(desk: Desk) -> None:
    indexes = Indexes(desk.library, desk.stores)
    with pytest.raises(LibraryEmpty):
        _ = indexes.vectors
    with pytest.raises(LibraryEmpty):
        _ = indexes.lexical
    assert check_indexes(desk.library, desk.stores).ok


# --- readers of a library that goes on --------------------------------------------------------


def _ingest_elsewhere(folder: Path, paths: Sequence[Path]) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.ingest.ingesting import apply_ingest\n"
        "from rag.library import Library; from tests.stand_ins import QuickEmbedder, QuickStores\n"
        "with Library.open(Path(sys.argv[1])) as library:\n"
        "    apply_ingest(library, QuickStores(), QuickEmbedder, [Path(p) for p in sys.argv[2:]])\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(folder), *map(str, paths)], check=True, cwd=ROOT
    )


def test_a_reader_goes_over_to_a_library_made_anew(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", "Apples", "Pears"))
    indexes = Indexes(desk.library, desk.stores, "quick")
    assert (indexes.vectors.count(), indexes.lexical.count()) == (2, 2)
    desk.folder.rename(tmp_path / "away")
    assert desk.library.list_papers() == []
    desk.ingest(write(tmp_path / "b.jsonl", "Plums"))
    assert (indexes.vectors.count(), indexes.lexical.count()) == (1, 1)
    assert desk.titles == ["Plums"]
    indexes.close()


def test_a_store_that_a_thread_is_in_outlives_the_change_of_the_library(
    desk: Desk, tmp_path: Path
) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", "Apples"))
    indexes = Indexes(desk.library, desk.stores, "quick")
    in_use = indexes.vectors
    desk.ingest(write(tmp_path / "b.jsonl", "Pears", "Plums"))
    assert indexes.vectors is not in_use
    assert in_use.query([vector("any")], 9)[0]
    indexes.close()


def test_open_readers_find_what_another_process_ingests(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", *(f"Paper {n}" for n in range(40))))
    readers = [Indexes(desk.library, desk.stores, "quick") for _ in range(2)]
    for indexes in readers:
        assert len(indexes.vectors.query([vector("any")], 99)[0]) == 40
    later = [f"Later {n}" for n in range(6)]
    _ingest_elsewhere(desk.folder, [write(tmp_path / "b.jsonl", *later)])
    assert desk.library.index_state.generation == 1
    for indexes in readers:
        for title in later:
            nearest = indexes.vectors.query([vector(f"{title}\n{abstract(title)}")], 1)[0][0][0]
            assert desk.library.list_chunks([nearest])[0].heading == title
        assert len(indexes.lexical.find_chunks(["later"], 99)) == 6
    _ingest_elsewhere(desk.folder, [write(tmp_path / "c.jsonl", *(f"Last {n}" for n in range(99)))])
    assert desk.library.index_state.generation == 2
    for indexes in readers:
        assert len(indexes.vectors.query([vector("any")], 999)[0]) == 145
        assert len(indexes.lexical.find_chunks(["last"], 999)) == 99
        indexes.close()
