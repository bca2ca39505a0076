"""Lines of a PDF with their place and type, by pypdfium2.

pdfium gives characters in reading order and says where a line ends. What it parts at a raised
mark ("Ada Lovelace", "†", ", Bo Li") is one line again here, and what stands far apart in one line
(two columns, the cells of a table) is two. Lone accents of old TeX fonts sit on their letters.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import atan2, hypot
from typing import Any, NamedTuple

MAX_PAGE_CHARS = 200_000
"""Further characters of one page are left out: a page of small print has 10,000."""

GAP = 1.6
"""Parts of a line that are this many type sizes apart are lines of their own."""

_ACCENTS = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "˜": "\u0303", "ˇ": "\u030c",
    "¸": "\u0327", "˚": "\u030a", "˘": "\u0306", "˝": "\u030b", "¯": "\u0304", "˙": "\u0307",
    "ˋ": "\u0300", "ˊ": "\u0301",
}  # fmt: skip
_REACH = 60
"""How many characters from its letter an accent may stand in the file."""
_HYPHENS = "\x02\ufffe"
"""pdfium's signs for a hyphen that ends a line."""
UNREADABLE = "\ufffd"
_SPACE_CODES = frozenset(map(ord, "\t\n\r"))
_BOLD = re.compile(r"bold|black|heavy|CMBX|-B$|Medi\b|\.B\b|SFBX", re.I)
_RAISED_SIZE = 0.85
_FIGURE = re.compile(r"[-+−–]?\d")
_LAST_FIGURES = re.compile(r"(\d[\d.,+−–-]{0,14}\d)\D{0,3}$")
_LIGATURES = re.compile("[ﬀ-ﬆ]")


class Word(NamedTuple):
    """Characters without white space; ``y`` is the baseline, from the bottom of the page."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    font: str = ""
    glued: bool = False
    """Whether it follows without a space, as a raised mark does."""


@dataclass(frozen=True)
class Line:
    """Words on one baseline; what follows from them is computed once, as layout asks it 70 times a line.

    Attributes:
        words: At least one, in order.
        size: The type size of most of its letters.
        font: The name of the font of its first word.
        upright: Whether it is neither turned nor slanted on the page.
    """

    words: tuple[Word, ...]
    size: float
    font: str
    upright: bool = True

    @cached_property
    def text(self) -> str:
        return join_words(self.words)

    @cached_property
    def x0(self) -> float:
        return min(word.x0 for word in self.words)

    @cached_property
    def x1(self) -> float:
        return max(word.x1 for word in self.words)

    @cached_property
    def y(self) -> float:
        """The baseline of its ordinary words."""
        return max(self.words, key=lambda word: (word.size, len(word.text))).y

    @cached_property
    def bold(self) -> bool:
        """Whether its first and its last word are set in bold type."""
        return all(
            _BOLD.search(font) is not None for font in {self.words[0].font, self.words[-1].font}
        )


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of one page in reading order; ``n_unreadable`` characters have no Unicode."""

    number: int
    width: float
    height: float
    lines: tuple[Line, ...]
    n_unreadable: int = 0


def join_words(words: tuple[Word, ...]) -> str:
    parts: list[str] = []
    for at, word in enumerate(words):
        if at and not word.glued:
            parts.append(" ")
        elif at and _FIGURE.match(word.text) and _is_raised(word, words[at - 1]):
            parts.append("^")
        parts.append(word.text)
    return "".join(parts)


def _is_raised(word: Word, before: Word) -> bool:
    """Whether a figure is a power or the mark of a note on a figure: ``10^6``, never 106."""
    return (
        before.text[-1:].isdigit()
        and word.size < _RAISED_SIZE * before.size
        and word.y > before.y + 0.1 * before.size
    )


def normalize_text(text: str) -> str:
    """Composed characters, ligatures as letters, no control characters; hyphens of line ends stay."""
    if text.isascii() and text.isprintable():
        return text
    text = unicodedata.normalize("NFC", re.sub(f"[{_HYPHENS}]", "-", text))
    text = _LIGATURES.sub(lambda m: unicodedata.normalize("NFKC", m.group()), text)
    return "".join(c for c in text if unicodedata.category(c)[0] != "C")


def read_page(page: Any, number: int, *, marks: bool = False) -> Page:
    """The lines of a pypdfium2 page; with ``marks``, raised marks are words of their own."""
    text_page = page.get_textpage()
    try:
        width, height = page.get_size()
        characters = _Characters(text_page)
        segments = [
            line for words in _iter_segments(characters, marks) for line in _build_lines(words)
        ]
        lines = tuple(_join_segments(segments))
        return Page(number, width, height, lines, characters.count_unreadable())
    finally:
        text_page.close()


