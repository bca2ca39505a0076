"""The first page of a paper: title, people, date, venue and identifiers, each with how it is known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rag.readers.names import Byline, parse_author_field
from rag.readers.pdf_people import is_institution, is_person_name, read_bylines
from rag.readers.pdf_text import Line, Page, join_words

_NOT_A_TITLE = re.compile(
    r"microsoft word|untitled|^(?:title|document|arxiv|preprint|slide \d+)\b|^paper\W*\w*$"
    r"|\.(?:docx?|pdf|tex|dvi|indd|ps|qxd)$|\\|^[\W\d_]*$"
    r"|^(?:the )?(?:journal|proceedings|transactions|annals|archives|bulletin|lecture notes|international journal)\b"
    r"|^(?:ieee|acm|plos|bmc) [\w ]+$|^vol(?:ume)?\b|\bISSN\b|^https?:|^www\.|creative commons"
    r"|\b(?:international|statistical|american|european|british) journal of\b|^ournal of\b",
    re.IGNORECASE,
)
_KICKER = re.compile(
    r"(?:original |short |full |regular |invited |case |brief )?(?:research|review|survey|editorial|letter|article"
    r"|paper|report|communication|note|perspective|commentary|open access|methodology|study protocol|protocol"
    r"|debate|correspondence|opinion|software|database|technical (?:report|note|memo\w*)|clinical trial"
    r"|method article|data descriptor|viewpoint|tutorial|contributed article|practice)"
    r"(?:s|\s+(?:article|paper|report|note|access))?",
    re.IGNORECASE,
)
_STOP = re.compile(
    r"(?:abstract|summary|a\s?b\s?s\s?t\s?r\s?a\s?c\s?t|(?:[1I]\.?\s+)?introduction|(?:0|1)\.? preface|key ?words?|"
    r"index terms|categories and subject|r[ée]sum[ée]|ccs concepts|contents|table of contents|background:|objectives?:)"
    r"(?:\b|(?<=s))", re.IGNORECASE
)  # fmt: skip
_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>]+[A-Za-z0-9])")
_ARXIV = re.compile(
    r"\barXiv:\s?(?P<id>(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}))v\d++\s++(?:\[(?P<category>[\w.-]++)\]\s*+)?"
    r"(?P<day>\d{1,2}) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4})"
)
"""The stamp on a preprint's first page; a preprint that is merely cited looks otherwise."""

