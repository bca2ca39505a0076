"""What was found out about a paper's sentences by the screen for planted instructions, kept beside the library.

Scores hang on a paper's words and on the screen alone, whatever is asked. A screen of another version
finds none of its own and computes them anew, so that old data folders need nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, select

from rag.library.schema import Migration
from rag.library.stores import STORE_FAULTS, FileStore, SharedStore, Store
from rag.library.tables import build_upsert
from rag.types.errors import LibraryError

_PATIENCE_S = 1.0
_FAULTS = (*STORE_FAULTS, LibraryError, ValueError)
"""With a blob that no scores were written into."""
SCORES = Table(
    "scores", MetaData(), Column("key", Text, primary_key=True), Column("version", Text),
    Column("scores", LargeBinary),
)  # fmt: skip
MIGRATIONS = (
    Migration("""
CREATE TABLE IF NOT EXISTS scores (
    key {text} PRIMARY KEY, version {text} NOT NULL, scores {blob} NOT NULL
) {keyed};
"""),
)


class ScreenScores:
    """The scores kept in one data folder, shared by any number of threads and processes.

    They save time and nothing else: where they cannot be read or written, there are none.

    Args:
        folder: The data folder.
        url: Of the database that holds the library, if several servers share it.
    """

    def __init__(self, folder: Path, url: str = "") -> None:
        self._store: Store = (
            SharedStore(url, "screens", MIGRATIONS)
            if url
            else FileStore(
                folder / "screens.db", "the screen's scores", MIGRATIONS, patience_s=_PATIENCE_S
            )
        )

    def find(self, keys: Iterable[str]) -> Mapping[str, tuple[float, ...]]:
        """Those that are kept, by key."""
        if not self._store.is_there:
            return {}
        wanted = select(SCORES.c.key, SCORES.c.scores).where(SCORES.c.key.in_(list(keys)))
        try:
            with self._store.open() as connection:
                rows = connection.execute(wanted).all()
                return {key: tuple(array("d", bytes(blob))) for key, blob in rows}
        except _FAULTS:
            return {}

    def keep(self, version: str, scores: Mapping[str, Iterable[float]]) -> None:
        """Keep scores; those of other versions of the screen go."""
        rows = [
            {"key": key, "version": version, "scores": array("d", values).tobytes()}
            for key, values in scores.items()
        ]
        try:
            with self._store.open() as connection:
                connection.execute(SCORES.delete().where(SCORES.c.version != version))
                connection.execute(build_upsert(connection.dialect.name, SCORES, rows[0]), rows)
        except _FAULTS:
            return
