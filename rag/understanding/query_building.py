"""Turns what the grammar has read into a query; its own types stay inside this room."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, cast

from rag.library.person_index import Mention
from rag.types import Intent
from rag.types import answers as old
from rag.types.fields import MANY, Condition, Operator, Range, Scalar, Value
from rag.types.query import (
    Measure,
    Order,
    PersonRef,
    Query,
    Reading,
    RelationKind,
    Topic,
    Want,
)
from rag.understanding.catalogue_ask import Ask
from rag.understanding.person_ask import PersonAsk

_FIELD_NAMES = {
    "printed": "printed_author",
    "first author": "first_author",
    "last author": "last_author",
    "places": "n_places",
    "complete": "complete_authors",
    "number of authors": "n_authors",
    "title length": "title_chars",
    "length": "abstract_words",
    "word": "title_word",
    "co-author": "author",
}
_DOCUMENT_FIELDS = {"n_papers": "page_papers"}
_COUNTING = re.compile(r"\s*how many\b", re.IGNORECASE)
_MEAN = re.compile(r"\b(?:average|mean)\b", re.IGNORECASE)
_YES_NO = re.compile(r"\s*(?:and\s+)?(?:did|does|has|is|do|have|are|was|were|and)\b", re.IGNORECASE)
_ENTRIES = re.compile(r"\bentr(?:y|ies)\b", re.IGNORECASE)
_ASIDES = {"it takes leave": "goodbye", "it is thanks or praise": "thanks"}


def build_reading(intent: Intent) -> Reading:
    """The reading that an intent of the grammar amounts to."""
    query = _BUILDERS.get(intent.route, _build_aside)(intent)
    ask = intent.parts.get("ask")
    mentions = cast("tuple[Mention, ...]", intent.get_several("people"))
    notes = [m.note for m in mentions if m.note]
    unread: tuple[str, ...] = ()
    if isinstance(ask, Ask):
        notes += ask.notes
        unread = (ask.unread,) if ask.unread else ()
    notes += map(str, intent.get_several("notes"))
    other = _build_other(intent, query)
    return Reading(
        query,
        intent.question,
        reason=intent.reason,
        unread=unread,
        others=(other,) if other else (),
        is_close=bool(intent.parts.get("near")),
        other_words=str(intent.parts.get("about") or ""),
        notes=tuple(dict.fromkeys(notes)),
    )


def _build_other(intent: Intent, query: Query) -> Query | None:
    """The reading that was not taken, as far as the grammar tells it."""
    want = {"content": "passages", "experts": "people", "person": "profile", "catalogue": "papers"}
    other = want.get(str(intent.parts.get("other")))
    if other is None or intent.parts.get("other") == intent.route:
        return None
    subject = str(intent.parts.get("about") or intent.topic or "").strip()
    if other == "passages":
        return Query("passages", text=intent.query)
    topic = Topic(subject) if subject else query.about
    if other == "profile":
        return Query("profile", people=_build_people(intent))
    return Query(cast("Want", other), about=topic, where=query.where)


# --- a route each ---------------------------------------------------------------------------


def _build_passages(intent: Intent) -> Query:
    return Query(
        "passages",
        people=_build_people(intent),
        papers=_get_focus(intent),
        is_about_several=bool(intent.parts.get("several")),
        text=intent.query,
    )


def _build_experts(intent: Intent) -> Query:
    parts = intent.parts
    k = parts.get("k")
    return Query(
        "people",
        where=build_conditions(intent.conditions, ()),
        about=Topic(
            intent.topic or intent.query,
            str(parts.get("excluded") or ""),
            tuple(map(str, intent.get_several("both"))),
        ),
        papers=_get_focus(intent),
        like=str(parts.get("alike") or ""),
        besides=tuple(map(str, intent.get_several("besides"))),
        order=Order("date") if parts.get("recent") else None,
        k=int(str(k)) if k else None,
    )


_PERSON_WANTS: dict[str, tuple[Want, RelationKind | None]] = {
    "summary": ("profile", None),
    "papers": ("papers", None),
    "except": ("papers", None),
    "coauthors": ("people", "coauthors"),
    "presence": ("profile", "presence"),
    "same": ("profile", "same"),
    "shared": ("papers", "shared"),
    "unheld": ("profile", "not_stated"),
    "authors": ("people", "authors"),
    "common": ("people", "common_authors"),
}


def _build_person(intent: Intent) -> Query:
    ask = intent.parts.get("ask")
    ask = ask if isinstance(ask, PersonAsk) else PersonAsk("summary")
    want, relation = _PERSON_WANTS[ask.form]
    if ask.form == "coauthors":
        relation = {"most": "top_coauthor", "each": "common_coauthors"}.get(ask.what, relation)  # type: ignore[assignment]
    if ask.form == "authors" and ask.what == "first":
        relation = "first_author"
    if ask.form in ("coauthors", "shared") and _COUNTING.match(intent.question):
        want = "count"
    topic = None
    if intent.topic:
        topic = Topic(without=intent.topic) if ask.form == "except" else Topic(intent.topic)
    # "who is Yuxi Mi on drones" has a topic, so it is a list of papers.
    if want == "profile" and relation is None and (topic or intent.conditions):
        want = "papers"
    return Query(
        want,
        where=build_conditions(intent.conditions, ()),
        about=topic,
        people=_build_people(intent),
        papers=_get_focus(intent),
        relation=relation,
        besides=tuple(map(str, intent.get_several("besides"))),
        asks_for="yes_no" if want == "papers" and _YES_NO.match(intent.question) else None,
        is_about_several=bool(intent.parts.get("several")),
        what=ask.what if ask.form == "unheld" else "",
    )


def _build_aside(intent: Intent) -> Query:
    kind = intent.route if intent.route == "unsupported" else _ASIDES.get(intent.reason, "greeting")
    return Query("aside", what=kind)


def _build_catalogue(intent: Intent) -> Query:
    ask = intent.parts.get("ask")
    ask = ask if isinstance(ask, Ask) else Ask("list")
    mentions = cast("tuple[Mention, ...]", intent.get_several("people"))
    topic = ask.topic if ask.topic or ask.excluded else None
    query = Query(
        "papers",
        where=build_conditions(intent.conditions, mentions),
        base=build_conditions(ask.base, mentions),
        about=Topic(topic or "", ask.excluded) if topic or ask.excluded else None,
        papers=_get_focus(intent),
        like=str(intent.parts.get("alike") or ""),
        besides=tuple(map(str, intent.get_several("besides"))),
        k=ask.k,
        is_about_several=bool(intent.parts.get("several")),
    )
    return _FINISHERS[ask.verb](query, ask, intent)


def _finish_list(query: Query, ask: Ask, intent: Intent) -> Query:
    return query


def _finish_count(query: Query, ask: Ask, intent: Intent) -> Query:
    if "share" in ask.of:
        return replace(query, want="share")
    entries = ("place",) if _ENTRIES.search(intent.question) and not query.where else ()
    return replace(query, want="count", by=entries)


def _finish_extreme(query: Query, ask: Ask, intent: Intent) -> Query:
    field, *ends = ask.of
    order = Order(_name_field(field), "descending" if ask.most else "ascending")
    if "both" in ends:
        order = replace(order, way="both ends")
    return replace(query, want="papers" if "all" in ends else "extreme", order=order)


def _finish_group(query: Query, ask: Ask, intent: Intent) -> Query:
    by = (_name_field(ask.of[0]),)
    order = None if ask.most else Order("n_papers", "ascending")
    return replace(query, want="share" if "share" in ask.of else "groups", by=by, order=order)


def _finish_average(query: Query, ask: Ask, intent: Intent) -> Query:
    field = ask.of[0]
    measure: Measure = "average"
    if field.startswith("per "):
        by = (_name_field(field.removeprefix("per ")),)
        return replace(query, want="groups", by=by, measure=measure)
    return replace(query, want="values", by=(_name_field(field),), measure=measure)


def _finish_people(query: Query, ask: Ask, intent: Intent) -> Query:
    role, *more = ask.of
    where = query.where
    if ask.bounds:
        where = (*where, Condition("n_papers", "is", Range(*ask.bounds)))
    if "no owners" in more:
        where = (*where, Condition("has_page", "is", False))
    if "each" in more:
        where = tuple(
            Condition("year", "in_each", c.values) if c.field == "year" else c for c in where
        )
    field = "n_coauthors" if role == "co-author" else "n_papers"
    order = Order(field, "descending" if ask.most else "ascending")
    want: Want = "count" if "count" in more else "people"
    return replace(query, want=want, by=(_name_field(role),), where=where, order=order)


def _finish_distinct(query: Query, ask: Ask, intent: Intent) -> Query:
    return replace(query, want="count", by=(_name_field(ask.of[0]),))


def _finish_documents(query: Query, ask: Ask, intent: Intent) -> Query:
    return replace(query, want="count", by=("document",))


def _finish_figures(query: Query, ask: Ask, intent: Intent) -> Query:
    kind, *names = ask.of
    fields = tuple(_DOCUMENT_FIELDS.get(name, name) for name in names)
    query = replace(query, people=_build_people(intent), by=fields)
    if kind == "extreme":
        order = Order(fields[0], "descending" if ask.most else "ascending")
        return replace(query, want="people", order=order)
    measure: Measure = "each"
    if kind == "sum":
        measure = "average" if _MEAN.search(intent.question) else "sum"
    return replace(query, want="values", measure=measure)


def _finish_attribute(query: Query, ask: Ask, intent: Intent) -> Query:
    return replace(query, want="values", by=ask.of)


_FINISHERS = {
    "list": _finish_list,
    "count": _finish_count,
    "extreme": _finish_extreme,
    "group": _finish_group,
    "average": _finish_average,
    "people": _finish_people,
    "distinct": _finish_distinct,
    "documents": _finish_documents,
    "figures": _finish_figures,
    "attribute": _finish_attribute,
}
_BUILDERS = {
    "content": _build_passages,
    "experts": _build_experts,
    "person": _build_person,
    "catalogue": _build_catalogue,
}


# --- parts ----------------------------------------------------------------------------------


def _name_field(name: str) -> str:
    return _FIELD_NAMES.get(name, name)


def _get_focus(intent: Intent) -> tuple[str, ...]:
    return tuple(map(str, intent.get_several("focus")))


def _build_people(intent: Intent) -> tuple[PersonRef, ...]:
    """People asked about: by the name printed where it is one, otherwise as typed."""
    mentions = cast("tuple[Mention, ...]", intent.get_several("people"))
    if not mentions:
        return tuple(PersonRef(name, (name,)) for name in intent.people)
    return tuple(
        PersonRef(m.names[0], m.names) if len(m.names) == 1 else PersonRef(m.typed, m.names)
        for m in mentions
    )


def build_conditions(
    conditions: Iterable[old.Condition], mentions: Sequence[Mention]
) -> tuple[Condition, ...]:
    """The grammar's conditions, checked, with people by name instead of ``@0``."""
    return tuple(_build_condition(c, mentions) for c in conditions)


