"""One paper as PDF, by pypdfium2: its front, its running text by page and section, its references.

`rag.readers.pdf_text` gives lines, `rag.readers.pdf_layout` the text that they make, and
`rag.readers.pdf_front` what the first page says of the paper. A scan has no text and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.readers import field_mapping, pdf_ocr
from rag.readers.pdf_front import Front, find_cover, read_front
from rag.readers.pdf_layout import Layout, build_layout, find_body_size
from rag.readers.pdf_paragraphs import Paragraph
from rag.readers.pdf_text import UNREADABLE, Line, Page, read_page
from rag.readers.source import DocumentParts, DocumentSource, is_pdf
from rag.text import fold
from rag.types import Entry, Place, Rejection
from rag.types.errors import ReadError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

NAME = "pdf"
SUFFIXES = (".pdf",)

MIN_LETTERS = 40
"""A document with fewer letters in all its pages has no text to answer from."""
MIN_READABLE = 0.55
"""Share of letters below which a text is not words but the codes of a font without Unicode."""
MIN_COMMON = 0.02
"""Share of the commonest words of some languages below which a text in Latin letters is such codes."""
_COMMON = frozenset(
    "the of and in to a is for that we de la le et les des en el los y que der die und das von den di il e un "
    "del da do os na w i z se van het een och att i av en og a az nem és ja on ve bir".split()
)

VOWELS = (0.3, 0.55)
"""Share of vowels between which the letters of a language lie, whichever its commonest words are."""

_PARAGRAPH_END = "\n\n"
_PDF_URL = re.compile(r"https?://[^\s{}<>\"“”]+[\w/]")
_NOTICE = re.compile(
    r"permission to make digital|copyright\b|©|\(c\) (?:19|20)|this (?:work|article|paper) is (?:licensed|distributed)"
    r"|all rights reserved|publication rights licensed|creative commons|this is an open[- ]access article"
    r"|licensee ",
    re.IGNORECASE,
)
_RUN_IN = re.compile(r"(?:abstract|summary)\s*[.:—–-]+\s*", re.IGNORECASE)
_FIELDS = ("title", "authors", "year", "venue")
"""The fields of which is kept how they are known."""


def recognise(source: DocumentSource) -> bool:
    return is_pdf(source.data)


def read(source: DocumentSource) -> DocumentParts:
    """The paper; a page whose text cannot be taken out is rejected under its number.

    Raises:
        ReadError: The file is broken, needs a password, is a scan without text, or its fonts do not
            say which letters they print.
    """
    pages: list[Page] = []
    rejections: list[Rejection] = []
    with _open(source) as document:
        n_pages = len(document)
        metadata = _read_metadata(document)
        for number in range(1, n_pages + 1):
            try:
                pages.append(_read_page(document, number))
            except ValueError as exc:
                pages.append(Page(number, 0.0, 0.0, ()))
                rejections.append(
                    Rejection(source.name, number, f"the page's text is broken ({exc})")
                )
        recognised = _recognise_scans(document, pages)
    _require_text(source.name, pages)
    cover = find_cover(pages[0]) if n_pages > 1 else None
    paper = pages[1:] if cover else pages
    front = read_front(paper[0], find_body_size(paper), metadata, pages[0] if cover else None)
    if cover:
        for name in front.sources:
            front.sources[name] += f", behind a cover page by {cover}"
    layout = build_layout(paper, front.page, front.lines)
    entry = _build_entry(source.name, pages, front, layout, recognised)
    return DocumentParts((entry,), tuple(rejections))


@contextmanager
def _open(source: DocumentSource) -> Iterator[PdfDocument]:
    """The file; where only what may be done with it is restricted, it is open to be read."""
    import pypdfium2
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    try:
        document = pypdfium2.PdfDocument(source.data)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code == FPDF_ERR_PASSWORD:
            raise ReadError(
                f"file {source.name!r} is encrypted; save it without its password first"
            ) from exc
        raise ReadError(f"file {source.name!r} is a broken PDF; open and save it anew") from exc
    try:
        yield document
    finally:
        document.close()


def _recognise_scans(document: PdfDocument, pages: list[Page]) -> list[int]:
    """Put what text recognition sees in place of pages without text; the numbers of those pages."""
    program = pdf_ocr.find_program()
    bare = [page.number for page in pages if not any(map(_has_letters, page.lines))]
    recognised: list[int] = []
    for number in bare[: pdf_ocr.MAX_PAGES] if program else ():
        with suppress(ValueError):  # such a page stays without text, which is told
            page = pdf_ocr.recognise_page(str(program), document[number - 1], number)
            if page.lines:
                pages[number - 1] = page
                recognised.append(number)
    return recognised


def _read_page(document: PdfDocument, number: int) -> Page:
    import pypdfium2

    try:
        page = document[number - 1]
        try:
            return read_page(page, number, marks=number <= 2)
        finally:
            page.close()
    except pypdfium2.PdfiumError as exc:
        raise ValueError(str(exc).rstrip(" .")[:80].lower()) from exc


def _read_metadata(document: PdfDocument) -> Mapping[str, str]:
    stated = document.get_metadata_dict(skip_empty=True)
    return {key: " ".join(value.split()) for key, value in stated.items()}


def _require_text(name: str, pages: list[Page]) -> None:
    printed = " ".join(line.text for page in pages for line in page.lines)
    n_signs = len("".join(printed.split()))
    letters = sum(map(str.isalpha, printed))
    unreadable = sum(page.n_unreadable for page in pages)
    if letters < MIN_LETTERS and unreadable < MIN_LETTERS:
        raise ReadError(
            f"file {name!r} has no text on its {len(pages)} pages, as a scan has none; "
            "install tesseract, which then recognises it, or run text recognition (OCR) over it first"
        )
    if letters < MIN_READABLE * (n_signs + unreadable) or _is_garbled(printed):
        raise ReadError(
            f"file {name!r} has fonts that do not say which letters they print, so its text cannot be "
            "read; print it anew as PDF, or run text recognition (OCR) over it"
        )


def _is_garbled(text: str) -> bool:
    """Whether letters are the codes of a font: neither words of a known language nor vowels like any's.

    A paper in Welsh or Indonesian was refused, as none of its words is among the common ones.
    """
    words = re.findall(r"[^\W\d_]+", text[:100_000].lower())
    latin = sum(char < "\u0300" for word in words for char in word)
    if len(words) < 300 or latin < 0.8 * sum(map(len, words)):
        return False
    if sum(word in _COMMON for word in words) >= MIN_COMMON * len(words):
        return False
    letters = fold("".join(words))
    lowest, highest = VOWELS
    return not lowest <= sum(letter in "aeiouy" for letter in letters) / len(letters) <= highest


def _build_entry(
    document: str, pages: list[Page], front: Front, layout: Layout, recognised: list[int]
) -> Entry:
    page_texts = ["\n".join(line.text for line in page.lines) for page in pages]
    sections: list[tuple[int, str]] = []
    starts: dict[int, int] = {}
    text = ""
    for paragraph in _iter_kept(layout.paragraphs):
        at = len(text) + (len(_PARAGRAPH_END) if text else 0)
        if paragraph.kind == "heading":
            sections.append((at, paragraph.text))
            continue
        for offset, page in paragraph.pages:
            starts.setdefault(page, at + offset)
        text += (_PARAGRAPH_END if text else "") + paragraph.text
    stated = field_mapping.build_record_entry(
        front.record, Place(document, 1), "\n".join(page_texts), front.byline
    )
    return replace(
        stated,
        title=front.title,
        text=text,
        doi=front.doi,
        links=tuple(dict.fromkeys(_PDF_URL.findall("\n".join(page_texts)))),
        page_starts=_fill_starts(starts, len(pages), len(text)),
        section_starts=tuple(at for at, _ in sections),
        section_names=tuple(name for _, name in sections),
        references=layout.references,
        provenance=_build_provenance(stated, front, pages, recognised),
        raw=page_texts[0],
    )


def _iter_kept(paragraphs: tuple[Paragraph, ...]) -> Iterator[Paragraph]:
    """Without notices of rights; the word *Abstract* before its text is its heading."""
    for paragraph in paragraphs:
        if paragraph.kind != "heading" and _NOTICE.match(paragraph.text):
            continue
        match = _RUN_IN.match(paragraph.text) if paragraph.kind in ("text", "small") else None
        if match:
            yield Paragraph("heading", "Abstract", paragraph.page, [(0, paragraph.page)])
            n = match.end()
            shifted = [(max(0, offset - n), page) for offset, page in paragraph.pages]
            yield Paragraph(paragraph.kind, paragraph.text[n:], paragraph.page, shifted)
        else:
            yield paragraph


def _fill_starts(starts: Mapping[int, int], n_pages: int, n_chars: int) -> tuple[int, ...]:
    """The offset at which each page begins; a page without text begins where the next one does."""
    offsets = [n_chars] * n_pages
    following = n_chars
    for page in range(n_pages, 0, -1):
        following = min(following, starts.get(page, following))
        offsets[page - 1] = following
    offsets[0] = 0
    return tuple(offsets)


def _has_letters(line: Line) -> bool:
    return any(map(str.isalpha, line.text))


def _format_pages(numbers: list[int]) -> str:
    first_pages = ", ".join(map(str, numbers[:5]))
    rest = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"page{'s' if len(numbers) > 1 else ''} {first_pages}{rest}"


def _build_provenance(
    stated: Entry, front: Front, pages: list[Page], recognised: list[int]
) -> tuple[str, ...]:
    """``field: how it is known`` for each that can be looked for on a first page."""
    values = {
        "title": front.title, "authors": stated.authors, "year": stated.year, "venue": stated.venue,
    }  # fmt: skip
    bare = [page.number for page in pages if not any(_has_letters(line) for line in page.lines)]
    unread = sum(line.text.count(UNREADABLE) for page in pages for line in page.lines)
    lacks = [f"none on {_format_pages(bare)}"] if bare else []
    if recognised:
        lacks.append(f"guessed from the picture (OCR) on {_format_pages(recognised)}")
    if unread:
        letters = "1 letter" if unread == 1 else f"{unread} letters"
        lacks.append(f"{letters} unknown ({UNREADABLE}), as the font does not say which")
    return tuple(f"text: {'; '.join(lacks)}" for _ in lacks[:1]) + tuple(
        f"{name}: {front.sources.get(name, 'read') if values[name] else 'not found'}"
        for name in _FIELDS
    )
