"""The response cache: replies of chat models, so that the same call is not paid for twice.

The key covers everything that a reply depends on: the server, the model, the messages (and with them
the prompt, the passages, the question and its thread) and the library's fingerprint. Replies are
stored unchecked, so that a cached one passes the citation gate like any other.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Column, Connection, Double, MetaData, Table, Text, select

from rag.library.database import get_words
from rag.library.schema import Migration
from rag.library.stores import STORE_FAULTS, FileStore, SharedStore, Store
from rag.library.tables import build_upsert
from rag.types.errors import LibraryError

N_KEPT = 2_000
MAX_STORED_CHARS = 100_000
_PATIENCE_S = 5.0
REPLIES = Table(
    "replies", MetaData(), Column("key", Text, primary_key=True), Column("text", Text),
    Column("used_at", Double),
)  # fmt: skip
REPLY_MIGRATIONS = (
    Migration("""
CREATE TABLE IF NOT EXISTS replies (
    key {text} PRIMARY KEY, text {text} NOT NULL, used_at {real} NOT NULL
) {keyed};
CREATE INDEX IF NOT EXISTS replies_by_use ON replies (used_at);
"""),
)


def compute_reply_key(scope: Sequence[str], messages: Sequence[tuple[str, str]]) -> str:
    """What a call is known by: ``scope`` (server, model, library) and its messages."""
    call_text = json.dumps([list(scope), [list(message) for message in messages]])
    return hashlib.sha256(call_text.encode()).hexdigest()


class ResponseCache:
    """The cached replies of one data folder, shared by any number of threads and processes.

    Args:
        folder: The data folder.
        url: Of the database that holds the library, if several servers share it.
        n_kept: Most replies; beyond that, the least recently used are deleted.
    """

    def __init__(self, folder: Path, url: str = "", *, n_kept: int = N_KEPT) -> None:
        path = folder / "replies.db"
        self._store: Store = (
            SharedStore(url, "replies", REPLY_MIGRATIONS)
            if url
            else FileStore(path, "the replies", REPLY_MIGRATIONS, patience_s=_PATIENCE_S)
        )
        self._n_kept = n_kept

    def find(self, key: str) -> str | None:
        """The reply to a call, if it is kept.

        Raises:
            LibraryError: The replies cannot be used.
        """
        if not self._store.is_there:
            return None
        used = REPLIES.update().where(REPLIES.c.key == key).values(used_at=time.time())
        with self._open() as connection:
            reply = connection.execute(used.returning(REPLIES.c.text)).scalar()
        return None if reply is None else str(reply)

    def keep(self, key: str, text: str) -> None:
        """Keep a reply in place of an older one to the same call; very long ones are not kept.

        Raises:
            LibraryError: The replies cannot be used.
        """
        if len(text) > MAX_STORED_CHARS:
            return
        row = {"key": key, "text": text, "used_at": time.time()}
        by_use = select(REPLIES.c.key).order_by(REPLIES.c.used_at.desc(), REPLIES.c.key)
        with self._open() as connection:
            connection.execute(build_upsert(connection.dialect.name, REPLIES, row), row)
            old = by_use.offset(self._n_kept).scalar_subquery()
            connection.execute(REPLIES.delete().where(REPLIES.c.key.in_(old)))

    @contextmanager
    def _open(self) -> Iterator[Connection]:
        try:
            with self._store.open() as connection:
                yield connection
        except STORE_FAULTS as exc:
            todo = "delete the file, or " if isinstance(self._store, FileStore) else ""
            raise LibraryError(
                f"replies kept in {self._store.place!r} cannot be used ({get_words(exc)}); {todo}"
                "set cache = false"
            ) from exc
