"""Data folders of several readers are closed to the machine's other users."""

from __future__ import annotations

import argparse
import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.app.accounts import format_account
from rag.cli.commands import load_settings


@pytest.fixture(autouse=True)
def usual_mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    paths = (folder, *folder.rglob("*"))
    return {path.name: stat.S_IMODE(path.lstat().st_mode) for path in paths}


def test_with_accounts_the_data_are_their_owners_alone_and_stay_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data, elsewhere = tmp_path / "data", tmp_path / "shared-model"
    (data / "uploads").mkdir(parents=True)
    elsewhere.touch(0o644)
    for name, mode in (("library.db", 0o644), ("uploads/a.pdf", 0o666), ("tool", 0o755)):
        (data / name).touch()
        (data / name).chmod(mode)
    (data / "model").symlink_to(elsewhere)
    typed = argparse.Namespace(data=data)
    load_settings(typed)
    assert modes(data)["library.db"] == 0o644
    monkeypatch.setenv("PAPERFOLK_ACCOUNTS", format_account("ada", "correct horse"))
    load_settings(typed)
    own = modes(data)
    assert (own["data"], own["uploads"], own["tool"]) == (0o700, 0o700, 0o700)
    assert (own["library.db"], own["a.pdf"]) == (0o600, 0o600)
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o644
    database = sqlite3.connect(data / "threads.db")
    database.execute("pragma journal_mode = wal")
    database.execute("create table one (x)")
    own = modes(data)
    assert own["threads.db"] == own["threads.db-wal"] == own["threads.db-shm"] == 0o600
    database.close()
