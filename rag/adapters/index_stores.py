"""Opens the stores of the settings: Chroma, embedded or on a server, and tantivy."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import weakref
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rag.library.permissions import is_full, is_readonly, require_memory
from rag.types.errors import IndexUnreadable, LibraryError
from rag.types.ports import Generation, VectorSearch

if TYPE_CHECKING:
    from rag.adapters.chroma import ChromaVectors
    from rag.adapters.chroma_server import Server
    from rag.adapters.tantivy import LexicalIndex

TRIAL_S = 60.0
"""Time limit for trying vectors out in a separate process."""


class LocalStores:
    """Chroma and tantivy; each is imported when it is first opened.

    Both write a little even when reading, so stores in a read-only folder are copied into a
    temporary folder first, which is deleted with this object.

    Args:
        server: A Chroma server; None: embedded in the generation's folder.
    """

    def __init__(self, server: Server | None = None) -> None:
        self.server = server

    def open_vectors(self, generation: Generation, *, create: bool = False) -> ChromaVectors:
        from rag.adapters.chroma import ChromaVectors
        from rag.adapters.chroma_embedded import QUICK_BYTES, WatchedVectors, require_whole_chroma
        from rag.adapters.open_marks import clear_dead

        require_memory()
        if self.server:
            return ChromaVectors(generation, self.server, create=create)
        if not create:
            generation = self._ensure_writable(generation, "chroma")
            require_whole_chroma(generation.folder / "chroma", at_most=QUICK_BYTES)
            if clear_dead(generation.folder) and not self.is_sound(generation, timeout_s=TRIAL_S):
                raise IndexUnreadable(
                    f"a process that read the vectors in {str(generation.folder)!r} was ended by "
                    'them; run "paperfolk ingest" to rebuild them'
                )
        return WatchedVectors(generation, create=create)

    def open_search(self, generation: Generation) -> VectorSearch:
        """What is searched of the vectors: embedded, their flat copy where there is one, without Chroma."""
        from rag.adapters.flat_vectors import FLAT_FILE, FlatVectors

        require_memory()
        if not self.server:
            with suppress(IndexUnreadable):  # none yet: the store itself is asked
                return FlatVectors(generation.folder / FLAT_FILE)
        return self.open_vectors(generation)

    def lacks_commit(self, generation: Generation) -> bool:
        from rag.adapters.flat_vectors import FLAT_FILE, lacks_flat

        return not self.server and lacks_flat(generation.folder / FLAT_FILE)

    def open_lexical(self, generation: Generation, *, create: bool = False) -> LexicalIndex:
        from rag.adapters.tantivy import LexicalIndex

        if not create:
            generation = self._ensure_writable(generation, "lexical")
        return LexicalIndex(generation.folder / "lexical", create=create)

    def drop(self, generation: Generation) -> None:
        """Remove the server's data of the generation; the caller removes its folder."""
        if self.server:
            from rag.adapters import chroma

            chroma.drop(generation, self.server)

    def is_sound(self, generation: Generation, *, timeout_s: float) -> bool:
        """Whether the vectors can be read; those on a server are the server's care."""
        if self.server:
            return True
        from rag.adapters import chroma

        return chroma.is_sound(self._ensure_writable(generation, "chroma"), timeout_s=timeout_s)

    def stamp(self, generation: Generation) -> str:
        """A stamp by which damaged files of the generation are recognised without reading them.

        That is the names and sizes of all, and the dates of those that no reading changes. Empty
        where that does not tell: on a server, and where Chroma's file is not whole.
        """
        from rag.adapters.chroma_embedded import require_whole_chroma
        from rag.adapters.flat_vectors import FLAT_FILE

        if self.server:
            return ""
        try:
            require_whole_chroma(generation.folder / "chroma")
        except IndexUnreadable:
            return ""
        results = []
        for part in ("chroma", "lexical", FLAT_FILE):
            folder = generation.folder / part
            for path in (folder, *sorted(folder.rglob("*"))):
                if path.is_file() and path.suffix != ".lock":
                    state = path.stat()
                    changed = state.st_mtime_ns if part != "chroma" else 0
                    results.append(
                        f"{path.relative_to(generation.folder)} {state.st_size} {changed}"
                    )
        return hashlib.sha256("\n".join(results).encode()).hexdigest()[:32]

    def _ensure_writable(self, generation: Generation, part: str) -> Generation:
        """The generation, with this part copied to a writable folder if necessary."""
        source = generation.folder / part
        if not (is_readonly(source) or is_full(source)):
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
