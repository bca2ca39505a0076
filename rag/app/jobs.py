"""Answer jobs: each answers a question in its own thread, is stored as it grows, and can be watched
or cancelled.

A closed screen (a reload, a dropped connection, another page) does not end a job; a user who comes
back finds the answer, complete or still growing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache

from rag.app.assistant import Assistant
from rag.app.conversations import ThreadStore
from rag.types import Answer, Delta, Event, Reading, Step, Thread
from rag.types.cancellation import CancelToken
from rag.types.errors import LibraryError, RagError, TooBusy, say_bug

KEEP_EVERY_S = 0.5
WAITING_FOR_EACH = 8
"""Questions that may wait for each one answered at a time; when the queue is full, more are refused."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TimedEvent:
    """An event with its time, in seconds since the question."""

    event: Event
    at_s: float


class QuestionQueue:
    """The queue of this process's questions: first come, first served, a few at a time."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._stops: list[CancelToken] = []
        """Of each question in line, those being answered first."""
        self._began: dict[CancelToken, float] = {}
        self._unanswered: set[CancelToken] = set()
        """Of the questions of which no word of an answer is there yet."""
        self._moved = threading.Condition()
        self.aside = threading.Lock()
        """Held by whoever works for a screen beside the questions, such as on what to ask next."""

    @property
    def counts(self) -> tuple[int, int]:
        """How many are being answered, and how many wait."""
        n = len(self._stops)
        return min(n, self._at_once), max(0, n - self._at_once)

    @property
    def longest_s(self) -> float:
        """Seconds since the oldest question in progress began; 0 if there is none."""
        with self._moved:
            now = time.monotonic()
            return now - min(self._began.values(), default=now)

    def expect_words(self, stop: CancelToken) -> None:
        """Count a question among those whose first words are waited for, until `end_wait`."""
        with self._moved:
            self._unanswered.add(stop)

    def end_wait(self, stop: CancelToken) -> None:
        """The first words of a question are there, or none will come; again is no error."""
        with self._moved:
            if stop in self._unanswered:
                self._unanswered.remove(stop)
                self._moved.notify_all()

    def wait_for_words(self, patience_s: float) -> bool:
        """Wait until nobody waits for first words here; False where that takes longer."""
        with self._moved:
            return self._moved.wait_for(lambda: not self._unanswered, patience_s)

    def place(self, stop: CancelToken) -> int:
        """How many have to be done before this one's turn; 0: it is its turn."""
        return max(0, self._stops.index(stop) - self._at_once + 1)

    @contextmanager
    def turn(self, stop: CancelToken, record: Callable[[int], None]) -> Iterator[None]:
        """Wait for one's turn, or until given up; it lasts as long as the context.

        Args:
            stop: Of the question; no other in line has the same.
            record: Called with the place in line, if one has to wait.

        Raises:
            TooBusy: The line is too long already.
        """
        with self._moved:
            if sum(self.counts) >= self._at_once * (1 + WAITING_FOR_EACH):
                raise TooBusy(
                    f"{sum(self.counts)} questions are being answered or wait here already; "
                    "ask again in a minute"
                )
            self._stops.append(stop)
            place = self.place(stop)
        try:
            if place:
                record(place)
            with stop.call_on_cancel(self._move), self._moved:
                self._moved.wait_for(lambda: stop.is_set() or not self.place(stop))
                self._began[stop] = time.monotonic()
            yield
        finally:
            with self._moved:
                self._stops.remove(stop)
                self._began.pop(stop, None)
            self._move()

    def _move(self) -> None:
        with self._moved:
            self._moved.notify_all()


@cache
def line(at_once: int) -> QuestionQueue:
    """The one line of this process."""
    return QuestionQueue(at_once)


