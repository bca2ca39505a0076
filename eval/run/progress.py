"""Progress on stderr: a bar that is drawn anew on a terminal, a few lines otherwise."""

from __future__ import annotations

import sys
import time

BAR_WIDTH = 24


def draw_bar(n_done: int, total: int) -> str:
    """As many marks of the width as are done of the total; nothing to do is all done."""
    n = BAR_WIDTH * min(n_done, total) // total if total > 0 else BAR_WIDTH
    return "█" * n + "░" * (BAR_WIDTH - n)


class ProgressBar:
    """Called with a name, how many are done, and of how many."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = ("", -1.0)

    def __call__(self, name: str, n_done: int, total: int) -> None:
        now, every = time.monotonic(), 0.2 if sys.stderr.isatty() else 15.0
        fresh = name != self._last[0]
        if fresh:
            self._began = now
        if not fresh and now - self._last[1] < every and n_done != total:
            return
        self._last = (name, now)
        text = f"{name} {n_done}/{total} {now - self._began:.0f} s"
        if sys.stderr.isatty():
            line = f"{draw_bar(n_done, total)} {text}"
            sys.stderr.write(f"\r{line:<78}" + ("\n" if n_done >= total else ""))
        else:
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
