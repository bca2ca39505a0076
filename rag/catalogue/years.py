"""Years and months in a question: single ones, ranges, lists, negations."""

from __future__ import annotations

import re

from rag.catalogue.scan import Scan
from rag.listing import MONTHS

_Y = r"((?:19|20)\d\d)"
_OF = r"(?:(?:posted|published|dated|released|written|appeared|appearing|uploaded|out|made|the|year|years|are|were|is)\s+)*"
_IN = rf"{_OF}(?:in|from|of|for|during|within|year)\s+(?:the\s+)?(?:years?\s+)?"
_DASH = r"\s*(?:-|–|—|\.\.+|to|until|till|through|thru|and)\s*"
_MONTH = "(" + "|".join(f"{m}|{m[:3]}" for m in MONTHS) + r")\.?"
_HEADS = (
    r"(?:papers?|entries|entry|works?|ones|publications?|articles?|preprints?|titles?|abstracts?)"
)

_RANGES: tuple[tuple[str, int, int], ...] = (
    # pattern of one year, what to add for the lower bound (9999: none), for the upper bound
    (
        rf"{_OF}(?:before|prior to|older than|earlier than|predat(?:e|es|ing)|pre-?)\s*{_Y}",
        9999,
        -1,
    ),
    (
        rf"{_OF}(?:until|till|up to|through|no later than|not after|at latest|by the end of)\s+{_Y}",
        9999,
        0,
    ),
    (rf"(?:{_IN})?{_Y}\s+(?:or|and)\s+(?:earlier|older|before)", 9999, 0),
    (
        rf"{_OF}(?:after|newer than|later than|more recent than|younger than|past|post-)\s*{_Y}",
        1,
        9999,
    ),
    (rf"(?:{_IN})?{_Y}\s+(?:or|and)\s+(?:later|newer|after|onwards?)", 0, 9999),
    (
        rf"{_OF}(?:since|starting (?:in|from|with)|as of|not before|no earlier than|beginning in)\s+{_Y}",
        0,
        9999,
    ),
    (
        rf"{_OF}from\s+{_Y}\s+(?:onwards?\b|and later|upwards?\b|on(?=\s*(?:[?.!,;~]|$|and\b|with|that\b)))",
        0,
        9999,
    ),
)


def read_years(scan: Scan) -> None:
    """Take every condition on year and month."""
    _read_spans(scan)
    for pattern, low, high in _RANGES:
        for match in scan.take(pattern):
            year = int(match.group(1))
            lower = None if low == 9999 else year + low
            scan.add("year", "between", (lower, None if high == 9999 else year + high))
    for match in scan.take(
        rf"(?:\b(?:not|other than|except(?: for)?|excluding|outside(?: of)?)|\b\w+n't)\s+(?:{_IN})?{_Y}\b"
    ):
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
        rf"(?:\b(?:not|other than|except(?: for)?|excluding|outside(?: of)?)|\b\w+n't)\s+(?:{_IN})?(?:either\s+)?{_Y}(?:\s*(?:,|or|and|nor|&|/)+\s*(?:in\s+|from\s+)?{_Y})+"
    ):
        scan.add("year", "not in", tuple(sorted({int(y) for y in re.findall(_Y, match.group())})))
    for match in scan.take(
        rf"(?:{_IN})?(?:either\s+)?{_Y}(?:\s*(?:,|or|and|&|/)+\s*(?:in\s+|from\s+)?{_Y})+"
    ):
        scan.add("year", "in", tuple(sorted({int(y) for y in re.findall(_Y, match.group())})))


def _read_months(scan: Scan) -> None:
    days = scan.take(rf"\b(?:{_OF}on\s+)?(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\s+{_Y}\b")
    for match in days:
        scan.add("date", "is", (int(match.group(3)), _month(match.group(2)), int(match.group(1))))
    found = scan.take(rf"\b(?:{_IN})(?:the\s+month\s+of\s+)?{_MONTH}(?=\W|$)(?:\s+(?:of\s+)?{_Y})?")
    found += scan.take(rf"\b{_MONTH}\s+{_Y}\b")
    for match in found:
        scan.add("month", "is", _month(match.group(1)))
        if match.group(2):
            scan.add("year", "is", int(match.group(2)))


def _month(word: str) -> int:
    return next(i for i, m in enumerate(MONTHS, 1) if m[:3].lower() == word[:3].lower())


def _read_single(scan: Scan) -> None:
    """A bare year counts beside ``in``, ``from`` or a word for papers, or at either end."""
    for pattern in (
        rf"\b{_IN}{_Y}(?:'s)?\b",
        rf"\b{_OF}{_Y}(?=(?:\s+[\w-]+)?\s+{_HEADS}\b)",
        rf"^\W*{_Y}(?=\s)",
        rf"(?<=papers)\s+{_Y}\b",
        rf"(?<=~ ){_Y}\b",
        rf"\b{_Y}(?=\s*\W*$)",
        rf"\b{_Y}(?=\s*~)",
    ):
        for match in scan.take(pattern):
            scan.add("year", "is", int(match.group(1)))