class _Characters:
    """A page's characters, with what pdfium knows of each on demand."""

    def __init__(self, text_page: Any) -> None:
        import pypdfium2.raw as pdfium

        self._raw = pdfium
        self._page = text_page.raw
        n = min(max(0, pdfium.FPDFText_CountChars(self._page)), MAX_PAGE_CHARS)
        get_unicode = pdfium.FPDFText_GetUnicode
        codes = [get_unicode(self._page, at) for at in range(n)]
        self.texts = [chr(code) if 0 < code < 0x110000 else "" for code in codes]
        present = set(codes)
        if any(0xD800 <= code < 0xE000 for code in present):
            self._join_surrogates(codes)
        if any(code < 0x20 for code in present - _SPACE_CODES):
            self._mark_unmapped(codes)
        self._box = pdfium.FS_RECTF()
        self._matrix = pdfium.FS_MATRIX()
        self._fonts: dict[bytes, str] = {}
        self._buffer = ctypes.create_string_buffer(128)
        if not _ACCENTS.keys().isdisjoint(self.texts):
            self._place_accents()

    def _join_surrogates(self, codes: list[int]) -> None:
        for at, code in enumerate(codes):
            if 0xD800 <= code < 0xE000:
                pair = code < 0xDC00 and at + 1 < len(codes) and 0xDC00 <= codes[at + 1] < 0xE000
                low = codes[at + 1] if pair else 0
                self.texts[at] = (
                    chr(0x10000 + ((code - 0xD800) << 10) + low - 0xDC00) if pair else ""
                )
                if code < 0xDC00 and not pair:
                    self.texts[at] = ""

    def _mark_unmapped(self, codes: list[int]) -> None:
        """A letter whose font does not say which it is stands as ``�``: "E�cient" was read as "Ecient"."""
        for at, code in enumerate(codes):
            if code < 0x20 and code not in _SPACE_CODES:
                if self._raw.FPDFText_HasUnicodeMapError(self._page, at) == 1:
                    self.texts[at] = UNREADABLE

    def count_unreadable(self) -> int:
        """Characters whose font does not say which they are."""
        return sum(
            n
            for text, n in Counter(self.texts).items()
            if text in ("", UNREADABLE) or unicodedata.category(text[0]) == "Co"
        )

    def find_box(self, at: int) -> tuple[float, float]:
        """Left and right of a character."""
        box = self._box
        if not self._raw.FPDFText_GetLooseCharBox(self._page, at, ctypes.byref(box)):
            return 0.0, 0.0
        return box.left, box.right

    def find_type(self, at: int) -> tuple[float, float, bool]:
        """Type size, baseline, and whether the character is upright."""
        matrix = self._matrix
        size = self._raw.FPDFText_GetFontSize(self._page, at)
        if self._raw.FPDFText_GetMatrix(self._page, at, ctypes.byref(matrix)):
            upright = abs(atan2(matrix.b, matrix.a)) < 0.1
            return abs(size) * hypot(matrix.c, matrix.d), matrix.f, upright
        return abs(size), 0.0, True

    def find_font(self, at: int) -> str:
        flags = ctypes.c_int()
        n = self._raw.FPDFText_GetFontInfo(
            self._page, at, self._buffer, len(self._buffer), ctypes.byref(flags)
        )
        name = self._buffer.raw[: max(0, min(n, len(self._buffer)) - 1)]
        if name not in self._fonts:
            self._fonts[name] = name.decode("latin-1").split("+")[-1]
        return self._fonts[name]

    def _place_accents(self) -> None:
        """Join each lone accent with the letter under it."""
        texts = self.texts
        for at, text in enumerate(texts):
            if text not in _ACCENTS:
                continue
            x0, x1 = self.find_box(at)
            centre = (x0 + x1) / 2
            for under in (self._find_under(at, centre), at - 1, at + 1):
                if under is None or not 0 <= under < len(texts) or not texts[under].isalpha():
                    continue
                base = "i" if texts[under] == "ı" else texts[under]
                composed = unicodedata.normalize("NFC", base + _ACCENTS[text])
                if len(composed) == 1:
                    texts[under], texts[at] = composed, "\0"
                    break
            else:
                continue
            self._close_gap(at)

    def _find_under(self, at: int, centre: float) -> int | None:
        order = sorted(
            range(max(0, at - _REACH), min(len(self.texts), at + _REACH + 1)),
            key=lambda index: abs(index - at),
        )
        baseline = self.find_type(at)[1]
        for index in order:
            if not self.texts[index].isalpha():
                continue
            x0, x1 = self.find_box(index)
            size, y, _ = self.find_type(index)
            if x0 <= centre <= x1 and abs(y - baseline) < size:
                return index
        return None

    def _close_gap(self, at: int) -> None:
        """Without the spaces that pdfium sees around an accent in the middle of a word."""
        texts = self.texts
        first, last = at, at
        while first > 0 and texts[first - 1] in " \0" and texts[first - 1]:
            first -= 1
        while last + 1 < len(texts) and texts[last + 1] in " \0" and texts[last + 1]:
            last += 1
        spaces = [space for space in range(first, last + 1) if texts[space] == " "]
        if not spaces or not first or last + 1 == len(texts):
            return
        before, after = first - 1, last + 1
        within = texts[before].isalpha() and texts[after].isalpha()
        if within:
            gap = self.find_box(after)[0] - self.find_box(before)[1]
            size = self.find_type(before)[0]
            within = -size < gap < 0.15 * size
        for space in spaces if within else spaces[1:]:
            texts[space] = "\0"


