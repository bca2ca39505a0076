"""Whether a model's sentence agrees with the papers that it cites; by code, without a model.

Numbers and names must be there, and enough of the other words. That finds what was added or
altered, not what was turned around: a negation passes. The sentence that says most of the claim is
found here too, to be the quote of its citation.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from rag.text import STOP_WORDS, fold, sentences, terms, without_hidden, words
from rag.types import Evidence, Paper, Span

Verdict = Literal["supported", "partly", "not_found"]

SUPPORTED_SHARE = 0.5
"""Share of a claim's words in the cited papers from which it counts as supported."""
FOUND_SHARE = 0.25
"""Below this share an English claim was not found; a claim in another language cannot tell."""
ENGLISH_SHARE = 0.15
"""Share of English stop words from which a sentence is taken for English."""

_NUMBER = re.compile(r"(?<![^\W_])(?:\d+(?:[.,]\d+)*|(?<![\d.])\.\d+)(?![^\W_])")
_COUNTS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
_TENS = "thirty forty fifty sixty seventy eighty ninety hundred".split()
_WORD_VALUES = {word: str(value) for value, word in enumerate(_COUNTS)}
_WORD_VALUES |= {word: str(value) for value, word in zip(range(30, 101, 10), _TENS, strict=True)}
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{1,600})[\"”“»]")
_SHORT = 5
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SCRIPT_CHANGE = re.compile(rf"(?<=[{_CJK}])(?=[A-Za-z\d])|(?<=[A-Za-z\d])(?=[{_CJK}])")


@dataclass(frozen=True, slots=True)
class Support:
    """How a claim agrees with the papers it cites.

    Attributes:
        numbers: Those in the claim that are in none of the papers.
        names: The same for capitalised names.
    """

    verdict: Verdict
    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class Ground:
    """All that some papers say, prepared for questions about it."""

    def __init__(self, papers: Iterable[Paper], also: str = "") -> None:
        self.text = "\n".join([*(_said(paper) for paper in papers), also])
        parted = _parted(self.text)
        self.terms = set(terms(parted, keep_stop_words=True))
        folded = [fold(word) for word, _ in words(parted)]
        self.words = {*folded, *map("".join, zip(folded, folded[1:], strict=False))}
        mixed = " ".join(word for word in folded if _is_mixed(word))
        self.numbers = {*_numbers(parted), *re.findall(r"\d+", mixed)}
        self.numbers |= {_WORD_VALUES[word] for word in folded if word in _WORD_VALUES}
        self._quotable = _quotable(self.text)

    def has_word(self, word: str) -> bool:
        return fold(word) in self.words or not set(terms(word, keep_stop_words=True)) - self.terms

    def quotes(self, quoted: str) -> bool:
        """Whether these very words stand there; white space, case and quote marks aside."""
        return _quotable(quoted).strip(" .,;:!?…") in self._quotable

    def share(self, claim_terms: Sequence[str]) -> float:
        """Share of the terms that stand there; 1.0 for none."""
        distinct = set(claim_terms)
        return len(distinct & self.terms) / len(distinct) if distinct else 1.0


def _said(paper: Paper) -> str:
    """Everything a claim about a paper may rest on: its text and its printed particulars."""
    people = [authorship.name for authorship in paper.authorships]
    facts = [paper.title, paper.label, paper.venue, paper.category, paper.doi, paper.url]
    facts += [str(n) for n in (paper.year, paper.month, paper.day) if n is not None]
    return "\n".join([paper.text, *filter(None, facts), *people, *paper.affiliations, *paper.links])


def _quotable(text: str) -> str:
    text = re.sub(r"[\"“”„«»]|''", "", fold(without_hidden(text)))
    return " ".join(re.sub(r"[’‘`]", "'", text).split())


def _parted(text: str) -> str:
    """The text with a space where a script without spaces meets a name or a number."""
    return _SCRIPT_CHANGE.sub(" ", text)


def _numbers(text: str) -> list[str]:
    return [_value(match[0]) for match in _NUMBER.finditer(text)]


def _value(number: str) -> str:
    """One form for ``1,000`` and ``1000``, for ``0.50``, ``.5`` and ``0,5``."""
    digits = re.sub(r",(?=\d{3}(?:\D|$))", "", number).replace(",", ".")
    try:
        return f"{Decimal(digits).normalize():f}"
    except InvalidOperation:
        return digits


def assess(claim: str, ground: Ground, n_cited: int = 0) -> Support:
    """Compare a claim with what its papers say.

    Args:
        claim: One sentence without its keys.
        ground: What the papers cited for it say.
        n_cited: How many they are: a claim may count them.
    """
    claim = _parted(claim)
    allowed = ground.numbers | {str(n_cited)}
    typed = [word for word, _ in words(claim)]
    english = _is_english(typed)
    numbers = [n for n in _numbers(claim) if n not in allowed]
    numbers += [w for w in typed if _is_mixed(w) and not ground.has_word(w)]
    names = [name for name in _names(claim, english) if not ground.has_word(name)]
    values = [(w, _WORD_VALUES.get(w.lower(), "0")) for w in typed]
    names += [w for w, value in values if int(value) > 2 and value not in allowed]
    share = ground.share(terms(claim))
    verdict: Verdict = "supported" if share >= SUPPORTED_SHARE else "partly"
    if numbers or names or (english and share < FOUND_SHARE):
        verdict = "not_found"
    return Support(verdict, tuple(dict.fromkeys(numbers)), tuple(dict.fromkeys(names)))


def _is_mixed(word: str) -> bool:
    return any(c.isdigit() for c in word) and any(c.isalpha() for c in word)


def _is_english(typed: Sequence[str]) -> bool:
    if len(typed) < _SHORT:
        return all(word.isascii() for word in typed)
    return sum(word.lower() in STOP_WORDS for word in typed) >= ENGLISH_SHARE * len(typed)


def _names(claim: str, english: bool) -> list[str]:
    """Words with a capital inside, and, in English, those that begin with one in mid-sentence."""
    found = []
    for word, (start, _) in words(claim):
        if len(word) < 2 or _is_mixed(word) or word.isdigit() or word.lower() in STOP_WORDS:
            continue
        before = claim[:start].rstrip(" \"'“‘(*_")
        opens = not before or before[-1] in ".!?:;|\n-–—"
        inner = any(c.isupper() for c in word[1:])
        if inner or (english and word[0].isupper() and not opens):
            found.append(word)
    return found


def quotations(text: str) -> list[tuple[str, Span]]:
    """What stands in double quotation marks, with the span that includes the marks."""
    return [(match[1], match.span()) for match in _QUOTED.finditer(text)]


def best_sentence(claim: str, evidence: Evidence) -> tuple[Span, float]:
    """The sentence of a passage that says most of a claim, and the share of its words that it says.

    Equal sentences are ordered shorter first, then by place; where none says anything of it, the
    first is taken, and a passage without a sentence is taken whole.
    """
    wanted = set(terms(claim))
    offset = evidence.span[0]
    best: tuple[tuple[float, int, int], Span] | None = None
    for start, end in sentences(evidence.quote):
        there = set(terms(evidence.quote[start:end]))
        shared = len(wanted & there)
        rank = (-float(shared), end - start if shared else 0, start)
        if best is None or rank < best[0]:
            best = (rank, (offset + start, offset + end))
    if best is None:
        return evidence.span, 0.0
    return best[1], -best[0][0] / len(wanted) if wanted else 0.0
