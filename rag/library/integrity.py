"""Stamps of the files that the last ingest left, so that unchanged ones need no check.

Damaged, truncated and lost files change size or date. Only after such a change, or after another
process wrote, does an ingest check everything, which takes long in a large library.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rag.library import schema

STAMPS_FILE = "library.sound"


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


def keep_stamps(folder: Path, indexes: str) -> None:
    """Note the files as they are, when all in them was found in step."""
    with suppress(OSError):  # such as on a full disk: all is looked at again next time
        text = f"{stamp_library(folder)}\n{indexes}"
        if (
            not (folder / STAMPS_FILE).is_file()
            or (folder / STAMPS_FILE).read_text(encoding="utf-8") != text
        ):
            (folder / STAMPS_FILE).write_text(text, encoding="utf-8")


def stamp_library(folder: Path) -> str:
    """Size and date of the library's file, and of changes that are not yet in it."""
    results = []
    for name in (schema.LIBRARY_FILE, f"{schema.LIBRARY_FILE}-wal"):
        with suppress(OSError):
            state = (folder / name).stat()
            if state.st_size:
                results.append(f"{state.st_size} {state.st_mtime_ns}")
    return ", ".join(results)
