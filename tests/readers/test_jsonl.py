"""Papers as JSON."""

from __future__ import annotations

import json

import pytest

from rag.readers import MAX_ENTRY_CHARS, read_bytes
from rag.types import DocumentReading, Entry


def of(*records: object) -> DocumentReading:
    return read_bytes("p.jsonl", "\n".join(json.dumps(r) for r in records).encode())


def only(**record: object) -> Entry:
    reading = of(record)
    assert [str(r) for r in reading.rejections] == []
    (entry,) = reading.entries
    return entry


def test_a_full_record_is_read_whole() -> None:
    entry = only(
        title="A {Title}",
        authors=["A B", "C D"],
        abstract="Text with $x^2$ at https://a.b.",
        year=2021,
        url="https://x.y/1",
        doi="https://doi.org/10.1000/x",
        venue="CVPR",
        category="cs.CV",
        affiliations=["pku"],
        code=True,
    )
    assert (entry.title, entry.text) == ("A Title", "Text with x^2 at https://a.b.")
    assert (entry.authors, entry.authors_complete) == (("A B", "C D"), True)
    assert (entry.year, entry.url, entry.doi) == (2021, "https://x.y/1", "10.1000/x")
    assert (entry.venue, entry.category, entry.affiliations) == ("CVPR", "cs.CV", ("pku",))
    assert (entry.code, entry.links) == (True, ("https://a.b",))


def test_records_of_public_retrieval_sets_are_read() -> None:
    reading = of(
        {"_id": "4983", "title": "T", "text": "One."}, {"_id": "5", "title": "", "text": "Two."}
    )
    assert reading.format == "jsonl"
    assert [(e.title, e.text, e.place.line) for e in reading.entries] == [
        ("T", "One.", 1),
        (None, "Two.", 2),
    ]


@pytest.mark.parametrize("key", ["Title", "paper_title", "paperTitle", "TITLE"])
def test_spellings_of_keys_do_not_matter(key: str) -> None:
    assert only(**{key: "T"}).title == "T"


@pytest.mark.parametrize(
    ("authors", "names", "complete"),
    [
        (["A B", "C D"], ("A B", "C D"), True),
        ([{"name": "A B", "id": None}, {"given": "C", "family": "D"}], ("A B", "C D"), True),
        ([{"first": "A", "last": "B"}, "et al."], ("A B",), False),
        (["Bao, Kexin", "Li, Bo"], ("Kexin Bao", "Bo Li"), True),
        ("A B; C D", ("A B", "C D"), True),
        ("Bao, Kexin; Li, Bo", ("Kexin Bao", "Bo Li"), True),
        ("Bao, Kexin and Li, Bo", ("Kexin Bao", "Bo Li"), True),
        ("Bao, Kexin", ("Kexin Bao",), True),
        ("A B, C D, E F et al.", ("A B", "C D", "E F"), False),
        ("A B, C D and E F", ("A B", "C D", "E F"), True),
        ("A B and others", ("A B",), False),
        ([], (), False),
        (None, (), False),
    ],
)
def test_authors_in_all_their_shapes(
    authors: object, names: tuple[str, ...], complete: bool
) -> None:
    entry = only(title="T", authors=authors)
    assert (entry.authors, entry.authors_complete) == (names, complete)


@pytest.mark.parametrize(
    ("record", "date"),
    [
        ({"year": 2021}, (2021, None, None)),
        ({"year": "2021"}, (2021, None, None)),
        ({"published": "2020-05-03T10:00:00Z"}, (2020, 5, 3)),
        ({"date": "2020-05"}, (2020, 5, None)),
        ({"year": 2020, "month": "May", "day": 3}, (2020, 5, 3)),
        ({"date": "2023-02-29"}, (2023, 2, None)),
        ({"year": 2019, "date": "2020-05-03"}, (2019, None, None)),
        ({"year": "soon"}, (None, None, None)),
        ({"year": 20211}, (None, None, None)),
        ({"date": "2020-13-45"}, (2020, None, None)),
        ({"metadata": {"year": 1999}}, (1999, None, None)),
        ({}, (None, None, None)),
    ],
)
def test_dates_are_read_or_unknown(
    record: dict[str, object], date: tuple[int | None, int | None, int | None]
) -> None:
    entry = only(title="T", **record)
    assert (entry.year, entry.month, entry.day) == date


def test_sentences_in_a_list_are_one_text() -> None:
    assert only(title="T", abstract=["One.", "Two."]).text == "One. Two."


def test_an_abstract_comes_before_a_text() -> None:
    assert only(text="whole", abstract="short").text == "short"
    assert only(text="whole", abstract="").text == "whole"


