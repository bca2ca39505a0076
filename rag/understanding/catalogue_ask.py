"""What is to be done with the papers that meet the conditions of a catalogue question."""

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
FIGURE_NOUNS = {
    "h_index": "h-index",
    "n_citations": "citations",
    "novelty": "novelty",
    "ai_score": "AI score",
    "n_papers": "papers by the page's own figure",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be done with the papers that meet the conditions.

    Attributes:
        of: The extreme's or the group's field; of ``figures`` the names, of ``people`` the role, of
            ``average`` what is averaged.
        most: The largest (newest, highest) first.
        k: How many are wanted; None for all, or one for an extreme.
        topic: What the papers are to be about; None where nothing was said.
        excluded: What the papers are not to be about; empty where nothing was said.
        left: Words that no rule understood.
        heads: Whether a word for papers stands in the question.
        unread: A condition that was seen but cannot be checked, to be said.
        bounds: Of ``people``: the papers that each is to have, at least and at most.
        base: Denominator of a share: conditions on the whole; empty means the whole library.
        notes: How relative phrases were taken, to be said.
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
    """A question read for the catalogue: its conditions, and what to do with the papers."""

    ask: Ask
    conditions: tuple[Condition, ...]
    people: tuple[Mention, ...]
    explicit: bool
    """Whether the question's words ask for a list, a count or the like."""
