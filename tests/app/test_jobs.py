"""An answer in the making: kept, watched, stopped at once, and never in the way of the next."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from eval.benchmarks.model_server import MODEL, OpenAIServer, Reply, answer_with_first_sentences
from rag.app.assistant import build
from rag.app.conversations import ThreadStore
from rag.app.jobs import WAITING_FOR_EACH, AnswerJob, AnswerJobs, QuestionQueue
from rag.app.search_engine import SearchEngine
from rag.config.settings import Settings
from rag.types import Answer, Delta, Event, Retrieval, Step, Thread
from rag.types.cancellation import CancelToken, heed, heeded, heeding
from rag.types.errors import Stopped
from tests.contracts import misbehaviour

QUESTION = "How does DuetFace keep face recognition private?"
SILENT = Reply(act=misbehaviour.never_answers)
PAUSING = Reply(status=503, headers={"Retry-After": "9"})


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture(scope="module")
def desk(
    library_data: Path,
    weights: Path,
    server: OpenAIServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AnswerJobs]:
    given = Settings(
        data=library_data, model_path=weights, openai_base_url=server.url, chat_model=MODEL,
        cache=False, timeout_s=600, reply_timeout_s=600,
    )  # fmt: skip
    with build(given) as assistant:
        yield AnswerJobs(assistant, ThreadStore(tmp_path_factory.mktemp("threads")))


def until_asked(asking: AnswerJob) -> None:
    """Returns when the model is being asked."""
    for timed in asking.iter_events():
        if isinstance(timed.event, Step) and timed.event.name.startswith("asking"):
            return


def whole(asking: AnswerJob) -> tuple[Answer, int]:
    """Its answer and its ordinal, when it is done."""
    *_, last = asking.iter_events()
    assert isinstance(last.event, Answer)
    return last.event, asking.turn[1]


@pytest.mark.parametrize("reply", [SILENT, PAUSING], ids=["silent", "pausing"])
def test_stopping_ends_it_at_once_and_the_conversation_goes_on(
    desk: AnswerJobs, server: OpenAIServer, reply: Reply
) -> None:
    thread = desk.store.create_thread(QUESTION)
    server.default = reply
    stopped = desk.ask(thread, QUESTION)
    until_asked(stopped)
    assert not stopped.wait_for_words(0)
    desk.stop(thread)
    assert not [t for t in stopped.iter_events() if isinstance(t.event, Answer | Delta)]
    assert stopped.done

    server.default = Reply(answer_with_first_sentences)
    *_, last = desk.ask(thread, QUESTION).iter_events()
    assert isinstance(last.event, Answer) and last.event.model == MODEL
    turns = desk.store.get_thread(thread).turns
    assert [turn.answer for turn in turns] == [None, last.event]


def test_what_was_said_before_the_stop_stays(desk: AnswerJobs, server: OpenAIServer) -> None:
    thread = desk.store.create_thread(QUESTION)
    server.default = Reply(
        lambda call: answer_with_first_sentences(call) + " It also" * 500, piece_delay_s=0.01
    )
    asking = desk.ask(thread, QUESTION)
    assert asking.wait_for_words(60)
    said = ""
    for timed in asking.iter_events():
        if isinstance(timed.event, Delta):
            said += timed.event.text
            asking.stop()
    (turn,) = desk.store.get_thread(thread).turns
    assert turn.answer is None and turn.words == said and "[1]" in said


def test_the_same_question_again_in_its_place_goes_past_the_kept_reply(
    library_data: Path, weights: Path, server: OpenAIServer, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for part in library_data.iterdir():
        (data / part.name).symlink_to(part)
    (data / "replies.db").unlink(missing_ok=True)
    server.default = Reply(answer_with_first_sentences)
    given = Settings(data=data, model_path=weights, openai_base_url=server.url, chat_model=MODEL)
    with build(given) as assistant:
        desk = AnswerJobs(assistant, ThreadStore(tmp_path))
        thread, another = desk.store.create_thread(QUESTION), desk.store.create_thread(QUESTION)
        first = desk.ask(thread, QUESTION)
        asked = [first, desk.ask(thread, QUESTION, instead_of=whole(first)[1])]
        again, ordinal = whole(asked[1])
        asked.append(desk.ask(another, QUESTION))
        # read by hand as it was read before
        asked.append(desk.ask(thread, QUESTION, instead_of=ordinal, reading=again.reading))
        cached = [whole(one)[0].cached for one in asked]
        (turn,) = desk.store.get_thread(thread).turns
    assert cached == [False, False, True, False]
    assert turn.answer is not None and turn.answer.model == MODEL
    assert (turn.question, turn.answer.reading) == (QUESTION, again.reading)


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    library_data: Path, tmp_path: Path, weights: Path
) -> None:
    store = ThreadStore(tmp_path)
    thread = store.create_thread(QUESTION)
    turn = (thread, store.ask(thread, QUESTION))
    for name in ("threads.db", "threads.db-wal"):
        (tmp_path / name).write_bytes(b"no database" * 99)
    with build(Settings(data=library_data, model_path=weights)) as assistant:
        asking = AnswerJob(assistant, store, turn, QUESTION)
        asking.run(Thread())
    assert asking.answer is not None and asking.answer.status == "answered"
    assert store.why_unkept(thread)


def test_a_bug_is_said_to_be_one_with_its_type(
    library_data: Path, tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(*_: object, **__: object) -> None:
        raise TypeError("no number")

    monkeypatch.setattr("rag.understanding.reading.read_question", stumble)
    with build(Settings(data=library_data, model_path=weights)) as assistant:
        desk = AnswerJobs(assistant, ThreadStore(tmp_path))
        thread = desk.store.create_thread(QUESTION)
        told, _ = whole(desk.ask(thread, QUESTION))
    assert told.status == "failed"
    assert told.text == "this is a bug in paperfolk: TypeError: no number"
    assert desk.store.get_thread(thread).turns[0].answer == told


def test_a_fault_is_kept_as_an_answer_with_its_sentence(
    library_data: Path, tmp_path: Path, weights: Path
) -> None:
    broken = Settings(data=library_data, model_path=weights, prompts=tmp_path, mode="generative")
    with build(broken) as assistant:
        desk = AnswerJobs(assistant, ThreadStore(tmp_path))
        thread = desk.store.create_thread(QUESTION)
        *_, last = desk.ask(thread, QUESTION).iter_events()
        assert isinstance(last.event, Answer) and last.event.status == "failed"
        assert "prompt file" in last.event.text
        (turn,) = desk.store.get_thread(thread).turns
        assert turn.answer == last.event


# --- the line -----------------------------------------------------------------------------------


class Slow:
    """An assistant whose answers take until they are let go, and that knows who is at it."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.begun: list[str] = []
        self.some = threading.Semaphore(0)

    def stream(self, question: str, *_: object, stop: CancelToken, **__: object) -> Iterator[Event]:
        self.begun.append(question)
        self.some.release()
        self.let_go.wait(30)
        yield Answer(question, "answered", "content", "done")


