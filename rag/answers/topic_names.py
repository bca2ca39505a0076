"""What titles are about: runs of words that several share, and what such a topic is called in full."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from rag.text import STOP_WORDS, fold, stem

MAX_THEMES = 6
MAX_TITLES = 1_000
"""Newest papers whose titles tell the topics of a library."""
_TITLE_WORD = re.compile(r"[^\W_]+(?:[-–'][^\W_]+)*")


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


def find_themes(titles: Sequence[str], k: int = MAX_THEMES) -> list[tuple[str, int]]:
    """Runs of two or three words that stand in several titles, most frequent first, with their numbers."""
    counts: Counter[tuple[str, ...]] = Counter()
    display_forms: dict[tuple[str, ...], str] = {}
    for title in titles:
        phrases = list_title_phrases(title)
        counts.update(phrases.keys())
        for stems, phrase in phrases.items():
            display_forms.setdefault(stems, phrase)
    chosen_stems: list[tuple[str, ...]] = []
    for stems, n in sorted(counts.items(), key=lambda c: (-c[1], -len(c[0]), c[0])):
        covered = any(set(stems) & set(selected_stems) for selected_stems in chosen_stems)
        if n > 1 and not covered:
            chosen_stems.append(stems)
    return [(display_forms[stems], counts[stems]) for stems in chosen_stems[:k]]


def list_title_phrases(title: str) -> dict[tuple[str, ...], str]:
    """Runs of two and three neighbouring words without stop words, by their stems."""
    tokens = [(m.group(), m.span()) for m in _TITLE_WORD.finditer(title)]
    phrases = {}
    for n in (3, 2):
        for at in range(len(tokens) - n + 1):
            run = tokens[at : at + n]
            if any(w.lower() in STOP_WORDS or len(w) < 2 for w, _ in run):
                continue
            between = title[run[0][1][1] : run[-1][1][0]]
            if any(c in between for c in ":,;()"):
                continue
            phrase = title[run[0][1][0] : run[-1][1][1]].lower()
            phrases[tuple(stem(fold(w)) for w, _ in run)] = phrase
    return phrases
