"""Spelling correction of questions, against the words of the library.

Corrects a word only if it is unknown (not in the library, not a name, not English) and exactly one
known word is clearly the likeliest within edit distance 1 (2 from 8 letters). A capitalised word may
name a person or a method that is not in the library, so it is corrected only if the corrected phrase
occurs in a paper, or if it is one letter away from the coined name of a paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache

from rag.library.naming import COINED_CHARS, LETTERS, is_made_up
from rag.library.view import LibraryView
from rag.search.compounds import iter_compounds
from rag.search.query import FRAME_WORDS
from rag.search.thesaurus import load_all_words
from rag.text import STOP_WORDS, fold, stem
from rag.text.everyday import is_everyday, load_everyday_words
from rag.types import Span
from rag.types.cancellation import heeded

_MIN_WORD_CHARS = 4
_LONG_WORD_CHARS = 8
"""Letters from which a word may have two wrong."""
_ROOT_CHARS = 4
"""Shortest stem to which a dropped *e* or *y* is restored (creat-ed → create); one letter more
before *-ation*, or *gener-ation* would be read as *genre*."""
_MOST_WORDS = 48
"""Different words of one question that are looked up at most; 600 unknown words took seconds."""
_CLEARLY = 3
"""How many times as many papers must contain the correction as the next candidate."""
_WORD_TOKEN = re.compile(r"[^\s\"“”«»]+")
_QUOTED_IN_QUESTION = re.compile(r"\"[^\"]*\"|“[^”]*”|«[^»]*»|(?<!\w)'[^']+'(?!\w)")
_DOUBLE = re.compile(r"(.)\1")
_ADDRESS_IN_QUESTION = re.compile(r"[@/\\_]|\w\.\w|\d")
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
class CorrectedQuestion:
    """A question with its spelling corrected, and a note for each correction."""

    text: str
    notes: tuple[str, ...] = ()


def process_spelling(
    question: str, library: LibraryView, english: frozenset[str]
) -> CorrectedQuestion:
    """Correct the spelling of a question; unchanged if no word is surely misspelt.

    Args:
        question: As typed.
        library: Its words are the candidates.
        english: English words in lower case, never corrected; if empty, nothing is corrected.
    """
    if not english:
        return CorrectedQuestion(question)
    shut = _list_quoted(question)
    # "make up transfer": each word is right by itself, but the papers write them as one.
    compounds = [
        (span, new)
        for span, new in iter_compounds(question, library)
        if not any(a < span[1] and span[0] < b for a, b in shut)
    ]
    question, joined_notes = _replace_words(question, compounds)
    slips = list(_iter_slips(question, library, _load_english(english)))
    text, notes = _replace_words(question, slips)
    return CorrectedQuestion(text, (*joined_notes, *notes))


def _replace_words(
    question: str, changes: Sequence[tuple[Span, str]]
) -> tuple[str, tuple[str, ...]]:
    """The question with spans of it replaced, and a note for each replacement."""
    text, at = "", 0
    for (start, end), new in changes:
        text += question[at:start] + new
        at = end
    pairs = dict.fromkeys((question[start:end], new) for (start, end), new in changes)
    return text + question[at:], tuple(f"read “{old}” as “{new}”" for old, new in pairs)


def _list_quoted(question: str) -> list[Span]:
    return [match.span() for match in _QUOTED_IN_QUESTION.finditer(question)]


@dataclass(frozen=True)
class _English:
    """English words, with their stems."""

    words: frozenset[str]
    stems: dict[str, frozenset[str]] = field(default_factory=dict)
    """By first letter, which a word shares with its stem: those of all take longer than the rest of a question."""

    def has_stem(self, stemmed: str) -> bool:
        """Whether it is the stem of one of the words."""
        first = stemmed[:1]
        if first not in self.stems:
            self.stems[first] = frozenset(stem(w) for w in self.words if w.startswith(first))
        return stemmed in self.stems[first]


@lru_cache(maxsize=2)
def _load_english(word_list: frozenset[str]) -> _English:
    return _English(word_list | STOP_WORDS | FRAME_WORDS | load_everyday_words() | load_all_words())


@cache
def _load_asking_words() -> frozenset[str]:
    """Words that questions on any topic use: stop words, question words, everyday words."""
    asking_words = STOP_WORDS | FRAME_WORDS | load_everyday_words()
    return frozenset(word for word in asking_words if word.isalpha() and word.isascii())


def _is_doubtful(word: str, library: LibraryView, english: _English) -> bool:
    """Whether a folded word may be misspelt; a merely well-formed one (*swaping*) still may be."""
    if _is_known(word, library, english):
        return False
    return not _is_formed(word, english.words) or _has_doubled_letter(word, library)


def _has_doubled_letter(word: str, library: LibraryView) -> bool:
    """Whether the library has the word with a letter doubled."""
    doubled = [f"{word[:at]}{word[at - 1]}{word[at:]}" for at in range(2, len(word))]
    library.vocabulary.lower.load(doubled)
    return any(word in library.vocabulary.lower for word in doubled)


def _is_known(word: str, library: LibraryView, english: _English) -> bool:
    """Whether a folded word is one of the library, a name, or listed as English."""
    return (
        word in english.words
        or is_everyday(word)
        or word in library.vocabulary.any
        or stem(word) in library.vocabulary.terms
        or word in library.vocabulary.places
        or english.has_stem(stem(word))
        or library.names.is_part(word)
    )


def _is_formed(word: str, english_stems: frozenset[str]) -> bool:
    """Whether it is an English word with a prefix or an ending, or two of them written as one."""
    for prefix in _PREFIXES:
        rest = word.removeprefix(prefix)
        if (
            rest != word
            and len(rest) >= _MIN_WORD_CHARS
            and (rest in english_stems or stem(rest) in english_stems)
        ):
            return True
    for suffix in _SUFFIXES:
        root = word.removesuffix(suffix)
        if root != word and len(root) >= 3:
            double = root[:-1] if root[-1] == root[-2] else root
            if {root, double} & english_stems:
                return True
            if (
                len(root) >= _ROOT_CHARS + (suffix[:5] == "ation")
                and {f"{root}e", f"{root}y"} & english_stems
            ):
                return True
    cuts = range(_MIN_WORD_CHARS, len(word) - _MIN_WORD_CHARS + 1)
    return any(word[:at] in english_stems and word[at:] in english_stems for at in cuts)


def _iter_slips(
    question: str, library: LibraryView, english: _English
) -> Iterator[tuple[Span, str]]:
    """The misspelt words, in order, each with its correction."""
    shut = _list_quoted(question)
    library.vocabulary.load(question)
    doubtful: list[Span] = []
    different: set[str] = set()
    for token in _WORD_TOKEN.finditer(question):
        if any(a <= token.start() < b for a, b in shut) or _ADDRESS_IN_QUESTION.search(
            token.group().rstrip(".")
        ):
            continue
        for match in LETTERS.finditer(token.group()):
            span = (token.start() + match.start(), token.start() + match.end())
            word = match.group()
            if len(word) < _MIN_WORD_CHARS or not _is_doubtful(fold(word), library, english):
                continue
            if word in different or len(different) < _MOST_WORDS:
                different.add(word)
                doubtful.append(span)
    if not doubtful:
        return
    people = [m.span for m in library.names.find_mentions(question) if m.names]
    meant_by = {
        word: _find_coined_correction(word, library, english)
        if is_made_up(word)
        else _find_correction(word.lower(), library)
        for word in heeded(different)
    }
    ordinary = {}
    for start, end in doubtful:
        if any(a < end and start < b for a, b in people):
            continue
        word = question[start:end]
        correction = meant_by[word]
        if correction and is_made_up(word):
            yield (start, end), correction
        elif correction:
            ordinary[start, end] = correction if word.islower() else correction.capitalize()
    for span, correction in ordinary.items():
        if question[span[0]].islower() or _is_plain(question, span, ordinary, library):
            yield span, correction


def _list_choices(word: str, max_distance: int, library: LibraryView) -> list[str]:
    """The words that may be meant: with the same first letter, or the first two turned around."""
    begun = (word[0], word[1::-1])
    words = {
        *library.vocabulary.list_beginning("lower", *begun),
        *library.vocabulary.list_beginning("place", *begun),
        *(w for w in _load_asking_words() if w.startswith(begun)),
    }
    return [w for w in words if abs(len(w) - len(word)) <= max_distance]


def _find_correction(word: str, library: LibraryView) -> str | None:
    """The one word that a word in lower case is a slip of."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    if not word.isascii():
        return None
    max_distance = 2 if len(word) >= _LONG_WORD_CHARS else 1
    choices = _list_choices(word, max_distance, library)
    similar_words = process.extract(
        word, choices, scorer=OSA.distance, score_cutoff=max_distance, limit=None
    )
    for n in range(1, max_distance + 1):
        alike = [w for w, distance, _ in similar_words if distance == n and _is_like(word, w, n)]
        if not alike:
            continue
        alike = [w for w in alike if _is_slight(word, w)] or alike
        asking_words = _load_asking_words()
        counts: dict[str, float] = {}
        n_papers, terms = library.whole.n_papers, library.vocabulary.terms
        terms.load(map(stem, alike))
        for candidate in alike:
            often = terms.get(stem(candidate)) + n_papers * (candidate in asking_words) / 4
            often += n_papers * (candidate in STOP_WORDS)
            counts[stem(candidate)] = max(often, counts.get(stem(candidate), 0))
        ranked = sorted(counts, key=lambda s: (-counts[s], s))
        if len(ranked) > 1 and counts[ranked[0]] < max(1, _CLEARLY * counts[ranked[1]]):
            return None
        same = [w for w in alike if stem(w) == ranked[0]]
        return min(same, key=lambda w: (abs(len(w) - len(word)), w))
    return None


