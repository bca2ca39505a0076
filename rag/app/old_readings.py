"""Readings of kept conversations from before a question was one query: intents with loose parts.

Their objects are read as they lie in the file, so that the types they had need not stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from rag.types import Condition, Query, Reading
from rag.types.fields import FIELDS, QueryError
from rag.types.query import PersonRef, Topic
from rag.types.serialise import read_condition_record


def read_old_reading(intent: Mapping[str, Any]) -> Reading:
    """The query nearest to an intent: what was asked of which people, papers and conditions.

    How exactly a list was to be counted, ordered or grouped is left out: a follow-up then asks
    about the list.
    """
    query = _build_query(intent)
    papers = tuple(map(str, _get_list(intent["parts"], "focus")))
    if papers and query.want != "aside":
        query = replace(query, papers=papers)
    return Reading(query, str(intent["question"]), reason=str(intent.get("reason", "")))


def _build_query(intent: Mapping[str, Any]) -> Query:
    route, text = intent["route"], str(intent["query"])
    topic = str(intent.get("topic") or "").strip()
    about = Topic(topic) if topic else None
    mentions = _list_mentions(intent)
    people = mentions or [PersonRef(str(n), (str(n),)) for n in intent.get("people") or ()]
    where = _read_conditions(intent.get("conditions") or (), mentions)
    if route == "content":
        return Query("passages", people=tuple(people), text=text)
    if route == "experts":
        return Query("people", about=about or Topic(text or "people"), where=where)
    if route == "person":
        form = (intent["parts"].get("ask") or {}).get("form")
        if form == "authors":
            return Query("people", relation="authors", about=about)
        if form == "coauthors":
            return Query("people", relation="coauthors", people=tuple(people))
        want = "papers" if form == "papers" or about or where else "profile"
        return Query(want, people=tuple(people), about=about, where=where)  # type: ignore[arg-type]
    if route == "catalogue":
        verb = (intent["parts"].get("ask") or {}).get("verb")
        return Query("count" if verb == "count" else "papers", where=where, about=about)
    reason = str(intent.get("reason", ""))
    return Query("aside", what=f"unsupported: {reason}" if route == "unsupported" else "greeting")


def _get_list(parts: Mapping[str, Any], name: str) -> Sequence[Any]:
    value = parts.get(name)
    return value if isinstance(value, list) else ()


def _list_mentions(intent: Mapping[str, Any]) -> list[PersonRef]:
    return [
        PersonRef(names[0] if len(names) == 1 else mention["typed"], names)
        for mention in _get_list(intent["parts"], "people")
        if isinstance(mention, dict) and (names := tuple(mention["names"])) is not None
    ]


def _read_conditions(
    rows: Sequence[Mapping[str, Any]], mentions: Sequence[PersonRef]
) -> tuple[Condition, ...]:
    """The conditions that can be told; people stood in them by their place."""
    conditions = []
    for row in rows:
        with suppress(QueryError, TypeError, ValueError):
            condition = read_condition_record(row["field"], row["operator"], row["value"])
            if FIELDS[condition.field].type == "person":
                names = tuple(_get_name(str(v), mentions) for v in condition.values)
                value = names if isinstance(condition.value, tuple) else names[0]
                condition = replace(condition, value=value)
            conditions.append(condition)
    return tuple(conditions)


def _get_name(value: str, mentions: Sequence[PersonRef]) -> str:
    at = value.removeprefix("@")
    is_place = value.startswith("@") and at.isdecimal() and int(at) < len(mentions)
    return mentions[int(at)].typed if is_place else value
