"""The write lock: one writer at a time over all processes."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.library import schema
from rag.library.permissions import require_room
from rag.library.writing import Writer
from rag.types.errors import LibraryError, LibraryLocked

LIBRARY_LOCK = "library.lock"


@contextmanager
def open_writer(folder: Path, *, wait_s: float = 0.0) -> Iterator[Writer]:
    """The library's writer, while no other process or thread writes.

    Args:
        folder: Made if it is not there.
        wait_s: How long to wait for another writer.

    Raises:
        LibraryLocked: Another one is still writing.
        LibraryError: The folder cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        require_room(folder)
        lock = FileLock(folder / LIBRARY_LOCK)
        lock.acquire(timeout=wait_s)
    except Timeout as exc:
        raise LibraryLocked(
            f"the library {str(folder)!r} is being written by another process; "
            "wait until it is done and try again"
        ) from exc
    except OSError as exc:
        todo = "make room or " if exc.errno == errno.ENOSPC else ""
        raise LibraryError(
            f"the data folder {str(folder)!r} cannot be written ({exc.strerror}); "
            f"{todo}name another one with PAPERFOLK_DATA"
        ) from exc
    try:
        writer = Writer(folder)
        try:
            yield writer
        finally:
            writer.close()
    except schema.FAULTS as exc:
        raise schema.not_written(folder, exc) from exc
    finally:
        lock.release()
