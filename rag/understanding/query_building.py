"""Turns what the grammar has read into a query; its own types stay inside this room."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import cast, get_args

from rag.library.person_index import Mention
from rag.text import join_names
from rag.types.fields import FIELDS, Condition, Scalar
from rag.types.query import (
    Measure,
    Order,
    PersonRef,
    Query,
    ReadAs,
    Reading,
    RelationKind,
    Topic,
    Want,
)
from rag.understanding.catalogue_ask import Ask
from rag.understanding.comparison import asks_to_compare, find_sides
from rag.understanding.intent import Intent
from rag.understanding.person_ask import PersonAsk
from rag.understanding.scan import build_range
from rag.understanding.small_talk import FAREWELL, THANKS

_FIGURES = {"n_papers": "page_papers"}
"""Figures of pages that the grammar calls otherwise than the fields."""
_COUNTING = re.compile(r"\s*how many\b", re.IGNORECASE)
_MEAN = re.compile(r"\b(?:average|mean)\b", re.IGNORECASE)
_YES_NO = re.compile(r"\s*(?:and\s+)?(?:did|does|has|is|do|have|are|was|were|and)\b", re.IGNORECASE)
_ENTRIES = re.compile(r"\bentr(?:y|ies)\b", re.IGNORECASE)
_ASIDES = {FAREWELL: "goodbye", THANKS: "thanks"}


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
        by="screen" if intent.parts.get("wanted") else "words",
        reason=intent.reason,
        unread=unread,
        others=(other,) if other else (),
        is_close=bool(intent.parts.get("near")),
        other_words=_format_other(other, intent) if other else "",
        notes=tuple(dict.fromkeys(notes)),
    )


def _build_other(intent: Intent, query: Query) -> Query | None:
    """The reading that was not taken, as far as the grammar tells it."""
    other = intent.parts.get("other")
    if other not in get_args(ReadAs) or other == query.route:
        return None
    subject = _get_subject(intent)
    topic = Topic(subject) if subject else query.about
    if other == "content":
        return Query("passages", text=intent.query)
    if other == "person":
        return Query("profile", people=_list_people(intent))
    if other == "experts":
        return Query("people", about=topic or Topic(intent.query), where=query.where)
    return Query("papers", about=topic, where=query.where)


def _get_subject(intent: Intent) -> str:
    return " ".join(str(intent.parts.get("about") or intent.topic or "").split())


_MAX_SUBJECT_CHARS = 60
"""A subject longer than this is called ``it``."""


def _format_other(other: Query, intent: Intent) -> str:
    """The reading that was not taken, in words: ``people who work on drones``."""
    subject = _get_subject(intent)
    subject = subject if len(subject) <= _MAX_SUBJECT_CHARS else "it"
    if other.want == "passages":
        return f"what papers say about {subject}" if subject else "what papers say"
    if other.want == "people":
        return f"people who work on {subject or 'it'}"
    if other.want == "profile":
        return (
            f"{join_names(intent.people)}, and their papers"
            if intent.people
            else "the person who is meant"
        )
    return f"all papers {subject}" if subject else "all papers that fit, counted or listed"


# --- a route each ---------------------------------------------------------------------------


def _build_passages(intent: Intent) -> Query:
    sides = find_sides(intent.query) or find_sides(intent.query, telling=False)
    return Query(
        "comparison" if asks_to_compare(intent.question) else "passages",
        about=Topic(all_of=sides) if sides else None,
        people=_list_people(intent),
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
    people = _list_people(intent)
    # "who is Yuxi Mi on drones" has a topic, so it is a list of papers; of nobody there is none.
    if want == "profile" and relation is None and (topic or intent.conditions):
        want = "papers"
    if want == "papers" and relation is None and not people:
        want = "profile"
    return Query(
        want,
        where=build_conditions(intent.conditions, ()),
        about=topic,
        people=people,
        papers=_get_focus(intent),
        relation=relation,
        besides=tuple(map(str, intent.get_several("besides"))),
        asks_for="yes_no" if want == "papers" and _YES_NO.match(intent.question) else None,
        is_about_several=bool(intent.parts.get("several")),
        what=ask.what if ask.form == "unheld" else "",
    )


def _build_aside(intent: Intent) -> Query:
    if intent.route == "unsupported":
        return Query("aside", what=f"unsupported: {intent.reason}")
    return Query("aside", what=_ASIDES.get(intent.reason, "greeting"))


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
        return replace(query, want="share", where=_list_beyond_base(query))
    entries = ("place",) if _ENTRIES.search(intent.question) and not query.where else ()
    return replace(query, want="count", by=entries)


def _finish_extreme(query: Query, ask: Ask, intent: Intent) -> Query:
    field, *ends = ask.of
    order = Order(field, "descending" if ask.most else "ascending")
    if "both" in ends:
        order = replace(order, way="both ends")
    return replace(query, want="papers" if "all" in ends else "extreme", order=order)


def _finish_group(query: Query, ask: Ask, intent: Intent) -> Query:
    by = (ask.of[0],)
    if "share" in ask.of:
        return replace(query, want="share", by=by, where=_list_beyond_base(query))
    order = None if ask.most else Order("n_papers", "ascending")
    return replace(query, want="groups", by=by, order=order)


def _list_beyond_base(query: Query) -> tuple[Condition, ...]:
    """Of a share, what the part has beyond the whole."""
    return tuple(condition for condition in query.where if condition not in query.base)


def _finish_average(query: Query, ask: Ask, intent: Intent) -> Query:
    field = ask.of[0]
    measure: Measure = "average"
    if field.startswith("per "):
        by = (field.removeprefix("per "),)
        return replace(query, want="groups", by=by, measure=measure)
    return replace(query, want="values", by=(field,), measure=measure)


def _finish_people(query: Query, ask: Ask, intent: Intent) -> Query:
    role, *more = ask.of
    where = query.where
    if ask.bounds:
        where = (*where, Condition("n_papers", "is", build_range(*ask.bounds)))
    if "no owners" in more:
        where = (*where, Condition("has_page", "is", False))
    if "each" in more:
        where = tuple(
            Condition("year", "in_each", c.values) if c.field == "year" else c for c in where
        )
    # People are ordered by their papers, most first, unless another order is given.
    order = None if ask.most else Order("n_papers", "ascending")
    order = Order("n_coauthors") if role == "co-author" else order
    want: Want = "count" if "count" in more else "people"
    by = ("author" if role == "co-author" else role,)
    return replace(query, want=want, by=by, where=where, order=order)


def _finish_distinct(query: Query, ask: Ask, intent: Intent) -> Query:
    return replace(query, want="count", by=(ask.of[0],))


def _finish_documents(query: Query, ask: Ask, intent: Intent) -> Query:
    return replace(query, want="count", by=("document",))


def _finish_figures(query: Query, ask: Ask, intent: Intent) -> Query:
    kind, *names = ask.of
    fields = tuple(_FIGURES.get(name, name) for name in names)
    # The people are asked about; as a condition their papers would be meant.
    where = tuple(c for c in query.where if FIELDS[c.field].type != "person")
    whose = str(intent.parts.get("whose") or "")
    people = (PersonRef(whose),) if whose else _list_people(intent)
    # Pages have no topic.
    query = replace(query, people=people, by=fields, where=where, about=None)
    if intent.parts.get("of_papers"):
        order = Order(fields[0], "descending" if ask.most else "ascending")
        return replace(query, want="extreme", by=(), order=order)
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


def _get_focus(intent: Intent) -> tuple[str, ...]:
    return tuple(map(str, intent.get_several("focus")))


def _list_people(intent: Intent) -> tuple[PersonRef, ...]:
    mentions = cast("tuple[Mention, ...]", intent.get_several("people"))
    if mentions:
        return build_people(mentions)
    return tuple(PersonRef(name, (name,)) for name in intent.people)


def build_people(mentions: Iterable[Mention]) -> tuple[PersonRef, ...]:
    """People asked about: by the name printed where it is one, otherwise as typed."""
    return tuple(
        PersonRef(m.names[0], m.names) if len(m.names) == 1 else PersonRef(m.typed, m.names)
        for m in mentions
    )


def build_conditions(
    conditions: Iterable[Condition], mentions: Sequence[Mention]
) -> tuple[Condition, ...]:
    """The conditions with people by name instead of ``@0``."""
    return tuple(_name_people(condition, mentions) for condition in conditions)


def _name_people(condition: Condition, mentions: Sequence[Mention]) -> Condition:
    if FIELDS[condition.field].type != "person":
        return condition
    names = tuple(_get_name(value, mentions) for value in condition.values)
    value = names if isinstance(condition.value, tuple) else names[0] if names else None
    return replace(condition, value=value)


def _get_name(value: Scalar, mentions: Sequence[Mention]) -> Scalar:
    """As the library prints it; one of several, or of nobody here, as typed."""
    if isinstance(value, str) and re.fullmatch(r"@\d+", value) and int(value[1:]) < len(mentions):
        mention = mentions[int(value[1:])]
        return mention.names[0] if len(mention.names) == 1 else mention.typed
    return value