class AnswerJob:
    """A job that answers one question; only it writes the turn's row in the store."""

    def __init__(
        self,
        assistant: Assistant,
        store: ThreadStore,
        turn: tuple[str, int],
        question: str,
        reading: Reading | None = None,
        *,
        fresh: bool = False,
        line: QuestionQueue | None = None,
    ) -> None:
        self.turn = turn
        self._line = line or QuestionQueue(1)
        self._assistant, self._store = assistant, store
        self._question, self._reading, self._fresh = question, reading, fresh
        self._events: list[TimedEvent] = []
        self._words = ""
        self._kept_at = self._began = time.monotonic()
        self._news = threading.Condition()
        self._stop = CancelToken()
        self.done = False

    @property
    def answer(self) -> Answer | None:
        """The complete answer once it is there, even if it could not be stored."""
        last = self._events[-1].event if self._events else None
        return last if isinstance(last, Answer) else None

    def expect_words(self) -> None:
        """Count it among the questions whose first words are waited for, until they are there."""
        self._line.expect_words(self._stop)

    def stop(self) -> None:
        """Cancel the job at once; the text so far remains."""
        self._stop.set()

    def wait_for_words(self, patience_s: float) -> bool:
        """Wait for the first words of the answer, or its end; False where they take longer."""
        with self._news:
            return self._news.wait_for(
                lambda: self.done or any(not isinstance(t.event, Step) for t in self._events),
                patience_s,
            )

    def iter_events(self) -> Iterator[TimedEvent]:
        """All events from the first on, as they come; ends with the answer, or where it stopped."""
        n_seen = 0
        while True:
            with self._news:
                self._news.wait_for(lambda: len(self._events) > n_seen or self.done)  # noqa: B023
                fresh, over = self._events[n_seen:], self.done
            yield from fresh
            n_seen += len(fresh)
            if over:
                return

    def run(self, thread: Thread) -> None:
        """Answer; returns when it is kept."""
        try:
            with self._line.turn(self._stop, self._wait):
                if not self._stop.is_set():  # given up while it waited
                    self._answer(thread)
        except RagError as exc:
            self._fail(str(exc))
        except Exception as exc:  # a bug must not leave a question without a word
            _log.exception("question %r", self._question)
            self._fail(say_bug(exc))
        finally:
            self._line.end_wait(self._stop)
            with self._news:
                self.done = True
                self._news.notify_all()

    def _fail(self, sentence: str) -> None:
        failed = Answer(self._question, "failed", "unsupported", sentence)
        with suppress(LibraryError):  # shown all the same
            self._store.answer(*self.turn, failed)
        self._show(failed)

    def _wait(self, place: int) -> None:
        before = "one question is" if place == 1 else f"{place} questions are"
        self._show(Step(f"waiting in line: {before} before this one"))

    def _answer(self, thread: Thread) -> None:
        try:
            for event in self._stream(thread):
                if self._stop.is_set():
                    break
                self._keep(event)
                self._show(event)
        finally:
            if self._words:
                self._store.save_words(*self.turn, self._words)

    def _stream(self, thread: Thread) -> Iterator[Event]:
        stop, fresh = self._stop, self._fresh
        if self._reading is None:
            return self._assistant.stream(self._question, thread, stop=stop, fresh=fresh)
        return self._assistant.stream_reading(self._reading, thread, stop=stop, fresh=fresh)

    def _keep(self, event: Event) -> None:
        if isinstance(event, Answer):
            self._store.answer(*self.turn, event)
        elif isinstance(event, Delta):
            self._words += event.text
            if time.monotonic() - self._kept_at > KEEP_EVERY_S:
                self._store.save_words(*self.turn, self._words)
                self._kept_at = time.monotonic()

    def _show(self, event: Event) -> None:
        with self._news:
            self._events.append(TimedEvent(event, time.monotonic() - self._began))
            self._news.notify_all()
        if not isinstance(event, Step):
            self._line.end_wait(self._stop)


class AnswerJobs:
    """The running jobs of this process for the conversations of one store, by turn."""

    def __init__(self, assistant: Assistant, store: ThreadStore) -> None:
        self.store = store
        self.line = line(assistant.settings.at_once)
        self._assistant = assistant
        self._open: dict[tuple[str, int], AnswerJob] = {}
        self._lock = threading.Lock()

    def ask(
        self,
        thread_id: str,
        question: str,
        *,
        instead_of: int | None = None,
        reading: Reading | None = None,
    ) -> AnswerJob:
        """Write the next question of a thread down and begin to answer it.

        Args:
            thread_id: An existing thread's.
            question: As typed.
            instead_of: The ordinal of a question that this one takes the place of; what is still
                being answered there is ended. The same question again, read in the same way, is
                asked afresh, also of a chat model whose reply is kept.
            reading: How it is read, where a reader of the answer has changed that; None to read
                its words.
        """
        fresh = False
        if instead_of is not None:
            self.stop(thread_id)
            before = self.store.get_thread(thread_id).turns
            fresh = any(
                (turn.ordinal, turn.question) == (instead_of, question)
                and (reading is None or _is_read_so(turn.answer, reading))
                for turn in before
            )
        ordinal = self.store.ask(thread_id, question, instead_of=instead_of)
        context = self.store.get_thread(thread_id).get_thread_before(ordinal)
        turn = (thread_id, ordinal)
        asking = AnswerJob(
            self._assistant, self.store, turn, question, reading, fresh=fresh, line=self.line
        )
        if not self._assistant.settings.copy_with_model(context.model).generative:
            asking.expect_words()  # a model's are made elsewhere: waiting for them spares nothing
        with self._lock:
            self._open = {key: job for key, job in self._open.items() if not job.done}
            self._open[asking.turn] = asking
        name = f"answer {thread_id}/{ordinal}"
        threading.Thread(target=asking.run, args=(context,), name=name, daemon=True).start()
        return asking

    def open(self, thread_id: str, ordinal: int) -> AnswerJob | None:
        """The asking behind a turn without an answer, if it is still going on here."""
        with self._lock:
            job = self._open.get((thread_id, ordinal))
        return job if job is not None and not job.done else None

    @property
    def busy(self) -> bool:
        """Whether anything is being answered in this process."""
        return sum(self.line.counts) > 0

    def stop(self, thread_id: str) -> None:
        """End whatever is being answered in a thread."""
        with self._lock:
            for (thread, _), asking in self._open.items():
                if thread == thread_id:
                    asking.stop()


def _is_read_so(answer: Answer | None, reading: Reading) -> bool:
    was = answer.reading if answer else None
    return was is not None and was.query == reading.query


def list_steps(events: list[TimedEvent]) -> list[tuple[str, float]]:
    """Each step with when it began, in seconds since the question."""
    return [
        (timed_event.event.name, timed_event.at_s)
        for timed_event in events
        if isinstance(timed_event.event, Step)
    ]