def _is_like(word: str, candidate: str, n: int) -> bool:
    """Whether one may be a slip of the other and is no other word.

    Of two wrong letters none is a consonant too many or too few, and the endings are the same:
    else clarification would be classification, and annotators would be annotations.
    """
    if candidate in STOP_WORDS and not (_is_slight(word, candidate) or len(candidate) > len(word)):
        return False
    if word[:-1] == candidate[:-1]:
        return False
    if len(candidate) < _MIN_WORD_CHARS or (
        word[0] != candidate[0] and word[:2] != candidate[1::-1]
    ):
        return False
    return n == 1 or (
        word[-2:] == candidate[-2:] and _list_consonants(word) == _list_consonants(candidate)
    )


def _is_slight(word: str, candidate: str) -> bool:
    """Whether letters only changed places or were not doubled, which is what happens most."""
    return sorted(word) == sorted(candidate) or _DOUBLE.sub(r"\1", word) == _DOUBLE.sub(
        r"\1", candidate
    )


def _list_consonants(word: str) -> list[str]:
    return sorted(c for c in _DOUBLE.sub(r"\1", word) if c not in "aeiouy")


def _is_plain(question: str, span: Span, ordinary: dict[Span, str], library: LibraryView) -> bool:
    """Whether a capitalised word is no name: it opens the question, or forms a phrase.

    The phrase is the word, mended, with those beside it that are capitalised too, or else with one
    neighbour; it must stand in a paper.
    """
    word_spans = [m.span() for m in LETTERS.finditer(question)]
    at = word_spans.index(span)
    corrected_words = [
        fold(ordinary.get(word_span, question[slice(*word_span)])) for word_span in word_spans
    ]
    capital = [question[start].isupper() for start, _ in word_spans]
    first = last = at
    while last + 1 < len(word_spans) and capital[last + 1]:
        last += 1
    while first > 0 and capital[first - 1] and corrected_words[first - 1] not in STOP_WORDS:
        first -= 1
    if first == last:
        if at == 0:
            return True
        pairs = [corrected_words[at - 1 : at + 1]] * (at > 0) + [corrected_words[at : at + 2]] * (
            at + 1 < len(corrected_words)
        )
        return any(
            _is_printed_phrase(pair, library) for pair in pairs if STOP_WORDS.isdisjoint(pair)
        )
    return _is_printed_phrase(corrected_words[first : last + 1], library)


def _is_printed_phrase(phrase_words: list[str], library: LibraryView) -> bool:
    """Whether the words are consecutive in a paper or in an affiliation."""
    phrase = " ".join(phrase_words)
    return library.vocabulary.has_phrase(phrase) or library.vocabulary.has_place(phrase)


def _find_coined_correction(word: str, library: LibraryView, english: _English) -> str | None:
    """The coined name of a paper that another one is a slip of: one letter, within, and no figure.

    Where each part of the typed name is a word (SegNet) it is taken for another name.
    """
    from rapidfuzz.distance import OSA

    if len(word) < COINED_CHARS:
        return None
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", word)
    if not any(
        len(part) >= _MIN_WORD_CHARS and _is_doubtful(fold(part), library, english)
        for part in parts
    ):
        return None
    similar_names = {
        name
        for name in library.vocabulary.list_beginning("name", word[0].lower(), word[0].upper())
        if OSA.distance(fold(name), fold(word), score_cutoff=1) <= 1
    }
    return similar_names.pop() if len({fold(name) for name in similar_names}) == 1 else None
