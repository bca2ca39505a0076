"""Folders without the right to write, also where the tests run as root, whom rights do not bind."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65_534


@contextmanager
def readonly_copy(source: Path) -> Iterator[Path]:
    """A copy of the folder that this process may read and not write, for as long as this lasts."""
    outer = Path(tempfile.mkdtemp())
    outer.chmod(0o755)
    folder = outer / "data"
    shutil.copytree(source, folder)
    places = [folder, *folder.rglob("*")]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        for place in places:
            if place.is_dir():
                place.chmod(0o755)
        shutil.rmtree(outer)
