"""Marks of open stores: whoever dies in one leaves its mark, and the next one looks before it opens.

A mark is a locked file. The lock goes with its process, however that ends; the file goes only when
the store is closed. So a file without a lock tells of a process that died, perhaps of the store.
"""

from __future__ import annotations

import secrets
import weakref
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "open-"


class Mark:
    """That this process has the store in a folder open; without effect where none can be made."""

    def __init__(self, folder: Path) -> None:
        path = folder / f"{PREFIX}{secrets.token_hex(8)}"
        lock = FileLock(path, thread_local=False)
        with suppress(OSError, NotImplementedError, Timeout):  # a full disk, or one without locks
            lock.acquire(timeout=0)
        self.remove = weakref.finalize(self, _remove, lock, path)
        """At the latest when the process ends in good order."""


def _remove(lock: FileLock, path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
        lock.release()


def clear_dead(folder: Path) -> bool:
    """Remove the marks of processes that are gone; returns whether there were any."""
    dead = False
    for path in folder.glob(f"{PREFIX}*"):
        with suppress(OSError, NotImplementedError, Timeout):
            with FileLock(path, timeout=0):
                path.unlink(missing_ok=True)
                dead = True
    return dead
