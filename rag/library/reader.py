"""Reader: a library's file, read from any thread while another process may write to it."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

from rag.library import schema


class Reader:
    """A connection that begins empty and goes over to the file once there is one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._is_file = False

    def close(self) -> None:
        with self._guard:
            if self._connection is not None:
                self._connection.close()
            self._connection = None
            self._is_file = False

    def select(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Rows of one query; ``values`` are its parameters, or one mapping of them."""
        bound = values[0] if len(values) == 1 and isinstance(values[0], dict) else values
        with self._guard:
            return self._open().execute(sql, bound).fetchall()

    def snapshot(self) -> Snapshot:
        """Within it, all queries see one state of the library."""
        return Snapshot(self)

    def _open(self) -> sqlite3.Connection:
        held = self._connection
        if held is not None and (self._is_file or held.in_transaction):
            return held
        path = self.folder / schema.FILE
        if path.is_file():
            connection = schema.connect(path, readonly=True)
            if schema.version(connection):
                if self._connection is not None:
                    self._connection.close()
                self._is_file = True
                connection.row_factory = sqlite3.Row
                self._connection = connection
                return connection
            connection.close()
        if self._connection is None:
            self._connection = schema.empty()
            self._connection.row_factory = sqlite3.Row
        return self._connection


class Snapshot:
    """A read transaction; one inside another is part of it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._begun = False

    def __enter__(self) -> None:
        self._reader._guard.acquire()
        connection = self._reader._open()
        if not connection.in_transaction:
            connection.execute("BEGIN")
            self._begun = True

    def __exit__(self, *_: object) -> None:
        if self._begun:
            self._reader._open().execute("COMMIT")
        self._reader._guard.release()
