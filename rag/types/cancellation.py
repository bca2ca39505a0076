"""Cancellation token: set by one thread, checked and waited on by others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from rag.types.errors import Stopped

_T = TypeVar("_T")


class CancelToken:
    """Set once and never reset; code that waits for something else can register a listener."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._listeners: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def set(self) -> None:
        """Cancel; listeners are called before this returns, each once."""
        with self._lock:
            self._event.set()
            listeners, self._listeners = self._listeners, []
        for listener in listeners:
            listener()

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Pause; returns True at once if cancelled."""
        return self._event.wait(seconds)

    @contextmanager
    def call_on_cancel(self, listener: Callable[[], None]) -> Iterator[None]:
        """Call ``listener`` when this is set, also if it is set already."""
        with self._lock:
            if not (already := self._event.is_set()):
                self._listeners.append(listener)
        if already:
            listener()
        try:
            yield
        finally:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)


_wish: ContextVar[CancelToken | None] = ContextVar("wish", default=None)


def heed() -> None:
    """Check for cancellation inside `heeding`: called between steps and in long loops.

    Raises:
        Stopped: The answer was cancelled.
    """
    stop = _wish.get()
    if stop is not None and stop.is_set():
        raise Stopped("the answer was given up")


def heeded(items: Iterable[_T]) -> Iterator[_T]:
    """Yield the items of a long loop, calling `heed` before each."""
    for item in items:
        heed()
        yield item


def heeding(events: Iterator[_T], stop: CancelToken) -> Generator[_T, None, None]:
    """Yield events until they end or ``stop`` is set, also while the next one is computed."""
    while not stop.is_set():
        token = _wish.set(stop)
        try:
            event = next(events)
        except (StopIteration, Stopped):
            return
        finally:
            _wish.reset(token)
        if stop.is_set():  # what came of giving up a model's reply, such as quotes in its place
            return
        yield event
