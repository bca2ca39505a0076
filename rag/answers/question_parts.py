"""Splits a question that asks several things into its parts: each of them wants a sentence of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rag.answers.sentence_forms import KINDS
from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS, fold, iter_words, split_sentences

MAX_QUESTION_PARTS = 3
MAX_MEASURED_WORDS = 8
"""Content words of a part that begins with a measure; a longer stretch describes a paper."""
MIN_PART_WORDS = 1
"""Content words of a part: ``and what for`` is none of its own."""

_VERB = r"(?:does|do|did|is|are|was|were|can|could|has|have|will)"
_ASKING_WORD = (
    r"(?:(?:(?:in|by|on|to|from|for|with|of|at|under)\s+)?(?:what|which|how|why|whose|who|whom)"
    r"|(?:when|where) (?:does|do|did|is|are|was|were|can|could|will))\b"
)
_WHETHER = rf"{_VERB} (?:it|they|this|these|there|the|its|their|he|she|we|one)\b"
_PART = re.compile(
    rf"(?:^|(?<=[,;:.?!])\s+(?:(?:and|or|but)\s+)?|\b(?:and|but)\s+)(?={_ASKING_WORD})"
    rf"|\b(?:and|but)\s+(?={_WHETHER})"
    r"|(?<=[,;])\s+and\s+|(?<=:)\s+",
    re.IGNORECASE,
)
_LAST_LINK = re.compile(r"(?<=[\s,;])(?:and|or|but)$", re.IGNORECASE)
_ASKS = re.compile(rf"\b{_ASKING_WORD}", re.IGNORECASE)
_BEGINS = re.compile(rf"\W*(?:{_ASKING_WORD}|{_VERB}\b)", re.IGNORECASE)
_WHETHER_FIRST = re.compile(rf"\W*{_VERB} ", re.IGNORECASE)
"""``does distillation clean labels, and when does it fail?`` asks two things."""


def split_question(question: str) -> tuple[str, ...]:
    """The parts of a question, in order; none where it asks one thing.

    A sentence asks that ends in a question mark or, where none does, begins with a word of asking or a measure:
    "certified accuracy on ImageNet, and what clean accuracy remains". What else stands before a colon or the first
    word of asking says which paper is meant and is no part.
    """
    sentences = [question[start:end] for start, end in split_sentences(question)]
    asking = [text for text in sentences if "?" in text] or [
        text for text in sentences if _BEGINS.match(text) or _find_measured(text)
    ]
    parts = [part for text in asking if _ASKS.search(text) for part in _iter_parts(text)]
    return tuple(parts[:MAX_QUESTION_PARTS]) if len(parts) > 1 else ()


def _find_measured(sentence: str) -> bool:
    """Whether a few words that name a measure stand before the first part of a sentence."""
    first = next(iter(_PART.finditer(sentence)), None)
    before = sentence[: first.start()] if first else ""
    is_short = _count_content_words(before) <= MAX_MEASURED_WORDS
    return is_short and "?" not in sentence and KINDS["number"].search(before) is not None


def _iter_parts(sentence: str) -> Iterator[str]:
    cuts = [match.end() for match in _PART.finditer(sentence)]
    if _WHETHER_FIRST.match(sentence) or _find_measured(sentence):
        cuts.insert(0, 0)
    for start, end in pairwise([*cuts, len(sentence)]):
        part = _LAST_LINK.sub("", sentence[start:end].strip(" \t,;:")).rstrip(" \t,;:")
        if _count_content_words(part) >= MIN_PART_WORDS:
            yield part


def _count_content_words(part: str) -> int:
    words = (fold(word) for word, _ in iter_words(part))
    return sum(word not in FRAME_WORDS and word not in STOP_WORDS for word in words)
