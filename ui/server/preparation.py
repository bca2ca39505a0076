"""Prepares the library while nobody asks: opens it as the server starts, and screens its papers.

Screening the papers of a question that were not met before took a third of the time to its first words.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from streamlit import runtime

from rag.app.assistant import Assistant
from rag.app.jobs import line
from rag.config.settings import Settings
from rag.types.errors import RagError

LOOK_AGAIN_S = 30.0
"""The library may have other papers by then."""
PAUSE_S = 0.5
NAME = "preparation"
log = logging.getLogger(__name__)
# Streamlit warns of each thread that is no page's and uses what is kept for all pages.
logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").addFilter(
    lambda record: NAME not in record.getMessage()
)


class Preparation:
    """Works in a thread of its own for as long as the server runs.

    Args:
        settings: Loads the settings.
        build: Opens the library, once for all pages.
    """

    def __init__(
        self, settings: Callable[[], Settings], build: Callable[[Settings], Assistant]
    ) -> None:
        self._settings, self._build = settings, build
        self._ended = threading.Event()
        self._prepared = ""
        """Fingerprint of the library whose papers were screened."""

    @asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        threading.Thread(target=self.run, name=NAME, daemon=True).start()
        yield
        self._ended.set()

    def run(self) -> None:
        while not runtime.exists() and not self._ended.wait(PAUSE_S):
            pass
        while not self._ended.is_set():
            try:
                self.prepare()
            except RagError as exc:  # such as no papers yet; a page says what is wrong
                log.debug("not prepared: %s", exc)
            self._ended.wait(LOOK_AGAIN_S)

    def prepare(self) -> None:
        """Screen the papers, unless that was done; waits while questions are answered."""
        settings = self._settings()
        assistant = self._build(settings)
        fingerprint = assistant.library.fingerprint
        if fingerprint == self._prepared:
            return

        def wait(_done: int, _of: int) -> None:
            while sum(line(settings.at_once).counts) and not self._ended.wait(PAUSE_S):
                pass

        assistant.screen_papers(wait)
        self._prepared = fingerprint