_Y = r"((?:18|19|20)\d\d)"
_MONTHS = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\.?"
)
_YEARS: Sequence[tuple[str, re.Pattern[str]]] = tuple(
    (what, re.compile(pattern, re.IGNORECASE | re.MULTILINE))
    for what, pattern in (
        ("the line that says how to cite it", rf"\bcite (?:this|as)\b[^()]{{5,400}}?\({_Y}\)"),
        ("the journal's line", rf"^\D{{3,70}}[\s,(]{_Y}\)?[;,:]\s?(?:vol\.? ?)?\d+"),
        ("the journal's line", rf"\b\d{{1,4}}\s?\({_Y}\)\s?[\d:,]"),
        ("the journal's line", rf"\({_Y}\),?\s*\d+\b"),
        ("the date of publication", rf"\bpublished(?: online)?:?\s[^.\n]{{0,30}}?\b{_Y}\b"),
        ("the journal's line", rf"\b(?:vol(?:ume|\.)?|no\.|nr\.|issue|pp?\.|pages)\s*\d[^\n]{{0,60}}?\b{_Y}\b(?!\s*[–-]\s*\d)"),
        ("the conference's line", rf"(?:proceedings|proc\.|conference|workshop|symposium)[^©]{{0,110}}?\b{_Y}\b"),
        ("the copyright", rf"(?:copyright|©|\(c\)|ⓒ|\bc\b)[^\d\n]{{0,48}}?{_Y}\b"),
        ("the date of acceptance", rf"\baccepted:?\s[^.\n]{{0,30}}?\b{_Y}\b"),
        ("the date of receipt", rf"\breceived:?\s[^.\n]{{0,30}}?\b{_Y}\b"),
        ("a date", rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?\s+)?{_MONTHS}\s+(?:\d{{1,2}}(?:st|nd|rd|th)?,?\s+)?{_Y}\b"),
        ("the conference's name", rf"\b[A-Z][A-Za-z]{{2,}}[ -]?{_Y}\b"),
    )
)  # fmt: skip
"""Where a first page prints its year, the surest first."""
_SHORT_YEAR = re.compile(r"\b[A-Z][A-Za-z&]{2,}\s?[’'‘](\d\d)\b")
_VENUE = re.compile(
    r"(?:in\s+)?((?:proceedings of|proc\. of|proceedings|journal of|international journal of|transactions on"
    r"|ieee transactions|acm transactions|lecture notes in|communications of|annals of|advances in|bulletin of"
    r"|annual review of)\b[^\n]{3,120})", re.IGNORECASE
)  # fmt: skip
_VENUE_END = re.compile(
    r",? ?(?:pages?|pp\.?|vol(?:ume|\.)?|no\.) ?\d|, ?(?:19|20)\d\d| ?\((?:19|20)\d\d|[•|©]|\bdoi\b",
    re.IGNORECASE,
)
_VOLUME = re.compile(r"(?<=[^\W\d])[ ,]+\d+(?: ?\(\d+\))?(?:[ ,:]+\d+(?:[-–]\d+)?)*$")
"""Volume, issue and pages after a journal's name: ``310``, or ``4(41), 59``."""
_OPEN_END = re.compile(r"(?:(?<=[a-z])-|(?<=\s)(of|the|on|for|and|in))\n", re.IGNORECASE)
MAX_CANDIDATES = 40
"""Groups of lines, by their type, that are looked at for the title."""
_COVERS = (
    ("JSTOR", re.compile(r"JSTOR\b.{0,300}?(?:terms|archive|not-for-profit)", re.I | re.S)),
    ("HAL", re.compile(r"HAL is a multi-?disciplinary open access", re.I)),
    ("ResearchGate", re.compile(r"see discussions, stats,? and author profiles", re.I)),
    ("a repository", re.compile(r"this (?:is|document is) (?:an? )?(?:the )?(?:author.{0,30}version|downloaded from)"
                                r".{0,400}(?:repository|terms of use|deposited)", re.I | re.S)),
)  # fmt: skip


@dataclass(slots=True)
class Front:
    """What the first page prints of the paper; ``sources`` says from where each guess comes.

    Attributes:
        lines: Positions of the page's lines that are title, people and their places.
        page: The number of the page that it was read from: behind a cover page, 2.
    """

    title: str | None = None
    byline: Byline = field(default_factory=Byline)
    record: dict[str, object] = field(default_factory=dict)
    doi: str | None = None
    sources: dict[str, str] = field(default_factory=dict)
    lines: frozenset[int] = frozenset()
    page: int = 1


def find_cover(page: Page) -> str | None:
    """Who put a cover page before the paper, if this page is one."""
    text = "\n".join(line.text for line in page.lines)
    return next((name for name, pattern in _COVERS if pattern.search(text[:4000])), None)


def read_front(
    page: Page, body_size: float, metadata: Mapping[str, str], cover: Page | None = None
) -> Front:
    """The front of a paper from the page that its title stands on, its date from a cover before it."""
    front = Front(page=page.number)
    text = "\n".join(line.text for line in page.lines)
    title_lines = _find_title_lines(page, body_size)
    _read_title(front, page, title_lines, metadata, text)
    region = _find_region(page, title_lines, body_size)
    _read_byline(front, [page.lines[at] for at in region], metadata, text)
    front.lines = frozenset((*title_lines, *region, *_find_above(page, title_lines)))
    _read_identifiers(front, text)
    for dated in filter(None, (cover, page)):
        if "year" not in front.record:
            _read_date(front, dated, body_size)
    return front


