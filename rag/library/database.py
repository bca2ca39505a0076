"""The database that holds the library: SQLite in the data folder, or PostgreSQL by one setting."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from rag.types.errors import LibraryError

FAULTS = (DBAPIError, sqlite3.Error, UnicodeDecodeError)
"""Errors that a damaged, full or unreachable database raises; SQLite's message may be no text."""

LONGEST_WORDS = 200
"""Characters of a database's message that an error repeats at most."""


class Database(Protocol):
    """What the library needs of a database besides SQL. Safe to share between threads."""

    def connect(self, *, snapshot: bool) -> AbstractContextManager[Connection]:
        """A connection for reading, of an empty library where there is none yet.

        Args:
            snapshot: All that is read through it comes from one state of the library.
        """

    def open_writing(self, wait_s: float) -> AbstractContextManager[Connection]:
        """The one connection that may write, over all threads and processes, migrated.

        Raises:
            LibraryLocked: Another one is still writing.
            LibraryError: The database takes no change.
        """

    def build_damage(self, exc: Exception | str) -> LibraryError:
        """The sentence for what cannot be read."""

    def build_not_written(self, exc: Exception) -> LibraryError:
        """The sentence for what takes no change."""

    def find_damage(self, connection: Connection) -> list[str]:
        """What the database itself says of its files, as one line each; empty when all is well."""

    def require_whole(self, connection: Connection) -> None:
        """Raise a LibraryError that names the damage if a table or a page is missing."""

    def reclaim(self, connection: Connection) -> None:
        """Give room that nothing takes any more back to the disk, where that is the library's care."""

    @property
    def home(self) -> str:
        """A number that no copy of a shared database has; empty where the data folder is its home."""

    def stamp(self) -> str:
        """What tells one state of the database from another without reading it; or nothing."""

    def close(self) -> None:
        """Let go of all connections; the next use opens new ones."""


def build_database(folder: Path, url: str = "") -> Database:
    """The database of a data folder, or the one at ``url``.

    Raises:
        SettingsError: The address is none of a PostgreSQL database.
        MissingExtra: The driver is not installed.
    """
    if url:
        from rag.library.postgresql import PostgresqlDatabase

        return PostgresqlDatabase(folder, url)
    from rag.library.sqlite import SqliteDatabase

    return SqliteDatabase(folder)


@contextmanager
def translated(database: Database) -> Iterator[None]:
    """Translates errors of reading into one sentence."""
    try:
        yield
    except FAULTS as exc:
        raise database.build_damage(exc) from exc


def get_words(exc: Exception | str) -> str:
    """What the database's driver said, in one line, without a text that cannot be read."""
    error = exc.orig if isinstance(exc, DBAPIError) else exc
    diagnosis = getattr(error, "diag", None)  # PostgreSQL's, without the statement that it quotes
    error = getattr(diagnosis, "message_primary", None) or error
    return " ".join(str(error).split()).partition(" with text ")[0][:LONGEST_WORDS]


def is_operational(exc: Exception) -> bool:
    """Whether the database could not do what it was asked, for no fault of its content."""
    error = exc.orig if isinstance(exc, DBAPIError) else exc
    return any(kind.__name__ == "OperationalError" for kind in type(error).__mro__)
