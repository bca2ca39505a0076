"""Turns records of named fields, from any format, into entries."""

from __future__ import annotations

import json
import re
from ast import literal_eval
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePosixPath

from rag.readers import columns, dates, identifiers, latex
from rag.readers.columns import Columns, find_column_field, is_filled, is_known
from rag.readers.names import Byline, Name, build_name, parse_author_field, parse_author_names
from rag.types import Entry, Place
from rag.types.papers import CUT_LIST, NO_TITLE, OUR_NOTE

__all__ = [
    "Columns",
    "NotARecord",
    "build_record_entry",
    "find_column_field",
    "is_filled",
    "is_known",
]

_ARXIV_CATEGORIES = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?(?:[ ,;]+[a-z-]+(?:\.[A-Za-z-]+)?)+")
_RETRACTED = re.compile(
    r"\W{0,2}(?:retracted|withdrawn)(?:\W+(?:article|paper)\b)?\W{1,3}", re.IGNORECASE
)
_NO_ABSTRACT = re.compile(
    r"\W*(?:no abstract(?: is)?(?: available| provided)?|abstract (?:not|un)\s?available"
    r"|an abstract is not available.*)\W*",
    re.IGNORECASE | re.DOTALL,
)
_COPYRIGHT = re.compile(
    r"(?<=[.!?\])])\s{0,3}(?:\(Psyc[A-Z]{4} Database Record[^\n]{0,160}$"
    r"|(?:Copyright\s{0,2})?(?:©|\(c\))\s?(?:Copyright\s)?(?:19|20)\d\d[^\n©]{0,160}$)",
    re.IGNORECASE,
)
"""The copyright notice that Scopus and PubMed append to an abstract."""
_LAST_STOP = re.compile(r"(?<=[a-z]{3})(?<!etc)\.$")
"""The full stop with which PubMed, and what is made from it, ends a title."""
_NOTE_MARKS = re.compile(r"(?<=[a-z]{2})[.^\s]?[*∗†‡§¶]{1,4}$")
"""What points to a footnote behind a title; "A*" and "Sgr A*" are names."""
_TRANSLATED = re.compile(r"\[[^\[\]]+\]")
"""PubMed's ``[Coffee in winter].``: a title that it has put into English."""
_FILE_BORDER = re.compile(r"[:;{}\n]")
_MAX_KEYWORD_CHARS = 120


class NotARecord(ValueError):
    """A field has an impossible value; the message is a clause for the rejection."""


def build_record_entry(
    record: Mapping[str, object], place: Place, raw: str, byline: Byline | None = None
) -> Entry:
    """One record as an entry; columns that are not known are left out, see `columns.Columns`.

    Args:
        record: Field names as given. A mapping under ``metadata`` fills what is missing.
        place: Where the record begins.
        raw: The record as it stands in the document.
        byline: The authors, where the format has its own rules for names.

    Raises:
        NotARecord: A title or text is no text.
    """
    fields = columns.extract_fields(record)
    _read_own_note(fields)
    _read_extra(fields)
    text, links = latex.convert_paragraphs(_get_text(fields, "text"))
    text = _COPYRIGHT.sub("", text)
    if _NO_ABSTRACT.fullmatch(text):
        text, links = "", ()
    title = _get_title(fields)
    month, day = (_convert_to_text(fields.get(name)) for name in ("month", "day"))
    when = dates.combine(fields.get("year"), month, day, fields.get("date"))
    byline = byline if byline is not None else _build_byline(fields)
    if _convert_to_text(fields.get("complete")).lower() == "no":
        byline = replace(byline, complete=False)
    url = _get_url(fields)
    return Entry(
        place=place,
        raw=raw,
        title=title,
        text=text,
        authors=byline.authors,
        authors_complete=byline.complete,
        families=byline.families,
        affiliations=byline.affiliations or _split_names(fields.get("affiliations")),
        year=when.year,
        month=when.month,
        day=when.day,
        category=_get_category(fields),
        code=_get_flag(fields.get("code")),
        # Of other programs' records it is another score.
        score=_get_score(fields.get("score")) if "complete" in fields or "ours" in fields else None,
        links=links,
        url=url,
        doi=_get_doi(fields),
        venue=_get_venue(fields),
        arxiv=_get_arxiv(fields, url),
        pmid=_get_pmid(fields, url),
        keywords=_list_keywords(fields.get("keywords")),
        retracted=_find_retraction(fields, title),
        provenance=_list_guesses(fields),
        files=_list_files(fields.get("files")),
    )


