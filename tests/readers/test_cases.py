"""Small documents of every kind, as reference managers and services write them, with what is right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from rag.readers import read_bytes
from rag.types import Entry

CASES = Path(__file__).with_name("cases")
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load(
    (CASES / "expected.yaml").read_text(encoding="utf-8")
)


def describe(entry: Entry) -> dict[str, Any]:
    """What is known of an entry, in the form of the file of right values."""
    values: dict[str, Any] = {
        "title": entry.title, "authors": list(entry.authors), "cut": not entry.authors_complete and bool(entry.authors),
        "families": list(entry.families), "year": entry.year, "month": entry.month, "day": entry.day,
        "venue": entry.venue, "doi": entry.doi, "url": entry.url, "arxiv": entry.arxiv, "pmid": entry.pmid,
        "category": entry.category, "keywords": list(entry.keywords), "affiliations": list(entry.affiliations),
        "files": list(entry.files), "retracted": entry.retracted, "provenance": list(entry.provenance), "text": entry.text,
    }  # fmt: skip
    return {name: value for name, value in values.items() if value not in (None, [], {}, "", False)}


def test_every_case_has_its_right_values() -> None:
    files = {path.name for path in CASES.iterdir()} - {"expected.yaml"}
    assert files == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_document_is_read_as_it_should_be(name: str) -> None:
    right = EXPECTED[name]
    reading = read_bytes(name, (CASES / name).read_bytes())
    assert [describe(entry) for entry in reading.entries] == right["entries"]
    assert list(reading.notes) == right.get("notes", [])
    assert [rejection.line for rejection in reading.rejections] == right.get("rejected", [])
