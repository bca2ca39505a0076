"""Rows that were worked out and save time alone, in a store of their own beside the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Select, Table

from rag.library.schema import Migration
from rag.library.stores import STORE_FAULTS, FileStore, SharedStore, Store
from rag.library.tables import build_upsert
from rag.types.errors import LibraryError

_PATIENCE_S = 1.0
_FAULTS = (*STORE_FAULTS, LibraryError)


class DerivedRows:
    """One table, shared by any number of threads and processes.

    Where it cannot be read or written, there are no rows: whoever needs them works them out anew.

    Args:
        folder: The data folder.
        url: Of the database that holds the library, if several servers share it.
        name: Of the store, as a file or a schema.
        described: The same in words, for errors.
        table: Has a column ``version``; rows of another version go when new ones are kept.
        creation: The statement that makes the table.
    """

    def __init__(
        self, folder: Path, url: str, name: str, described: str, table: Table, creation: str
    ) -> None:
        self._table, migrations = table, (Migration(creation),)
        self._store: Store = (
            SharedStore(url, name, migrations)
            if url
            else FileStore(folder / f"{name}.db", described, migrations, patience_s=_PATIENCE_S)
        )

    def find(self, wanted: Select[Any]) -> Sequence[Sequence[Any]]:
        """The rows of a query."""
        if not self._store.is_there:
            return ()
        try:
            with self._store.open() as connection:
                return connection.execute(wanted).all()
        except _FAULTS:
            return ()

    def keep(self, version: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Keep rows of a version, at least one, in place of those with the same key."""
        table, values = self._table, [{**row, "version": version} for row in rows]
        try:
            with self._store.open() as connection:
                connection.execute(table.delete().where(table.c.version != version))
                connection.execute(build_upsert(connection.dialect.name, table, values[0]), values)
        except _FAULTS:
            return
