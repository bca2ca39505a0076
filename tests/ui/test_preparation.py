"""The library is prepared once for each of its states, and not while questions are answered."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from types import SimpleNamespace

from rag.app.jobs import line
from rag.config.settings import Settings
from rag.types.cancellation import CancelToken
from ui.server.preparation import Preparation


class Shelves:
    """An assistant that notes how far its papers were screened, three portions each time."""

    def __init__(self) -> None:
        self.library = SimpleNamespace(fingerprint="one")
        self.screened: list[int] = []
        self.begun = threading.Event()

    def screen_papers(self, tell: Callable[[int, int], None]) -> None:
        for n in (1, 2, 3):
            self.screened.append(n)
            self.begun.set()
            tell(n, 3)


def test_papers_are_screened_once_for_each_state_of_the_library() -> None:
    shelves = Shelves()
    preparation = Preparation(Settings, lambda _: shelves)  # type: ignore[arg-type, return-value]
    preparation.prepare()
    preparation.prepare()
    assert shelves.screened == [1, 2, 3]
    shelves.library.fingerprint = "two"
    preparation.prepare()
    assert shelves.screened == [1, 2, 3] * 2


def test_questions_go_first() -> None:
    shelves, settings = Shelves(), Settings(at_once=3)  # a line of this test's own
    preparation = Preparation(lambda: settings, lambda _: shelves)  # type: ignore[arg-type, return-value]
    thread = threading.Thread(target=preparation.prepare)
    with line(3).turn(CancelToken(), lambda _: None):
        thread.start()
        assert shelves.begun.wait(30)
        thread.join(0.1)
        assert shelves.screened == [1]
    thread.join(30)
    assert shelves.screened == [1, 2, 3]


def test_the_server_says_nothing_of_its_own_before_it_runs() -> None:
    """Streamlit told the terminal of `make chat` that it found no runtime."""
    command = [sys.executable, "-c", "import ui.server.application"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (shown.stdout, shown.stderr) == ("", "")
