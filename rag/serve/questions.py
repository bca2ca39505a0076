"""Runs what blocks (questions, look-ups) beside the event loop, and ends it when nobody waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, suppress
from typing import TypeVar

from starlette.requests import Request

from rag.app.assistant import Assistant
from rag.app.jobs import line
from rag.types import Answer, Event, Step
from rag.types.cancellation import CancelToken, heeding
from rag.types.errors import RagError, Stopped

_T = TypeVar("_T")


class _End:
    """The last item of a stream."""


class Questions:
    """The questions of this process: some at a time, in line, each in a thread of its own."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self.line = line(assistant.settings.at_once)

    def warm_up(self) -> None:
        """Open what the first question needs, ahead of it; an error is left for that question to report."""
        with suppress(RagError):
            self.assistant.retrieve("papers", 1)

    async def stream(
        self, work: Callable[[CancelToken], Iterator[_T]], request: Request | None = None
    ) -> AsyncGenerator[_T | Step]:
        """What the work yields, as it comes, and a step for a place in line.

        Args:
            work: Called in a thread of its own, once it is its turn.
            request: Whose client waits; when it goes, the work is given up, and the stream ends.

        Raises:
            TooBusy: The line is too long already.
        """
        loop = asyncio.get_running_loop()
        items: asyncio.Queue[_T | Step | Exception | type[_End]] = asyncio.Queue()
        stop = CancelToken()

        def put(item: _T | Step | Exception | type[_End]) -> None:
            with suppress(RuntimeError):  # the server has ended meanwhile
                loop.call_soon_threadsafe(items.put_nowait, item)

        def record_place(place: int) -> None:
            put(Step(f"waiting in line behind {place}"))

        def run() -> None:
            try:
                with self.line.turn(stop, record_place):
                    for item in heeding(work(stop), stop):
                        put(item)
            except Exception as exc:  # raised again below, where somebody waits for it
                put(exc)
            finally:
                put(_End)

        async def watch(request: Request) -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            stop.set()
            items.put_nowait(_End)

        threading.Thread(target=run, name="question", daemon=True).start()
        watcher = asyncio.create_task(watch(request)) if request is not None else None
        try:
            while not isinstance(item := await items.get(), type):
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            stop.set()
            if watcher is not None:
                watcher.cancel()

    async def finish(
        self, work: Callable[[CancelToken], Iterator[_T]], request: Request | None = None
    ) -> _T:
        """The last of what the work yields, such as the answer at the end of its events.

        Raises:
            Stopped: The client went away.
        """
        results: list[_T] = []
        async with aclosing(self.stream(work, request)) as items:
            async for item in items:
                if not isinstance(item, Step):
                    results = [item]
        if not results:
            raise Stopped("the client went away")
        return results[0]

    async def compute(self, work: Callable[[], _T], request: Request | None = None) -> _T:
        """What the work returns; else as `finish`."""
        return await self.finish(lambda _: iter_result(work), request)


def iter_result(work: Callable[[], _T]) -> Iterator[_T]:
    yield work()


def iter_answers(events: Iterator[Event]) -> Iterator[Answer]:
    """The answer at the end of its events; none if it was given up."""
    return (event for event in events if isinstance(event, Answer))
