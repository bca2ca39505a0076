"""What is exported is read back whole: by BibTeX, RIS and CSV."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.library.bibliography import ExportFormat, format_papers
from rag.library.identity import merge
from rag.readers import read_bytes
from rag.readers.columns import is_blank
from rag.types import Entry, Paper

LETTERS = st.sampled_from("abcdefghijklmnoprstuvwyzäñøłéčĐŽ")
WORD = st.text(LETTERS, min_size=2, max_size=8).filter(lambda word: not is_blank(word))
TITLE = st.lists(
    st.one_of(WORD, st.sampled_from(["50%", "&", "{x}", "$5", "10^6", "#1", "a_b", "~30", "“so”"])),
    min_size=1,
    max_size=6,
).map(" ".join)
NAMES = st.sampled_from(
    ["Moreau, Lea", "van den Berg, Jan", "García Márquez, Gabi", "Kinga, Marten Luis, Jr.", "Łukasz Žak",
     "{The Reed Group}", "Li, Bo", "Doe JA", "Muñoz, Inma", "Ann Lee", "Xiao W", "王伟", "O'Neil, Kate"]
)  # fmt: skip
RECORDS = st.fixed_dictionaries(
    {"title": TITLE, "authors": st.lists(NAMES, max_size=5, unique=True)},
    optional={
        "year": st.integers(1900, 2026), "venue": TITLE, "doi": st.just("10.1000/a_b.c-1"),
        "arxiv": st.just("2101.00001"), "pmid": st.just("77"), "abstract": TITLE,
        "keywords": st.lists(WORD, min_size=1, max_size=3, unique=True), "category": st.sampled_from(["CV", "cs.LG"]),
        "url": st.just("https://x.example/a_b~c?d=1"), "date": st.sampled_from(["2020-05-03", "2020-05"]),
        "affiliations": st.just(["Bog Institute", "Peat University"]),
    },
)  # fmt: skip


def read_paper(data: str, name: str) -> Entry:
    (entry,) = read_bytes(name, data.encode()).entries
    return entry


@pytest.mark.parametrize("form", ["bibtex", "ris", "csv"])
@settings(max_examples=60, deadline=None)
@given(record=RECORDS, is_cut=st.booleans())
def test_an_export_is_read_back_whole(
    form: ExportFormat, record: dict[str, object], is_cut: bool
) -> None:
    authors = record["authors"]
    assert isinstance(authors, list)
    first = read_paper(
        json.dumps({**record, "authors": [*authors, *(["et al."] if is_cut else [])]}), "a.jsonl"
    )
    paper: Paper = merge("p1", [first], {})
    again = read_paper(format_papers([paper], form), f"a.{form}")
    for name in ("title", "authors", "authors_complete", "year", "month", "day", "venue", "doi", "arxiv",
                 "pmid", "keywords", "category", "affiliations", "text"):  # fmt: skip
        assert getattr(again, name) == getattr(first, name), name
    assert again.url == first.url
