"""``What about 2023?``: merges a follow-up into the last intent, replacing the part it names."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Sequence
from dataclasses import replace

from rag.library.fields import format_conditions
from rag.library.person_index import Mention
from rag.library.selection import PEOPLE_FIELDS, resolve_conditions
from rag.library.snapshot import LibrarySnapshot
from rag.types import Condition, Intent
from rag.understanding.catalogue_ask import Ask, CatalogueQuestion, Verb
from rag.understanding.catalogue_reading import list_telling_words, read_catalogue_question
from rag.understanding.filler import HEADS
from rag.understanding.person_ask import PersonAsk
from rag.understanding.pointers import ResolvedQuestion
from rag.understanding.scan import find_people, put_names_back
from rag.understanding.threads import (
    HOW_MANY_THERE,
    HOW_MANY_UNDER,
    LIST_THEM,
    MORE_PEOPLE,
    extract_replacement,
)


def merge_with_last(resolved_question: ResolvedQuestion, library: LibrarySnapshot) -> Intent | None:
    """``what about 2023?``: the last intent with the named part replaced."""
    last = resolved_question.instead
    if last is None:
        return None
    what = _add_year(extract_replacement(resolved_question.question), last)
    # "papers by Yuxi Mi / how many in all?"
    if HOW_MANY_THERE.match(resolved_question.question):
        return _convert_to_count(last)
    # "who has the most papers? / who else?": the same ranking, twice as long.
    if MORE_PEOPLE.match(resolved_question.question) and last.route == "catalogue":
        ask = last.parts.get("ask")
        assert isinstance(ask, Ask)
        longer = replace(ask, k=2 * (ask.k or 5))
        return replace(
            last, parts={**last.parts, "ask": longer}, reason="the last question, of more people"
        )
    # "top 1 expert on faces? / who else?"
    if resolved_question.excluded_people:
        parts = {**last.parts, "besides": resolved_question.excluded_people}
        return replace(last, parts=parts, reason="the last question, of further people")
    # "face privacy? / who wrote the first one? / and the second one?"
    if resolved_question.focus and not resolved_question.several:
        return _move_to_focus(last, resolved_question)
    # "who wrote DuetFace? / and SlerpFace?"
    if _is_of_one_paper(last):
        return _move_to_paper(last, what, library)
    # "how many papers from 2024 have code? / which ones?"
    if LIST_THEM.match(resolved_question.question):
        return _convert_to_list(last)
    # "who works on faces? / and recently?": an order, not a condition on time.
    if last.route == "experts" and _NOW.fullmatch(what):
        parts = {**last.parts, "recent": True}
        return replace(last, parts=parts, reason="the last question, newer papers first")
    # "papers by Yuxi Mi / how many in 2024?": counted first, then the year is set below.
    if HOW_MANY_UNDER.match(resolved_question.question):
        last = _convert_to_count(last) or last
    people = find_people(what, library)
    catalogue_question = read_catalogue_question(what, library, people)
    # "papers by Yuxi Mi / how many as first author?"
    if as_role := _ROLE.match(what):
        role = "first author" if as_role["first"] else "last author"
        if intent := _set_role(last, role):
            return intent
    # "who works on UAV tracking? / what about graphs?": nothing but a topic.
    if (
        not catalogue_question.conditions
        and catalogue_question.ask.verb == "list"
        and catalogue_question.ask.topic
    ):
        about = re.match(r"(?:about|on|regarding|concerning)\b", what, re.IGNORECASE)
        return _set_topic(last, catalogue_question.ask.topic, also=about is not None)
    # Words that nothing understood: a new question rather than a wrong replacement.
    if catalogue_question.ask.left:
        return None
    # "papers by Yuxi Mi / and the newest?"
    if catalogue_question.ask.verb in ("extreme", "group") and not people:
        return _set_verb(last, catalogue_question)
    new_conditions = resolve_conditions(
        [c for c in catalogue_question.conditions if c.field != "author"], people, library
    ).conditions
    apart = any(
        c.field in _ROLE_WORDS and c.operator == "lacks" for c in catalogue_question.conditions
    )
    # "how many papers has Yuxi Mi? / how many with Cai Wu?" adds a person, where "and Cai Wu?"
    # replaces one.
    if people and (apart or _TOGETHER.match(resolved_question.question)):
        if intent := _add_coauthor(last, people, catalogue_question):
            return intent
    # "papers from 2022 / 2024?", "papers with code / since 2023": conditions on other fields
    # stay.
    if last.route == "catalogue" and catalogue_question.conditions:
        last = _drop_focus(last, catalogue_question.conditions)
        old_conditions = _keep_conditions(catalogue_question.conditions, last.conditions)
        before = last.get_several("people")
        moved = [_move_mentions(c, len(before)) for c in catalogue_question.conditions]
        # "the h-index of Yuxi Mi and Cai Wu? / and Ann Mao?": figures of pages have one set of
        # people, which is replaced as a whole.
        if _get_ask_verb(last) == "figures" and people:
            old_conditions = [c for c in old_conditions if c.field not in PEOPLE_FIELDS]
            return replace(last, parts={**last.parts, "people": people}, people=people[0].names,
                           conditions=(*old_conditions, *catalogue_question.conditions),
                           reason="the same figures, of another person")  # fmt: skip
        parts = {**last.parts, "people": (*before, *people)}
        # "what share of the 2024 papers have code? / and 2022?": the year belongs to the
        # denominator.
        if isinstance(ask := parts.get("ask"), Ask):
            whole_of = [c for c in moved if len(_keep_conditions([c], ask.base)) < len(ask.base)]
            parts["ask"] = replace(ask, base=(*_keep_conditions(whole_of, ask.base), *whole_of))
        conditions = (*old_conditions, *moved)
        return replace(
            last, conditions=conditions, parts=parts, query=_format_query(last, conditions, (*before, *people)),
            reason="the last list with a part replaced",
        )  # fmt: skip
    # "who collaborates with Yuxi Mi? / and Ann Mao?"
    if last.route == "person" and people and not new_conditions:
        names = tuple(dict.fromkeys(n for m in people for n in m.names))
        return replace(
            last, people=names, parts={**last.parts, "people": people}, query=what,
            reason="the last question, of another person",
        )  # fmt: skip
    # "experts on faces / only since 2024"
    if last.route == "experts" and new_conditions:
        old_conditions = _keep_conditions(new_conditions, last.conditions)
        return replace(
            last,
            conditions=(*old_conditions, *new_conditions),
            reason="the last question under a further condition",
        )
    if last.route == "person" and new_conditions and last.people:
        return replace(
            last, conditions=new_conditions, reason="the last question under a further condition"
        )
    return None


_TIME = frozenset({"year", "month", "date"})


def _keep_conditions(new: Sequence[Condition], old: Sequence[Condition]) -> list[Condition]:
    """The old conditions that no new one replaces; a time takes the place of every other time."""
    fields = {c.field for c in new}
    fields |= (
        # "papers from 2024 / and in February?" keeps the year; any other time replaces all.
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


def _add_coauthor(
    last: Intent, people: Sequence[Mention], catalogue_question: CatalogueQuestion
) -> Intent | None:
    """``with X``: the papers of the last answer that are also by X."""
    reason = "the last list, with a further person"
    verb: Verb = "count" if catalogue_question.ask.verb == "count" else "list"
    if last.route == "person" and len(last.people) == 1 and len(people) == 1:
        conditions = (
            Condition("author", "is", last.people[0]),
            *last.conditions,
            *catalogue_question.conditions,
        )
        parts = {"ask": Ask(verb, topic=last.topic), "people": tuple(people)}
        return replace(last, route="catalogue", conditions=conditions, parts=parts, reason=reason)
    if last.route == "catalogue" and _get_ask_verb(last) in ("list", "count"):
        last_people = last.get_several("people")
        moved = [_move_mentions(c, len(last_people)) for c in catalogue_question.conditions]
        parts = {**last.parts, "people": (*last_people, *people)}
        conditions = (*last.conditions, *moved)
        return replace(last, conditions=conditions, parts=parts, reason=reason)
    return None


_COUNTED_NOUNS = ("coauthors", "shared", "common")
"""Forms whose answers begin with a count."""


_OF_ONE = ("summary", "papers", "presence")


def _convert_to_count(last: Intent) -> Intent | None:
    """``how many are there?`` after a list of papers; after people, who are counted with their list."""
    reason = "the last list, counted"
    ask = last.parts.get("ask")
    if last.route == "experts" or (isinstance(ask, PersonAsk) and ask.form in _COUNTED_NOUNS):
        return replace(last, reason=reason)
    if isinstance(ask, Ask) and ask.verb in ("list", "count"):
        return replace(last, parts={**last.parts, "ask": replace(ask, verb="count")}, reason=reason)
    if (
        isinstance(ask, Ask)
        # "who has the most papers? / how many are there?": how many people.
        and ask.verb == "people"
        and not ask.bounds
        and ask.of[0] != "co-author"
    ):
        distinct_ask = replace(ask, verb="distinct", of=ask.of[:1], k=None)
        return replace(last, parts={**last.parts, "ask": distinct_ask}, reason=reason)
    if isinstance(ask, PersonAsk) and ask.form in _OF_ONE and len(last.people) == 1:
        conditions = (Condition("author", "is", last.people[0]), *last.conditions)
        parts = {"ask": Ask("count", topic=last.topic)}
        return replace(last, route="catalogue", conditions=conditions, parts=parts, reason=reason)
    return None


_MONTH_NUMBERS = "|".join(
    name if len(name) < 4 else f"{name}|{name[:3]}" for name in month_name[1:]
)
_MONTH_ALONE = re.compile(
    rf"^(?:in\s+|from\s+|during\s+)?(?P<month>{_MONTH_NUMBERS})(?:\s*(?P<to>to|until|till|-|–|and|or)\s*(?P<other>{_MONTH_NUMBERS}))?$",
    re.IGNORECASE,
)


def _add_year(what: str, last: Intent) -> str:
    """``and June?``: that month of the year that was asked for."""
    match = _MONTH_ALONE.match(what)
    if match is None:
        return what
    # "papers from 2021 or 2022 / and in March?": two years, so no year is added.
    years = {y for c in last.conditions for y in _list_condition_years(c)}
    year = f" {years.pop()}" if len(years) == 1 else ""
    if not match["other"]:
        return f"in {match['month']}{year}"
    first = "in" if match["to"].lower() in ("and", "or") else "from"
    between = "or" if first == "in" else "to"
    return f"{first} {match['month']}{year} {between} {match['other']}{year}"


def _list_condition_years(condition: Condition) -> set[int]:
    """The years of a condition on time, if both ends are given."""
    value = condition.value
    if condition.field == "year" and condition.operator == "is" and isinstance(value, int):
        return {value}
    if condition.field == "date" and condition.operator == "between" and isinstance(value, tuple):
        return {end[0] for end in value if isinstance(end, tuple)} if None not in value else set()
    return set()


def _drop_focus(last: Intent, new: Sequence[Condition]) -> Intent:
    """``and without code?`` after ``which of those ...``: not of those, if those are all with code."""
    origin = last.get_several("origin")
    if not {c.field for c in new} & {c.field for c in origin}:
        return last
    parts = {k: v for k, v in last.parts.items() if k not in ("focus", "several", "origin")}
    return replace(last, conditions=(*origin, *last.conditions), parts=parts)


def _move_to_focus(last: Intent, resolved_question: ResolvedQuestion) -> Intent | None:
    """The last question of another paper of the list."""
    if not _is_of_one_paper(last):
        return None
    parts = {**last.parts, "focus": resolved_question.focus}
    reason = "the last question, of another paper"
    return replace(last, query=resolved_question.question, parts=parts, topic=None, reason=reason)


def _move_to_paper(last: Intent, what: str, library: LibrarySnapshot) -> Intent | None:
    """``and SlerpFace?``: the same of another paper."""
    named_papers = library.find_papers_called(what)
    rest = what
    for word, _ in named_papers:
        rest = rest.replace(word, " ")
    if not named_papers or list_telling_words(re.sub(r"['’]s\b", " ", rest)):
        return None
    focus = tuple(dict.fromkeys(ids[0] for _, ids in named_papers))
    parts = {**last.parts, "focus": focus}
    reason = "the last question, of another paper"
    return replace(last, query=what, parts=parts, topic=None, reason=reason)


def _convert_to_list(last: Intent) -> Intent | None:
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
_ROLE_WORDS = ("author", "printed", "first author", "last author")


def _set_role(last: Intent, role: str) -> Intent | None:
    """``and as first author?``: the same persons in that role."""
    ask = last.parts.get("ask")
    reason = f"the last question, of {role}s"
    if isinstance(ask, Ask) and ask.verb == "people" and role == "first author":
        parts = {**last.parts, "ask": replace(ask, of=(role, *ask.of[1:]))}
        return replace(last, parts=parts, reason=reason)
    moved = tuple(replace(c, field=role) if c.field in _ROLE_WORDS else c for c in last.conditions)
    # A portrait has no condition that could get the role, so the papers are listed.
    if last.route == "person" and last.people and not last.conditions:
        moved = (Condition(role, "is", last.people[0]),)
        parts = {"ask": Ask("list")}
        return replace(last, route="catalogue", conditions=moved, parts=parts, reason=reason)
    return replace(last, conditions=moved, reason=reason) if moved != last.conditions else None


def _set_verb(last: Intent, catalogue_question: CatalogueQuestion) -> Intent | None:
    """``and the newest?``: another thing asked of the same papers."""
    reason = "another question about the same papers"
    if last.route == "catalogue" and isinstance(ask := last.parts.get("ask"), Ask):
        # These answers are not about a list of papers, of which there could be a newest.
        if ask.verb in ("figures", "attribute", "documents"):
            return None
        parts = {**last.parts, "ask": replace(catalogue_question.ask, topic=ask.topic)}
        conditions = (*last.conditions, *catalogue_question.conditions)
        return replace(last, conditions=conditions, parts=parts, reason=reason)
    if last.route == "person" and len(last.people) == 1:
        conditions = (Condition("author", "is", last.people[0]), *catalogue_question.conditions)
        parts = {"ask": replace(catalogue_question.ask, topic=last.topic)}
        return replace(last, route="catalogue", conditions=conditions, parts=parts, reason=reason)
    return None


def _get_ask_verb(intent: Intent) -> str:
    ask = intent.parts.get("ask")
    return ask.verb if isinstance(ask, Ask) else ""


def _is_of_one_paper(intent: Intent) -> bool:
    ask = intent.parts.get("ask")
    return (isinstance(ask, Ask) and ask.verb == "attribute") or (
        isinstance(ask, PersonAsk) and ask.form == "authors"
    )


def _move_mentions(condition: Condition, by: int) -> Condition:
    def move_value(value: object) -> object:
        text = str(value)
        return f"@{int(text[1:]) + by}" if re.fullmatch(r"@\d+", text) else value

    value = condition.value
    return replace(
        condition,
        value=tuple(map(move_value, value)) if isinstance(value, tuple) else move_value(value),
    )


def _set_topic(last: Intent, topic: str, *, also: bool) -> Intent | None:
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


def _format_query(last: Intent, conditions: Sequence[Condition], people: Sequence[Mention]) -> str:
    return (
        f"papers {put_names_back(format_conditions(conditions), people)} {last.topic or ''}".strip()
    )
