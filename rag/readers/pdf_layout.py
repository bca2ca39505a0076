"""The running text of a PDF: its sentences in order, apart from all that stands between them.

Running heads, page and line numbers go. Headings begin sections. Captions, footnotes and the rows
of tables are paragraphs of their own behind the paragraph that they interrupt. References are kept
apart. A sentence goes on over columns and pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from rag.readers.pdf_text import Line, Page, Word

Kind = Literal["text", "small", "heading", "caption", "footnote", "row", "reference"]

_HEAD_ZONE, _FOOT_ZONE = 0.9, 0.1
"""Heights of the page, as shares, above and below which running heads stand."""
_SMALL = 0.94
"""Type below this share of the body's is a footnote, caption or label."""
_LABEL = 0.72
"""Type below this share of the body's is part of a figure."""

_NUMBER_LINE = re.compile(
    r"\W*(?:page\s*)?(?:\d{1,5}|[ivxl]{1,6})(?:\s*(?:of|/)\s*\d{1,5})?\W*", re.I
)
_CAPTION = re.compile(
    r"(?:fig(?:ure|\.)?|table|tab\.|algorithm|listing|scheme|box|plate|supplementary (?:fig|table)\w*+)"
    r"\s*+(?:S?\d++|[IVX]+\b)\s*(?:[.:|—–-]|\(|$|(?=[A-Z]))", re.I
)  # fmt: skip
_NOTE_MARK = re.compile(r"(?:\d{1,2}|[*†‡§¶∗⋆]+)(?=\s?[A-Z\"“(h])")
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
_REFERENCES = re.compile(
    r"(?:\d{1,2}\.?\s+|[IVX]+\.\s+)?(?:references?(?: and notes| cited)?|bibliography|literature cited|works cited"
    r"|literature|notes and references|references and further reading)\W*", re.I
)  # fmt: skip
_AFTER_REFERENCES = re.compile(r"(?:appendi|supplement|[A-Z]\.?\d*\.?\s+[A-Z][a-z])", re.I)
_REFERENCE_MARK = re.compile(r"\[\w{1,12}\+?\d*\]|\(?\d{1,3}[.)]?\s")
_ENDS = re.compile(r"[.!?:;。！？][\"'”’)\]\d,]*$")
_HYPHEN_END = re.compile(r"(?<!\w)(\w++)(?<=[a-zß-ÿ])-$")
_WORD = re.compile(r"[\w-]+")


@dataclass(slots=True)
class Paragraph:
    """One paragraph; ``pages`` holds where in its text each further page begins."""

    kind: Kind
    text: str
    page: int
    pages: list[tuple[int, int]] = field(default_factory=list)
    """(offset, page), the first with offset 0."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The document's paragraphs in order, its references, and its running heads.

    Attributes:
        paragraphs: Of every kind but ``reference``.
        references: One text each.
        margins: The texts of heads and feet of the first page.
        body_size: The type size of most of the text.
    """

    paragraphs: tuple[Paragraph, ...]
    references: tuple[str, ...]
    margins: tuple[str, ...]
    body_size: float


def build_layout(pages: Sequence[Page], front_page: int, front: frozenset[int]) -> Layout:
    """The layout of a document.

    Args:
        pages: In order.
        front_page: The number of the page that the title stands on.
        front: Positions of its lines that are title, people and their places.
    """
    body_size = find_body_size(pages)
    repeated = _find_repeated(pages)
    margins: list[str] = []
    lines: list[tuple[int, Kind, Line]] = []
    references: list[tuple[int, Line]] = []
    in_references = False
    for page in pages:
        kept = [
            line
            for at, line in enumerate(page.lines)
            if not (page.number == front_page and at in front) and line.upright
        ]
        kept = _drop_line_numbers(kept)
        rest: list[Line] = []
        for line in kept:
            if _is_margin(line, page, repeated, body_size):
                if page.number == front_page:
                    margins.append(line.text)
            else:
                rest.append(line)
        for kind, line in _classify(_order_columns(rest, page), page, body_size):
            if in_references:
                if kind == "heading" and _AFTER_REFERENCES.match(line.text):
                    in_references = False
                else:
                    references.append((page.number, line))
                    continue
            if kind in ("heading", "text", "small") and _is_references_heading(
                line, lines, page, pages
            ):
                in_references = True
                continue
            lines.append((page.number, kind, line))
    known = Counter(
        word.lower() for page in pages for line in page.lines for word in _WORD.findall(line.text)
    )
    paragraphs = tuple(_build_paragraphs(lines, known, body_size))
    return Layout(
        paragraphs, tuple(_build_references(references, known)), tuple(margins), body_size
    )


