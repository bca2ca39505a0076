"""The kind of each line of a PDF's page: text, heading, caption, footnote, or a row of a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from rag.readers.pdf_text import Line, Page, Word

LineKind = Literal["text", "small", "heading", "caption", "footnote", "row", "reference"]

SMALL_TYPE = 0.94
"""Type below this share of the body's is a footnote, caption or label."""
_LABEL = 0.72
"""Type below this share of the body's is part of a figure."""

CAPTION = re.compile(
    r"(?:fig(?:ure|\.)?|table|tab\.|algorithm|listing|scheme|box|plate|supplementary (?:fig|table)\w*+)"
    r"\s*+(?:S?\d++|[IVX]+\b)\s*(?:[.:|—–-]|\(|$|(?=[A-Z]))", re.I
)  # fmt: skip
NOTE_MARK = re.compile(r"(?:\d{1,2}|[*†‡§¶∗⋆]+)(?=\s?[A-Z\"“(h])")
_NUMBERED = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[IVX]{1,5}\.|[A-Z]\.(?:\d{1,2}\.?){0,3})\s+(?=\D)"
)
_NAMED = re.compile(
    r"(?:abstract|summary|introduction|background|related work|(?:materials and )?methods?(?: and materials)?"
    r"|methodology|experiments?|results?(?: and discussion)?|evaluation|discussion|limitations?|findings"
    r"|conclusions?(?: and .+)?|concluding remarks|acknowledge?ments?|acknowledgments?|appendix.*"
    r"|future work|competing interests|authors?['’]? contributions?|funding|key ?words?|data availability"
    r"|statement of need|supplementary .+|discussion and conclusions?)\W*", re.I
)  # fmt: skip
_LEAD_IN = re.compile(r"(?:abstract|summary|index terms|key ?words)\s*[.:—–-]+\s*\w", re.I)
_LONG_WORD, _FEW_WORDS = re.compile(r"[^\W\d_]{2,}"), 5
ENDS = re.compile(r"[.!?:;。！？][\"'”’)\]\d,]*$")


def classify_lines(
    lines: list[Line], page: Page, body_size: float
) -> Iterator[tuple[LineKind, Line]]:
    """Each line with its kind; rows of tables are joined, labels of figures left out."""
    aside: LineKind | None = None
    before: Line | None = None
    text_before: Line | None = None
    before_heading: Line | None = None
    for cells in _iter_rows(lines):
        in_text = text_before is not None and _goes_on(text_before, cells)
        line = cells[0] if len(cells) == 1 else _join_cells(cells, in_text)
        small = line.size < SMALL_TYPE * body_size
        is_near = before is not None and is_right_under(before, line)
        like = before is not None and _is_alike(before, line, small)
        if CAPTION.match(line.text) and (not is_near or small or line.bold or not like):
            aside = "caption"
        elif small and NOTE_MARK.match(line.text) and line.y < 0.6 * page.height:
            aside = "footnote"
        elif text_before is not None and _is_note_below(text_before, line, page):
            aside = "footnote"
        elif (
            small and not aside and line.y < 0.4 * page.height and _is_under(line, lines, body_size)
        ):
            aside = "footnote"
        elif aside and not (is_near and like and len(cells) == 1):
            aside = None
        before = line
        paragraph_line, text_before = text_before, None
        if aside:
            yield aside, line
        elif len(cells) > 1 and not in_text and not _is_stretched(cells):
            if sum(char.isalpha() for char in line.text) > 2:
                yield "row", line
        elif is_label(line, body_size) and not (in_text or _is_end_of(paragraph_line, line)):
            continue
        elif _is_heading(line, body_size) or (
            before_heading is not None and is_more_heading(before_heading, line)
        ):
            before_heading = line
            yield "heading", line
            continue
        else:
            text_before = line
            before_heading = None
            yield ("small" if small else "text"), line


def _is_note_below(before: Line, line: Line, page: Page) -> bool:
    """Whether a mark begins a note in type of the text's size, far under a sentence that is not at its end."""
    return (
        line.y < 0.25 * page.height
        and NOTE_MARK.match(line.text) is not None
        and not ENDS.search(before.text)
        and before.y - line.y > 1.9 * line.size
        and line.x0 < before.x1
        and before.x0 < line.x1
    )


def _is_alike(before: Line, line: Line, small: bool) -> bool:
    """Whether two lines are of one type.

    Of a caption or note the first line may be taken for the type of its label or mark alone.
    """
    begins = CAPTION.match(before.text) or NOTE_MARK.match(before.text)
    unfinished = bool(begins) and not ENDS.search(before.text)
    return abs(before.size - line.size) < 0.4 or (small and unfinished)


