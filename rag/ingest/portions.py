"""Cuts what an ingest reads into portions, each embedded and stored before the next is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rag.types import Document, DocumentPlan
from rag.types.ingests import PARTIAL

PORTION_ENTRIES = 500
PORTION_DOCUMENTS = 50
"""Documents read between two commits; a killed process loses the reading of at most these."""
PORTION_CHARS = 500_000
"""Text read between two commits: of 2,000 PDFs the first dozen can be asked while the rest is read."""

DocumentShare = tuple[str, float]
"""A document by name, with the share of its entries that a portion has."""


def iter_portions(
    plans: Iterable[DocumentPlan],
    list_others: Callable[[], Sequence[DocumentPlan]],
    stored: Mapping[str, Document],
    *,
    is_whole: bool,
    tell: Callable[[int], None],
) -> Iterator[tuple[tuple[DocumentPlan, ...], list[DocumentShare], bool]]:
    """Portions of documents, the parts that they are of, and whether it is the last.

    Documents leave memory with their portion.

    Args:
        plans: Of documents that are read now, one at a time.
        list_others: What is done with documents that are not read, in the last portion: removals
            come when what may take their place is there.
        stored: What the library has of documents, by name.
        is_whole: All in one portion.
        tell: Told how many documents are read.
    """
    portion: list[DocumentPlan] = []
    parts: list[DocumentShare] = []
    n_entries = n_documents = n_chars = 0
    for n_read, plan in enumerate(plans, 1):
        for piece in [plan] if is_whole else _iter_pieces(plan, stored.get(plan.name)):
            size = len(piece.reading.entries) if piece.reading else 0
            if portion and not is_whole and n_entries + size > PORTION_ENTRIES:
                yield tuple(portion), parts, False
                portion, parts, n_entries, n_documents, n_chars = [], [], 0, 0, 0
            portion.append(piece)
            if piece.reading:
                n_chars += sum(len(entry.text) for entry in piece.reading.entries)
                size_of_document = len(plan.reading.entries) if plan.reading else 0
                parts.append((plan.name, size / size_of_document if size_of_document else 1.0))
                n_entries, n_documents = n_entries + size, n_documents + 1
        tell(n_read)
        is_full = n_documents >= PORTION_DOCUMENTS or n_chars >= PORTION_CHARS
        if is_full and not is_whole:
            yield tuple(portion), parts, False
            portion, parts, n_entries, n_documents, n_chars = [], [], 0, 0, 0
    yield (*portion, *list_others()), parts, True


def _iter_pieces(plan: DocumentPlan, stored: Document | None) -> Iterator[DocumentPlan]:
    """A new document of many entries in pieces, those first that are not stored yet.

    One that has changed is whole: half of it would be neither the old document nor the new one.
    """
    reading = plan.reading
    n_stored = stored.n_entries if stored else 0
    is_rest = reading is not None and (
        stored is None
        or (
            stored.sha256 == f"{PARTIAL}{reading.sha256}"
            and all(entry.change == "unchanged" for entry in plan.entries[:n_stored])
        )
    )
    if reading is None or not is_rest or len(plan.entries) != len(reading.entries):
        yield plan
        return
    n = len(reading.entries)
    for start in range(n_stored, max(n, n_stored + 1), PORTION_ENTRIES):
        end = min(start + PORTION_ENTRIES, n)
        sha256 = reading.sha256 if end == n else f"{PARTIAL}{reading.sha256}"
        yield replace(
            plan,
            reading=replace(reading, entries=reading.entries[start:end], sha256=sha256),
            entries=plan.entries[start:end],
            n_entries=end,
            start=start,
        )