def begin(line: QuestionQueue, assistant: Slow, store: ThreadStore, question: str) -> AnswerJob:
    turn = (thread := store.create_thread(question)), store.ask(thread, question)
    asking = AnswerJob(assistant, store, turn, question, line=line)  # type: ignore[arg-type]
    threading.Thread(target=asking.run, args=(Thread(),), daemon=True).start()
    return asking


def waits(asking: AnswerJob) -> str:
    """What the reader is told first."""
    event = next(asking.iter_events()).event
    return event.name if isinstance(event, Step) else ""


def test_more_questions_than_are_answered_at_one_time_wait_in_line(tmp_path: Path) -> None:
    line, slow, store = QuestionQueue(2), Slow(), ThreadStore(tmp_path)
    first = [begin(line, slow, store, f"{n}") for n in range(2)]
    for _ in first:
        slow.some.acquire()
    third = begin(line, slow, store, "third")
    assert waits(third) == "waiting in line: one question is before this one"
    fourth = begin(line, slow, store, "fourth")
    assert waits(fourth) == "waiting in line: 2 questions are before this one"
    assert line.counts == (2, 2) and sorted(slow.begun) == ["0", "1"] and line.longest_s > 0
    slow.let_go.set()
    for asking in (*first, third, fourth):
        whole(asking)
    assert line.counts == (0, 0)
    assert sorted(slow.begun[2:]) == ["fourth", "third"]  # both places were free at once
    assert line.longest_s == 0


