"""What this process may do with a folder, and where it works when that is nothing."""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from pathlib import Path


def is_readonly(folder: Path) -> bool:
    """Whether the folder is there and nothing can be made in it."""
    effective = os.access in os.supports_effective_ids
    return folder.is_dir() and not os.access(folder, os.W_OK, effective_ids=effective)


def keep_private(folder: Path) -> None:
    """Take a folder and all in it away from the machine's other users, and what is made from now on.

    The owner's own rights stay as they are, and so does what links lead to.
    """
    os.umask(0o077)
    for path in (folder, *folder.rglob("*")):
        try:
            mode = path.lstat().st_mode
            if not stat.S_ISLNK(mode) and mode & 0o077:
                path.chmod(stat.S_IMODE(mode) & ~0o077)
        except OSError:  # another's file, a folder that cannot be written, or a file that has gone
            continue


def passing_folder() -> Path:
    """A new temporary folder, which goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="paperfolk-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
