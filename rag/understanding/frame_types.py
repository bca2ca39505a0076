"""What a question is taken apart into: entities found by look-up, slots, and the frame that holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SlotKind = Literal[
    "topic",
    "person",
    "paper",
    "time",
    "category",
    "venue",
    "affiliation",
    "keyword",
    "link",
    "flag",
    "number",
    "order",
    "group",
    "words",
    "attribute",
    "preamble",
    "form",
]
"""``words`` must stand in the title or text; ``attribute`` is what is asked of a paper or a person;
``preamble`` is a reason or a pleasantry, which asks nothing; ``form`` is how the answer shall look."""

Link = Literal[
    "new",
    "refine",
    "narrow",
    "same_paper",
    "one_of",
    "all_of",
    "those_people",
    "more",
    "elaborate",
    "correct",
    "recap",
    "aside",
]
"""How a turn hangs together with the conversation before it."""

Shown = Literal["nothing", "paper", "papers", "person", "people", "figure", "groups"]
"""What the last answer was about; ``figure`` is a count, a share or an average."""


@dataclass(frozen=True, slots=True)
class EntitySpan:
    """A stretch of the question that a look-up or a rule recognises.

    Attributes:
        start: Of the span, from 0; ``end`` is not in it.
        value: As the library has it, or as the rule reads it.
        is_certain: It holds whatever the heads make of the words.
    """

    start: int
    end: int
    kind: SlotKind
    value: object = None
    is_certain: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch of the question and its part in it.

    Attributes:
        is_negative: It is excluded: ``not by Moreau``, ``without code``.
        confidence: 0-1; 1 where a look-up is certain.
        value: Of the look-up that recognised the same stretch; else None.
    """

    start: int
    end: int
    kind: SlotKind
    text: str
    is_negative: bool = False
    confidence: float = 1.0
    value: object = None


@dataclass(frozen=True, slots=True)
class TurnContext:
    """The turn before.

    Attributes:
        want: What it asked for, as `Query.want` has it.
        slots: Kinds of the slots that it had.
    """

    question: str
    want: str
    shown: Shown
    slots: frozenset[SlotKind] = frozenset()


Ranked = tuple[tuple[str, float], ...]
"""Labels with their probabilities, the most likely first."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One question as the heads read it.

    Attributes:
        wants: What is asked for: a want of `Query`, behind a blank its relation: ``people authors``.
            In a conversation it is the want of this turn in its context.
        asks_for: Details of content; ``""`` is none.
        links: To the conversation; empty without one.
        what: The kind of an ``aside``.
        evidence: Word patterns that speak most for the first want, against the second.
    """

    question: str
    slots: tuple[Slot, ...]
    wants: Ranked
    asks_for: Ranked = ()
    measures: Ranked = ()
    what: Ranked = ()
    links: Ranked = ()
    evidence: tuple[str, ...] = ()

    @property
    def want(self) -> str:
        return self.wants[0][0].split()[0]

    @property
    def relation(self) -> str:
        """Of the likeliest want; empty for none."""
        return self.wants[0][0].partition(" ")[2]

    @property
    def confidence(self) -> float:
        return self.wants[0][1]
