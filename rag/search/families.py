"""Word families: related words with different stems, such as *defend* and *defense*.

The stemmer joins the forms of one word; this module adds derived words whose stems differ
(``families.txt``), and British and American spellings (*colour*, *color*).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path

from rag.text import fold, stem

FAMILIES_FILE = Path(__file__).with_name("families.txt")

_SPELT: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), second)
    for pattern, second in (
        (r"(?<=[a-z]{2})our(?=s?$|ed$|ing$|ful$|less$|able$|ite)", "or"),
        (r"(?<=[bcdglmnv])or(?=s?$|ed$|ing$|ful$|less$|able$|ite)", "our"),
        (r"(?<=[a-z]{3})is(?=e$|es$|ed$|ing$|ation|er)", "iz"),
        (r"(?<=[a-z]{3})iz(?=e$|es$|ed$|ing$|ation|er)", "is"),
        (r"(?<=[a-z]{2})ys(?=e$|es$|ed$|ing$)", "yz"),
        (r"(?<=[a-z]{2})yz(?=e$|es$|ed$|ing$)", "ys"),
        (r"(?<=[bt])re(?=s?$)", "er"),
        (r"(?<=[bt])er(?=s?$)", "re"),
        (r"ence(?=s?$)", "ense"),
        (r"ense(?=s?$)", "ence"),
        (r"ogue(?=s?$)", "og"),
        (r"og(?=s?$)", "ogue"),
    )
)


@cache
def _load_families() -> Mapping[str, frozenset[str]]:
    """All stems of a family by each of them."""
    families: dict[str, frozenset[str]] = defaultdict(frozenset)
    for line in FAMILIES_FILE.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            stems = frozenset(map(stem, line.split()))
            for member_stem in stems:
                families[member_stem] |= stems
    return dict(families)


@cache
def _load_places() -> frozenset[str]:
    """Stems of the families of places."""
    section = (
        FAMILIES_FILE.read_text(encoding="utf-8").partition("# Places")[2].partition("\n\n")[0]
    )
    return frozenset(stem(word) for line in section.splitlines()[1:] for word in line.split())


def is_place(word: str) -> bool:
    """Whether a word is a place or of one, which is written like a name: ``Sweden``, ``Swedish``."""
    return stem(fold(word)) in _load_places()


def has_relative(word: str, paper_terms: Iterable[str]) -> bool:
    """Whether a word of its family, or the word in its other spelling, is among index terms."""
    return not get_relatives(word).isdisjoint(paper_terms)


@lru_cache(maxsize=20_000)
def get_relatives(word: str) -> frozenset[str]:
    """The stems of a word's family and of its other spelling, its own among them."""
    folded = fold(word)
    written = {folded, *(p.sub(replacement, folded) for p, replacement in _SPELT)}
    stems = {stem(spelling) for spelling in written}
    return frozenset().union(
        stems, *(_load_families().get(spelling, frozenset()) for spelling in stems)
    )
