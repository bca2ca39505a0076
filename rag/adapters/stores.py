"""The stores that the settings choose: Chroma, embedded or on a server, and tantivy."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import LibraryError
from rag.rights import is_readonly
from rag.stores import Generation

if TYPE_CHECKING:
    from rag.adapters.chroma import ChromaVectors
    from rag.adapters.chroma_server import Server
    from rag.adapters.tantivy import LexicalIndex


class LocalStores:
    """Chroma and tantivy; each is imported when it is first opened.

    Both write a little when they are read: what stands in a folder that cannot be written is
    copied into a temporary one first, which goes with this object.

    Args:
        server: A Chroma server; None: embedded in the generation's folder.
    """

    def __init__(self, server: Server | None = None) -> None:
        self.server = server

    def vectors(self, generation: Generation, *, create: bool = False) -> ChromaVectors:
        from rag.adapters.chroma import ChromaVectors

        if not self.server and not create:
            generation = self._usable(generation, "chroma")
        return ChromaVectors(generation, self.server, create=create)

    def lexical(self, generation: Generation, *, create: bool = False) -> LexicalIndex:
        from rag.adapters.tantivy import LexicalIndex

        if not create:
            generation = self._usable(generation, "lexical")
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

        return chroma.is_sound(self._usable(generation, "chroma"), timeout_s=timeout_s)

    def _usable(self, generation: Generation, part: str) -> Generation:
        """The generation, with this part of it copied to where it can be written."""
        source = generation.folder / part
        if not is_readonly(source):
            return generation
        folder = Path(tempfile.mkdtemp(prefix="paperfolk-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        try:
            shutil.copytree(source, folder / part, copy_function=shutil.copyfile)
            for copied in (folder / part, *(folder / part).rglob("*")):
                if copied.is_dir():  # their rights were copied as well
                    copied.chmod(0o700)
        except OSError as exc:
            raise LibraryError(
                f"the index in {str(source)!r} cannot be written, and not be copied to "
                f"{str(folder.parent)!r} for reading ({exc}); make room there, or give rights"
            ) from exc
        return replace(generation, folder=folder)
