"""Reads the library's database file from any thread while another process may write to it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.library import schema
from rag.library.permissions import is_readonly


class Reader:
    """A connection that starts on an empty database and switches to the file once it exists."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, ...] | None = None

    def close(self) -> None:
        with self._guard:
            if self._connection is not None:
                self._connection.close()
            self._connection = self._file = None

    def select(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Rows of one query; ``values`` are its parameters, or one mapping of them."""
        bound = values[0] if len(values) == 1 and isinstance(values[0], dict) else values
        with self._guard, self._translated():
            return self._open().execute(sql, bound).fetchall()

    def open_snapshot(self) -> Snapshot:
        """Within it, all queries see one state of the library."""
        return Snapshot(self)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Translates SQLite's errors about a damaged or missing file into one sentence."""
        try:
            yield
        except schema.FAULTS as exc:
            raise schema.damage(self.folder / schema.LIBRARY_FILE, exc) from exc

    def _open(self) -> sqlite3.Connection:
        """The connection in use; a new one where the file came, or another took its place."""
        connection = self._connection
        if connection is not None and connection.in_transaction:
            return connection
        path = self.folder / schema.LIBRARY_FILE
        file = _get_file_identity(path)
        if connection is not None and file == self._file:
            return connection
        opened = self._open_file(path) if file else None
        if opened is None:
            if connection is not None and self._file is None:
                return connection
            opened, file = schema.create_empty(), None
        if connection is not None:
            connection.close()
        opened.row_factory = sqlite3.Row
        self._connection, self._file = opened, file
        return opened

    @staticmethod
    def _open_file(path: Path) -> sqlite3.Connection | None:
        """None while the file is still being created."""
        connection = schema.open_connection(path, readonly=True)
        if schema.get_version(connection):
            return connection
        connection.close()
        return None


def _get_file_identity(path: Path) -> tuple[int, ...] | None:
    """Of the file, whatever its name; None if there is none.

    A file in a folder that cannot be written is read as it stands: changed, it is another one.
    """
    try:
        file_stat = path.stat()
    except OSError:
        return None
    same = file_stat.st_dev, file_stat.st_ino
    return (*same, file_stat.st_mtime_ns, file_stat.st_size) if is_readonly(path.parent) else same


class Snapshot:
    """A read transaction; a nested one joins the outer one."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._begun = False

    def __enter__(self) -> None:
        self._reader._guard.acquire()
        try:
            with self._reader._translated():
                connection = self._reader._open()
                if not connection.in_transaction:
                    connection.execute("BEGIN")
                    self._begun = True
        except BaseException:  # whatever it is, other threads are not kept out
            self._reader._guard.release()
            raise

    def __exit__(self, *_: object) -> None:
        try:
            connection = self._reader._connection
            if self._begun and connection is not None and connection.in_transaction:
                with self._reader._translated():
                    connection.execute("COMMIT")
        finally:
            self._reader._guard.release()