def _read_own_note(fields: dict[str, object]) -> None:
    """What our own exports say in a note, because their format has no field for it."""
    note = " ".join(latex.to_text(_convert_to_text(fields.get("note"))).split())
    if not note.startswith(OUR_NOTE):
        return
    fields["ours"] = True
    for part in note.removeprefix(OUR_NOTE).split("; "):
        name, _, value = part.partition(" ")
        if name in ("category", "code", "score") and value:
            fields.setdefault(name, value)
        elif part == NO_TITLE:
            fields["untitled"] = True
        elif part == CUT_LIST:
            fields["complete"] = "no"
        elif part == "retracted":
            fields["retracted"] = True


def _read_extra(fields: dict[str, object]) -> None:
    """Identifiers that Zotero keeps as lines of its field ``Extra``, and exports so or as a note."""
    for name in ("extra", "note"):
        for match in columns.IDENTIFIER_LINE.finditer(_convert_to_text(fields.get(name))):
            fields.setdefault(match[1].lower(), match[2])


def _get_score(value: object) -> float | None:
    text = _convert_to_text(value)
    return float(text) if re.fullmatch(r"\d{1,3}(?:\.\d+)?", text) else None


def _get_title(fields: Mapping[str, object]) -> str | None:
    if fields.get("untitled"):
        return None
    title = _NOTE_MARKS.sub("", latex.to_text(_get_text(fields, "title")))
    title = _LAST_STOP.sub("", title)
    if _TRANSLATED.fullmatch(title):
        title = title[1:-1].rstrip(".")
    subtitle = latex.to_text(_convert_to_text(fields.get("subtitle")))
    if title and subtitle and subtitle.lower() not in title.lower():
        title = f"{title}{'' if title[-1] in ':?!' else ':'} {subtitle}"
    return title or None


def _list_guesses(fields: Mapping[str, object]) -> tuple[str, ...]:
    if "year" not in fields and dates.is_serial_day(fields.get("date")):
        return ("year: guessed from the day number of a spreadsheet",)
    return ()


def _get_text(fields: Mapping[str, object], field: str) -> str:
    """A text, or sentences in a list joined by spaces."""
    value = fields.get(field, "")
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return " ".join(value)
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value)
    raise NotARecord(f"field {field!r} holds no text but {_get_json_name(value)}")


def _get_json_name(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a list" if isinstance(value, list) else "an object"


def _convert_to_text(value: object) -> str:
    """The value as text, the first of several; of an object its name."""
    if isinstance(value, list):
        return _convert_to_text(next(filter(columns.is_filled, value), ""))
    if isinstance(value, Mapping):
        for key in ("display_name", "name", "title", "value", "$t", "#text", "text", "URL", "url"):
            if isinstance(value.get(key), (str, int, float, list)):
                return _convert_to_text(value[key])
        return ""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value).strip()
    return ""


def _list_texts(value: object) -> list[str]:
    """The value as text, each of several."""
    return [_convert_to_text(item) for item in (value if isinstance(value, list) else [value])]


def _get_flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"yes": True, "true": True, "no": False, "false": False}.get(
        _convert_to_text(value).lower()
    )


# --- people ---------------------------------------------------------------------------------