_OPERATORS: dict[str, Operator] = {
    "is not": "is_not",
    "not in": "not_in",
    "not contains": "not_contains",
    "contains any": "contains_any",
    "marked": "has",
    "two of": "two_of",
    "between": "is",
    "not between": "is_not",
    "within any": "in",
    "outside": "in",
}


def _build_condition(condition: old.Condition, mentions: Sequence[Mention]) -> Condition:
    field = _name_field(condition.field)
    operator = _OPERATORS.get(condition.operator, cast("Operator", condition.operator))
    value: Any = condition.value
    if value is None:
        return Condition(field, operator)
    if condition.operator in ("between", "not between"):
        return Condition(field, operator, _build_range(value))
    if condition.operator == "within any":
        return Condition(field, operator, tuple(map(_build_range, value)))
    if condition.operator == "outside":
        return Condition(field, operator, (Range(None, value[0]), Range(value[1], None)))
    if field == "date":
        return Condition(field, operator, _build_day(value))
    values: tuple[Scalar, ...] = value if isinstance(value, tuple) else (value,)
    if isinstance(condition.value, (frozenset, set, list)):
        values = tuple(sorted(cast("Iterable[Any]", condition.value), key=str))
    values = tuple(_build_name(each, mentions) for each in values)
    if field in ("code", "complete_authors"):
        return Condition(field, "is", (condition.operator == "is") == bool(values[0]))
    settled: Value = values if operator in MANY else values[0]
    if operator == "is" and len(values) > 1:
        operator, settled = "in", values
    return Condition(field, operator, settled)


def _build_name(value: Scalar, mentions: Sequence[Mention]) -> Scalar:
    if isinstance(value, str) and re.fullmatch(r"@\d+", value) and int(value[1:]) < len(mentions):
        mention = mentions[int(value[1:])]
        return mention.names[0] if len(mention.names) == 1 else mention.typed
    return value


def _build_range(bounds: tuple[Any, Any]) -> Range:
    low, high = (_build_day(v) if isinstance(v, tuple) else v for v in bounds)
    return Range(low, high)


def _build_day(day: Any) -> date:
    """A day of the calendar; the grammar's months all end with a day that they may not have."""
    year, month, number = day
    for last in (31, 30, 29, 28):
        if number <= last:
            try:
                return date(year, month, number)
            except ValueError:
                number = last - 1
    return date(year, month, 1)
