"""Slips of the pen in a question, read as the words of the library that they stand for.

A word is a slip only where it stands in no paper, is no name and no English word (of a list that is
given, and of the other modules', with what is formed from them), and where one word of the library,
or of asking, is far more likely than all others that are as near. What is written with a capital may be somebody's name or a method's that is not here, so there more is asked for: the phrase
that it makes must stand in a paper, or the coined name must be one letter from one that heads papers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from rag.answering.everyday import everyday_words, is_everyday
from rag.catalogue.scan import people_in
from rag.census import Census, Source, census, is_made_up
from rag.retrieving.query import FRAME_WORDS
from rag.retrieving.thesaurus import said_words
from rag.stopping import heeded
from rag.text import STOP_WORDS, fold, stem
from rag.types import Span

_LEAST_CHARS = 4
_LONG_CHARS = 8
"""From which two letters may be wrong."""
_COINED_CHARS = 6
_ROOT_CHARS = 4
"""Of a word that loses a vowel before an ending; one more before that of genre-ation."""
_MOST_WORDS = 48
"""Different words of one question that are looked up; a salad of 600 took seconds."""
_CLEARLY = 3
"""How many times as many papers the word meant must stand in as the next one that is as near."""
_TOKEN = re.compile(r"[^\s\"“”«»]+")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<!\w)'[^']+'(?!\w)")
_LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_DOUBLE = re.compile(r"(.)\1")
_ADDRESS = re.compile(r"[@/\\_]|\w\.\w|\d")
_PREFIXES = (
    "anti auto bi co counter cross de dis fore hyper hypo inter intra mega meta micro mid mis mono"
    " multi non out over para photo poly post pre proto pseudo re self semi sub super tele trans tri"
    " ultra un under up"
).split()
_SUFFIXES = (
    "s es ed er ers or ors ing ings ion ions ation ations ly ally y ness less ful able ible ability"
    " ibility al ial ic ical ics ist ists ism ity ive ize izes ized izing izer ication ications ization ise ises ised"
    " ising iser isation ment ments ish like ship wise ward wards ier iest est ance ence ant ent"
).split()


@dataclass(frozen=True, slots=True)
class Spelt:
    """A question with its slips mended, and what was read as what."""

    text: str
    notes: tuple[str, ...] = ()


def mended(question: str, library: Source, english: frozenset[str]) -> Spelt:
    """The question as it was meant; itself where no word is surely a slip.

    Args:
        question: As typed.
        library: Whose words may be meant.
        english: Words in lower case that are none; without any nothing is mended.
    """
    if not english:
        return Spelt(question)
    now = census(library)
    found = list(_slips(question, now, _english(english)))
    text, at = "", 0
    for (start, end), new in found:
        text += question[at:start] + new
        at = end
    pairs = dict.fromkeys((question[start:end], new) for (start, end), new in found)
    return Spelt(text + question[at:], tuple(f"read “{old}” as “{new}”" for old, new in pairs))


@dataclass(frozen=True)
class _English:
    """Every English word of some lists."""

    words: frozenset[str]

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset(stem(word) for word in self.words)


@lru_cache(maxsize=2)
def _english(listed: frozenset[str]) -> _English:
    return _English(listed | STOP_WORDS | FRAME_WORDS | everyday_words() | said_words())


@cache
def _asking_words() -> frozenset[str]:
    """The words that a question is made of whatever it is about."""
    held = STOP_WORDS | FRAME_WORDS | everyday_words()
    return frozenset(word for word in held if word.isalpha() and word.isascii())


def _is_doubtful(word: str, now: Census, english: _English) -> bool:
    """Whether a folded word may be a slip; one that is no more than well formed (swaping) may be."""
    if _is_known(word, now, english):
        return False
    return not _is_formed(word, english.words) or _doubled(word, now)


def _doubled(word: str, now: Census) -> bool:
    """Whether the library has the word with a letter doubled."""
    return any(f"{word[:at]}{word[at - 1]}{word[at:]}" in now.words for at in range(2, len(word)))


def _is_known(word: str, now: Census, english: _English) -> bool:
    """Whether a folded word is one of the library, a name, or listed as English."""
    return (
        word in english.words
        or stem(word) in english.stems
        or is_everyday(word)
        or word in now.spoken
        or stem(word) in now.term_counts
        or word in now.place_words
        or now.names.is_part(word)
    )


def _is_formed(word: str, held: frozenset[str]) -> bool:
    """Whether it is an English word with a prefix or an ending, or two of them written as one."""
    for prefix in _PREFIXES:
        rest = word.removeprefix(prefix)
        if rest != word and len(rest) >= _LEAST_CHARS and (rest in held or stem(rest) in held):
            return True
    for suffix in _SUFFIXES:
        root = word.removesuffix(suffix)
        if root != word and len(root) >= 3:
            double = root[:-1] if root[-1] == root[-2] else root
            if {root, double} & held:
                return True
            if (
                len(root) >= _ROOT_CHARS + (suffix[:5] == "ation")
                and {f"{root}e", f"{root}y"} & held
            ):
                return True
    cuts = range(_LEAST_CHARS, len(word) - _LEAST_CHARS + 1)
    return any(word[:at] in held and word[at:] in held for at in cuts)


def _slips(question: str, now: Census, english: _English) -> Iterator[tuple[Span, str]]:
    """The words that are slips, in order, each with what it stands for."""
    shut = [match.span() for match in _QUOTED.finditer(question)]
    doubtful: list[Span] = []
    different: set[str] = set()
    for token in _TOKEN.finditer(question):
        if any(a <= token.start() < b for a, b in shut) or _ADDRESS.search(
            token.group().rstrip(".")
        ):
            continue
        for match in _LETTERS.finditer(token.group()):
            span = (token.start() + match.start(), token.start() + match.end())
            word = match.group()
            if len(word) < _LEAST_CHARS or not _is_doubtful(fold(word), now, english):
                continue
            if word in different or len(different) < _MOST_WORDS:
                different.add(word)
                doubtful.append(span)
    if not doubtful:
        return
    people = [m.span for m in people_in(question, now) if m.names]
    meant_by = {
        word: _coined(word, now, english) if is_made_up(word) else _meant(word.lower(), now)
        for word in heeded(different)
    }
    ordinary = {}
    for start, end in doubtful:
        if any(a < end and start < b for a, b in people):
            continue
        word = question[start:end]
        meant = meant_by[word]
        if meant and is_made_up(word):
            yield (start, end), meant
        elif meant:
            ordinary[start, end] = meant if word.islower() else meant.capitalize()
    for span, meant in ordinary.items():
        if question[span[0]].islower() or _is_plain(question, span, ordinary, now):
            yield span, meant


@lru_cache(maxsize=2)
def _by_length(now: Census) -> dict[int, tuple[str, ...]]:
    """The words that may be meant, by their number of letters."""
    held: dict[int, list[str]] = defaultdict(list)
    for word in now.words | _asking_words() | now.place_words:
        held[len(word)].append(word)
    return {n: tuple(some) for n, some in held.items()}


def _meant(word: str, now: Census) -> str | None:
    """The one word that a word in lower case is a slip of."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    if not word.isascii():
        return None
    most = 2 if len(word) >= _LONG_CHARS else 1
    held = _by_length(now)
    choices = [w for n in range(len(word) - most, len(word) + most + 1) for w in held.get(n, ())]
    near = process.extract(word, choices, scorer=OSA.distance, score_cutoff=most, limit=None)
    for n in range(1, most + 1):
        alike = [w for w, distance, _ in near if distance == n and _is_like(word, w, n)]
        if not alike:
            continue
        alike = [w for w in alike if _is_slight(word, w)] or alike
        asked = _asking_words()
        counts: dict[str, float] = {}
        for one in alike:
            often = now.term_counts[stem(one)] + len(now.papers) * (one in asked) / 4
            often += len(now.papers) * (one in STOP_WORDS)
            counts[stem(one)] = max(often, counts.get(stem(one), 0))
        ranked = sorted(counts, key=lambda s: (-counts[s], s))
        if len(ranked) > 1 and counts[ranked[0]] < max(1, _CLEARLY * counts[ranked[1]]):
            return None
        same = [w for w in alike if stem(w) == ranked[0]]
        return min(same, key=lambda w: (abs(len(w) - len(word)), w))
    return None