def _build_byline(fields: Mapping[str, object]) -> Byline:
    value = _parse_list(fields.get("authors"))
    affiliations = _split_names(fields.get("affiliations"))
    if isinstance(value, Mapping):
        value = value.get("author") or [value]  # DBLP's ``{"author": [...]}``
        value = value if isinstance(value, list) else [value]
    if not isinstance(value, list):
        byline = parse_author_field(_convert_to_text(value))
        return replace(byline, affiliations=affiliations or byline.affiliations)
    people = [item for item in value if _is_author(item)]
    byline = parse_author_names([_parse_author(item) for item in people])
    theirs = dict.fromkeys(name for item in people for name in _list_affiliations(item))
    return replace(byline, affiliations=affiliations or tuple(theirs))


def _parse_list(value: object) -> object:
    """A list that a table prints in one cell, ``['Jana Doe', 'Rik Roe']``; else the value."""
    if not isinstance(value, str) or not (value.strip()[:1] == "[" and value.strip()[-1:] == "]"):
        return value
    for parse in (json.loads, literal_eval):
        with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
            parsed = parse(value.strip())
            return parsed if isinstance(parsed, list) else value
    return value


def _is_author(item: object) -> bool:
    """Whether a person of the record is one who wrote it: no editor or translator of Zotero's list."""
    kind = item.get("creatorType") or item.get("role") if isinstance(item, Mapping) else None
    return not isinstance(kind, str) or kind.lower() in (
        "author",
        "presenter",
        "inventor",
        "contributor",
    )


def _parse_author(item: object) -> str | Name:
    """One author: a string, ``{"name": ...}``, or an object of first and last name and their parts."""
    if isinstance(item, list):  # arXiv's ``["Bours", "Etta", "Jr", "EN Saclay"]``
        family, first, suffix = (*(_convert_to_text(part) for part in item[:3]), "", "", "")[:3]
        return build_name(first, family, suffix=suffix)
    if not isinstance(item, Mapping):
        return _convert_to_text(item)
    parts = {columns.get_key(str(key)): value for key, value in item.items()}
    inner = parts.get("author")
    if isinstance(inner, Mapping):
        return _parse_author(inner) or _convert_to_text(parts.get("rawauthorname"))

    def get(*keys: str) -> str:
        return next((text for key in keys if (text := _convert_to_text(parts.get(key)))), "")

    family = get("family", "last", "lastname", "familyname", "surname")
    first = get("given", "first", "firstname", "givenname", "forename", "initials")
    if family:
        particle = " ".join(
            filter(None, (get("droppingparticle"), get("nondroppingparticle", "prefix")))
        )
        middle = get("middle") or " ".join(
            map(str, parts["middle"]) if isinstance(parts.get("middle"), list) else ()
        )
        first = " ".join(filter(None, (first, middle)))
        return build_name(first, family, particle=particle, suffix=get("suffix"))
    literal = get("literal")
    if literal:
        return Name("{" + literal + "}", literal)
    return (
        get("displayname", "name", "fullname", "author", "rawauthorname", "text", "value") or first
    )


def _list_affiliations(item: object) -> tuple[str, ...]:
    if not isinstance(item, Mapping):
        return ()
    return _split_names(
        item.get("affiliation") or item.get("affiliations") or item.get("institutions")
    )


def _split_names(value: object) -> tuple[str, ...]:
    """Names in a list, or in one text parted by semicolons."""
    parts: Sequence[object]
    if isinstance(value, str):
        parts = value.split(";")
    else:
        parts = value if isinstance(value, list) else []
    plain = (latex.to_text(_convert_to_text(part)) for part in parts)
    return tuple(dict.fromkeys(name for name in plain if name))


# --- identifiers ----------------------------------------------------------------------------


def _get_url(fields: Mapping[str, object]) -> str | None:
    for field in ("url", "id"):
        for printed in _list_texts(fields.get(field)):
            if match := re.match(r"https?://\S+", printed.replace("\\_", "_").replace("\\%", "%")):
                return match.group()
    if arxiv := _get_arxiv(fields, None):
        return f"https://arxiv.org/abs/{arxiv}"
    return None


