"""Reads years and months in a question: single ones, ranges, lists, negations, and longer phrases.

A phrase of time (`rag.understanding.periods`) is marked in the text before anything else is read, as
``⟦0⟧``, so that ``the first half of 2023`` is not taken for a first paper; its condition is added
where the years are read.
"""

from __future__ import annotations

import re

from rag.text.english import dated_day
from rag.types.fields import Operator
from rag.understanding.filler import HEADS
from rag.understanding.periods import MONTH, Period, find, get_month, make_date
from rag.understanding.scan import Scan, build_range

_YEAR_OR_MARK = r"((?:19|20)\d\d)"
_YEAR_OF = r"(?:(?:posted|published|dated|released|written|appeared|appearing|uploaded|out|made|the|year|years|are|were|is)\s+){0,5}"
_IN = rf"{_YEAR_OF}(?:in|from|of|for|during|within|year)\s+(?:the\s+)?(?:years?\s+)?"
_YEAR_DASH = r"\s*(?:-|–|—|\.\.+|to|until|till|through|thru|and)\s*"
_MONTH_WORD = f"({MONTH})"
_YEAR_NEGATION = r"(?:\b(?:not|other than|except(?: for)?|excluding|outside(?: of)?)|\b\w+n't)"

_RANGES: tuple[tuple[str, int | None, int | None], ...] = (
    # pattern of one year, what to add for the lower bound (None: open), for the upper bound
    (
        rf"{_YEAR_OF}(?:before|prior to|older than|earlier than|predat(?:e|es|ing)|pre-?)\s*{_YEAR_OR_MARK}",
        None,
        -1,
    ),
    (
        rf"{_YEAR_OF}(?:until|till|up to|through|no later than|not after|at latest|by the end of)\s+{_YEAR_OR_MARK}",
        None,
        0,
    ),
    (rf"(?:{_IN})?{_YEAR_OR_MARK}\s+(?:or|and)\s+(?:earlier|older|before)", None, 0),
    (
        rf"{_YEAR_OF}(?:after|newer than|later than|more recent than|younger than|past|post-)\s*{_YEAR_OR_MARK}",
        1,
        None,
    ),
    (rf"(?:{_IN})?{_YEAR_OR_MARK}\s+(?:or|and)\s+(?:later|newer|after|onwards?)", 0, None),
    (
        rf"{_YEAR_OF}(?:since|starting (?:in|from|with)|as of|not before|no earlier than|beginning in)\s+{_YEAR_OR_MARK}",
        0,
        None,
    ),
    (
        rf"{_YEAR_OF}from\s+{_YEAR_OR_MARK}\s+(?:onwards?\b|and later|upwards?\b|on(?=\s*(?:[?.!,;~]|$|and\b|with|that\b)))",
        0,
        None,
    ),
)


def put_period_marks(scan: Scan) -> None:
    """Put a mark in the place of each phrase of time, for `read_years` to take."""
    newest = scan.census.newest
    for (start, end), timed in reversed(find(scan.text, newest)):
        scan.periods.append(timed)
        mark = f" ~ ⟦{len(scan.periods) - 1}⟧ ~ "
        scan.text = f"{scan.text[:start]}{mark}{scan.text[end:]}"
        if timed.relative and newest is not None:
            note = f"'{timed.relative}' is counted back from the newest dated paper here, of {dated_day(newest)}"
            scan.notes.append(note)


def _read_periods(scan: Scan) -> None:
    for match in scan.take(r"~ ⟦(\d+)⟧ ~"):
        timed = scan.periods[int(match.group(1))]
        _add_period(scan, timed.period, negative=timed.negative)


def _add_period(scan: Scan, period: Period, *, negative: bool) -> None:
    """Add a condition on years if the period is full years, or else on dates."""
    low, high = period.low, period.high
    operator: Operator = "is_not" if negative else "is"
    if (low is None or low[1:] == (1, 1)) and (high is None or high[1:] == (12, 31)):
        scan.add("year", operator, build_range(low and low[0], high and high[0]))
    else:
        scan.add("date", operator, build_range(low and make_date(low), high and make_date(high)))


def read_years(scan: Scan) -> None:
    """Take every condition on year and month."""
    put_period_marks(scan)
    _read_periods(scan)
    _read_spans(scan)
    for pattern, low, high in _RANGES:
        for match in scan.take(pattern):
            year = int(match.group(1))
            ends = [None if offset is None else year + offset for offset in (low, high)]
            scan.add("year", "is", build_range(*ends))
    for match in scan.take(rf"{_YEAR_NEGATION}\s+(?:{_IN})?{_YEAR_OR_MARK}\b"):
        scan.add("year", "is_not", int(match.group(1)))
    _read_months(scan)
    _read_single(scan)


