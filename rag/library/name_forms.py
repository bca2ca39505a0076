"""The forms of a person's name by which it is found however it is typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.text import fold

_NAME_TOKEN = re.compile(r"[^\W\d_](?:[^\W\d_]|[-'’.](?=[^\W\d_]))*\.?")

PARTICLES = frozenset(
    "van von der den de del della di da dos das du des la le el al bin ibn ten ter zu zur zum af av op vom".split()
)
"""With which a family name of several words begins."""
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a typed name."""

    text: str
    start: int
    end: int
    key: str


def get_name_key(name: str) -> str:
    """Letters alone, folded: ``Ke-Yue Zhang`` -> ``keyuezhang``."""
    folded = fold(name)
    return folded if folded.isalpha() else "".join(filter(str.isalpha, folded))


@lru_cache(maxsize=64)  # a long question is looked at some hundred times, phrase by phrase
def extract_tokens(text: str) -> tuple[Token, ...]:
    """Words that may be parts of names, in order, possessive endings left off."""
    name_tokens = []
    for match in _NAME_TOKEN.finditer(text):
        word = re.sub(r"['’]s?$", "", match.group())
        if letters := get_name_key(word):
            name_tokens.append(Token(word, match.start(), match.start() + len(word), letters))
    return tuple(name_tokens)


@lru_cache(maxsize=10_000)
def split_name(name: str) -> tuple[str, ...]:
    """The keys of a name's parts: ``Ke-Yue Zhang`` -> ``keyue``, ``zhang``."""
    return tuple(filter(None, map(get_name_key, name.split()))) or (fold(name),)


def drop_initials(parts: tuple[str, ...]) -> tuple[str, ...]:
    """``christopher d manning`` -> ``christopher manning``; names of initials alone stay whole."""
    long = tuple(part for part in parts if len(part) > 1)
    return long if len(long) > 1 else parts


def drop_suffix(parts: tuple[str, ...]) -> tuple[str, ...]:
    """``martin luther king jr`` -> ``martin luther king``."""
    return parts[:-1] if len(parts) > 2 and parts[-1] in _SUFFIXES else parts


def list_endings(parts: Sequence[str]) -> dict[str, Sequence[str]]:
    """What a name ends with that begins with a particle, in letters alone, with what stands before: ``delacroix``."""
    return {"".join(parts[at:]): parts[:at] for at, part in enumerate(parts) if part in PARTICLES}


def is_some_of(typed: Sequence[str], names: Sequence[str]) -> bool:
    """Whether typed names or initials are given names in their order."""
    rest = iter(names)
    return all(
        any(name == key or (len(key) == 1 and name[0] == key) for name in rest) for key in typed
    )


def get_initials(parts: Sequence[str]) -> str:
    """First letters, each with a blank behind it: a part without letters has none."""
    return "".join(f"{part[:1]} " for part in parts)


def build_name_forms(name: str) -> dict[str, str]:
    """The columns that a name is found by; see the table ``names``."""
    parts = split_name(name)
    short = drop_initials(parts)
    return {
        "joined": "".join(parts),
        "turned": "".join((*parts[-1:], *parts[:-1])),
        "shortened": "".join(short),
        "unsuffixed": "".join(drop_suffix(parts)),
        "initials": get_initials(parts),
        "short_initials": get_initials(short),
    }
