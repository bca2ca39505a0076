"""Papers set as journals set them: two columns, running heads, footnotes, references."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from fpdf import FPDF
from fpdf.enums import AccessPermission, EncryptionMethod

TITLE = "Kelp Forests Calm the Waves of Sheltered Coves"
BYLINE = "Mara Quill1*, Tomas van den Berg2 and J. R. Okafor1"
LEFT, RIGHT, TOP, WIDTH, LEADING = 20.0, 110.0, 30.0, 80.0, 5.0
HEAD = "Quill et al. Journal of Coastal Botany 2019, 7:112"

Column = Sequence[tuple[str, str]]
"""Lines with their kind: ``text``, ``indent``, ``head``, ``small``, ``mark``, ``note``, ``close``, ``gap``."""


def make_paper(
    pages: Sequence[Sequence[Column]],
    *,
    head: str = HEAD,
    front: bool = True,
    password: str | None = None,
    owner: str | None = None,
    line_numbers: bool = False,
) -> bytes:
    """A paper of pages of columns; with ``owner`` alone only what may be done with it is restricted."""
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(False)
    if owner or password:
        pdf.set_encryption(
            owner_password=owner or "owner",
            user_password=password,
            encryption_method=EncryptionMethod.RC4,
            permissions=AccessPermission.none(),
        )
    for number, columns in enumerate(pages, 1):
        pdf.add_page()
        _put(pdf, 8, LEFT, 12, head)
        _put(pdf, 8, 185, 290, f"Page {number} of {len(pages)}")
        top = TOP
        if front and number == 1:
            top = _draw_front(pdf)
        for x, column in zip((LEFT, RIGHT), columns, strict=False):
            _draw_column(pdf, x, top, column, line_numbers)
    return bytes(pdf.output())


def _draw_front(pdf: FPDF) -> float:
    _put(pdf, 18, LEFT, 32, TITLE, "B")
    _put(pdf, 11, LEFT, 40, BYLINE)
    _put(pdf, 8, LEFT, 46, "1 Department of Botany, University of Harbour City, Norway")
    _put(pdf, 8, LEFT, 50, "2 Marine Institute, Rotterdam; * mara.quill@example.org")
    return 62.0


def _draw_column(pdf: FPDF, x: float, top: float, column: Column, numbered: bool) -> None:
    y = top
    for at, (kind, text) in enumerate(column, 1):
        if kind == "gap":
            y += LEADING
            continue
        size = {"mark": 6.0, "note": 8.6, "small": 7.0, "head": 12.0}.get(kind, 10.0)
        _put(pdf, size, x + (4 if kind == "indent" else 0), y, text, "B" if kind == "head" else "")
        if numbered:
            _put(pdf, 7, x - 10, y, str(at))
        y += 0.8 * LEADING if kind == "close" else LEADING


def _put(pdf: Any, size: float, x: float, y: float, text: str, style: str = "") -> None:
    """Draw a text; what stands in ``^{ }`` is raised."""
    for part in re.split(r"(\^\{[^{}]*\})", text):
        is_raised = part.startswith("^{")
        pdf.set_font("Times", style, size * (0.65 if is_raised else 1))
        shown = part[2:-1] if is_raised else part
        pdf.text(x, y - (0.13 * size if is_raised else 0), shown)
        x += pdf.get_string_width(shown)
