"""Keeps vectors and lexical index in step with the library, and repairs them.

A large change builds a new generation beside the one in use, and readers switch to it once it is
complete; a small one is made in place. In both cases the library's outbox names the pending changes,
so after a crash the next process knows which records may be wrong.
"""

from __future__ import annotations

import shutil
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from functools import partial
from typing import TypeVar

from rag.ingest import index_marks
from rag.ingest.following import build_lexical_record, follow_lexical
from rag.library import IndexState, Library, Writer, invariants, open_writer
from rag.library.permissions import require_room
from rag.library.token_vector_store import is_gist
from rag.types import IndexHealth
from rag.types.errors import EmbedderMismatch, IndexUnreadable, LibraryError, LibraryLocked
from rag.types.ports import (
    Generation,
    IndexRecord,
    Lexical,
    LexicalRecord,
    Stores,
    VectorRecord,
    Vectors,
    VectorSearch,
)

IndexProgress = Callable[[str, int, int], None]
S = TypeVar("S", VectorSearch, Lexical)

INDEX_BATCH = 4_000
TRIAL_CHUNKS = 20_000
"""From this many on, vectors that a crash may have damaged are tested; fewer are simply rebuilt."""
INDEX_TRIAL_S = 60.0
OTHER_SERVERS = 3
"""Older generations of a shared library looked for, which another server may have built."""


class Indexes:
    """The stores in use, for readers: opened on demand, and reopened when the library changes.

    Args:
        library: Read from; another process may write to it.
        stores: Opens the indexes.
        embedder: Name of the caller's embedder; empty for the one of the vectors.
    """

    def __init__(self, library: Library, stores: Stores, embedder: str = "") -> None:
        self._library, self._stores, self._embedder = library, stores, embedder
        self._guard = threading.RLock()
        self._at: tuple[str, int, int] | None = None
        self._vectors: VectorSearch | None = None
        self._lexical: Lexical | None = None
        self._left: list[VectorSearch | Lexical] = []

    @property
    def vectors(self) -> VectorSearch:
        """The vectors in use.

        Raises:
            EmbedderMismatch: Another embedder made them.
            LibraryEmpty: Nothing was ingested yet.
        """
        with self._guard:
            return self._open_vectors(self._update_state())

    @property
    def lexical(self) -> Lexical:
        """The lexical index in use.

        Raises:
            LibraryEmpty: Nothing was ingested yet.
        """
        with self._guard:
            return self._open_lexical(self._update_state())

    def open(self) -> tuple[Lexical, VectorSearch]:
        """Both, of one state of the library.

        Raises:
            EmbedderMismatch: Another embedder made the vectors.
            LibraryEmpty: Nothing was ingested yet.
        """
        with self._guard:
            while True:  # one that has to be rebuilt takes the other with it
                state = self._update_state()
                if self._vectors is None:
                    self._open_vectors(state)
                elif self._lexical is None:
                    self._open_lexical(state)
                else:
                    return self._lexical, self._open_vectors(state)

    def _open_vectors(self, state: IndexState) -> VectorSearch:
        if self._embedder and state.embedder != self._embedder:
            raise build_mismatch(self._library, state, self._embedder)
        if self._vectors is None:
            state = self._commit(state)
            self._vectors = self._open_store(state, self._stores.open_search)
        return self._vectors

    def _open_lexical(self, state: IndexState) -> Lexical:
        if self._lexical is None:
            self._lexical = (
                follow_lexical(self._library, self._stores)
                if self._library.is_shared
                else self._open_store(state, self._stores.open_lexical)
            )
        return self._lexical

    def close(self) -> None:
        with self._guard:
            self._drop_stores()
            self._drop_stores()

    def _drop_stores(self) -> None:
        """Let go of the stores in use; they are closed next time, as a thread may be in them yet."""
        for store in self._left:
            store.close()
        self._left = [store for store in (self._vectors, self._lexical) if store is not None]
        self._vectors = self._lexical = self._at = None

    def _update_state(self) -> IndexState:
        """Close stores that are out of date, and repair what a crash left unless another process is writing."""
        state = self._library.index_state
        if state.pending:
            state = self._mend(broken=False)
        if self._at != _get_state_key(state):
            self._drop_stores()
            self._at = _get_state_key(state)
        if not state.generation:
            self._library.ensure_not_empty()
            raise LibraryLocked(
                f"the indexes of {str(self._library.folder)!r} are still being built; try again soon"
            )
        return state

    def _open_store(self, state: IndexState, opener: Callable[[Generation], S]) -> S:
        """Open a store with the library's chunks; rebuild it if it has others."""
        try:
            place = get_generation(self._library, state)
            store = opener(place)
            if state.pending or index_marks.is_in_step(self._library, state, place.folder, store):
                return store
            store.close()
        except IndexUnreadable:
            pass  # and rebuilt, below
        self._drop_stores()
        state = self._mend(broken=True)
        self._at = _get_state_key(state)
        return opener(get_generation(self._library, state))

    def _commit(self, state: IndexState) -> IndexState:
        """Make what is searched of an older version's vectors, where they can be written to."""
        if self._stores.lacks_commit(get_generation(self._library, state)):
            with suppress(LibraryError):  # full, or to be read only: the store is searched
                state = self._mend(broken=False)
                self._at = _get_state_key(state)
        return state

    def _mend(self, *, broken: bool) -> IndexState:
        try:
            with open_writer(self._library.folder, self._library.url) as writer:
                mend_indexes(self._library, self._stores, writer, broken=broken)
        except LibraryLocked:
            pass  # whoever holds the lock is at work on it
        return self._library.index_state


