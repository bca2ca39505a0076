"""Expressions of time: ``the first half of 2023``, ``spring 2022``, ``the last two years``.

Relative ones count back from the newest dated paper of the library, not from today: the same question
then has the same answer, and the answer says so. ``last year`` is the calendar year before that paper's,
``the last two years`` that paper's year and the one before, ``the last six months`` its month and the
five before.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from rag.text.english import MONTHS
from rag.text.numbers import NUMBERS

Day = tuple[int, int, int]
"""Year, month, day."""


@dataclass(frozen=True, slots=True)
class Period:
    """From one day to another, both included; None where it is open."""

    low: Day | None
    high: Day | None


_COUNT_BEFORE_UNIT = {
    **NUMBERS, "a": 1, "an": 1, "couple of": 2, "a couple of": 2, "few": 3, "a few": 3, "several": 3,
}  # fmt: skip
COUNT = r"(?:[1-9]\d{0,2}|(?:a\s+)?couple\s+of|(?:a\s+)?few|several|" + "|".join(
    w for w in _COUNT_BEFORE_UNIT if " " not in w and w not in ("few", "several")
) + ")"  # fmt: skip
_NTH = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
SEASON_MONTHS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
"""The first month of each, as the northern meteorological year has them; winter ends in February."""
_DECADES = {"eighties": 1980, "nineties": 1990, "noughties": 2000, "twenties": 2020}
_THIRDS = {"early": (1, 4), "mid": (5, 8), "middle": (5, 8), "late": (9, 12), "beginning": (1, 3),
           "start": (1, 3), "end": (10, 12)}  # fmt: skip
"""First and last month of *early*, *mid* and *late* in a year."""

YEAR = r"(?:(?:19|20)\d\d)"
MONTH = "(?:" + "|".join(f"{m}|{m[:3]}" for m in MONTHS) + r"|Sept)\.?(?![a-z])"
TIME_UNIT = r"(?:years?|months?|weeks?|days?|decades?|quarters?)"
_HALF = r"(?:the\s+)?(?:first|second|1st|2nd|last|latter)\s+half\s+(?:of\s+)?(?:the\s+year\s+)?"
_QUARTER = r"(?:the\s+)?(?:first|second|third|fourth|last|1st|2nd|3rd|4th)\s+quarter\s+(?:of\s+)?(?:the\s+year\s+)?"
_ABSOLUTE = "|".join(
    (
        rf"{_HALF}{YEAR}",
        rf"{_QUARTER}{YEAR}",
        rf"(?:the\s+)?(?:first|last)\s+{COUNT}\s+months\s+(?:of\s+)?(?:the\s+year\s+)?{YEAR}",
        rf"[HQ][1-4][\s/'-]*(?:of\s+)?{YEAR}",
        rf"{YEAR}[\s/-]*[HQ][1-4]\b",
        rf"(?:the\s+)?(?:spring|summer|autumn|fall|winter)\s+(?:of\s+|in\s+)?{YEAR}",
        rf"(?:the\s+)?(?:early|mid|middle|late|beginning|start|end)[\s-]+(?:of\s+|in\s+)?(?:the\s+)?{YEAR}(?:s\b)?",
        rf"(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH},?\s+{YEAR}",
        rf"{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+{YEAR}",
        rf"{MONTH},?\s+(?:of\s+|in\s+)?{YEAR}",
        rf"{YEAR}-(?:0[1-9]|1[0-2])(?:-\d\d)?(?!\d)",
        rf"(?:0?[1-9]|1[0-2])/{YEAR}",
        r"(?:the\s+)?(?:19|20)\d0['’]?s\b",
        rf"(?:the\s+)?(?:{'|'.join(_DECADES)})\b",
    )
)
RELATIVE_WORDS = "|".join(
    (
        rf"(?:the\s+)?(?:last|past|previous|preceding|latest|most\s+recent)\s+{COUNT}[\s-]+{TIME_UNIT}\b",
        rf"(?:the\s+)?(?:last|past|previous|preceding)\s+(?:half[\s-]year|{TIME_UNIT})\b",
        rf"(?:the\s+)?last\s+(?:{'|'.join(SEASON_MONTHS)})\b",
        rf"(?:this|the\s+current)\s+(?:{TIME_UNIT}|{'|'.join(SEASON_MONTHS)})\b",
        rf"{COUNT}\s+{TIME_UNIT}\s+ago\b",
    )
)
FINE = rf"(?:{_ABSOLUTE}|{RELATIVE_WORDS})"


def parse_period(expression: str, newest: Day) -> Period | None:
    """The days that one expression means, ``newest`` being the day that relative ones count from."""
    text = " ".join(expression.lower().replace("’", "'").split()).removeprefix("the ")
    for pattern, reader in _READERS:
        if match := re.fullmatch(pattern, text):
            return reader(match, newest)
    return None


def build_months(year: int, first: int, last: int) -> Period:
    """Whole months; a ``last`` past 12 runs into the next year, a ``first`` below 1 into the last."""
    low, high = year * 12 + first - 1, year * 12 + last - 1
    y, m = high // 12, high % 12 + 1
    return Period((low // 12, low % 12 + 1, 1), (y, m, monthrange(y, m)[1]))


def build_years(first: int, last: int) -> Period:
    return Period((max(first, 1), 1, 1), (max(last, 1), 12, 31))


def _parse_nth_part(match: re.Match[str], newest: Day) -> Period:
    n_parts = 2 if match["part"] == "half" else 4
    n = _NTH.get(match["nth"], n_parts)
    size = 12 // n_parts
    return build_months(int(match["year"]), (n - 1) * size + 1, n * size)


def parse_count(match: re.Match[str]) -> int:
    count_text = " ".join(match["n"].lower().split())
    return int(count_text) if count_text.isdigit() else _COUNT_BEFORE_UNIT[count_text]


def _parse_end_months(match: re.Match[str], newest: Day) -> Period:
    n = parse_count(match)
    first = 1 if match["end"] == "first" else 13 - n
    return build_months(int(match["year"]), first, first + n - 1)


def _parse_lettered(match: re.Match[str], newest: Day) -> Period | None:
    n_parts, n = {"h": 2, "q": 4}[match["letter"]], int(match["n"])
    size = 12 // n_parts
    return build_months(int(match["year"]), (n - 1) * size + 1, n * size) if n <= n_parts else None


def _parse_season(match: re.Match[str], newest: Day) -> Period:
    first = SEASON_MONTHS[match["season"]]
    return build_months(int(match["year"]), first, first + 2)


def _parse_third(match: re.Match[str], newest: Day) -> Period:
    year, (first, last) = int(match["year"]), _THIRDS[match["third"]]
    if match["decade"]:
        third = {1: (0, 3), 5: (4, 6)}.get(first, (7, 9))
        return build_years(year + third[0], year + third[1])
    return build_months(year, first, last)


def _parse_day(match: re.Match[str], newest: Day) -> Period | None:
    year, month, day = int(match["year"]), get_month(match["month"]), int(match["day"])
    if not 1 <= day <= monthrange(year, month)[1]:
        return None
    return Period((year, month, day), (year, month, day))


def _parse_month(match: re.Match[str], newest: Day) -> Period:
    month = get_month(match["month"])
    return build_months(int(match["year"]), month, month)


def _parse_decade(match: re.Match[str], newest: Day) -> Period:
    first = _DECADES[match["word"]] if match["word"] else int(match["year"])
    return build_years(first, first + 9)


def build_span(n: int, unit: str, newest: Day) -> Period:
    """The n units that end with the newest paper."""
    year, month, _ = newest
    if unit in ("week", "day"):
        low = date(*newest) - timedelta(days=n * (7 if unit == "week" else 1) - 1)
        return Period((low.year, low.month, low.day), newest)
    if unit in ("year", "decade"):
        return build_years(year - n * (10 if unit == "decade" else 1) + 1, year)
    return build_months(year, month - n * (3 if unit == "quarter" else 1) + 1, month)


def _parse_last(match: re.Match[str], newest: Day) -> Period:
    return build_span(parse_count(match), match["unit"].rstrip("s"), newest)


def _parse_last_one(match: re.Match[str], newest: Day) -> Period:
    """``last year`` is the one before the newest paper's; ``the past year`` ends with that paper."""
    unit, year, month = match["unit"].rstrip("s"), newest[0], newest[1]
    if unit.startswith("half"):
        return build_span(6, "month", newest)
    if match["unit"].endswith("s"):
        return build_span(2, unit, newest)
    if match["word"] in ("last", "previous", "preceding"):
        if unit == "year":
            return build_years(year - 1, year - 1)
        if unit == "month":
            return build_months(year, month - 1, month - 1)
    n = {"year": 12}.get(unit)
    return build_span(n, "month", newest) if n else build_span(1, unit, newest)


