"""Documents that a reader removed although their files are still there: not read again unasked.

Their paths stand in ``left-out.txt`` of the data folder, one a line; a file that is named itself,
and not found in a folder, is read all the same and stands there no longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rag.errors import LibraryError

FILE = "left-out.txt"


def left_out(folder: Path) -> frozenset[str]:
    """The paths that are left out of this data folder's library."""
    path = folder / FILE
    if not path.is_file():
        return frozenset()
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise _unusable(path, exc) from exc
    return frozenset(line for line in lines if line.strip())


def remember(folder: Path, dropped: Iterable[str], read: Iterable[str]) -> None:
    """Leave out what was dropped, and no longer what was read."""
    before = left_out(folder)
    after = (before | set(dropped)) - set(read)
    if after == before:
        return
    path = folder / FILE
    part = path.with_name(f".{FILE}.part")
    try:
        part.write_text("".join(f"{line}\n" for line in sorted(after)), encoding="utf-8")
        part.replace(path)
    except OSError as exc:
        raise _unusable(path, exc) from exc


def _unusable(path: Path, exc: Exception) -> LibraryError:
    return LibraryError(
        f"the list of removed documents in {str(path)!r} cannot be used ({exc}); "
        "check its rights, or delete it to have all documents read again"
    )
