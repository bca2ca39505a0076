"""What no format can read: one clear sentence each, and never another error."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Never

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.readers import MAX_BYTES, MAX_ENTRY_CHARS, DocumentFormat, read, read_bytes
from rag.types.errors import ReadError

LIST = "Abstract: café one.\nAbstract: plain two.\n"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "file 'x' is empty; "),
        (b" \n\t\n", "file 'x' is empty; "),
        (b"\xef\xbb\xbf\n", "file 'x' is in no format"),
        (b"line\nline\x00\x01\x02 and more text here", r"file 'x' is binary, not text \(a NUL byte in line 2\); "),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "file 'x' is binary, not text"),
        (b"\x1f\x8b\x08\xffgz", r"file 'x' is not UTF-8 text \(byte 0x8b in line 1\); save it as UTF-8"),
        (LIST.encode("utf-16-le"), "file 'x' looks like UTF-16 without a byte order mark; "),
        (b"\xff\xfeA\x00b", "file 'x' begins as UTF-16 but breaks at byte 4; "),
        (b"Just a letter.\n", r"file 'x' is in no format that is read here \(it begins 'Just a letter\.'\); give "),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_read_is_refused_in_one_sentence(data: bytes, says: str) -> None:
    with pytest.raises(ReadError, match=f"^{says}") as caught:
        read_bytes("x", data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_encodings_are_read_alike(encoding: str) -> None:
    reading = read_bytes("x", LIST.encode(encoding))
    assert [e.text for e in reading.entries] == ["café one.", "plain two."]
    assert reading.rejections == ()


def test_an_entry_in_another_encoding_is_rejected_and_never_shown_wrong() -> None:
    reading = read_bytes("x", LIST.encode("latin-1"))
    assert [e.text for e in reading.entries] == ["plain two."]
    assert [str(r) for r in reading.rejections] == [
        "x:1: the entry is not valid UTF-8 (byte 0xe9); save the file as UTF-8"
    ]


def test_a_heading_in_another_encoding_is_rejected_and_the_entries_are_kept() -> None:
    reading = read_bytes("x", "Caf\xe9 Lab\nAbstract: one\n".encode("latin-1"))
    assert reading.institution is None
    assert [r.line for r in reading.rejections] == [1]
    assert len(reading.entries) == 1


def test_a_document_above_the_limit_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    with path.open("wb") as stream:
        stream.truncate(100 * 2**20)
    with pytest.raises(
        ReadError, match=r"^file 'big\.jsonl' has 100 MB, more than the 64 MB .*; split it"
    ):
        read(path)
    with pytest.raises(ReadError, match=r"more than the 64 MB"):
        read_bytes("big.jsonl", bytes(MAX_BYTES + 1))


def test_an_entry_above_the_limit_is_rejected_and_the_others_are_kept() -> None:
    reading = read_bytes("x", b"Abstract: one\nAbstract: " + b"a" * MAX_ENTRY_CHARS + b"\n")
    assert [e.text for e in reading.entries] == ["one"]
    assert [r.line for r in reading.rejections] == [2]
    assert "2,000,000" in reading.rejections[0].reason


def test_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"is a folder, not a file; "):
        read(tmp_path)
    with pytest.raises(ReadError, match=r"cannot be opened: no such file or directory; "):
        read(tmp_path / "none.txt")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(ReadError, match=r"is no regular file; "):
        read(tmp_path / "pipe.txt")


def test_a_file_that_may_not_be_opened_is_refused(tmp_path: Path) -> None:
    looped = tmp_path / "loop.txt"
    os.symlink(looped, looped)
    with pytest.raises(ReadError, match=r"'.*loop\.txt' cannot be opened: "):
        read(looped)


def test_whatever_a_reader_raises_is_why_the_document_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(source: object) -> Never:
        raise csv.Error("field larger\nthan field limit")

    broken = DocumentFormat("broken", (".x",), lambda source: True, fail)
    monkeypatch.setattr("rag.readers.detection.FORMATS", (broken,))
    with pytest.raises(ReadError) as caught:
        read_bytes("x", b"words")
    assert str(caught.value) == (
        "file 'x' cannot be read (Error: field larger than field limit); "
        "leave it out, or save it in another format"
    )


PIECES = st.sampled_from(
    [b"Abstract:", b"CVMar 3, 2020\n", b"h-index5\n", b"{", b"}", b'{"title": "A"}', b"[", b"@misc{a,",
     b" title={T}}", b"title,abstract\n", b"\n", b"\n\n", b'"', b",", b"A B et al.\n", b"%PDF-1.4\n", b"\xff", b"\x00", b"text ", b"\\textbf{"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(PIECES, max_size=30).map(b"".join) | st.binary(max_size=200))
def test_no_bytes_raise_anything_but_read_error(data: bytes) -> None:
    try:
        reading = read_bytes("x", data)
    except ReadError as exc:
        assert "'x'" in str(exc) and "\n" not in str(exc)
        return
    assert reading.entries
    for entry in reading.entries:
        assert entry.title or entry.text
        (entry.text + (entry.title or "") + entry.raw).encode("utf-8")


def test_importing_the_readers_loads_no_library() -> None:
    code = "import sys, rag.readers; print({'pypdfium2', 'bibtexparser', 'pylatexenc'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("a.ris", "TY  - JOUR\nAU  - Doe, Jana\nPY  - 2018\nJO  - Bog Letters\nER  -\n"),
        ("a.nbib", "PMID- 123\nOWN - NLM\nFAU - Doe, Jana\nDP  - 2018\n"),
        ("a.enw", "%0 Journal Article\n%A Doe, Jana\n%D 2018\n%J Bog Letters\n"),
        ("a.ciw", "PT J\nAU Doe, Jana\nPY 2018\nSO Bog Letters\nER\n"),
        ("a.bib", "@article{k, author={Doe, Jana}, year=2018, journal={Bog Letters}}"),
        ("a.csv", 'Title,Authors,Year\n,"Doe, Jana",2018\n'),
    ],
)
def test_a_lone_record_without_a_title_is_named_as_such(name: str, record: str) -> None:
    with pytest.raises(
        ReadError, match=r"line \d: the entry \(Jana Doe, 2018\) has neither a title"
    ):
        read_bytes(name, record.encode())
