"""People and institutions between a paper's title and its text.

A byline is pieces parted by commas, *and*, marks, or wide gaps; a piece is a name by its shape,
unless its words are those of places and institutions. Once one line of names is known, others must
be in its type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from rag.readers.pdf_text import Line, Word

_PARTICLES = frozenset(
    "van von der den de da di del della dos das do du la le el al bin ben ibn ter ten zu zur af av 't ’t y e "
    "st. san mac mc".split()
)
_DEGREES = frozenset(
    "md phd msc bsc ba bs ms ma mph mba mph dphil dr prof professor mr mrs ms rn rgn frcp fellow member senior "
    "student ieee acm jr mbbs mbchb dsc scd pharmd pt frcs facs esq mres bpharm mphil dvm aic osa life".split()
)
_SUFFIXES = frozenset({"III", "VII", "VIII"})
_INSTITUTION = re.compile(
    r"universi|institut|college|laborator|hospital|academy|akademi|polytech|école|ecole\b|hochschule|facult|"
    r"corporation|\bcorp\b|\binc\b|\bltd\b|\bllc\b|gmbh|foundation|clinic\b|google|microsoft|yahoo|\bibm\b|facebook|"
    r"amazon|deepmind|nvidia|\bresearch\b|\bcentre\b|\bcenter\b|council|ministry|agency|observator|museum|"
    r"\blabs?\b|\bcnrs\b|inria|\bmit\b|\bsri\b|bell labs|consorti|società|\bsociety\b",
    re.I,
)
_NO_INSTITUTION = re.compile(
    r"(?:The work|This|We|Research was)\b|[^A-ZÀ-Þ]|(?:Inc|Ltd|LLC|Corp|GmbH|Research|Labs?|Cent(?:er|re))$"
)
"""Sentences about a work's support, and what a comma parts from a company's name."""
_PLACE = re.compile(
    r"\b(?:department|dept|departamento|dipartimento|d[ée]partement|abteilung|faculdade|facultad|school|division|unit|street|avenue|road|ave|blvd|parkway|suite|floor|"
    r"building|campus|usa|u\.s\.a|united|states|kingdom|uk|england|scotland|germany|italy|spain|china|japan|"
    r"canada|australia|brazil|netherlands|switzerland|sweden|norway|denmark|finland|austria|belgium|"
    r"korea|singapore|taiwan|poland|portugal|greece|turkey|iran|russia|ireland|zealand|mexico|africa|romania|"
    r"hungary|republic|technology|technologies|sciences?|engineering|mathematics|physics|medicine|biology|chemistry|"
    r"informatics|computing|computer|systems|software|electrical|programming|statistics|economics|psychology|"
    r"education|health|languages?|seattle|"
    r"pittsburgh|cambridge|boston|munich|beijing|tokyo|toronto|montreal|stanford|princeton|"
    r"california|massachusetts|pennsylvania|texas|michigan|illinois|"
    r"ohio|philadelphia|atlanta|redmond|haifa|jerusalem|shanghai|"
    r"zurich|zürich|amsterdam|edinburgh|melbourne|barcelona|"
    r"abstract|introduction|keywords?|received|accepted|published|article|access|correspondence|corresponding|"
    r"author|authors|email|e-mail|editor|edited|editors|reviewed|review|journal|volume|issue|license|copyright|"
    r"conference|proceedings|workshop|symposium|january|february|july|september|october|"
    r"november|december|version|draft|submitted|revised|paper|report|technical|preprint|contents|download|"
    r"citation|available|online|original|methods|equal|contribution|supported|the|"
    r"for|with|this|are|were|our|from|address|phone|tel|fax|and|published|communicated|data|model|"
    r"learning|network|networks|analysis|doi|www|https?)\b",
    re.I,
)
_CITIES = frozenset(
    "palo alto|ann arbor|san francisco|los angeles|mountain view|menlo park|college park|hong kong|tel aviv|"
    "santa barbara|san jose|san diego|santa clara|salt lake|saint petersburg|rio janeiro|sao paulo|são paulo|"
    "new york|washington dc|austin texas|west lafayette|north carolina|south carolina|new jersey|new mexico|"
    "new zealand|new haven|los alamos|santa fe|south africa|south korea|north america|london uk|great britain|"
    "stony brook|murray hill|chapel hill|la jolla|le chesnay|villers lès nancy|del mar|mexico city".split(
        "|"
    )
)
_EMAIL = re.compile(r"[\[{(][^\[\](){}]{0,300}+[\])}]\s?@\s?\S++|(?<!\S)[^\s@]*+\s?@\s?\S*+")
_DATE = re.compile(
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)"
    r"\s+(?:\d{1,2}(?:st|nd|rd|th)?,?\s+)?\d{4}\b|\b\d{1,2}(?:st|nd|rd|th)?\s+[A-Z][a-z]+\s+\d{4}\b",
    re.I,
)
_PART = re.compile(r"[,;·•|/&\t]|\band\b|\bAND\b|\bwith\b|\bund\b|\bet\b(?! al)")
_TOKEN = re.compile(r"(?:[^\W\d_]\.-?)+|[^\W\d_](?:[^\W\d_]|['’.‐‑–-](?=[^\W\d_]))*[.-]?")
_MARK = re.compile(r"[^\w\s,.'’;&()@{}|\-‐‑–·•/:]+|(?<=\s)\d[\d\s,]*|^\d+\s*|\d+")
_BREAK = "\x1f"
"""Replaces a superscript mark or a symbol in a line of names."""


@dataclass(frozen=True, slots=True)
class People:
    """The people of a byline in order, their institutions, and whether *et al.* ends it."""

    names: tuple[str, ...] = ()
    affiliations: tuple[str, ...] = ()
    cut: bool = False


def read_bylines(lines: Sequence[Line]) -> People:
    """Names and institutions in the lines between title and text, from the top down."""
    names: list[str] = []
    style: tuple[float, str] | None = None
    pending: tuple[str, Line] | None = None
    cut = False
    in_contact = False
    for line in lines:
        if re.match(
            r"\W*(?:correspond|edited|reviewed|academic editor|communicated|handling)",
            line.text,
            re.I,
        ):
            in_contact = True
            continue
        if style is not None and not _is_styled(line, style):
            pending = None
            continue
        if in_contact and style is None:
            continue
        if style is not None:
            in_contact = False
        pieces, ends_open, has_et_al = _read_line(line)
        cut = cut or has_et_al
        if pending is not None:
            head, before = pending
            joined = _join_pending(head, pieces, line, before)
            if joined is not None:
                names[-1:] = [] if names and names[-1] == head else names[-1:]
                names.append(joined)
                pieces = pieces[1:]
                style = style or _get_style(line)
        pending = None
        good = [piece for piece in pieces if is_person_name(piece)]
        names += [piece for piece in good if piece not in names]
        if good and style is None:
            style = _get_style(line)
        if pieces and ends_open and (len(pieces) > 1 or (good and style and pending is None)):
            pending = (pieces[-1], line)
    names = [_recase(name) for name in dict.fromkeys(names)]
    return People(tuple(names), _find_affiliations(lines), cut)


def _get_style(line: Line) -> tuple[float, str]:
    longest = max(line.words, key=lambda word: (len(word.text), word.size))
    return line.size, longest.font


def _is_styled(line: Line, style: tuple[float, str]) -> bool:
    size, font = style
    return abs(line.size - size) < 0.7 and any(word.font == font for word in line.words)


def _read_line(line: Line) -> tuple[list[str], bool, bool]:
    """Its pieces up to the first institution or place; whether the last is open; whether there are others."""
    text = _EMAIL.sub(" , ", _mark_breaks(line))
    has_et_al = bool(re.search(r"\bet\s+al\b", text, re.I))
    text = re.sub(r"\bet al\b\.?|\([^()]*+\)|^\W{0,5}(?:by|authors?)\b:?", " ", text, flags=re.I)
    ends_open = bool(text.strip()) and not re.search(rf"[{_BREAK},;&]\s*$|\band\s*$", text)
    names: list[str] = []
    for group in text.split(";"):
        pieces, is_whole = _read_group(group)
        names += pieces
        ends_open = ends_open and is_whole
    return names, ends_open, has_et_al


def _read_group(text: str) -> tuple[list[str], bool]:
    """The names before an institution or place, and whether there is none."""
    pieces = [
        " ".join(piece.split())
        for part in text.split(_BREAK)
        for piece in _PART.split(part)
        if piece.strip()
    ]
    names: list[str] = []
    for piece in pieces:
        if _is_degree(piece):
            continue
        if (
            _INSTITUTION.search(piece)
            or (len(piece.split()) > 1 and _PLACE.search(piece))
            or piece.lower() in _CITIES
        ):
            return (names if names and is_person_name(names[0]) else []), False
        names.append(_strip_degrees(piece))
    return names, True


def _mark_breaks(line: Line) -> str:
    """The line's text, with a break for each raised mark and each symbol."""
    parts: list[str] = []
    before: Word | None = None
    gaps = [after.x0 - word.x1 for word, after in zip(line.words, line.words[1:], strict=False)]
    wide = max(0.8 * line.size, 2 * median(gaps)) if gaps else 0.0
    for word in line.words:
        far = before is not None and word.x0 - before.x1 > wide
        before = word
        if _is_raised(word, line):
            parts.append(_BREAK)
        elif far:
            parts += [_BREAK, word.text]
        else:
            parts += ["" if word.glued or not parts else " ", word.text]
    return _MARK.sub(_BREAK, _DATE.sub(" , ", "".join(parts)))


