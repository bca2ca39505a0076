"""The running text of a PDF: its sentences in order, apart from all that stands between them.

Running heads, page and line numbers go. Headings begin sections. Captions, footnotes and the rows
of tables are paragraphs of their own behind the paragraph that they interrupt. References are kept
apart. A sentence goes on over columns and pages.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag.readers.pdf_lines import LineKind, classify_lines
from rag.readers.pdf_paragraphs import Paragraph, build_paragraphs, build_references
from rag.readers.pdf_text import Line, Page

_HEAD_ZONE, _FOOT_ZONE = 0.9, 0.1
"""Heights of the page, as shares, above and below which running heads stand."""
_NUMBER_LINE = re.compile(
    r"\W*(?:page\s*)?(?:\d{1,5}|[ivxl]{1,6})(?:\s*(?:of|/)\s*\d{1,5})?\W*", re.I
)
_REFERENCES = re.compile(
    r"(?:\d{1,2}\.?\s+|[IVX]+\.\s+)?(?:references?(?: and notes| cited)?|bibliography|literature cited|works cited"
    r"|literature|notes and references|references and further reading)\W*", re.I
)  # fmt: skip
_AFTER_REFERENCES = re.compile(r"(?:appendi|supplement|[A-Z]\.?\d*\.?\s+[A-Z][a-z])", re.I)
_WORD = re.compile(r"[\w-]+")


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
    lines: list[tuple[int, LineKind, Line]] = []
    references: list[tuple[int, Line]] = []
    in_references = False
    for page in pages:
        body_lines = [
            line
            for at, line in enumerate(page.lines)
            if not (page.number == front_page and at in front) and line.upright
        ]
        body_lines = _drop_line_numbers(body_lines)
        rest: list[Line] = []
        for line in body_lines:
            if _is_margin(line, page, repeated, body_size):
                if page.number == front_page:
                    margins.append(line.text)
            else:
                rest.append(line)
        for kind, line in classify_lines(_order_columns(rest, page), page, body_size):
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
    paragraphs = tuple(build_paragraphs(lines, known, body_size))
    return Layout(paragraphs, tuple(build_references(references, known)), tuple(margins), body_size)


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
            numbering = {id(line) for line in numbers if edge(line) in edges}
            return [line for line in lines if id(line) not in numbering]
    return lines


def _get_left(line: Line) -> int:
    return round(line.x0 / 4)


def _get_right(line: Line) -> int:
    return round(line.x1 / 4)


def _order_columns(lines: list[Line], page: Page) -> list[Line]:
    """Left column before right, where the file goes across both."""
    middle = page.width / 2
    across = sum(
        abs(before.y - after.y) < 1 and before.x1 < middle + 8 and after.x0 > middle - 8
        for before, after in zip(lines, lines[1:], strict=False)
    )
    if len(lines) < 20 or across < 0.3 * len(lines):
        return lines
    ordered: list[Line] = []
    left_column: list[Line] = []
    right_column: list[Line] = []
    for line in lines:
        if line.x1 < middle + 8:
            left_column.append(line)
        elif line.x0 > middle - 8:
            right_column.append(line)
        else:
            ordered += [*left_column, *right_column, line]
            left_column, right_column = [], []
    return [*ordered, *left_column, *right_column]


def _is_references_heading(
    line: Line, before: Sequence[tuple[int, LineKind, Line]], page: Page, pages: Sequence[Page]
) -> bool:
    return bool(
        _REFERENCES.fullmatch(line.text)
        and line.text[:1].isupper() | line.text[:1].isdigit()
        and (page.number > len(pages) // 3 or len(pages) < 3)
        and len(before) > 10
    )
