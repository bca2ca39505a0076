"""Queries of people: on a topic, by figures, around a paper or a person, and one person's portrait."""

from __future__ import annotations

import re
from typing import cast

from rag.text import join_names
from rag.types.fields import FIELDS, Condition
from rag.types.query import Order, Query, RelationKind, Topic
from rag.understanding.entities import find_described, simplify
from rag.understanding.frame_types import Frame
from rag.understanding.paper_queries import (
    PAPER_NOUN,
    build_papers,
    build_topic,
    get_bounds,
    get_limit,
    list_marks,
)
from rag.understanding.slots import SlotParts


def build_people(want: str, relation: str, frame: Frame, parts: SlotParts) -> Query | None:
    if relation in ("authors", "first_author", "common_authors"):
        return _build_authors(relation, parts)
    if relation:  # coauthors and the like
        if not parts.people:
            return None
        kind = cast("RelationKind", relation)
        if len(parts.people) < 2 and relation == "common_coauthors":
            kind = "coauthors"
        about = build_topic(parts) if kind in ("coauthors", "top_coauthor") else None
        order = None
        if kind in ("coauthors", "top_coauthor") and _LONGEST.search(parts.question):
            kind, order = "top_coauthor", Order("year")
        return Query(
            "people", people=parts.names, relation=kind, where=parts.where, about=about, order=order
        )
    bounds = get_bounds(parts)
    where = parts.where
    if parts.without_people:
        besides = tuple(n for p in parts.without_people for n in (p.names or (p.typed,)))
    else:
        besides = ()
    topic = build_topic(parts, each=_has_each(parts))
    like = ""
    if topic is None and (parts.papers or parts.described):
        like = parts.papers[0] if parts.papers else ""
        paper = parts.library.get_paper(like) if like else None
        words = paper.name if paper else next(iter(parts.described), "")
        topic = Topic(words) if words else None
    recent = parts.order is not None and parts.order.field == "date"
    if topic is not None and (topic.words or topic.all_of):
        if bounds is not None:
            where = (*where, Condition("n_papers", "is", simplify(bounds)))
        return Query(
            "people",
            where=where,
            about=topic,
            like=like,
            besides=besides,
            order=Order("date") if recent else _read_count_order(parts),
            k=None if bounds else get_limit(parts),
        )
    if parts.people:
        return None
    # "Who has published both in 2019 and in 2022?"
    if "both" in parts.question.lower().split():
        where = tuple(
            Condition(c.field, "in_each", c.values)
            if (c.field, c.operator) == ("year", "in")
            else c
            for c in where
        )
    if bounds is not None:
        where = (*where, Condition("n_papers", "is", simplify(bounds)))
    by = parts.role if parts.role in ("first_author", "last_author", "page") else "author"
    order = parts.order if parts.order and FIELDS[parts.order.field].of == "person" else None
    if order is None and parts.is_least_first:
        order = Order("n_papers", "ascending")
    by_figure = order is not None and order.field in (
        "h_index",
        "n_citations",
        "novelty",
        "ai_score",
    )
    return Query(
        "people",
        by=(order.field,) if by_figure and order else (by,),
        where=where,
        besides=besides,
        order=order,
        k=None if bounds else get_limit(parts),
    )


_LONGEST = re.compile(
    r"\blongest\b|\bfor (?:the )?most years\b|\b(?:over|for) the most years\b|\bmost years\b|\bsince (?:when|the beginning)\b",
    re.IGNORECASE,
)
"""``who has worked with Shiming Ge the longest?``: by the years from the first paper together to the last."""


def _read_count_order(parts: SlotParts) -> Order | None:
    """``who has the most papers on deepfakes?``: people by how many they have."""
    return Order("n_papers") if _MOST_PAPERS.search(parts.question) else None


_MOST_PAPERS = re.compile(
    r"\b(?:most (?:papers|work|works|articles|publications|entries|studies)|publish(?:ed|es)?(?: the)? most|most often|most prolific)\b",
    re.IGNORECASE,
)


def _has_each(parts: SlotParts) -> bool:
    """Whether people must have papers on each of several topics: ``both masks and drones``."""
    if len(parts.topics) < 2:
        return False
    head = parts.question[: parts.topics[0].start].lower()
    between = parts.question[parts.topics[0].end : parts.topics[-1].start].lower()
    return head.rstrip().endswith("both") or any(
        words in between
        for words in ("as well as", "and also", "but also", "together with", "plus")
    )


_OF_PEOPLE = re.compile(
    r"\b(?:who|whom|whose|authors?|authored|written|wrote|writers?|people|persons?|team|group|researchers?|scientists?|by whom)\b",
    re.IGNORECASE,
)


def _build_authors(relation: str, parts: SlotParts) -> Query | None:
    kind = cast("RelationKind", relation)
    # "names of the two modules of DuetFace": something else of the paper than its people
    if (parts.leftover or parts.has_unknown) and not _OF_PEOPLE.search(parts.question):
        return None
    if parts.papers:
        if relation == "common_authors" and len(parts.papers) < 2:
            kind = "authors"
        return Query("people", papers=tuple(parts.papers), relation=kind)
    description = parts.described[0] if parts.described else ""
    # "who wrote about label noise?" asks for people on a topic, "who wrote the paper on it" for authors.
    if (
        not description
        and parts.topics
        and relation == "authors"
        and not PAPER_NOUN.search(parts.question)
    ):
        return Query("people", about=build_topic(parts), where=parts.where)
    topic = Topic(description) if description else build_topic(parts)
    if topic is None or not topic.words:
        return None
    if paper_id := find_described(topic.words, parts.library):
        return Query("people", papers=(paper_id,), relation=kind)
    return Query("people", about=topic, relation=kind)


def build_profile(want: str, relation: str, frame: Frame, parts: SlotParts) -> Query | None:
    if not parts.people:
        return None
    kind = cast("RelationKind | None", relation or None)
    has_limits = parts.topics or parts.without or parts.conditions or list_marks(parts)
    if kind is None and has_limits:
        return build_papers("papers", "", frame, parts)
    what = (join_names(parts.attribute_words) or "that") if kind == "not_stated" else ""
    return Query("profile", people=parts.names, relation=kind, what=what)
