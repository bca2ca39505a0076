"""The evaluation as a process of its own, which a page can start, watch and stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

MAX_LINES = 40
"""Last lines that are remembered of what it writes."""


class EvaluationProcess:
    """One evaluation over a data folder; see `python -m eval`.

    Args:
        data: The data folder.
        command: What is run in its place, for tests.
    """

    def __init__(self, data: Path, command: Sequence[str] = ()) -> None:
        words = command or (sys.executable, "-m", "eval", "run", "--data", str(data))
        self._lines: deque[str] = deque(maxlen=MAX_LINES)
        self._process = subprocess.Popen(
            words,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=os.name == "posix",  # so that it ends with all that it started
        )
        self._reader = threading.Thread(target=self._read, name="evaluation", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as lines:
            self._lines.extend(line.strip() for line in lines if line.strip())
        self._process.wait()

    @property
    def is_running(self) -> bool:
        return self._reader.is_alive()

    @property
    def progress(self) -> tuple[str, int, int]:
        """The set of questions it is at, how many are answered, and of how many; no name before the first."""
        for line in reversed(self._lines):
            *_, name, part, _, _ = ["", "", "", "", *line.split()]  # such as: development 3/226 8 s
            n_done, _, total = part.partition("/")
            if n_done.isdecimal() and total.isdecimal():
                return name, int(n_done), int(total)
        return "", 0, 0

    @property
    def fault(self) -> str:
        """Why it ended without a result; empty while it runs, and where it ended well."""
        if self.is_running or self._process.returncode == 0:
            return ""
        return self._lines[-1] if self._lines else "the evaluation ended without a word"

    def wait(self, timeout_s: float) -> None:
        """Until it has ended, or for so long."""
        self._reader.join(timeout_s)

    def stop(self) -> None:
        """End it; what was answered so far is found again by the next one."""
        if self._process.poll() is None:
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGTERM)
            else:
                self._process.terminate()
        self.wait(10)
