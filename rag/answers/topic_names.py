"""What titles are about: runs of words that several share, and what such a topic is called in full."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from rag.text import STOP_WORDS, fold, stem

MAX_TOPICS = 6
MAX_TITLES = 1_000
"""Newest papers whose titles tell the topics of a library."""
_GAP = r"[\s\-–—_]+"
_WORD = r"[^\W_]+(?:[-–'][^\W_]+)*"
_TITLE_WORD = re.compile(_WORD)
_BEFORE = re.compile(rf"\d{_GAP}$")
_AFTER = re.compile(rf"{_GAP}({_WORD})")


def find_topics(titles: Sequence[str], k: int = MAX_TOPICS) -> list[tuple[str, int]]:
    """What several titles name, most first, in full and once, with the number of titles that have it.

    A topic is a run of words that some title ends a phrase with: not "decision-based black-box", which
    is always an attack, nor "challenges results", which is always of a year.
    """
    folded_titles = [fold(title) for title in titles]
    counts: Counter[tuple[str, ...]] = Counter()
    forms: dict[tuple[str, ...], Counter[str]] = {}
    for title in titles:
        for stems, phrase in list_title_phrases(title).items():
            counts[stems] += 1
            forms.setdefault(stems, Counter())[phrase] += 1
    chosen_stems: set[str] = set()
    topics: dict[str, int] = {}
    for stems, n in sorted(counts.items(), key=lambda c: (-c[1], -len(c[0]), c[0])):
        if n < 2 or len(topics) == k:
            break
        if chosen_stems.isdisjoint(stems):
            name = name_topic(min(forms[stems], key=lambda f: (len(f), f)), titles)
            if _is_whole(name, folded_titles):
                chosen_stems.update(stems)
                pattern = _find_phrase(name)
                topics[name] = sum(pattern.search(title) is not None for title in folded_titles)
    return sorted(topics.items(), key=lambda topic: -topic[1])


def has_topic(title: str, topic: str) -> bool:
    """Whether a title names a topic, as the condition ``title contains`` tests it."""
    return _find_phrase(topic).search(fold(title)) is not None


@lru_cache(maxsize=256)
def _find_phrase(phrase: str) -> re.Pattern[str]:
    """Matches where a word begins the phrase, to the end of its last word, in a folded title."""
    parts = re.split(r"[\s\-–—_]+", fold(phrase))
    return re.compile(rf"(?<![^\W_]){_GAP.join(map(re.escape, parts))}[^\W_]*")


def _is_whole(phrase: str, folded_titles: Sequence[str]) -> bool:
    """Whether some title ends a phrase with it, and some has no number before it."""
    begins = ends = False
    pattern = _find_phrase(phrase)
    for title in folded_titles:
        for match in pattern.finditer(title):
            after = _AFTER.match(title, match.end())
            begins = begins or _BEFORE.search(title[: match.start()]) is None
            ends = ends or after is None or after[1] in STOP_WORDS
    return begins and ends


def name_topic(phrase: str, titles: Sequence[str]) -> str:
    """A phrase in full, as titles print it: ``AI-generated image detection``."""
    folded = [title for title in map(fold, titles) if _find_phrase(phrase).search(title)]
    return _format_as_printed(_find_full_phrase(fold(phrase), folded), " \n ".join(titles))


def _format_as_printed(phrase: str, titles: str) -> str:
    """The phrase with the capitals of its abbreviations."""
    printed_match = re.search(re.escape(phrase), titles, re.IGNORECASE)
    if printed_match is None:
        return phrase
    words = re.split(r"([ -])", printed_match[0])
    return "".join(word if any(c.isupper() for c in word[1:]) else word.lower() for word in words)


def _find_full_phrase(phrase: str, titles: Sequence[str]) -> str:
    """The phrase with the words that most of its titles have before and after it."""
    for before in (False, True, True, False):
        words = re.escape(phrase)
        side = rf"({_WORD}[ -]){words}" if before else rf"{words}([ -]{_WORD})"
        neighbour_pattern = re.compile(rf"(?<![^\W_]){side}(?![^\W_])")
        neighbours = Counter(
            match[1] for title in titles if (match := neighbour_pattern.search(title))
        )
        word, n = neighbours.most_common(1)[0] if neighbours else ("", 0)
        if n > 1 and 2 * n > len(titles) and word.strip() not in STOP_WORDS:
            phrase = f"{word}{phrase}" if before else f"{phrase}{word}"
    return phrase


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