def test_a_question_that_waits_is_stopped_at_once(tmp_path: Path) -> None:
    line, slow, store = QuestionQueue(1), Slow(), ThreadStore(tmp_path)
    first = begin(line, slow, store, "first")
    slow.some.acquire()
    second = begin(line, slow, store, "second")
    assert waits(second).startswith("waiting")
    second.stop()
    assert not [t for t in second.iter_events() if isinstance(t.event, Answer)]
    assert slow.begun == ["first"]
    slow.let_go.set()
    whole(first)


def test_a_line_that_is_too_long_is_said_to_be(tmp_path: Path) -> None:
    line, slow, store = QuestionQueue(1), Slow(), ThreadStore(tmp_path)
    waiting = [begin(line, slow, store, "first")]
    slow.some.acquire()
    for n in range(WAITING_FOR_EACH):
        waiting.append(begin(line, slow, store, f"{n}"))
        assert waits(waiting[-1]).startswith("waiting")
    refused, _ = whole(begin(line, slow, store, "one too many"))
    assert refused.status == "failed" and "ask again in a minute" in refused.text
    slow.let_go.set()
    for asking in waiting:
        whole(asking)


# --- given up without a model -------------------------------------------------------------------


def test_what_is_given_up_ends_in_the_middle_of_a_loop() -> None:
    stop, done = CancelToken(), []

    def events() -> Iterator[int]:
        yield 1
        for n in heeded(range(9)):
            done.append(n)
            if n == 4:
                stop.set()
        yield 2

    assert list(heeding(events(), stop)) == [1] and done == [0, 1, 2, 3, 4]
    heed()  # nobody wishes it here


@pytest.mark.parametrize(
    "last", ["reading the question", "searching 169 papers", "checking quotes"]
)
def test_an_answer_of_quotes_is_stopped_after_any_step(
    library_data: Path, weights: Path, last: str
) -> None:
    with build(Settings(data=library_data, model_path=weights)) as assistant:
        stop, seen = CancelToken(), []
        for event in assistant.stream(QUESTION, stop=stop):
            seen.append(event)
            if event == Step(last):
                stop.set()
    assert seen[-1] == Step(last)


def test_the_search_itself_is_given_up(
    library_data: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = CancelToken()
    with build(Settings(data=library_data, model_path=weights)) as assistant:
        retrieve, tried = SearchEngine.retrieve, []

        def stopped_within(self: SearchEngine, query: str, k: int = 20) -> Retrieval:
            stop.set()
            tried.append(query)
            with pytest.raises(Stopped):
                retrieve(self, query, k)
            raise Stopped("as found")

        monkeypatch.setattr(SearchEngine, "retrieve", stopped_within)
        events = list(assistant.stream(QUESTION, stop=stop))
    assert tried and not [event for event in events if isinstance(event, Delta | Answer)]


def test_who_has_words_waits_for_those_who_have_none_but_not_for_long() -> None:
    queue, mine, other = QuestionQueue(8), CancelToken(), CancelToken()
    assert queue.wait_for_words(0)
    for stop in (mine, other):
        queue.expect_words(stop)
    queue.end_wait(mine)
    queue.end_wait(mine)
    assert not queue.wait_for_words(0.01)
    queue.end_wait(other)
    assert queue.wait_for_words(0)


def test_an_answer_ends_the_wait_for_its_words(tmp_path: Path) -> None:
    line, slow, store = QuestionQueue(1), Slow(), ThreadStore(tmp_path)
    asking = begin(line, slow, store, QUESTION)
    slow.some.acquire()
    asking.expect_words()
    assert not line.wait_for_words(0)
    slow.let_go.set()
    whole(asking)
    assert line.wait_for_words(1)


def test_a_page_does_not_wait_for_what_a_model_words(
    desk: AnswerJobs, server: OpenAIServer
) -> None:
    server.default = SILENT
    asking = desk.ask(desk.store.create_thread(QUESTION), QUESTION)
    until_asked(asking)
    assert not asking.wait_for_words(0) and desk.line.wait_for_words(0)
    asking.stop()
