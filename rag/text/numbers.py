"""Numbers in words, and bounds such as ``at least three``."""

from __future__ import annotations

import re

from rag.types.fields import Range

NUMBERS = {
    word: n
    for n, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve".split(), 1
    )
}
_NUMBER = re.compile(rf"\d{{1,6}}(?:\.\d+)?|\b(?:{'|'.join(NUMBERS)})\b", re.IGNORECASE)
_ABOVE = re.compile(
    r"\b(?:more than|over|above|greater than|higher than|exceed\w*)\b|>", re.IGNORECASE
)
_BELOW = re.compile(r"\b(?:fewer than|less than|under|below|lower than)\b|<", re.IGNORECASE)
_LEAST = re.compile(r"\b(?:at least|no fewer than|minimum|or more)\b|\+|>=|≥", re.IGNORECASE)
_MOST = re.compile(
    r"\b(?:at most|no more than|up to|maximum|or fewer|or less)\b|<=|≤", re.IGNORECASE
)


def parse_number(text: str) -> int | None:
    """The first number that digits or a word say; None without one."""
    match = _NUMBER.search(text)
    if match is None:
        return None
    return NUMBERS.get(match.group().lower()) or int(float(match.group()))


def parse_bounds(text: str) -> Range | None:
    """``at least three`` -> 3.., ``more than 2`` -> 3.., ``exactly 2`` -> 2..2; None without a number."""
    numbers = [NUMBERS.get(m.lower()) or int(float(m)) for m in _NUMBER.findall(text)]
    if not numbers:
        return None
    n = numbers[0]
    if len(numbers) > 1:
        return Range(min(numbers), max(numbers))
    if _LEAST.search(text):
        return Range(n, None)
    if _MOST.search(text):
        return Range(None, n)
    if _ABOVE.search(text):
        return Range(n + 1, None)
    if _BELOW.search(text):
        return Range(None, n - 1)
    return Range(n, n)
