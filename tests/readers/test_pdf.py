"""Papers as PDF, made by `pdf_maker`."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from rag.readers import read, read_bytes
from rag.readers.pdf_text import normalize_text
from rag.types.errors import ReadError
from tests.readers.pdf_maker import Line, make_pdf

BODY = [
    (10.0, "We study the quick recognition of brown foxes and lazy dogs in recog-"),
    (10.0, "nition tasks, with a state-of-the-art method (foxes) that is well-"),
    (10.0, "known. Our well-known code is available at https://a.b/c. It works."),
]
FIRST: list[Line] = [
    (18.0, "Quick Foxes: Low-"),
    (18.0, "Resolution Recognition"),
    (11.0, "Ada Lovelace, Bo Li"),
    (9.0, "arXiv:2301.12345v2 [cs.CV] 3 Jan 2023"),
    (9.0, "doi:10.1000/fox.1"),
    (11.0, "Abstract"),
    *BODY,
    (11.0, "1 Introduction"),
    (10.0, "Foxes are quick, as everybody who has ever seen one of them knows well."),
]
SECOND: list[Line] = [(10.0, "The second page concludes that dogs are lazy and that foxes aren't.")]


def test_title_text_pages_and_printed_facts_are_found() -> None:
    reading = read_bytes("p.pdf", make_pdf([FIRST, SECOND]))
    (entry,) = reading.entries
    assert reading.format == "pdf"
    assert entry.title == "Quick Foxes: Low-Resolution Recognition"
    assert (entry.place.line, entry.year, entry.month, entry.day) == (1, 2023, 1, 3)
    assert (entry.category, entry.url) == ("cs.CV", "https://arxiv.org/abs/2301.12345")
    assert (entry.doi, entry.links) == ("10.1000/fox.1", ("https://a.b/c",))


def test_a_cited_preprint_or_one_of_several_dois_is_not_the_papers_own() -> None:
    cited: list[Line] = [(10.0, "as in arXiv:1706.03762 and doi:10.1000/one or doi:10.1000/two")]
    (entry,) = read_bytes("p.pdf", make_pdf([[(18.0, "Quick Foxes"), *BODY, *cited]])).entries
    assert (entry.url, entry.category, entry.year, entry.doi) == (None, None, None, None)


def test_pages_begin_where_page_starts_says() -> None:
    (entry,) = read_bytes("p.pdf", make_pdf([FIRST, [], SECOND])).entries
    assert len(entry.page_starts) == 3
    first, second, third = entry.page_starts
    assert (first, second) == (0, third), "a page without text begins where the next one does"
    assert entry.text[third:].startswith("The second page concludes")
    assert "text: none on page 2" in entry.provenance


def test_a_letter_that_its_font_does_not_name_stands_as_unknown_and_is_told() -> None:
    (entry,) = read_bytes("p.pdf", make_pdf([[(18.0, "E\x01cient Flow in Bogs"), *BODY]])).entries
    assert entry.title == "E\ufffdcient Flow in Bogs"
    assert entry.how_known("text").startswith("1 letter unknown")


def test_words_parted_at_a_lines_end_are_mended_and_compounds_keep_their_hyphen() -> None:
    (entry,) = read_bytes("p.pdf", make_pdf([FIRST])).entries
    assert "dogs in recognition tasks, with a state-of-the-art method" in entry.text
    (other,) = read_bytes("q.pdf", make_pdf([[*BODY, (10.0, "so up-to-"), (10.0, "date")]])).entries
    assert "so up-to-date" in other.text
    assert "that is well-known. Our well-known code" in entry.text


def test_the_abstract_is_a_paragraph_by_itself() -> None:
    (entry,) = read_bytes("p.pdf", make_pdf([FIRST])).entries
    paragraphs = entry.text.split("\n\n")
    assert any(p.endswith("It works.") and "quick recognition" in p for p in paragraphs)


def test_metadata_names_title_and_authors_if_the_page_does_too() -> None:
    info = {"Title": "Quick Foxes: Low-Resolution Recognition", "Author": "Ada Lovelace, Bo Li"}
    (entry,) = read_bytes("p.pdf", make_pdf([FIRST], info)).entries
    assert entry.title == info["Title"]
    assert (entry.authors, entry.authors_complete) == (("Ada Lovelace", "Bo Li"), True)


@pytest.mark.parametrize("title", ["Microsoft Word - fox.docx", "Untitled", "paper.tex", "Fox"])
def test_metadata_that_is_no_title_is_passed_over(title: str) -> None:
    info = {"Title": title, "Author": "root"}
    (entry,) = read_bytes("p.pdf", make_pdf([FIRST], info)).entries
    assert entry.title == "Quick Foxes: Low-Resolution Recognition"
    assert entry.authors == ("Ada Lovelace", "Bo Li")


def test_in_type_of_one_size_the_first_lines_are_the_title() -> None:
    lines = [
        (10.0, text) for text in ("Quick Foxes", "in the Wild", "Ada Lovelace, Bo Li", "Abstract")
    ]
    (entry,) = read_bytes("p.pdf", make_pdf([[*lines, *BODY]])).entries
    assert entry.title == "Quick Foxes in the Wild"


def test_a_scan_is_refused() -> None:
    with pytest.raises(ReadError, match=r"'s\.pdf' has no text on its 2 pages, .*\(OCR\)"):
        read_bytes("s.pdf", make_pdf([[], []]))


@pytest.mark.parametrize("cut", [9, 40, 300, 700])
def test_a_broken_file_is_refused_or_read_but_never_noisy(
    cut: int, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(ReadError, match=r"^file 'b\.pdf' (is a broken PDF|has no text)"),
    ):
        read_bytes("b.pdf", make_pdf([FIRST])[:cut])
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")


def test_no_change_of_one_byte_raises_anything_but_read_error() -> None:
    data = make_pdf([FIRST])
    for position in range(0, len(data), 37):
        damaged = data[:position] + b"\xff" + data[position + 1 :]
        try:
            read_bytes("d.pdf", damaged)
        except ReadError as exc:
            assert "d.pdf" in str(exc)


def test_an_unknown_filter_costs_no_page() -> None:
    page = [(12.0, "Kelp drifts in coves and is measured there with many buoys.")]
    data = make_pdf([page, page])
    broken = data.replace(b"<< /Length", b"<< /Filter /Fl /Length", 1)
    (entry,) = read_bytes("a.pdf", broken).entries
    assert "Kelp drifts" in (entry.title or "") + entry.text


def test_ligatures_are_letters_and_control_characters_go() -> None:
    assert normalize_text("e\ufb03cient\x00 \ufb01ne") == "efficient fine"


def test_a_pdf_is_told_by_content(tmp_path: Path) -> None:
    path = tmp_path / "paper.txt"
    path.write_bytes(make_pdf([FIRST]))
    assert read(path).format == "pdf"


_SEEN = (
    (200, 60, "Quick Foxes of Bogs"),
    (330, 30, "Abstract"),
    (370, 28, "We study how quickly brown foxes jump over lazy dogs in forty bogs,"),
    (410, 31, "over nine winters, and we find that most of them never do jump."),
    (450, 30, "|~"),
)
"""Lines by top and height, as tesseract tells their words; of the last it is not sure."""


def print_table() -> str:
    names = "level page_num block_num par_num line_num word_num left top width height conf text"
    rows = [names.split()]
    for line, (top, height, text) in enumerate(_SEEN):
        for at, word in enumerate(text.split()):
            conf = "12.0" if word == "|~" else "96.0"
            left, width = 200 + 110 * at, 14 * len(word)
            rows.append(
                ["5", "1", "1", "1", *map(str, (line, at, left, top, width, height)), conf, word]
            )
    return "\n".join("\t".join(row) for row in rows)


def test_a_scan_is_recognised_where_the_machine_has_tesseract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "seen.tsv").write_text(print_table(), "utf-8")
    program = tmp_path / "tesseract"
    program.write_text(f"#!/bin/sh\ncat > /dev/null\ncat '{tmp_path}/seen.tsv'\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (entry,) = read_bytes("scan.pdf", make_pdf([[]])).entries
    assert entry.title == "Quick Foxes of Bogs"
    assert entry.text == f"{_SEEN[2][2]} {_SEEN[3][2]}"
    assert entry.how_known("text") == "guessed from the picture (OCR) on page 1"
