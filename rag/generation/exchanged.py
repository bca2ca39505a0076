"""Finds what a sentence exchanges: two things of one sentence of a paper, each in the other's place.

*Image encoders reside on the server, and a text encoder runs on each device* has all the words of
"a text encoder resides on the server, and image encoders operate on local devices"; what differs is
which of them share a clause. What is put in other words is not found.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import combinations

from rag.text import STOP_WORDS, fold, iter_words, stem

_CLAUSE_END = re.compile(
    r"[,;:()|](?=\s|$)|\b(?:and|but|while|whereas|rather than|instead of|than)\b", re.IGNORECASE
)
_COORDINATION = re.compile(r"(?<![\w-])([\w-]++) and ([\w-]++)")
_POINT = re.compile(r"(?<=\d)[.,](?=\d)")
_ORDER = frozenset({"first", "then"})
"""Small words that tell clauses apart: *first the objects, then the whole image*."""


def exchanges(claim: str, sentences: Iterable[str]) -> bool:
    """Whether two clauses of a claim are each made of words of the same two clauses of a paper.

    Args:
        claim: One English sentence without its keys.
        sentences: Of one paper.
    """
    clauses = _part_clauses(claim)
    return len(clauses) > 1 and any(_is_crossed(claim, clauses, line) for line in sentences)


def _is_crossed(claim: str, clauses: Sequence[frozenset[str]], sentence: str) -> bool:
    # "real and synthetic images" are no two clauses where the paper joins the two words as well
    joined = frozenset[str]().union(*_list_joined(claim) & _list_joined(sentence))
    places = {
        word: at for at, clause in enumerate(_part_clauses(sentence)) for word in clause - joined
    }
    clause_places = [
        {places[word] for word in clause - joined if word in places} for clause in clauses
    ]
    return any(len(first & second) > 1 for first, second in combinations(clause_places, 2))


@lru_cache(maxsize=8192)  # the sentences of the papers, which each claim meets
def _part_clauses(text: str) -> list[frozenset[str]]:
    """The stems of the words of content of each clause that are in no other clause."""
    clauses = [
        frozenset(
            stem(word)
            for typed, _ in iter_words(clause)
            if (word := fold(typed)) not in STOP_WORDS or word in _ORDER
        )
        for clause in _CLAUSE_END.split(_POINT.sub("", text))
    ]
    counts = Counter(word for clause in clauses for word in clause)
    return [
        unique_stems
        for clause in clauses
        if (unique_stems := frozenset(w for w in clause if counts[w] == 1))
    ]


def _list_joined(text: str) -> set[frozenset[str]]:
    return {
        frozenset(stem(fold(word)) for word in match.groups())
        for match in _COORDINATION.finditer(text)
    }
