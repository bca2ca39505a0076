"""Recognises a model's "not stated", as a whole reply and as one sentence of it, in many languages.

A sentence declines if it denies that a source says something. A reply that cites nothing and declines,
or is a few words that deny, is a refusal; the words for it are data (declining.yaml).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from rag.text import fold, iter_words

_FILE = Path(__file__).with_name("declining.yaml")
_NEAR = 6
"""Words between a denial and what is not said."""
FEW_WORDS = 8
"""A keyless reply of so few words that denies anything states nothing else."""
_LEFT_OPEN = re.compile(
    r"\b(?:left|leaves?|remains?|stays?)\s+(?:\w+\s+)?(?:open|unclear|unstated|unanswered)\b|\b(?:bleibt|lässt|lassen)\b.{0,200}\boffen\b"
    r"|\breste\w*\s+(?:ouvert|inconnu)|\bqueda\w*\s+(?:abiert|sin)",
    re.IGNORECASE,
)
"""Words that decline without a denial: *how fast it is, the abstract leaves open*."""
_CLAUSE_END = re.compile(r"[;:]\s|, (?:but|while|whereas|aber|mais|pero)\b")
_LEAST_STATED = 4
"""Words of a clause that states something."""
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0590-\u06ff]")


@dataclass(frozen=True, slots=True)
class _Words:
    """Words and beginnings of words; those of scripts without spaces are looked for anywhere."""

    full_words: frozenset[str]
    beginnings: tuple[str, ...]
    anywhere: tuple[str, ...]

    def find_places(self, words: list[str]) -> list[int]:
        return [at for at, word in enumerate(words) if self.has(word)]

    def has(self, word: str) -> bool:
        if word in self.full_words or word.startswith(self.beginnings):
            return True
        return bool(_UNSPACED.search(word)) and any(part in word for part in self.anywhere)


@cache
def _load_words() -> dict[str, _Words]:
    loaded = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {name: _sort_words(text.split()) for name, text in loaded.items()}


def _sort_words(word_list: list[str]) -> _Words:
    folded = [fold(word) for word in word_list]
    return _Words(
        frozenset(word for word in folded if not word.endswith("*")),
        tuple(word[:-1] for word in folded if word.endswith("*")),
        tuple(word for word in folded if _UNSPACED.search(word)),
    )


def denies(sentence: str) -> bool:
    """Whether a sentence denies anything."""
    return bool(_load_words()["deniers"].find_places(_split_words(sentence)))


def declines(sentence: str) -> bool:
    """Whether a sentence says that the papers do not state something."""
    words = _split_words(sentence)
    kinds = _load_words()
    if _LEFT_OPEN.search(sentence) and kinds["sources"].find_places(words):
        return True
    deniers = kinds["deniers"].find_places(words)
    if not deniers:
        return False
    if any(_UNSPACED.search(word) for word in words):
        return any(kinds["sayings"].has(word) or kinds["sources"].has(word) for word in words)
    sayings = kinds["sayings"].find_places(words)
    if any(_is_near(a, b) for a in deniers for b in sayings) and not _says_of_itself(
        words, sayings
    ):
        return True
    sources = kinds["sources"].find_places(words)
    weak = kinds["weak_sayings"].find_places(words)
    return any(
        source < saying and abs(denier - saying) <= _NEAR
        for denier in deniers
        for saying in weak
        for source in sources
    ) or any(
        kinds["can_say"].has(word) and words[at - 1] in ("to", "cannot", "not", "n't")
        for at, word in enumerate(words)
        if at and deniers[0] < at
    )


def states_besides(sentence: str) -> bool:
    """Whether a sentence that declines has a clause that states something, too."""
    clauses = _CLAUSE_END.split(sentence)
    return any(len(clause.split()) >= _LEAST_STATED and not declines(clause) for clause in clauses)


def _is_near(denier: int, saying: int) -> bool:
    return -_NEAR <= denier - saying <= 2


def _says_of_itself(words: list[str], sayings: list[int]) -> bool:
    """*state* and *said* as nouns: *no state space model*, *detailed maps are not needed*."""
    return all(
        words[at] in ("detailed", "details", "specific", "specifically", "detail", "statistical", "static", "statistics")
        or (words[at] == "state" and words[at + 1 : at + 2] in (["space"], ["of"], ["spaces"]))
        for at in sayings
    )  # fmt: skip


def is_refusal(reply: str, refusal: str) -> bool:
    """Whether a reply without any key says that the answer is not there.

    Args:
        reply: What the model said, without chains of thought.
        refusal: The word for it that the prompt gives.
    """
    text = re.sub(r"^\W+|\W+$", "", reply)
    if text.startswith(refusal) or fold(text).startswith(fold(refusal)):
        return True
    words = _split_words(text)
    if not words:
        return False
    kinds = _load_words()
    if len(words) <= FEW_WORDS and kinds["lacking"].find_places(words):
        return True  # "Insufficient information."
    denies = bool(kinds["deniers"].find_places(words))
    return denies and (len(words) <= FEW_WORDS and len(text) < 80 or declines(text))


def _split_words(text: str) -> list[str]:
    text = re.sub(r"n['’]t\b", " n't", text).replace("n/a", "n/a ")
    parts = [part for token in text.split() for part in _split_token(token)]
    return [word.removesuffix("'s") for word in parts]


def _split_token(token: str) -> list[str]:
    if fold(token).strip(".,;:!?") in ("n't", "n/a"):
        return [fold(token).strip(".,;:!?")]
    return [part for word, _ in iter_words(token) for part in re.split(r"['’]", fold(word)) if part]
