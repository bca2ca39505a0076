"""Abbreviated names of venues in a question: ``EMBO J``, ``Nat. Commun.``, ``PNAS``, ``ApJ``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from rag.text import STOP_WORDS, fold

_MOST_WORDS = 6
_LEAST_INITIALS, _LEAST_FIRST_INITIALS = 3, 4
_WORD = re.compile(r"[^\W_]+\.?")
_HUMPS = re.compile(r"[A-Z][a-z]*")
_SHORT = frozenset(
    "j jnl proc int am ann annu rev lett res sci clin med biol chem phys nat natl acta arch eur br j exp mol trans conf "
    "q bull adv curr front math stat econ hist astron astrophys soc assoc comput psychol surg oncol immunol".split()
)
"""Usual abbreviations of words of titles; a name in small letters needs one of them."""


class Abbreviations:
    """Names by the initials of their words, without articles and prepositions.

    Args:
        names: As they are printed; what stands in brackets or behind a colon is no part of a name.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._by_initials: dict[str, list[tuple[str, tuple[str, ...]]]] = defaultdict(list)
        for name in names:
            words = _split(re.split(r"[(:]", name)[0])
            if len(words) > 1:
                self._by_initials["".join(word[0] for word in words)].append((name, words))

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """The places of abbreviated names in a text, with the one name that each may stand for."""
        words = list(_WORD.finditer(text))
        for at, first in enumerate(words):
            for last in words[at : at + _MOST_WORDS]:
                if not (_split(first.group()) and _split(last.group())):
                    continue
                run = text[first.start() : last.end()]
                if name := self._resolve(run):
                    yield first.start(), first.start() + len(run.rstrip(".")), name

    def _resolve(self, run: str) -> str:
        """The name that a run of words abbreviates; empty for none, and for one of several."""
        parts = _split(run)
        if len(parts) == 1 and run.isalnum():
            found = self._find_initials(run)
        elif len(parts) > 1 and (run[0].isupper() or _SHORT.intersection(parts)):
            found = self._find_shortened(parts)
        else:
            found = []
        return found[0] if len(found) == 1 else ""

    def _find_initials(self, word: str) -> list[str]:
        """``NAR``, ``PNAS`` (which leaves "of the United States" out), ``ApJ``."""
        letters = word.lower()
        if word.isupper():
            if len(word) < _LEAST_INITIALS:
                return []
            whole = [name for name, _ in self._by_initials.get(letters, ())]
            if whole or len(word) < _LEAST_FIRST_INITIALS:
                return whole
            begun = (k for k in self._by_initials if k.startswith(letters))
            return [name for key in begun for name, _ in self._by_initials[key]]
        humps = _HUMPS.findall(word)
        if len(humps) < 2 or "".join(humps) != word:
            return []
        return self._find_shortened(tuple(map(str.lower, humps)), least=2)

    def _find_shortened(self, parts: tuple[str, ...], least: int = 4) -> list[str]:
        """Names of which each word begins as a part does, one of them cut by two letters at least."""
        return [
            name
            for name, words in self._by_initials.get("".join(part[0] for part in parts), ())
            if all(_may_shorten(p, w, least) for p, w in zip(parts, words, strict=True))
            and any(len(w) - len(p) > 1 for p, w in zip(parts, words, strict=True))
        ]


def _split(name: str) -> tuple[str, ...]:
    return tuple(word for word in re.findall(r"[^\W_]+", fold(name)) if word not in STOP_WORDS)


def _may_shorten(part: str, word: str, least: int) -> bool:
    """``commun`` of communications; from ``least`` letters on some of its letters: ``natl`` of national."""
    if word.startswith(part):
        return True
    rest = iter(word)
    return len(part) >= least and part[0] == word[0] and all(letter in rest for letter in part)