def find_body_size(pages: Sequence[Page]) -> float:
    letters: Counter[float] = Counter()
    for page in pages:
        for line in page.lines:
            if line.upright:
                letters[round(line.size * 2) / 2] += len(line.text)
    return letters.most_common(1)[0][0] if letters else 0.0


# --- what is no text -------------------------------------------------------------------------


def _key(text: str) -> str:
    return re.sub(r"[\W\d]+", "", text.lower())


def _in_margin(line: Line, page: Page) -> bool:
    return line.y > _HEAD_ZONE * page.height or line.y + line.size < _FOOT_ZONE * page.height


def _find_repeated(pages: Sequence[Page]) -> frozenset[str]:
    """Texts, without figures, that stand at the heads or feet of two pages or more."""
    counts: Counter[str] = Counter()
    for page in pages:
        counts.update({_key(line.text) for line in page.lines if _in_margin(line, page)})
    return frozenset(key for key, n in counts.items() if n > 1)


_PUBLISHER = re.compile(
    r"proceedings|conference|journal|transactions|\bvol\b|©|copyright|doi\b|arxiv|licen[sc]e|permission|"
    r"published|www\.|https?:", re.I
)  # fmt: skip


def _is_margin(line: Line, page: Page, repeated: frozenset[str], body_size: float) -> bool:
    if not _in_margin(line, page):
        return bool(re.fullmatch(r"\W*\d{1,4}\W*", line.text)) and (
            line.y > 0.88 * page.height or line.y < 0.12 * page.height
        )
    if _NUMBER_LINE.fullmatch(line.text) or (_key(line.text) in repeated and len(line.text) < 160):
        return True
    return page.number == 1 and (line.size < 0.97 * body_size or bool(_PUBLISHER.search(line.text)))


def _drop_line_numbers(lines: list[Line]) -> list[Line]:
    """Without the numbers that a manuscript prints beside its lines."""
    numbers = [line for line in lines if re.fullmatch(r"\d{1,4}", line.text)]
    for edge in (_get_left, _get_right):  # set flush at either side
        by_edge = Counter(map(edge, numbers))
        edges = {
            at for at, n in by_edge.items() if n >= 10 and n > 0.3 * (len(lines) - len(numbers))
        }
        if edges:
            own = {id(line) for line in numbers if edge(line) in edges}
            return [line for line in lines if id(line) not in own]
    return lines


def _get_left(line: Line) -> int:
    return round(line.x0 / 4)


def _get_right(line: Line) -> int:
    return round(line.x1 / 4)


def _order_columns(lines: list[Line], page: Page) -> list[Line]:
    """Left column before right, where the file goes across both."""
    middle = page.width / 2
    across = sum(
        abs(one.y - two.y) < 1 and one.x1 < middle + 8 and two.x0 > middle - 8
        for one, two in zip(lines, lines[1:], strict=False)
    )
    if len(lines) < 20 or across < 0.3 * len(lines):
        return lines
    ordered: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in lines:
        if line.x1 < middle + 8:
            left.append(line)
        elif line.x0 > middle - 8:
            right.append(line)
        else:
            ordered += [*left, *right, line]
            left, right = [], []
    return [*ordered, *left, *right]


# --- kinds of lines --------------------------------------------------------------------------


