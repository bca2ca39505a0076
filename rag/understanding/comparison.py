"""Recognises comparisons and the things compared."""

from __future__ import annotations

import re

from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS, fold, iter_words, stem
from rag.text.everyday import is_everyday
from rag.types import Span

COMPARES = re.compile(
    r"\b(?:compare|comparisons?|contrast|versus|vs|differs?|differences?|different(?:ly)? from|"
    r"distinguish(?:es)?|side by side|who does what|(?:dis)?agree(?:s|ment)?|in common|unlike|each (?:of )?(?:the |these |those )?papers?|"
    r"what (?:each|either|both)|which of (?:the )?(?:two|three|four|these|those|them)|first paper)\b",
    re.IGNORECASE,
)


_SIDE = r"[^?;:]{2,160}?"


_ASPECT = (
    r"(?=\s*(?:[?;:.]|,|$|\bin\s+(?:terms|how|the\s+way|what|which|their)\b|\bwith\s+(?:regard|respect)\b|\bregarding\b"
    r"|\bconcerning\b|\bas\s+to\b|\bwhen\b|\bon\s+(?:the\s+)?(?:question|matter|issue)\b))"
)


_PAIRS = tuple(
    re.compile(pattern + _ASPECT, re.IGNORECASE)
    for pattern in (
        rf"\b(?:differences?|comparisons?|distinctions?|contrasts?|relations?|in\s+common)\s+between\s+(?>(?P<a>{_SIDE})\s+and\s+)(?P<b>{_SIDE})",
        rf"\b(?:compare|contrast|distinguish)\s+(?>(?P<a>{_SIDE})\s+(?:with|to|and|against|versus|vs\.?|from)\s+)(?P<b>{_SIDE})",
        rf"\bhow\s+(?:do|does|did|is|are|was|were)\s+(?>(?P<a>{_SIDE})\s+(?:differ(?:ent)?|compared?|distinguished|stand|fare|relate[ds]?)\s+(?:itself\s+)?(?:from|to|with|against)\s+)(?P<b>{_SIDE})",
        rf"\bhow\s+(?:do|does|did|are|were)\s+(?>(?P<a>{_SIDE})\s+and\s+)(?P<b>{_SIDE})\s+(?:differ(?:ent)?|compare)",
        rf"\bwhat\s+(?:do|does|have|has)\s+(?>(?P<a>{_SIDE})\s+and\s+)(?P<b>{_SIDE})\s+(?:have\s+)?in\s+common",
        rf"(?:^|[:,]\s*)(?>(?P<a>{_SIDE})\s+(?:versus|vs\.?)\s+)(?P<b>{_SIDE})",
        rf"\bunlike\s+(?>(?P<a>{_SIDE}),\s+)(?:how\s+|what\s+|why\s+)?(?:do|does|is|are)?\s*(?P<b>{_SIDE})",
        rf"\bwhich\s+(?:of\s+(?:the\s+)?(?:two|these|them)\b|(?:one|method|paper|approach|model)\b)?[^?,:]{{0,80}}[,:]\s*(?>(?P<a>{_SIDE})\s+or\s+)(?P<b>{_SIDE})",
    )
)


_MADE_UP = re.compile(r"\b\w*[a-z\d][A-Z]\w*|\b[A-Z]{2}\w*+(?:-\w+)*")


SIDE_WORDS = 2
"""Fewest content words by which a side of a comparison can be searched for."""


def asks_to_compare(question: str) -> bool:
    """Whether a question sets papers side by side."""
    return bool(COMPARES.search(question))


def find_comparing_words(question: str) -> list[Span]:
    """Spans of the words by which a question compares."""
    return [match.span() for match in COMPARES.finditer(question)]


def find_sides(question: str, *, telling: bool = True) -> tuple[str, str] | None:
    """The two things that a question compares, if both can be searched for.

    Not ``telling``: also where a side is a word that alone tells little, such as a name in small letters.

    ``How does A differ from B in cost?`` gives A and B; ``the first one`` or ``the follow-up`` say
    nothing that can be looked for.
    """
    for pattern in _PAIRS:
        if match := pattern.search(question):
            first, second = (" ".join(match[key].split()).strip(" ,.'\"") for key in "ab")
            tells = not telling or (is_telling(first) and is_telling(second))
            if tells and fold(first) != fold(second):
                return first, second
    return None


def is_telling(side: str) -> bool:
    """Whether a side of a comparison can be searched for by itself."""
    return bool(_MADE_UP.search(side)) or len(content_words(side)) >= SIDE_WORDS


def content_words(text: str) -> set[str]:
    """Stems of the words that say what a text is about."""
    folded = (fold(word) for word, _ in iter_words(text))
    return {stem(w) for w in folded if w not in STOP_WORDS | FRAME_WORDS and not is_everyday(w)}