def _is_end_of(before: Line | None, line: Line) -> bool:
    """Whether a few letters end the sentence of the line above: ``et al., 2014).``, or ``it.``, say.

    Or a line of text is full of figures: ``It was 0.83 on 25 stems, 5 m, in 1998, of 1,245.``
    """
    if before is None or not is_right_under(before, line) or abs(before.size - line.size) >= 1:
        return False
    off = abs(before.x0 - line.x0)
    ends = (before.text.endswith(",") or not ENDS.search(before.text)) and ENDS.search(line.text)
    is_text = off < 0.3 * before.size and len(_LONG_WORD.findall(line.text)) >= _FEW_WORDS
    return is_text or (bool(ends) and off < 1.5 * before.size)


def _goes_on(before: Line, cells: Sequence[Line]) -> bool:
    """Whether parts of a line go on with an unfinished sentence, around a formula without letters."""
    return (
        len(cells) > 1
        and not ENDS.search(before.text)
        and is_right_under(before, cells[0])
        and abs(cells[0].x0 - before.x0) < 1.5 * before.size
        and all(abs(cell.size - before.size) < 1 for cell in cells)
        and cells[-1].x1 < before.x1 + 2 * before.size
    )


def _is_under(line: Line, lines: Sequence[Line], body_size: float) -> bool:
    """Whether the column above a line is text of ordinary size."""
    if len(line.words) < 3:
        return False
    above = [
        upper for upper in lines if upper.y > line.y and upper.x0 < line.x1 and line.x0 < upper.x1
    ]
    return sum(neighbour.size >= SMALL_TYPE * body_size for neighbour in above) >= 8


def is_right_under(before: Line, line: Line) -> bool:
    """Whether a line stands right under the one before."""
    down = before.y - line.y
    return (
        0 < down < 1.7 * max(before.size, line.size) and line.x0 < before.x1 and before.x0 < line.x1
    )


def _iter_rows(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Lines beside each other, together."""
    row: list[Line] = []
    for line in lines:
        if row and not (abs(row[-1].y - line.y) < 0.3 * line.size and line.x0 > row[-1].x1):
            yield row
            row = []
        row.append(line)
    if row:
        yield row


def _is_stretched(cells: Sequence[Line]) -> bool:
    """Whether they are one line of justified text with wide spaces."""
    gaps = [next_cell.x0 - cell.x1 for cell, next_cell in zip(cells, cells[1:], strict=False)]
    n_words = sum(len(cell.words) for cell in cells)
    return n_words >= 6 and max(gaps) < 3 * cells[0].size and n_words >= 3 * len(cells)


def _join_cells(cells: Sequence[Line], in_text: bool) -> Line:
    words = list(cells[0].words)
    stretched = in_text or _is_stretched(cells)
    for cell in cells[1:]:
        if not stretched:
            edge = cell.words[0]
            words.append(Word("|", edge.x0, edge.x0, edge.y, edge.size, edge.font))
        words += cell.words
    return Line(tuple(words), max(cell.size for cell in cells), cells[0].font)


def is_label(line: Line, body_size: float) -> bool:
    """Whether a line belongs to a figure or formula: tiny, or hardly a letter."""
    text = line.text
    letters = sum(map(str.isalpha, text))
    tiny = line.size < _LABEL * body_size and len(line.words) < 6
    return tiny or letters < 3 or letters < 0.35 * len(text.replace(" ", ""))


def _is_heading(line: Line, body_size: float) -> bool:
    text = line.text
    if len(text) > 110 or len(line.words) > 14 or text.endswith((",", ";", "-")):
        return False
    if _LEAD_IN.match(text):
        return False
    italic = re.search(r"ital|obli|CMTI|slant", line.font, re.I) and _NUMBERED.match(text)
    stands_out = bool(
        line.bold or italic or line.size > 1.06 * body_size or (text.isupper() and len(text) > 5)
    )
    if _NAMED.fullmatch(_NUMBERED.sub("", text)):
        return stands_out or text[:1].isupper()
    if text.endswith("."):
        return False
    numbered = _NUMBERED.match(text)
    begins = text[numbered.end() :][:1].isupper() if numbered else text[:1].isupper()
    return stands_out and begins and (bool(numbered) or line.size > 1.06 * body_size or line.bold)


def is_more_heading(before: Line, line: Line) -> bool:
    """Whether a heading goes on in this line: in its type, right under it."""
    return (
        is_right_under(before, line)
        and before.font == line.font
        and before.bold == line.bold
        and abs(before.size - line.size) < 0.3
        and (line.bold or "ital" in line.font.lower())
        and not line.text.endswith(".")
        and not _NUMBERED.match(line.text)
    )
