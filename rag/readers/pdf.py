"""One paper as PDF, by pypdf: title, text by page, and the sure details of its first page.

The text is the pages' text with lines joined to paragraphs; a scan has none and is refused.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from rag.readers import field_mapping
from rag.readers.names import Byline, is_author_line, parse_author_field
from rag.readers.source import DocumentParts, DocumentSource, drop_logs_and_warnings, is_pdf
from rag.types import Entry, Place, Rejection
from rag.types.errors import ReadError

if TYPE_CHECKING:
    from pypdf import PdfReader

NAME = "pdf"
SUFFIXES = (".pdf",)

MIN_LETTERS = 40
"""A document with fewer letters in all its pages has no text to answer from."""

_PAGE_END = "\n\n"
_NOT_A_TITLE = re.compile(
    r"microsoft word|untitled|^(?:title|document|paper|arxiv|preprint|slide \d+)\b"
    r"|\.(?:docx?|pdf|tex|dvi|indd)$|\\|^[\W\d_]*$",
    re.IGNORECASE,
)
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>]+[A-Za-z0-9])")
_ARXIV = re.compile(
    r"\barXiv:\s?(?P<id>\d{4}\.\d{4,5})v\d+\s+\[(?P<category>[\w.-]+)\]"
    r"\s+(?P<day>\d{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4})"
)
"""The stamp on a preprint's first page; a preprint that is merely cited looks otherwise."""

_PDF_URL = re.compile(r"https?://[^\s{}<>\"“”]+[\w/]")
_LIGATURES = re.compile("[ﬀ-ﬆ]")
_HEADED = re.compile(
    r"(?:abstract|(?:\d\.? )?introduction|key ?words|index terms)\b", re.IGNORECASE
)
_HYPHENATED = re.compile(r"(?<!\w)(\w++)(?<=[a-zß-ÿ])-\n([a-zß-ÿ]\w*)")


def recognise(source: DocumentSource) -> bool:
    return is_pdf(source.data)


def read(source: DocumentSource) -> DocumentParts:
    """The paper; a page whose text cannot be taken out is rejected under its number.

    Raises:
        ReadError: The file is broken, encrypted, or a scan without text.
    """
    from pypdf import PdfReader

    with drop_logs_and_warnings("pypdf"):
        try:
            reader = PdfReader(io.BytesIO(source.data))
            _open_pdf(source.name, reader)
            n_pages = len(reader.pages)
        except (ReadError, MemoryError):
            raise
        except Exception as exc:
            # On objects that are not what they should be, pypdf raises whatever comes: for a filter
            # "/Fl" its DeprecationError, which is none of its own PyPdfErrors.
            raise ReadError(
                f"file {source.name!r} is a broken PDF ({_format_clause(exc)}); open and save it anew"
            ) from exc
        printed: list[str] = []
        rejections: list[Rejection] = []
        sizes: dict[float, list[str]] = {}
        for number in range(1, n_pages + 1):
            visit = _visitor(sizes) if number == 1 else None
            try:
                printed.append(
                    _normalize_text(reader.pages[number - 1].extract_text(visitor_text=visit))
                )
            except MemoryError:
                raise
            except Exception as exc:  # as above; the other pages are read
                printed.append("")
                rejections.append(
                    Rejection(
                        source.name, number, f"the page's text is broken ({_format_clause(exc)})"
                    )
                )
        if sum(char.isalpha() for page in printed for char in page) < MIN_LETTERS:
            raise ReadError(
                f"file {source.name!r} has no text on its {n_pages} pages, as a scan has none; "
                "run text recognition (OCR) over it first"
            )
        front = _Front(_read_metadata(reader), printed[0], _largest(sizes))
    return DocumentParts((_build_pdf_entry(source.name, printed, front),), tuple(rejections))


def _format_clause(exc: BaseException) -> str:
    printed = " ".join(str(exc).split())[:80].rstrip(" .")
    return printed[:1].lower() + printed[1:] if printed else type(exc).__name__


def _open_pdf(name: str, reader: PdfReader) -> None:
    if reader.is_encrypted and not reader.decrypt(""):
        raise ReadError(f"file {name!r} is encrypted; save it without its password first")


@dataclass(frozen=True, slots=True)
class _Front:
    """The sources of title and authors: metadata, first page, and its lines in the largest type."""

    metadata: dict[str, str]
    page: str
    largest: str


def _read_metadata(reader: PdfReader) -> dict[str, str]:
    try:
        raw_metadata: Any = reader.metadata or {}
        return {
            key: " ".join(str(raw_metadata[key]).split())
            for key in ("/Title", "/Author")
            if key in raw_metadata
        }
    except Exception:  # as in read(); a paper is read without its metadata
        return {}


def _visitor(sizes: dict[float, list[str]]) -> Callable[..., None]:
    """Notes the upright texts of a page by the height of their type."""

    def visit(text: str, matrix: Any, text_matrix: Any, font: Any, size: Any) -> None:
        with suppress(TypeError, ValueError, ArithmeticError, IndexError):  # no numbers: no height
            upright = not text_matrix[1] and not matrix[1]
            height = abs(float(size) * float(text_matrix[3] or 1) * float(matrix[3] or 1))
            if upright and text.strip():
                sizes.setdefault(round(height, 1), []).append(text)

    return visit


