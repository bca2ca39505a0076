"""Calls to a server with time limits: each runs in its own thread, and the caller waits for it.

The vendor's client limits single reads, not calls: a server that sends a byte now and then, or only
keep-alive lines, blocks it for ever, and nobody can interrupt it. So the call runs in a thread and
passes its pieces on; the caller waits up to its limit and gets the piece, an error, or a timeout. An
abandoned call ends, with its connection, at the next byte from the server.
"""

from __future__ import annotations

import ssl
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from functools import cache
from queue import Empty, SimpleQueue
from typing import TypeVar

import httpx2

from rag.types.cancellation import CancelToken
from rag.types.errors import Stopped

CallResult = TypeVar("CallResult")

LONGEST_REPLY_BYTES = 16 * 2**20
"""Size limit of one reply as sent; 20,000 letters, each in its own event, take five million."""
LONGEST_CONNECT_S = 10.0
LOOK_UP_S = 0.5
"""Longest single wait: an interrupt delivered to another thread is noticed only after it."""


class SilenceTooLong(Exception):
    """No piece came within the time for one."""


class CallTooLong(Exception):
    """The time for the whole call is over."""


class ReplyTooLarge(httpx2.RequestError):
    """The server sent more bytes than any reply needs."""


class ReplyPacked(httpx2.RequestError):
    """The server compressed a reply although asked not to; unpacked it could have any size."""


class _Abandoned(httpx2.RequestError):
    """Nobody waits for this call any more; raised only inside the call's thread."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """How long a caller waits.

    Attributes:
        silence_s: For the first piece, and between two pieces.
        ends_at: End of the whole call, on the monotonic clock.
        stop: Cancels the call.
    """

    silence_s: float
    ends_at: float
    stop: CancelToken

    def has_time_for(self, seconds: float) -> bool:
        """Whether time is left for a pause and another attempt."""
        return time.monotonic() + seconds < self.ends_at

    def pause(self, seconds: float) -> None:
        """Wait before another attempt.

        Raises:
            Stopped: The call was cancelled.
        """
        if self.stop.wait(seconds):
            raise Stopped("the answer was stopped")


_over: ContextVar[threading.Event | None] = ContextVar("_over", default=None)


def run_call(call: Callable[[], CallResult], limits: CallLimits, name: str) -> CallResult:
    """Run one call in a thread and return its result; see `run_in_thread`."""

    def make() -> Generator[CallResult, None, None]:
        yield call()

    (value,) = run_in_thread(make, limits, name)
    return value


def run_in_thread(
    make: Callable[[], Generator[CallResult, None, None]], limits: CallLimits, name: str
) -> Iterator[CallResult]:
    """The pieces that ``make`` yields, computed in a separate thread.

    Args:
        make: Called there, in a copy of the caller's context; its errors are raised here.
        limits: How long to wait.
        name: Of the thread.

    Raises:
        Stopped: The caller is to give up.
        SilenceTooLong: The next piece did not come in time.
        CallTooLong: The time for the whole is over.
    """
    news: SimpleQueue[tuple[CallResult] | BaseException | None] = SimpleQueue()
    over = threading.Event()

    def work() -> None:
        _over.set(over)
        try:
            with closing(make()) as pieces:
                for piece in pieces:
                    news.put((piece,))
                    if over.is_set():
                        break
            news.put(None)
        except BaseException as exc:  # handed over, and raised where the answer is waited for
            news.put(exc)

    given_up = Stopped("the answer was stopped")
    thread = threading.Thread(target=copy_context().run, args=(work,), name=name, daemon=True)
    try:
        with limits.stop.call_on_cancel(lambda: news.put(given_up)):
            thread.start()
            while (piece := _get_next(news, limits)) is not None:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece[0]
    finally:
        over.set()


def _get_next(news: SimpleQueue[CallResult], limits: CallLimits) -> CallResult:
    silent_at = time.monotonic() + limits.silence_s
    until = min(silent_at, limits.ends_at)
    while True:
        left_s = max(0.0, until - time.monotonic())
        try:
            return news.get(timeout=min(left_s, LOOK_UP_S))
        except Empty:
            if left_s <= LOOK_UP_S:
                raise (SilenceTooLong if silent_at < limits.ends_at else CallTooLong) from None


# --- what the vendor's client sends through ------------------------------------------------------


def build_http_client(timeout_s: float) -> httpx2.Client:
    """A client that follows no redirect, unpacks nothing and reads replies of bounded size."""
    return _Client(
        verify=_build_tls_context(),
        timeout=httpx2.Timeout(timeout_s, connect=min(timeout_s, LONGEST_CONNECT_S)),
        follow_redirects=False,
        headers={"Accept-Encoding": "identity"},
        event_hooks={"request": [_start_watch], "response": [_apply_size_bound]},
    )


@cache
def _build_tls_context() -> ssl.SSLContext:
    """One a process: to read all certificates takes 25 ms, nine tenths of making a model."""
    return httpx2.create_ssl_context()


class Lease:
    """Shared by the users of a client; when the last one is gone, its connections are closed.

    This does not depend on when the garbage collector clears reference cycles.
    """

    def __init__(self, client: httpx2.Client) -> None:
        weakref.finalize(self, client.close)


class _Client(httpx2.Client):
    """A client that closes its connections with its last user, since nobody closes a model."""

    def __del__(self) -> None:
        if not getattr(self, "is_closed", True):
            self.close()


def _start_watch(request: httpx2.Request) -> None:
    """Check before every step of a reply whether the caller still waits; closing is not checked."""
    over = _over.get()

    def trace(step: str, info: object) -> None:
        if step.endswith(".started") and "close" not in step:
            _check_abandoned(over)

    request.extensions = {**request.extensions, "trace": trace}


def _apply_size_bound(response: httpx2.Response) -> None:
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise ReplyPacked("a compressed reply")
    assert isinstance(response.stream, httpx2.SyncByteStream)
    response.stream = _BoundedStream(response.stream, _over.get())


class _BoundedStream(httpx2.SyncByteStream):
    def __init__(self, inner: httpx2.SyncByteStream, over: threading.Event | None) -> None:
        self._inner, self._over = inner, over

    def __iter__(self) -> Iterator[bytes]:
        n_bytes = 0
        for data in self._inner:
            _check_abandoned(self._over)
            n_bytes += len(data)
            if n_bytes > LONGEST_REPLY_BYTES:
                raise ReplyTooLarge("a reply without end")
            yield data

    def close(self) -> None:
        self._inner.close()


def _check_abandoned(over: threading.Event | None) -> None:
    if over is not None and over.is_set():
        raise _Abandoned("nobody waits for this call")
