"""Conversations of clients that send their whole history with each question."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.app.assistant import Assistant
from rag.config.settings import EXTRACTIVE
from rag.types import Answer, Condition, Event, ReadAs, Thread, Turn
from rag.types.cancellation import CancelToken

MAX_TURNS = 20
"""Earlier questions of an unknown history that are asked again; older ones are left out."""
_KEPT = 256

_Key = tuple[str, str, tuple[Condition, ...], tuple[str, ...]]


class Conversations:
    """Answers the next question of a history, and keeps the thread for the one after it.

    What a question refers to is in the answers before it: who was named, what was found. A history
    whose answers are not kept (the server was started anew, the client changed a question) is asked
    again from its questions, quoting the papers, so that no model is paid twice.
    """

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._threads: OrderedDict[_Key, Thread] = OrderedDict()
        self._lock = threading.Lock()

    def stream(
        self,
        question: str,
        earlier: Sequence[str],
        stop: CancelToken,
        *,
        filters: tuple[Condition, ...] = (),
        model: str = "",
        read_as: ReadAs | None = None,
    ) -> Iterator[Event]:
        """The events of the answer to a question that follows earlier ones."""
        thread = self._resume(tuple(earlier), Thread((), filters, model), stop)
        if thread is None:
            return
        for event in self._assistant.stream(question, thread, read_as, stop=stop):
            if isinstance(event, Answer) and event.status != "failed":
                self._keep((*earlier, question), thread.add_turn(Turn(question, event)))
            yield event

    def _resume(
        self, questions: tuple[str, ...], thread: Thread, stop: CancelToken
    ) -> Thread | None:
        """The thread after the questions; None once it is given up."""
        model = thread.model
        first = max(0, len(questions) - MAX_TURNS)
        for n in range(len(questions), first, -1):
            if (earlier := self._find(questions[:n], thread)) is not None:
                thread, first = earlier, n
                break
        for n, question in enumerate(questions[first:], first + 1):
            quoting_thread = replace(thread, model=EXTRACTIVE)
            *_, answer = (None, *self._assistant.stream(question, quoting_thread, stop=stop))
            if not isinstance(answer, Answer):
                return None
            thread = replace(thread.add_turn(Turn(question, answer)), model=model)
            self._keep(questions[:n], thread)
        return thread

    def _find(self, questions: tuple[str, ...], thread: Thread) -> Thread | None:
        key = self._build_key(questions, thread)
        with self._lock:
            if key in self._threads:
                self._threads.move_to_end(key)
            return self._threads.get(key)

    def _keep(self, questions: tuple[str, ...], thread: Thread) -> None:
        with self._lock:
            self._threads[self._build_key(questions, thread)] = thread
            while len(self._threads) > _KEPT:
                self._threads.popitem(last=False)

    def _build_key(self, questions: tuple[str, ...], thread: Thread) -> _Key:
        """Papers that came or went make other answers, as do filters and models."""
        return self._assistant.library.fingerprint, thread.model, thread.filters, questions