def _largest(sizes: dict[float, list[str]]) -> str:
    """The texts in the largest type that may be a title, joined; none where all type is alike."""
    if len(sizes) < 2:
        return ""
    joined = (_join_lines("".join(pieces)) for _, pieces in sorted(sizes.items(), reverse=True))
    return next((line for line in joined if _is_title_line(line)), "")


def _is_title_line(line: str) -> bool:
    return 2 <= len(line.split()) <= 40 and "@" not in line and not _NOT_A_TITLE.search(line)


def _join_lines(text: str) -> str:
    """Lines joined; a word parted at a line's end is whole, a compound keeps its hyphen."""
    joined_text = _join_hyphenated(_normalize_text(text), Counter())
    return " ".join(re.sub(r"(?<=\w)-\n(?=\w)", "-", joined_text).split())


def _normalize_text(text: str) -> str:
    """Composed characters, ligatures as letters, no control characters."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _LIGATURES.sub(lambda m: unicodedata.normalize("NFKC", m.group()), text)
    return "".join(c for c in text if c == "\n" or c == "\t" or unicodedata.category(c)[0] != "C")


def _build_pdf_entry(document: str, printed: list[str], front: _Front) -> Entry:
    full_text = "\n".join(printed)
    known = Counter(re.findall(r"[\w-]+", full_text.lower()))
    pages = [_join_paragraphs(_join_hyphenated(page, known)) for page in printed]
    lengths = (len(page) + len(_PAGE_END) for page in pages[:-1])
    byline = _find_byline(front)
    record: dict[str, object] = {}
    if stamp := _ARXIV.search(front.page):
        record = {**stamp.groupdict(), "url": f"https://arxiv.org/abs/{stamp['id']}"}
    dois = set(_DOI.findall(front.page))
    stated = field_mapping.build_record_entry(record, Place(document, 1), full_text, byline)
    return replace(
        stated,
        title=_find_title(front),
        text=_PAGE_END.join(pages),
        doi=dois.pop() if len(dois) == 1 else None,
        links=tuple(dict.fromkeys(_PDF_URL.findall(full_text))),
        page_starts=tuple(accumulate(lengths, initial=0)),
    )


def _find_title(front: _Front) -> str | None:
    """From the metadata if the page prints it too, else the largest type, else the first lines."""
    metadata_title = front.metadata.get("/Title", "")
    sensible = _is_title_line(metadata_title)
    if sensible and _keep_letters(metadata_title) in _keep_letters(front.page):
        return metadata_title
    return front.largest or (metadata_title if sensible else _find_first_lines(front.page))


def _keep_letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _find_first_lines(page: str) -> str | None:
    """Lines from the top until authors, an abstract or a blank line; at most three."""
    lines = [line.strip() for line in page.strip().split("\n")]
    title: list[str] = []
    for line in lines[:8]:
        if not title and (line.startswith("arXiv:") or len(line.split()) < 2):
            continue
        stops = not line or re.match(r"abstract\b", line, re.IGNORECASE) or "@" in line
        if stops or (title and is_author_line(line)) or len(title) == 3:
            break
        title.append(line)
    joined = _join_lines("\n".join(title))
    return joined if _is_title_line(joined) else None


def _find_byline(front: _Front) -> Byline:
    """The metadata's authors, if they are names that the first page prints."""
    metadata_byline = parse_author_field(front.metadata.get("/Author", ""))
    page = _keep_letters(front.page)
    if metadata_byline.authors and all(
        " " in name and _keep_letters(name) in page for name in metadata_byline.authors
    ):
        return metadata_byline
    return Byline()


def _join_hyphenated(page: str, known: Counter[str]) -> str:
    """Words parted at a line's end, whole; the hyphen stays where the document has it elsewhere."""

    def join_word(match: re.Match[str]) -> str:
        first, second = match.group(1), match.group(2)
        hyphenated, joined_word = f"{first}-{second}", f"{first}{second}"
        keeps = known[hyphenated.lower()] > known[joined_word.lower()]
        before = page[match.start() - 1 : match.start()]
        return hyphenated if keeps or before == "-" else joined_word

    return _HYPHENATED.sub(join_word, page)


def _join_paragraphs(page: str) -> str:
    """Lines joined to paragraphs.

    A clearly short line ends one if the next could begin one; so the abstract, which its own word
    begins, is a paragraph by itself.
    """
    lines = [" ".join(line.split()) for line in page.split("\n")]
    lengths = [len(line) for line in lines if line]
    full = quantiles(lengths, n=10)[-1] if len(lengths) > 1 else 0
    paragraphs: list[list[str]] = [[]]
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line:
            if _HEADED.match(line):
                paragraphs.append([])
            paragraphs[-1].append(line)
        opens = following[:1].isupper() or following[:1].isdigit()
        if not line or (len(line) < 0.6 * full and opens):
            paragraphs.append([])
    return "\n\n".join(" ".join(lines) for lines in paragraphs if lines)
