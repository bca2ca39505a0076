"""Lists of abstracts."""

from __future__ import annotations

from rag.readers import read_bytes


def test_each_abstract_is_an_entry_at_its_line() -> None:
    reading = read_bytes("l.txt", b"Some Lab\nAbstract:One.\nAbstract: Two\nmore.\n\nAnd more.\n\n")
    assert (reading.format, reading.institution) == ("abstract_list", "Some Lab")
    assert [(e.place.line, e.text) for e in reading.entries] == [
        (2, "One."),
        (3, "Two more.\n\nAnd more."),
    ]
    assert reading.entries[1].raw == "Abstract: Two\nmore.\n\nAnd more."


def test_a_list_without_an_institution_has_none() -> None:
    assert read_bytes("l.txt", b"\nAbstract: One.\n").institution is None


def test_an_empty_abstract_is_rejected_with_its_line() -> None:
    reading = read_bytes("l.txt", b"Abstract: One.\nAbstract:\nAbstract: Three.\n")
    assert [str(r) for r in reading.rejections] == ["l.txt:2: the abstract has no text"]
    assert [e.text for e in reading.entries] == ["One.", "Three."]


def test_several_lines_above_the_first_abstract_are_no_institution() -> None:
    reading = read_bytes("l.txt", b"A heading\nand another\nAbstract: One.\n")
    assert reading.institution is None
    assert [r.line for r in reading.rejections] == [1]
    assert len(reading.entries) == 1


def test_unusual_line_separators_do_not_shift_the_lines() -> None:
    text = "Abstract: one\u2028still one\x0b\x85\nAbstract: two\n"
    reading = read_bytes("l.txt", text.encode())
    assert [e.place.line for e in reading.entries] == [1, 2]


def test_numbered_abstracts_with_windows_line_ends_are_a_list() -> None:
    data = b"Bog Institute\r\n\r\n1. Abstract: Peat is counted.\r\n\r\n2. ABSTRACT - Bogs are\r\nweighed.\r\n"
    reading = read_bytes("a.txt", data)
    assert [entry.text for entry in reading.entries] == ["Peat is counted.", "Bogs are weighed."]
    assert reading.institution == "Bog Institute"
