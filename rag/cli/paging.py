"""Shows output that is longer than the terminal through the reader's pager, as git does."""

from __future__ import annotations

import io
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

LESS = "FRX"
"""For ``less``, unless LESS says otherwise: end where all fits, keep colours, leave the text there."""


class _Pages(io.StringIO):
    """What is written for a terminal, before it is shown there."""

    def isatty(self) -> bool:
        return True


@contextmanager
def open_paged(out: TextIO) -> Iterator[TextIO]:
    """A stream whose text ends in the pager if it is long and ``out`` is a terminal.

    Nothing is lost where the pager cannot be run, or the work behind the text fails on the way.
    """
    command = find_pager() if out.isatty() else []
    if not command:
        yield out
        return
    pages = _Pages()
    try:
        yield pages
    finally:
        text = pages.getvalue()
        lines = shutil.get_terminal_size().lines
        if text.count("\n") < lines or not _run_pager(command, text):
            out.write(text)
            out.flush()


def find_pager() -> list[str]:
    """PAGER, or ``less`` where it is; nothing if PAGER is empty or a pager makes no sense."""
    if os.environ.get("TERM") == "dumb":
        return []
    command = shlex.split(os.environ.get("PAGER", "less"))
    return command if command and shutil.which(command[0]) else []


def _run_pager(command: list[str], text: str) -> bool:
    """Whether the pager ran; Ctrl-C is its own meanwhile."""
    environ = {**os.environ, "LESS": os.environ.get("LESS", LESS)}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.run(command, input=text, env=environ, encoding="utf-8", check=False)
    except OSError:
        return False
    finally:
        signal.signal(signal.SIGINT, before)
    return process.returncode == 0
