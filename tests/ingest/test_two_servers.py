"""Two servers on one PostgreSQL and one Chroma server: what one ingests, the other answers from."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest

from rag.adapters.chroma_server import Server
from rag.ingest import following
from rag.ingest.indexing import Indexes, check_indexes
from rag.ingest.ingesting import apply_ingest
from rag.library import Library, open_writer
from rag.text import stem
from rag.types.errors import LibraryLocked
from tests.chroma_run import chroma_run
from tests.conftest import close_connections
from tests.desk import Desk, write
from tests.postgresql_run import PostgresqlServer
from tests.stand_ins import Fuse, FusedEmbedder, FusedStores, QuickStores

pytestmark = pytest.mark.postgresql
CONTEXT = get_context("forkserver")


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with chroma_run(tmp_path_factory.mktemp("chroma")) as (server, _):
        yield server


@pytest.fixture
def desks(tmp_path: Path, postgresql: PostgresqlServer, chroma: Server) -> Iterator[list[Desk]]:
    """Two servers' data folders, over one library."""
    url = postgresql.create_schema()
    desks = [Desk(tmp_path / name, url) for name in ("one", "other")]
    for desk in desks:
        desk.stores = QuickStores(chroma)
    yield desks
    for desk in desks:
        desk.library.close()
    close_connections(url)


def require_whole(desks: list[Desk], *titles: str) -> None:
    for desk in desks:
        assert desk.titles == list(titles)
        assert check_indexes(desk.library, desk.stores).problems == ()
        assert desk.list_nearest(titles) == list(titles)
        assert desk.list_found([stem(title.lower()) for title in titles]) == [{t} for t in titles]


def test_what_one_ingests_changes_and_removes_the_other_follows(
    desks: list[Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = desks
    folder = tmp_path / "documents"
    write(folder / "a.jsonl", "Apples", "Figs", "Grapes", "Kiwis")
    one.ingest(folder)
    require_whole(desks, "Apples", "Figs", "Grapes", "Kiwis")
    taken: list[int] = []
    records = following._iter_records

    def count(library: Library, chunk_ids: list[str]) -> Iterator[object]:
        taken.append(len(chunk_ids))
        return records(library, chunk_ids)  # type: ignore[return-value]

    monkeypatch.setattr(following, "_iter_records", count)
    write(folder / "b.jsonl", "Pears")
    other.ingest(folder)
    require_whole(desks, "Apples", "Figs", "Grapes", "Kiwis", "Pears")
    assert taken == [1, 1]  # each server has taken over what the journal named, and no more
    one.ingest(drop=["b.jsonl"])
    require_whole(desks, "Apples", "Figs", "Grapes", "Kiwis")
    assert taken == [1, 1, 0, 0]


def test_a_server_that_was_away_for_longer_than_the_journal_builds_its_index_anew(
    desks: list[Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = desks
    write(tmp_path / "a.jsonl", "Apples", "Figs", "Grapes")
    one.ingest(tmp_path / "a.jsonl")
    require_whole(desks, "Apples", "Figs", "Grapes")
    monkeypatch.setattr("rag.library.writing.MAX_CHANGES", -1)
    for title in ("Pears", "Plums"):
        one.ingest(write(tmp_path / f"b{title}.jsonl", title))
    require_whole([other, one], "Apples", "Figs", "Grapes", "Pears", "Plums")


def test_a_broken_lexical_index_is_built_anew_by_its_own_server_alone(
    desks: list[Desk], tmp_path: Path
) -> None:
    one, other = desks
    one.ingest(write(tmp_path / "a.jsonl", "Apples", "Figs"))
    require_whole(desks, "Apples", "Figs")
    before = one.library.index_state
    (meta,) = (other.folder / "index").glob("shared-*/lexical/meta.json")
    meta.write_text("{", "utf-8")
    require_whole(desks, "Apples", "Figs")
    assert one.library.index_state == before


def test_one_writes_at_a_time(desks: list[Desk], tmp_path: Path) -> None:
    one, other = desks
    with open_writer(one.folder, one.library.url), pytest.raises(LibraryLocked, match="another"):
        other.ingest(write(tmp_path / "a.jsonl", "Apples"))
    assert other.ingest(tmp_path / "a.jsonl").n_papers == 1


def _ingest(folder: Path, url: str, where: str, path: Path, at: int) -> None:
    fuse = Fuse(at)
    with Library.open(folder, url) as library:
        stores = FusedStores(fuse, Server(where))
        apply_ingest(library, stores, lambda: FusedEmbedder(fuse), [path], progress=fuse)


def test_when_one_is_killed_as_it_ingests_the_other_goes_on(
    desks: list[Desk], tmp_path: Path, chroma: Server
) -> None:
    one, other = desks
    folder = tmp_path / "documents"
    write(folder / "a.jsonl", "Apples", "Figs", "Grapes", "Kiwis")
    one.ingest(folder)
    require_whole([other], "Apples", "Figs", "Grapes", "Kiwis")
    CONTEXT.set_forkserver_preload(
        ["tests.ingest.test_two_servers", "chromadb", "rag.adapters.tantivy", "psycopg"]
    )
    titles = ["Apples", "Figs", "Grapes", "Kiwis"]
    for number, at in enumerate(range(2, 30, 13)):
        path = write(folder / f"x{number}.jsonl", f"Extra{number}")
        arguments = (one.folder, one.library.url, chroma.where, path, at)
        process = CONTEXT.Process(target=_ingest, args=arguments)
        process.start()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        process.close()
        indexes = Indexes(other.library, other.stores, "quick")
        assert indexes.vectors.count() in (len(titles), len(titles) + 1)
        assert indexes.lexical.count() in (len(titles), len(titles) + 1)
        indexes.close()
        other.ingest(path)
        titles.append(f"Extra{number}")
        require_whole([other], *titles)
    require_whole([one], *titles)
