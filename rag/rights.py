"""What this process may do with a folder, and where it works when that is nothing."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

LITTLE_BYTES = 1_000_000
"""Free bytes below which a disk counts as full: what a change of the library needs at least."""


def is_readonly(folder: Path) -> bool:
    """Whether the folder is there and nothing can be made in it."""
    effective = os.access in os.supports_effective_ids
    return folder.is_dir() and not os.access(folder, os.W_OK, effective_ids=effective)


def is_full(folder: Path) -> bool:
    """Whether hardly anything more can be written below the folder."""
    try:
        return shutil.disk_usage(folder).free < LITTLE_BYTES
    except OSError:
        return False


def passing_folder() -> Path:
    """A new temporary folder, which goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="paperfolk-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
