"""ONNX graphs on disk: built once and cached if the folder is writable, else for this process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from rag.library.permissions import create_temporary_folder, is_readonly


def ensure_built(path: Path, build: Callable[[], bytes]) -> Path:
    """The file, built first where it is not there yet; two processes may do so at once.

    In a folder that cannot be written it is made in a temporary one, which goes with the process.
    """
    if path.is_file():
        return path
    if is_readonly(next(folder for folder in path.parents if folder.exists())):
        path = create_temporary_folder() / path.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".graph-") as folder:
        built = Path(folder) / path.name
        built.write_bytes(build())
        os.replace(built, path)
    return path
