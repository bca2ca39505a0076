"""Runs `paperfolk ui` in a separate process, on a free port of loopback, as a user starts it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rag.types.errors import RagError

START_S = 120


@contextmanager
def start_chat_process(
    folder: Path, environ: Mapping[str, str], python: Path = Path(sys.executable)
) -> Iterator[str]:
    """Start a chat that runs until the end of the block; yields its address.

    Args:
        folder: Working directory, not the source folder, as the chat must work from anywhere. Its
            output goes into ``log.txt`` there.
        environ: The complete environment of the process.
        python: Interpreter of the installation to start.

    Raises:
        RagError: The chat did not start.
    """
    port, log = _find_free_port(), folder / "log.txt"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [str(python), "-m", "rag", "ui", "--no-browser", "--port", str(port)],
            cwd=folder, env=environ, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            _ensure_answering(address, server, log)
            yield address
        finally:
            server.terminate()
            server.wait(20)


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ensure_answering(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    log_text = log.read_text(encoding="utf-8", errors="replace").strip()
    last = log_text.splitlines()[-1] if log_text else "no word"
    raise RagError(
        f"the chat did not start within {START_S} s ({last}); run paperfolk ui to see why"
    )
