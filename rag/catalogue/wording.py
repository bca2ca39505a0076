"""Words that questions about lists share: what a paper is called, how it has something, how many."""

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
_MORE = ("more than", "over")
NUMBER = rf"(?:\d{{1,2}}|{'|'.join(NUMBERS)})"


def number(said: str) -> int:
    """The number that digits or a word say."""
    return int(said) if said.isdigit() else NUMBERS[said.lower()]


def bounds(said: str, n: int) -> tuple[int | None, int | None]:
    """At least and at most how many ``more than``, ``at most`` or ``exactly`` n are."""
    low = None if said in ("fewer than", "less than", "at most") else n + (said in _MORE)
    high = None if said in (*_MORE, "at least") else n - (said in ("fewer than", "less than"))
    return low, high
