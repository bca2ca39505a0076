"""Migrations: the same tables on every database; what older versions wrote is all there afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, inspect

from rag.ingest.indexing import check_indexes
from rag.library import Library, open_writer
from rag.library import sqlite as sqlite_database
from rag.library.schema import LIBRARY_FILE, LIBRARY_MIGRATIONS
from rag.library.tables import METADATA
from rag.library.word_index import INDEX, NUMBERS
from rag.types.errors import LibraryLocked
from tests.desk import Desk
from tests.library.older import write_older
from tests.readonly import readonly_copy
from tests.stand_ins import QuickStores

OLDER = range(1, 4)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, seeds: Path) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "data"
    desk = Desk(folder)
    desk.ingest(
        *sorted(seeds.glob("00[0-2]_*"))
    )  # two lists and a page, of which one paper is in a list too
    desk.library.close()
    return folder


@pytest.fixture
def older(request: pytest.FixtureRequest, whole: Path, tmp_path: Path) -> Path:
    """A folder that a version of the migrations in the parameter wrote."""
    folder = tmp_path / "older"
    write_older(whole, folder, request.param)
    shutil.copytree(whole / "index", folder / "index")
    return folder


def describe(folder: Path) -> list[object]:
    """All that a library says."""
    with Library.open(folder) as library:
        documents = library.list_documents()
        return [
            library.fingerprint, library.list_papers(), library.list_names(), documents,
            [library.list_entries(document.name) for document in documents],
            [(c.chunk_id, c.text) for c in library.list_chunks()], library.index_state,
            library.select("SELECT * FROM papers ORDER BY paper_id"),
            *(library.select(f"SELECT * FROM {table} ORDER BY paper_id, ordinal")
              for table in ("paper_places", "paper_affiliations", "paper_links",
                            "paper_title_words", "authorships", "paper_names")),
            library.select("SELECT * FROM paper_words ORDER BY paper_id, kind, word"),
            library.select("SELECT * FROM vocabulary ORDER BY kind, word"),
            library.select("SELECT * FROM names ORDER BY name"),
            library.select("SELECT * FROM name_parts ORDER BY part, name"),
            library.select("SELECT person, folded, searched FROM pages ORDER BY person"),
        ]  # fmt: skip


def get_version(folder: Path) -> int:
    with sqlite3.connect(folder / LIBRARY_FILE) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_the_tables_are_those_of_the_code_on_every_database(tmp_path: Path, url: str) -> None:
    with open_writer(tmp_path, url):
        pass
    engine = create_engine(url or f"sqlite:///{tmp_path / LIBRARY_FILE}")
    found = inspect(engine)
    names = {
        name
        for name in found.get_table_names()
        if name not in ("paperfolk_versions", NUMBERS) and not name.startswith(INDEX)
    }
    assert names == set(METADATA.tables)
    kinds = {"TEXT": "Text", "BIGINT": "BigInteger", "INTEGER": "BigInteger", "REAL": "Double",
             "DOUBLE_PRECISION": "Double", "BLOB": "LargeBinary", "BYTEA": "LargeBinary"}  # fmt: skip
    for name, table in METADATA.tables.items():
        columns = {
            c["name"]: (kinds[type(c["type"]).__name__], c["nullable"])
            for c in found.get_columns(name)
        }
        keys = found.get_pk_constraint(name)["constrained_columns"]
        assert set(keys) == {column.name for column in table.primary_key}
        assert {c: v if c not in keys else (v[0], False) for c, v in columns.items()} == {
            column.name: (type(column.type).__name__, bool(column.nullable)) for column in table.c
        }
    engine.dispose()


@pytest.mark.parametrize("older", OLDER, indirect=True)
def test_what_an_older_version_wrote_is_read_as_if_it_were_new(older: Path, whole: Path) -> None:
    assert describe(older) == describe(whole)
    assert get_version(older) == len(LIBRARY_MIGRATIONS)
    with Library.open(older) as library:
        assert check_indexes(library, QuickStores()).problems == ()


def test_searched_forms_lose_the_spaces_that_their_marks_stand_for(
    whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "spaced"
    shutil.copytree(whole, folder)
    with sqlite3.connect(folder / LIBRARY_FILE) as connection:
        for table, name in (("papers", "searched_text"), ("papers", "searched_title"),
                            ("authorships", "searched"), ("pages", "searched")):  # fmt: skip
            connection.execute(
                f"UPDATE {table} SET {name} = replace({name}, char(2), ' ' || char(2))"
            )
        connection.execute("PRAGMA user_version = 10")
    assert describe(folder) == describe(whole)
    assert get_version(folder) == len(LIBRARY_MIGRATIONS)


@pytest.mark.parametrize("older", [1, 3], indirect=True)
def test_what_an_older_version_wrote_is_read_where_nothing_can_be_written(
    older: Path, whole: Path
) -> None:
    expected = describe(whole)
    with readonly_copy(older) as folder:
        before = (folder / LIBRARY_FILE).read_bytes()
        assert describe(folder) == expected
        assert (folder / LIBRARY_FILE).read_bytes() == before


@pytest.mark.parametrize("older", [3], indirect=True)
def test_what_an_older_version_is_writing_is_left_alone(
    older: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from filelock import FileLock

    monkeypatch.setattr(sqlite_database, "BUSY_TIMEOUT_S", 0.0)
    with FileLock(older / sqlite_database.LIBRARY_LOCK), Library.open(older) as library:
        with pytest.raises(LibraryLocked, match="another process"):
            library.list_papers()
        assert get_version(older) == 3


def _migrate(folder: Path, at: int) -> None:
    """Migrate, and be killed before the statement of that number."""
    n = 0

    def count(*_: Any) -> None:
        nonlocal n
        n += 1
        if n == at:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", count)
    with open_writer(folder):
        pass
    os._exit(7)


@pytest.mark.parametrize("older", [1], indirect=True)
def test_a_migration_killed_at_any_statement_has_lost_nothing(older: Path, whole: Path) -> None:
    expected, context = describe(whole), get_context("forkserver")
    context.set_forkserver_preload(["tests.library.test_schema"])
    at, codes = 3, []
    while not codes or codes[-1] == -signal.SIGKILL:
        folder = older.parent / f"killed-{at}"
        shutil.copytree(older, folder)
        process = context.Process(target=_migrate, args=(folder, at))
        process.start()
        process.join()
        codes.append(process.exitcode)
        process.close()
        assert describe(folder) == expected
        at += 14
    assert codes[-1] == 7 and len(codes) > 5
