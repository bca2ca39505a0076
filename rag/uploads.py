"""Documents that come by upload: files in ``uploads`` of the data folder, read like any other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from rag.errors import LibraryError

FOLDER = "uploads"
_UNUSUAL = re.compile(r"[^\w.()+ -]+")
MAX_NAME_CHARS = 120


def folder(data: Path) -> Path:
    return data / FOLDER


def save(data: Path, files: Sequence[tuple[str, bytes]]) -> list[Path]:
    """Write uploaded files under their own names; one of the same name is replaced.

    Raises:
        LibraryError: The folder cannot be written.
    """
    target = folder(data)
    saved = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, content in files:
            path = target / safe_name(name)
            part = path.with_name(f".{path.name}.part")
            part.write_bytes(content)
            part.replace(path)
            saved.append(path)
    except OSError as exc:
        raise LibraryError(
            f"the upload cannot be kept in {str(target)!r} ({exc.strerror}); "
            "check the folder's rights and free space"
        ) from exc
    return saved


def safe_name(name: str) -> str:
    """A plain file name: nothing of a path, nothing hidden, of bounded length."""
    last = PurePath(name.replace("\\", "/")).name
    stem = _UNUSUAL.sub("_", last).strip(" .") or "document"
    return stem[-MAX_NAME_CHARS:].lstrip(" .")


def discard(data: Path, path: Path) -> bool:
    """Delete an uploaded file; files elsewhere are not ours and stay. Returns whether it is gone."""
    if folder(data).resolve() not in path.resolve().parents:
        return False
    path.unlink(missing_ok=True)
    return True
