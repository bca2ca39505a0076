"""The library in SQLite: papers, their places and people, and the data derived from them."""

from rag.library.catalogue import IndexState, Library
from rag.library.locking import open_writer
from rag.library.writing import Writer

__all__ = ["IndexState", "Library", "Writer", "open_writer"]
