"""What this process may do with a folder, and where it works when that is nothing."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def is_readonly(folder: Path) -> bool:
    """Whether the folder is there and nothing can be made in it."""
    effective = os.access in os.supports_effective_ids
    return folder.is_dir() and not os.access(folder, os.W_OK, effective_ids=effective)


def passing_folder() -> Path:
    """A new temporary folder, which goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="paperfolk-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
