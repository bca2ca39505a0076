"""Entries as the library keeps them: small, and word for word what a document said."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from rag.library.identity import get_entry_values
from rag.library.rows import build_entry, pack_entry
from rag.types import Entry, Place
from rag.types.errors import LibraryError

BARE = Entry(Place("a.txt", 3), raw="Kelp grows.", title=None, text="Kelp grows.")
WHOLE = replace(
    BARE,
    title="",
    authors=("Ø. Berg", "Łucja Nowak"),
    authors_complete=True,
    code=False,
    score=0.0,
    links=("https://kelp.test",),
    section_starts=(0, 40),
)


def keep(entry: Entry) -> bytes:
    return pack_entry(get_entry_values(entry))


def read(packed: bytes) -> Entry:
    return build_entry({"document": "a.txt", "line": 3, "packed": packed})  # type: ignore[arg-type]


@pytest.mark.parametrize("entry", [BARE, WHOLE])
def test_what_is_kept_of_an_entry_is_all_of_it(entry: Entry) -> None:
    assert read(keep(entry)) == entry


def test_a_text_said_twice_takes_little_more_than_once() -> None:
    text = " ".join(f"Kelp {n * n} was measured in bay {n}." for n in range(60))
    once = len(zlib.compress(text.encode()))
    assert len(keep(replace(BARE, raw=text, text=text))) < 1.3 * once


def test_a_damaged_entry_is_one_sentence() -> None:
    with pytest.raises(LibraryError, match="cannot be read"):
        read(keep(WHOLE)[:-4])
