"""Reads dates in the forms that exports print them; what is impossible or unreadable is unknown."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_OTHER_MONTHS = {
    "mai": 5, "okt": 10, "dez": 12, "mrz": 3, "mär": 3, "fév": 2, "avr": 4, "jui": 6, "aoû": 8,
    "déc": 12, "ene": 1, "abr": 4, "ago": 8, "dic": 12, "gen": 1, "mag": 5, "giu": 6, "lug": 7, "set": 9,
    "ott": 10, "mei": 5,
}  # fmt: skip
_YEAR = re.compile(r"(?<!\d)(1[5-9]\d\d|20\d\d)(?!\d)")
_NAME = r"(?P<name>[^\W\d_]{3,9})\.?"
_FORMS = tuple(
    re.compile(form)
    for form in (
        r"(?P<year>\d{4})-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?(?!\d)",
        r"(?P<year>\d{4})[/.](?P<month>\d{1,2})?(?:[/.](?P<day>\d{1,2})?)?(?:/.*)?(?!\d)",
        r"(?P<year>(?:19|20)\d\d)(?P<month>[01]\d)(?P<day>[0-3]\d)?(?!\d)",
        rf"(?:[A-Za-z]{{3,9}},? )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?(?:[-–]\d{{1,2}})?[ -]{_NAME},?[ -](?P<year>\d{{4}})(?!\d)",
        rf"(?P<day>\d{{1,2}}) {_NAME}\s?[-–]\s?\d{{1,2}} {_NAME.replace('name', 'until')},? (?P<year>\d{{4}})(?!\d)",
        rf"{_NAME}[ -](?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:[-–]\d{{1,2}})?,? (?P<year>\d{{4}})(?!\d)",
        rf"{_NAME}(?:[-/–]{_NAME.replace('name', 'until')})?,?[ -](?P<year>\d{{4}})(?!\d)",
        rf"(?P<year>\d{{4}})[ -]{_NAME}(?:[-/–]{_NAME.replace('name', 'until')})?(?:[ -](?P<day>\d{{1,2}}))?(?!\d)",
        rf"{_NAME}[-'’ ]{{1,2}}(?P<short>\d{{2}})(?!\d)",
        rf"(?P<short>\d{{2}})-{_NAME}$",
        r"(?P<month>\d{1,2})[/.](?P<year>\d{4})(?!\d)",
        r"(?P<first>\d{1,2})[/.-](?P<second>\d{1,2})[/.-](?P<year>\d{4})(?!\d)",
    )
)
_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_DAYS = range(32_874, 60_000)
"""Serial days of spreadsheets, 1990 to 2064."""


@dataclass(frozen=True, slots=True)
class When:
    """What is known of a date."""

    year: int | None = None
    month: int | None = None
    day: int | None = None


def parse_date(value: object) -> When:
    """One value: text, a number, ``[2021, 5, 3]``, ``{"date-parts": [[2021, 5, 3]]}``."""
    if isinstance(value, bool) or value is None:
        return When()
    if isinstance(value, Mapping):
        return _parse_mapping(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return _parse_parts(value)
    return _parse_text(str(value).strip().strip("{}\"'[]").replace("\u00a0", " "))


def parse_month(printed: str) -> int | None:
    """``May``, ``may``, ``5``; None for anything else."""
    key = printed.strip()[:3].lower()
    if key in _MONTHS:
        return _MONTHS.index(key) + 1
    return _OTHER_MONTHS.get(key) or _parse_bounded(printed, 12)


def combine(year: object, month: object, day: object, dated: object) -> When:
    """A date from fields of its parts and one of the whole; where their years differ, the year's counts."""
    full, printed = parse_date(dated), _parse_year(year)
    if not printed.year:
        printed = full
    elif not printed.month and full.year == printed.year:
        printed = full
    if printed.month:
        return printed
    if month in (None, "") and not full.year:
        # EndNote's ``March 3`` beside the year; of tagged lines it comes in a list.
        month = dated[0] if isinstance(dated, list) and len(dated) == 1 else dated
        month = month if isinstance(month, str) else None
    if month in (None, ""):
        return printed
    text = str(month).replace("~", " ").strip(' {}"')
    known = parse_month(text) or parse_month(text.split()[-1] if text else "")
    number = re.search(r"(?<!\d)\d{1,2}(?!\d)", text) if not text.isdigit() else None
    of_month = str(day).strip() if day not in (None, "") else number.group() if number else ""
    return build_when(printed.year, known, of_month)


