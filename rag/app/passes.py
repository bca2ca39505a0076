"""The key that signs passes, and the passes that were signed out of: in files, or in the database.

Whoever holds the key can make passes, so its file is readable by its owner alone, and whoever may read
the shared database may make passes too.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

from rag.library.database import get_words
from rag.library.schema import Migration
from rag.library.stores import STORE_FAULTS, SharedStore
from rag.types.errors import LibraryError

KEY_FILE = "passes.key"
ENDED_FILE = "passes.ended"
KEY_BYTES = 32
SEEN_S = 1.0
"""How long another server's sign-out may go unnoticed: it is asked for with each request."""
_ENDING = threading.Lock()

PASS_MIGRATIONS = (
    Migration("""
CREATE TABLE pass_keys (name {text} PRIMARY KEY, key {blob} NOT NULL);
CREATE TABLE ended_passes (digest {text} PRIMARY KEY, until {number} NOT NULL);
"""),
)


class PassFiles:
    """In the data folder, for all processes of one server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read_key(self) -> bytes:
        """The folder's key, created at first use and readable only by its owner."""
        path = self._folder / KEY_FILE
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                part = path.with_name(f"{KEY_FILE}.{secrets.token_hex(4)}")
                with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(secrets.token_bytes(KEY_BYTES))
                try:
                    os.link(part, path)  # of several processes, the first one's key stands
                except FileExistsError:
                    pass
                finally:
                    part.unlink()
            return path.read_bytes()
        except OSError as exc:
            raise self._build_unusable_error(path, exc) from exc

    def read_ended(self) -> dict[str, int]:
        """Digests of the passes that were signed out of, and until when each would have been good."""
        path = self._folder / ENDED_FILE
        try:
            lines = path.read_text(encoding="ascii").split("\n")
        except FileNotFoundError:
            return {}
        except OSError as exc:
            raise self._build_unusable_error(path, exc) from exc
        return {
            digest: int(until)
            for digest, _, until in (line.partition(" ") for line in lines if line)
        }

    def end(self, digest: str, until: int) -> None:
        """Add a pass to those that were signed out of."""
        with _ENDING:
            now = time.time()
            ended_passes = {d: end for d, end in self.read_ended().items() if end > now}
            ended_passes[digest] = until
            path = self._folder / ENDED_FILE
            part = path.with_name(f"{ENDED_FILE}.{secrets.token_hex(4)}")
            try:
                part.write_text(
                    "".join(f"{d} {u}\n" for d, u in ended_passes.items()), encoding="ascii"
                )
                part.replace(path)
            except OSError as exc:
                raise self._build_unusable_error(path, exc) from exc

    @staticmethod
    def _build_unusable_error(path: Path, exc: OSError) -> LibraryError:
        return LibraryError(
            f"the sign-in's file {str(path)!r} cannot be used ({exc.strerror}); "
            "check the folder's rights"
        )


class SharedPasses:
    """In the database that several servers share."""

    def __init__(self, url: str) -> None:
        self._state = _get_state(url)

    def read_key(self) -> bytes:
        """The database's key, created at first use."""
        state = self._state
        if state.key is None:
            new = {"name": "passes", "key": secrets.token_bytes(KEY_BYTES)}
            with _open(state.store) as connection:
                connection.execute(  # of several servers, the first one's key stands
                    text("INSERT INTO pass_keys VALUES (:name, :key) ON CONFLICT DO NOTHING"), new
                )
                state.key = bytes(
                    connection.execute(text("SELECT key FROM pass_keys")).scalar_one()
                )
        return state.key

    def read_ended(self) -> dict[str, int]:
        """Digests of the passes that were signed out of, and until when each would have been good."""
        state = self._state
        if time.monotonic() >= state.seen_at + SEEN_S:
            with _open(state.store) as connection:
                rows = connection.execute(text("SELECT digest, until FROM ended_passes"))
                state.ended = {row[0]: row[1] for row in rows}
            state.seen_at = time.monotonic()
        return state.ended

    def end(self, digest: str, until: int) -> None:
        """Add a pass to those that were signed out of."""
        with _open(self._state.store) as connection:
            connection.execute(
                text("DELETE FROM ended_passes WHERE until <= :now"), {"now": int(time.time())}
            )
            connection.execute(
                text("INSERT INTO ended_passes VALUES (:digest, :until) ON CONFLICT DO NOTHING"),
                {"digest": digest, "until": until},
            )
        self._state.seen_at = -SEEN_S


class _State:
    """What this process knows of a database's passes."""

    def __init__(self, url: str) -> None:
        self.store = SharedStore(url, "sign-ins", PASS_MIGRATIONS)
        self.key: bytes | None = None
        self.ended: dict[str, int] = {}
        self.seen_at = -SEEN_S


@cache
def _get_state(url: str) -> _State:
    return _State(url)


@contextmanager
def _open(store: SharedStore) -> Iterator[Connection]:
    try:
        with store.open() as connection:
            yield connection
    except STORE_FAULTS as exc:
        raise LibraryError(
            f"the sign-ins in {store.place!r} cannot be used ({get_words(exc)}); check that the "
            "database runs and that the setting 'library' names it"
        ) from exc
