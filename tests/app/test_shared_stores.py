"""Servers that share a database serve one set of readers: sign-ins, conversations, replies, questions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from rag.app import passes
from rag.app.accounts import Accounts, format_account
from rag.app.conversations import Opinion, StoredThread, StoredTurn, ThreadStore
from rag.app.user_question_set import UserQuestionSet
from rag.generation.response_cache import ResponseCache
from rag.library import Library
from rag.library.postgresql import get_engine
from rag.types import Answer
from rag.types.errors import LibraryError, RagError, StoreUnreachable
from tests.conftest import close_connections
from tests.postgresql_run import PostgresqlServer

pytestmark = pytest.mark.postgresql
PASSWORD = "correct horse"


@pytest.fixture
def shared(postgresql: PostgresqlServer) -> Iterator[str]:
    url = postgresql.create_schema()
    yield url
    close_connections(url)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "one", tmp_path / "other"


def answered(question: str) -> Answer:
    return Answer(question, "answered", "content", "yes")


def test_a_conversation_begun_at_one_server_goes_on_at_the_other(
    shared: str, folders: tuple[Path, Path]
) -> None:
    one, other = (ThreadStore(folder, "ada", shared) for folder in folders)
    thread_id = one.create_thread("What is DuetFace?")
    one.answer(thread_id, one.ask(thread_id, "What is DuetFace?"), answered("What is DuetFace?"))
    assert [line.name for line in other.list_threads("duetface")] == ["What is DuetFace?"]
    assert other.ask(thread_id, "and who wrote it?") == 2
    assert [turn.question for turn in one.get_thread(thread_id).turns][1:] == ["and who wrote it?"]
    assert ThreadStore(folders[0], "bo", shared).list_threads() == []
    other.delete(thread_id)
    assert one.list_threads() == []
    assert not any(folder.exists() for folder in folders)


def test_questions_asked_at_both_at_once_have_places_of_their_own(
    shared: str, folders: tuple[Path, Path]
) -> None:
    stores = [ThreadStore(folder, "ada", shared) for folder in folders]
    thread_id = stores[0].create_thread("q")
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(stores[n % 2].ask, thread_id, f"q{n}") for n in range(40)]
    assert sorted(future.result() for future in asked) == list(range(1, 41))
    assert len(stores[0].get_thread(thread_id).turns) == 40


def test_a_question_with_any_character_is_kept(shared: str, tmp_path: Path) -> None:
    store = ThreadStore(tmp_path, "ada", shared)
    thread_id = store.create_thread("a\0b 🙂 é")
    store.ask(thread_id, "a\0b 🙂 é")
    assert store.why_unkept(thread_id) == ""
    assert store.get_thread(thread_id).turns[0].question == "ab 🙂 é"


def test_a_reply_paid_for_at_one_server_is_found_at_the_other(
    shared: str, folders: tuple[Path, Path]
) -> None:
    one, other = (ResponseCache(folder, shared, n_kept=2) for folder in folders)
    assert other.find("k") is None
    one.keep("k", "Good day.")
    assert other.find("k") == "Good day."
    other.keep("k", "Good evening.")
    assert one.find("k") == "Good evening."


def test_who_signs_in_at_one_server_is_known_to_the_other_until_signing_out(
    shared: str, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = SecretStr(format_account("ada", PASSWORD))
    one = Accounts([line], folders[0], shared)
    granted = one.create_pass("ada")
    passes._get_state.cache_clear()  # the other server is another process
    other = Accounts([line], folders[1], shared)
    assert other.find_holder(granted) == "ada"
    assert other.find_holder(Accounts([line], folders[1]).create_pass("ada")) is None
    one.remove_pass(granted)
    assert one.find_holder(granted) is None
    monkeypatch.setattr(passes, "SEEN_S", 0.0)
    assert other.find_holder(granted) is None
    passes._get_state.cache_clear()


def test_questions_kept_at_both_servers_are_one_set(
    shared: str, folders: tuple[Path, Path]
) -> None:
    one, other = (UserQuestionSet(folder, shared) for folder in folders)
    threads = [
        StoredThread("t", "t", "", (StoredTurn(1, question, "", "", answered(question)),))
        for question in ("What is DuetFace?", "What is MaskNet?")
    ]
    for kept, thread in zip((one, other), threads, strict=True):
        kept.keep(thread, 1, Opinion("good"))
    assert [row["question"] for row in one.read_rows()] == ["What is DuetFace?", "What is MaskNet?"]
    one.keep(threads[1], 1, Opinion("bad", "cites the wrong paper"))  # in place of the other's
    lines = one.write_file().read_text("utf-8").splitlines()
    assert [json.loads(line)["question"] for line in lines] == [
        "What is DuetFace?",
        "What is MaskNet?",
    ]
    assert other.has_question(threads[1], 1)
    other.remove(threads[0], 1)
    assert [row["note"] for row in one.read_rows()] == [
        "a reader called this answer bad: cites the wrong paper"
    ]


def test_a_database_that_does_not_answer_is_one_sentence_without_the_password(
    shared: str, tmp_path: Path, postgresql: PostgresqlServer
) -> None:
    nowhere = shared.replace(f":{postgresql.port}/", ":1/")
    with Library.open(tmp_path, nowhere) as library:
        uses = [
            lambda: library.n_papers,
            lambda: ResponseCache(tmp_path, nowhere).find("k"),
            lambda: UserQuestionSet(tmp_path, nowhere).read_rows(),
            lambda: ThreadStore(tmp_path, url=nowhere).list_threads(),
            lambda: Accounts([SecretStr(format_account("ada", PASSWORD))], tmp_path, nowhere)
            .create_pass("ada"),
        ]  # fmt: skip
        for use in uses:
            with pytest.raises(LibraryError) as told:
                use()
            assert "\n" not in str(told.value) and "secret" not in str(told.value)
            assert "'library'" in str(told.value) or "cache = false" in str(told.value)
        with pytest.raises(StoreUnreachable):
            library.list_papers()
    close_connections(nowhere)


def test_conversations_go_on_while_the_database_is_away_and_are_kept_afterwards(
    shared: str, tmp_path: Path, postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ThreadStore(tmp_path, "ada", shared)
    old = store.create_thread("before?")
    store.ask(old, "before?")
    engine = get_engine(shared)
    with monkeypatch.context() as away:
        nowhere = get_engine(shared.replace(f":{postgresql.port}/", ":1/"))
        away.setattr(store._store, "_engine", nowhere)
        new = store.create_thread("meanwhile?")
        assert store.ask(new, "meanwhile?") == 1
        assert "refused" in store.why_unkept(new)
        nowhere.dispose()
    assert store._store._engine is engine  # type: ignore[attr-defined]
    assert {line.thread_id for line in store.list_threads()} == {old, new}
    assert store.why_unkept(new) == ""
    assert ThreadStore(tmp_path / "other", "ada", shared).get_thread(new).turns


@pytest.mark.parametrize("address", ["mysql://db/x", "no address", "sqlite:///x.db"])
def test_what_is_no_address_of_a_database_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(RagError) as told:
        Library.open(tmp_path, address)
    assert "\n" not in str(told.value)


def test_tables_of_another_program_are_left_alone(shared: str, tmp_path: Path) -> None:
    with get_engine(shared).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE books (title TEXT)")
    for use in (
        lambda: Library.open(tmp_path, shared).n_papers,
        lambda: ThreadStore(tmp_path, url=shared).list_threads(),
    ):
        with pytest.raises(LibraryError, match="another program's tables, such as 'books'"):
            use()
