"""Reads one line of a list of publications: names, year, title, venue, in the usual orders."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.readers import identifiers
from rag.readers.names import parse_author_field

_YEAR = re.compile(r"[(\[]?(?<!\d)((?:19|20)\d\d)(?![\d.]\d)[a-z]?[)\]]?")
_QUOTED = re.compile(r"[“\"«‘]([^“”\"«»]{8,300}?)[,.]?[”\"»’](?!\w)")
_APA = re.compile(
    r"^(?P<names>[^()]{2,599}?[^()\s])\s?\((?P<year>(?:19|20)\d\d)[^()]*\)[.:,]?\s(?P<rest>.+)$",
    re.S,
)
_FIRST_STOP = re.compile(r"(?P<names>[^.()]{3,600})\.\s{1,9}(?P<rest>\S.+)$", re.S)
_SURNAME_FIRST = re.compile(r"[^\W\d_][\w'’ -]{1,60} [A-Z]{1,3}|et al")
_SENTENCE = re.compile(r"(?:(?<=[^\W\d_]{2})|(?<=[\d)?!]))[.?!]\s+(?=[^\W\d_]|\d)")
_FEW = 3
"""Words of a title that is known as one by itself."""
_WORDS = re.compile(r"[^\W\d_][\w'’-]+(?::? [\w'’-]{2,})?")
_ADDRESS = re.compile(r"https?://[^\s)\]>]+")
_MARKUP = re.compile(
    r"\[(?:pdf|code|arxiv|bib|bibtex|doi|link|html|slides|video|project|page|web|poster)[^\]]{0,200}\]",
    re.I,
)


def parse_reference(
    text: str,
    titles: Sequence[str] = (),
    venues: Sequence[str] = (),
    links: Sequence[str] = (),
) -> dict[str, object] | None:
    """The fields of one item of a list; None where it names no publication.

    Args:
        text: The item, plain.
        titles: What the item sets off as its title may be: bold words, a link's text.
        venues: What stands in italics.
        links: The addresses behind its words.
    """
    addresses = [*_ADDRESS.findall(text), *(link for link in links if link.startswith("http"))]
    text = " ".join(_MARKUP.sub(" ", _ADDRESS.sub(" ", text)).split()).strip(" -–—•*")
    quoted = _QUOTED.search(text)
    apa = _APA.match(text)
    vancouver = _match_vancouver(text)
    titles = (*titles, *(v for v in venues if text.startswith(v)))  # "*A Title*, J. Doe, 2020"
    title = next((t for t in titles if _FEW <= len(t.split()) <= 60 and t in text), "")
    if not title and quoted:
        title = quoted.group(1)
    if not title and not (apa or vancouver):
        title = next((t for t in titles if _is_short_title(t, text)), "")
    if title:
        before, _, after = text.partition(title)
    elif behind_names := apa or vancouver:
        pieces = _SENTENCE.split(behind_names["rest"], maxsplit=1)
        title, before, after = pieces[0], behind_names["names"], " ".join(pieces[1:])
    else:
        pieces = _SENTENCE.split(text)
        at = next((i for i, piece in enumerate(pieces) if i and len(piece.split()) >= _FEW), 0)
        if len(pieces) > 2 and _WORDS.fullmatch(pieces[1]) and _read_names(pieces[0]):
            at = 1  # "J. Doe, R. Roe. Peat fires. Bog Letters, 2021."
        if not at:
            return None
        title, before, after = pieces[at], " ".join(pieces[:at]), " ".join(pieces[at + 1 :])
    year = (
        _YEAR.search(after)
        or _YEAR.search(before)
        or (re.search(r"((?:19|20)\d\d)", apa["year"]) if apa else None)
    )
    names = _read_names(before) or _read_names(_take_names(after))
    # A title of one or two words is one beside people and a year.
    if not (year or names) or (len(title.split()) < _FEW and not (year and names)):
        return None
    venue = next((v for v in venues if v != title and v in after), "") or _read_venue(after, names)
    link = next((a for a in addresses if not a.endswith((".bib", ".zip"))), None)
    return {
        "title": title.strip(' .,“”"'),
        "authors": names,
        "year": year.group(1) if year else None,
        "venue": venue,
        "url": link,
        "doi": identifiers.parse_doi(" ".join([text, *addresses])),
        "arxiv": next(filter(None, map(identifiers.find_arxiv_in_url, addresses)), None),
    }


def _is_short_title(title: str, text: str) -> bool:
    """Whether one or two words that are set off are followed by people, and are none of them themselves."""
    if not _WORDS.fullmatch(title) or title not in text:
        return False
    after = text.partition(title)[2]
    return after[:1] != "," and bool(_read_names(_take_names(after)))


def _take_names(text: str) -> str:
    """What stands before the first full stop that ends no initial, or before a bracket or a year."""
    return re.split(r"(?<=[^\W\d_]{2})\.|[(]|(?:19|20)\d\d", text.strip(' .,:“”"'))[0]


def _match_vancouver(text: str) -> re.Match[str] | None:
    """``Doe J, Roe R. Ants under old stones. J Ants. 2010``, whose initials have no stops."""
    match = _FIRST_STOP.match(text)
    names = match["names"].split(", ") if match else [""]
    return match if all(map(_SURNAME_FIRST.fullmatch, names)) else None


def _read_names(text: str) -> str:
    """The text if it reads as a list of names."""
    text = _YEAR.sub("", text).strip(' .,:;()[]“”"-–—*')
    text = re.sub(r"^\[?\d{1,3}[\].)]\s*", "", text)
    byline = parse_author_field(text)
    words = text.split()
    if not byline.authors or len(words) > 12 * max(1, len(byline.authors)):
        return ""
    good = [n for n in byline.authors if 1 < len(n.split()) <= 6 and n.split()[-1][:1].isupper()]
    return text if len(good) > len(byline.authors) / 2 else ""


def _read_venue(after: str, names: str) -> str:
    rest = after.replace(names, "", 1) if names else after
    rest = _YEAR.sub("", rest).strip(' .,;:()“”"')
    rest = re.sub(r"^In:?\s+", "", rest)
    venue = re.split(r"[,;(]|\.\s|\bvol\b|\bpp?\.", rest)[0].strip(" .")
    return venue if 2 <= len(venue) <= 150 and not venue[0].isdigit() else ""
