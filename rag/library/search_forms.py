"""The forms of a text that SQL compares and searches, made by Python once, when it is stored.

Databases fold accents and tell letters from punctuation each in its own way, so what depends on that
is stored: the folded text, and the searched one, in which `WORD` stands before each character that
begins a word. A phrase is found in it by a pattern of literal characters alone, which SQLite's and
PostgreSQL's regular expressions read alike, whatever the collation.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cache

from rag.text import fold

WORD = "\x02"
"""No reader lets it into a text."""
_BEGINNINGS = re.compile(r"(?<![^\W_])(?=[\s\S])")
_GAP = re.compile(r"[\s\-–—_]+")


def build_searched(text: str) -> str:
    """The folded text with `WORD` before each character that follows no letter or digit."""
    return _BEGINNINGS.sub(WORD, fold(text).replace(WORD, ""))


def build_phrase_parts(phrase: str) -> list[str]:
    """The phrase as searched texts have it, parted where hyphens and spaces may stand."""
    return [build_searched(part)[1:] for part in _GAP.split(fold(phrase)) if part]


def build_phrase_regex(parts: list[str]) -> str:
    """Matches a searched text where the parts follow one another from the beginning of a word on."""
    return WORD + f"[{_list_gaps()}{WORD}]*".join(map(re.escape, parts))


@cache
def _list_gaps() -> str:
    """The characters of `_GAP`, for a regular expression's brackets."""
    return _list_characters(str.isspace) + "–—_\\-"


@cache
def build_digit_regex() -> str:
    """Matches a digit of any script."""
    return f"[{_list_characters(str.isdigit)}]"


def _list_characters(test: Callable[[str], bool]) -> str:
    return "".join(filter(test, map(chr, range(sys.maxunicode + 1))))
