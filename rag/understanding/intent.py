"""What the grammar reads in a question, before `rag.understanding.query_building` makes a query of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rag.types import Condition, RouteName


@dataclass(frozen=True, slots=True)
class Intent:
    """What a question asks for, in the grammar's terms.

    Attributes:
        route: The branch that answers it.
        question: The last turn, as typed.
        query: Text sent to the retrievers: the question with its pointers resolved.
        reason: One clause saying why this route was taken, for the reader.
        topic: Of an expert or person question; None if it has none.
        people: Names that the question means, as the library prints them.
        conditions: Conditions on papers; people in them as ``@0``, their place in ``parts["people"]``.
        parts: Further values that the route needs, by name.
    """

    route: RouteName
    question: str
    query: str
    reason: str = ""
    topic: str | None = None
    people: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    parts: Mapping[str, object] = field(default_factory=dict)

    def get_several(self, part: str) -> tuple[Any, ...]:
        """The values of a part; empty if the intent does not have it."""
        part_value = self.parts.get(part)
        return part_value if isinstance(part_value, tuple) else ()
