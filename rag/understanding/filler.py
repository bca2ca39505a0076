"""Patterns that several readers share: words for papers, for having something, for numbers."""

from __future__ import annotations

HEADS = r"(?:papers?|entries|entry|works?|publications?|articles?|preprints?|titles?|abstracts?|ones|items?|studies)"
HAVE = r"(?:with|have|has|had|having|carry|carries|give|gives|giving|show|shows|showing|print|prints|printing|bear|bears|list|lists|include|includes|offer|offers|offering|provide|provides|providing|release|releases|releasing|contain|contains|come with|comes with|get|share|shares|publish|marked (?:as )?(?:having|with)|marked)"

NUMBERS = {
    word: n
    for n, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(), 1
    )
}
SHARE = r"(?:fraction|percentage|proportion|share|percent|part)"
"""Words that ask how much of a whole something is."""
_MORE_THAN = ("more than", "over")
NUMBER = rf"(?:\d{{1,2}}|{'|'.join(NUMBERS)})"


def parse_number(number_text: str) -> int:
    """The number that digits or a word say."""
    return int(number_text) if number_text.isdigit() else NUMBERS[number_text.lower()]


def parse_bounds(comparison: str, n: int) -> tuple[int | None, int | None]:
    """At least and at most how many ``more than``, ``at most`` or ``exactly`` n are."""
    low = (
        None
        if comparison in ("fewer than", "less than", "at most")
        else n + (comparison in _MORE_THAN)
    )
    high = (
        None
        if comparison in (*_MORE_THAN, "at least")
        else n - (comparison in ("fewer than", "less than"))
    )
    return low, high
