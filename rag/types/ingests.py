"""Stored documents, the plan of an ingest, and the report of one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from rag.types.papers import FILLED_IN, DocumentReading, Place, ProfilePage, Rejection


@dataclass(frozen=True, slots=True)
class Document:
    """One seed document as the library holds it.

    Attributes:
        name: Unambiguous within the library: the path below the folder it was read from.
        path: The file it was read from, which may no longer exist.
        ingested_at: ISO 8601, UTC.
        n_kept: Entries kept from an older version because parts of the current one are broken.
    """

    name: str
    path: str
    sha256: str
    format: str
    institution: str | None
    page: ProfilePage | None
    n_entries: int
    ingested_at: str
    rejections: tuple[Rejection, ...] = ()
    n_kept: int = 0

    @property
    def is_partial(self) -> bool:
        """Whether an ingest that was interrupted has stored only its first entries."""
        return self.sha256.startswith(PARTIAL)


PARTIAL = "partial:"
"""Stands before the sha256 of a document of which only the first entries are stored yet."""

Change = Literal["new", "changed", "unchanged", "removed", "kept"]
"""What an ingest does to an entry. ``kept`` entries would be removed, but their document could not
be read completely."""


@dataclass(frozen=True, slots=True)
class EntryPlan:
    """What an ingest does to one entry.

    Attributes:
        name: Its title or label.
        details: What was read and how it is known, for entries whose fields had to be looked for.
    """

    place: Place
    name: str
    paper_id: str
    change: Change
    details: str = ""


@dataclass(frozen=True, slots=True)
class DocumentPlan:
    """What an ingest does to one document.

    ``missing`` is no longer where it was read from and stays until ``--prune``; ``rejected`` could
    not be read at all, so whatever the library holds of it stays.

    Attributes:
        reading: Contents to store; None if nothing of the document is written.
        entries: One for each of its entries; empty for an unchanged or missing document.
        n_entries: Entries it has after the ingest, or, if it is to be removed, had before.
        start: Entries that are stored already and stay as they are; those of ``reading`` follow them.
    """

    name: str
    path: str
    change: Literal["new", "changed", "unchanged", "removed", "missing", "rejected"]
    reading: DocumentReading | None = None
    entries: tuple[EntryPlan, ...] = ()
    n_entries: int = 0
    start: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the document, if it was read."""
        if self.reading is None:
            return ()
        bases = {entry.how_known("text") for entry in self.reading.entries}
        texts = [f"text: {b}" for b in sorted(bases) if b and not b.startswith(FILLED_IN)]
        return (*self.reading.notes, *texts)

    def drop_contents(self) -> DocumentPlan:
        """The same without what was read, for a report: of thousands only the names stay in memory."""
        if self.reading is None:
            return self
        return replace(self, reading=replace(self.reading, entries=(), notes=self.notes))


@dataclass(frozen=True, slots=True)
class Plan:
    """What an ingest would do, document by document; nothing is written yet.

    Attributes:
        rejections: Documents and entries that cannot be read.
        passed_over: Files in the given folders that are in no known format.
    """

    documents: tuple[DocumentPlan, ...]
    rejections: tuple[Rejection, ...] = ()
    rebuild: bool = False
    passed_over: tuple[Rejection, ...] = ()

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """What is to be said of documents that were read, with their names."""
        return tuple(
            (document.name, note) for document in self.documents for note in document.notes
        )

    def count(self, change: Change) -> int:
        """Entries with this change; those of unchanged documents are unchanged."""
        unchanged_kind = "unchanged" if change == "unchanged" else None
        return sum(
            document.n_entries
            if document.change == unchanged_kind and not document.entries
            else sum(entry.change == change for entry in document.entries)
            for document in self.documents
        )

    @property
    def counts(self) -> dict[str, int]:
        """Entries by change, and how much was rejected: what ``--dry-run`` prints."""
        changes: tuple[Change, ...] = ("new", "changed", "unchanged", "removed", "kept")
        return {**{c: self.count(c) for c in changes}, "rejected": len(self.rejections)}

    @property
    def changes_nothing(self) -> bool:
        return not self.rebuild and all(
            d.change in ("unchanged", "missing", "rejected") for d in self.documents
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What an ingest did. Papers and chunks are counted over the whole library, afterwards.

    Attributes:
        mended: Faults of the derived data (chunks, vectors, lexical index) that it repaired.
        resumed: What an interrupted ingest had done and this one did not do again, in a sentence.
    """

    plan: Plan
    n_papers: int
    n_chunks: int
    n_embedded: int
    fingerprint: str
    seconds: float
    n_in_several_places: int = 0
    mended: tuple[str, ...] = ()
    resumed: str = ""


@dataclass(frozen=True, slots=True)
class IngestState:
    """How far an ingest is.

    Attributes:
        stage: What is being done: ``planning``, ``reading``, ``embedding``, ``roles``, ``indexing`` or ``screening``.
        file: The document in hand; empty where none is.
        n_files, n_files_done: Documents to be read, and those that are done with.
        n_entries: Entries read so far.
        share: Of the whole work, 0 to 1.
        rate: Entries a second, reading, embedding and indexing included; 0 where not known yet.
        left_s: Seconds left; None where that cannot be said yet.
        is_alive: Whether it goes on; else its process has ended before its work was done.
    """

    stage: str
    file: str = ""
    n_files: int = 0
    n_files_done: int = 0
    n_entries: int = 0
    share: float = 0.0
    rate: float = 0.0
    left_s: float | None = None
    is_alive: bool = True


@dataclass(frozen=True, slots=True)
class Survey:
    """What an ingest has before it, said before the first document is read.

    Attributes:
        n_files, n_unchanged: Documents there are, and those of them that the library holds as they are.
        n_bytes: Size of the others.
        n_entries: About how many entries they have, by their sizes.
        seconds: About how long they will take.
    """

    n_files: int
    n_unchanged: int
    n_bytes: int
    n_entries: int
    seconds: float


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """Whether library, vectors and lexical index are in step; ``problems`` is empty if they are."""

    n_papers: int
    n_chunks: int
    n_vectors: int
    n_indexed: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems
