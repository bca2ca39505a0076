"""The stores that the settings choose: Chroma, embedded or on a server, and tantivy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.stores import Generation

if TYPE_CHECKING:
    from rag.adapters.chroma import ChromaVectors
    from rag.adapters.tantivy import LexicalIndex


class LocalStores:
    """Chroma and tantivy; each is imported when it is first opened.

    Args:
        server: ``host:port`` of a Chroma server; empty: embedded in the generation's folder.
    """

    def __init__(self, server: str = "") -> None:
        self.server = server

    def vectors(self, generation: Generation, *, create: bool = False) -> ChromaVectors:
        from rag.adapters.chroma import ChromaVectors

        return ChromaVectors(generation, self.server, create=create)

    def lexical(self, generation: Generation, *, create: bool = False) -> LexicalIndex:
        from rag.adapters.tantivy import LexicalIndex

        return LexicalIndex(generation.folder / "lexical", create=create)

    def drop(self, generation: Generation) -> None:
        """Remove what a server holds of the generation; its folder is the caller's."""
        if self.server:
            from rag.adapters import chroma

            chroma.drop(generation, self.server)

    def is_sound(self, generation: Generation, *, timeout_s: float) -> bool:
        """Whether the vectors can be read; those on a server are the server's care."""
        if self.server:
            return True
        from rag.adapters import chroma

        return chroma.is_sound(generation, timeout_s=timeout_s)
