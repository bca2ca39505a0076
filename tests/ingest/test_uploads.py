"""Uploads: plain names inside their folder, whole files, nothing written over, nothing left behind."""

from __future__ import annotations

import gc
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.ingest import uploads
from rag.ingest.uploads import ChosenUpload, get_upload_folder
from rag.types import Document
from rag.types.errors import LibraryError


def files(data: Path) -> dict[str, bytes]:
    """What lies in the folder of uploads, but for what is hidden."""
    return {p.name: p.read_bytes() for p in get_upload_folder(data).glob("[!.]*")}


def aside(data: Path) -> list[Path]:
    """What is chosen and not confirmed, or left of it."""
    return list((get_upload_folder(data) / uploads.STAGING_FOLDER).glob("*"))


def upload(data: Path, *given: tuple[str, bytes], reader: str = "") -> list[Path]:
    choice = ChosenUpload(data)
    with choice.keeping(choice.take(given, ()), reader) as paths:
        pass
    choice.close()
    return paths


def document(name: str, content: bytes) -> Document:
    sha256 = hashlib.sha256(content).hexdigest()
    return Document(
        name, f"/elsewhere/{name}", sha256, "bibtex", None, None, 1, "2024-01-01T00:00:00"
    )


@given(st.text(max_size=300))
def test_a_name_never_leaves_the_folder_and_is_never_hidden(name: str) -> None:
    safe = uploads.make_safe_name(name)
    assert safe and Path(safe).name == safe and not safe.startswith(".")
    assert len(safe.encode()) <= uploads.MAX_NAME_BYTES


def test_what_is_chosen_is_written_on_confirmation_alone(tmp_path: Path) -> None:
    choice = ChosenUpload(tmp_path)
    (one,) = choice.take([("a/b/x.txt", b"x")], ())
    assert (one.name, one.path.read_bytes(), files(tmp_path)) == ("x.txt", b"x", {})
    with choice.keeping([one]) as paths:
        assert paths == [get_upload_folder(tmp_path) / "x.txt"]
    choice.close()
    assert files(tmp_path) == {"x.txt": b"x"} and aside(tmp_path) == []


def test_files_of_one_name_and_other_content_are_several(tmp_path: Path) -> None:
    given = [("a?.bib", b"1"), ("a*.bib", b"2"), ("b/a_.bib", b"3"), ("a?.bib", b"1")]
    upload(tmp_path, *given)
    assert files(tmp_path) == {"a_.bib": b"1", "a_ (2).bib": b"2", "a_ (3).bib": b"3"}
    upload(tmp_path, ("a_.bib", b"4"), ("a*.bib", b"2"))
    assert files(tmp_path) == {
        "a_.bib": b"1", "a_ (2).bib": b"2", "a_ (3).bib": b"3", "a_ (4).bib": b"4",
    }  # fmt: skip


def test_a_name_of_a_document_from_elsewhere_is_taken_and_said(tmp_path: Path) -> None:
    choice = ChosenUpload(tmp_path)
    found = [document("x.txt", b"x")]
    (one,) = choice.take([("x.txt", b"another")], found)
    assert (one.name, one.earlier) == ("x (2).txt", "x.txt")
    (same,) = choice.take([("x.txt", b"x")], found)
    assert (same.name, same.earlier) == ("x.txt", "")


def test_a_name_that_was_taken_since_the_choice_is_not_written_over(tmp_path: Path) -> None:
    first, second = ChosenUpload(tmp_path), ChosenUpload(tmp_path)
    ones = first.take([("x.txt", b"first")], ()), second.take([("x.txt", b"second")], ())
    for choice, one in zip((first, second), ones, strict=True):
        with choice.keeping(one):
            pass
    assert files(tmp_path) == {"x.txt": b"first", "x (2).txt": b"second"}


def test_an_ingest_that_fails_leaves_the_choice_and_nothing_else(tmp_path: Path) -> None:
    upload(tmp_path, ("old.txt", b"old"))
    choice = ChosenUpload(tmp_path)
    chosen = choice.take([("old.txt", b"old"), ("new.txt", b"new")], ())
    with pytest.raises(LibraryError), choice.keeping(chosen):
        assert files(tmp_path) == {"old.txt": b"old", "new.txt": b"new"}
        raise LibraryError("another process is writing")
    assert files(tmp_path) == {"old.txt": b"old"}
    with choice.keeping(chosen):
        pass
    assert files(tmp_path) == {"old.txt": b"old", "new.txt": b"new"}


def test_who_uploaded_is_known_until_the_file_is_gone(tmp_path: Path) -> None:
    (own,) = upload(tmp_path, ("x.txt", b"x"), reader="ada")
    upload(tmp_path, ("y.txt", b"y"), reader="bob")
    upload(tmp_path, ("x.txt", b"x"), reader="bob")  # the same: it stays ada's
    assert uploads.uploaders(tmp_path) == {"x.txt": "ada", "y.txt": "bob"}
    uploads.delete_upload(tmp_path, own)
    assert uploads.uploaders(tmp_path) == {"y.txt": "bob"}


def test_what_is_chosen_goes_with_its_session(tmp_path: Path) -> None:
    choice = ChosenUpload(tmp_path)
    choice.take([("x.txt", b"x")], ())
    uploads.sweep(tmp_path)
    assert len(aside(tmp_path)) == 2  # the folder and its lock: somebody may confirm it yet
    del choice
    gc.collect()
    assert aside(tmp_path) == []


def test_what_a_killed_server_left_is_swept_and_what_is_old_too(tmp_path: Path) -> None:
    killed = (
        "import os, sys; from pathlib import Path; from rag.ingest.uploads import ChosenUpload\n"
        "choice = ChosenUpload(Path(sys.argv[1])); choice.take([('x.txt', b'x')], ()); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=False)
    assert len(aside(tmp_path)) == 2
    uploads.sweep(tmp_path)
    assert aside(tmp_path) == []
    choice = ChosenUpload(tmp_path)
    choice.take([("x.txt", b"x")], ())
    uploads.sweep(tmp_path, now=time.time() + 2 * uploads.LONGEST_CHOICE_S)
    assert [path.suffix for path in aside(tmp_path)] == [uploads.LOCK]
    (one,) = choice.take([("x.txt", b"x")], ())  # its page is still open after all
    assert one.path.read_bytes() == b"x"


def test_only_uploads_are_deleted(tmp_path: Path) -> None:
    (own,) = upload(tmp_path, ("x.txt", b"x"))
    other = tmp_path / "seed.txt"
    other.write_text("kept", encoding="utf-8")
    assert uploads.delete_upload(tmp_path, own) and not own.exists()
    assert not uploads.delete_upload(tmp_path, other) and other.exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "uploads").write_text("in the way", encoding="utf-8")
    with pytest.raises(LibraryError, match="cannot be kept"):
        ChosenUpload(tmp_path)


def test_a_choice_keeps_one_descriptor_and_gives_it_back(tmp_path: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    for _ in range(20):
        choice = ChosenUpload(tmp_path)
        choice.take([("x.txt", b"x")], ())
        choice.close()
    assert len(os.listdir("/dev/fd")) == before
