"""What a person says of a paper stands in place of what was read, also when it is read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.ingest.correcting import CORRECTED
from rag.ingest.planning import build_plan
from rag.types import Paper
from tests.desk import Desk, write
from tests.readers.paper_maker import TITLE, make_paper
from tests.readers.test_pdf_layout import LEFT, RIGHT, SECOND_LEFT

CHANGES = {"title": "Kelp and Waves", "authors": ["Mara Quill", "Jo Berg"], "year": 2020}


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "kelp.pdf"
    path.parent.mkdir()
    path.write_bytes(make_paper([[LEFT, RIGHT], [SECOND_LEFT]]))
    return path


def find_only(desk: Desk) -> Paper:
    (only,) = desk.library.list_papers()
    return only


def correct(desk: Desk, **changes: object) -> None:
    only = find_only(desk)
    (document,) = desk.library.list_documents()
    desk.ingest(corrections={(document.sha256, only.places[0].line): changes})


def test_a_plan_says_what_was_read_and_how_it_is_known(desk: Desk, pdf: Path) -> None:
    (document,) = build_plan(desk.library, [pdf]).documents
    (entry,) = document.entries
    assert f"title: “{TITLE}” (guessed from the largest type of the page)" in entry.details
    assert "authors: Mara Quill, Tomas van den Berg, J. R. Okafor (guessed" in entry.details
    assert "year: 2019" in entry.details and "2 pages" in entry.details


def test_a_correction_holds_at_once_and_is_marked(desk: Desk, pdf: Path) -> None:
    desk.ingest(pdf)
    correct(desk, **CHANGES)
    only = find_only(desk)
    assert (only.title, only.authors, only.year) == (
        "Kelp and Waves",
        ("Mara Quill", "Jo Berg"),
        2020,
    )
    assert f"year: {CORRECTED}" in only.provenance
    assert "venue: " in " ".join(only.provenance), "what was not corrected is known as before"


def test_a_correction_survives_reading_anew_moving_and_renaming(desk: Desk, pdf: Path) -> None:
    desk.ingest(pdf)
    correct(desk, year=2020)
    desk.ingest(pdf, rebuild=True)
    assert find_only(desk).year == 2020
    moved = pdf.rename(pdf.with_name("moved.pdf"))
    desk.ingest(pdf.parent, prune=True)
    assert find_only(desk).source == f"{moved.name}:1"
    assert find_only(desk).year == 2020


def test_a_document_whose_file_is_gone_can_be_corrected(desk: Desk, pdf: Path) -> None:
    desk.ingest(pdf)
    pdf.unlink()
    correct(desk, title="Kelp and Waves")
    assert find_only(desk).title == "Kelp and Waves"


def test_one_entry_of_many_is_corrected(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(write(tmp_path / "list.jsonl", "Kelp", "Reefs"))
    (document,) = desk.library.list_documents()
    desk.ingest(corrections={(document.sha256, 2): {"year": 1999}})
    years = {paper.title: paper.year for paper in desk.library.list_papers()}
    assert years["Reefs"] == 1999 and years["Kelp"] != 1999
