"""Draws one page of a PDF with a quote marked, in a process of its own.

A file that crashes or floods the renderer costs that process alone.
"""

from __future__ import annotations

import ctypes
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

from rag.readers.process import OUT_OF_MEMORY, ReadingLimits, bound_memory
from rag.types.errors import ReadError

SCALE = 1.6
"""Pixels a point: a page of 8.5 inches is 980 pixels wide."""
MAX_PIXELS = 6_000_000
"""Larger pages, such as posters, are drawn smaller."""
MIN_PART_LETTERS = 12
"""A part of a quote with fewer letters may stand anywhere on a page."""
_MARK = (255, 214, 64)


def draw_page(path: Path, page: int, quote: str, limits: ReadingLimits) -> bytes:
    """A page as PNG, the quote marked as far as it stands there.

    Args:
        path: The PDF.
        page: From 1.
        quote: As the library holds it; hyphens and line ends may differ on the page.
        limits: What the drawing may cost.

    Raises:
        ReadError: The page cannot be drawn, or not within the limits.
    """
    command = [sys.executable, "-m", "rag.readers.pdf_pages", str(path), str(page)]
    try:
        drawn = subprocess.run(
            [*command, str(limits.memory_mb)],
            input=quote.encode(),
            capture_output=True,
            timeout=3 * limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise ReadError(f"page {page} of {path.name!r} takes too long to be drawn") from exc
    if drawn.returncode or not drawn.stdout:
        why = " for its size" if drawn.returncode == OUT_OF_MEMORY else ""
        raise ReadError(f"page {page} of {path.name!r} cannot be drawn{why}; open the file itself")
    return drawn.stdout


# --- in the process itself ----------------------------------------------------------------------


def _draw(data: bytes, number: int, quote: str) -> bytes:
    import pypdfium2
    from PIL import Image, ImageChops, ImageDraw

    page = pypdfium2.PdfDocument(data)[number - 1]
    width, height = page.get_size()
    scale = min(SCALE, (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
    image = page.render(scale=scale).to_pil().convert("RGB")
    marks = Image.new("RGB", image.size, "white")
    pen = ImageDraw.Draw(marks)
    for x0, y0, x1, y1 in find_quote(page, quote):
        pen.rectangle(
            (
                x0 * scale - 1,
                (height - y1) * scale - 1,
                x1 * scale + 1,
                (height - y0) * scale + 1,
            ),
            fill=_MARK,
        )
    out = io.BytesIO()
    ImageChops.multiply(image, marks).save(out, "PNG")
    return out.getvalue()


def find_quote(page: Any, quote: str) -> list[tuple[float, float, float, float]]:
    """Boxes (left, bottom, right, top) of a quote on a pypdfium2 page, one for each of its lines.

    Letters are compared alone. Of a quote that goes on over two pages, the part that is here counts.
    """
    import pypdfium2.raw as pdfium

    text_page = page.get_textpage()
    n = pdfium.FPDFText_CountChars(text_page)
    letters: list[str] = []
    places: list[int] = []
    for at in range(n):
        for char in chr(pdfium.FPDFText_GetUnicode(text_page, at)).lower():
            if char.isalnum():
                letters.append(char)
                places.append(at)
    start, end = _find_span("".join(letters), "".join(c for c in quote.lower() if c.isalnum()))
    boxes: list[tuple[float, float, float, float]] = []
    rectangle = pdfium.FS_RECTF()
    for at in places[start:end]:
        if not pdfium.FPDFText_GetLooseCharBox(text_page, at, ctypes.byref(rectangle)):
            continue
        box = (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        if boxes and abs(boxes[-1][1] - box[1]) < 0.6 * (box[3] - box[1]) and box[2] > boxes[-1][0]:
            last = boxes.pop()
            box = (
                min(last[0], box[0]), min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]),
            )  # fmt: skip
        boxes.append(box)
    return boxes


def _find_span(text: str, wanted: str) -> tuple[int, int]:
    """Where the wanted letters stand, or their beginning at the text's end, or their end at its start.

    Where a footnote's mark or a formula parts them, from their first few to their last few.
    """
    if not wanted:
        return 0, 0
    at = text.find(wanted)
    if at >= 0:
        return at, at + len(wanted)
    head, tail = wanted[: 3 * MIN_PART_LETTERS], wanted[-3 * MIN_PART_LETTERS :]
    first, last = text.find(head), text.find(tail)
    if 0 <= first < last < first + 2 * len(wanted):
        return first, last + len(tail)
    if first >= 0:
        return first, min(len(text), first + len(wanted))
    if last >= 0:
        return max(0, last + len(tail) - len(wanted)), last + len(tail)
    return 0, 0


def draw_as_asked() -> None:
    path, number, memory_mb = sys.argv[1:]
    bound_memory(int(memory_mb))
    try:
        drawn = _draw(Path(path).read_bytes(), int(number), sys.stdin.buffer.read().decode())
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
    sys.stdout.buffer.write(drawn)


if __name__ == "__main__":
    draw_as_asked()
