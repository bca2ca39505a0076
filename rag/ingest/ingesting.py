"""Reads documents into the library portion by portion: reads, embeds, stores and indexes the papers.

A portion's vectors are computed first and stored in batches, then one transaction stores its papers,
then the indexes are updated. So a killed process leaves whole portions, with indexes that the next
start completes, and nothing is read or embedded twice; the library can be asked meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from rag.ingest import indexing, sentence_roles
from rag.ingest.correcting import Corrections
from rag.ingest.planning import DocumentList, build_plan, iter_plans, iter_unread, list_files
from rag.ingest.portions import iter_portions
from rag.ingest.watching import (
    IngestWatch,
    Progress,
    Watch,
    estimate_entries,
    estimate_seconds,
)
from rag.library import Library, Writer, integrity, invariants, open_writer
from rag.library.chunking import CHUNKER, get_embedded_text, is_inner
from rag.library.identity import compute_entry_digest
from rag.library.matching import RULES
from rag.library.token_vector_store import decode_stored, encode_tokens, encode_vector
from rag.readers.process import ReadingLimits
from rag.text.english import counted
from rag.types import Chunk, DocumentPlan, Place, Plan, Rejection, Report
from rag.types.errors import NotFound
from rag.types.ingests import Survey
from rag.types.ports import Embedder, Encoder, Stores

EMBED_BATCH = 32
"""Chunks embedded between two commits; a killed process loses at most these."""
MOST_UNINDEXED = 5_000
UNINDEXED_SHARE = 0.1
"""Chunks stored and not indexed yet, while more come: so many, or that share of the indexed ones if these are
more, as an index is written whole each time: in steps of one size that grew with the square of the library."""
COMPRESS_BATCH = 500
"""Chunks whose old token vectors are made smaller between two commits."""

__all__ = ["apply_ingest", "build_plan", "part_entries"]


def apply_ingest(
    library: Library,
    stores: Stores,
    embedder: Callable[[], Embedder],
    paths: Sequence[Path],
    *,
    prune: bool = False,
    rebuild: bool = False,
    drop: Collection[str] = (),
    wait_s: float = 0.0,
    limits: ReadingLimits = ReadingLimits(),  # noqa: B008 - frozen
    corrections: Corrections | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
    announce: Callable[[Survey], None] | None = None,
) -> Report:
    """Read what stands under ``paths`` into the library; mend what a crash or damage has left.

    Args:
        library: To be written to, in its folder.
        stores: Where its indexes are kept.
        embedder: Called when there is something to embed, or to check that nothing is.
        paths: Documents and folders of documents.
        prune: Also remove what is no longer there; see `rag.ingest.planning.build_plan`.
        drop: Names of documents to remove, and not to read again from a folder.
        rebuild: Read, embed and index everything anew, also by another embedder.
        wait_s: How long to wait for another writer.
        limits: What one document may cost; one that costs more is rejected.
        corrections: What a person says of entries, kept from now on.
        progress: Told of the stages ``reading``, ``embedding``, ``roles`` and ``indexing``.
        watch: Told how far the whole is, with every step.
        announce: Told what there is to do before the first document is read.

    Raises:
        LibraryLocked: Another process is writing.
        EmbedderMismatch: The vectors there are another embedder's, and ``rebuild`` is not set.
        ReadError: A path does not exist.
    """
    began = time.perf_counter()
    with open_writer(library.folder, library.url, wait_s=wait_s) as writer:
        known = integrity.read_stamps(library.folder)
        as_left = bool(known.library) and known.library == library.database.stamp()
        lost = [] if as_left else _look_over(library, writer)
        harmed = indexing.find_damage(library, stores, known.indexes)
        if not lost:
            indexing.mend_indexes(library, stores, writer, broken=bool(harmed), progress=progress)
        if corrections:
            writer.store_corrections(corrections)
        listing = list_files(library, paths, drop)
        watching = _begin_watch(library, listing, rebuild, watch, progress, announce)
        run = _Run(
            library, stores, embedder, writer, watching, listing,
            leave_out=tuple(plan.path for plan in listing.dropped),
            rebuild=rebuild,
            again=bool(lost),
            trusted=not (rebuild or (lost and harmed)),
            was_interrupted=writer.was_interrupted(),
            n_vectors_left=writer.count_unused_vectors(),
        )  # fmt: skip
        is_done = False
        try:
            run.carry_out(paths, prune=prune, limits=limits)
            is_done = True
        finally:
            watching.close(is_done=is_done)
        if run.has_stored or not as_left:  # also what a killed one did not come to
            writer.drop_unused_vectors()
    integrity.keep_stamps(library, indexing.stamp(library, stores))
    return Report(
        plan=run.plan,
        n_papers=library.n_papers,
        n_chunks=library.n_chunks,
        n_embedded=run.n_embedded,
        fingerprint=library.fingerprint,
        seconds=time.perf_counter() - began,
        n_in_several_places=library.n_in_several_places,
        mended=(*lost, *harmed),
        resumed=run.format_resumed(),
    )


def _begin_watch(
    library: Library,
    listing: DocumentList,
    rebuild: bool,
    watch: Watch | None,
    progress: Progress | None,
    announce: Callable[[Survey], None] | None,
) -> IngestWatch:
    """Estimate what there is to do."""
    unchanged = frozenset[str]() if rebuild else listing.unchanged
    sizes = {name: _get_size(p) for name, p in listing.files.items() if name not in unchanged}
    costs = {name: estimate_seconds(listing.files[name], n) for name, n in sizes.items()}
    pace = float(library.read_meta().get("ingest_pace", 1.0))
    survey = Survey(
        n_files=len(listing.files),
        n_unchanged=len(listing.files) - len(sizes),
        n_bytes=sum(sizes.values()),
        n_entries=sum(estimate_entries(listing.files[name], n) for name, n in sizes.items()),
        seconds=sum(costs.values()) * pace,
    )
    if announce:
        announce(survey)
    return IngestWatch(library.folder, survey, costs, pace, watch, progress)


def _get_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # it is told when it is to be read
        return 0


def _look_over(library: Library, writer: Writer) -> list[str]:
    """What is wrong with rows that the documents' entries can give again.

    Raises:
        LibraryError: More than that is wrong.
    """
    writer.require_whole()
    writer.drop_broken_vectors()
    return [*invariants.derived_problems(library), *invariants.content_problems(library)]


def part_entries(
    library: Library,
    stores: Stores,
    embedder: Callable[[], Embedder],
    places: Collection[Place],
    *,
    join: bool = False,
) -> Report:
    """Keep the entries at these places as papers of their own from now on; ``join``: no longer.

    Raises:
        NotFound: No entry begins at a place.
    """
    digests = []
    for place in places:
        entries = [e for e in library.list_entries(place.document) if e.place == place]
        if not entries:
            raise NotFound(
                f"no entry of a document begins at '{place}'; 'paper ID' lists the places"
            )
        digests.append(compute_entry_digest(entries[0]))
    with open_writer(library.folder, library.url) as writer:
        writer.part_entries(digests, join=join)
    return apply_ingest(library, stores, embedder, ())


def _has_old_rules(library: Library) -> bool:
    """Whether chunks were cut, or entries joined, by other rules or decisions than now hold."""
    meta = library.read_meta()
    rules = (meta.get("chunker", CHUNKER), meta.get("identity", ""))
    return "chunker" in meta and rules != (CHUNKER, RULES)


@dataclass(slots=True)
class _Run:
    """One ingest on its way.

    Attributes:
        leave_out: Paths to exclude when their folder is read again.
        again: Whether to rebuild all data derived from the documents' entries.
        trusted: Whether the indexes in use are known to be sound.
        was_interrupted: Whether the ingest before this one did not come to its end.
        n_vectors_left: Vectors that it had made for papers that it did not come to store.
    """

    library: Library
    stores: Stores
    build_embedder: Callable[[], Embedder]
    writer: Writer
    watch: IngestWatch
    listing: DocumentList
    leave_out: tuple[str, ...]
    rebuild: bool
    again: bool
    trusted: bool
    was_interrupted: bool
    n_vectors_left: int
    n_embedded: int = 0
    ingest_id: int | None = None
    planned: list[DocumentPlan] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    _embedder: Embedder | None = None

    @property
    def plan(self) -> Plan:
        """What was to be done, without the contents of documents that are stored already."""
        rejections = tuple(self.rejections)
        return Plan(tuple(self.planned), rejections, self.rebuild, self.listing.passed_over)

    @property
    def has_stored(self) -> bool:
        return self.ingest_id is not None

    def carry_out(self, paths: Sequence[Path], *, prune: bool, limits: ReadingLimits) -> None:
        """Read the documents and store them, a portion after the other.

        What changes all papers, or their embedder, is one portion: half of it would be neither the
        old library nor the new one.
        """
        is_whole = self.rebuild or self.again or _has_old_rules(self.library)
        reading = iter_plans(
            self.library, self.listing, prune=prune, rebuild=self.rebuild, limits=limits,
            begin=self.watch.begin_file,
        )  # fmt: skip
        with closing(reading):
            n_files = len(self.listing.files)
            portions = iter_portions(
                map(self._note, reading),
                lambda: self._note_all(iter_unread(self.library, self.listing, paths, prune=prune)),
                self.listing.stored,
                is_whole=is_whole,
                tell=lambda n: self.watch.report("reading", n, n_files),
            )
            for portion, parts, is_last in portions:
                plan = Plan(portion, rebuild=self.rebuild)
                if is_whole or not plan.changes_nothing:
                    self.watch.begin_portion(parts)
                    self._store(plan)
                    self.watch.end_portion()
                if is_last:
                    self._finish()

    def _note(self, planned: tuple[DocumentPlan, tuple[Rejection, ...]]) -> DocumentPlan:
        plan, rejections = planned
        self.rejections.extend(rejections)
        self.planned.append(plan.drop_contents())
        self.watch.end_file(plan.name, len(plan.entries))
        return plan

    def _note_all(self, plans: Iterable[DocumentPlan]) -> list[DocumentPlan]:
        plans = list(plans)
        self.planned.extend(plan.drop_contents() for plan in plans)
        return plans

    def _store(self, plan: Plan) -> None:
        """Embed a portion and store it; index it where enough has come together."""
        writer, embedder = self.writer, self._open_embedder()
        is_first = self.ingest_id is None
        if self.ingest_id is None:
            self.ingest_id = writer.start_ingest()
        chunks = writer.list_unembedded(plan, embedder.name, again=self.again, everywhere=is_first)
        roles = _embed(embedder, writer, chunks, self.watch.report)
        self.n_embedded += len(chunks)
        writer.store(plan, embedder.name, leave_out=self.leave_out, again=self.again)
        sentence_roles.store_assigned(writer, embedder.name, roles)
        n_pending, n_chunks = writer.count_pending(), self.library.n_chunks
        if self.trusted and n_pending >= _compute_most_unindexed(n_chunks - n_pending):
            self._index()

    def _index(self) -> None:
        indexing.apply_outbox(
            self.library, self.stores, self.writer, trusted=self.trusted,
            progress=self.watch.report,
        )  # fmt: skip

    def _finish(self) -> None:
        """Index what is not indexed yet, and give roles to sentences that have none."""
        if self.ingest_id is not None or sentence_roles.lacks_roles(self.library):
            # Also those of an older Paperfolk, or of a killed one.
            embedder = self._embedder or self.build_embedder()
            if embedder.name == (self.library.index_state.embedder or embedder.name):
                sentence_roles.store_missing(self.writer, embedder, self.watch.report)
        if not self.writer.has_present_layout():
            compress_old_tokens(self.library, self.writer, self.build_embedder, self.watch.report)
        if self.ingest_id is not None or self.writer.count_pending():
            self._index()
        if self.ingest_id is not None:
            self.writer.log_ingest_end(self.ingest_id, self.plan.counts, self.watch.pace)

    def _open_embedder(self) -> Embedder:
        if self._embedder is None:
            embedder, state = self.build_embedder(), self.library.index_state
            if state.embedder not in ("", embedder.name) and not self.rebuild:
                raise indexing.build_mismatch(self.library, state, embedder.name)
            self._embedder = embedder
        return self._embedder

    def format_resumed(self) -> str:
        """What an interrupted ingest had done, in a sentence; empty where none was interrupted."""
        n_before = self.plan.count("unchanged")
        if not self.was_interrupted or not (n_before or self.n_vectors_left):
            return ""
        vectors = ""
        if self.n_vectors_left:
            vectors = f"; {counted(self.n_vectors_left, 'vector')} of others were there already"
        return (
            f"went on where an ingest was interrupted: {counted(n_before)} read before were "
            f"skipped{vectors}"
        )


def _compute_most_unindexed(n_indexed: int) -> float:
    """How many chunks may wait to be indexed."""
    return min(n_indexed / 2, max(MOST_UNINDEXED, n_indexed * UNINDEXED_SHARE))


def compress_old_tokens(
    library: Library,
    writer: Writer,
    embedder: Callable[[], Embedder],
    progress: Progress | None = None,
) -> None:
    """Bring token vectors of an older version into the present layout, without embedding anything.

    Killed at any moment, it goes on from there next time; until then they are read as they are.
    """
    from rag.ingest.kept_tokens import encode_kept, shrink

    name, after, n_done = library.index_state.embedder, "", 0
    while batch := writer.list_old_tokens(name, after, COMPRESS_BATCH):
        present = embedder()
        if present.name != name or not isinstance(present, Encoder):
            return  # only its own embedder can; others are dropped with the rest of its vectors
        shrunk = []
        for chunk, is_whole, vector, tokens in batch:
            stored = decode_stored(vector, tokens)
            narrow_tokens = shrink(chunk, stored, present, is_whole=is_whole)
            kept = encode_kept(chunk, stored.vector)
            shrunk.append((chunk.chunk_id, kept, encode_tokens(narrow_tokens)))
        outdated = [chunk.chunk_id for chunk, *_ in batch if is_inner(chunk)]
        writer.store_vectors(name, shrunk, outdated=outdated)
        after, n_done = batch[-1][0].chunk_id, n_done + len(batch)
        if progress:
            progress("compressing", n_done, library.n_chunks)
    writer.reclaim()
    writer.note_layout()


def _embed(
    embedder: Embedder,
    writer: Writer,
    chunks: Sequence[tuple[Chunk, bool]],
    progress: Progress,
) -> dict[str, bytes]:
    """Embed in batches of chunks of like length, and keep each batch at once.

    Returns the roles of the sentences by chunk id, where the embedder's vectors give any.
    """
    from rag.ingest.kept_tokens import compress_telling, encode_chunks, encode_kept

    roles: dict[str, bytes] = {}
    ordered = sorted(chunks, key=lambda item: (len(item[0].text), item[0].chunk_id))
    for start in range(0, len(ordered), EMBED_BATCH):
        batch = ordered[start : start + EMBED_BATCH]
        ids = [chunk.chunk_id for chunk, _ in batch]
        if isinstance(embedder, Encoder):
            encodings = encode_chunks(embedder, [chunk for chunk, _ in batch])
            roles |= sentence_roles.compute_role_codes(embedder.name, batch, encodings)
            tokens = [
                encode_tokens(compress_telling(chunk, encoding, embedder, is_whole=is_whole))
                for (chunk, is_whole), encoding in zip(batch, encodings, strict=True)
            ]
            kept = [encode_kept(c, e.vector) for (c, _), e in zip(batch, encodings, strict=True)]
            writer.store_vectors(embedder.name, list(zip(ids, kept, tokens, strict=True)))
        else:
            texts = [get_embedded_text(chunk) for chunk, _ in batch]
            vectors = embedder.embed_documents(texts)
            writer.store_vectors(
                embedder.name,
                [(i, encode_vector(v), None) for i, v in zip(ids, vectors, strict=True)],
            )
        progress("embedding", start + len(batch), len(ordered))
    return roles
