"""Splits a question that asks several things into its parts: each of them wants a sentence of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS, fold, iter_words, split_sentences

MAX_QUESTION_PARTS = 3
MIN_PART_WORDS = 1
"""Content words of a part: ``and what for`` is none of its own."""

_ASKING_WORD = (
    r"(?:(?:in|by|on|to|from|for|with|of|at|under)\s+)?(?:what|which|how|why|whose|who|whom)\b"
)
_PART = re.compile(
    rf"(?:^|(?<=[,;:.?!])\s+(?:(?:and|or|but)\s+)?|\b(?:and|but)\s+)(?={_ASKING_WORD})"
    r"|(?<=[,;])\s+and\s+|(?<=:)\s+",
    re.IGNORECASE,
)
_LAST_LINK = re.compile(r"(?<=[\s,;])(?:and|or|but)$", re.IGNORECASE)
_ASKS = re.compile(rf"\b{_ASKING_WORD}", re.IGNORECASE)


def split_question(question: str) -> tuple[str, ...]:
    """The parts of a question, in order; none where it asks one thing or has no question mark.

    What stands before a colon or the first word of asking says which paper is meant and is no part.
    """
    sentences = [question[start:end] for start, end in split_sentences(question)]
    asking = [text for text in sentences if "?" in text]
    parts = [part for text in asking if _ASKS.search(text) for part in _iter_parts(text)]
    return tuple(parts[:MAX_QUESTION_PARTS]) if len(parts) > 1 else ()


def _iter_parts(sentence: str) -> Iterator[str]:
    cuts = [match.end() for match in _PART.finditer(sentence)]
    for start, end in pairwise([*cuts, len(sentence)]):
        part = _LAST_LINK.sub("", sentence[start:end].strip(" \t,;:")).rstrip(" \t,;:")
        if _count_content_words(part) >= MIN_PART_WORDS:
            yield part


def _count_content_words(part: str) -> int:
    words = (fold(word) for word, _ in iter_words(part))
    return sum(word not in FRAME_WORDS and word not in STOP_WORDS for word in words)
