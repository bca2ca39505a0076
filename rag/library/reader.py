"""Reads the library's database from any thread while another process may write to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Executable, RowMapping, text

from rag.library.database import build_database, translated


class Reader:
    """Reads the library of a data folder, or the one in the database at ``url``."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder, self.url = folder, url
        self.database = build_database(folder, url)
        self._local = threading.local()

    @property
    def is_shared(self) -> bool:
        """Whether other servers, with data folders of their own, may read and write it too."""
        return bool(self.url)

    def close(self) -> None:
        self.database.close()

    def select(self, statement: Executable | str, **values: Any) -> list[RowMapping]:
        """Rows of one query, by column; ``values`` are the parameters that it names."""
        executable = text(statement) if isinstance(statement, str) else statement
        with self._connect() as connection, translated(self.database):
            return list(connection.execute(executable, values).mappings())

    def fetch(self, statement: Executable, **values: Any) -> list[tuple[Any, ...]]:
        """Rows of one query as tuples, which takes less time where there are many."""
        with self._connect() as connection, translated(self.database):
            return [tuple(row) for row in connection.execute(statement, values)]

    def fetch_all(self, statement: Executable, **values: Any) -> list[tuple[Any, ...]]:
        """As `fetch`, as the driver gives them: of 45,000 rows of texts and whole numbers, in two thirds of the time."""
        with self._connect() as connection, translated(self.database):
            result = connection.execute(statement, values)
            rows = list(result.cursor.fetchall())
            result.close()
            return rows

    def stream(self, statement: Executable, **values: Any) -> Iterator[tuple[Any, ...]]:
        """As `fetch`, a row at a time: for many of which little is kept, such as texts that are looked through."""
        with self._connect() as connection, translated(self.database):
            for row in connection.execute(statement, values):
                yield tuple(row)

    def find_damage(self) -> list[str]:
        """What the database itself says of its files, as one line each; empty when all is well."""
        with self._connect() as connection, translated(self.database):
            return self.database.find_damage(connection)

    @contextmanager
    def open_snapshot(self) -> Iterator[None]:
        """Within it, all queries of this thread see one state of the library; a nested one joins."""
        if self._snapshot is not None:
            yield
            return
        with self.database.connect(snapshot=True) as connection:
            self._local.connection = connection
            try:
                yield
            finally:
                self._local.connection = None

    @property
    def _snapshot(self) -> Connection | None:
        connection: Connection | None = getattr(self._local, "connection", None)
        return connection

    @contextmanager
    def _connect(self) -> Iterator[Connection]:
        if self._snapshot is not None:
            yield self._snapshot
            return
        with self.database.connect(snapshot=False) as connection:
            yield connection
