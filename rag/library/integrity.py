"""Stamps of the files that the last ingest left, so that unchanged ones need no check.

Damaged, truncated and lost files change size or date. Only after such a change, or after another
process wrote, does an ingest check everything, which takes long in a large library.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rag.library.library import Library

STAMPS_FILE = "library.sound"
INGEST_FILE = "ingest.json"
"""How far the ingest is that runs, or that was interrupted; see `rag.ingest.watching`."""


@dataclass(frozen=True, slots=True)
class Stamps:
    """Stamps of the library's file and of its indexes; empty if they cannot be read."""

    library: str
    indexes: str


def read_stamps(folder: Path) -> Stamps:
    """As the last ingest has left them."""
    try:
        library, indexes = (folder / STAMPS_FILE).read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):  # not there, or no such file: all is looked at
        return Stamps("", "")
    return Stamps(library, indexes)


def keep_stamps(library: Library, indexes: str) -> None:
    """Note the files as they are, when all in them was found in step."""
    path = library.folder / STAMPS_FILE
    with suppress(OSError):  # such as on a full disk: all is looked at again next time
        text = f"{library.database.stamp()}\n{indexes}"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
