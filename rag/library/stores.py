"""Where what is kept beside the library is kept: a file of its own, or tables of the shared database.

Each kind (conversations, replies, questions, sign-ins) names its migrations; what it does is the same
SQL in both.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool, StaticPool

from rag.library.database import FAULTS
from rag.library.schema import Migration, require_known, run_migration
from rag.library.sqlite import begin_with

STORE_FAULTS = (*FAULTS, OSError)
"""What using a store raises; whoever uses it says in a sentence what cannot be used."""


class Store(Protocol):
    """Tables of one kind. Any number of threads and processes may use them at once."""

    @property
    def place(self) -> str:
        """Where they are, for errors."""

    @property
    def is_there(self) -> bool:
        """Whether anything may have been kept yet: looking makes nothing."""

    def open(self) -> AbstractContextManager[Connection]:
        """One transaction on up-to-date tables; they are made with the first.

        Raises:
            LibraryError: A newer Paperfolk has made them.
        """


class FileStore:
    """An SQLite file, opened anew for each transaction.

    Args:
        path: Of the file.
        what: The kind in words, for errors.
        migrations: Those that were run are counted by ``PRAGMA user_version``.
        patience_s: How long to wait for another process that is writing.
        keep_open: Hold one idle connection, and with it a write-ahead log: for what is written often.
    """

    def __init__(
        self,
        path: Path,
        what: str,
        migrations: Sequence[Migration],
        *,
        patience_s: float = 30.0,
        keep_open: bool = False,
    ) -> None:
        self.path, self.place = path, str(path)
        self._what, self._migrations = what, migrations
        self._keeps_open = keep_open
        self._keeper: sqlite3.Connection | None = None
        self._connect = partial(_connect, path, patience_s)  # without this object, which would stay
        self._engine = create_engine("sqlite://", creator=self._connect, poolclass=NullPool)
        begin_with(self._engine, "BEGIN IMMEDIATE")

    @property
    def is_there(self) -> bool:
        return self.path.is_file()

    @contextmanager
    def open(self) -> Iterator[Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._engine.connect() as connection:
            raw = connection.connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            raw.execute("PRAGMA foreign_keys = ON")
            raw.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing
            if _get_version(raw) != len(self._migrations):
                if self._keeps_open:
                    raw.execute("PRAGMA journal_mode = WAL")
                self._migrate(connection)
            self._keep_open()
            with connection.begin():
                yield connection

    def _migrate(self, connection: Connection) -> None:
        """Safe where several processes find the file new."""
        with connection.begin():
            version = int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
            require_known(version, len(self._migrations), f"{self._what} in {self.place!r}")
            for migration in self._migrations[version:]:
                run_migration(connection, migration)
            connection.exec_driver_sql(f"PRAGMA user_version = {len(self._migrations)}")

    def _keep_open(self) -> None:
        """The last one to close a file copies the whole log, which costs most."""
        if self._keeps_open and self._keeper is None:
            self._keeper = self._connect()
            _get_version(self._keeper)  # it has the log open from its first reading on
            weakref.finalize(self, self._keeper.close)


class MemoryStore:
    """Tables of this object alone; one thread at a time may use them."""

    place, is_there = "memory", True

    def __init__(self, migrations: Sequence[Migration]) -> None:
        connect = partial(_connect, ":memory:", 0.0)
        self._engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
        begin_with(self._engine, "BEGIN")
        with self._engine.begin() as connection:
            for migration in migrations:
                run_migration(connection, migration)

    @contextmanager
    def open(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection


class SharedStore:
    """Tables of the database that holds the library, for all servers that use it."""

    is_there = True

    def __init__(self, url: str, part: str, migrations: Sequence[Migration]) -> None:
        from rag.library.postgresql import get_engine, show_url

        self.place = show_url(url)
        self._part, self._migrations = part, migrations
        self._engine = get_engine(url)
        self._is_current = False

    @contextmanager
    def open(self) -> Iterator[Connection]:
        from rag.library.postgresql import run_migrations

        with self._engine.connect() as connection:
            if not self._is_current:
                run_migrations(connection, self._part, self._migrations, self.place)
                self._is_current = True
            with connection.begin():
                yield connection


def _connect(path: Path | str, patience_s: float) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=patience_s, isolation_level=None, check_same_thread=False)


def _get_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