# --- title -----------------------------------------------------------------------------------


def is_title(text: str) -> bool:
    letters = sum(char.isalpha() for char in text)
    plain = sum(char.isascii() and char.isalpha() for char in text)
    latin = sum(char < "\u0300" and char.isalpha() for char in text)
    return (
        plain >= 0.6 * latin  # else the codes of a font without Unicode
        and (2 <= len(text.split()) <= 45 or (letters >= 6 and " " not in text))
        and letters >= 0.5 * len(text.replace(" ", ""))
        and "@" not in text
        and not _NOT_A_TITLE.search(text)
        and not _KICKER.fullmatch(" ".join(re.sub(r"[^\w ]", " ", text).split()))
    )


def _find_title_lines(page: Page, body_size: float) -> list[int]:
    """Positions of the lines in the largest type of the upper part that can be a title."""
    lines = page.lines
    places = sorted(
        (
            at
            for at, line in enumerate(lines)
            if line.upright and line.y > 0.3 * page.height and len(line.text) > 1
        ),
        key=lambda at: (-round(lines[at].y), lines[at].x0),
    )
    groups: list[list[int]] = []
    for at in places:
        group = next((g for g in groups[-8:] if _is_one_title(lines[g[-1]], lines[at])), None)
        if group is None:
            groups.append([at])
        else:
            group.append(at)
    ranked = sorted(
        groups,
        key=lambda g: (-round(_get_size(lines[g[0]])), _is_rubric(g, lines), -lines[g[0]].y),
    )
    for group in ranked[:MAX_CANDIDATES]:
        text = _get_title_text([lines[at] for at in group])
        large = _get_size(lines[group[0]]) > 1.08 * body_size
        if (
            is_title(text)
            and not (_STOP.match(text) and len(text.split()) < 4)
            and (large or lines[group[0]].bold)
            and not _is_journal(text, page)
            and not (len(text.split()) < 6 and is_institution(text))
        ):
            return group
    return _find_first_lines(page, places)


def _find_above(page: Page, title: Sequence[int]) -> list[int]:
    """Positions of the kickers and journal's lines above a title at the top of its page."""
    top = max((page.lines[at].y for at in title), default=0.0)
    if top < 0.6 * page.height:
        return []
    return [at for at, line in enumerate(page.lines) if line.y > top and not _is_sentence(line)]


def _is_rubric(group: Sequence[int], lines: Sequence[Line]) -> bool:
    """Whether a line in capitals stands alone, as a journal's section does over its articles."""
    text = lines[group[0]].text
    return len(group) == 1 and text.isupper() and len(text.split()) < 5


def _is_journal(text: str, page: Page) -> bool:
    """Whether the page prints a short text again with a year or volume: a journal's name."""
    if len(text.split()) > 7:
        return False
    again = re.compile(rf"{re.escape(text)}\W*(?:vol(?:ume|\.)?\W*)?\d{{1,4}}\b", re.I)
    return any(again.search(line.text) for line in page.lines)


def _get_size(line: Line) -> float:
    """The larger type of small capitals; a large initial alone is none."""
    total = sum(len(word.text) for word in line.words)
    n_letters = 0
    for size, n in sorted(((word.size, len(word.text)) for word in line.words), reverse=True):
        n_letters += n
        if n_letters >= 0.12 * total:
            return size
    return line.size


def _is_one_title(line: Line, after: Line) -> bool:
    size, size_after = _get_size(line), _get_size(after)
    down = line.y - after.y
    if abs(size - size_after) > 0.06 * size or _KICKER.fullmatch(line.text):
        return False
    if line.bold != after.bold and max(size, size_after) < 14:
        return False
    is_beside = abs(down) < 1 and after.x0 > line.x1
    return (0 < down < 2.0 * size and after.x0 < line.x1 + size and line.x0 < after.x1 + size) or (
        is_beside and after.x0 - line.x1 < 4 * size
    )


