"""Turns records of named fields, from any format, into entries.

Key spellings vary (``abstract``, ``Abstract``, ``paper_abstract``, ``summary``); they are compared
by their letters and digits alone.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.readers import latex
from rag.readers.names import Byline, parse_author_field, parse_author_names
from rag.types import Entry, Place

_KEYS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "papertitle", "articletitle"),
    "text": ("abstract", "paperabstract", "abstracttext", "summary", "text", "body", "content"),
    "authors": ("authors", "author", "authornames", "creators", "creator"),
    "affiliations": ("affiliations", "affiliation", "institutions", "institution"),
    "year": ("year", "publicationyear", "pubyear"),
    "date": ("date", "published", "publicationdate", "publisheddate", "pubdate"),
    "month": ("month",),
    "day": ("day",),
    "url": ("url", "link", "paperurl", "urlabs", "pdfurl"),
    "doi": ("doi",),
    "venue": ("venue", "journal", "journaltitle", "booktitle", "conference", "journalref"),
    "category": ("category", "primarycategory", "primaryclass", "categories"),
    "code": ("code", "hascode"),
    "id": ("id", "eprint"),
}
_FIELD_OF = {key: field for field, keys in _KEYS.items() for key in keys}
_MONTH_BY_NAME = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_DATE_FIELD = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?")
_ARXIV_CATEGORIES = re.compile(r"[a-z-]+(?:\.[A-Za-z-]+)?(?:[ ,;]+[a-z-]+(?:\.[A-Za-z-]+)?)+")
_NOT_A_LETTER = re.compile(r"[\W_]+")


class NotARecord(ValueError):
    """A field has an impossible value; the message is a clause for the rejection."""


def find_field(key: str) -> str | None:
    """The field that a key names: ``Paper_Title`` -> ``title``; None for any other key."""
    return _FIELD_OF.get(_NOT_A_LETTER.sub("", key).lower())


def build_record_entry(
    record: Mapping[str, object], place: Place, raw: str, byline: Byline | None = None
) -> Entry:
    """One record as an entry; fields that are not known are left out.

    Args:
        record: Field names as given. A mapping under ``metadata`` fills what is missing.
        place: Where the record begins.
        raw: The record as it stands in the document.
        byline: The authors, where the format has its own rules for names.

    Raises:
        NotARecord: A title or text is no text.
    """
    fields = _extract_fields(record)
    text, links = latex.convert_paragraphs(_get_text(fields, "text"))
    title = latex.to_text(_get_text(fields, "title")) or None
    when = _parse_date(fields)
    byline = byline or _build_byline(fields)
    return Entry(
        place=place,
        raw=raw,
        title=title,
        text=text,
        authors=byline.authors,
        authors_complete=byline.complete,
        affiliations=byline.affiliations,
        year=when.year,
        month=when.month,
        day=when.day,
        category=_get_category(fields),
        code=fields["code"] if isinstance(fields.get("code"), bool) else None,  # type: ignore[arg-type]
        links=links,
        url=_get_url(fields),
        doi=_get_doi(fields),
        venue=latex.to_text(_convert_to_text(fields.get("venue"))) or None,
    )


def _extract_fields(record: Mapping[str, object]) -> dict[str, object]:
    """Values by field; of several spellings the one listed first in ``_KEYS`` that has a value."""
    values_by_key = {_NOT_A_LETTER.sub("", key).lower(): value for key, value in record.items()}
    inner = values_by_key.get("metadata")
    if isinstance(inner, Mapping):
        for key, value in inner.items():
            values_by_key.setdefault(_NOT_A_LETTER.sub("", str(key)).lower(), value)
    fields: dict[str, object] = {}
    for field, keys in _KEYS.items():
        value = next(
            (
                values_by_key[key]
                for key in keys
                if values_by_key.get(key) not in (None, "", [], {})
            ),
            None,
        )
        if value is not None:
            fields[field] = value
    return fields


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
    """The value as text, the first of several; nothing for an object."""
    if isinstance(value, list):
        return _convert_to_text(value[0]) if value else ""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value).strip()
    return ""


def _build_byline(fields: Mapping[str, object]) -> Byline:
    value = fields.get("authors")
    affiliations = _split_names(fields.get("affiliations"))
    if isinstance(value, list):
        byline = parse_author_names([_format_author(item) for item in value])
        affiliations = affiliations or tuple(
            dict.fromkeys(name for item in value for name in _list_affiliations(item))
        )
    else:
        byline = parse_author_field(_convert_to_text(value))
    return Byline(byline.authors, byline.complete, affiliations)


def _format_author(item: object) -> str:
    """One author: a string, ``{"name": ...}`` or an object of first and last name."""
    if not isinstance(item, Mapping):
        return _convert_to_text(item)
    parts = {
        _NOT_A_LETTER.sub("", str(key)).lower(): _convert_to_text(value)
        for key, value in item.items()
    }
    for key in ("name", "fullname", "literal", "author"):
        if parts.get(key):
            return parts[key]
    first = next((parts[k] for k in ("first", "given", "firstname", "givenname") if k in parts), "")
    last = next((parts[k] for k in ("last", "family", "lastname", "familyname") if k in parts), "")
    return f"{first} {last}".strip()


def _list_affiliations(item: object) -> tuple[str, ...]:
    if not isinstance(item, Mapping):
        return ()
    return _split_names(item.get("affiliation") or item.get("affiliations"))


def _split_names(value: object) -> tuple[str, ...]:
    """Names in a list, or in one text parted by semicolons."""
    parts: Sequence[object]
    if isinstance(value, str):
        parts = value.split(";")
    else:
        parts = value if isinstance(value, list) else []
    return tuple(dict.fromkeys(name for name in map(_format_name, parts) if name))


def _format_name(value: object) -> str:
    return latex.to_text(
        _convert_to_text(value.get("name") if isinstance(value, Mapping) else value)
    )


@dataclass(frozen=True, slots=True)
class _When:
    year: int | None = None
    month: int | None = None
    day: int | None = None


def _parse_date(fields: Mapping[str, object]) -> _When:
    """The record's date; an impossible or unreadable part is unknown."""
    dated = _DATE_FIELD.match(
        _convert_to_text(fields.get("date")) or _convert_to_text(fields.get("year"))
    )
    printed = _YEAR.search(_convert_to_text(fields.get("year"))) or _YEAR.search(
        _convert_to_text(fields.get("date"))
    )
    year = int(printed.group()) if printed else None
    month, day = (
        _parse_month_name(_convert_to_text(fields.get("month"))),
        _convert_to_text(fields.get("day")),
    )
    if dated and year == int(dated.group(1)):
        month, day = _parse_bounded_integer(dated.group(2), 12), dated.group(3)
    return _When(year, month, _parse_bounded_integer(day, monthrange(year or 2000, month or 1)[1]))


def _parse_month_name(printed: str) -> int | None:
    if printed[:3].lower() in _MONTH_BY_NAME:
        return _MONTH_BY_NAME.index(printed[:3].lower()) + 1
    return _parse_bounded_integer(printed, 12)


def _parse_bounded_integer(digits: str | None, maximum: int) -> int | None:
    if not digits or not re.fullmatch(r"[0-9]{1,2}", digits):
        return None
    return int(digits) if 1 <= int(digits) <= maximum else None


def _get_category(fields: Mapping[str, object]) -> str | None:
    printed = _convert_to_text(fields.get("category"))
    if _ARXIV_CATEGORIES.fullmatch(printed):
        printed = re.split(r"[ ,;]+", printed)[0]
    return printed or None


def _get_url(fields: Mapping[str, object]) -> str | None:
    for field in ("url", "id"):
        printed = _convert_to_text(fields.get(field))
        if re.match(r"https?://\S+$", printed):
            return printed
    return None


def _get_doi(fields: Mapping[str, object]) -> str | None:
    printed = re.sub(
        r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)",
        "",
        _convert_to_text(fields.get("doi")),
        flags=re.I,
    )
    return printed or None
