"""Reads documents in a separate process, so that none exceeds its limits.

The process reads one document after the other. It is killed if one takes too much time or memory, or
crashes a parser, and started again for the next.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from rag import readers
from rag.types import DocumentReading
from rag.types.errors import ReadError

OUT_OF_MEMORY = 86
OUT_OF_TIME = -getattr(signal, "SIGPROF", 0)
"""The exit statuses that say so."""
PATIENCE = 12.0
"""Wall-clock limit as a multiple of the processor time: on a machine with twenty at work a list of 200 records
took more than three times as long, and was left out."""
AHEAD = 12
"""Documents read ahead of the one that is asked for: of PDFs as many as are embedded together."""
AHEAD_BYTES = 32 * 2**20
"""The size of such documents: the papers of a list of 13 MB take 60 MB of memory."""
BEHIND = 10
"""How much a reading gives way: it is done while what was read before is stored, and not while it is embedded, which
uses every core."""
GRACE_S = 5.0
"""Waited for the end of a process that has closed its pipes."""


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """Limits for one document.

    Attributes:
        seconds: Processor time for up to 1 MB; a larger document gets as much for each MB.
        memory_mb: The process's address space; not bounded on Windows and macOS, which cannot.
    """

    seconds: float = 10.0
    memory_mb: int = 2048

    def seconds_for(self, path: Path) -> float:
        """The seconds that a file may take, by its size."""
        return self.seconds * max(1.0, _find_size(path) / 2**20)


class ReadingProcess:
    """Reads documents like `rag.readers.read`, within limits; ends with its ``with`` block."""

    def __init__(self, limits: ReadingLimits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._asker = ThreadPoolExecutor(1, "reading")
        self._is_over = False

    def __enter__(self) -> ReadingProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True  # before the process is ended: what still asks begins no other
        self._asker.shutdown(wait=False, cancel_futures=True)
        self._end()

    def read_each(self, paths: Sequence[Path]) -> Iterator[Callable[[], DocumentReading]]:
        """For each document in turn what waits for its reading, as `read`; those after it are read meanwhile."""
        waiting: deque[tuple[Future[DocumentReading], int]] = deque()
        n_asked = 0
        for at in range(len(paths)):
            while n_asked < len(paths) and (
                n_asked <= at
                or (len(waiting) < AHEAD and sum(size for _, size in waiting) < AHEAD_BYTES)
            ):
                path = paths[n_asked]
                waiting.append((self._asker.submit(self.read, path), _find_size(path)))
                n_asked += 1
            yield waiting.popleft()[0].result

    def read(self, path: Path) -> DocumentReading:
        """Read one document.

        Raises:
            ReadError: It cannot be read, or not within the limits.
        """
        seconds = self._limits.seconds_for(path)
        is_fresh = self._process is None
        answer, is_late = self._ask(path, seconds)
        if isinstance(answer, DocumentReading):
            return answer
        if isinstance(answer, ReadError):
            raise answer
        if self._is_over:
            raise _build_ended(path)
        status = self._end(after_s=0 if is_late else GRACE_S)
        is_late = is_late or status == OUT_OF_TIME
        if not is_late and not is_fresh:  # it may owe its end to the documents before
            return self.read(path)
        raise ReadError(f"file {path.name!r} {self._excess(seconds, is_late, status)}")

    def _excess(self, seconds: float, is_late: bool, status: int) -> str:
        if is_late:
            return (
                f"took more than {round(seconds, 1):,g} s to read; "
                "split it, or raise the setting 'read_timeout_s'"
            )
        if status == OUT_OF_MEMORY:
            return (
                f"needs more than {self._limits.memory_mb:,} MB of memory to be read; "
                "split it, or raise the setting 'read_memory_mb'"
            )
        return f"cannot be read: it ends the process that reads it (status {status}); leave it out"

    def _ask(self, path: Path, seconds: float) -> tuple[DocumentReading | ReadError | None, bool]:
        """The process's reply, or None if it ended first; and whether it was killed for taking too long."""
        process = self._process = self._process or self._begin()
        if self._is_over:
            self._end()
            raise _build_ended(path)
        is_late = threading.Event()

        def end() -> None:
            is_late.set()
            process.kill()

        timer = threading.Timer(seconds * PATIENCE, end)
        timer.start()
        try:
            pickle.dump((str(path), seconds), _pipe(process.stdin))
            _pipe(process.stdin).flush()
            return pickle.load(_pipe(process.stdout)), False
        except (EOFError, OSError, pickle.UnpicklingError):
            return None, is_late.is_set()
        finally:
            timer.cancel()

    def _begin(self) -> subprocess.Popen[bytes]:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rag.readers.process", str(self._limits.memory_mb)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        if not _pipe(self._process.stdout).read(1):
            raise ReadError(
                f"the process that reads documents does not start (status {self._end(GRACE_S)}); "
                f"check the installation of {sys.executable!r}"
            )
        return self._process

    def _end(self, after_s: float = 0) -> int:
        """End the process, if there is one, and return its status; its own, if it ends in time."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        try:
            return process.wait(after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
        finally:
            process.kill()  # also where Ctrl-C ends the waiting
            for stream in (process.stdin, process.stdout):
                with suppress(OSError):  # what was written to it and not taken
                    _pipe(stream).close()


def _build_ended(path: Path) -> ReadError:
    return ReadError(f"file {path.name!r} is not read, as the ingest ended")


def _find_size(path: Path) -> int:
    """Its bytes; 0 where they cannot be told: the reader says what is wrong with it."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None, "Popen() was told to open it"
    return stream


# --- in the process itself ----------------------------------------------------------------------


def serve_requests() -> None:
    """Answer each document that is asked for, until nothing more can be asked."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is told, and ends this process
    bound_memory(int(sys.argv[1]))
    if hasattr(os, "nice"):  # not on Windows
        os.nice(BEHIND)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    requested_items, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a library that prints does not answer
    answers.write(b".")
    answers.flush()
    with suppress(EOFError):
        while True:
            path, seconds = pickle.load(requested_items)
            _bound_time(seconds)
            try:
                pickle.dump(_answer_requests(Path(path)), answers)
            except MemoryError:
                os._exit(OUT_OF_MEMORY)
            answers.flush()
            _bound_time(0)


def _answer_requests(path: Path) -> DocumentReading | ReadError:
    try:
        return readers.read(path)
    except ReadError as exc:
        return ReadError(str(exc))  # without its cause, which might not be to be sent


def _end_with(asker: int) -> None:
    """End this process soon after the one that asks was killed, in the middle of a document too."""
    while os.getppid() == asker:  # on Windows always
        time.sleep(1)
    os._exit(1)


def _bound_time(seconds: float) -> None:
    """Let the process end after so much time, even where nobody is left who would end it."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)  # unhandled, SIGPROF ends the process
    elif seconds:  # Windows
        faulthandler.dump_traceback_later(seconds * PATIENCE, exit=True)
    else:
        faulthandler.cancel_dump_traceback_later()


def bound_memory(memory_mb: int) -> None:
    try:
        import resource

        _, maximum = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 2**20, maximum))
    except (ImportError, ValueError, OSError):  # Windows has none, macOS refuses
        return


if __name__ == "__main__":
    serve_requests()
