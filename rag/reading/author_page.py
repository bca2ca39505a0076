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

from rag.reading import latex
from rag.reading.names import author_line, looks_like_authors
from rag.reading.source import Parts, Source
from rag.types import Entry, Place, ProfilePage, Rejection

NAME = "author_page"
SUFFIXES = (".txt",)

_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_CATEGORY = r"[A-Z]{2,4}|[a-z]+(?:-[a-z]+)*\.[A-Za-z-]+?|[a-z]+(?:-[a-z]+)+"
_DATE = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]*\.? (?P<day>\d{{1,2}})(?:, ?(?P<year>\d{{4}}))?"
_HEADER = re.compile(
    rf"(?P<score>\d{{1,3}}(?:\.\d+)?)? ?(?P<category>{_CATEGORY}) ?{_DATE} ?(?P<code>Code)?"
)
_NEARLY = re.compile(rf"[\w.:/ -]{{0,16}}?(?<![a-z ]){_DATE}.{{0,12}}")
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


def recognise(source: Source) -> bool:
    """Whether a line of the head is an entry's header, or the page's h-index stands in it."""
    return any(
        _HEADER.fullmatch(line.strip()) or _FIGURES["h_index"].fullmatch(line.strip())
        for line in source.head.split("\n")
    )


def read(source: Source) -> Parts:
    lines = source.lines
    starts = list(_header_lines(lines))
    page = _page(lines[: starts[0] if starts else len(lines)])
    found: list[Entry | Rejection] = [
        _entry(source.name, start, lines[start:end])
        for start, end in pairwise([*starts, len(lines)])
    ]
    if page is None:
        found.insert(0, Rejection(source.name, 1, "the page names no person above its first entry"))
    return Parts.of(found, page)


def _header_lines(lines: list[str]) -> Iterator[int]:
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


def _page(head: list[str]) -> ProfilePage | None:
    printed = [line.strip() for line in head if line.strip()]
    if not printed or any(pattern.fullmatch(printed[0]) for pattern in _FIGURES.values()):
        return None
    found: dict[str, str] = {}
    for line in printed[1:]:
        for name, pattern in _FIGURES.items():
            match = pattern.fullmatch(line)
            if match and name not in found:
                found[name] = match.group(1).replace(",", "")
                break
    novelty = _number(found.get("novelty"))
    return ProfilePage(
        person=latex.to_text(printed[0]),
        category=found.get("category"),
        h_index=_integer(found.get("h_index")),
        n_papers=_integer(found.get("n_papers")),
        n_citations=_integer(found.get("n_citations")),
        novelty=None if novelty is None else round(novelty / 100, 6),
        ai_score=_number(found.get("ai_score")),
    )


def _integer(digits: str | None) -> int | None:
    """The figure; None where there is none, or one that counts nothing, such as of 4,301 digits."""
    return int(digits) if digits and len(digits) <= _MAX_DIGITS else None


def _number(printed: str | None) -> float | None:
    """As `_integer`, with decimals; None also for what is no number, such as ``1.2.3``."""
    if not printed or len(printed) > _MAX_DIGITS or printed.count(".") > 1 or printed == ".":
        return None
    return float(printed)


def _entry(document: str, start: int, lines: list[str]) -> Entry | Rejection:
    header = _HEADER.fullmatch(lines[0].strip())
    if header is None:
        return Rejection(document, start + 1, f"header {lines[0].strip()!r} is not understood")
    if not _is_date(header):
        return Rejection(document, start + 1, f"header {lines[0].strip()!r} has no such date")
    body = _body(lines[1:])
    if isinstance(body, str):
        return Rejection(document, start + 1, f"entry {lines[0].strip()!r} has {body}")
    text, links = latex.convert_paragraphs(body.abstract)
    byline = author_line(body.authors)
    return Entry(
        place=Place(document, start + 1),
        raw="\n".join(lines).rstrip(),
        title=latex.to_text(body.title),
        text=text,
        authors=byline.authors,
        authors_complete=byline.complete,
        affiliations=byline.affiliations,
        year=_integer(header["year"]),
        month=_MONTHS.index(header["month"]) + 1,
        day=int(header["day"]),
        category=header["category"],
        code=header["code"] is not None,
        score=float(header["score"]) if header["score"] else None,
        links=links,
    )


def _is_date(header: re.Match[str]) -> bool:
    try:
        date(int(header["year"] or 2000), _MONTHS.index(header["month"]) + 1, int(header["day"]))
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Body:
    title: str
    authors: str
    abstract: str


def _body(lines: list[str]) -> _Body | str:
    """Title, authors and paragraphs of the abstract; or what is missing."""
    blocks = _blocks(lines)
    if not blocks:
        return "neither title nor abstract"
    if not lines[0].strip():
        if len(blocks) < 3 or not looks_like_authors(" ".join(blocks[1])):
            return "no title"
    elif len(blocks[0]) > 1 and looks_like_authors(blocks[0][-1]):
        blocks[:1] = [blocks[0][:-1], blocks[0][-1:]]
    title, *rest = (" ".join(block) for block in blocks)
    named = rest and (looks_like_authors(rest[0]) or (len(rest) > 1 and _may_name(rest[0])))
    authors = rest.pop(0) if named else ""
    if not rest:
        return "no abstract"
    return _Body(title, authors, "\n\n".join(rest))


def _may_name(line: str) -> bool:
    """Whether the first of several paragraphs is too short, and too open, to be a sentence."""
    return len(line) <= 250 and line[-1] not in ".!?:"


def _blocks(lines: list[str]) -> list[list[str]]:
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            blocks[-1].append(line.strip())
        elif blocks[-1]:
            blocks.append([])
    return blocks if blocks[-1] else blocks[:-1]
