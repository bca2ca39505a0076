"""Conversations that stay: one SQLite file in the data folder, apart from the library.

A question is written before it is answered and its words as they come, so whatever ends an answer
early (a reload, a dropped connection, a killed server) costs at most the last words. Every call
opens the file for itself: any number of threads and processes may use it at once.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Literal

from rag.codec import freeze, freeze_conditions, thaw, thaw_conditions
from rag.errors import LibraryError, NotFound
from rag.rights import is_readonly, passing_folder
from rag.text import excerpt, fold
from rag.types import Answer, Condition, Thread, Turn

FILE = "threads.db"
NAME_WORDS = 12
NAME_CHARS = 80
BUSY_TIMEOUT_S = 30
KEPT_ANSWERS = 256
UNASKED_DAYS = 7
"""How long a conversation is kept in which nothing was asked."""

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
    answer    TEXT,                            -- see rag/codec.py; null: not answered to the end
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

OWN = "thread_id IN (SELECT thread_id FROM threads WHERE thread_id = ? AND owner = ?)"
"""Of a statement about turns: those of one conversation, if it is the owner's."""

Verdict = Literal["good", "bad"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a reader thinks of an answer, and why; the reason may be empty."""

    verdict: Verdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A question as kept. ``words`` are as far as its answer came where ``answer`` is None."""

    ordinal: int
    question: str
    asked_at: str
    words: str
    answer: Answer | None
    opinion: Opinion | None = None


@dataclass(frozen=True, slots=True)
class KeptThread:
    """A conversation as kept, oldest turn first; ``filters`` and ``model`` as in Thread."""

    thread_id: str
    name: str
    created_at: str
    turns: tuple[KeptTurn, ...]
    filters: tuple[Condition, ...] = ()
    model: str = ""

    def turn(self, ordinal: int) -> KeptTurn:
        """One turn.

        Raises:
            NotFound: It was taken back meanwhile.
        """
        for turn in self.turns:
            if turn.ordinal == ordinal:
                return turn
        raise NotFound(f"question {ordinal} of conversation {self.thread_id!r} was taken back")

    def before(self, ordinal: int) -> Thread:
        """The answered turns before one, as the context of its question."""
        return Thread(
            tuple(
                Turn(turn.question, turn.answer)
                for turn in self.turns
                if turn.ordinal < ordinal and turn.answer and turn.answer.status != "failed"
            ),
            self.filters,
            self.model,
        )


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A conversation in a list."""

    thread_id: str
    name: str
    changed_at: str
    n_turns: int


class ThreadStore:
    """One reader's conversations in a data folder; the file is made with the first of them.

    Args:
        folder: The data folder.
        owner: Whose conversations; those of others are not found. Empty: where nobody signs in.
    """

    def __init__(self, folder: Path, owner: str = "") -> None:
        self.path = (_passing(folder) if is_readonly(folder) else folder) / FILE
        self.owner = owner
        self._keeper: sqlite3.Connection | None = None

    # --- reading ------------------------------------------------------------------------------

    def threads(self, search: str = "") -> list[ThreadLine]:
        """Those whose name or questions hold every word of ``search``, last changed first."""
        words = fold(search).split()
        if not self.path.is_file():
            return []
        with self._open() as connection:
            found = connection.execute(
                "SELECT thread_id, name, changed_at, folded, (SELECT count(*) FROM turns t "
                "WHERE t.thread_id = h.thread_id) FROM threads h WHERE owner = ? AND name != '' "
                "ORDER BY changed_at DESC, thread_id",
                (self.owner,),
            ).fetchall()
        return [
            ThreadLine(key, name, changed, n)
            for key, name, changed, folded, n in found
            if all(word in folded for word in words)
        ]

    def thread(self, thread_id: str) -> KeptThread:
        """One conversation, whole.

        Raises:
            NotFound: There is none of this id (any more).
        """
        if not self.path.is_file():
            raise _absent(thread_id)
        with self._open() as connection:
            head = connection.execute(
                "SELECT name, created_at, filters, model FROM threads "
                "WHERE thread_id = ? AND owner = ?",
                (thread_id, self.owner),
            ).fetchone()
            turns = connection.execute(
                "SELECT ordinal, question, asked_at, words, answer, verdict, reason FROM turns "
                "WHERE thread_id = ? ORDER BY ordinal",
                (thread_id,),
            ).fetchall()
        if head is None:
            raise _absent(thread_id)
        name, created_at, filters, model = head
        kept = tuple(_turn(*row) for row in turns)
        return KeptThread(thread_id, name, created_at, kept, thaw_conditions(filters), model)

    # --- writing ------------------------------------------------------------------------------

    def begin(self, question: str = "", filters: Sequence[Condition] = (), model: str = "") -> str:
        """A new conversation, named by its first question; returns its id.

        Without a question it is listed only from its first one on, and forgotten some days later
        if that does not come.
        """
        thread_id, now = secrets.token_hex(8), _now()
        name = _named(question)
        kept = freeze_conditions(filters)
        row = (thread_id, self.owner, name, fold(name), now, now, kept, model)
        with self._open() as connection:
            connection.execute(
                "DELETE FROM threads WHERE name = '' AND created_at < ?", (_now(-UNASKED_DAYS),)
            )
            connection.execute(
                "INSERT INTO threads (thread_id, owner, name, folded, created_at, changed_at, "
                "filters, model) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        return thread_id

    def ask(self, thread_id: str, question: str, *, instead_of: int | None = None) -> int:
        """Write down the next question; returns its ordinal, which grows and is never used twice.

        Args:
            thread_id: An existing conversation's.
            question: As typed.
            instead_of: The ordinal of a question that is taken back with all after it, in the same
                transaction: asked again, or otherwise.

        Raises:
            NotFound: There is none of this id (any more).
        """
        with self._open() as connection:
            self._changed(connection, thread_id)
            connection.execute(
                "UPDATE threads SET name = ? WHERE thread_id = ? AND name = ''",
                (_named(question), thread_id),
            )
            if instead_of is not None:
                connection.execute(
                    "DELETE FROM turns WHERE thread_id = ? AND ordinal >= ?",
                    (thread_id, instead_of),
                )
            (ordinal,) = connection.execute(
                "UPDATE threads SET n_asked = n_asked + 1 WHERE thread_id = ? RETURNING n_asked",
                (thread_id,),
            ).fetchone()
            connection.execute(
                "INSERT INTO turns (thread_id, ordinal, question, asked_at) VALUES (?, ?, ?, ?)",
                (thread_id, ordinal, question, _now()),
            )
            self._refold(connection, thread_id)
        return int(ordinal)

    def say(self, thread_id: str, ordinal: int, words: str) -> None:
        """Keep the words of an answer as far as they have come."""
        with self._open() as connection:
            connection.execute(
                f"UPDATE turns SET words = ? WHERE {OWN} AND ordinal = ? AND answer IS NULL",
                (words, thread_id, self.owner, ordinal),
            )

    def answer(self, thread_id: str, ordinal: int, answer: Answer) -> None:
        """Keep the whole answer; nothing happens where its question was deleted meanwhile."""
        with self._open() as connection:
            connection.execute(
                f"UPDATE turns SET words = ?, answer = ? WHERE {OWN} AND ordinal = ?",
                (answer.text, freeze(answer), thread_id, self.owner, ordinal),
            )

    def judge(self, thread_id: str, ordinal: int, opinion: Opinion | None) -> None:
        """Keep what a reader thinks of an answer; None takes it back."""
        verdict, reason = (opinion.verdict, opinion.reason) if opinion else (None, "")
        with self._open() as connection:
            connection.execute(
                f"UPDATE turns SET verdict = ?, reason = ? WHERE {OWN} AND ordinal = ?",
                (verdict, reason, thread_id, self.owner, ordinal),
            )

    def rename(self, thread_id: str, name: str) -> None:
        """Give another name; an empty one changes nothing."""
        if not name.strip():
            return
        with self._open() as connection:
            connection.execute(
                "UPDATE threads SET name = ? WHERE thread_id = ? AND owner = ?",
                (_named(name), thread_id, self.owner),
            )
            self._refold(connection, thread_id)

    def narrow(self, thread_id: str, filters: Sequence[Condition]) -> None:
        """Answer the next questions from the papers that meet all of these alone; none: from all."""
        with self._open() as connection:
            connection.execute(
                "UPDATE threads SET filters = ? WHERE thread_id = ? AND owner = ?",
                (freeze_conditions(filters), thread_id, self.owner),
            )

    def choose_model(self, thread_id: str, model: str) -> None:
        """Let another model word the next answers; see Thread."""
        with self._open() as connection:
            connection.execute(
                "UPDATE threads SET model = ? WHERE thread_id = ? AND owner = ?",
                (model, thread_id, self.owner),
            )

    def delete(self, thread_id: str) -> None:
        """Remove a conversation with all in it."""
        with self._open() as connection:
            connection.execute(
                "DELETE FROM threads WHERE thread_id = ? AND owner = ?", (thread_id, self.owner)
            )

    # --- the file -----------------------------------------------------------------------------

    def _changed(self, connection: sqlite3.Connection, thread_id: str) -> None:
        done = connection.execute(
            "UPDATE threads SET changed_at = ? WHERE thread_id = ? AND owner = ?",
            (_now(), thread_id, self.owner),
        )
        if not done.rowcount:
            raise _absent(thread_id)

    def _refold(self, connection: sqlite3.Connection, thread_id: str) -> None:
        rows = connection.execute(
            "SELECT name FROM threads WHERE thread_id = :id "
            "UNION ALL SELECT question FROM turns WHERE thread_id = :id",
            {"id": thread_id},
        ).fetchall()
        told = fold("\n".join(text for (text,) in rows))
        connection.execute("UPDATE threads SET folded = ? WHERE thread_id = ?", (told, thread_id))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction, whole or not at all, on an up-to-date file."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        except (OSError, sqlite3.Error) as exc:
            raise self._unusable(exc) from exc
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing
            _migrate(connection, self.path)
            self._keep_open()
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as exc:
            raise self._unusable(exc) from exc
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

    def _unusable(self, exc: Exception) -> LibraryError:
        return LibraryError(
            f"the conversations in {str(self.path)!r} cannot be used ({exc}); "
            "check the file's rights, or move it away to begin anew"
        )


@lru_cache(maxsize=8)
def _passing(folder: Path) -> Path:
    """A folder of this process in place of one that cannot be written, with what was kept there."""
    instead = passing_folder()
    for name in (FILE, f"{FILE}-wal"):
        with suppress(FileNotFoundError):
            shutil.copyfile(folder / name, instead / name)
    return instead


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Run the scripts that the file lacks; safe where several processes find it new."""
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    found = _version(connection)  # again: another process may have been first
    if found > len(MIGRATIONS):
        raise LibraryError(
            f"the conversations in {str(path)!r} have version {found} but this Paperfolk knows "
            f"versions up to {len(MIGRATIONS)}; install the newer Paperfolk that wrote them"
        )
    for script in MIGRATIONS[found:]:
        for statement in script.split(";\n"):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _turn(
    ordinal: int,
    question: str,
    asked_at: str,
    words: str,
    frozen: str | None,
    verdict: Verdict | None,
    reason: str,
) -> KeptTurn:
    """A row as a turn; an answer of a version too far from ours keeps its words alone."""
    answer = None
    if frozen is not None:
        with suppress(ValueError):
            answer = _thawed(frozen)
    opinion = Opinion(verdict, reason) if verdict else None
    return KeptTurn(ordinal, question, asked_at, words, answer, opinion)


_thawed = lru_cache(maxsize=KEPT_ANSWERS)(thaw)
"""Answers are frozen: the same text is the same answer, and a long thread is read at each step."""


def _named(text: str) -> str:
    return excerpt(" ".join(text.split()), NAME_WORDS)[:NAME_CHARS]


def _now(days: int = 0) -> str:
    return (datetime.now(UTC) + timedelta(days)).isoformat(timespec="microseconds")


def _absent(thread_id: str) -> NotFound:
    return NotFound(f"there is no conversation {thread_id!r} here; it may have been deleted")
