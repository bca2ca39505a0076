"""A server's own lexical index of a shared library: it follows the library's journal.

Words are searched in each server's data folder, however many there are; whichever of them ingests
writes the changed chunks into the journal, and the others take them over before their next search.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from rag.ingest.index_marks import is_in_step
from rag.library import Library
from rag.library.chunking import get_embedded_text
from rag.text import extract_terms, split_terms
from rag.types import Chunk, Paper
from rag.types.errors import IndexUnreadable, LibraryError
from rag.types.ports import Generation, Lexical, LexicalRecord, Stores

RECORDS_PER_BATCH = 4_000
VERSION_FILE = "version"
LOCK_FILE = "follow.lock"
WAIT_S = 600.0
"""For another process of this server that is bringing the index up to date."""


def follow_lexical(library: Library, stores: Stores, _: Generation | None = None) -> Lexical:
    """The lexical index of this data folder, with what the library holds now.

    Raises:
        LibraryError: The folder cannot be written.
    """
    from filelock import FileLock, Timeout

    folder = library.folder / "index" / f"shared-{library.index_state.library_id}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / LOCK_FILE, timeout=WAIT_S), library.open_snapshot():
            return _open_current(library, stores, folder)
    except (OSError, Timeout) as exc:
        raise LibraryError(
            f"the lexical index in {str(folder)!r} cannot be brought up to date ({exc}); "
            "make room or give rights"
        ) from exc


def _open_current(library: Library, stores: Stores, folder: Path) -> Lexical:
    """Open the index, brought up to date from the journal, or rebuilt if the journal does not reach back far enough."""
    state = library.index_state
    place = Generation(folder, "", state.embedder, state.dimension)
    version = _read_version(folder)
    if version is not None and 0 < state.journal_from <= version + 1:
        with suppress(IndexUnreadable):  # and built anew, below
            lexical = stores.open_lexical(place)
            if version != state.version:
                changed = library.list_changes(version)
                present = sorted(chunk.chunk_id for chunk in library.list_chunks(changed))
                lexical.update(_iter_records(library, present), set(changed) - set(present))
                _write_version(folder, state.version)
            if state.pending or is_in_step(library, state, folder, lexical):
                return lexical
            lexical.close()
    (folder / VERSION_FILE).unlink(missing_ok=True)
    shutil.rmtree(folder / "lexical", ignore_errors=True)
    lexical = stores.open_lexical(place, create=True)
    lexical.update(_iter_records(library, sorted(library.list_chunk_ids())))
    _write_version(folder, state.version)
    return lexical


def _read_version(folder: Path) -> int | None:
    """The library's version that the index has; None where there is none, or a broken one."""
    try:
        return int((folder / VERSION_FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _write_version(folder: Path, version: int) -> None:
    part = folder / f"{VERSION_FILE}.part"
    part.write_text(str(version), encoding="ascii")
    part.replace(folder / VERSION_FILE)


def _iter_records(library: Library, chunk_ids: Sequence[str]) -> Iterator[LexicalRecord]:
    """In the order given."""
    for start in range(0, len(chunk_ids), RECORDS_PER_BATCH):
        chunks = library.list_chunks(chunk_ids[start : start + RECORDS_PER_BATCH])
        papers = {p.paper_id: p for p in library.list_papers(c.paper_id for c in chunks)}
        yield from (build_lexical_record(chunk, papers[chunk.paper_id]) for chunk in chunks)


def build_lexical_record(chunk: Chunk, paper: Paper) -> LexicalRecord:
    """The words of a chunk for lexical search; names keep words that are stop words elsewhere."""
    people = [authorship.name for authorship in paper.authorships]
    about = [*people, *paper.affiliations, paper.category, paper.year, paper.venue]
    return LexicalRecord(
        chunk_id=chunk.chunk_id,
        paper_id=paper.paper_id,
        body=split_terms(get_embedded_text(chunk)),
        title=split_terms(chunk.heading),
        names=extract_terms(" ; ".join(str(part) for part in about if part), keep_stop_words=True),
    )