def _read_spans(scan: Scan) -> None:
    for pattern in (
        rf"(?:{_IN}|{_YEAR_OF})?between\s+{_YEAR_OR_MARK}\s+(?:and|to|-|–)\s+{_YEAR_OR_MARK}",
        rf"{_YEAR_OF}from\s+{_YEAR_OR_MARK}{_YEAR_DASH.replace('|and', '')}{_YEAR_OR_MARK}",
        rf"(?:{_IN})?{_YEAR_OR_MARK}{_YEAR_DASH.replace('|and', '')}{_YEAR_OR_MARK}",
    ):
        for match in scan.take(pattern):
            low, high = sorted((int(match.group(1)), int(match.group(2))))
            scan.add("year", "is", build_range(low, high))
    for match in scan.take(
        rf"{_YEAR_NEGATION}\s+(?:{_IN})?(?:either\s+)?{_YEAR_OR_MARK}(?:\s*(?:,|or|and|nor|&|/)+\s*(?:in\s+|from\s+)?{_YEAR_OR_MARK})+"
    ):
        scan.add(
            "year",
            "not_in",
            tuple(sorted({int(y) for y in re.findall(_YEAR_OR_MARK, match.group())})),
        )
    for match in scan.take(
        rf"(?:{_IN})?(?:either\s+)?{_YEAR_OR_MARK}(?:\s*(?:,|or|and|&|/)+\s*(?:in\s+|from\s+)?{_YEAR_OR_MARK})+"
    ):
        scan.add(
            "year", "in", tuple(sorted({int(y) for y in re.findall(_YEAR_OR_MARK, match.group())}))
        )


def _read_months(scan: Scan) -> None:
    """Months of any year: ``in March``, ``not in May or June``, ``between March and May``."""
    for match in scan.take(
        rf"\b(?:{_IN}|{_YEAR_OF})?between\s+{_MONTH_WORD}\s+(?:and|to|-|–)\s+{_MONTH_WORD}"
    ):
        first, last = get_month(match.group(1)), get_month(match.group(2))
        among = (n for n in range(1, 13) if _is_month_within(n, first, last))
        scan.add("month", "in", tuple(among))
    months_pattern = rf"{_MONTH_WORD}(?:\s*(?:,|or|and|nor|&|/)+\s*(?:in\s+)?{_MONTH_WORD})*"
    for match in scan.take(rf"{_YEAR_NEGATION}\s+(?:{_IN})?{months_pattern}(?=\W|$)"):
        scan.add("month", "not_in", _list_months(match.group()))
    for match in scan.take(
        rf"\b(?:{_IN})(?:the\s+months?\s+of\s+)?{months_pattern}(?=\W|$)(?:\s+(?:of\s+)?{_YEAR_OR_MARK})?"
    ):
        months = _list_months(match.group())
        scan.add_any("month", months)
        if year := re.search(_YEAR_OR_MARK, match.group()):
            scan.add("year", "is", int(year.group()))
    for word, first in _SEASON_NAMES.items():
        if scan.take(rf"\b(?:{_IN})(?:the\s+)?{word}\b"):
            scan.add("month", "in", tuple(sorted((first + n - 1) % 12 + 1 for n in range(3))))


_SEASON_NAMES = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}


def _is_month_within(month: int, first: int, last: int) -> bool:
    return first <= month <= last if first <= last else month >= first or month <= last


def _list_months(text: str) -> tuple[int, ...]:
    month_numbers = (get_month(word) for word in re.findall(rf"\b{MONTH}", text, re.IGNORECASE))
    return tuple(dict.fromkeys(month_numbers))


def _read_single(scan: Scan) -> None:
    """A bare year counts beside ``in``, ``from`` or a word for papers, or at either end."""
    for pattern in (
        rf"\b{_IN}{_YEAR_OR_MARK}(?:'s)?\b",
        rf"\b{_YEAR_OF}{_YEAR_OR_MARK}(?=(?:\s+[\w-]+)?\s+{HEADS}\b)",
        rf"^\W*{_YEAR_OR_MARK}(?=\s)",
        rf"(?<=papers)\s+{_YEAR_OR_MARK}\b",
        rf"(?<=~ ){_YEAR_OR_MARK}\b",
        rf"\b{_YEAR_OR_MARK}(?=\s*\W*$)",
        rf"\b{_YEAR_OR_MARK}(?=\s*~)",
    ):
        for match in scan.take(pattern):
            scan.add("year", "is", int(match.group(1)))
