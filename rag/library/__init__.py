"""The library: every paper, where it stands, who wrote it, and what is derived from it (SQLite)."""

from rag.library.catalogue import IndexState, Library
from rag.library.locking import open_writer
from rag.library.writing import Writer

__all__ = ["IndexState", "Library", "Writer", "open_writer"]
