"""The library in SQL: papers, their places and people, and the data derived from them.

SQLAlchemy is imported when the library is first used: ``paperfolk --help`` needs none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.library.catalogue import IndexState
    from rag.library.library import Library
    from rag.library.locking import open_writer
    from rag.library.writing import Writer

__all__ = ["IndexState", "Library", "Writer", "open_writer"]

_HOMES = {
    "IndexState": "rag.library.catalogue",
    "Library": "rag.library.library",
    "Writer": "rag.library.writing",
    "open_writer": "rag.library.locking",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value