def _get_state_key(state: IndexState) -> tuple[str, int, int]:
    """A key that differs between any two states of the indexes, even if the library was made anew."""
    return state.library_id, state.generation, state.version


def get_generation(library: Library, state: IndexState, *, next_one: bool = False) -> Generation:
    """The generation in use, or the one to be built after it, by the embedder then wanted."""
    number = state.generation + next_one
    return Generation(
        folder=library.folder / "index" / f"{number:06d}",
        collection=f"paperfolk-{state.library_id}-{number}",
        embedder=state.target if next_one else state.embedder,
        dimension=state.target_dimension if next_one else state.dimension,
        home=library.database.home,
    )


def build_mismatch(library: Library, state: IndexState, embedder: str) -> EmbedderMismatch:
    """The sentence for settings that name another embedder than the vectors' own."""
    return EmbedderMismatch(
        f"the vectors in {str(library.folder / 'index')!r} were made by embedder "
        f"{state.embedder!r} (dim {state.dimension}) but settings ask for {embedder!r}; "
        'run "paperfolk ingest --rebuild" or restore the setting'
    )


# --- writing --------------------------------------------------------------------------------


def mend_indexes(
    library: Library,
    stores: Stores,
    writer: Writer,
    *,
    broken: bool = False,
    progress: IndexProgress | None = None,
) -> bool:
    """Bring the indexes in step if a crash left them otherwise; returns whether it had to.

    ``broken`` says that the indexes in use are known to be unusable.
    """
    if not broken and not library.index_state.pending:
        try:
            _commit_vectors(library, stores)
            return False
        except (IndexUnreadable, EmbedderMismatch):
            broken = True
    trusted = not broken and _is_sound_after_crash(library, stores)
    apply_outbox(library, stores, writer, trusted=trusted, progress=progress)
    return True


def _commit_vectors(library: Library, stores: Stores) -> None:
    """Make what is searched of vectors that need no change, where an older version has not."""
    state = library.index_state
    place = get_generation(library, state)
    if state.generation and stores.lacks_commit(place):
        with closing(stores.open_vectors(place)) as vectors:
            vectors.commit()


def _is_sound_after_crash(library: Library, stores: Stores) -> bool:
    """Whether vectors that a killed process may have been writing to are sound, and worth asking."""
    state = library.index_state
    if not state.generation or library.n_chunks < TRIAL_CHUNKS:
        return False
    return stores.is_sound(get_generation(library, state), timeout_s=INDEX_TRIAL_S)


def apply_outbox(
    library: Library,
    stores: Stores,
    writer: Writer,
    *,
    trusted: bool = True,
    progress: IndexProgress | None = None,
) -> None:
    """Apply the outbox to the indexes: in place if it is short, else by a new generation.

    ``trusted`` says that the generation in use is sound but for what the outbox names.
    """
    state = library.index_state
    pending = writer.list_pending()
    fits = trusted and state.generation > 0 and state.embedder == state.target
    if fits and not pending:
        return
    tell = progress or (lambda stage, n_done, total: None)
    if fits and len(pending) * 2 < library.n_chunks:
        try:
            _update_indexes(library, stores, state, pending, tell)
            writer.clear_outbox(state.generation)
            index_marks.keep_marks(library)
            return
        except IndexUnreadable:
            pass  # and built anew, below
    _build_indexes(library, stores, state, tell)
    writer.clear_outbox(state.generation + 1)
    index_marks.keep_marks(library)
    _drop_older(library, stores, state)