def _is_raised(word: Word, line: Line) -> bool:
    return word.y > line.y + 0.12 * line.size and word.size < 0.95 * line.size


def _is_degree(piece: str) -> bool:
    return all(re.sub(r"[\W\d]", "", token).lower() in _DEGREES for token in piece.split())


def _strip_degrees(piece: str) -> str:
    tokens = piece.split()
    while tokens and re.sub(r"\W", "", tokens[0]).lower() in {
        "dr",
        "prof",
        "professor",
        "mr",
        "mrs",
    }:
        tokens.pop(0)
    while len(tokens) > 2 and re.sub(r"\W", "", tokens[-1]).lower() in _DEGREES - {
        "ma",
        "ba",
        "jr",
    }:
        tokens.pop()
    for at, token in enumerate(tokens):  # an account name behind the name
        if at >= 2 and token.islower() and token not in _PARTICLES:
            tokens = tokens[:at]
            break
    return " ".join(tokens)


def _join_pending(head: str, pieces: Sequence[str], line: Line, before: Line) -> str | None:
    """A name that goes on in the next line, whole; None where the line begins another."""
    if not pieces or not 0 < before.y - line.y < 2.2 * line.size:
        return None
    initials = re.fullmatch(r"(?:[^\W\d_]\.[\s-]?)+", head)
    n_head, n_next = 1 if initials else len(head.split()), len(pieces[0].split())
    if n_head > 1 and n_next > 1:
        return None
    joined = f"{head}{pieces[0]}" if head.endswith("-") else f"{head} {pieces[0]}"
    return joined if is_person_name(joined) else None


