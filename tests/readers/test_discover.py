"""Which files are taken from paths and folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag.readers import FORMATS, find_documents
from rag.types.errors import ReadError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "b.txt",
        "a.jsonl",
        "sub/c.bib",
        "sub/.hidden/d.txt",
        ".e.txt",
        "README.md",
        "readme.txt",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("not read yet", encoding="utf-8")
    (tmp_path / "MANIFEST.sha256").write_text("0  b.txt\n", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\x00")
    (tmp_path / "Makefile").write_text("all:\n", encoding="utf-8")
    (tmp_path / "abstracts").write_text("Abstract: one.\n", encoding="utf-8")
    return tmp_path


def names(folder: Path, *paths: str) -> list[str]:
    return [str(p.relative_to(folder)) for p in find_documents([folder / path for path in paths])]


def test_a_folder_gives_its_documents_with_all_below_in_order(folder: Path) -> None:
    assert names(folder, ".") == ["a.jsonl", "abstracts", "b.txt", "sub/c.bib"]


def test_a_file_that_is_named_is_always_taken(folder: Path) -> None:
    assert names(folder, "picture.png", ".e.txt", "README.md") == [
        "picture.png",
        ".e.txt",
        "README.md",
    ]


def test_a_file_is_taken_once(folder: Path) -> None:
    assert names(folder, "b.txt", ".", "sub/../b.txt") == [
        "b.txt",
        "a.jsonl",
        "abstracts",
        "sub/c.bib",
    ]


def test_an_empty_folder_gives_nothing(tmp_path: Path) -> None:
    assert find_documents([tmp_path]) == []


def test_what_is_of_no_kind_that_is_read_is_told_of_and_hidden_files_are_not(folder: Path) -> None:
    (folder / "elsewhere").symlink_to(folder / "sub", target_is_directory=True)
    told: dict[str, str] = {}
    find_documents([folder], lambda path, reason: told.update({path.name: reason}))
    assert set(told) == {"Makefile", "picture.png", "elsewhere"}
    assert "is binary" in told["picture.png"]
    assert "is in no format that is read here" in told["Makefile"]
    assert "not followed" in told["elsewhere"]


def test_what_cannot_be_opened_is_taken_so_that_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "gone.bin").symlink_to(tmp_path / "nothing")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    assert names(tmp_path, ".") == ["gone.bin", "loop", "pipe"]


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"^there is no file or folder '.*none'; check the path$"):
        find_documents([tmp_path / "none"])


def test_a_path_that_cannot_be_followed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(ReadError, match=r"'.*loop' cannot be opened: "):
        find_documents([tmp_path / "loop"])


def test_the_seeds_are_five_documents(seeds: Path) -> None:
    assert len(find_documents([seeds])) == 5


def test_every_format_has_its_own_name() -> None:
    names = [known.name for known in FORMATS]
    assert len(set(names)) == len(names)
