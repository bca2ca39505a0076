"""Which entries are one paper."""

from __future__ import annotations

from itertools import permutations

import pytest

from rag.library.matching import compute_group_ids, group_entries
from rag.types import Entry, Place

ABSTRACT = "We weigh peat of forty bogs by hand over nine winters and find that its weight falls by a third in each."
TITLE = "Peat Weights in Forty Bogs"


def entry(line: int = 1, document: str = "a.bib", **values: object) -> Entry:
    given = {"raw": "raw", "title": TITLE, "text": "", **values}
    return Entry(place=Place(document, line), **given)  # type: ignore[arg-type]


def count_papers(*entries: Entry) -> int:
    numbered = dict(enumerate(entries))
    counts = {len(group_entries(dict(order))) for order in permutations(numbered.items())}
    (n,) = counts  # whatever the order
    return n


LEA, TOM, ANKE = ("Lea Moreau",), ("Tom Haas",), ("Anke Vries", "Tom Haas")


@pytest.mark.parametrize(
    ("entries", "n"),
    [
        # One DOI in other capitals, with and without an abstract.
        ((entry(doi="10.1/x", text=ABSTRACT), entry(2, title="Peat weights.", doi="10.1/X")), 1),
        ((entry(arxiv="2101.00001"), entry(2, title="Peat, Weighed", arxiv="2101.00001")), 1),
        ((entry(pmid="7"), entry(2, title="Peat, Weighed", pmid="7")), 1),
        # Preprint and publication: other DOIs, a year later.
        ((entry(doi="10.48550/arxiv.2101.00001", year=2021, authors=LEA),
          entry(2, doi="10.1/x", year=2022, authors=("L. Moreau",))), 1),
        # One title in other type: signs for words, quotes, dashes, a last full stop, letters of Greek.
        ((entry(title="Peat & Moss on the Roofs of Barns"), entry(2, title="Peat and moss on the roofs of barns.")), 1),
        ((entry(title="The “Wet” Bogs of 1990–2000 Weighed"), entry(2, title="The 'Wet' Bogs of 1990-2000 weighed")), 1),
        ((entry(title="Bogs’ Own β-Glucan, weighed by hand"), entry(2, title="Bogs' own beta-glucan weighed by hand")), 1),
        ((entry(title="TGF-Β & Peat", authors=LEA, year=2001), entry(2, title="TGF-beta and peat", authors=LEA, year=2001)), 1),
        ((entry(title="Peat and Moss on the Roofs of Barns"), entry(2, title="Peat or Moss on the Roofs of Barns")), 2),
        # A file and its bibliography: the file prints neither people nor a year.
        ((entry(authors=LEA, year=2020), entry(1, "p.pdf", text=ABSTRACT, page_starts=(0,))), 1),
        ((entry(authors=LEA, files=("p.pdf",)),
          entry(1, "x/p.pdf", title="Untitled document", text=ABSTRACT, page_starts=(0,))), 1),
        # Several files of one name: titles decide.
        ((entry(1, files=("full.pdf",)), entry(2, title="Moss on the Roofs of Barns", files=("full.pdf",)),
          entry(1, "1/full.pdf", text=ABSTRACT, page_starts=(0,)),
          entry(1, "2/full.pdf", title="Moss on the Roofs of Barns", text=ABSTRACT[::-1], page_starts=(0,))), 2),
        # A file whose font misnames letters; of two bibliography entries one letter may tell papers apart.
        ((entry(title="Savanna fires increase distances of seed dispersal", authors=LEA, year=2007),
          entry(1, "p.pdf", title="Savanna Wres increase distances of seed dispersal", authors=LEA, year=2007,
                text=ABSTRACT, page_starts=(0,))), 1),
        ((entry(title="Savanna fires increase distances of seed dispersal", authors=LEA, year=2007),
          entry(1, "p.pdf", title="Savanna Wres increase distances of seed dispersal", authors=TOM, year=2007,
                text=ABSTRACT, page_starts=(0,))), 2),
        ((entry(title="Weights of peat in the male bog vole", authors=LEA, year=2007),
          entry(2, title="Weights of peat in the female bog vole", authors=LEA, year=2007)), 2),
        # Editorials of different people, and of one person in two years.
        ((entry(title="Editorial", authors=LEA, year=2015), entry(2, title="Editorial", authors=TOM, year=2015)), 2),
        ((entry(title="Editorial", authors=LEA, year=2015), entry(2, title="Editorial", authors=LEA, year=2019)), 2),
        ((entry(title="Editorial", authors=LEA, year=2015, doi="10.1/a"),
          entry(2, title="Editorial", authors=LEA, year=2015, doi="10.1/b")), 2),
        ((entry(title="Editorial", authors=LEA, year=2015), entry(2, title="Editorial", authors=LEA, year=2015)), 1),
        # A publisher's words in place of an abstract.
        ((entry(text=ABSTRACT, authors=LEA), entry(2, title="Moss", text=ABSTRACT, authors=TOM)), 2),
        # One title, other people; one title, other DOIs; one title, ten years apart.
        ((entry(authors=LEA), entry(2, authors=TOM)), 2),
        ((entry(doi="10.1/a"), entry(2, doi="10.1/b")), 2),
        ((entry(year=2009, authors=LEA), entry(2, year=2019, authors=LEA)), 2),
        # The chapters of a book that carry its DOI.
        ((entry(doi="10.1/book", authors=LEA), entry(2, title="Roofs", doi="10.1/book", authors=TOM)), 2),
        # What joins two does not join what contradicts one of them.
        ((entry(doi="10.1/a", text=ABSTRACT), entry(2, text=ABSTRACT), entry(3, doi="10.1/b", text=ABSTRACT)), 2),
    ],
)  # fmt: skip
def test_entries_are_joined_by_what_identifies_them(entries: tuple[Entry, ...], n: int) -> None:
    assert count_papers(*entries) == n


def test_papers_of_one_content_have_ids_of_their_own() -> None:
    entries = [entry(n, title="Editorial", authors=(name,)) for n, name in enumerate("ABC")]
    ids = compute_group_ids([[e] for e in entries])
    assert len(set(ids)) == 3


def test_who_is_parted_stays_alone() -> None:
    entries = {"a": entry(doi="10.1/x"), "b": entry(2, doi="10.1/x")}
    assert group_entries(entries) == [["a", "b"]]
    assert group_entries(entries, apart=["b"]) == [["a"], ["b"]]
