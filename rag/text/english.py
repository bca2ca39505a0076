"""English for readers: counts, agreement, lists, months and days."""

from __future__ import annotations

from collections.abc import Iterable


def join_names(names: Iterable[str]) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    listing = list(names)
    if len(listing) < 2:
        return "".join(listing)
    return ", ".join(listing[:-1]) + " and " + listing[-1]


MONTHS = (
    "January February March April May June July August September October November December"
).split()


def dated_day(day: tuple[int, int, int]) -> str:
    """``3 March 2022``, ``March 2022`` or ``2022``: as much as is known."""
    month = MONTHS[day[1] - 1] if day[1] else ""
    return " ".join(filter(None, (str(day[2] or "") if month else "", month, str(day[0]))))


def choose_number(n: int, singular: str, plural: str) -> str:
    """The form that agrees with a count: ``is`` for 1, ``are`` for any other number."""
    return singular if n == 1 else plural


def counted(n: int, noun: str = "paper") -> str:
    """``1 paper``, ``17 papers``, ``2 people``, ``3 entries``."""
    if noun.endswith("person"):
        plural = noun.removesuffix("person") + "people"
    else:
        plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{n:,} {choose_number(n, noun, plural)}"
