"""Paragraphs of a PDF's lines: sentences go on over columns and pages, words over line ends."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from rag.readers.pdf_lines import (
    CAPTION,
    ENDS,
    NOTE_MARK,
    SMALL_TYPE,
    LineKind,
    is_label,
    is_more_heading,
    is_right_under,
)
from rag.readers.pdf_text import Line

_REFERENCE_MARK = re.compile(
    r"\[\w{1,12}\+?\d*\]|\(?(?P<figure>\d{1,3})(?:[.)]?\s|[.)](?=[^\W\d_a-z]))"
)
_FIRST_AUTHOR = re.compile(
    r"[^\W\d_a-z][\w'’-]+(?: [^\W\d_a-z][\w'’-]+)?, (?:[^\W\d_a-z]\.[ -]?){1,4}[,;:&(]?|[^\W\d_a-z][\w'’-]+ [A-Z]{1,3}[,.] "
)
"""``Roe, R.``, ``Roe RS,``: how a reference begins where neither a mark nor an indent says so."""
_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
_WHOLE_END = re.compile(r"(?:[^\W\d_]{2}|[\d)\]>])\.$|\d$")
"""How a reference ends: not with an initial ("In R.") or "In:"."""
_HYPHEN_END = re.compile(r"(?<!\w)(\w++)(?<=[a-zß-ÿ])-$")


@dataclass(slots=True)
class Paragraph:
    """One paragraph; ``pages`` holds where in its text each further page begins."""

    kind: LineKind
    text: str
    page: int
    pages: list[tuple[int, int]] = field(default_factory=list)
    """(offset, page), the first with offset 0."""


def build_paragraphs(
    lines: Sequence[tuple[int, LineKind, Line]], known: Counter[str], body_size: float
) -> Iterator[Paragraph]:
    """Paragraphs in order; an aside comes behind the text that it interrupts, on its own page."""
    leading = _find_leading(lines, body_size)
    current: Paragraph | None = None
    last: Line | None = None
    asides: list[Paragraph] = []
    last_aside: tuple[LineKind, Line] | None = None
    for at, (number, kind, line) in enumerate(lines):
        if current is not None and current.page < number and asides:
            before = [aside for aside in asides if aside.page == current.page]
            yield from before
            asides = [aside for aside in asides if aside.page != current.page]
        if (
            current is not None
            and current.kind == "text"
            and (kind == "small" or (kind == "heading" and line.size < SMALL_TYPE * body_size))
            and not ENDS.search(current.text)
        ):
            kind = "footnote"  # a box beside the text
        if kind in ("caption", "footnote", "row"):
            if (
                asides
                and last_aside
                and kind != "row"
                and last_aside[0] == kind
                and is_right_under(last_aside[1], line)
                and not (CAPTION if kind == "caption" else NOTE_MARK).match(line.text)
            ):
                _append(asides[-1], line.text, number, known)
            else:
                asides.append(Paragraph(kind, line.text, number, [(0, number)]))
            last_aside = (kind, line)
            continue
        following = next((line for _, k, line in lines[at + 1 : at + 3] if k == kind), None)
        if (
            current is not None
            and last is not None
            and current.kind == kind
            and _is_continued(current.text, last, line, following, leading, kind == "heading")
        ):
            _append(current, line.text, number, known)
        else:
            if current is not None:
                yield current
            yield from asides
            asides = []
            current = Paragraph(kind, line.text, number, [(0, number)])
        last = line
    if current is not None:
        yield current
    yield from asides


def _find_leading(lines: Sequence[tuple[int, LineKind, Line]], body_size: float) -> float:
    steps = [
        first.y - second.y
        for (p, k, first), (q, j, second) in zip(lines, lines[1:], strict=False)
        if p == q and k == j == "text" and 0 < first.y - second.y < 3 * body_size
    ]
    return median(steps) if steps else 1.2 * body_size


def _is_continued(
    text: str, last: Line, line: Line, following: Line | None, leading: float, heading: bool
) -> bool:
    """Whether a line goes on with the paragraph that the last line stands in."""
    size = max(line.size, 1.0)
    if abs(last.size - line.size) > 0.15 * size:
        return False
    if heading:
        return is_more_heading(last, line)
    down = last.y - line.y
    if 0 < down < 4 * leading and abs(line.x0 - last.x0) < 8 * size:  # in the same column
        indented = 0.7 * size < line.x0 - last.x0 < 4.5 * size and (
            following is None or line.x0 - following.x0 > 0.7 * size or following.y > line.y
        )
        if down > 1.45 * max(leading, size):
            return not ENDS.search(text) and line.text[:1].islower()
        return not (indented and ENDS.search(text))
    if not ENDS.search(text) or line.text[:1].islower():
        return True
    return False


def _append(paragraph: Paragraph, line: str, page: int, known: Counter[str]) -> None:
    """Join a line to a paragraph; a word parted at the line's end is whole."""
    match = _HYPHEN_END.search(paragraph.text, max(0, len(paragraph.text) - 60))
    next_word = re.match(r"[a-zß-ÿ]\w*", line)
    if match and next_word:
        hyphenated = f"{match[1]}-{next_word[0]}".lower()
        plain = f"{match[1]}{next_word[0]}".lower()
        compound = known[hyphenated] > known[plain] or paragraph.text[: match.start()].endswith("-")
        if not compound:
            paragraph.text = paragraph.text[:-1]
    elif not (paragraph.text.endswith(("-", "–", "/")) and line[:1].isalnum()):
        paragraph.text += " "
    if page != paragraph.pages[-1][1]:
        paragraph.pages.append((len(paragraph.text), page))
    paragraph.text += line


def build_references(lines: Sequence[tuple[int, Line]], known: Counter[str]) -> Iterator[str]:
    """Reference by reference: each begins with its mark, or further left than its other lines."""
    if not lines:
        return
    marked = sum(bool(_REFERENCE_MARK.match(line.text)) for _, line in lines) > len(lines) / 8
    current: Paragraph | None = None
    last: Line | None = None
    figure = 0
    for number, line in lines:
        if is_label(line, line.size) and not _REFERENCE_MARK.match(line.text):
            continue
        if marked:
            mark = _REFERENCE_MARK.match(line.text)
            printed = int(mark["figure"]) if mark and mark["figure"] else 0
            # "12 (3), 1-9." goes on with the fourth reference
            begins = mark is not None and (not (figure and printed) or 0 < printed - figure < 4)
            figure = printed if begins else figure
        else:
            begins = last is not None and (
                last.x0 - line.x0 > 0.6 * line.size
                or (bool(ENDS.search(last.text)) and last.y - line.y > 1.3 * line.size)
                or (abs(last.x0 - line.x0) > 8 * line.size and bool(ENDS.search(last.text)))
                or (
                    current is not None
                    and _WHOLE_END.search(last.text) is not None
                    and _YEAR.search(current.text) is not None
                    and _FIRST_AUTHOR.match(line.text) is not None
                )
            )
        if current is not None and not begins:
            _append(current, line.text, number, known)
        else:
            if current is not None:
                yield current.text
            current = Paragraph("reference", line.text, number, [(0, number)])
        last = line
    if current is not None:
        yield current.text
