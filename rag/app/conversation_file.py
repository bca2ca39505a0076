"""Where conversations are kept; memory replaces it while it takes no change."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, text

from rag.library.database import get_words
from rag.library.permissions import create_temporary_folder, is_full, is_readonly
from rag.library.schema import Migration
from rag.library.stores import STORE_FAULTS, FileStore, MemoryStore, SharedStore, Store
from rag.types.errors import LibraryError

FILE = "threads.db"
ChangeResult = TypeVar("ChangeResult")

CONVERSATION_MIGRATIONS = (
    Migration("""
CREATE TABLE threads (
    thread_id  {text} PRIMARY KEY,
    name       {text} NOT NULL,
    folded     {text} NOT NULL,                -- name and questions, for search
    created_at {text} NOT NULL,
    changed_at {text} NOT NULL,
    n_asked    {number} NOT NULL DEFAULT 0     -- taken back or not: no ordinal is used twice
) {keyed};
CREATE INDEX threads_changed ON threads (changed_at);

CREATE TABLE turns (
    thread_id {text} NOT NULL REFERENCES threads ON DELETE CASCADE,
    ordinal   {number} NOT NULL,
    question  {text} NOT NULL,
    asked_at  {text} NOT NULL,
    words     {text} NOT NULL DEFAULT '',      -- of the answer, as far as it came
    answer    {text},                          -- see rag/app/codec.py; null: not answered to the end
    verdict   {text},                          -- a reader's: good or bad
    reason    {text} NOT NULL DEFAULT '',
    PRIMARY KEY (thread_id, ordinal)
) {keyed};
"""),
    Migration("""
ALTER TABLE threads ADD COLUMN filters {text} NOT NULL DEFAULT '[]';
ALTER TABLE threads ADD COLUMN model {text} NOT NULL DEFAULT '';
"""),
    Migration("""
ALTER TABLE threads ADD COLUMN owner {text} NOT NULL DEFAULT '';
CREATE INDEX threads_owner ON threads (owner, changed_at);
"""),
)


class ThreadFile:
    """The stored conversations of one user.

    Args:
        folder: The data folder.
        owner: Name of the user; empty if nobody signs in.
        url: Of the database that holds the library, if several servers share it.
    """

    def __init__(self, folder: Path, owner: str, url: str = "") -> None:
        self.path = (_passing(folder) if is_readonly(folder) and not url else folder) / FILE
        self.owner = owner
        self._store: Store = (
            SharedStore(url, "conversations", CONVERSATION_MIGRATIONS)
            if url
            else FileStore(self.path, "the conversations", CONVERSATION_MIGRATIONS, keep_open=True)
        )
        self._aside: MemoryStore | None = None
        self._unkept: dict[str, str] = {}
        self._guard = threading.RLock()

    def why_unkept(self, thread_id: str) -> str:
        """Why a conversation is in memory alone for now; empty where it is kept."""
        return self._unkept.get(thread_id, "")

    # --- where they are kept ------------------------------------------------------------------

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        """One transaction on up-to-date tables."""
        try:
            with self._store.open() as connection:
                yield connection
        except STORE_FAULTS as exc:
            raise self._build_unusable_error(exc) from exc

    def _build_unusable_error(self, exc: Exception) -> LibraryError:
        return LibraryError(
            f"the conversations in {self._store.place!r} cannot be used ({get_words(exc)}); "
            f"{self._what_next()}"
        )

    def _what_next(self) -> str:
        if isinstance(self._store, SharedStore):
            return "check that the database runs and that the setting 'library' names it"
        if is_full(self.path.parent):
            return "make room on the disk"
        return "check the file's rights, or move it away to begin anew"

    # --- in memory, while no change is taken --------------------------------------------------

    def _execute(self, thread_id: str, sql: str, **values: object) -> None:
        self._change(thread_id, lambda connection: connection.execute(text(sql), values))

    def _change(self, thread_id: str, change: Callable[[Connection], ChangeResult]) -> ChangeResult:
        """Change one conversation: where it is kept, or in memory for as long as no change is taken."""
        with self._guard:
            self._bring_back()
            if thread_id not in self._unkept:
                try:
                    with self._open() as connection:
                        return change(connection)
                except LibraryError as exc:
                    cause = exc.__cause__
                    self._take_aside(
                        thread_id, get_words(cause if isinstance(cause, Exception) else exc)
                    )
            with self._holding(thread_id) as connection:
                return change(connection)

    def _take_aside(self, thread_id: str, why: str) -> None:
        """Continue a conversation in memory, starting from the stored one if it can be read."""
        if self._aside is None:
            self._aside = MemoryStore(CONVERSATION_MIGRATIONS)
        try:
            with self._open() as stored, self._aside.open() as memory:
                _copy(stored, memory, thread_id)
        except LibraryError:  # then what comes now is all there is
            begun = {"id": thread_id, "owner": self.owner, "now": now()}
            with self._aside.open() as memory:
                memory.execute(
                    text(
                        "INSERT INTO threads (thread_id, owner, name, folded, created_at, "
                        "changed_at) VALUES (:id, :owner, '', '', :now, :now) ON CONFLICT DO NOTHING"
                    ),
                    begun,
                )
        self._unkept[thread_id] = why

    def _bring_back(self) -> None:
        """Write conversations held in memory to the file, as soon as it accepts writes again."""
        with self._guard:
            while self._unkept and self._aside is not None:
                thread_id = next(iter(self._unkept))
                try:
                    with self._open() as stored, self._aside.open() as memory:
                        _copy(memory, stored, thread_id)
                except LibraryError:
                    return
                del self._unkept[thread_id]

    @contextmanager
    def _holding(self, thread_id: str) -> Iterator[Connection]:
        """One transaction where the conversation is: kept, or in memory."""
        if thread_id not in self._unkept or self._aside is None:
            with self._open() as connection:
                yield connection
            return
        with self._guard, self._aside.open() as connection:
            yield connection

    def _each(self) -> Iterator[Connection]:
        """Connections to all places with conversations: the file, if it exists, then memory, if it is used."""
        if self._store.is_there:
            with self._open() as connection:
                yield connection
        if self._unkept and self._aside is not None:
            with self._guard, self._aside.open() as connection:
                yield connection


@lru_cache(maxsize=8)
def _passing(folder: Path) -> Path:
    """A folder of this process in place of one that cannot be written, with what was kept there."""
    instead = create_temporary_folder()
    for name in (FILE, f"{FILE}-wal"):
        with suppress(FileNotFoundError):
            shutil.copyfile(folder / name, instead / name)
    return instead


def _copy(source: Connection, target: Connection, thread_id: str) -> None:
    """Replace one conversation in the target by the source's version."""
    chosen = {"id": thread_id}
    for table in ("turns", "threads"):
        target.execute(text(f"DELETE FROM {table} WHERE thread_id = :id"), chosen)
    for table in ("threads", "turns"):
        result = source.execute(text(f"SELECT * FROM {table} WHERE thread_id = :id"), chosen)
        names = list(result.keys())
        marks = ", ".join(f":{name}" for name in names)
        inserted = text(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})")
        for row in result.mappings():
            target.execute(inserted, dict(row))


def now(days: int = 0) -> str:
    """The time, or that of some days from now, as it is kept."""
    return (datetime.now(UTC) + timedelta(days)).isoformat(timespec="microseconds")
