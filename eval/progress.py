"""Progress on stderr: a bar that is drawn anew on a terminal, a few lines otherwise."""

from __future__ import annotations

import sys
import time

WIDTH = 24


def bar(done: int, total: int) -> str:
    """As many marks of the width as are done of the total; nothing to do is all done."""
    n = WIDTH * min(done, total) // total if total > 0 else WIDTH
    return "█" * n + "░" * (WIDTH - n)


class Progress:
    """Called with a name, how many are done, and of how many."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._last = ("", -1.0)

    def __call__(self, name: str, done: int, total: int) -> None:
        now, every = time.monotonic(), 0.2 if sys.stderr.isatty() else 15.0
        fresh = name != self._last[0]
        if fresh:
            self._began = now
        if not fresh and now - self._last[1] < every and done != total:
            return
        self._last = (name, now)
        text = f"{name} {done}/{total} {now - self._began:.0f} s"
        if sys.stderr.isatty():
            line = f"{bar(done, total)} {text}"
            sys.stderr.write(f"\r{line:<78}" + ("\n" if done >= total else ""))
        else:
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