def _is_like(word: str, other: str, n: int) -> bool:
    """Whether one may be a slip of the other and is no other word.

    Of two wrong letters none is a consonant too many or too few, and the endings are the same:
    else clarification would be classification, and annotators would be annotations.
    """
    if other in STOP_WORDS and not (_is_slight(word, other) or len(other) > len(word)):
        return False
    if word[:-1] == other[:-1]:
        return False
    if len(other) < _LEAST_CHARS or (word[0] != other[0] and word[:2] != other[1::-1]):
        return False
    return n == 1 or (word[-2:] == other[-2:] and _consonants(word) == _consonants(other))


def _is_slight(word: str, other: str) -> bool:
    """Whether letters only changed places or were not doubled, which is what happens most."""
    return sorted(word) == sorted(other) or _DOUBLE.sub(r"\1", word) == _DOUBLE.sub(r"\1", other)


def _consonants(word: str) -> list[str]:
    return sorted(c for c in _DOUBLE.sub(r"\1", word) if c not in "aeiouy")


def _is_plain(question: str, span: Span, ordinary: dict[Span, str], now: Census) -> bool:
    """Whether what is written with a capital is no name: it opens the question, or says a phrase.

    The phrase is the word, mended, with those beside it that are capitalised too, or else with one
    neighbour; it must stand in a paper.
    """
    told = [m.span() for m in _LETTERS.finditer(question)]
    at = told.index(span)
    said = [fold(ordinary.get(one, question[slice(*one)])) for one in told]
    capital = [question[start].isupper() for start, _ in told]
    first = last = at
    while last + 1 < len(told) and capital[last + 1]:
        last += 1
    while first > 0 and capital[first - 1] and said[first - 1] not in STOP_WORDS:
        first -= 1
    if first == last:
        if at == 0:
            return True
        pairs = [said[at - 1 : at + 1]] * (at > 0) + [said[at : at + 2]] * (at + 1 < len(said))
        return any(_stands(pair, now) for pair in pairs if STOP_WORDS.isdisjoint(pair))
    return _stands(said[first : last + 1], now)


def _stands(told: list[str], now: Census) -> bool:
    """Whether the words stand one after another in a paper or in an affiliation."""
    phrase = " ".join(told)
    return now.says(phrase) or any(phrase in place for place in now.printed_places)


@lru_cache(maxsize=2)
def _coined_names(now: Census) -> dict[str, frozenset[str]]:
    """The coined names in titles, by their first letter."""
    held: dict[str, set[str]] = defaultdict(set)
    for paper in now.papers:
        for name in _LETTERS.findall(paper.title or ""):
            if len(name) >= _COINED_CHARS and is_made_up(name):
                held[name[0].lower()].add(name)
    return {first: frozenset(names) for first, names in held.items()}


def _coined(word: str, now: Census, english: _English) -> str | None:
    """The coined name of a paper that another one is a slip of: one letter, within, and no figure.

    Where each part of the typed name is a word (SegNet) it is taken for another name.
    """
    from rapidfuzz.distance import OSA

    if len(word) < _COINED_CHARS:
        return None
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", word)
    if not any(
        len(part) >= _LEAST_CHARS and _is_doubtful(fold(part), now, english) for part in parts
    ):
        return None
    near = {
        name
        for name in _coined_names(now).get(word[0].lower(), ())
        if OSA.distance(fold(name), fold(word), score_cutoff=1) <= 1
    }
    return near.pop() if len({fold(name) for name in near}) == 1 else None