def _parse_year(value: object) -> When:
    """As `parse_date`, but a number is a year or nothing."""
    text = str(value).strip()
    return When() if re.fullmatch(r"\d{5,}", text) else parse_date(value)


def is_serial_day(value: object) -> bool:
    """Whether a date is given as the number that a spreadsheet keeps for it."""
    text = str(value).strip()
    return bool(re.fullmatch(r"\d{5}(?:\.0+)?", text)) and int(text[:5]) in _EXCEL_DAYS


def build_when(year: int | None, month: int | None, day: str | int | None) -> When:
    """A date without what is impossible: the 30th of February is February."""
    n_days = monthrange(year or 2000, month or 1)[1]
    return When(year, month, _parse_bounded(str(day or ""), n_days) if month else None)


def _parse_mapping(value: Mapping[str, object]) -> When:
    for key in ("date-parts", "date_parts"):
        if value.get(key):
            return _parse_parts(value[key])
    if any(value.get(key) for key in ("year", "Year")):
        return combine(value.get("year"), value.get("month"), value.get("day"), None)
    for key in ("raw", "literal", "date-time", "$", "value"):
        if value.get(key):
            return parse_date(value[key])
    return When()


def _parse_parts(value: object) -> When:
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return parse_date(value[0])
    while isinstance(value, Sequence) and not isinstance(value, str) and value:
        if not isinstance(value[0], Sequence) or isinstance(value[0], str):
            parts = [str(part) for part in value if part not in (None, "")]
            year = parse_date(parts[0]).year if parts else None
            month = parse_month(parts[1]) if len(parts) > 1 else None
            return build_when(year, month, parts[2] if len(parts) > 2 else None)
        value = value[0]
    return When()


def _parse_text(text: str) -> When:
    if number := re.fullmatch(r"(\d{4,14})(?:\.0+)?", text):
        if (when := _parse_number(int(number.group(1)))).year:
            return when
    for form in _FORMS:
        if (match := form.match(text)) and (when := _build_from_match(match)).year:
            return when
    year_match = _YEAR.search(text)
    return When(int(year_match.group())) if year_match else When()


def _parse_number(number: int) -> When:
    """A year, a spreadsheet's day, or seconds or milliseconds since 1970."""
    if 1500 <= number <= 2099:
        return When(number)
    if number in _EXCEL_DAYS:
        day = _EXCEL_EPOCH + timedelta(days=number)
        return When(day.year, day.month, day.day)
    for unit in (1, 1_000):
        if 300_000_000 * unit <= number < 4_000_000_000 * unit:
            moment = datetime.fromtimestamp(number / unit, UTC)
            return When(moment.year, moment.month, moment.day)
    return When()


def _build_from_match(match: re.Match[str]) -> When:
    parts = match.groupdict()
    month: int | None
    day = parts.get("day")
    if parts.get("name"):
        month = parse_month(parts["name"]) if not parts["name"].isdigit() else None
        if month is None:
            return When()
    elif parts.get("first"):
        first, second = int(parts["first"]), int(parts["second"])
        is_unclear = (first > 12) == (second > 12) and first != second
        if is_unclear and "." in match.group():  # points stand where the day comes first
            month, day = second, str(first)
            return build_when(_check_year(parts["year"]), _parse_bounded(str(month), 12), day)
        if is_unclear:  # 3/5 is March or May
            return When(_check_year(parts["year"]))
        month, day = (second, str(first)) if first > 12 else (first, str(second))
    else:
        month = _parse_bounded(parts.get("month"), 12)
    if parts.get("short"):
        return When(2000 + int(parts["short"]) if int(parts["short"]) < 60 else None, month)
    return build_when(_check_year(parts["year"]), month, day)


def _check_year(digits: str) -> int | None:
    return int(digits) if _YEAR.fullmatch(digits) else None


def _parse_bounded(digits: str | None, maximum: int) -> int | None:
    if not digits or not re.fullmatch(r"[0-9]{1,2}", digits.strip()):
        return None
    return int(digits) if 1 <= int(digits) <= maximum else None
