"""Compares numbers in a model's sentence with those in the papers, by value, sign and unit.

``1,000`` and ``1000``, ``0.50`` and ``.5``, ``three`` and ``3`` are the same; ``92.5 ms`` is not
``92.5%``, nor ``-3`` a ``3``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from rag.text import fold, iter_words

_DIGITS = re.compile(r"(?<![^\W_])(?:\d+(?:[.,]\d+)*|(?<![\d.])\.\d+)(?![^\W_])")
_SIGNED = re.compile(r"(?:^|(?<=[\s(\[|=:~]))[-−–]\s?(?=\d|\.\d)")
_PAPER_COUNT = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
_TENS = "thirty forty fifty sixty seventy eighty ninety hundred".split()
VALUES = {word: str(value) for value, word in enumerate(_PAPER_COUNT)}
VALUES |= {word: str(value) for value, word in zip(range(30, 101, 10), _TENS, strict=True)}
_FREE = frozenset({"one", "hundred"})
_MULTIPLES = frozenset(
    "dozen dozens hundred hundreds thousand thousands million millions billion billions trillion "
    "trillions twofold threefold fourfold fivefold tenfold hundredfold twice thrice double doubles "
    "doubled doubling triple triples tripled quadruple quadrupled half halves halved quarter".split()
)
"""Words for quantities that are no numbers; the papers must contain them too."""

_COUNTED_PAPERS = re.compile(
    r"\b(?:the|these|those|all|both|of the)\s+(?P<n>\d{1,2}|[a-z]+)\s+[a-z]"
    r"|\b(?P<m>\d{1,2}|[a-z]+)\s+(?:[a-z]+\s+)?(?:papers?|works|studies|passages|articles|publications|sources|abstracts)\b",
    re.IGNORECASE,
)
_MEASURE_UNITS = {
    "percent": r"%|‰|per ?cent\b|percentage\b|pct\b",
    "points": r"(?:percentage |accuracy )?points?\b|pp\b",
    "times": r"[×x](?!\w)|times\b|-?\s?fold\b",
    "rate": r"fps\b|frames per second|frames/s|hz\b",
    "kilo": r"k\b|thousand\b|kb\b|khz\b|km\b|kg\b",
    "mega": r"m\b|million\b|mb\b|mhz\b|mflops\b",
    "giga": r"g\b|b\b|billion\b|gb\b|ghz\b|gflops\b",
    "tera": r"t\b|trillion\b|tb\b|tflops\b",
    "milliseconds": r"ms\b|milliseconds?\b",
    "seconds": r"s\b|secs?\b|seconds?\b",
    "minutes": r"mins?\b|minutes?\b",
    "hours": r"h\b|hrs?\b|hours?\b",
    "days": r"days?\b",
    "weeks": r"weeks?\b",
    "months": r"months?\b",
    "years": r"years?\b",
    "decibels": r"db\b",
    "millimetres": r"mm\b",
    "centimetres": r"cm\b",
    "bits": r"bits?\b",
    "bytes": r"bytes?\b",
}
_UNIT_AFTER_NUMBER = re.compile(
    r"\s*-?(?:" + "|".join(f"(?P<{n}>{pattern})" for n, pattern in _MEASURE_UNITS.items()) + ")",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A number in a text.

    Attributes:
        value: Normalised, so that all ways of writing it are equal.
        unit: Kind of the unit right behind it; empty if there is no known one.
        negative: Whether it has a minus sign.
    """

    value: str
    unit: str
    negative: bool


def find_numbers(text: str) -> Iterator[WrittenNumber]:
    """Every number in digits, in order."""
    signed = {match.end() for match in _SIGNED.finditer(text)}
    for match in _DIGITS.finditer(text):
        unit = _UNIT_AFTER_NUMBER.match(text, match.end())
        yield WrittenNumber(
            normalize_number(match[0]), str(unit.lastgroup) if unit else "", match.start() in signed
        )


def normalize_number(number: str) -> str:
    """One form for ``1,000`` and ``1000``, for ``0.50``, ``.5`` and ``0,5``."""
    digits = re.sub(r",(?=\d{3}(?:\D|$))", "", number).replace(",", ".")
    try:
        return f"{Decimal(digits).normalize():f}"
    except InvalidOperation:
        return digits


class NumberSet:
    """All numbers in a text, normalised."""

    def __init__(self, text: str) -> None:
        numbers = list(find_numbers(text))
        folded = [fold(word) for word, _ in iter_words(text)]
        mixed = " ".join(word for word in folded if is_mixed(word))
        self._values = {figure.value for figure in numbers}
        self._values |= set(re.findall(r"\d+", mixed))
        self._values |= {VALUES[word] for word in folded if word in VALUES}
        self._units: dict[str, set[str]] = {}
        for figure in numbers:
            self._units.setdefault(figure.value, set()).add(figure.unit)
        self._negative = {figure.value for figure in numbers if figure.negative}
        self._signs = {c for c in text if unicodedata.category(c) in ("No", "Nl")}
        self._words = set(folded)

    def __contains__(self, value: object) -> bool:
        return value in self._values

    def find_lacking(self, claim: str, n_papers: int) -> tuple[list[str], bool]:
        """The numbers of a claim that are not there, and whether a unit was added to one that is.

        Args:
            claim: One sentence.
            n_papers: The claim may count the papers that it is about.
        """
        lacking: list[str] = []
        added = False
        counted = _extract_paper_count(claim, n_papers)
        for figure in find_numbers(claim):
            units = self._units.get(figure.value, set())
            known = figure.value in self._values
            altered = figure.negative and figure.value not in self._negative
            if figure.unit and units and figure.unit not in units:
                altered = altered or "" not in units
                added = True
            if (not known and figure.value not in counted) or (known and altered):
                lacking.append(figure.value)
        lacking += [c for c in claim if unicodedata.category(c) in ("No", "Nl") and c not in self._signs]  # fmt: skip
        return lacking + self._find_unknown_words(claim, counted), added

    def _find_unknown_words(self, claim: str, counted: set[str]) -> list[str]:
        """Numbers and multiples in words that are not there."""
        unknown_words = []
        for word, _ in iter_words(claim):
            folded = fold(word)
            if folded in self._words:
                continue
            if folded in VALUES and folded not in _FREE:
                value = VALUES[folded]
                if value not in self._values and value not in counted:
                    unknown_words.append(word)
            elif folded in _MULTIPLES and folded.rstrip("s") not in self._words:
                unknown_words.append(word)
        return unknown_words


def _extract_paper_count(claim: str, n_papers: int) -> set[str]:
    """The count of the papers, if the claim counts papers with it."""
    for match in _COUNTED_PAPERS.finditer(claim):
        count_word = (match["n"] or match["m"]).lower()
        if VALUES.get(count_word, count_word) == str(n_papers):
            return {str(n_papers)}
    return set()


def is_mixed(word: str) -> bool:
    return any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
