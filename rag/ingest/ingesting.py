"""Carries out a plan: embeds, stores and indexes the papers, in that order.

Vectors are computed first and stored in batches, then one transaction stores the papers, then the
indexes are updated. So a killed process leaves either the old library or the new one with indexes
that the next start completes; and nothing is embedded twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.ingest import indexing, sentence_roles
from rag.ingest.correcting import Corrections
from rag.ingest.planning import build_plan
from rag.library import Library, Writer, integrity, invariants, open_writer
from rag.library.chunking import CHUNKER, get_embedded_text
from rag.library.identity import compute_entry_digest
from rag.library.matching import RULES
from rag.library.token_vector_store import encode_tokens, encode_vector
from rag.readers.process import ReadingLimits
from rag.types import Chunk, Place, Plan, Report
from rag.types.errors import NotFound
from rag.types.ports import Embedder, Encoder, Stores

Progress = Callable[[str, int, int], None]
EMBED_BATCH = 32
"""Chunks embedded between two commits; a killed process loses at most these."""

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
        progress: Told of the stages ``reading``, ``embedding`` and ``indexing``.

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
        planned = build_plan(
            library,
            paths,
            prune=prune,
            rebuild=rebuild,
            drop=drop,
            limits=limits,
            progress=progress,
        )
        n_embedded = None
        if lost or not planned.changes_nothing or _has_old_rules(library):
            ingest_id = writer.start_ingest(planned)
            terms = Terms(
                leave_out=tuple(
                    document_plan.path
                    for document_plan in planned.documents
                    if document_plan.name in drop
                ),
                again=bool(lost),
                trusted=not (rebuild or (lost and harmed)),
            )
            n_embedded = _apply(library, stores, embedder(), writer, planned, terms, progress)
            writer.log_ingest_end(ingest_id)
        elif sentence_roles.lacks_roles(library):  # an older Paperfolk, or a killed one
            sentence_roles.store_roles(writer, library.index_state.embedder, progress=progress)
        if n_embedded is not None or not as_left:  # also what a killed one did not come to
            writer.drop_unused_vectors()
    integrity.keep_stamps(library, indexing.stamp(library, stores))
    return Report(
        plan=planned,
        n_papers=library.n_papers,
        n_chunks=library.n_chunks,
        n_embedded=n_embedded or 0,
        fingerprint=library.fingerprint,
        seconds=time.perf_counter() - began,
        n_in_several_places=library.n_in_several_places,
        mended=(*lost, *harmed),
    )


def _look_over(library: Library, writer: Writer) -> list[str]:
    """What is wrong with rows that the documents' entries can give again.

    Raises:
        LibraryError: More than that is wrong.
    """
    writer.require_whole()
    writer.drop_broken_vectors()
    return [*invariants.derived_problems(library), *invariants.content_problems(library)]


@dataclass(frozen=True, slots=True)
class Terms:
    """How a plan is carried out.

    Attributes:
        leave_out: Paths to exclude when their folder is read again.
        again: Whether to rebuild all data derived from the documents' entries.
        trusted: Whether the indexes in use are known to be sound.
    """

    leave_out: tuple[str, ...]
    again: bool
    trusted: bool


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
    made = (meta.get("chunker", CHUNKER), meta.get("identity", ""))
    return "chunker" in meta and made != (CHUNKER, RULES)


def _apply(
    library: Library,
    stores: Stores,
    embedder: Embedder,
    writer: Writer,
    planned: Plan,
    terms: Terms,
    progress: Progress | None,
) -> int:
    state = library.index_state
    if state.embedder not in ("", embedder.name) and not planned.rebuild:
        raise indexing.build_mismatch(library, state, embedder.name)
    chunks = writer.list_unembedded(planned, embedder.name, again=terms.again)
    roles = _embed(embedder, writer, chunks, progress)
    writer.store(planned, embedder.name, leave_out=terms.leave_out, again=terms.again)
    sentence_roles.store_roles(writer, embedder.name, roles, progress)
    indexing.apply_outbox(library, stores, writer, trusted=terms.trusted, progress=progress)
    return len(chunks)


def _embed(
    embedder: Embedder,
    writer: Writer,
    chunks: Sequence[tuple[Chunk, bool]],
    progress: Progress | None,
) -> dict[str, bytes]:
    """Embed in batches of chunks of like length, and keep each batch at once.

    Returns the roles of the sentences by chunk id, where the embedder's vectors give any.
    """
    roles: dict[str, bytes] = {}
    ordered = sorted(chunks, key=lambda item: (len(item[0].text), item[0].chunk_id))
    for start in range(0, len(ordered), EMBED_BATCH):
        batch = ordered[start : start + EMBED_BATCH]
        texts = [get_embedded_text(chunk) for chunk, _ in batch]
        ids = [chunk.chunk_id for chunk, _ in batch]
        if isinstance(embedder, Encoder):
            encodings = embedder.encode(texts)
            roles |= sentence_roles.assign_roles(embedder.name, batch, encodings)
            encoded_chunks = [(encode_vector(e.vector), encode_tokens(e)) for e in encodings]
            writer.store_vectors(
                embedder.name,
                [(i, *vector_pair) for i, vector_pair in zip(ids, encoded_chunks, strict=True)],
            )
        else:
            vectors = embedder.embed_documents(texts)
            writer.store_vectors(
                embedder.name,
                [(i, encode_vector(v), None) for i, v in zip(ids, vectors, strict=True)],
            )
        if progress:
            progress("embedding", start + len(batch), len(ordered))
    return roles
