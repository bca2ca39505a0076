"""Kept replies: found by all that made them, bounded, shared by threads, and refused when broken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.generation.response_cache import MAX_STORED_CHARS, ResponseCache, compute_reply_key
from rag.types.errors import LibraryError

ASKED = [("system", "Be brief."), ("human", "Hello?")]


def test_a_kept_reply_is_found_by_its_call_and_by_no_other(tmp_path: Path) -> None:
    replies = ResponseCache(tmp_path)
    key = compute_reply_key(("server", "model", "library"), ASKED)
    assert replies.find(key) is None
    assert not list(tmp_path.iterdir())
    replies.keep(key, "Good day.")
    assert replies.find(key) == "Good day."
    others = [
        compute_reply_key(("server", "model", "another library"), ASKED),
        compute_reply_key(("server", "another", "library"), ASKED),
        compute_reply_key(("another", "model", "library"), ASKED),
        compute_reply_key(("server", "model", "library"), ASKED[1:]),
        compute_reply_key(("server", "model", "library"), [ASKED[0], ("human", "Hello? ")]),
        compute_reply_key(("server", "modellibrary", ""), ASKED),
    ]
    assert len({key, *others}) == 7
    assert [replies.find(other) for other in others] == [None] * 6


def test_keeping_again_replaces(tmp_path: Path, url: str) -> None:
    replies = ResponseCache(tmp_path, url)
    replies.keep("k", "one")
    replies.keep("k", "two")
    assert ResponseCache(tmp_path, url).find("k") == "two"


def test_the_one_that_was_not_used_for_longest_goes(tmp_path: Path, url: str) -> None:
    replies = ResponseCache(tmp_path, url, n_kept=2)
    replies.keep("a", "A")
    replies.keep("b", "B")
    assert replies.find("a") == "A"
    replies.keep("c", "C")
    assert [replies.find(key) for key in "abc"] == ["A", None, "C"]


def test_a_reply_without_measure_is_not_kept(tmp_path: Path, url: str) -> None:
    replies = ResponseCache(tmp_path, url)
    replies.keep("k", "x" * (MAX_STORED_CHARS + 1))
    assert replies.find("k") is None


def test_threads_keep_and_find_beside_each_other(tmp_path: Path, url: str) -> None:
    def one(n: int) -> str | None:
        replies = ResponseCache(tmp_path, url)
        replies.keep(f"k{n}", f"reply {n}")
        return replies.find(f"k{n}")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(40))) == [f"reply {n}" for n in range(40)]


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "replies.db").write_bytes(b"not a database" * 100)
    for call in (
        lambda: ResponseCache(tmp_path).find("k"),
        lambda: ResponseCache(tmp_path).keep("k", "x"),
    ):
        with pytest.raises(LibraryError, match=r"replies\.db.*delete the file"):
            call()
