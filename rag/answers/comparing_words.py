"""Words by which a question compares, and whether a thing compared can be searched for."""

from __future__ import annotations

import re

from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS, fold, iter_words, stem
from rag.text.everyday import is_everyday
from rag.types import Span

COMPARISON_WORDS = re.compile(
    r"\b(?:compare|comparisons?|contrast|versus|vs|differs?|differences?|different(?:ly)? from|"
    r"distinguish(?:es)?|side by side|who does what|(?:dis)?agree(?:s|ment)?|in common|unlike|each (?:of )?(?:the |these |those )?papers?|"
    r"what (?:each|either|both)|which of (?:the )?(?:two|three|four|these|those|them)|first paper)\b",
    re.IGNORECASE,
)


_MADE_UP = re.compile(r"[a-z\d][A-Z]|\b[A-Z]{2}")


SIDE_WORDS = 2
"""Fewest content words by which a side of a comparison can be searched for."""


def find_comparing_words(question: str) -> list[Span]:
    """Spans of the words by which a question compares."""
    return [match.span() for match in COMPARISON_WORDS.finditer(question)]


def is_telling(side: str) -> bool:
    """Whether a side of a comparison can be searched for by itself."""
    return bool(_MADE_UP.search(side)) or len(content_words(side)) >= SIDE_WORDS


def content_words(text: str) -> set[str]:
    """Stems of the words that say what a text is about."""
    folded = (fold(word) for word, _ in iter_words(text))
    return {stem(w) for w in folded if w not in STOP_WORDS | FRAME_WORDS and not is_everyday(w)}
