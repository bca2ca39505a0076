"""Years and months in a question: single ones, ranges, lists, negations, and longer phrases of time.

A phrase of time (`rag.catalogue.periods`) is marked in the text before anything else is read, as
``⟦0⟧``, so that ``the first half of 2023`` is not taken for a first paper; its condition is added
where the years are read.
"""

from __future__ import annotations

import re

from rag.catalogue.periods import MONTH, Day, Period, find, month_of
from rag.catalogue.scan import Scan
from rag.catalogue.wording import HEADS
from rag.listing import dated_day

_Y = r"((?:19|20)\d\d)"
_OF = r"(?:(?:posted|published|dated|released|written|appeared|appearing|uploaded|out|made|the|year|years|are|were|is)\s+){0,5}"
_IN = rf"{_OF}(?:in|from|of|for|during|within|year)\s+(?:the\s+)?(?:years?\s+)?"
_DASH = r"\s*(?:-|–|—|\.\.+|to|until|till|through|thru|and)\s*"
_MONTH = f"({MONTH})"
_NOT = r"(?:\b(?:not|other than|except(?: for)?|excluding|outside(?: of)?)|\b\w+n't)"

_RANGES: tuple[tuple[str, int | None, int | None], ...] = (
    # pattern of one year, what to add for the lower bound (None: open), for the upper bound
    (
        rf"{_OF}(?:before|prior to|older than|earlier than|predat(?:e|es|ing)|pre-?)\s*{_Y}",
        None,
        -1,
    ),
    (
        rf"{_OF}(?:until|till|up to|through|no later than|not after|at latest|by the end of)\s+{_Y}",
        None,
        0,
    ),
    (rf"(?:{_IN})?{_Y}\s+(?:or|and)\s+(?:earlier|older|before)", None, 0),
    (
        rf"{_OF}(?:after|newer than|later than|more recent than|younger than|past|post-)\s*{_Y}",
        1,
        None,
    ),
    (rf"(?:{_IN})?{_Y}\s+(?:or|and)\s+(?:later|newer|after|onwards?)", 0, None),
    (
        rf"{_OF}(?:since|starting (?:in|from|with)|as of|not before|no earlier than|beginning in)\s+{_Y}",
        0,
        None,
    ),
    (
        rf"{_OF}from\s+{_Y}\s+(?:onwards?\b|and later|upwards?\b|on(?=\s*(?:[?.!,;~]|$|and\b|with|that\b)))",
        0,
        None,
    ),
)


def mark_periods(scan: Scan) -> None:
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
    """As a condition on years where whole years are meant, or else on dates."""
    low, high = period.low, period.high
    bounds: tuple[int | Day | None, int | Day | None] = (low, high)
    whole = (low is None or low[1:] == (1, 1)) and (high is None or high[1:] == (12, 31))
    if whole:
        bounds = (low and low[0], high and high[0])
    operator = "not between" if negative else "between"
    scan.add("year" if whole else "date", operator, bounds)


def read_years(scan: Scan) -> None:
    """Take every condition on year and month."""
    mark_periods(scan)
    _read_periods(scan)
    _read_spans(scan)
    for pattern, low, high in _RANGES:
        for match in scan.take(pattern):
            year = int(match.group(1))
            bounds = tuple(None if more is None else year + more for more in (low, high))
            scan.add("year", "between", bounds)
    for match in scan.take(rf"{_NOT}\s+(?:{_IN})?{_Y}\b"):
        scan.add("year", "is not", int(match.group(1)))
    _read_months(scan)
    _read_single(scan)


def _read_spans(scan: Scan) -> None:
    for pattern in (
        rf"(?:{_IN}|{_OF})?between\s+{_Y}\s+(?:and|to|-|–)\s+{_Y}",
        rf"{_OF}from\s+{_Y}{_DASH.replace('|and', '')}{_Y}",
        rf"(?:{_IN})?{_Y}{_DASH.replace('|and', '')}{_Y}",
    ):
        for match in scan.take(pattern):
            low, high = sorted((int(match.group(1)), int(match.group(2))))
            scan.add("year", "between", (low, high))
    for match in scan.take(
        rf"{_NOT}\s+(?:{_IN})?(?:either\s+)?{_Y}(?:\s*(?:,|or|and|nor|&|/)+\s*(?:in\s+|from\s+)?{_Y})+"
    ):
        scan.add("year", "not in", tuple(sorted({int(y) for y in re.findall(_Y, match.group())})))
    for match in scan.take(
        rf"(?:{_IN})?(?:either\s+)?{_Y}(?:\s*(?:,|or|and|&|/)+\s*(?:in\s+|from\s+)?{_Y})+"
    ):
        scan.add("year", "in", tuple(sorted({int(y) for y in re.findall(_Y, match.group())})))


def _read_months(scan: Scan) -> None:
    """Months of any year: ``in March``, ``not in May or June``, ``between March and May``."""
    for match in scan.take(rf"\b(?:{_IN}|{_OF})?between\s+{_MONTH}\s+(?:and|to|-|–)\s+{_MONTH}"):
        first, last = month_of(match.group(1)), month_of(match.group(2))
        among = (n for n in range(1, 13) if _within(n, first, last))
        scan.add("month", "in", tuple(among))
    listed = rf"{_MONTH}(?:\s*(?:,|or|and|nor|&|/)+\s*(?:in\s+)?{_MONTH})*"
    for match in scan.take(rf"{_NOT}\s+(?:{_IN})?{listed}(?=\W|$)"):
        scan.add("month", "not in", _months_in(match.group()))
    for match in scan.take(
        rf"\b(?:{_IN})(?:the\s+months?\s+of\s+)?{listed}(?=\W|$)(?:\s+(?:of\s+)?{_Y})?"
    ):
        held = _months_in(match.group())
        scan.add_any("month", held)
        if year := re.search(_Y, match.group()):
            scan.add("year", "is", int(year.group()))
    for word, first in _SEASONS.items():
        if scan.take(rf"\b(?:{_IN})(?:the\s+)?{word}\b"):
            scan.add("month", "in", tuple(sorted((first + n - 1) % 12 + 1 for n in range(3))))


_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}


def _within(month: int, first: int, last: int) -> bool:
    return first <= month <= last if first <= last else month >= first or month <= last


def _months_in(text: str) -> tuple[int, ...]:
    found = (month_of(word) for word in re.findall(rf"\b{MONTH}", text, re.IGNORECASE))
    return tuple(dict.fromkeys(found))


def _read_single(scan: Scan) -> None:
    """A bare year counts beside ``in``, ``from`` or a word for papers, or at either end."""
    for pattern in (
        rf"\b{_IN}{_Y}(?:'s)?\b",
        rf"\b{_OF}{_Y}(?=(?:\s+[\w-]+)?\s+{HEADS}\b)",
        rf"^\W*{_Y}(?=\s)",
        rf"(?<=papers)\s+{_Y}\b",
        rf"(?<=~ ){_Y}\b",
        rf"\b{_Y}(?=\s*\W*$)",
        rf"\b{_Y}(?=\s*~)",
    ):
        for match in scan.take(pattern):
            scan.add("year", "is", int(match.group(1)))
