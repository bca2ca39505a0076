"""Matches short and long forms: *frames per second* with ``FPS``, *params* with *parameters*."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from rag.text import STOP_WORDS, extract_terms, fold, iter_words
from rag.types import Paper, Span

MIN_WORDS, MAX_ACRONYM_WORDS = 3, 6
"""Words of a phrase that an acronym may stand for; two letters stand for too much."""

MIN_PART = 4
"""Fewest letters by which the end of a name may stand for it."""

_ACRONYM = re.compile(r"(?<![^\W_])[A-Za-z]?[A-Z]{2,}(?=s?(?![^\W_]))")
_WORD_GAP = re.compile(r"[^\w\s-]")
_LINK_WORDS = frozenset({"of", "per"})


def find_expansions(question: str) -> list[tuple[str, Span]]:
    """The phrases of a question with the acronym each would have, in capitals.

    They are words in a row without names, which stand for themselves, and of the stop words with
    those alone that link two words of a phrase.
    """
    content_words = [
        (word, span, fold(word) in STOP_WORDS - _LINK_WORDS or not word[1:].islower())
        for word, span in iter_words(question)
    ]
    expansions = []
    for at, (_, (start, _), _) in enumerate(content_words):
        for n in range(MIN_WORDS, min(MAX_ACRONYM_WORDS, len(content_words) - at) + 1):
            phrase = content_words[at : at + n]
            end = phrase[-1][1][1]
            if any(apart for *_, apart in phrase) or _WORD_GAP.search(question, start, end):
                break
            if {phrase[0][0], phrase[-1][0]} & _LINK_WORDS:
                continue
            expansions.append(("".join(word[0] for word, *_ in phrase).upper(), (start, end)))
    return expansions


@lru_cache(maxsize=2_000)
def extract_acronyms(paper: Paper) -> frozenset[str]:
    """The acronyms that a paper has, in capitals and without a plural s: ``mAP`` is ``MAP``."""
    return frozenset(acronym.upper() for acronym in _ACRONYM.findall(f"{paper.name} {paper.text}"))


def is_part(name: str, paper: Paper) -> bool:
    """Whether a name in capitals, or all in small letters, ends an acronym of the paper: ``coco`` in ``MSCOCO``."""
    if len(name) < MIN_PART or not (name.isupper() or name.islower()):
        return False
    upper = name.upper()
    return any(acronym.endswith(upper) for acronym in extract_acronyms(paper))


_FIGURE_OF_ACCURACY = re.compile(
    r"\d\s?\\?%?\s(?:in |on )?(?:m?AP|AUC|F1|EER|TAR|FNMR|[Rr]ank-1)\b|\b(?:m?AP|AUC|AUROC|F1|EER|TAR|FNMR|[Rr]ank-1)\b[^.\d]{0,20}\d"
)
_LETTER_AND_FIGURE = re.compile(r"([^\W\d_])(\d{1,3})")


def is_measure(word: str, paper: Paper) -> bool:
    """Whether a paper has a measure by another name: ``r1`` by ``Rank-1``, ``accuracy`` by ``73.5% mAP``."""
    if word.lower() == "accuracy":
        return _FIGURE_OF_ACCURACY.search(paper.text) is not None
    match = _LETTER_AND_FIGURE.fullmatch(word)
    if match is None:
        return False
    letter, figure = match.groups()
    long_form = rf"(?<![^\W_]){letter}[^\W\d_]{{2,}}[-@\s]{{0,2}}{figure}(?!\w|\.\d)"
    either_way = rf"(?<!\w){figure}@{letter}[^\W\d_]+"
    return re.search(rf"{long_form}|{either_way}", paper.text, re.IGNORECASE) is not None


MIN_STEM = 5
"""Letters of a word that may be the beginning of a longer one: *params*, *intro*."""
_PLURAL_ACRONYM = re.compile(r"[A-Z][A-Z0-9]+s")
_LETTERS_OR_DIGITS = re.compile(r"[^\W\d_]{2,}|\d{2,}")


@dataclass(frozen=True, slots=True)
class _OtherForms:
    """Terms of which a paper has one, groups of which it has one whole, or the beginning of one."""

    any_of: frozenset[str] = frozenset()
    groups: tuple[frozenset[str], ...] = ()
    beginning: str = ""


@lru_cache(maxsize=2_000)  # a word is looked for in each of the papers found
def _list_other_forms(word: str) -> _OtherForms:
    if _PLURAL_ACRONYM.fullmatch(word):
        return _OtherForms(frozenset(extract_terms(word[:-1])))
    plural = frozenset([f"{fold(word)}s"] if word.isupper() else ())
    parts = _LETTERS_OR_DIGITS.findall(word)
    if len(parts) > 1 and "".join(parts) == word:
        return _OtherForms(plural, (frozenset(map(fold, parts)),))
    if word.endswith("ly"):  # "noisily" is "noisy"
        return _OtherForms(frozenset(extract_terms(f"{word[:-2]} {word[:-3]}y {word[:-1]}e")))
    beginning = fold(word).removesuffix("s") if word.islower() else ""
    return _OtherForms(plural, _list_parts(word), beginning if len(beginning) >= MIN_STEM else "")


def _list_parts(word: str) -> tuple[frozenset[str], ...]:
    """The terms of each two words that a word may be written from: ``crowd`` and ``sourced``."""
    if not (word.islower() and word.isalpha()):
        return ()
    cuts = range(MIN_STEM, len(word) - MIN_STEM + 1)
    pairs = (frozenset(extract_terms(f"{word[:at]} {word[at:]}")) for at in cuts)
    return tuple(pair for pair in pairs if pair)


def has_long_form(word: str, paper_terms: frozenset[str]) -> bool:
    """Whether a paper has the word in another form than typed.

    Acronyms have a plural (``RNNs``), names lose a hyphen (``market1501``), words are cut (``params``),
    made to tell how (``noisily``), or written as one (``crowdsourced`` for ``crowd-sourcing``).
    """
    forms = _list_other_forms(word)
    if not forms.any_of.isdisjoint(paper_terms):
        return True
    if any(group <= paper_terms for group in forms.groups):
        return True
    if not forms.beginning:
        return False
    ordered = _sort_terms(paper_terms)
    at = bisect_left(ordered, forms.beginning)
    return at < len(ordered) and ordered[at].startswith(forms.beginning)


@lru_cache(maxsize=2_000)
def _sort_terms(terms: frozenset[str]) -> list[str]:
    return sorted(terms)
