"""Stored documents, the plan of an ingest, and the report of one."""

from __future__ import annotations

from dataclasses import dataclass
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
    """

    name: str
    path: str
    change: Literal["new", "changed", "unchanged", "removed", "missing", "rejected"]
    reading: DocumentReading | None = None
    entries: tuple[EntryPlan, ...] = ()
    n_entries: int = 0


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
        notes: list[tuple[str, str]] = []
        for document in self.documents:
            if document.reading is not None:
                notes += [(document.name, note) for note in document.reading.notes]
                texts = {entry.how_known("text") for entry in document.reading.entries}
                notes += [
                    (document.name, f"text: {basis}")
                    for basis in sorted(texts)
                    if basis and not basis.startswith(FILLED_IN)
                ]
        return tuple(notes)

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

    ``mended`` lists faults of the derived data (chunks, vectors, lexical index) that it repaired.
    """

    plan: Plan
    n_papers: int
    n_chunks: int
    n_embedded: int
    fingerprint: str
    seconds: float
    n_in_several_places: int = 0
    mended: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """Whether library, vectors and lexical index are in step; ``problems`` is empty if they are."""

    n_papers: int
    n_chunks: int
    n_vectors: int
    n_indexed: int
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems
