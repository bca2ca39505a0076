"""The forms of a text that SQL compares and searches, made by Python once, when it is stored.

Databases fold accents and tell letters from punctuation each in its own way, so what depends on that
is stored: the folded text, and the searched one, in which `WORD` stands wherever a word may begin. A phrase is found in it by a pattern of literal characters alone, which SQLite's and
PostgreSQL's regular expressions read alike, whatever the collation.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from functools import cache

from rag.text import STOP_WORDS, fold

WORD = "\x02"
"""No reader lets it into a text."""
_GAP = re.compile(r"[\s\-–—_]+")


class _Marked(dict[int, str | int | None]):
    """Maps code points to themselves, with `WORD` after those that are no letter, digit or space."""

    def __missing__(self, point: int) -> str | int | None:
        char = chr(point)
        self[point] = point if char.isalnum() else char + WORD
        return self[point]


_MARKED = _Marked({ord(WORD): None, ord(" "): WORD})
"""`WORD` stands for a space, too: a ninth of a text less to keep and to look through."""


def build_searched(text: str) -> str:
    """The folded text with `WORD` wherever a word may begin: in front, for a space, and behind what is no word."""
    return WORD + fold(text).translate(_MARKED)


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


def list_title_words(title: str | None) -> list[str]:
    """The words of a title in lower case, once each, without stop words."""
    words = re.findall(r"[^\W\d_][^\W_]*(?:[-–][^\W_]+)*", (title or "").lower())
    return [word for word in dict.fromkeys(words) if word not in STOP_WORDS and len(word) > 1]


def build_address(link: str) -> str:
    """A link's host and path, without what stands before them."""
    return fold(link).split("://")[-1].removeprefix("www.")