def _get_title_text(lines: Sequence[Line]) -> str:
    """The lines joined, without footnote marks; a word parted at a line's end is whole."""
    text = ""
    for line in lines:
        words = tuple(
            word
            for word in line.words
            if not (
                word.y > line.y + 0.15 * line.size
                and word.size < 0.9 * line.size
                and len(word.text) < 4
            )
            and not re.fullmatch(r"[*∗†‡§¶⋆✩☆]+", word.text)
        )
        part = join_words(words) if words else ""
        if re.search(r"[a-zß-ÿ]-$", text) and part[:1].islower():
            text = text[:-1] + part
        elif text.endswith("-"):
            text += part
        else:
            text = f"{text} {part}"
    text = re.split(r" ?\[v\d", " ".join(text.split()))[0]
    return text.rstrip("*∗†‡§¶⋆✩☆ ,").lstrip(" ,")


def _find_first_lines(page: Page, places: Sequence[int]) -> list[int]:
    """In type of one size: the lines from the top until people, an abstract or a gap; at most three."""
    group: list[int] = []
    for at in places[:10]:
        line = page.lines[at]
        if not group:
            if is_title(line.text) and not _STOP.match(line.text) and line.y < 0.97 * page.height:
                group = [at]
            continue
        before = page.lines[group[-1]]
        if (
            _STOP.match(line.text)
            or "@" in line.text
            or len(group) == 3
            or read_bylines([line]).names
            or before.y - line.y > 2 * line.size
            or before.bold != line.bold
        ):
            break
        group.append(at)
    sentences = sum(_is_sentence(page.lines[at]) for at in group)
    return [] if sentences > 1 or sentences == len(group) > 1 else group


def _keep_letters(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())


def _read_title(
    front: Front, page: Page, places: Sequence[int], metadata: Mapping[str, str], text: str
) -> None:
    """The printed title; the file's own where it is printed too and more, or nothing is found."""
    printed = _get_title_text([page.lines[at] for at in places])
    stated = metadata.get("Title", "")
    stated = stated if is_title(stated) else ""
    letters, stated_letters = _keep_letters(printed), _keep_letters(stated)
    on_page = bool(stated_letters) and stated_letters in _keep_letters(text)
    if on_page and (
        not printed
        or letters in stated_letters
        or (stated_letters in letters and len(stated_letters) > 0.9 * len(letters))
    ):
        front.title, front.sources["title"] = stated, "read"
    elif printed and is_title(printed):
        front.title, front.sources["title"] = printed, "guessed from the largest type of the page"
    elif stated:
        front.title, front.sources["title"] = stated, "guessed from the file's properties"
    if front.title and front.title.isupper() and stated and stated_letters == letters:
        front.title = stated


# --- people ----------------------------------------------------------------------------------


def _find_region(page: Page, title: Sequence[int], body_size: float) -> list[int]:
    """Positions of the lines between the title and the text, from the top down."""
    if not title:
        return []
    lines = page.lines
    bottom = min(lines[at].y for at in title)
    edges = [lines[at].x0 for at in title]
    is_inset = len(title) > 1 and max(edges) - min(edges) < 3 and min(edges) > 0.25 * page.width
    margin = min(edges) - 2 if is_inset else 0.0  # a column of notes stands left of the paper
    below = sorted(
        (
            at
            for at, line in enumerate(lines)
            if line.upright and line.y < bottom - 1 and at not in title
        ),
        key=lambda at: (-round(lines[at].y), lines[at].x0),
    )
    beneath = [at for at in below if lines[at].x1 > margin]
    end, stop = _find_end([lines[at] for at in beneath], body_size, page)
    region = [at for at in beneath if lines[at].y > end]
    if stop is not None and not read_bylines([lines[at] for at in region]).names:
        region += [  # people beside the abstract, as in some proceedings
            at
            for at in below
            if 0.1 * page.height < lines[at].y <= end
            and (lines[at].x1 < stop.x0 or lines[at].x0 > stop.x0 + 30 * body_size)
        ]
    return region