def test_a_broken_line_is_rejected_with_its_number_and_the_rest_is_kept() -> None:
    data = b'{"title": "A"}\n{"title": "B\n\n[1, 2]\n{"title": {"en": "x"}}\n{"year": 2020}\n{"title": "C"}\n'
    reading = read_bytes("p.jsonl", data)
    assert [(e.title, e.place.line) for e in reading.entries] == [("A", 1), ("C", 7)]
    assert [(r.line, r.reason) for r in reading.rejections] == [
        (2, "not valid JSON (unterminated string starting at column 11)"),
        (4, "not a JSON object with a title or abstract"),
        (5, "field 'title' holds no text but an object"),
        (6, "the entry (2020) has neither a title nor a text"),
    ]


def test_a_broken_first_line_does_not_hide_the_others() -> None:
    reading = read_bytes("p.jsonl", b'{"title": "A", }\n{"title": "B"}\n')
    assert [e.title for e in reading.entries] == ["B"]
    assert [r.line for r in reading.rejections] == [1]


def test_lines_nested_without_end_are_rejected() -> None:
    reading = read_bytes("p.jsonl", b'{"title": "A"}\n{"a":' + b"[" * 100_000 + b"\n")
    assert [r.line for r in reading.rejections] == [2]


def test_an_array_of_objects_is_read_with_the_lines_they_begin_at() -> None:
    data = (
        b'[\n  {"title": "A"},\n  {\n    "title": "B",\n    "authors": [{"name": "C D"}]\n  }\n]\n'
    )
    reading = read_bytes("p.json", data)
    assert [(e.title, e.place.line) for e in reading.entries] == [("A", 2), ("B", 3)]
    assert reading.entries[1].raw.startswith("{\n") and reading.entries[1].raw.endswith("}")


def test_a_broken_object_in_an_array_is_rejected_and_the_rest_is_kept() -> None:
    data = b'[\n {"title": "A"},\n {"title": "B" "x":\n  {"name": "inner"}},\n {"title": "C"}\n]'
    reading = read_bytes("p.json", data)
    assert [e.title for e in reading.entries] == ["A", "C"]
    assert [r.line for r in reading.rejections] == [3]


@pytest.mark.parametrize("n_chars", [10, 990, 1_000, 5_000, 40_000, 300_000])
def test_an_object_of_any_length_is_read_whole_and_a_broken_one_is_told_by_its_column(
    n_chars: int,
) -> None:
    whole = json.dumps({"title": "A", "abstract": "a\u00e9 " * (n_chars // 3), "year": 2020})
    text = f'[\n  {whole},\n  {{"title": "{"b" * n_chars}" "year": 2020}},\n  {whole}]'
    reading = read_bytes("a.json", text.encode())
    assert [(e.raw, e.year, e.place.line) for e in reading.entries] == [
        (whole, 2020, 2),
        (whole, 2020, 4),
    ]
    column = text.split("\n")[2].index(' "year"') + 2
    assert [str(r) for r in reading.rejections] == [
        f"a.json:3: not valid JSON (expecting ',' delimiter at column {column})"
    ]


def test_a_line_too_long_for_a_paper_is_rejected_before_it_is_parsed() -> None:
    reading = read_bytes("a.jsonl", b'{"title": "A"}\n{"title": "' + b"b" * MAX_ENTRY_CHARS + b"\n")
    assert [str(r) for r in reading.rejections] == [
        "a.jsonl:2: the entry has 2,000,011 characters, more than 2,000,000"
    ]


def test_half_a_surrogate_pair_is_rejected_and_control_characters_are_dropped() -> None:
    reading = read_bytes("p.jsonl", b'{"title": "A\\ud800"}\n{"title": "B\\u0000 C"}\n')
    assert [e.title for e in reading.entries] == ["B C"]
    assert [r.line for r in reading.rejections] == [1]


def test_of_several_categories_the_first_counts() -> None:
    assert only(title="T", categories="cs.CV cs.LG").category == "cs.CV"
    assert only(title="T", categories=["stat.ML", "cs.LG"]).category == "stat.ML"
    assert only(title="T", category="Computer Vision").category == "Computer Vision"


def test_an_id_that_is_an_address_is_the_url() -> None:
    assert only(title="T", id="http://arxiv.org/abs/1").url == "http://arxiv.org/abs/1"
    assert only(title="T", id="1").url is None


def test_a_name_printed_twice_is_one_author() -> None:
    assert only(title="T", authors=["A B", "A B", "C D"]).authors == ("A B", "C D")
