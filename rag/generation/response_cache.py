"""The response cache: replies of chat models, so that the same call is not paid for twice.

The key covers everything that a reply depends on: the server, the model, the messages (and with them
the prompt, the passages, the question and its thread) and the library's fingerprint. Replies are
stored unchecked, so that a cached one passes the citation gate like any other.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from rag.types.errors import LibraryError

N_KEPT = 2_000
MAX_STORED_CHARS = 100_000
_PATIENCE_S = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, used_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS replies_by_use ON replies (used_at);
"""


def compute_reply_key(scope: Sequence[str], messages: Sequence[tuple[str, str]]) -> str:
    """What a call is known by: ``scope`` (server, model, library) and its messages."""
    call_text = json.dumps([list(scope), [list(message) for message in messages]])
    return hashlib.sha256(call_text.encode()).hexdigest()


class ResponseCache:
    """The cached replies of one data folder, shared by any number of threads and processes.

    Args:
        folder: The data folder.
        n_kept: Most replies; beyond that, the least recently used are deleted.
    """

    def __init__(self, folder: Path, *, n_kept: int = N_KEPT) -> None:
        self._path = folder / "replies.db"
        self._n_kept = n_kept

    def find(self, key: str) -> str | None:
        """The reply to a call, if it is kept.

        Raises:
            LibraryError: The file cannot be used.
        """
        if not self._path.exists():
            return None
        with self._open() as db:
            row = db.execute(
                "UPDATE replies SET used_at = ? WHERE key = ? RETURNING text", (time.time(), key)
            ).fetchone()
        return None if row is None else str(row[0])

    def keep(self, key: str, text: str) -> None:
        """Keep a reply in place of an older one to the same call; very long ones are not kept.

        Raises:
            LibraryError: The file cannot be used.
        """
        if len(text) > MAX_STORED_CHARS:
            return
        with self._open() as db:
            db.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", (key, text, time.time()))
            db.execute(
                "DELETE FROM replies WHERE key IN"
                " (SELECT key FROM replies ORDER BY used_at DESC, key LIMIT -1 OFFSET ?)",
                (self._n_kept,),
            )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=_PATIENCE_S)) as db, db:
                db.executescript(_SCHEMA)
                yield db
        except (sqlite3.Error, UnicodeDecodeError) as exc:  # its words may be no text
            raise LibraryError(
                f"replies kept in {str(self._path)!r} cannot be used ({exc}); delete the file, or "
                "set cache = false"
            ) from exc