def _find_end(lines: Sequence[Line], body_size: float, page: Page) -> tuple[float, Line | None]:
    """The height at which the text begins, and its first line."""
    for at, line in enumerate(lines):
        if _STOP.match(line.text):
            return line.y, line
        if line.size > 0.84 * body_size and _is_sentence(line):
            under = [
                below for below in lines[at + 1 : at + 6] if 0 < line.y - below.y < 2 * line.size
            ]
            if any(_is_sentence(below) for below in under):
                return line.y, line
    return 0.3 * page.height, None


def _is_sentence(line: Line) -> bool:
    words = line.text.split()
    lower = sum(word[:1].islower() for word in words)
    return len(words) >= 5 and lower >= 0.55 * len(words) and "@" not in line.text


def _read_byline(
    front: Front, lines: Sequence[Line], metadata: Mapping[str, str], text: str
) -> None:
    people = read_bylines(lines)
    stated = parse_author_field(metadata.get("Author", ""))
    page = _keep_letters(text)
    printed = stated.authors and all(
        is_person_name(name) and _keep_letters(name) in page for name in stated.authors
    )
    if printed and len(stated.authors) > len(people.names):
        front.byline = Byline(stated.authors, stated.complete, people.affiliations)
        front.sources["authors"] = "guessed from the file's properties"
    elif people.names:
        front.byline = Byline(people.names, not people.cut, people.affiliations)
        front.sources["authors"] = "guessed from the lines under the title"
    else:
        front.byline = Byline((), False, people.affiliations)


# --- identifiers and date --------------------------------------------------------------------


def _read_identifiers(front: Front, text: str) -> None:
    if stamp := _ARXIV.search(text):
        fields = {key: value for key, value in stamp.groupdict().items() if value}
        front.record = {**fields, "url": f"https://arxiv.org/abs/{stamp['id']}"}
        front.sources["year"] = "read"
    dois = {doi.rstrip(".,;)") for doi in _DOI.findall(text)}
    if len(dois) == 1:
        front.doi = dois.pop()
        front.sources["doi"] = "read"


def _read_date(front: Front, page: Page, body_size: float) -> None:
    text = "\n".join(line.text for line in page.lines)
    edge = "\n".join(
        line.text
        for at, line in enumerate(page.lines)
        if (page.number == front.page and at in front.lines) or _is_edge(line, page, body_size)
    )
    if "venue" not in front.record and (match := _VENUE.search(_OPEN_END.sub(_join_lines, edge))):
        front.record["venue"] = _trim_venue(match[1])
        front.sources["venue"] = "guessed from the first page's head or foot"
    for part in (edge, text):
        for what, pattern in _YEARS:
            match = pattern.search(part)
            if match and (
                part is edge
                or what not in ("a date", "the conference's name", "the conference's line")
            ):
                _set_year(front, int(match[1]), what)
                return
        if match := _SHORT_YEAR.search(edge):
            short = int(match[1])
            _set_year(front, short + (1900 if short > 40 else 2000), "the conference's name")
            return


def _is_edge(line: Line, page: Page, body_size: float) -> bool:
    """Whether a line is outside the running text: at the page's edge, or in small type."""
    return (
        line.y > 0.88 * page.height
        or line.y < 0.1 * page.height
        or line.size < 0.93 * body_size
        or not line.upright
        or len(page.lines) < 30
    )


def _set_year(front: Front, year: int, what: str) -> None:
    stamped = front.record.get("year")
    if stamped is None or int(str(stamped)) == year:
        front.record.setdefault("year", str(year))
        front.sources.setdefault("year", f"guessed from {what}")


def _join_lines(match: re.Match[str]) -> str:
    return f"{match[1]} " if match[1] else ""


def _trim_venue(text: str) -> str:
    venue = " ".join(_VENUE_END.split(text)[0].split()).strip(" ,.;:-–")
    return venue if venue.lower().startswith("proc") else _VOLUME.sub("", venue)
