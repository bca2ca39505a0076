"""People and titles in a model's sentence that the papers do not have: made-up sources.

A name is looked for where sources are named: capitalised words side by side, ``et al.``, a year in
brackets behind a name, ``by ...``, words in quotation marks written as a title. One capitalised word
alone may be any term and is left to the other checks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from rag.text import STOP_WORDS, fold, iter_words
from rag.text.english import MONTHS

_CAPITAL = r"[A-ZÀ-ÖØ-Þ][^\W\d_A-Z]{1,40}(?:[-'’][^\W\d_]+){0,4}(?!\w)"
_INITIAL = r"(?:[A-Z]\.\s?){1,5}"
_JOINED = r"(?:of|the|for|and|in|is|with|to|a|an|on|von|van|de|der|from|by|via|are|you)"
_CAPITAL_RUN = re.compile(rf"(?:{_INITIAL}\s*)?{_CAPITAL}(?:\s+(?:{_JOINED}\s+){{0,2}}{_CAPITAL})+")
_ET_AL = re.compile(r"([^\W\d_][\w'’-]{0,60})\s+et\s+al\b", re.IGNORECASE)
_DATED_CITATION = re.compile(
    rf"({_CAPITAL})(?:\s*(?:,|&|and)\s*({_CAPITAL}))?,?\s*\(?(?:19|20)\d\d[a-z]?\b"
)
_BY = re.compile(
    r"\b(?:[Bb]y|[Aa]uthors?|[Dd]r\.?|[Pp]rof(?:\.|essor)?|[Mm]rs?\.?|[Ll]ed by|[Aa]ccording to)\s+"
    rf"(?:the\s+)?((?:{_INITIAL})?{_CAPITAL})"
)
_BY_ELSEWHERE = re.compile(rf"\b(?:von|par|por|da|door|av|przez|от)\s+({_CAPITAL}\s+{_CAPITAL})")
_INITIALS = re.compile(rf"\b{_INITIAL}({_CAPITAL})")
_REPORTING_VERB = re.compile(
    rf"^(?:[Aa]s\s+)?({_CAPITAL})(?:['’]s)?\s+(?:shows?|showed|propos\w+|introduc\w+|claim\w*|argu\w+|finds?|found|"
    r"reports?|reported|presents?|presented|describe[sd]?|stud(?:y|ies|ied)|wrote|writes?|publish\w+|invent\w+|develop\w*|says?|said)\b"
)
_SHORT_MONTHS = frozenset({*(month[:3] for month in MONTHS), "Sept"})
STRANGE_TITLE_WORDS = 3
LONG_TITLE_WORDS = 5
"""Capitalised words side by side that are taken for a title, even if the papers have each of them."""


def find_invented_names(
    claim: str,
    *,
    has_word: Callable[[str], bool],
    has_phrase: Callable[[str], bool],
    people: Collection[str],
    ordinary: Collection[str],
    english: bool = True,
) -> tuple[str, ...]:
    """Names of people and titles in a claim that are nowhere in its papers.

    Args:
        claim: One sentence without its keys.
        has_word: Whether the papers have a word.
        has_phrase: Whether they have these words side by side.
        people: Names printed on the papers.
        ordinary: Folded words that are no names, however they are written.
        english: Other languages write more words with a capital, side by side too.
    """
    known_people = {part for name in people for part in _split_name(name)}

    def is_unknown(word: str) -> bool:
        folded = fold(word)
        plain = (
            folded in ordinary or folded in STOP_WORDS or word in MONTHS or word in _SHORT_MONTHS
        )
        return not plain and not all(has_word(part) for part, _ in iter_words(word))

    invented_names = [
        m[1] for m in _ET_AL.finditer(claim) if m[1][0].isupper() and is_unknown(m[1])
    ]
    for pattern in (_DATED_CITATION, _BY, _INITIALS, _REPORTING_VERB):
        for match in pattern.finditer(claim):
            invented_names += [
                name for name in match.groups() if name and is_unknown(name.split()[-1])
            ]
    for match in () if english else _BY_ELSEWHERE.finditer(claim):
        invented_names += [match[1]] if all(map(is_unknown, match[1].split())) else []
    for match in _CAPITAL_RUN.finditer(claim) if english else ():
        if _is_invented(match[0], match.start() == 0, known_people, is_unknown, has_phrase):
            invented_names.append(match[0])
    return tuple(dict.fromkeys(invented_names))


def _is_invented(
    run: str,
    opens: bool,
    people: Collection[str],
    unknown: Callable[[str], bool],
    has_phrase: Callable[[str], bool],
) -> bool:
    """Whether capitalised words side by side are a name or a title that no paper has."""
    capitals = [word for word in run.split() if word[0].isupper()]
    if opens and fold(capitals[0]) not in people and not unknown(capitals[0]):
        capitals = capitals[1:]  # it has its capital from opening the sentence
    if has_phrase(run) or len(capitals) < 2:
        return False
    strange = [word for word in capitals if unknown(word)]
    of_people = [word for word in capitals if any(p in people for p in _split_name(word))]
    if len(strange) >= 2 or (strange and of_people):
        return True
    name = " ".join(capitals)
    if len(of_people) >= 2 and len(of_people) == len(capitals):
        return not (has_phrase(name) or has_phrase(" ".join(reversed(capitals))))
    return len(capitals) >= (STRANGE_TITLE_WORDS if strange else LONG_TITLE_WORDS)


def _split_name(name: str) -> list[str]:
    return [fold(part) for part, _ in iter_words(name) if len(part) > 1]


def is_titled(quoted: str) -> bool:
    """Whether words in quotation marks are written as a title is."""
    content_words = [
        w for w, _ in iter_words(quoted) if fold(w) not in STOP_WORDS or w[0].isupper()
    ]
    return (
        len(content_words) >= 2
        and sum(word[0].isupper() for word in content_words) > len(content_words) / 2
    )