def _classify(lines: list[Line], page: Page, body_size: float) -> Iterator[tuple[Kind, Line]]:
    """Each line with its kind; rows of tables are joined, labels of figures left out."""
    aside: Kind | None = None
    before: Line | None = None
    text_before: Line | None = None
    before_heading: Line | None = None
    for cells in _iter_rows(lines):
        in_text = text_before is not None and _goes_on(text_before, cells)
        line = cells[0] if len(cells) == 1 else _join_cells(cells, in_text)
        small = line.size < _SMALL * body_size
        near = before is not None and _follows(before, line)
        like = before is not None and abs(before.size - line.size) < 0.4
        if _CAPTION.match(line.text) and (not near or small or line.bold or not like):
            aside = "caption"
        elif small and _NOTE_MARK.match(line.text) and line.y < 0.6 * page.height:
            aside = "footnote"
        elif (
            small and not aside and line.y < 0.4 * page.height and _is_under(line, lines, body_size)
        ):
            aside = "footnote"
        elif aside and not (near and like and len(cells) == 1):
            aside = None
        before = line
        text_before = None
        if aside:
            yield aside, line
        elif len(cells) > 1 and not in_text and not _is_stretched(cells):
            if sum(char.isalpha() for char in line.text) > 2:
                yield "row", line
        elif _is_label(line, body_size):
            continue
        elif _is_heading(line, body_size) or (
            before_heading is not None and _is_more_heading(before_heading, line)
        ):
            before_heading = line
            yield "heading", line
            continue
        else:
            text_before = line
            before_heading = None
            yield ("small" if small else "text"), line


def _goes_on(before: Line, cells: Sequence[Line]) -> bool:
    """Whether parts of a line go on with an unfinished sentence, around a formula without letters."""
    return (
        len(cells) > 1
        and not _ENDS.search(before.text)
        and _follows(before, cells[0])
        and abs(cells[0].x0 - before.x0) < 1.5 * before.size
        and all(abs(cell.size - before.size) < 1 for cell in cells)
        and cells[-1].x1 < before.x1 + 2 * before.size
    )


def _is_under(line: Line, lines: Sequence[Line], body_size: float) -> bool:
    """Whether the column above a line is text of ordinary size."""
    if len(line.words) < 3:
        return False
    above = [
        other for other in lines if other.y > line.y and other.x0 < line.x1 and line.x0 < other.x1
    ]
    return sum(other.size >= _SMALL * body_size for other in above) >= 8


def _follows(before: Line, line: Line) -> bool:
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
    gaps = [two.x0 - one.x1 for one, two in zip(cells, cells[1:], strict=False)]
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


def _is_label(line: Line, body_size: float) -> bool:
    """Whether a line belongs to a figure or formula: tiny, or hardly a letter."""
    text = line.text
    letters = sum(char.isalpha() for char in text)
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


def _is_more_heading(before: Line, line: Line) -> bool:
    """Whether a heading goes on in this line: in its type, right under it."""
    return (
        _follows(before, line)
        and before.font == line.font
        and before.bold == line.bold
        and abs(before.size - line.size) < 0.3
        and (line.bold or "ital" in line.font.lower())
        and not line.text.endswith(".")
        and not _NUMBERED.match(line.text)
    )


