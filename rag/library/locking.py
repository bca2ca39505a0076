"""The write lock: one writer at a time over all processes, and over all servers of one database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.library.database import FAULTS, build_database
from rag.library.writing import Writer


@contextmanager
def open_writer(folder: Path, url: str = "", *, wait_s: float = 0.0) -> Iterator[Writer]:
    """The library's writer, while no other process or thread writes.

    Args:
        folder: Made if it is not there.
        url: Of the database, if that is not the file in the folder.
        wait_s: How long to wait for another writer.

    Raises:
        LibraryLocked: Another one is still writing.
        LibraryError: The folder, or the database, cannot be written.
    """
    database = build_database(folder, url)
    try:
        with database.open_writing(wait_s) as connection:
            yield Writer(folder, database, connection)
    except FAULTS as exc:
        raise database.build_not_written(exc) from exc
    finally:
        database.close()
