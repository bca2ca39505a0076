"""The file of conversations: opened for each call; memory replaces it while it cannot be written."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from rag.library.permissions import create_temporary_folder, is_full, is_readonly
from rag.types.errors import LibraryError

FILE = "threads.db"
BUSY_TIMEOUT_S = 30
T = TypeVar("T")

MIGRATIONS = (
    """
CREATE TABLE threads (
    thread_id  TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    folded     TEXT NOT NULL,                  -- name and questions, for search
    created_at TEXT NOT NULL,
    changed_at TEXT NOT NULL,
    n_asked    INTEGER NOT NULL DEFAULT 0      -- taken back or not: no ordinal is used twice
) WITHOUT ROWID;
CREATE INDEX threads_changed ON threads (changed_at);

CREATE TABLE turns (
    thread_id TEXT NOT NULL REFERENCES threads ON DELETE CASCADE,
    ordinal   INTEGER NOT NULL,
    question  TEXT NOT NULL,
    asked_at  TEXT NOT NULL,
    words     TEXT NOT NULL DEFAULT '',        -- of the answer, as far as it came
    answer    TEXT,                            -- see rag/app/codec.py; null: not answered to the end
    verdict   TEXT,                            -- a reader's: good or bad
    reason    TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (thread_id, ordinal)
) WITHOUT ROWID;
""",
    """
ALTER TABLE threads ADD COLUMN filters TEXT NOT NULL DEFAULT '[]';
ALTER TABLE threads ADD COLUMN model TEXT NOT NULL DEFAULT '';
""",
    """
ALTER TABLE threads ADD COLUMN owner TEXT NOT NULL DEFAULT '';
CREATE INDEX threads_owner ON threads (owner, changed_at);
""",
)
"""Scripts in order; ``PRAGMA user_version`` counts those that were run."""


class ThreadFile:
    """The stored conversations of one user.

    Args:
        folder: The data folder.
        owner: Name of the user; empty if nobody signs in.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        self.path = (_passing(folder) if is_readonly(folder) else folder) / FILE
        self.owner = owner
        self._keeper: sqlite3.Connection | None = None
        self._aside: sqlite3.Connection | None = None
        self._unkept: dict[str, str] = {}
        self._guard = threading.RLock()

    def why_unkept(self, thread_id: str) -> str:
        """Why a conversation is in memory alone for now; empty where it is in the file."""
        return self._unkept.get(thread_id, "")

    # --- the file -----------------------------------------------------------------------------

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction on an up-to-date file."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        except (OSError, sqlite3.Error) as exc:
            raise self._build_unusable_error(exc) from exc
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing
            _migrate(connection, self.path)
            self._keep_open()
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except (sqlite3.Error, UnicodeDecodeError) as exc:  # SQLite's words may be no text
            raise self._build_unusable_error(exc) from exc
        finally:
            connection.close()  # what was not committed is undone

    def _keep_open(self) -> None:
        """Hold one idle connection: the last one to close copies the whole log, which costs most."""
        if self._keeper is None:
            self._keeper = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT_S, check_same_thread=False
            )
            _version(self._keeper)  # it has the log open from its first reading on
            weakref.finalize(self, self._keeper.close)

    def _build_unusable_error(self, exc: Exception) -> LibraryError:
        return LibraryError(
            f"the conversations in {str(self.path)!r} cannot be used ({exc}); {self._what_next()}"
        )

    def _what_next(self) -> str:
        if is_full(self.path.parent):
            return "make room on the disk"
        return "check the file's rights, or move it away to begin anew"

    # --- in memory, while the file takes no change --------------------------------------------

    def _execute(self, thread_id: str, sql: str, values: Sequence[object]) -> None:
        self._change(thread_id, lambda connection: connection.execute(sql, values))

    def _change(self, thread_id: str, change: Callable[[sqlite3.Connection], T]) -> T:
        """Change one conversation: in the file, or in memory for as long as that takes no change."""
        with self._guard:
            self._bring_back()
            if thread_id not in self._unkept:
                try:
                    with self._open() as connection:
                        return change(connection)
                except LibraryError as exc:
                    self._take_aside(thread_id, str(exc.__cause__ or exc))
            with self._holding(thread_id) as connection:
                return change(connection)

    def _take_aside(self, thread_id: str, why: str) -> None:
        """Let a conversation go on in memory, with what the file has of it if that can be read."""
        if self._aside is None:
            self._aside = _memory()
        try:
            with self._open() as file:
                _copy(file, self._aside, thread_id)
        except LibraryError:  # then what comes now is all there is
            self._aside.execute(
                "INSERT OR IGNORE INTO threads (thread_id, owner, name, folded, created_at, "
                "changed_at) VALUES (?, ?, '', '', ?, ?)",
                (thread_id, self.owner, now(), now()),
            )
        self._unkept[thread_id] = why

    def _bring_back(self) -> None:
        """Put what is in memory into the file, where that takes it by now."""
        with self._guard:
            while self._unkept and self._aside is not None:
                thread_id = next(iter(self._unkept))
                try:
                    with self._open() as file:
                        _copy(self._aside, file, thread_id)
                except LibraryError:
                    return
                del self._unkept[thread_id]

    @contextmanager
    def _holding(self, thread_id: str) -> Iterator[sqlite3.Connection]:
        """One transaction where the conversation is: in the file, or in memory."""
        if thread_id not in self._unkept or self._aside is None:
            with self._open() as connection:
                yield connection
            return
        with self._guard:
            self._aside.execute("SAVEPOINT change")
            try:
                yield self._aside
            except BaseException:  # whatever it is, nothing half done stays
                self._aside.execute("ROLLBACK TO change")
                raise
            finally:
                self._aside.execute("RELEASE change")

    def _each(self) -> Iterator[sqlite3.Connection]:
        """The file if there is one, then what is in memory."""
        if self.path.is_file():
            with self._open() as connection:
                yield connection
        if self._unkept and self._aside is not None:
            with self._guard:
                yield self._aside


@lru_cache(maxsize=8)
def _passing(folder: Path) -> Path:
    """A folder of this process in place of one that cannot be written, with what was kept there."""
    instead = create_temporary_folder()
    for name in (FILE, f"{FILE}-wal"):
        with suppress(FileNotFoundError):
            shutil.copyfile(folder / name, instead / name)
    return instead


def _memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    _migrate(connection, Path(":memory:"))
    return connection


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, thread_id: str) -> None:
    """One conversation as the source has it, in place of what the target has of it."""
    target.execute("DELETE FROM threads WHERE thread_id = ?", (thread_id,))
    target.execute("DELETE FROM turns WHERE thread_id = ?", (thread_id,))
    for table in ("threads", "turns"):
        rows = source.execute(f"SELECT * FROM {table} WHERE thread_id = ?", (thread_id,)).fetchall()
        for row in rows:
            marks = ", ".join("?" * len(row))
            target.execute(f"INSERT INTO {table} VALUES ({marks})", row)


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Run the scripts that the file lacks; safe where several processes find it new."""
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    result = _version(connection)  # again: another process may have been first
    if result > len(MIGRATIONS):
        raise LibraryError(
            f"the conversations in {str(path)!r} have version {result} but this Paperfolk knows "
            f"versions up to {len(MIGRATIONS)}; install the newer Paperfolk that wrote them"
        )
    for script in MIGRATIONS[result:]:
        for statement in script.split(";\n"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def now(days: int = 0) -> str:
    """The time, or that of some days from now, as it is kept."""
    return (datetime.now(UTC) + timedelta(days)).isoformat(timespec="microseconds")
