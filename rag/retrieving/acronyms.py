"""Acronyms of a paper for what a question spells out: *frames per second* is met by ``FPS``."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.text import STOP_WORDS, fold, words
from rag.types import Paper, Span

MIN_WORDS, MAX_WORDS = 3, 6
"""Words of a phrase that an acronym may stand for; two letters stand for too much."""

MIN_PART = 4
"""Letters of a name that may be known by its end alone."""

_ACRONYM = re.compile(r"(?<![^\W_])[A-Za-z]?[A-Z]{2,}(?=s?(?![^\W_]))")
_APART = re.compile(r"[^\w\s-]")
_LINKS = frozenset({"of", "per"})


def spelt_out(question: str) -> list[tuple[str, Span]]:
    """The phrases of a question with the acronym each would have, in capitals.

    They are words in a row without names, which stand for themselves, and of the stop words with
    those alone that link two words of a phrase.
    """
    told = [
        (word, span, fold(word) in STOP_WORDS - _LINKS or not word[1:].islower())
        for word, span in words(question)
    ]
    found = []
    for at, (_, (start, _), _) in enumerate(told):
        for n in range(MIN_WORDS, min(MAX_WORDS, len(told) - at) + 1):
            phrase = told[at : at + n]
            end = phrase[-1][1][1]
            if any(apart for *_, apart in phrase) or _APART.search(question, start, end):
                break
            if {phrase[0][0], phrase[-1][0]} & _LINKS:
                continue
            found.append(("".join(word[0] for word, *_ in phrase).upper(), (start, end)))
    return found


@lru_cache(maxsize=2_000)
def acronyms(paper: Paper) -> frozenset[str]:
    """The acronyms that a paper has, in capitals and without a plural s: ``mAP`` is ``MAP``."""
    return frozenset(one.upper() for one in _ACRONYM.findall(f"{paper.name} {paper.text}"))


def is_part(name: str, paper: Paper) -> bool:
    """Whether a name in capitals ends an acronym of the paper: ``COCO`` does in ``MSCOCO``."""
    return (
        len(name) >= MIN_PART
        and name.isupper()
        and any(one.endswith(name) for one in acronyms(paper))
    )
