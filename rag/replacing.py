"""``What about 2023?``: the last intent with the part that is named replaced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.catalogue.asking import Ask, read
from rag.catalogue.fields import said_all
from rag.catalogue.scan import people_in
from rag.census import Census
from rag.names import Mention
from rag.people.asking import PersonAsk
from rag.threads import Whole, replacement
from rag.types import Condition, Intent


def instead(whole: Whole, now: Census) -> Intent | None:
    """``what about 2023?``: the last intent with the named part replaced."""
    last = whole.instead
    if last is None or _of_one_paper(last):
        return None
    what = replacement(whole.question)
    people = people_in(what, now)
    asked = read(what, now, people)
    if not asked.conditions and asked.ask.verb == "list" and asked.ask.topic:
        return _new_topic(last, asked.ask.topic)
    if asked.ask.left:
        return None
    own = [c for c in asked.conditions if c.field != "author"]
    if last.route == "catalogue" and asked.conditions:
        kept = [c for c in last.conditions if c.field not in {n.field for n in asked.conditions}]
        given = last.parts.get("people")
        before: tuple[Mention, ...] = given if isinstance(given, tuple) else ()
        moved = [_renumbered(c, len(before)) for c in asked.conditions]
        parts = {**last.parts, "people": (*before, *people)}
        conditions = (*kept, *moved)
        return replace(
            last, conditions=conditions, parts=parts, query=_said_query(last, conditions, (*before, *people)),
            reason="the last list with a part replaced",
        )  # fmt: skip
    if last.route == "person" and people and not own:
        names = tuple(dict.fromkeys(n for m in people for n in m.names))
        return replace(
            last, people=names, parts={**last.parts, "people": people}, query=what,
            reason="the last question, of another person",
        )  # fmt: skip
    if last.route == "person" and own and last.people:
        return replace(
            last, conditions=tuple(own), reason="the last question under a further condition"
        )
    return None


def _of_one_paper(intent: Intent) -> bool:
    ask = intent.parts.get("ask")
    return (isinstance(ask, Ask) and ask.verb == "attribute") or (
        isinstance(ask, PersonAsk) and ask.form == "authors"
    )


def _renumbered(condition: Condition, by: int) -> Condition:
    def moved(value: object) -> object:
        text = str(value)
        return f"@{int(text[1:]) + by}" if re.fullmatch(r"@\d+", text) else value

    value = condition.value
    return replace(
        condition, value=tuple(map(moved, value)) if isinstance(value, tuple) else moved(value)
    )


def _new_topic(last: Intent, topic: str) -> Intent | None:
    if last.route in ("experts", "person") or (last.route == "catalogue" and last.topic):
        parts = dict(last.parts)
        if isinstance(ask := parts.get("ask"), Ask):
            parts["ask"] = replace(ask, topic=topic)
        return replace(
            last,
            topic=topic,
            query=topic,
            parts=parts,
            reason="the last question, on another topic",
        )
    return None


def with_names(said: str, people: Sequence[Mention]) -> str:
    for at, mention in enumerate(people):
        said = said.replace(f"@{at}", mention.names[0] if mention.names else mention.typed)
    return said


def _said_query(last: Intent, conditions: Sequence[Condition], people: Sequence[Mention]) -> str:
    return f"papers {with_names(said_all(conditions), people)} {last.topic or ''}".strip()