def _parse_this(match: re.Match[str], newest: Day) -> Period:
    unit, year, month = match["unit"].rstrip("s"), newest[0], newest[1]
    if unit in SEASON_MONTHS:
        return _build_last_season(unit, newest)
    if unit == "decade":
        return build_years(year // 10 * 10, year // 10 * 10 + 9)
    first = month if unit == "month" else (month - 1) // 3 * 3 + 1
    full_period = build_years(year, year) if unit == "year" else build_months(year, first, month)
    return full_period if unit != "week" else build_span(1, "week", newest)


def _build_last_season(season: str, newest: Day) -> Period:
    first = SEASON_MONTHS[season]
    began = newest[0] if newest[1] >= first else newest[0] - 1
    return build_months(began, first, first + 2)


def _parse_ago(match: re.Match[str], newest: Day) -> Period:
    n = parse_count(match)
    unit, (year, month, _) = match["unit"].rstrip("s"), newest
    if unit in ("year", "decade"):
        then = year - n * (10 if unit == "decade" else 1)
        return build_years(then, then)
    if unit in ("month", "quarter"):
        at = month - n * (3 if unit == "quarter" else 1)
        return build_months(year, at, at)
    day = date(*newest) - timedelta(days=n * (7 if unit == "week" else 1))
    return Period((day.year, day.month, day.day), (day.year, day.month, day.day))


def get_month(word: str) -> int:
    """1-12."""
    return next(i for i, m in enumerate(MONTHS, 1) if m[:3].lower() == word[:3].lower())


_PERIOD_YEAR = rf"(?P<year>{YEAR})"
_M = rf"(?P<month>{MONTH.lower()})"
_N_UNITS = rf"(?P<n>{COUNT})"
_READERS: tuple[tuple[str, Callable[[re.Match[str], Day], Period | None]], ...] = (
    (rf"(?P<nth>\w+) (?P<part>half|quarter) (?:of )?(?:the year )?{_PERIOD_YEAR}", _parse_nth_part),
    (rf"(?P<end>first|last) {_N_UNITS} months (?:of )?(?:the year )?{_PERIOD_YEAR}", _parse_end_months),
    (rf"(?P<letter>[hq])(?P<n>[1-4])[\s/'-]*(?:of )?{_PERIOD_YEAR}", _parse_lettered),
    (rf"{_PERIOD_YEAR}[\s/-]*(?P<letter>[hq])(?P<n>[1-4])", _parse_lettered),
    (rf"(?P<season>{'|'.join(SEASON_MONTHS)}) (?:of |in )?{_PERIOD_YEAR}", _parse_season),
    (rf"(?P<third>{'|'.join(_THIRDS)})[\s-]+(?:of |in )?(?:the )?{_PERIOD_YEAR}(?P<decade>s)?", _parse_third),
    (rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_M},? {_PERIOD_YEAR}", _parse_day),
    (rf"{_M} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? {_PERIOD_YEAR}", _parse_day),
    (rf"{_M},? (?:of |in )?{_PERIOD_YEAR}", _parse_month),
    (rf"{_PERIOD_YEAR}-(?P<m>\d\d)-(?P<d>\d\d)", lambda m, n: _build_from_numbers(m["year"], m["m"], m["d"])),
    (rf"{_PERIOD_YEAR}-(?P<m>\d\d)|(?P<m2>\d{{1,2}})/(?P<y2>{YEAR})", lambda m, n: build_months(
        int(m["year"] or m["y2"]), int(m["m"] or m["m2"]), int(m["m"] or m["m2"]))),
    (rf"(?P<year>(?:19|20)\d0)'?s|(?P<word>{'|'.join(_DECADES)})", _parse_decade),
    (rf"(?:last|past|previous|preceding|latest|most recent) {_N_UNITS}[\s-]+(?P<unit>{TIME_UNIT})", _parse_last),
    (rf"last (?P<season>{'|'.join(SEASON_MONTHS)})", lambda m, n: _build_last_season(m["season"], n)),
    (rf"(?P<word>last|past|previous|preceding) (?P<unit>half[\s-]year|{TIME_UNIT})", _parse_last_one),
    (rf"(?:this|current) (?P<unit>{TIME_UNIT}|{'|'.join(SEASON_MONTHS)})", _parse_this),
    (rf"{_N_UNITS} (?P<unit>{TIME_UNIT}) ago", _parse_ago),
    (_PERIOD_YEAR, lambda m, n: build_years(int(m["year"]), int(m["year"]))),
)  # fmt: skip


def _build_from_numbers(year: str, month: str, day: str) -> Period | None:
    if not 1 <= int(day) <= monthrange(int(year), int(month))[1]:
        return None
    return Period((int(year), int(month), int(day)), (int(year), int(month), int(day)))


def add_days(day: Day | None, days: int) -> Day | None:
    """So many days later, or earlier where negative; the first day of all has none before it."""
    if day is None:
        return None
    moved = date.fromordinal(max(date(*day).toordinal() + days, 1))
    return (moved.year, moved.month, moved.day)
