"""The operation of a catalogue question: list, count, group and the like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rag.library.person_index import Mention
from rag.types import Condition

Verb = Literal[
    "count",
    "list",
    "extreme",
    "group",
    "average",
    "people",
    "distinct",
    "figures",
    "documents",
    "attribute",
]

FIGURES: dict[str, str] = {
    "h_index": r"h[\s-]?ind(?:ex|ices|exes)|hirsch",
    "n_citations": r"citations?(?:\s+(?:counts?|numbers?|figures?|totals?))?|times\s+(?:has|have|was|is)\b.*\bcited|\bcited\b|most[- ]cited",
    "novelty": r"novelty(?:\s+(?:percentages?|scores?|figures?|values?|%))?",
    "ai_score": r"(?:ai|a\.i\.)[\s-]*scores?",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be done with the papers that meet the conditions.

    Attributes:
        of: The field of an extreme, a group or an average; the names of ``figures``, the role of
            ``people``.
        most: Whether the largest (newest, highest) comes first.
        k: How many are wanted; None for all, or for an extreme the best and its ties.
        topic: Topic of the papers; None if there is none.
        excluded: Topic that the papers must not have; empty if there is none.
        left: Words that no rule understood.
        heads: Whether the question contains a word for papers.
        unread: A recognised condition that cannot be checked, which the answer mentions.
        bounds: For ``people``: least and greatest number of papers of each.
        base: Denominator of a share: conditions on the whole; empty means the whole library.
        notes: How relative phrases of time were read, which the answer mentions.
    """

    verb: Verb
    of: tuple[str, ...] = ()
    most: bool = True
    k: int | None = None
    topic: str | None = None
    excluded: str = ""
    left: tuple[str, ...] = ()
    heads: bool = False
    unread: str = ""
    bounds: tuple[int | None, int | None] | None = None
    base: tuple[Condition, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogueQuestion:
    """A question read as a catalogue question: conditions, and the operation on the papers."""

    ask: Ask
    conditions: tuple[Condition, ...]
    people: tuple[Mention, ...]
    explicit: bool
    """Whether the question's words ask for a list, a count or the like."""
