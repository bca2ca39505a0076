"""Replaces confusable characters by plain ones before a model's words are checked.

A marker in full-width brackets, a number in mathematical digits or an address with an ideographic
full stop would otherwise pass the checks as ordinary words.
"""

from __future__ import annotations

import re
import unicodedata

_BRACKETS = str.maketrans(
    {
        **dict.fromkeys("［〔〚⟦〖⁅❲⦗﹝", "["),
        **dict.fromkeys("］〕〛⟧〗⁆❳⦘﹞", "]"),
        **dict.fromkeys("＜﹤‹〈⟨", "<"),
        **dict.fromkeys("＞﹥›〉⟩", ">"),
        **dict.fromkeys("⁄∕／", "/"),
        **dict.fromkeys("：﹕ː", ":"),
        "＠": "@",
        "．": ".",
        "․": ".",
        "％": "%",
        "﹪": "%",
        "＃": "#",
        "！": "!",
        "（": "(",
        "）": ")",
    }
)
_PLAIN = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff]")
_DIGIT = re.compile(r"(?![0-9])\d")
_WIDE_STOP = re.compile(r"(?<=[A-Za-z\d])[。｡‧・](?=[A-Za-z\d])")
_DOT = re.compile(r"\s*(?:\[\s*(?:\.|dot)\s*\]|\(\s*(?:\.|dot)\s*\)|\{\s*(?:\.|dot)\s*\})\s*", re.I)

RAISED = re.compile(
    "[\u00b9\u00b2\u00b3\u2070\u2074-\u2079\u2080-\u2089\u2460-\u24ff\u2776-\u2793\u02e3\u1d43-\u1d6a]+"
    "|(?<=\\S)[†‡]+"
)
"""Superscript, subscript and circled digits and daggers: footnote signs without a footnote."""

_FAMILIES = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "HEBREW", "ARABIC")


def convert_confusables(text: str) -> str:
    """The text with look-alike brackets, letters, digits and dots in their plain form.

    Raised figures stay: whether ``LaRE²`` is a name or a note, only the papers can tell.
    """
    return _DOT.sub(".", convert_each(text))


def convert_each(text: str) -> str:
    """`convert_confusables` character by character: the text is as long as before."""
    text = text.translate(_BRACKETS)
    text = _PLAIN.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = _DIGIT.sub(lambda match: str(unicodedata.decimal(match[0])), text)
    return _WIDE_STOP.sub(".", text)


def is_patchwork(word: str) -> bool:
    """Whether one word has letters of several alphabets that resemble each other."""
    if word.isascii():
        return False
    names = (unicodedata.name(c, "") for c in word if c.isalpha())
    families = {family for name in names for family in _FAMILIES if name.startswith(family)}
    return len(families) > 1
