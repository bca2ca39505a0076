"""The smallest PDFs that show what a reader must cope with, written byte by byte."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

Line = tuple[float, str]
"""Type size and text; lines are set from the top of the page downwards."""


def make_pdf(pages: Sequence[Sequence[Line]], info: Mapping[str, str] | None = None) -> bytes:
    """A PDF with one text line under another; a page without lines is what a scan looks like."""
    n_pages = len(pages)
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(n_pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {n_pages} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for i, lines in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * i} 0 R >>".encode()
        )
        content = _content(lines)
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    trailer = ""
    if info:
        pairs = " ".join(f"/{key} ({value})" for key, value in info.items())
        objects.append(f"<< {pairs} >>".encode("cp1252"))
        trailer = f"/Info {len(objects)} 0 R "
    return _file(objects, trailer)


def _content(lines: Sequence[Line]) -> bytes:
    parts: list[bytes] = []
    y = 760.0
    for size, text in lines:
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        parts.append(f"BT /F1 {size} Tf 60 {y:.1f} Td ({escaped}) Tj ET".encode("cp1252"))
        y -= size * 1.4
    return b"\n".join(parts)


def _file(objects: Sequence[bytes], trailer: str) -> bytes:
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    offsets: list[int] = []
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for offset in offsets:
        out.write(b"%010d 00000 n \n" % offset)
    out.write(
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {trailer}>>\n"
        f"startxref\n{start}\n%%EOF\n".encode()
    )
    return out.getvalue()
