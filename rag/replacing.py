"""``What about 2023?``: the last intent with the part that is named replaced."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Sequence
from dataclasses import replace

from rag.catalogue.ask import Ask, Asked, Verb
from rag.catalogue.fields import said_all
from rag.catalogue.reading import read, telling_words
from rag.catalogue.scan import people_in, with_names
from rag.catalogue.select import PEOPLE_FIELDS, settle
from rag.catalogue.wording import HEADS
from rag.census import Census
from rag.names import Mention
from rag.people.ask import PersonAsk
from rag.pointers import Whole
from rag.threads import HOW_MANY_THERE, HOW_MANY_UNDER, LIST_THEM, MORE_PEOPLE, replacement
from rag.types import Condition, Intent


def instead(whole: Whole, now: Census) -> Intent | None:
    """``what about 2023?``: the last intent with the named part replaced."""
    last = whole.instead
    if last is None:
        return None
    what = _in_its_year(replacement(whole.question), last)
    if HOW_MANY_THERE.match(whole.question):
        return _counted(last)
    if MORE_PEOPLE.match(whole.question) and last.route == "catalogue":
        ask = last.parts.get("ask")
        assert isinstance(ask, Ask)
        more = replace(ask, k=2 * (ask.k or 5))
        return replace(
            last, parts={**last.parts, "ask": more}, reason="the last question, of more people"
        )
    if whole.besides:
        parts = {**last.parts, "besides": whole.besides}
        return replace(last, parts=parts, reason="the last question, of further people")
    if whole.focus and not whole.several:
        return _of_focus(last, whole)
    if _of_one_paper(last):
        return _of_another_paper(last, what, now)
    if LIST_THEM.match(whole.question):
        return _listed(last)
    if last.route == "experts" and _NOW.fullmatch(what):
        parts = {**last.parts, "recent": True}
        return replace(last, parts=parts, reason="the last question, newer papers first")
    if HOW_MANY_UNDER.match(whole.question):
        last = _counted(last) or last
    people = people_in(what, now)
    asked = read(what, now, people)
    if as_role := _ROLE.match(what):
        role = "first author" if as_role["first"] else "last author"
        if made := _as_first(last, role):
            return made
    if not asked.conditions and asked.ask.verb == "list" and asked.ask.topic:
        about = re.match(r"(?:about|on|regarding|concerning)\b", what, re.IGNORECASE)
        return _new_topic(last, asked.ask.topic, also=about is not None)
    if asked.ask.left:
        return None
    if asked.ask.verb in ("extreme", "group") and not people:
        return _other_verb(last, asked)
    own = settle([c for c in asked.conditions if c.field != "author"], people, now).conditions
    apart = any(c.field in _ROLES and c.operator == "lacks" for c in asked.conditions)
    if people and (apart or _TOGETHER.match(whole.question)):
        if made := _together(last, people, asked):
            return made
    if last.route == "catalogue" and asked.conditions:
        last = _unfocused(last, asked.conditions)
        kept = _apart_from(asked.conditions, last.conditions)
        before = last.several("people")
        moved = [_renumbered(c, len(before)) for c in asked.conditions]
        if _verb(last) == "figures" and people:
            kept = [c for c in kept if c.field not in PEOPLE_FIELDS]
            return replace(last, parts={**last.parts, "people": people}, people=people[0].names,
                           conditions=(*kept, *asked.conditions),
                           reason="the same figures, of another person")  # fmt: skip
        parts = {**last.parts, "people": (*before, *people)}
        if isinstance(ask := parts.get("ask"), Ask):
            whole_of = [c for c in moved if len(_apart_from([c], ask.base)) < len(ask.base)]
            parts["ask"] = replace(ask, base=(*_apart_from(whole_of, ask.base), *whole_of))
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
    if last.route == "experts" and own:
        kept = _apart_from(own, last.conditions)
        return replace(
            last, conditions=(*kept, *own), reason="the last question under a further condition"
        )
    if last.route == "person" and own and last.people:
        return replace(last, conditions=own, reason="the last question under a further condition")
    return None


_TIME = frozenset({"year", "month", "date"})


def _apart_from(new: Sequence[Condition], old: Sequence[Condition]) -> list[Condition]:
    """The old conditions that no new one replaces; a time takes the place of every other time."""
    fields = {c.field for c in new}
    fields |= (
        (_TIME - {"year"} if fields & _TIME == {"month"} else _TIME) if fields & _TIME else set()
    )
    return [c for c in old if c.field not in fields]


_NOW = re.compile(
    r"(?:recently|lately|now|nowadays|these days|at present|currently|more recently)", re.IGNORECASE
)


_TOGETHER = re.compile(
    rf"^\W*(?:and\s+|only\s+|just\s+|but\s+)*(?:(?:how\s+many|which|what|any|list|show)\s+(?:(?:{HEADS}|of\s+\w+|are|were|there)\s+)*)?(?:those\s+|the\s+ones\s+)?(?:(?:(?:together|jointly|co-?authored|written)\s+)?with|also\s+(?:by|with))\b",
    re.IGNORECASE,
)


def _together(last: Intent, people: Sequence[Mention], asked: Asked) -> Intent | None:
    """``with X``: of the papers of the last answer those on which X stands too."""
    reason = "the last list, with a further person"
    verb: Verb = "count" if asked.ask.verb == "count" else "list"
    if last.route == "person" and len(last.people) == 1 and len(people) == 1:
        conditions = (
            Condition("author", "is", last.people[0]),
            *last.conditions,
            *asked.conditions,
        )
        parts = {"ask": Ask(verb, topic=last.topic), "people": tuple(people)}
        return replace(last, route="catalogue", conditions=conditions, parts=parts, reason=reason)
    if last.route == "catalogue" and _verb(last) in ("list", "count"):
        held = last.several("people")
        moved = [_renumbered(c, len(held)) for c in asked.conditions]
        parts = {**last.parts, "people": (*held, *people)}
        conditions = (*last.conditions, *moved)
        return replace(last, conditions=conditions, parts=parts, reason=reason)
    return None


_COUNTED = ("coauthors", "shared", "common")
"""Forms whose answers begin with how many there are."""


_OF_ONE = ("summary", "papers", "presence")


def _counted(last: Intent) -> Intent | None:
    """``how many are there?`` after a list of papers; after people, who are counted with their list."""
    reason = "the last list, counted"
    ask = last.parts.get("ask")
    if last.route == "experts" or (isinstance(ask, PersonAsk) and ask.form in _COUNTED):
        return replace(last, reason=reason)
    if isinstance(ask, Ask) and ask.verb in ("list", "count"):
        return replace(last, parts={**last.parts, "ask": replace(ask, verb="count")}, reason=reason)
    if (
        isinstance(ask, Ask)
        and ask.verb == "people"
        and not ask.bounds
        and ask.of[0] != "co-author"
    ):
        whole = replace(ask, verb="distinct", of=ask.of[:1], k=None)
        return replace(last, parts={**last.parts, "ask": whole}, reason=reason)
    if isinstance(ask, PersonAsk) and ask.form in _OF_ONE and len(last.people) == 1:
        conditions = (Condition("author", "is", last.people[0]), *last.conditions)
        parts = {"ask": Ask("count", topic=last.topic)}
        return replace(last, route="catalogue", conditions=conditions, parts=parts, reason=reason)
    return None


_MONTHS = "|".join(name if len(name) < 4 else f"{name}|{name[:3]}" for name in month_name[1:])
_MONTH = re.compile(
    rf"^(?:in\s+|from\s+|during\s+)?(?P<month>{_MONTHS})(?:\s*(?P<to>to|until|till|-|–|and|or)\s*(?P<other>{_MONTHS}))?$",
    re.IGNORECASE,
)


def _in_its_year(what: str, last: Intent) -> str:
    """``and June?``: that month of the year that was asked for."""
    match = _MONTH.match(what)
    if match is None:
        return what
    years = {y for c in last.conditions for y in _years(c)}
    year = f" {years.pop()}" if len(years) == 1 else ""
    if not match["other"]:
        return f"in {match['month']}{year}"
    first = "in" if match["to"].lower() in ("and", "or") else "from"
    between = "or" if first == "in" else "to"
    return f"{first} {match['month']}{year} {between} {match['other']}{year}"


def _years(condition: Condition) -> set[int]:
    """The years that a condition on time is about, where both ends are said."""
    value = condition.value
    if condition.field == "year" and condition.operator == "is" and isinstance(value, int):
        return {value}
    if condition.field == "date" and condition.operator == "between" and isinstance(value, tuple):
        return {end[0] for end in value if isinstance(end, tuple)} if None not in value else set()
    return set()


def _unfocused(last: Intent, new: Sequence[Condition]) -> Intent:
    """``and without code?`` after ``which of those ...``: not of those, if those are all with code."""
    origin = last.several("origin")
    if not {c.field for c in new} & {c.field for c in origin}:
        return last
    parts = {k: v for k, v in last.parts.items() if k not in ("focus", "several", "origin")}
    return replace(last, conditions=(*origin, *last.conditions), parts=parts)


def _of_focus(last: Intent, whole: Whole) -> Intent | None:
    """The last question of another paper of the list."""
    if not _of_one_paper(last):
        return None
    parts = {**last.parts, "focus": whole.focus}
    reason = "the last question, of another paper"
    return replace(last, query=whole.question, parts=parts, topic=None, reason=reason)


def _of_another_paper(last: Intent, what: str, now: Census) -> Intent | None:
    """``and SlerpFace?``: the same of another paper."""
    named = now.called(what)
    rest = what
    for word, _ in named:
        rest = rest.replace(word, " ")
    if not named or telling_words(re.sub(r"['’]s\b", " ", rest)):
        return None
    focus = tuple(dict.fromkeys(ids[0] for _, ids in named))
    parts = {**last.parts, "focus": focus}
    reason = "the last question, of another paper"
    return replace(last, query=what, parts=parts, topic=None, reason=reason)


def _listed(last: Intent) -> Intent | None:
    """``list them`` after a count."""
    ask = last.parts.get("ask")
    if not isinstance(ask, Ask) or ask.verb not in ("count", "list"):
        return None
    parts = {**last.parts, "ask": replace(ask, verb="list", of=())}
    return replace(last, parts=parts, reason=f"the papers of the last answer: {last.reason}")


_ROLE = re.compile(
    r"^(?:as\s+|for\s+|by\s+)?(?:an?\s+|the\s+)?(?:(?P<first>first|lead)|last|senior)(?:[- ]authors?(?:hip)?)?$",
    re.IGNORECASE,
)
_ROLES = ("author", "printed", "first author", "last author")


def _as_first(last: Intent, role: str) -> Intent | None:
    """``and as first author?``: the same persons in that role."""
    ask = last.parts.get("ask")
    reason = f"the last question, of {role}s"
    if isinstance(ask, Ask) and ask.verb == "people" and role == "first author":
        parts = {**last.parts, "ask": replace(ask, of=(role, *ask.of[1:]))}
        return replace(last, parts=parts, reason=reason)
    moved = tuple(replace(c, field=role) if c.field in _ROLES else c for c in last.conditions)
    if last.route == "person" and last.people and not last.conditions:
        moved = (Condition(role, "is", last.people[0]),)
        parts = {"ask": Ask("list")}
        return replace(last, route="catalogue", conditions=moved, parts=parts, reason=reason)
    return replace(last, conditions=moved, reason=reason) if moved != last.conditions else None


def _other_verb(last: Intent, asked: Asked) -> Intent | None:
    """``and the newest?``: another thing asked of the same papers."""
    reason = "another question about the same papers"
    if last.route == "catalogue" and isinstance(ask := last.parts.get("ask"), Ask):
        if ask.verb in ("figures", "attribute", "documents"):
            return None
        parts = {**last.parts, "ask": replace(asked.ask, topic=ask.topic)}
        conditions = (*last.conditions, *asked.conditions)
        return replace(last, conditions=conditions, parts=parts, reason=reason)
    if last.route == "person" and len(last.people) == 1:
        conditions = (Condition("author", "is", last.people[0]), *asked.conditions)
        parts = {"ask": replace(asked.ask, topic=last.topic)}
        return replace(last, route="catalogue", conditions=conditions, parts=parts, reason=reason)
    return None


def _verb(intent: Intent) -> str:
    ask = intent.parts.get("ask")
    return ask.verb if isinstance(ask, Ask) else ""


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


def _new_topic(last: Intent, topic: str, *, also: bool) -> Intent | None:
    """On another topic; ``about drones`` may also be a first one, for a list that has none."""
    topic = re.sub(r"^(?:about|on|regarding|concerning)\s+", "", topic, flags=re.IGNORECASE)
    ask = last.parts.get("ask")
    listing = also and last.route == "catalogue" and last.topic is None
    if listing and isinstance(ask, Ask) and ask.verb in ("count", "list", "extreme", "group"):
        reason = f"{last.reason}; about {topic}"
        parts = {**last.parts, "ask": replace(ask, topic=topic), "other": "content"}
        return replace(last, topic=topic, query=topic, parts=parts, reason=reason)
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


def _said_query(last: Intent, conditions: Sequence[Condition], people: Sequence[Mention]) -> str:
    return f"papers {with_names(said_all(conditions), people)} {last.topic or ''}".strip()
