"""Compounds of a question as the library writes them: ``make up`` as ``makeup``, ``superresolution`` apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.library.view import LibraryView
from rag.text import STOP_WORDS, fold
from rag.text.everyday import is_everyday
from rag.types import Span

_WORD = re.compile(r"[^\W\d_]+")
_PAIR_GAP = re.compile(r"[ \-‐-–]")
_MIN_PART_CHARS = 3
_MIN_PREFIX_CHARS = 2
"""``deidentification`` is printed as ``de-identification``."""
_MIN_JOINED_CHARS = 6
_MIN_SPLIT_CHARS, _MAX_SPLIT_CHARS = 8, 40
_MOST_WORDS = 48
"""Words of one question that are looked at; a pasted page is no compound."""


def iter_compounds(question: str, library: LibraryView) -> Iterator[tuple[Span, str]]:
    """Spans of a question with the compound that the library has for them, in order, none overlapping."""
    words = list(_WORD.finditer(question))[:_MOST_WORDS]
    pairs = [
        (a, b)
        for a, b in zip(words, words[1:], strict=False)
        if _PAIR_GAP.fullmatch(question[a.end() : b.start()]) and b.group().islower()
    ]
    singles = [
        w
        for w in words
        if _MIN_SPLIT_CHARS <= len(w.group()) <= _MAX_SPLIT_CHARS
        and w.group().islower()
        and not is_everyday(w.group())  # "overview" looked for "over-view" in every text
    ]
    known = library.vocabulary.any
    known.load(
        {
            *(fold(a.group() + b.group()) for a, b in pairs),
            *(part for w in singles for cut in _list_cuts(fold(w.group())) for part in cut),
            *(fold(w.group()) for w in words),
        }
    )
    at = 0
    followers = dict(pairs)
    for word in words:
        if word.start() < at:
            continue
        if (after := followers.get(word)) is not None:
            joined = fold(word.group() + after.group())
            if joined in known and _is_joined_only(word.group(), after.group(), joined, library):
                at = after.end()
                yield (word.start(), at), joined
                continue
        if word in singles and fold(word.group()) not in known:
            for first, second in _list_cuts(fold(word.group())):
                apart = (f"{first}-{second}", f"{first} {second}")
                if first in known and second in known:
                    printed = next(filter(library.vocabulary.has_phrase, apart), "")
                    if printed:
                        yield word.span(), printed
                        break


def _list_cuts(word: str) -> list[tuple[str, str]]:
    cuts = range(_MIN_PREFIX_CHARS, len(word) - _MIN_PART_CHARS + 1)
    return [(word[:at], word[at:]) for at in cuts]


def _is_joined_only(first: str, second: str, joined: str, library: LibraryView) -> bool:
    """Whether the papers write two words as one, and never as two."""
    if len(joined) < _MIN_JOINED_CHARS or joined in STOP_WORDS or is_everyday(joined):
        return False
    apart = (f"{fold(first)}{gap}{fold(second)}" for gap in " -")
    return not any(map(library.vocabulary.has_phrase, apart))
