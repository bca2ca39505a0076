"""Author pages: a person's figures, then entries of header, title, authors and abstract.

88.9LGMay 2, 2023Code              header: score, category, date, code mark; glued together
A Title
                                   a blank line
First Author, Second Author, Third Author et al. · tencent-ai, tsinghua

The abstract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from rag.readers import latex
from rag.readers.names import is_author_line, parse_author_line
from rag.readers.source import DocumentParts, DocumentSource
from rag.types import Entry, Place, ProfilePage, Rejection

NAME = "author_page"
SUFFIXES = (".txt",)

_MONTH_BY_ABBREVIATION = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_CATEGORY = r"[A-Z]{2,4}|[a-z]+(?:-[a-z]+)*\.[A-Za-z-]+?|[a-z]+(?:-[a-z]+)+"
_HEADER_DATE = rf"(?P<month>{'|'.join(_MONTH_BY_ABBREVIATION)})[a-z]*\.? (?P<day>\d{{1,2}})(?:, ?(?P<year>\d{{4}}))?"
_HEADER = re.compile(
    rf"(?P<score>\d{{1,3}}(?:\.\d+)?)? ?(?P<category>{_CATEGORY}) ?{_HEADER_DATE} ?(?P<code>Code)?"
)
_NEARLY = re.compile(rf"[\w.:/ -]{{0,16}}?(?<![a-z ]){_HEADER_DATE}.{{0,12}}")
_FIGURES = {
    "category": re.compile(rf"({_CATEGORY})"),
    "h_index": re.compile(r"h-index ?:?([\d,]+)"),
    "n_papers": re.compile(r"([\d,]+) ?[pP]apers?"),
    "n_citations": re.compile(r"([\d,]+) ?[cC]itations?"),
    "novelty": re.compile(r"Novelty ?:?([\d.]+)%"),
    "ai_score": re.compile(r"AI Score ?:?([\d.]+)"),
}
_MAX_DIGITS = 15
"""More than any figure of a person has, and less than a database refuses."""


def recognise(source: DocumentSource) -> bool:
    """Whether the head has the header line of an entry, or the page's h-index."""
    return any(
        _HEADER.fullmatch(line.strip()) or _FIGURES["h_index"].fullmatch(line.strip())
        for line in source.head.split("\n")
    )


def read(source: DocumentSource) -> DocumentParts:
    lines = source.lines
    starts = list(_iter_header_lines(lines))
    page = _parse_page(lines[: starts[0] if starts else len(lines)])
    results: list[Entry | Rejection] = [
        _build_page_entry(source.name, start, lines[start:end])
        for start, end in pairwise([*starts, len(lines)])
    ]
    if page is None:
        results.insert(
            0, Rejection(source.name, 1, "the page names no person above its first entry")
        )
    return DocumentParts.from_results(results, page)


def _iter_header_lines(lines: list[str]) -> Iterator[int]:
    """Indexes of the lines that begin an entry.

    The line under a header is its title even if it looks like a header, unless text follows it
    at once: then it is a header whose predecessor has lost everything.
    """
    previous = -2
    for index, line in enumerate(lines):
        stripped = line.strip()
        if not _is_header(stripped, after_blank=index == 0 or not lines[index - 1].strip()):
            continue
        followed = index + 1 < len(lines) and lines[index + 1].strip()
        if index == previous + 1 and not followed:
            continue
        previous = index
        yield index


def _is_header(line: str, *, after_blank: bool) -> bool:
    if _HEADER.fullmatch(line):
        return True
    return after_blank and _NEARLY.fullmatch(line) is not None


def _parse_page(head: list[str]) -> ProfilePage | None:
    printed = [line.strip() for line in head if line.strip()]
    if not printed or any(pattern.fullmatch(printed[0]) for pattern in _FIGURES.values()):
        return None
    figures: dict[str, str] = {}
    for line in printed[1:]:
        for name, pattern in _FIGURES.items():
            match = pattern.fullmatch(line)
            if match and name not in figures:
                figures[name] = match.group(1).replace(",", "")
                break
    novelty = _number(figures.get("novelty"))
    return ProfilePage(
        person=latex.to_text(printed[0]),
        category=figures.get("category"),
        h_index=_parse_integer(figures.get("h_index")),
        n_papers=_parse_integer(figures.get("n_papers")),
        n_citations=_parse_integer(figures.get("n_citations")),
        novelty=None if novelty is None else round(novelty / 100, 6),
        ai_score=_number(figures.get("ai_score")),
    )


def _parse_integer(digits: str | None) -> int | None:
    """A printed integer; None if there is none or it has too many digits to be a count."""
    return int(digits) if digits and len(digits) <= _MAX_DIGITS else None


def _number(printed: str | None) -> float | None:
    """A printed decimal number; None if there is none, it is too long, or it is malformed like ``1.2.3``."""
    if not printed or len(printed) > _MAX_DIGITS or printed.count(".") > 1 or printed == ".":
        return None
    return float(printed)


def _build_page_entry(document: str, start: int, lines: list[str]) -> Entry | Rejection:
    header = _HEADER.fullmatch(lines[0].strip())
    if header is None:
        return Rejection(document, start + 1, f"header {lines[0].strip()!r} is not understood")
    if not _is_date(header):
        return Rejection(document, start + 1, f"header {lines[0].strip()!r} has no such date")
    body = _parse_body(lines[1:])
    if isinstance(body, str):
        return Rejection(document, start + 1, f"entry {lines[0].strip()!r} has {body}")
    text, links = latex.convert_paragraphs(body.abstract)
    byline = parse_author_line(body.authors)
    return Entry(
        place=Place(document, start + 1),
        raw="\n".join(lines).rstrip(),
        title=latex.to_text(body.title),
        text=text,
        authors=byline.authors,
        authors_complete=byline.complete,
        affiliations=byline.affiliations,
        year=_parse_integer(header["year"]),
        month=_MONTH_BY_ABBREVIATION.index(header["month"]) + 1,
        day=int(header["day"]),
        category=header["category"],
        code=header["code"] is not None,
        score=float(header["score"]) if header["score"] else None,
        links=links,
    )


def _is_date(header: re.Match[str]) -> bool:
    try:
        date(
            int(header["year"] or 2000),
            _MONTH_BY_ABBREVIATION.index(header["month"]) + 1,
            int(header["day"]),
        )
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Body:
    title: str
    authors: str
    abstract: str


def _parse_body(lines: list[str]) -> _Body | str:
    """Title, authors and paragraphs of the abstract; or what is missing."""
    blocks = _split_blocks(lines)
    if not blocks:
        return "neither title nor abstract"
    if not lines[0].strip():
        if len(blocks) < 3 or not is_author_line(" ".join(blocks[1])):
            return "no title"
    elif len(blocks[0]) > 1 and is_author_line(blocks[0][-1]):
        blocks[:1] = [blocks[0][:-1], blocks[0][-1:]]
    title, *rest = (" ".join(block) for block in blocks)
    has_authors = rest and (
        is_author_line(rest[0]) or (len(rest) > 1 and _is_possible_title(rest[0]))
    )
    authors = rest.pop(0) if has_authors else ""
    if not rest:
        return "no abstract"
    return _Body(title, authors, "\n\n".join(rest))


def _is_possible_title(line: str) -> bool:
    """Whether the first of several paragraphs is too short, and too open, to be a sentence."""
    return len(line) <= 250 and line[-1] not in ".!?:"


def _split_blocks(lines: list[str]) -> list[list[str]]:
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line.strip())
        elif blocks[-1]:
            blocks.append([])
    return blocks if blocks[-1] else blocks[:-1]
