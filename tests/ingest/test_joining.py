"""One paper from many documents: joined as they come and go, and parted by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from rag.ingest.ingesting import part_entries
from rag.library import matching
from rag.types import Entry, Place
from rag.types.errors import NotFound
from tests.desk import Desk
from tests.stand_ins import QuickEmbedder

BIB = """@article{a, title={Peat Weights in Forty Bogs}, doi={10.5555/peat.1}, author={Moreau, Lea and Haas, Tom}, year={2020}}
@misc{b, title={Editorial}, author={Haas, Tom}, year={2019}}
@misc{c, title={Editorial}, author={Vries, Anke}, year={2019}}
"""
RIS = "TY  - JOUR\nTI  - Peat weights in forty bogs\nAU  - Moreau, L.\nDO  - 10.5555/PEAT.1\nAB  - Peat of forty bogs is weighed by hand.\nKW  - peat\nER  - \n"


@pytest.fixture
def documents(tmp_path: Path) -> tuple[Path, Path]:
    bib, ris = tmp_path / "refs.bib", tmp_path / "refs.ris"
    bib.write_text(BIB, "utf-8")
    ris.write_text(RIS, "utf-8")
    return bib, ris


def describe(desk: Desk) -> set[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    papers = desk.library.list_papers()
    return {(p.paper_id, tuple(sorted(map(str, p.places))), p.authors) for p in papers}


def test_the_order_in_which_documents_come_makes_no_difference(
    tmp_path: Path, documents: tuple[Path, Path]
) -> None:
    bib, ris = documents
    desks = [Desk(tmp_path / name) for name in ("one", "two", "three")]
    desks[0].ingest(bib, ris)
    desks[1].ingest(bib)
    desks[1].ingest(ris)
    desks[2].ingest(ris)
    desks[2].ingest(bib)
    described = [describe(desk) for desk in desks]
    assert described[0] == described[1] == described[2]
    assert len(described[0]) == 3
    desks[2].ingest(rebuild=True)
    assert describe(desks[2]) == described[0]


def test_a_name_that_a_joined_paper_loses_goes_with_a_portion(
    tmp_path: Path, documents: tuple[Path, Path]
) -> None:
    bib, ris = documents
    desk = Desk(tmp_path / "data")
    desk.ingest(ris)
    assert "L. Moreau" in desk.library.list_names()
    desk.ingest(bib)
    on_papers = {name for paper in desk.library.list_papers() for name in paper.authors}
    assert "L. Moreau" not in on_papers
    assert set(desk.library.list_names()) == on_papers
    desk.library.close()


def test_of_one_author_and_year_only_what_a_file_may_be_is_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = "@misc{{k{n}, title={{Peat weights in {n} bogs of the north}}, author={{Moreau, Lea}}, year={{2020}}}}\n"
    bib, more = tmp_path / "refs.bib", tmp_path / "more.bib"
    bib.write_text("".join(entry.format(n=n) for n in range(10, 30)), "utf-8")
    more.write_text(entry.format(n=99), "utf-8")
    desk = Desk(tmp_path / "data")
    desk.ingest(bib)
    compared: list[int] = []
    group = matching.group_entries

    def note(
        entries: Mapping[matching.Key, Entry], apart: Iterable[matching.Key] = ()
    ) -> list[list[matching.Key]]:
        compared.append(len(entries))
        return group(entries, apart)

    monkeypatch.setattr(matching, "group_entries", note)
    desk.ingest(more)
    assert compared and set(compared) == {1} and len(desk.library.list_papers()) == 21


def test_a_joined_paper_has_the_best_of_each(tmp_path: Path, documents: tuple[Path, Path]) -> None:
    desk = Desk(tmp_path / "data")
    desk.ingest(*documents)
    (paper,) = (p for p in desk.library.list_papers() if p.doi)
    assert paper.authors == ("Lea Moreau", "Tom Haas")
    assert (paper.year, paper.keywords, paper.text[:4]) == (2020, ("peat",), "Peat")


def test_what_goes_leaves_the_other(tmp_path: Path, documents: tuple[Path, Path]) -> None:
    desk = Desk(tmp_path / "data")
    desk.ingest(*documents)
    desk.ingest(drop=["refs.bib"])
    assert [p.authors for p in desk.library.list_papers()] == [("L. Moreau",)]


def test_a_parted_entry_stays_parted_until_it_is_joined(
    tmp_path: Path, documents: tuple[Path, Path]
) -> None:
    desk = Desk(tmp_path / "data")
    desk.ingest(*documents)
    before = describe(desk)

    def part(line: int, *, join: bool = False) -> None:
        part_entries(desk.library, desk.stores, QuickEmbedder, [Place("refs.ris", line)], join=join)

    part(1)
    assert desk.library.n_papers == 4
    desk.ingest(*documents, rebuild=True)
    assert desk.library.n_papers == 4
    part(1, join=True)
    assert describe(desk) == before
    with pytest.raises(NotFound, match=r"no entry of a document begins at 'refs\.ris:7'"):
        part(7)