def _iter_segments(characters: _Characters, marks: bool) -> Iterator[list[tuple[Word, bool]]]:
    """Words up to each line end of pdfium, with whether each is upright."""
    words: list[tuple[Word, bool]] = []
    run: list[int] = []
    glued = False

    def close(next_is_glued: bool) -> None:
        nonlocal glued
        if run:
            like = words[-1] if words and not marks else None
            words.append(_build_word(characters, run, glued, like))
            run.clear()
            glued = next_is_glued
        elif not next_is_glued:
            glued = False

    size = 0.0
    for at, text in enumerate(characters.texts):
        if text.isalnum() and not marks:
            run.append(at)
            continue
        if text == "\0" or (text == "" and not run):
            continue
        if text in "\r\n" and text:
            close(False)
            if words:
                yield words
                words = []
            glued = False
        elif text and text in _HYPHENS and run:
            run.append(at)
            close(False)
            yield words
            words = []
        elif text.isspace():
            close(False)
        else:
            if marks:
                here = characters.find_type(at)[0]
                if run and abs(here - size) > 0.12 * max(here, size):
                    close(True)
                size = here
            run.append(at)
    close(False)
    if words:
        yield words


def _build_word(
    characters: _Characters, run: list[int], glued: bool, like: tuple[Word, bool] | None
) -> tuple[Word, bool]:
    """The word of these characters, in the type of the word before it where one is given."""
    x0, x1 = characters.find_box(run[0])
    if len(run) > 1:
        x1 = characters.find_box(run[-1])[1]
    text = normalize_text(_join_run(characters, run))
    font = characters.find_font(run[0])
    if like is not None:
        word, upright = like
        return Word(text, x0, max(x0, x1), word.y, word.size, font, glued), upright
    size, y, upright = characters.find_type(run[0])
    return Word(text, x0, max(x0, x1), y, size, font, glued), upright


def _join_run(characters: _Characters, run: list[int]) -> str:
    """The characters of a word, a raised figure behind a figure told from it: ``0.83^2``."""
    texts = [characters.texts[at] for at in run]
    text = "".join(texts)
    match = _LAST_FIGURES.search(text) if len(text) == len(texts) > 1 else None
    if match is None:
        return text
    first, last = match.start(1), match.end(1) - 1
    size, y, _ = characters.find_type(run[first])

    def is_raised(at: int) -> bool:
        other_size, other_y, _ = characters.find_type(run[at])
        return other_size < _RAISED_SIZE * size and other_y > y + 0.1 * size

    if not is_raised(last):
        return text
    at = last
    while at - 1 > first and is_raised(at - 1):
        at -= 1
    return f"{text[:at]}^{text[at:]}"


def _build_lines(words: list[tuple[Word, bool]]) -> Iterator[Line]:
    """One line, or several where its words stand far apart."""
    part: list[Word] = []
    turned = False
    for word, upright in words:
        if not word.text:
            continue
        if part and (
            word.x0 - part[-1].x1 > GAP * max(word.size, part[-1].size) or turned is upright
        ):
            yield _build_line(part, not turned)
            part = []
        turned = not upright
        part.append(word)
    if part:
        yield _build_line(part, not turned)


def _build_line(words: list[Word], upright: bool) -> Line:
    letters: dict[float, int] = {}
    for word in words:
        size = round(word.size, 1)
        letters[size] = letters.get(size, 0) + len(word.text)
    size = max(letters, key=lambda key: (letters[key], key))
    return Line(tuple(words), size, words[0].font, upright)


def _join_segments(lines: list[Line]) -> Iterator[Line]:
    """Lines that pdfium parts at a raised or lowered mark, whole."""
    current: Line | None = None
    for line in lines:
        if current is not None and _goes_on(current, line):
            words = list(line.words)
            gap = words[0].x0 - current.words[-1].x1
            glued = gap < 0.12 * max(words[0].size, current.size) or words[0].text[0] in ",.;:)"
            first = words[0]
            words[0] = Word(first.text, first.x0, first.x1, first.y, first.size, first.font, glued)
            current = _build_line([*current.words, *words], current.upright)
            continue
        if current is not None:
            yield current
        current = line
    if current is not None:
        yield current


def _goes_on(line: Line, after: Line) -> bool:
    if not (line.upright and after.upright):
        return False
    size = max(line.size, after.size)
    last, first = line.words[-1], after.words[0]
    gap = first.x0 - last.x1
    close = -0.35 * size < gap < 0.5 * size
    level = min(abs(after.y - line.y), abs(first.y - last.y))
    return (
        close and level < 0.62 * size and (level < 0.1 * size or _is_mark(last) or _is_mark(first))
    )


def _is_mark(word: Word) -> bool:
    return len(word.text) <= 8
