"""Puts text on the clipboard, by a program of this machine or by the terminal itself."""

from __future__ import annotations

import base64
import shutil
import subprocess
from typing import TextIO

from rag.types.errors import ReadError

PROGRAMS = (
    ("pbcopy",),
    ("wl-copy",),
    ("xclip", "-selection", "clipboard"),
    ("xsel", "--clipboard", "--input"),
    ("clip.exe",),
)


def copy_text(text: str, out: TextIO) -> str:
    """Copy, and say how; where no program does it, the terminal is asked to (OSC 52).

    Raises:
        ReadError: There is no way to do it.
    """
    for command in PROGRAMS:
        if shutil.which(command[0]) and _run(command, text):
            return "copied"
    if not out.isatty():
        raise ReadError("there is no clipboard here; /save FILE writes the conversation to a file")
    encoded = base64.b64encode(text.encode()).decode()
    out.write(f"\x1b]52;c;{encoded}\x07")
    return "copied, if this terminal allows it"


def _run(command: tuple[str, ...], text: str) -> bool:
    """Whether the program took it; without a display, some do not."""
    try:
        process = subprocess.run(
            command, input=text, encoding="utf-8", timeout=5, check=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return process.returncode == 0