def _build_indexes(
    library: Library, stores: Stores, state: IndexState, tell: IndexProgress
) -> None:
    """Build the next generation, after removing the rest of a killed attempt."""
    place = get_generation(library, state, next_one=True)
    try:
        shutil.rmtree(place.folder, ignore_errors=True)
        place.folder.mkdir(parents=True)
        _fill(library, stores, place, tell)
    except (IndexUnreadable, OSError) as exc:  # of what is new nothing is damaged: it was not taken
        raise LibraryError(
            f"the indexes in {str(place.folder)!r} cannot be built ({exc.__cause__ or exc}); "
            'make room or give rights, and run "paperfolk ingest" again'
        ) from exc


def _fill(library: Library, stores: Stores, place: Generation, tell: IndexProgress) -> None:
    chunk_ids = sorted(library.list_chunk_ids())
    with ExitStack() as stack:
        vectors = stack.enter_context(closing(stores.open_vectors(place, create=True)))
        records = _put(library, place, vectors, chunk_ids, tell)
        filled: list[tuple[Vectors | Lexical, int]] = []
        if library.is_shared:  # each server's lexical index follows by itself
            deque(records, maxlen=0)
        else:
            lexical = stack.enter_context(closing(stores.open_lexical(place, create=True)))
            lexical.update(records)
            filled.append((lexical, len(chunk_ids)))
        filled.append((vectors, library.count_searched(place.embedder)))
        vectors.commit()
        if any(store.count() != n for store, n in filled):  # each was empty before
            counts = " and ".join(f"{store.count()} of {n}" for store, n in filled)
            raise LibraryError(
                f"of {len(chunk_ids)} chunks only {counts} entries arrived in the indexes in "
                f'{str(place.folder)!r}; run "paperfolk ingest --rebuild"'
            )


def _update_indexes(
    library: Library, stores: Stores, state: IndexState, pending: Sequence[str], tell: IndexProgress
) -> None:
    """The generation in use: present chunks replaced, others taken out."""
    place = get_generation(library, state)
    require_room(place.folder)
    present = sorted(chunk.chunk_id for chunk in library.list_chunks(pending))
    removed_ids = sorted(set(pending) - set(present))
    searched = library.list_searched(place.embedder, present)
    with ExitStack() as stack:
        vectors = stack.enter_context(closing(stores.open_vectors(place)))
        vectors.delete(sorted(set(pending) - searched))
        records = _put(library, place, vectors, present, tell)
        filled: list[tuple[Vectors | Lexical, int, set[str]]] = []
        if library.is_shared:
            deque(records, maxlen=0)
        else:
            lexical = stack.enter_context(closing(stores.open_lexical(place)))
            lexical.update(records, removed_ids)
            filled.append((lexical, library.n_chunks, set(present)))
        filled.append((vectors, library.count_searched(place.embedder), searched))
        vectors.commit()
        changed = set(pending)
        if not all(
            store.count() == n and store.list_ids(changed) == ids for store, n, ids in filled
        ):
            raise IndexUnreadable(
                f"the indexes in {str(place.folder)!r} do not hold what the library holds; "
                'run "paperfolk ingest --rebuild"'
            )


def _put(
    library: Library,
    place: Generation,
    vectors: Vectors,
    chunk_ids: Sequence[str],
    tell: IndexProgress,
) -> Iterator[LexicalRecord]:
    """What the lexical index takes in, in the order given; a batch's vectors, but for gists, are put in before it."""
    for n_done, records in _iter_index_records(library, chunk_ids, place.embedder):
        vectors.upsert(
            [VectorRecord(r.chunk.chunk_id, r.vector) for r in records if not is_gist(r.vector)]
        )
        yield from (build_lexical_record(r.chunk, r.paper) for r in records)
        tell("indexing", n_done, len(chunk_ids))


def _iter_index_records(
    library: Library, chunk_ids: Sequence[str], embedder: str
) -> Iterator[tuple[int, list[IndexRecord]]]:
    """Batches of records, each with how many chunks are done after it."""
    for start in range(0, len(chunk_ids), INDEX_BATCH):
        batch = chunk_ids[start : start + INDEX_BATCH]
        chunks = library.list_chunks(batch)
        papers = {
            paper.paper_id: paper for paper in library.list_papers(c.paper_id for c in chunks)
        }
        vectors = library.list_vectors(batch, embedder)
        missing = [chunk.chunk_id for chunk in chunks if chunk.chunk_id not in vectors]
        if missing:
            raise LibraryError(
                f"{len(missing)} chunks such as {missing[0]!r} have no vector by {embedder!r}; "
                'run "paperfolk ingest --rebuild"'
            )
        records = [IndexRecord(c, papers[c.paper_id], vectors[c.chunk_id]) for c in chunks]
        yield start + len(batch), records


