"""Uploads: plain names inside their folder, whole files, and nothing else ever deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import uploads
from rag.errors import LibraryError


@given(st.text(max_size=300))
def test_a_name_never_leaves_the_folder_and_is_never_hidden(name: str) -> None:
    safe = uploads.safe_name(name)
    assert safe and Path(safe).name == safe and not safe.startswith(".")
    assert len(safe.encode()) < 600


def test_what_is_uploaded_again_replaces_the_old(tmp_path: Path) -> None:
    uploads.save(tmp_path, [("a/b/x.txt", b"old"), ("..\\y.txt", b"y")])
    uploads.save(tmp_path, [("x.txt", b"new")])
    found = {path.name: path.read_bytes() for path in uploads.folder(tmp_path).iterdir()}
    assert found == {"x.txt": b"new", "y.txt": b"y"}


def test_only_uploads_are_deleted(tmp_path: Path) -> None:
    (own,) = uploads.save(tmp_path, [("x.txt", b"x")])
    other = tmp_path / "seed.txt"
    other.write_text("kept", encoding="utf-8")
    assert uploads.discard(tmp_path, own) and not own.exists()
    assert not uploads.discard(tmp_path, other) and other.exists()


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "uploads").write_text("in the way", encoding="utf-8")
    with pytest.raises(LibraryError, match="cannot be kept"):
        uploads.save(tmp_path, [("x.txt", b"x")])
