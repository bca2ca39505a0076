"""Whether this process may write to a folder, and which one it uses if not."""

from __future__ import annotations

import atexit
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from rag.types.errors import LibraryError, RagError

LITTLE_BYTES = 1_000_000
"""Free bytes below which a disk counts as full: what a change of the library needs at least."""
NEEDED_BYTES = 1_600_000_000
"""Address space of an ingest on two cores: with a tenth less its threads did not begin."""
FEWEST_FILES, NEEDED_FILES = 40, 64
"""Files open at once: below the first nothing works, from the second on everything."""


def is_readonly(folder: Path) -> bool:
    """Whether the folder exists and nothing can be created in it."""
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


def is_full(folder: Path) -> bool:
    """Whether hardly anything more can be written below the folder."""
    try:
        return shutil.disk_usage(folder).free < LITTLE_BYTES
    except OSError:
        return False


def require_room(folder: Path) -> None:
    """Raise a LibraryError where nothing can be added below the folder.

    What is read from a full disk is read from a copy, so this is asked before anything is changed.
    """
    if is_full(folder):
        raise LibraryError(
            f"the disk of {str(folder)!r} is full: nothing can be changed there; make room and try again"
        )


def require_memory() -> None:
    """Raise a RagError where this process may not use what models and vectors need.

    Asked before they are loaded: native code that gets no memory ends the process without a word.
    """
    limit = _limit("RLIMIT_AS")
    if limit is not None and limit < NEEDED_BYTES:
        raise RagError(
            f"this process may use {limit // 1_000_000} MB of memory (ulimit -v) but needs about "
            f"{NEEDED_BYTES // 1_000_000}; raise the limit and run it again"
        )


def require_files() -> None:
    """Have as many files open at once as models and stores need, or raise a RagError."""
    limit = _limit("RLIMIT_NOFILE")
    if limit is None or limit >= NEEDED_FILES:
        return
    maximum = raise_file_limit(NEEDED_FILES)
    if maximum < FEWEST_FILES:
        raise RagError(
            f"this process may have only {maximum} files open at once (ulimit -n) but needs "
            f"{NEEDED_FILES}; raise the limit and run it again"
        )


def raise_file_limit(wanted: int) -> int:
    """Let this process open so many files, or as many as the machine allows; how many it may then.

    A limit that is higher already stays. Windows has none, and gets what is wanted.
    """
    try:
        import resource
    except ImportError:  # not on Windows
        return wanted
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    maximum = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft == resource.RLIM_INFINITY or soft >= maximum:
        return maximum
    with suppress(OSError, ValueError):  # a system may allow less than it says; then it stays
        resource.setrlimit(resource.RLIMIT_NOFILE, (maximum, hard))
    return maximum


def _limit(name: str) -> int | None:
    """A limit of this process; None where there is none, or none that can be asked for."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    soft = resource.getrlimit(getattr(resource, name))[0]
    return None if soft == resource.RLIM_INFINITY else soft


def create_temporary_folder() -> Path:
    """A new temporary folder, deleted when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="paperfolk-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
