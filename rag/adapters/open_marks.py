"""Marks of open stores, by which a process learns that an earlier one died with the store open.

A mark is a locked file. The lock ends with its process; the file is deleted only when the store is
closed. So a file without a lock means that a process died, perhaps because of the store.
"""

from __future__ import annotations

import secrets
import weakref
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

MARK_PREFIX = "open-"


class Mark:
    """Marks the store in a folder as open in this process; does nothing in a read-only folder."""

    def __init__(self, folder: Path) -> None:
        path = folder / f"{MARK_PREFIX}{secrets.token_hex(8)}"
        lock = FileLock(path, thread_local=False)
        with suppress(OSError, NotImplementedError, Timeout):  # a full disk, or one without locks
            lock.acquire(timeout=0)
        self.remove = weakref.finalize(self, _remove, lock, path)
        """Runs at the latest when the process ends normally."""


def _remove(lock: FileLock, path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
        lock.release()


def clear_dead(folder: Path) -> bool:
    """Remove the marks of processes that have ended; returns whether there were any."""
    dead = False
    for path in folder.glob(f"{MARK_PREFIX}*"):
        with suppress(OSError, NotImplementedError, Timeout):
            with FileLock(path, timeout=0):
                path.unlink(missing_ok=True)
                dead = True
    return dead
