"""BibTeX."""

from __future__ import annotations

import logging

import pytest

from rag.readers import read_bytes
from rag.types import Entry

BIB = r"""% a comment
@string{cvpr = "Proc. CVPR"}
@inproceedings{a, title = {The {LaRE}$^2$ of G{\"o}del \& Co}, month = may, year = 2020,
  author = {G{\"o}del, Kurt and Kexin Bao and van Beethoven, Ludwig and {The Group} and others},
  booktitle = cvpr, doi = {10.1000/x}, eprint = {2001.00001}, archivePrefix = {arXiv},
  primaryClass = {cs.CV}, abstract = {We gain 5\% at
  \url{https://a.b}.}}
@article{broken, title = {Broken
  author = {X Y}
}
@article{a, title = "Second", author = "A B", journal = cvpr}
@misc{c, title = {Title only}}
@misc{d, title = {First}, title = {Again}, author = {Smith, Jr, John}}
@misc{e, note = {neither}}
"""


@pytest.fixture(scope="module")
def entries() -> tuple[Entry, ...]:
    return read_bytes("p.bib", BIB.encode()).entries


def test_an_entry_is_read_whole_and_in_plain_text(entries: tuple[Entry, ...]) -> None:
    entry = entries[0]
    assert entry.title == "The LaRE^2 of Gödel & Co"
    assert (entry.text, entry.links) == ("We gain 5% at https://a.b.", ("https://a.b",))
    assert (entry.year, entry.month, entry.venue) == (2020, 5, "Proc. CVPR")
    assert (entry.doi, entry.category) == ("10.1000/x", "cs.CV")
    assert entry.url == "https://arxiv.org/abs/2001.00001"
    assert entry.place.line == 3
    assert entry.raw.startswith("@inproceedings{a") and entry.raw.endswith("}}")


def test_names_stand_first_name_first_and_others_means_incomplete(
    entries: tuple[Entry, ...],
) -> None:
    assert entries[0].authors == ("Kurt Gödel", "Kexin Bao", "Ludwig van Beethoven", "The Group")
    assert entries[0].authors_complete is False
    assert (entries[1].authors, entries[1].authors_complete) == (("A B",), True)
    assert entries[3].authors == ("John Smith Jr",)


def test_an_entry_with_a_title_alone_is_kept(entries: tuple[Entry, ...]) -> None:
    assert (entries[2].title, entries[2].text, entries[2].authors) == ("Title only", "", ())


def test_a_key_given_twice_loses_no_entry_and_a_field_given_twice_counts_once(
    entries: tuple[Entry, ...],
) -> None:
    assert [e.title for e in entries[1:]] == ["Second", "Title only", "First"]
    assert entries[1].venue == "Proc. CVPR"


def test_broken_and_empty_entries_are_rejected_with_their_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        reading = read_bytes("p.bib", BIB.encode())
    assert [r.line for r in reading.rejections] == [8, 14]
    assert reading.rejections[0].reason.startswith("the BibTeX entry is broken: unexpected block")
    assert caplog.records == []


def test_bibtex_is_told_by_content_not_by_name() -> None:
    assert read_bytes("notes.txt", BIB.encode()).format == "bibtex"


def test_a_list_of_abstracts_that_quotes_an_entry_is_a_list() -> None:
    data = b"Abstract: we cite\n@misc{a, title = {T}}\nas usual.\n"
    assert read_bytes("p.txt", data).format == "abstract_list"


def test_a_macro_or_a_parent_that_is_missing_is_told_of_with_its_entry() -> None:
    bib = """@string{bog = "Bog"} @string{letters = bog # " Letters"}
@article{a, title={Peat}, journal=letters, month=jan, year=2018}
@article{b, title={Moss}, journal=JACM, month=sept # "~3", year=2019}
@inproceedings{c, title={Reed}, crossref={proc2020}}
@inproceedings{d, title={Rush}, xdata={here}, year=2020}
@xdata{here, publisher={Bog}}
@article{title={Sedge}, journal=unknown # " Letters"}
"""
    reading = read_bytes("a.bib", bib.encode())
    assert [(e.title, e.venue) for e in reading.entries] == [
        ("Peat", "Bog Letters"), ("Moss", "JACM"), ("Reed", None), ("Rush", None), ("Sedge", "unknown Letters"),
    ]  # fmt: skip
    assert reading.notes == (
        "line 3: @article 'b': macro 'JACM' of its journal is not defined here, and left as it is",
        "line 4: @inproceedings 'c': its crossref 'proc2020' is not in this file, so nothing is taken from it",
        "line 7: @article: macro 'unknown' of its journal is not defined here, and left as it is",
    )
