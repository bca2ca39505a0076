"""Conversations kept: whole through interruptions, processes, versions; found, renamed, exported."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import bibtexparser
import pytest
from sqlalchemy import text

from rag.app import codec, conversations
from rag.app.assistant import Assistant, build
from rag.app.conversation_export import EXPORT_FORMS, list_cited_papers, to_json, to_markdown
from rag.app.conversation_file import CONVERSATION_MIGRATIONS, FILE
from rag.app.conversations import Opinion, ThreadStore
from rag.app.jobs import AnswerJob, AnswerJobs
from rag.config.settings import Settings
from rag.library.stores import FileStore
from rag.types import Answer, Condition, Delta, Event, Step, Thread
from rag.types.errors import LibraryError, NotFound
from rag.types.fields import Range
from tests.readonly import readonly_copy


@pytest.fixture
def store(tmp_path: Path, url: str) -> ThreadStore:
    """On every database."""
    return ThreadStore(tmp_path, url=url)


@pytest.fixture
def file_store(tmp_path: Path) -> ThreadStore:
    return ThreadStore(tmp_path)


def answered(question: str, text: str = "yes") -> Answer:
    return Answer(question, "answered", "content", text)


# --- answers as text ------------------------------------------------------------------------


def test_an_answer_of_every_route_comes_back_equal(assistant: Assistant) -> None:
    asked = (
        *assistant.examples(),
        "hello",
        "Which papers by Shiming Ge from 2022 have code?",
        "What is the h-index of Nannan Wang?",
        "?!",
    )
    routes = set()
    for question in asked:
        answer = assistant.ask(question)
        routes.add(answer.route)
        assert codec.decode_answer(codec.encode_answer(answer)) == answer
    assert len(routes) == 6


def test_a_follow_up_is_read_the_same_after_the_thread_was_kept(
    assistant: Assistant, file_store: ThreadStore
) -> None:
    question = "How many papers from 2022 have code?"
    thread_id = file_store.create_thread(question)
    file_store.answer(thread_id, file_store.ask(thread_id, question), assistant.ask(question))
    context = file_store.get_thread(thread_id).get_thread_before(99)
    whole = assistant.ask("How many papers from 2024 have code?")
    assert whole.value
    assert assistant.ask("what about 2024?", context).value == whole.value


@pytest.mark.parametrize("text", ["", "{}", "3", '{"$": "Path"}', '{"$": "Answer"}', '["a"]'])
def test_text_that_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        codec.decode_answer(text)


def test_fields_of_another_version_are_passed_over() -> None:
    frozen = json.loads(codec.encode_answer(answered("q"))) | {"mood": "sunny"}
    del frozen["checks"]
    assert codec.decode_answer(json.dumps(frozen)) == answered("q")


READ_OTHERWISE = {
    "What do Shiming Ge and Shengwei Zhao have in common?",
    "Which of those are from 2024?",
    "Which of them published in 2023?",
    "And the second one?",
    "Who works on face anti-spoofing?",
}
"""Questions that are read in another way than when their answers were kept."""


def read_old_threads() -> list[dict[str, Any]]:
    """Conversations as the first version wrote them: of each route and with each type of a record."""
    path = Path(__file__).parents[1] / "recorded" / "conversations.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("old", read_old_threads(), ids=lambda old: old["turns"][0]["question"])
def test_a_conversation_of_the_first_version_opens_and_is_asked_on(
    assistant: Assistant, file_store: ThreadStore, old: dict[str, Any]
) -> None:
    thread_id = file_store.create_thread("old", codec.decode_conditions(old["filters"]))
    for turn in old["turns"]:
        file_store.ask(thread_id, turn["question"])
    with sqlite3.connect(file_store.path) as connection:
        connection.executemany(
            "UPDATE turns SET answer = ? WHERE ordinal = ?",
            [(turn["answer"], ordinal) for ordinal, turn in enumerate(old["turns"], 1)],
        )
    thread = file_store.get_thread(thread_id)
    for stored, turn in zip(thread.turns, old["turns"], strict=True):
        assert stored.answer is not None
        written, kept = (
            json.loads(text) for text in (codec.encode_answer(stored.answer), turn["answer"])
        )
        reading, intent = written.pop("reading"), kept.pop("intent")
        # Fields of later answers and citations.
        assert (written.pop("verified_by"), written.pop("outcome")) == ("", None)
        assert all(citation.pop("page") is None for citation in written["citations"])
        assert written == kept
        assert (reading["question"], reading["reason"]) == (intent["question"], intent["reason"])
        fresh = assistant.ask(stored.question, thread.get_thread_before(stored.ordinal))
        if stored.question not in READ_OTHERWISE:
            assert _outline_answer(fresh) == _outline_answer(stored.answer)


def _outline_answer(answer: Answer) -> tuple[object, ...]:
    """What a follow-up must not lose; phrases and passages may become better."""
    names = [expert.name for expert in answer.experts]
    return (
        answer.route,
        answer.status,
        answer.value,
        names,
        [scored.paper_id for scored in answer.papers[:1]],
    )


def test_records_keep_their_names_when_a_class_is_renamed() -> None:
    text = codec.encode_answer(answered("q"))
    try:
        Answer.__name__ = "Reply"
        assert codec.encode_answer(answered("q")) == text
        assert codec.decode_answer(text) == answered("q")
    finally:
        Answer.__name__ = "Answer"


def test_every_name_of_a_record_stands_in_a_conversation_of_the_first_version() -> None:
    names = re.findall(r'\\"\$\\": ?\\"(\w+)\\"', json.dumps(read_old_threads()))
    before_queries = {"Ask", "Intent", "Mention", "PersonAsk"}
    assert set(names) - before_queries - {"set", "Condition"} <= set(codec._CLASSES)
    assert before_queries <= set(names)


# --- the store ------------------------------------------------------------------------------


def test_a_thread_is_named_by_its_first_question_and_found_by_any(store: ThreadStore) -> None:
    one = store.create_thread("  What is\nDuetFace? ")
    other = store.create_thread("Who works on anti-spoofing?")
    store.ask(one, "and the Köln dataset?")
    assert [line.name for line in store.list_threads()] == [
        "What is DuetFace?",
        "Who works on anti-spoofing?",
    ]
    assert [line.thread_id for line in store.list_threads("koln DUETface")] == [one]
    assert [line.thread_id for line in store.list_threads("spoofing")] == [other]
    assert store.list_threads("nowhere") == []


def test_a_thread_begun_without_a_question_is_listed_and_named_from_its_first_one_on(
    store: ThreadStore,
) -> None:
    filters = (Condition("year", "is", Range(2023, 2024)),)
    thread_id = store.create_thread(filters=filters, model="m")
    assert store.list_threads() == []
    assert (store.get_thread(thread_id).filters, store.get_thread(thread_id).model) == (
        filters,
        "m",
    )
    store.ask(thread_id, "What is DuetFace?")
    store.ask(thread_id, "and who wrote it?")
    assert [line.name for line in store.list_threads("duetface")] == ["What is DuetFace?"]


def test_a_thread_in_which_nothing_was_asked_is_forgotten_in_time(
    store: ThreadStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, asked = store.create_thread(), store.create_thread("q")
    store.create_thread()
    assert store.get_thread(left)
    monkeypatch.setattr(conversations, "UNASKED_DAYS", -1)
    store.create_thread("another")
    with pytest.raises(NotFound):
        store.get_thread(left)
    assert store.get_thread(asked)


def test_a_renamed_thread_is_found_by_its_new_name_and_its_questions(store: ThreadStore) -> None:
    thread_id = store.create_thread("first")
    store.ask(thread_id, "first")
    store.set_name(thread_id, "Faces")
    store.set_name(thread_id, "   ")
    assert store.get_thread(thread_id).name == "Faces"
    assert store.list_threads("faces") and store.list_threads("first")


def test_in_a_folder_that_cannot_be_written_threads_last_as_long_as_the_process(
    tmp_path: Path,
) -> None:
    ThreadStore(tmp_path).create_thread("What is DuetFace?")
    with readonly_copy(tmp_path) as folder:
        ThreadStore(folder).create_thread("Who wrote it?")
        assert len(ThreadStore(folder).list_threads()) == 2
        assert [path.name for path in folder.iterdir()] == [FILE]


def test_a_deleted_thread_is_gone_with_its_turns(store: ThreadStore) -> None:
    thread_id = store.create_thread("q")
    store.ask(thread_id, "q")
    store.delete(thread_id)
    with pytest.raises(NotFound):
        store.get_thread(thread_id)
    with pytest.raises(NotFound):
        store.ask(thread_id, "another")
    with store._open() as connection:
        assert connection.execute(text("SELECT count(*) FROM turns")).scalar() == 0


def test_words_of_an_answer_that_never_ended_are_kept(store: ThreadStore, url: str) -> None:
    thread_id = store.create_thread("q")
    ordinal = store.ask(thread_id, "q")
    store.save_words(thread_id, ordinal, "half an ans")
    (turn,) = ThreadStore(store.path.parent, url=url).get_thread(thread_id).turns
    assert (turn.answer, turn.words) == (None, "half an ans")
    assert store.get_thread(thread_id).get_thread_before(99) == Thread()


def test_a_whole_answer_is_not_overwritten_by_late_words(store: ThreadStore) -> None:
    thread_id = store.create_thread("q")
    ordinal = store.ask(thread_id, "q")
    store.answer(thread_id, ordinal, answered("q"))
    store.save_words(thread_id, ordinal, "late")
    (turn,) = store.get_thread(thread_id).turns
    assert turn.answer == answered("q") and turn.words == "yes"


def test_the_place_of_a_question_taken_back_is_not_used_again(store: ThreadStore) -> None:
    thread_id = store.create_thread("q")
    first, second = store.ask(thread_id, "q"), store.ask(thread_id, "r")
    third = store.ask(thread_id, "s", instead_of=second)
    store.answer(thread_id, second, answered("r"))  # it was still being answered
    assert [turn.ordinal for turn in store.get_thread(thread_id).turns] == [first, third]
    assert store.get_thread(thread_id).turns[-1].answer is None


def test_an_opinion_is_kept_and_taken_back(store: ThreadStore) -> None:
    thread_id = store.create_thread("q")
    ordinal = store.ask(thread_id, "q")
    store.save_opinion(thread_id, ordinal, Opinion("bad", "cites the wrong paper"))
    assert store.get_thread(thread_id).turns[0].opinion == Opinion("bad", "cites the wrong paper")
    store.save_opinion(thread_id, ordinal, None)
    assert store.get_thread(thread_id).turns[0].opinion is None


def test_filters_and_model_stay_with_their_thread(store: ThreadStore) -> None:
    years = Condition("year", "is", Range(2021, None))
    thread_id = store.create_thread("q", (years,), "some-model")
    other = store.create_thread("q")
    context = store.get_thread(thread_id).get_thread_before(1)
    assert (context.filters, context.model) == ((years,), "some-model")
    assert (store.get_thread(other).filters, store.get_thread(other).model) == ((), "")
    code = Condition("code", "is", True)
    store.set_filters(thread_id, (code,))
    store.choose_model(thread_id, "extractive")
    told = json.loads(to_json(store.get_thread(thread_id)))
    assert told["filters"] == [{"field": "code", "operator": "is", "value": True}]
    assert told["model"] == "extractive"
    assert "*Answered from papers with the Code mark.*" in to_markdown(
        store.get_thread(thread_id), ()
    )
    assert store.get_thread(thread_id).get_thread_before(1).filters == (code,)
    assert store.get_thread(thread_id).model == "extractive"


def test_a_file_of_the_first_version_is_brought_up_and_keeps_its_threads(tmp_path: Path) -> None:
    first = FileStore(tmp_path / FILE, "the conversations", CONVERSATION_MIGRATIONS[:1])
    with first.open() as connection:
        connection.execute(text("INSERT INTO threads VALUES ('t', 'name', 'name', '1', '2', 1)"))
    thread = ThreadStore(tmp_path).get_thread("t")
    assert (thread.name, thread.filters, thread.model) == ("name", (), "")


def test_nothing_is_made_by_looking(file_store: ThreadStore) -> None:
    assert file_store.list_threads() == []
    with pytest.raises(NotFound):
        file_store.get_thread("x")
    assert not file_store.path.exists()


def test_an_answer_of_a_distant_version_keeps_its_words(store: ThreadStore) -> None:
    thread_id = store.create_thread("q")
    store.answer(thread_id, store.ask(thread_id, "q"), answered("q", "its words"))
    with store._open() as connection:
        connection.exec_driver_sql("""UPDATE turns SET answer = '{"$": "Reply"}'""")
    (turn,) = store.get_thread(thread_id).turns
    assert (turn.answer, turn.words) == (None, "its words")


def test_a_file_of_a_newer_version_is_refused_and_left_alone(file_store: ThreadStore) -> None:
    file_store.create_thread("q")
    with sqlite3.connect(file_store.path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LibraryError, match="version 99"):
        file_store.list_threads()


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all, but some text" * 40)
    with pytest.raises(LibraryError, match="move it away"):
        ThreadStore(tmp_path).list_threads()


@pytest.fixture
def full(
    file_store: ThreadStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[bool], None]]:
    """Call it with whether the disk is full from now on: no page more is given to the file."""
    is_full = [False]
    connect = sqlite3.connect

    def connected(*given: Any, **options: Any) -> sqlite3.Connection:
        connection = connect(*given, **options)
        if is_full[0] and given[0] == file_store.path:
            connection.set_authorizer(refuse)
        return connection

    def refuse(action: int, *_: object) -> int:
        changes = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)
        return sqlite3.SQLITE_DENY if action in changes else sqlite3.SQLITE_OK

    monkeypatch.setattr("rag.library.stores.sqlite3.connect", connected)
    yield lambda now: is_full.__setitem__(0, now)


def test_while_the_file_takes_no_change_conversations_go_on_and_are_kept_afterwards(
    file_store: ThreadStore, full: Callable[[bool], None]
) -> None:
    old = file_store.create_thread("before?")
    file_store.answer(old, file_store.ask(old, "before?"), answered("before?"))
    full(True)
    with ThreadPoolExecutor(1) as pool:  # screens and answers run in threads of their own
        new = pool.submit(file_store.create_thread, "meanwhile?").result()
    for thread in (new, old):
        ordinal = file_store.ask(thread, "meanwhile?")
        file_store.save_words(thread, ordinal, "y")
        file_store.answer(thread, ordinal, answered("meanwhile?"))
        assert file_store.why_unkept(thread) == "not authorized"
    assert [turn.question for turn in file_store.get_thread(old).turns] == ["before?", "meanwhile?"]
    assert {line.thread_id for line in file_store.list_threads()} == {old, new}
    with pytest.raises(LibraryError, match="cannot be used"):
        file_store.delete(old)
    assert len(ThreadStore(file_store.path.parent).get_thread(old).turns) == 1
    full(False)
    assert {line.thread_id for line in file_store.list_threads()} == {old, new}
    assert file_store.why_unkept(new) == file_store.why_unkept(old) == ""
    anew = ThreadStore(file_store.path.parent)
    assert anew.get_thread(old).turns[1].answer == answered("meanwhile?")
    assert anew.get_thread(new).turns[0].answer == answered("meanwhile?")
    assert anew.ask(new, "after?") == 2


def test_a_conversation_with_a_damaged_row_is_one_sentence(file_store: ThreadStore) -> None:
    thread = file_store.create_thread("a question")
    with sqlite3.connect(file_store.path) as connection:
        connection.execute("UPDATE threads SET filters = '{'")
    connection.close()
    with pytest.raises(LibraryError, match="threads.db"):
        file_store.get_thread(thread)


def test_threads_and_processes_write_at_once_and_lose_nothing(tmp_path: Path, url: str) -> None:
    writer = (
        "import sys; from pathlib import Path; from rag.app.conversations import ThreadStore\n"
        "store = ThreadStore(Path(sys.argv[1]), url=sys.argv[2])\n"
        "for n in range(10): store.ask(store.create_thread(f'p{n}'), f'p{n}')"
    )
    others = [
        subprocess.Popen([sys.executable, "-c", writer, str(tmp_path), url], cwd=Path.cwd())
        for _ in range(2)
    ]
    store = ThreadStore(tmp_path, url=url)

    def write() -> None:
        for n in range(10):
            store.ask(store.create_thread(f"t{n}"), f"t{n}")

    own = [threading.Thread(target=write) for _ in range(3)]
    for one in own:
        one.start()
    for one in own:
        one.join()
    assert [other.wait(60) for other in others] == [0, 0]
    assert len(store.list_threads()) == 50
    assert all(line.n_turns == 1 for line in store.list_threads())


# --- answers in the making ------------------------------------------------------------------


class Slow:
    """An assistant whose words come only when they are let through."""

    settings = Settings()

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)

    def stream(self, question: str, thread: Thread, *_: object, **__: object) -> Iterator[Event]:
        yield Step("thinking")
        text = ""
        for word in ("one ", "two ", "three "):
            self.gate.acquire()
            text += word
            yield Delta(word)
        yield answered(question, text)


def desk_of(slow: Slow, store: ThreadStore) -> AnswerJobs:
    return AnswerJobs(slow, store)  # type: ignore[arg-type]


def test_who_comes_later_sees_all_events_and_the_answer_is_kept(file_store: ThreadStore) -> None:
    slow = Slow()
    desk = desk_of(slow, file_store)
    thread_id = file_store.create_thread("q")
    asking = desk.ask(thread_id, "q")
    watching = asking.iter_events()
    slow.gate.release()
    assert [next(watching).event for _ in range(2)] == [Step("thinking"), Delta("one ")]
    del watching  # the screen goes away; another comes
    found = desk.open(*asking.turn)
    assert found is asking
    slow.gate.release(2)
    events = [timed.event for timed in found.iter_events()]
    assert events[0] == Step("thinking")
    assert events[-1] == answered("q", "one two three ")
    assert file_store.get_thread(thread_id).turns[0].answer == events[-1]
    assert desk.open(*asking.turn) is None


def test_a_stopped_answer_keeps_what_was_said(file_store: ThreadStore) -> None:
    slow = Slow()
    desk = desk_of(slow, file_store)
    thread_id = file_store.create_thread("q")
    asking = desk.ask(thread_id, "q")
    watching = asking.iter_events()
    slow.gate.release()
    next(watching), next(watching)
    desk.stop(thread_id)
    slow.gate.release()
    assert list(watching) == []
    (turn,) = file_store.get_thread(thread_id).turns
    assert (turn.answer, turn.words) == (None, "one ")


def test_an_error_is_kept_as_a_failed_answer(tmp_path: Path, file_store: ThreadStore) -> None:
    with build(Settings(data=tmp_path)) as empty:
        thread_id = file_store.create_thread("q")
        asking = AnswerJob(empty, file_store, (thread_id, file_store.ask(thread_id, "q")), "q")
        asking.run(Thread())
    (turn,) = file_store.get_thread(thread_id).turns
    assert turn.answer is not None and turn.answer.status == "failed"
    assert file_store.get_thread(thread_id).get_thread_before(99) == Thread()


# --- to take away ---------------------------------------------------------------------------


def test_a_thread_is_exported_with_its_references(
    assistant: Assistant, file_store: ThreadStore
) -> None:
    question = "What is DuetFace?"
    thread_id = file_store.create_thread(question)
    answer = assistant.ask(question)
    file_store.answer(thread_id, file_store.ask(thread_id, question), answer)
    file_store.save_words(thread_id, file_store.ask(thread_id, "and then?"), "it was")
    thread = file_store.get_thread(thread_id)
    papers = assistant.library.list_papers(list_cited_papers(thread))
    told = to_markdown(thread, papers)
    assert told.startswith("# What is DuetFace?\n\n## What is DuetFace?\n\n")
    assert f"“{answer.citations[0].quote}”" in told
    assert told.endswith("## and then?\n\nit was\n\n*Not answered to the end.*\n")
    turns = json.loads(to_json(thread))["turns"]
    assert turns[0]["answer"]["citations"][0]["quote"] == answer.citations[0].quote
    assert turns[1]["answer"] is None
    bibtex = bibtexparser.parse_string(EXPORT_FORMS["BibTeX"][2](thread, papers))
    assert len(bibtex.entries) == len(papers) == len(list_cited_papers(thread))
    assert EXPORT_FORMS["RIS"][2](thread, papers).count("ER  -") == len(papers)


# --- several readers ------------------------------------------------------------------------


def test_a_conversation_is_its_owners_alone(tmp_path: Path, url: str) -> None:
    ada, bo = ThreadStore(tmp_path, "ada", url), ThreadStore(tmp_path, "bo", url)
    thread_id = ada.create_thread("What is mine?")
    ordinal = ada.ask(thread_id, "What is mine?")
    ada.save_words(thread_id, ordinal, "this")
    before = ada.get_thread(thread_id)
    for other in (bo, ThreadStore(tmp_path, url=url)):
        assert other.list_threads() == []
        with pytest.raises(NotFound):
            other.get_thread(thread_id)
        with pytest.raises(NotFound):
            other.ask(thread_id, "and now?", instead_of=ordinal)
        other.save_words(thread_id, ordinal, "that")
        other.answer(thread_id, ordinal, answered("What is mine?"))
        other.save_opinion(thread_id, ordinal, Opinion("bad"))
        other.set_name(thread_id, "Taken")
        other.set_filters(thread_id, [Condition("year", "is", 2020)])
        other.choose_model(thread_id, "other")
        other.delete(thread_id)
    assert ada.get_thread(thread_id) == before
    assert [line.thread_id for line in ada.list_threads()] == [thread_id]
