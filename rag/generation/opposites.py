"""Finds what a sentence turns around: an opposite, or a denial, where its paper says the contrary.

It compares company: *progressively smaller differences* is turned around where the paper has
*progressively larger differences* and nowhere *smaller* in that company. What it does not find may
still be wrong; that takes a reader (`rag.generation.verification`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import TypeAlias

from rag.text import STOP_WORDS, fold, iter_words, stem
from rag.text.everyday import is_everyday

_FILE = Path(__file__).with_name("opposites.txt")
_PREFIXES = ("un", "in", "im", "ir", "dis", "non")
_DENIALS = frozenset("not no never without neither nor none cannot n't nothing hardly".split())
_NEGATIVE = _DENIALS | frozenset(
    stem(word)
    for word in (
        "lack fail avoid eliminate overlook ignore prevent absence remove free unable instead rather unlike "
        "neglect prohibit hinder limit suffer insufficient require difficult underexplored little mitigate "
        "alleviate bypass obviate dispense relax circumvent reduce suppress isolate challenge"
    ).split()
)
"""Words near which a paper may deny what it seems to state."""
_CONJUNCTIONS = frozenset({"and", "or"})
"""*local re-weighting and global regularization* has no *re-weighting global*."""
_CLAUSE_END = re.compile(r"[,;:()]")
_NEAR = 2
"""Words of content between which two words keep each other company."""
_DENIED_RUN = 3
"""So many words of content in a row are the same statement, denied or not."""


@cache
def _load_opposites() -> dict[str, frozenset[str]]:
    opposites: dict[str, set[str]] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            first, second = (set(side.split()) for side in line.split("/"))
            for some, contraries in ((first, second), (second, first)):
                for word in some:
                    opposites.setdefault(word, set()).update(contraries)
    return {word: frozenset(contraries) for word, contraries in opposites.items()}


def is_turned_around(claim: str, sentences: Sequence[Sequence[str]]) -> bool:
    """Whether an English claim says the contrary of what stands in the papers cited for it.

    Args:
        claim: One sentence without its keys.
        sentences: Folded words of each sentence of the papers.
    """
    claim = " ".join("_" if _is_written_name(word) else word for word in claim.split(" "))
    clauses = [_split_denials(clause) for clause in _CLAUSE_END.split(claim)]
    company = [_list_company(sentence) for sentence in sentences]
    if any(_has_opposite(_list_company(clause), company) for clause in clauses):
        return True
    return _is_denied(clauses, sentences)


def _is_written_name(word: str) -> bool:
    """Whether a word such as *LAST* is a name by its capitals: *last* is what has an opposite, *GPU* not."""
    letters = re.sub(r"\W", "", word)
    return len(letters) > 2 and letters.isupper() and is_everyday(letters.lower())


def _split_denials(text: str) -> list[str]:
    parted = text.replace("n't", " n't").replace("n’t", " n't")
    return [
        fold(word)
        for word in parted.replace("cann't", "can n't").split()
        for word in _words_of(word)
    ]


def _words_of(token: str) -> list[str]:
    return ["n't"] if token == "n't" else [word for word, _ in iter_words(token)]


def _list_company(words: Sequence[str]) -> list[str]:
    """Words that keep company: those of content, deniers, all that have an opposite, and what joins."""
    company = _load_opposites().keys() | _DENIALS | _CONJUNCTIONS
    return [word for word in words if word not in STOP_WORDS or word in company]


def _has_opposite(clause: Sequence[str], company: Sequence[Sequence[str]]) -> bool:
    vocabulary = {word for sentence in company for word in sentence}
    for at, word in enumerate(clause):
        if _DENIALS & set(clause[max(0, at - 3) : at]):
            continue
        contrary = (_load_opposites().get(word, frozenset()) | _list_prefixed(word)) & vocabulary
        if not contrary or _is_joined(clause, at, contrary):
            continue
        following = clause[at + 1] if at + 1 < len(clause) else ""
        before = clause[at - 1] if at else ""
        following, before = ("" if w in _CONJUNCTIONS else w for w in (following, before))
        either = frozenset({word}) | contrary
        if before and _stands_beside(frozenset({word}), before, -1, company):
            continue
        if following and _is_contrary(word, contrary, following, 1, company):
            return True
        is_alone = not following or not _stands_beside(either, following, 1, company)
        if before and is_alone and _is_contrary(word, contrary, before, -1, company):
            return True
    return False


def _is_joined(clause: Sequence[str], at: int, contrary: frozenset[str]) -> bool:
    """Whether a word is told together with its contrary: *real and synthetic images* are images of both kinds."""
    before, after = clause[max(0, at - 2) : at], clause[at + 1 : at + 3]
    return (len(before) == 2 and before[0] in contrary and before[1] in _CONJUNCTIONS) or (
        len(after) == 2 and after[0] in _CONJUNCTIONS and after[1] in contrary
    )


def _list_prefixed(word: str) -> frozenset[str]:
    """*insufficient* for *sufficient*, and back."""
    if len(word) < 6:
        return frozenset()
    bare = {word.removeprefix(prefix) for prefix in _PREFIXES if word.startswith(prefix)}
    return frozenset({*(prefix + word for prefix in _PREFIXES), *bare}) - {word}


def _is_contrary(
    word: str, contrary: frozenset[str], neighbour: str, way: int, company: Sequence[Sequence[str]]
) -> bool:
    """Whether a paper has the contrary beside a word, and the word itself never there."""
    if _stands_beside(frozenset({word}), neighbour, way, company):
        return False
    return _stands_beside(contrary, neighbour, way, company)


def _stands_beside(
    words: frozenset[str], neighbour: str, way: int, company: Sequence[Sequence[str]]
) -> bool:
    stems = {stem(word) for word in words}
    wanted = stem(neighbour)
    for sentence in company:
        for at, word in enumerate(sentence):
            if word in words or stem(word) in stems:
                reach = sentence[at + 1 : at + 1 + _NEAR] if way > 0 else sentence[max(0, at - _NEAR) : at][::-1]  # fmt: skip
                if any(stem(word) == wanted for word in takewhile(_is_no_conjunction, reach)):
                    return True
    return False


def _is_no_conjunction(word: str) -> bool:
    return word not in _CONJUNCTIONS


Stated: TypeAlias = tuple[Sequence[str], Sequence[tuple[int, str]]]
"""The words of a sentence; and the place and stem of those that are no stop words."""


def _is_denied(clauses: Sequence[Sequence[str]], sentences: Sequence[Sequence[str]]) -> bool:
    """Whether a claim denies a run of words that a paper states, or states one that it denies.

    A denial ends with its clause: *hiding must not; Diff-Privacy does both* denies nothing of the latter.
    """
    words = [word for clause in clauses for word in clause]
    denying = [(clause, at) for clause in clauses for at, w in enumerate(clause) if w in _DENIALS]
    if not denying and any(stem(word) in _NEGATIVE for word in words):
        return False
    stated = [
        (sentence, [(at, stem(word)) for at, word in enumerate(sentence) if word not in STOP_WORDS])
        for sentence in sentences
    ]
    if denying:
        clause, at = denying[-1]
        tail = [word for word in clause[at + 1 :] if word not in STOP_WORDS]
        return _is_run_stated(tail[:_DENIED_RUN], stated, denied=False)
    content = [word for word in words if word not in STOP_WORDS]
    runs = [content[at : at + _DENIED_RUN] for at in range(len(content) - _DENIED_RUN + 1)]
    return any(_is_run_stated(run, stated, denied=True) for run in runs)


def _is_run_stated(run: Sequence[str], stated: Sequence[Stated], *, denied: bool) -> bool:
    """Whether the papers have the run, each time with a denial right before it, or without any near."""
    if len(run) < _DENIED_RUN:
        return False
    wanted = [stem(word) for word in run]
    verdicts = []
    for sentence, numbered in stated:
        for start in range(len(numbered) - len(wanted) + 1):
            if numbered[start][1] == wanted[0] and wanted == [
                word for _, word in numbered[start : start + len(wanted)]
            ]:
                at = numbered[start][0]
                before = sentence[max(0, at - (2 if denied else 4)) : at]
                signs = _DENIALS if denied else _NEGATIVE
                verdicts.append(any(w in signs or stem(w) in signs for w in before))
    return bool(verdicts) and all(verdict == denied for verdict in verdicts)
