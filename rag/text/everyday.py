"""Everyday words, which occur in questions on any topic and so are never the topic."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rag.text import fold, stem

WORDS_FILE = Path(__file__).with_name("everyday_words.txt")


@cache
def load_everyday_words() -> frozenset[str]:
    """The words as they are listed, in lower case."""
    lines = WORDS_FILE.read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _load_stems() -> frozenset[str]:
    return frozenset(stem(fold(word)) for word in load_everyday_words())


def is_everyday(word: str) -> bool:
    """Whether a word, in whatever form, is one of them."""
    return stem(fold(word)) in _load_stems()
