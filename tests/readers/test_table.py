"""Papers as CSV."""

from __future__ import annotations

import pytest

from rag.readers import read_bytes
from rag.types.errors import ReadError


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_usual_delimiter_is_found(delimiter: str) -> None:
    rows = [["Title", "Abstract", "Year", "Notes"], ["A", "Text.", "2020", "n"]]
    reading = read_bytes("p.csv", "\n".join(delimiter.join(row) for row in rows).encode())
    (entry,) = reading.entries
    assert (reading.format, entry.title, entry.text, entry.year) == ("csv", "A", "Text.", 2020)


def test_quoted_fields_may_hold_delimiters_quotes_and_lines() -> None:
    data = b'title,authors,abstract\n"A, ""b""","X Y, Z W","one\ntwo"\nB,C D,three\n'
    first, second = read_bytes("p.csv", data).entries
    assert (first.title, first.authors, first.text) == ('A, "b"', ("X Y", "Z W"), "one two")
    assert first.raw == '"A, ""b""","X Y, Z W","one\ntwo"'
    assert (first.place.line, second.place.line) == (2, 4)


def test_a_ragged_row_is_rejected_with_its_line_and_the_rest_is_kept() -> None:
    data = b"title,abstract,year\nA,a,1999\nB,b\nC,c,2000,extra\nD,d,2001,,\n\nE,e,2002\n"
    reading = read_bytes("p.csv", data)
    assert [(e.title, e.place.line) for e in reading.entries] == [("A", 2), ("D", 5), ("E", 7)]
    assert [(r.line, r.reason) for r in reading.rejections] == [
        (3, "the row has 2 fields where the header names 3"),
        (4, "the row has 4 fields where the header names 3"),
    ]


def test_an_open_quote_does_not_swallow_the_rows_below() -> None:
    reading = read_bytes("p.csv", b'title,abstract\nA,a\n"B,b\nC,c\nD,d\n')
    assert [e.title for e in reading.entries] == ["A", "C", "D"]
    assert [r.line for r in reading.rejections] == [3]


def test_a_row_with_neither_title_nor_abstract_is_rejected() -> None:
    reading = read_bytes("p.csv", b"title,abstract,year\n,,1999\nA,a,2000\n")
    assert [str(r) for r in reading.rejections] == [
        "p.csv:2: the entry (1999) has neither a title nor a text"
    ]


def test_a_table_without_a_title_or_abstract_is_refused() -> None:
    with pytest.raises(
        ReadError, match=r"'p\.csv' is in no format .*'name,age'.* CSV with a title or abstract"
    ):
        read_bytes("p.csv", b"name,age\nA,1\n")


def test_a_sentence_with_the_word_title_is_no_table() -> None:
    prose = b"Title, and then a long sentence that goes on for more than forty characters.\nx,y\n"
    with pytest.raises(ReadError):
        read_bytes("p.txt", prose)


@pytest.mark.parametrize("n_columns", [20_000, 60_000])  # a first line of over 64 kB; of 400 kB
def test_a_wide_table_is_read_by_its_whole_header(n_columns: int) -> None:
    columns = ["title", "abstract", *(f"c{n}" for n in range(n_columns))]
    row = ["T", "A", *("x" for _ in range(n_columns))]
    (entry,) = read_bytes("a", f"{','.join(columns)}\n{','.join(row)}\n".encode()).entries
    assert (entry.title, entry.text) == ("T", "A")


@pytest.mark.parametrize("n_columns", [1, 40_000])  # the sentence stands behind the first 64 kB
@pytest.mark.parametrize("n_chars", [100, 140_000])
def test_a_header_with_a_sentence_in_it_is_no_header(n_columns: int, n_chars: int) -> None:
    with pytest.raises(ReadError, match=r"^file 'a' is in no format"):
        read_bytes("a", f"title,abstract,{'c,' * n_columns}{'x' * n_chars}\nA,B\n".encode())


def test_columns_are_read_by_their_values_where_these_leave_no_doubt() -> None:
    rows = "Paper title;Jaartal;Mensen;Waar;Punten\nMoss;2019;Jana Doe; Rik Roe;Peat Letters;1900"
    table = (
        rows.replace("Jana Doe; Rik Roe", '"Jana Doe; Rik Roe"')
        + "\nFern;2021;Ada Berg;Bog Notes;7\n"
    )
    reading = read_bytes("list.csv", table.encode())
    assert [(e.year, e.authors) for e in reading.entries] == [
        (2019, ("Jana Doe", "Rik Roe")),
        (2021, ("Ada Berg",)),
    ]
    assert [*reading.notes] == [
        "column 'Jaartal': read as the year, as its values are",
        "column 'Mensen': read as the authors, as its values are",
        "column 'Waar': not understood, filled in 2 rows",
        "column 'Punten': not understood, filled in 2 rows",
    ]


def test_a_known_column_of_which_nothing_is_kept_is_told_of() -> None:
    table = (
        "Title,Notes,Score,Code,URL,Attachments,Extra\n"
        "Peat,read twice,7,maybe,see website,peat.docx,\n"
        "Moss,n/a,,yes,https://moss.example/1,moss.pdf,PMID: 12\n"
        "Reed,again,8,,,,\n"
    )
    assert read_bytes("p.csv", table.encode()).notes == (
        "column 'Notes': known, but nothing of it is kept, filled in 2 rows",
        "column 'Score': known, but nothing of it is kept, filled in 2 rows",
        "column 'Code': known, but nothing of it is kept, filled in 1 row",
        "column 'URL': known, but nothing of it is kept, filled in 1 row",
        "column 'Attachments': known, but nothing of it is kept, filled in 1 row",
    )
    ris = b"TY  - JOUR\nTI  - Peat\nN1  - read twice\nER  -\n\nTY  - JOUR\nTI  - Moss\nN1  - PMID: 12\nER  -\n"
    assert read_bytes("p.ris", ris).notes == (
        "tag 'N1': known, but nothing of it is kept, filled in 1 row",
    )
    bib = b"@misc{a, title={Peat}, note={read twice}, keywords={peat}}"
    assert read_bytes("p.bib", bib).notes == (
        "field 'note': known, but nothing of it is kept, filled in 1 row",
    )