def _is_references_heading(
    line: Line, before: Sequence[tuple[int, Kind, Line]], page: Page, pages: Sequence[Page]
) -> bool:
    return bool(
        _REFERENCES.fullmatch(line.text)
        and line.text[:1].isupper() | line.text[:1].isdigit()
        and (page.number > len(pages) // 3 or len(pages) < 3)
        and len(before) > 10
    )


# --- paragraphs ------------------------------------------------------------------------------


def _build_paragraphs(
    lines: Sequence[tuple[int, Kind, Line]], known: Counter[str], body_size: float
) -> Iterator[Paragraph]:
    """Paragraphs in order; an aside comes behind the text that it interrupts, on its own page."""
    leading = _find_leading(lines, body_size)
    current: Paragraph | None = None
    last: Line | None = None
    asides: list[Paragraph] = []
    last_aside: tuple[Kind, Line] | None = None
    for at, (number, kind, line) in enumerate(lines):
        if current is not None and current.page < number and asides:
            before = [aside for aside in asides if aside.page == current.page]
            yield from before
            asides = [aside for aside in asides if aside.page != current.page]
        if (
            current is not None
            and current.kind == "text"
            and (kind == "small" or (kind == "heading" and line.size < _SMALL * body_size))
            and not _ENDS.search(current.text)
        ):
            kind = "footnote"  # a box beside the text
        if kind in ("caption", "footnote", "row"):
            if (
                asides
                and last_aside
                and kind != "row"
                and last_aside[0] == kind
                and _follows(last_aside[1], line)
                and not (_CAPTION if kind == "caption" else _NOTE_MARK).match(line.text)
            ):
                _append(asides[-1], line.text, number, known)
            else:
                asides.append(Paragraph(kind, line.text, number, [(0, number)]))
            last_aside = (kind, line)
            continue
        following = next((other for _, k, other in lines[at + 1 : at + 3] if k == kind), None)
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


def _find_leading(lines: Sequence[tuple[int, Kind, Line]], body_size: float) -> float:
    steps = [
        one.y - two.y
        for (p, k, one), (q, j, two) in zip(lines, lines[1:], strict=False)
        if p == q and k == j == "text" and 0 < one.y - two.y < 3 * body_size
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
        return _is_more_heading(last, line)
    down = last.y - line.y
    if 0 < down < 4 * leading and abs(line.x0 - last.x0) < 8 * size:  # in the same column
        indented = 0.7 * size < line.x0 - last.x0 < 4.5 * size and (
            following is None or line.x0 - following.x0 > 0.7 * size or following.y > line.y
        )
        if down > 1.45 * max(leading, size):
            return not _ENDS.search(text) and line.text[:1].islower()
        return not (indented and _ENDS.search(text))
    if not _ENDS.search(text) or line.text[:1].islower():
        return True
    return False


def _append(paragraph: Paragraph, line: str, page: int, known: Counter[str]) -> None:
    """Join a line to a paragraph; a word parted at the line's end is whole."""
    match = _HYPHEN_END.search(paragraph.text, max(0, len(paragraph.text) - 60))
    next_word = re.match(r"[a-zß-ÿ]\w*", line)
    if match and next_word:
        hyphenated = f"{match[1]}-{next_word[0]}".lower()
        whole = f"{match[1]}{next_word[0]}".lower()
        compound = known[hyphenated] > known[whole] or paragraph.text[: match.start()].endswith("-")
        if not compound:
            paragraph.text = paragraph.text[:-1]
    elif not (paragraph.text.endswith(("-", "–", "/")) and line[:1].isalnum()):
        paragraph.text += " "
    if page != paragraph.pages[-1][1]:
        paragraph.pages.append((len(paragraph.text), page))
    paragraph.text += line


def _build_references(lines: Sequence[tuple[int, Line]], known: Counter[str]) -> Iterator[str]:
    """Reference by reference: each begins with its mark, or further left than its other lines."""
    if not lines:
        return
    marked = sum(bool(_REFERENCE_MARK.match(line.text)) for _, line in lines) > len(lines) / 8
    current: Paragraph | None = None
    last: Line | None = None
    for number, line in lines:
        if _is_label(line, line.size) and not _REFERENCE_MARK.match(line.text):
            continue
        if marked:
            begins = bool(_REFERENCE_MARK.match(line.text))
        else:
            begins = last is not None and (
                last.x0 - line.x0 > 0.6 * line.size
                or (bool(_ENDS.search(last.text)) and last.y - line.y > 1.3 * line.size)
                or (abs(last.x0 - line.x0) > 8 * line.size and bool(_ENDS.search(last.text)))
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
