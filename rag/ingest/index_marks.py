"""Whether an index has the chunks that the library has, at the cost of what changed since last time.

A mark beside each index says at which version of the library it was compared, and how many chunks it then had:
to count a million again takes half a second of a first question. The library's journal
names the chunks that changed later, so those alone are looked up; all ids are compared where there is
no mark or the journal does not go so far back, and in a small library, where that costs nothing:
as many foreign chunks as were lost are noticed there. `rag.ingest.indexing.check_indexes` compares them all.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from rag.library import IndexState, Library
from rag.types.ports import Lexical, VectorSearch

COMPARISON_PREFIX = "compared-"
INDEX_KINDS = ("vectors", "lexical")
SMALL_INDEX = 5_000
"""Chunks up to which all ids are compared each time."""


def is_in_step(
    library: Library, state: IndexState, folder: Path, store: VectorSearch | Lexical
) -> bool:
    """Whether a store has exactly the library's chunks; that of vectors, those that are searched by theirs.

    Args:
        library: With no change on its way to the indexes.
        state: Of its indexes.
        folder: Where the mark stands: that of the generation, or of a server's own index.
        store: One of the indexes.
    """
    of_vectors = hasattr(store, "query")
    path = folder / f"{COMPARISON_PREFIX}{'vectors' if of_vectors else 'lexical'}"
    n, is_small = store.count(), store.count() <= SMALL_INDEX
    version, n_then = _read_mark(path, state.library_id)
    if version == state.version and not is_small:
        return n == n_then
    if n != (library.count_searched(state.embedder) if of_vectors else library.n_chunks):
        return False
    if not is_small and version and 0 < state.journal_from <= version + 1 <= state.version:
        changed = library.list_changes(version)
        present = {chunk.chunk_id for chunk in library.list_chunks(changed)}
        if of_vectors:
            present = library.list_searched(state.embedder, present)
        is_same = store.list_ids(changed) == present
    elif of_vectors:
        is_same = store.list_ids() == library.list_searched(state.embedder)
    else:
        is_same = store.list_ids() == set(library.list_chunk_ids())
    if is_same and version != state.version:
        _write_mark(path, state, n)
    return is_same


def keep_marks(library: Library) -> None:
    """Note that both indexes have what the library has, just after they were brought up to date."""
    state = library.index_state
    folder = library.folder / "index" / f"{state.generation:06d}"
    counts = library.count_searched(state.embedder), library.n_chunks
    for kind, n in zip(INDEX_KINDS, counts, strict=True):
        _write_mark(folder / f"{COMPARISON_PREFIX}{kind}", state, n)


def _read_mark(path: Path, library_id: str) -> tuple[int, int]:
    """Version and number of chunks; zeros where there is no mark, or one of another library or form."""
    try:
        of_library, version, n = path.read_text(encoding="ascii").split()
        return (int(version), int(n)) if of_library == library_id else (0, 0)
    except (OSError, ValueError):
        return 0, 0


def _write_mark(path: Path, state: IndexState, n: int) -> None:
    with suppress(OSError):  # a folder that is read only: all is compared again next time
        path.parent.mkdir(parents=True, exist_ok=True)  # where a server has the vectors
        part = path.with_suffix(".part")
        part.write_text(f"{state.library_id} {state.version} {n}", encoding="ascii")
        part.replace(path)
