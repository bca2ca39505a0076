"""What papers are called: by titles, their short forms, and words that somebody coined."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.text import fold
from rag.types import Paper

NAMED = re.compile(r"[^\W_](?:[^\W_]|[-^+$](?=[^\W_]))*")
LETTERS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
COINED_CHARS = 6
"""Letters from which a coined name may be misspelt."""

RETRACTED = re.compile(r"^\W?(?:retracted|withdrawn)(?: article| paper)?\W+", re.IGNORECASE)
"""What stands in front of a retracted paper's title, and is no name of the paper."""


@lru_cache(maxsize=100_000)  # a fifth of an ingest was spent here
def is_made_up(word: str) -> bool:
    """Whether a word is a name that somebody gave: capitals within, a digit or a hyphenated name."""
    inner = word[1:]
    if not any(c.isalpha() for c in word):
        return False
    return any(c.isupper() for c in inner.replace("-", "")) or any(c.isdigit() for c in word)


def drop_marks(word: str) -> str:
    """The letters and digits of a name alone, folded: ``c2rl`` of ``C^2RL``."""
    return "".join(c for c in fold(word) if c.isalnum())


def is_headed(word: str, title: str | None) -> bool:
    """Whether the title begins with this word: ``NAR-Former`` heads ``NAR-Former V2: ...``."""
    return re.match(rf"{re.escape(fold(word))}(?![^\W_])", fold(title or "")) is not None


def shorten(title: str) -> str:
    """The title up to a colon, if that is short; otherwise the full title."""
    bare = RETRACTED.sub("", title)
    head = bare.split(":")[0].strip()
    return head if ":" in bare and len(head.split()) <= 4 else title


def get_short_name(paper: Paper) -> str:
    """The title up to a colon, if that is short; otherwise the full title or label."""
    return shorten(paper.title or "") if ":" in (paper.title or "") else paper.name


def get_recency_key(paper: Paper) -> tuple[int, int, int, str]:
    """Sort key: year, month, day descending; unknown years last; ties by id."""
    return (-(paper.year or 0), -(paper.month or 0), -(paper.day or 0), paper.paper_id)
