"""What a person says of a paper in place of what its document was read to say.

A correction belongs to an entry of a document, which is known by its bytes: it holds when the
document is read again, moved or renamed, and no longer when its contents change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rag.types import DocumentReading, Entry
from rag.types.fields import drop_doi_prefix

CORRECTED = "corrected by a person"
CORRECTABLE = ("title", "authors", "year", "venue", "doi")

Corrections = Mapping[tuple[str, int], Mapping[str, Any]]
"""By the sha256 of the document and the line of the entry: values by field."""


def correct_reading(original: DocumentReading, corrections: Corrections) -> DocumentReading:
    """The reading with its entries corrected; itself where nothing is to be corrected."""
    entries = correct_entries(original.entries, original.sha256, corrections)
    return original if entries == original.entries else replace(original, entries=entries)


def correct_entries(
    entries: Sequence[Entry], sha256: str, corrections: Corrections
) -> tuple[Entry, ...]:
    return tuple(
        _correct_entry(entry, corrections.get((sha256, entry.place.line), {})) for entry in entries
    )


def _correct_entry(entry: Entry, values: Mapping[str, Any]) -> Entry:
    if not values:
        return entry
    changes = dict(values)
    if "authors" in changes:
        changes["authors"] = tuple(changes["authors"])
        changes["authors_complete"] = bool(changes["authors"])
    if isinstance(doi := changes.get("doi"), str):
        changes["doi"] = drop_doi_prefix(doi).lower()
    unchanged = [line for line in entry.provenance if line.partition(":")[0] not in values]
    stated = [f"{name}: {CORRECTED}" for name in CORRECTABLE if name in values]
    return replace(entry, **changes, provenance=(*unchanged, *stated))