def _drop_older(library: Library, stores: Stores, before: IndexState) -> None:
    """Keep the generation just left, which readers may still be in; remove those before it."""
    oldest = before.generation
    for number in range(max(1, oldest - OTHER_SERVERS), oldest if library.is_shared else 0):
        collection = f"paperfolk-{before.library_id}-{number}"
        stores.drop(Generation(library.folder, collection, "", 0, library.database.home))
    for folder in sorted((library.folder / "index").glob("[0-9]*")):
        if int(folder.name) < oldest:
            number = int(folder.name)
            place = Generation(folder, f"paperfolk-{before.library_id}-{number}", "", 0)
            stores.drop(place)
            shutil.rmtree(folder, ignore_errors=True)


# --- checking -------------------------------------------------------------------------------


def check_indexes(library: Library, stores: Stores) -> IndexHealth:
    """Compare library, vectors and lexical index, chunk by chunk; needs no lock, changes nothing."""
    problems = invariants.find_problems(library)
    try:
        state, expected = library.index_state, set(library.list_chunk_ids())
        n_papers = library.n_papers
    except LibraryError as exc:
        return IndexHealth(0, 0, 0, 0, tuple(dict.fromkeys([*problems, str(exc)])))
    if state.pending:
        problems.append("some changes have not reached the indexes yet")
    if not state.generation:
        return IndexHealth(n_papers, len(expected), 0, 0, (*problems, *_list_unindexed(expected)))
    counts, unlike = _compare(library, stores, get_generation(library, state), expected)
    return IndexHealth(n_papers, len(expected), *counts, (*problems, *unlike))


def find_damage(library: Library, stores: Stores, known: str) -> tuple[str, ...]:
    """What is wrong with the indexes in use, where no change is on its way to them.

    They are gone through only where they are not ``known`` by their stamp.
    """
    state = library.index_state
    if not state.generation or state.pending:
        return ()
    if known and known == stamp(library, stores):
        return ()
    place = get_generation(library, state)
    return tuple(_compare(library, stores, place, set(library.list_chunk_ids()))[1])


def stamp(library: Library, stores: Stores) -> str:
    """What tells the files of the indexes in use from others; see `rag.adapters.index_stores`."""
    state = library.index_state
    files = stores.stamp(get_generation(library, state)) if state.generation else ""
    return files and f"{state.version} {files}"


def _compare(
    library: Library, stores: Stores, place: Generation, expected: set[str]
) -> tuple[tuple[int, int], list[str]]:
    """Entries of vectors and lexical index, and where they are not those expected."""
    problems: list[str] = []
    counts: list[int] = []
    open_lexical = stores.open_lexical
    if library.is_shared:
        open_lexical = partial(follow_lexical, library, stores)
    for name, opener in (("vectors", stores.open_vectors), ("lexical index", open_lexical)):
        try:
            if name == "vectors" and not stores.is_sound(place, timeout_s=INDEX_TRIAL_S):
                raise IndexUnreadable(f"the vectors in {str(place.folder)!r} cannot be read")
            with closing(opener(place)) as store:
                items = store.list_ids()
            if name == "vectors":
                with closing(stores.open_search(place)) as search:
                    if search.list_ids() != items:
                        problems.append("what is searched of the vectors is not what the store has")
        except (IndexUnreadable, EmbedderMismatch) as exc:
            problems.append(str(exc))
            items = set()
        counts.append(len(items))
        wanted = library.list_searched(place.embedder) if name == "vectors" else expected
        problems.extend(_iter_differences(name, wanted, items))
    return (counts[0], counts[1]), problems


def _list_unindexed(expected: set[str]) -> Iterable[str]:
    return ["nothing is indexed yet"] if expected else []


def _iter_differences(name: str, expected: set[str], stored_ids: set[str]) -> Iterator[str]:
    if expected - stored_ids:
        yield f"{len(expected - stored_ids)} chunks are not in the {name}, such as {min(expected - stored_ids)!r}"
    if stored_ids - expected:
        yield f"{len(stored_ids - expected)} entries of the {name} have no chunk, such as {min(stored_ids - expected)!r}"
