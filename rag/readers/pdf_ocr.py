"""Text recognition (OCR) of scanned pages, by the program tesseract where the machine has it."""

from __future__ import annotations

import csv
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from rag.readers.pdf_text import Line, Page, Word, normalize_text

PROGRAM = "tesseract"
DPI = 200
MIN_CONFIDENCE = 30.0
"""Words of which tesseract is less sure are specks and rules."""
MAX_PAGES = 60
"""Pages of one document that are recognised: each takes a second or two."""
_POINTS = 72 / DPI
_TIMEOUT_S = 60
_ABOUT = 0.2
"""Heights that differ by no more are about the same."""
_X_HEIGHTS = 1.3
"""Type size over the height of a word's box, which has ascenders or descenders and seldom both."""


def find_program() -> str | None:
    """Where tesseract is; None on a machine without it."""
    return shutil.which(PROGRAM)


def recognise_page(program: str, page: Any, number: int) -> Page:
    """The lines that tesseract sees on a pypdfium2 page.

    Raises:
        ValueError: It cannot be drawn, or tesseract fails on it.
    """
    width, height = page.get_size()
    image = page.render(scale=DPI / 72, grayscale=True).to_numpy()
    n_rows, n_columns = image.shape[:2]
    pixels = b"P5 %d %d 255\n" % (n_columns, n_rows) + image.tobytes()
    # Several threads for one small page are slower than one, most of all on a busy machine.
    alone = [env, "OMP_THREAD_LIMIT=1"] if (env := shutil.which("env")) else []
    command = [*alone, program, "stdin", "stdout", "--dpi", str(DPI), "tsv"]
    try:
        run = subprocess.run(
            command, input=pixels, capture_output=True, timeout=_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError) as exc:
        raise ValueError(f"text recognition failed: {type(exc).__name__}") from exc
    lines = tuple(_iter_lines(run.stdout.decode("utf-8", "replace"), height))
    return Page(number, width, height, lines)


def _iter_lines(table: str, height: float) -> Iterator[Line]:
    """Lines in tesseract's reading order; each has one baseline and one size."""
    rows = csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    lines: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in rows:
        text = normalize_text((row.get("text") or "").strip())
        if text and float(row["conf"]) >= MIN_CONFIDENCE:
            at = (row["block_num"], row["par_num"], row["line_num"])
            lines.setdefault(at, []).append({**row, "text": text})
    heights = [median(int(word["height"]) for word in words) for words in lines.values()]
    for words, size in zip(lines.values(), _even_out(heights), strict=True):
        bottom = max(int(word["top"]) + int(word["height"]) for word in words)
        baseline = height - bottom * _POINTS
        placed = (
            (word["text"], int(word["left"]) * _POINTS, int(word["width"]) * _POINTS)
            for word in words
        )
        yield Line(tuple(Word(text, x, x + w, baseline, size) for text, x, w in placed), size, "")


def _even_out(heights: Sequence[float]) -> list[float]:
    """Type sizes of lines by the heights of their boxes, which differ with the letters in them.

    What is close to the usual height is body text; of larger lines, those that follow one another and
    are about as high have one size.
    """
    usual = median(heights) if heights else 0.0
    even: list[float] = []
    for height in heights:
        is_usual = abs(height - usual) <= _ABOUT * usual
        before = even[-1] if even else usual
        same = not is_usual and abs(height - before) <= _ABOUT * before
        even.append(usual if is_usual else before if same else height)
    return [round(height * _POINTS * _X_HEIGHTS, 1) for height in even]
