"""What a topic is called: two words that titles share, with the words that belong to them, as printed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rag.text import STOP_WORDS, fold


def name_topics(topics: Sequence[str], titles: Sequence[str]) -> list[str]:
    """Each topic in full and with its capitals, once: ``AI-generated image detection``."""
    folded, printed = [fold(title) for title in titles], " \n ".join(titles)
    names = [format_as_printed(find_full_phrase(fold(topic), folded), printed) for topic in topics]
    return list(dict.fromkeys(names))


def format_as_printed(phrase: str, titles: str) -> str:
    """The phrase with the capitals of its abbreviations: ``AI-generated image detection``."""
    printed_match = re.search(re.escape(phrase), titles, re.IGNORECASE)
    if printed_match is None:
        return phrase
    words = re.split(r"([ -])", printed_match[0])
    return "".join(word if any(c.isupper() for c in word[1:]) else word.lower() for word in words)


def find_full_phrase(phrase: str, titles: Sequence[str]) -> str:
    """The phrase with the words that most titles have before and after it."""
    for before in (False, True, True, False):
        side = (
            rf"([^\W_]+[ -]){re.escape(phrase)}" if before else rf"{re.escape(phrase)}([ -][^\W_]+)"
        )
        neighbour_pattern = re.compile(rf"(?<![^\W_]){side}(?![^\W_])")
        matching_titles = [title for title in titles if phrase in title]
        neighbours = Counter(
            match[1] for title in matching_titles if (match := neighbour_pattern.search(title))
        )
        word, n = neighbours.most_common(1)[0] if neighbours else ("", 0)
        if n > 1 and 2 * n > len(matching_titles) and word.strip() not in STOP_WORDS:
            phrase = f"{word}{phrase}" if before else f"{phrase}{word}"
    return phrase