def _get_doi(fields: Mapping[str, object]) -> str | None:
    for field in ("doi", "id", "url"):
        for printed in _list_texts(fields.get(field)):
            if (field == "doi" or "doi.org/" in printed) and (
                doi := identifiers.parse_doi(printed)
            ):
                return doi
    return latex.to_text(_convert_to_text(fields.get("doi"))).lower() or None


def _get_arxiv(fields: Mapping[str, object], url: str | None) -> str | None:
    archive = _convert_to_text(fields.get("archive")).lower()
    printed = _convert_to_text(fields.get("arxiv"))
    if printed and archive in ("", "arxiv") and (arxiv := identifiers.parse_arxiv(printed)):
        return arxiv
    identifier = _convert_to_text(fields.get("id"))
    if re.fullmatch(r"(?:\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z-]{2,9})?/\d{7})(?:v\d+)?", identifier):
        return identifiers.parse_arxiv(identifier)
    for address in (url, identifier, _convert_to_text(fields.get("doi"))):
        if address and (arxiv := identifiers.find_arxiv_in_url(address)):
            return arxiv
    return None


def _get_pmid(fields: Mapping[str, object], url: str | None) -> str | None:
    printed = _convert_to_text(fields.get("pmid"))
    match = re.search(r"(?<!\d)\d{1,9}(?:\.0)?$", printed.rstrip("/ "))
    return match.group().removesuffix(".0") if match else identifiers.find_pmid_in_url(url or "")


# --- the rest -------------------------------------------------------------------------------


def _get_category(fields: Mapping[str, object]) -> str | None:
    printed = _convert_to_text(fields.get("category"))
    if _ARXIV_CATEGORIES.fullmatch(printed):
        printed = re.split(r"[ ,;]+", printed)[0]
    return latex.to_text(printed) or None


def _get_venue(fields: Mapping[str, object]) -> str | None:
    value = fields.get("venue")
    if isinstance(value, Mapping):  # a location of OpenAlex, whose source is the journal
        value = value.get("source") or value
    return latex.to_text(_convert_to_text(value)) or None


def _list_keywords(value: object) -> tuple[str, ...]:
    """Keywords in lists, in objects with a name, or in one text parted by signs; each once."""
    value = _parse_list(value)
    if isinstance(value, list):
        names = [word for item in value for word in _list_keywords(item)]
    elif isinstance(value, Mapping):
        names = [_convert_to_text(value) or next(
            (_convert_to_text(value[k]) for k in ("tag", "keyword", "term", "category", "subject")
             if value.get(k)), "")]  # fmt: skip
    else:
        text = _convert_to_text(value)
        sign = next((s for s in (";", "|", "\n", "/ ", ",") if s in text), None)
        names = text.split(sign) if sign else [text]
    plain = (latex.to_text(name).strip(" .,;*") for name in names)
    return tuple(dict.fromkeys(w for w in plain if w and len(w) <= _MAX_KEYWORD_CHARS))


def _find_retraction(fields: Mapping[str, object], title: str | None) -> bool | None:
    """Whether a flag, the kind of publication, or the beginning of the title says so."""
    flag = _get_flag(fields.get("retracted"))
    kinds = fields.get("type")
    printed = " ".join(map(str, kinds)) if isinstance(kinds, list) else str(kinds or "")
    if flag or "retracted publication" in printed.lower() or _RETRACTED.match(title or ""):
        return True
    return flag


def _list_files(value: object) -> tuple[str, ...]:
    """Names of files in ``file`` fields: ``{:doe.pdf:pdf}``, ``Full Text:files/12/doe.pdf:application/pdf``."""
    texts = value if isinstance(value, list) else [value]
    names = (
        piece.strip().replace("\\\\", "/").replace("\\", "")
        for text in texts
        for piece in _FILE_BORDER.split(_convert_to_text(text))
        if piece.strip().lower().endswith(".pdf")
    )
    return tuple(dict.fromkeys(PurePosixPath(name).name for name in names))