def is_person_name(piece: str) -> bool:
    """Whether a piece of a byline has the shape of a person's name."""
    tokens = piece.split()
    if not 2 <= len(tokens) <= 7 or len(piece) > 60 or _INSTITUTION.search(piece):
        return False
    if _PLACE.search(piece) or " ".join(tokens).lower() in _CITIES:
        return False
    capital = 0
    for token in tokens:
        if token.lower() in _PARTICLES and not token[:1].isupper():
            continue
        if not _TOKEN.fullmatch(token) or not (token[0].isupper() or not token[0].islower()):
            if not re.fullmatch(
                r"(?:['’`]t|d['’]\w+|al-\w+|el-\w+|(?:de|di|du|mac|von|van)[A-Z]\w*\.?)", token
            ):
                return False
            continue
        capital += 1
    full_words = [token for token in tokens if len(re.sub(r"\W", "", token)) > 1]
    return capital >= 2 and any(len(token) > 2 or not token.isupper() for token in full_words)


def is_institution(text: str) -> bool:
    return _INSTITUTION.search(text) is not None


def _recase(name: str) -> str:
    """Names in capitals as they are written elsewhere; initials and suffixes stay."""
    tokens = name.split()
    n_capital = sum(token.isupper() and len(token) > 2 and "." not in token for token in tokens)

    def recase_token(token: str) -> str:
        short = len(token) == 2 and n_capital and re.search("[AEIOUY]", token)
        if not token.isupper() or "." in token or token in _SUFFIXES:
            return token
        if len(token) < 3 and not short:
            return token
        return re.sub(r"[^\W\d_]+", lambda match: match[0].capitalize(), token)

    return " ".join(map(recase_token, tokens))


def _find_affiliations(lines: Sequence[Line]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_iter_institutions(lines)))[:40]


def _join_open_lines(lines: Sequence[Line]) -> Iterator[str]:
    """The lines' texts; one that ends or goes on within a name ("Center for") is joined."""
    text = ""
    for line in lines:
        after = _EMAIL.sub(" , ", _mark_breaks(line))
        if re.search(r"\b(?:for|of|and|the|de|&)\s?$", text) or re.match(
            r"(?:and|of|for|de) ", after
        ):
            text = f"{text} {after}"
            continue
        yield text
        text = after
    yield text


def _iter_institutions(lines: Sequence[Line]) -> Iterator[str]:
    for text in _join_open_lines(lines):
        for part in re.split(rf"[{_BREAK},;()]|\s-\s", text):
            piece = " ".join(part.split()).strip(" .:-–")
            is_short = 3 <= len(piece) <= 90 and len(piece.split()) <= 10
            if is_short and is_institution(piece) and not _NO_INSTITUTION.match(piece):
                yield piece
