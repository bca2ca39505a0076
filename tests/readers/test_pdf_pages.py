"""A page is drawn with the quote marked, whatever parts the quote on the page."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from rag.readers import read_bytes
from rag.readers.pdf_pages import draw_page, find_quote
from rag.readers.process import ReadingLimits
from rag.types.errors import ReadError
from tests.readers.paper_maker import make_paper
from tests.readers.test_pdf_layout import LEFT, RIGHT, SECOND_LEFT

DATA = make_paper([[LEFT, RIGHT], [SECOND_LEFT]])
YELLOW = (255, 214, 64)


def find_boxes(page: int, quote: str) -> list[tuple[float, float, float, float]]:
    document = pypdfium2.PdfDocument(DATA)
    return find_quote(document[page - 1], quote)


def test_a_quote_is_marked_line_by_line_over_hyphens() -> None:
    boxes = find_boxes(
        1, "Many people hold that seaweed slows them, but few have measured how far."
    )
    assert len(boxes) == 2
    (left, low, _, high), (left_after, low_after, _, high_after) = boxes
    assert left > left_after, "the sentence begins within its first line"
    assert low > low_after and high > high_after


def test_a_quote_over_two_columns_is_marked_in_both() -> None:
    boxes = find_boxes(1, "kelp stands from May onwards, and fishermen say that it calms the water")
    assert min(box[0] for box in boxes) < 297 < max(box[0] for box in boxes)


def test_of_a_quote_over_two_pages_the_part_that_is_here_is_marked() -> None:
    (entry,) = read_bytes("kelp.pdf", DATA).entries
    start = entry.text.index("A second paragraph begins")
    quote = entry.text[start : entry.text.index("for years.") + len("for years.")]
    assert find_boxes(1, quote) and find_boxes(2, quote)


def test_what_does_not_stand_on_the_page_is_not_marked() -> None:
    assert find_boxes(2, "Nothing of this sentence stands on the page.") == []


def test_a_page_is_drawn_with_its_quote_in_colour(tmp_path: Path) -> None:
    path = tmp_path / "kelp.pdf"
    path.write_bytes(DATA)
    drawn = draw_page(path, 1, "kelp halves their height in winter storms.", ReadingLimits())
    image = Image.open(io.BytesIO(drawn))
    assert image.width > 800
    colours = {colour for _, colour in image.getcolors(1 << 20) or []}
    assert YELLOW in colours


def test_a_file_that_cannot_be_drawn_is_told(tmp_path: Path) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(b"%PDF-1.7 nothing")
    with pytest.raises(ReadError, match=r"page 1 of 'broken\.pdf' cannot be drawn"):
        draw_page(path, 1, "kelp", ReadingLimits())
