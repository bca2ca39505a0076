"""The list of removed documents as older versions kept it: ``left-out.txt``, a path a line.

The database holds the list now, so that it changes in one transaction with the documents, and so
that a name may contain a line break. Opening the library for writing imports an old list.
"""

from __future__ import annotations

from pathlib import Path

EXCLUSIONS_FILE = "left-out.txt"
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb": "utf-8-sig"}
"""Byte order marks of other encodings."""


def old_list(folder: Path) -> frozenset[str]:
    """The paths on an old list, in whatever encoding; none without one."""
    try:
        remaining = (folder / EXCLUSIONS_FILE).read_bytes()
    except OSError:
        return frozenset()
    try:
        text = remaining.decode(_MARKS.get(remaining[:2], "utf-8"))
    except UnicodeDecodeError:
        text = remaining.decode("cp1252", errors="replace")
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return frozenset(line for line in lines if Path(line).is_absolute())
