"""The health check for monitoring: ``/healthz`` responds 200 or 503, with the reason.

Streamlit's own check always responds 200. This one also measures how long the event loop was blocked
and how long the slowest answer has been running, and reads the library. While the loop is blocked
there is no response at all, which monitors count as a failure.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rag.app.assistant import build
from rag.app.jobs import line
from rag.config.settings import Settings
from rag.types.errors import LibraryEmpty, RagError

PATH = "/healthz"
BEAT_S = 0.25
STILL_S = 5.0
"""The server counts as blocked if the loop stood still longer within the last `REMEMBERED_S`."""
REMEMBERED_S = 60.0
ANSWER_S = 60.0
"""Time limit of an answer that waits for no model server."""
READ_S = 5.0
"""Time limit of reading the library."""


class Pulse:
    """Beats in the server's event loop; a late beat shows how long the loop was blocked."""

    def __init__(self) -> None:
        self._gaps: deque[tuple[float, float]] = deque()
        self._last = time.monotonic()

    async def run(self) -> None:
        self._last = time.monotonic()
        while True:
            await asyncio.sleep(BEAT_S)
            self.beat()

    def beat(self) -> None:
        now = time.monotonic()
        if now - self._last > STILL_S:
            self._gaps.append((now, now - self._last))
        while self._gaps and self._gaps[0][0] < now - REMEMBERED_S:
            self._gaps.popleft()
        self._last = now

    @property
    def longest_s(self) -> float:
        """The longest standstill of the last `REMEMBERED_S`; 0 where there was none."""
        return max((gap for _, gap in self._gaps), default=0.0)


class Watch:
    """The route of the check, with the pulse that runs as long as the server.

    Args:
        settings: Loads the settings, at each check, as the pages do.
    """

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self.pulse = Pulse()

    @asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        beating = asyncio.create_task(self.pulse.run())
        yield
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating

    async def show(self, _: Request) -> Response:
        """200 and ``ok``, or 503 and a sentence for each problem; how many answers are in the making."""
        problems: list[str] = []
        answering = waiting = 0
        if (still_s := self.pulse.longest_s) > 0:
            problems.append(f"the server stood still for {still_s:.0f} s a moment ago")
        try:
            settings = self._settings()
        except RagError:
            problems.append("the settings cannot be used; run paperfolk doctor")
        else:
            questions = line(settings.at_once)
            answering, waiting = questions.counts
            limit_s = settings.reply_timeout_s if settings.generative else ANSWER_S
            if questions.longest_s > limit_s:
                problems.append(f"an answer has been in the making for {questions.longest_s:.0f} s")
            problems += await _of_library(settings)
        lines = {"status": "failing" if problems else "ok", "problems": problems,
                "answering": answering, "waiting": waiting}  # fmt: skip
        return JSONResponse(lines, 503 if problems else 200, {"cache-control": "no-store"})


async def _of_library(settings: Settings) -> list[str]:
    try:
        await asyncio.wait_for(asyncio.to_thread(_read, settings), READ_S)
    except LibraryEmpty:
        return []  # nothing was ingested yet
    except TimeoutError:
        return [f"the library could not be read within {READ_S:.0f} s"]
    except (RagError, OSError):  # what it says may name folders of this machine
        return ["the library cannot be read; run paperfolk doctor"]
    return []


def _read(settings: Settings) -> None:
    with build(settings) as assistant:
        assistant.library.ensure_not_empty()
