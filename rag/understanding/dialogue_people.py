"""What a turn asks of the people spoken of, and for the people of what was shown."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.library.view import LibraryView
from rag.types.fields import Condition
from rag.types.query import Order, PersonRef, Query, Reading, Want
from rag.understanding.dialogue_links import COAUTHOR, EACH, THEM
from rag.understanding.dialogue_merging import drop_authors, exclude, show_all
from rag.understanding.dialogue_state import (
    AUTHOR_OF,
    COMPARES,
    OTHER,
    SETS,
    DialogueState,
    find_ordinal,
    find_people,
    find_placed_people,
)
from rag.understanding.frame_types import Frame
from rag.understanding.paper_queries import build_author
from rag.understanding.slots import merge_conditions


def ask_people_on(frame: Frame, alone: Reading, state: DialogueState) -> Query | None:
    """``who has written about this?``, ``who is behind most of them?``: people of the last topic."""
    last, link = state.query, frame.links[0][0]
    shares = {label.split()[0]: share for label, share in reversed(frame.wants)}
    is_of_people = (
        frame.wants[0][0].startswith("people")
        or alone.query.want == "people"
        or (bool(_WHO.match(frame.question)) and shares.get("people", 0.0) > _ENOUGH)
    )
    topic = state.topic
    if not is_of_people or topic is None or not topic.words:
        return None
    # "papers on palmprints / are they by the same people?", "who wrote all three"
    is_of_each = frame.relation == "authors" and bool(EACH.search(frame.question))
    if frame.relation in ("common_authors", "first_author") or is_of_each:
        return None
    if any(slot.kind in ("topic", "person", "paper") for slot in frame.slots):
        return None
    where = show_all(last).where if last.about == topic else ()
    is_all = link == "all_of" or (link == "refine" and THEM.search(frame.question))
    is_of_set = last.want in (*SETS, "overview") and is_all and not last.papers
    if is_of_set and (len(state.papers) > 1 or last.want != "papers"):
        return Query("people", about=topic, where=where)
    if link in ("new", "aside", "correct", "more") or not _ON_THAT.search(frame.question):
        return None
    return Query("people", about=topic, where=where)


_WHO = re.compile(r"\W*(?:(?:and|so|ok)\s+)?(?:who|whose|whom)\b", re.IGNORECASE)
_ENOUGH = 0.25
_ON_THAT = re.compile(
    r"\b(?:on|about|in|with|into|for|doing|studying) (?:this|that|it|these)\b|\b(?:this|that|the same) (?:topic|subject|field|area|line of (?:work|research))\b"
    r"|\bto (?:talk|speak|write|turn) to\b",
    re.IGNORECASE,
)


def ask_pair(frame: Frame, alone: Reading, state: DialogueState) -> Query | None:
    """``any joint papers?``, ``who did both write with?``: of the two people spoken of last."""
    own, question = alone.query, alone.question
    if frame.links[0][0] == "new" or own.about or not _TOGETHER.search(question):
        return None
    asked = [name for person in state.query.people for name in person.names[:1]]
    named = [p.printed.strip('"') for p in state.parts if p.slot == "people" and p.words]
    names = list(dict.fromkeys((*asked, *named)))
    # "who is her most frequent co-author? / what have they written together?"
    if state.query.relation == "top_coauthor":
        names = [*state.people[:2]]
    # "papers by A / and B / together"
    if len(names) < 2 and state.people == tuple(names):
        names = [*state.earlier_people[:1], *names]
    # "who works on X? / what did the first write together with the second?"
    if len(placed := find_placed_people(question, state)) > 1:
        names = [*placed]
    pair = tuple(PersonRef(n, (n,)) for n in dict.fromkeys(names))
    if len(pair) != 2:
        return None
    if own.want == "people" or frame.wants[0][0].startswith("people"):
        return Query("people", people=pair, relation="common_coauthors")
    want: Want = "count" if own.want == "count" else "papers"
    return Query(want, people=pair, relation="shared", where=drop_authors(own.where))


_TOGETHER = re.compile(
    r"\b(?:together|jointly|joint|in common|with each other|share[ds]?|both)\b", re.IGNORECASE
)
_IT = re.compile(r"\b(?:on|about|in|of|to) (?:it|this|that)\b|\bthere\b", re.IGNORECASE)


def ask_people(alone: Reading, state: DialogueState, library: LibraryView) -> Query | None:
    """The turn's own question, of the people that it points at."""
    own = alone.query
    # "who works on X? / has one of them more papers than the others?"
    is_ranked = state.query.want == "people" and not state.query.relation
    if is_ranked and COMPARES.search(alone.question) and OTHER.search(alone.question):
        return replace(state.query, order=Order("n_papers"))
    names = find_people(alone.question, state, library)
    authors = tuple(c for c in own.where if c.field == "author" and c.value in names)
    if len(authors) > 1:
        rest = tuple(c for c in own.where if c not in authors)
        own = replace(own, where=(*rest, Condition("author", "in", names)))
    # "What has the first one published on it?": on the topic that the people were found for.
    if state.topic and not own.about and _IT.search(alone.question):
        return Query("papers", about=state.topic, people=own.people, where=own.where)
    is_named = any(p.slot == "people" and p.words for p in alone.parts)
    if is_named and COAUTHOR.search(alone.question) and (spoken := state.people[:1]):
        return Query("people", people=(PersonRef(spoken[0], spoken),), relation="coauthors")
    if (query := _ask_people_found(alone, state)) is not None:
        return query
    # "did the same first author write a later condensation paper?": others than the one spoken of
    if AUTHOR_OF.search(alone.question) and own.want != "values" and (people := own.people):
        limits = (build_author(people[0]), *exclude(own.where, (state.paper,)))
        want: Want = "count" if own.want == "count" else "papers"
        return Query(want, where=merge_conditions(limits), about=None if own.like else own.about)
    # "who is Ana Prieto? / papers on soil?"
    if own.want == "papers" and own.about and own.people and not is_named:
        names = tuple(name for person in own.people for name in person.names[:1])
        limit = Condition("author", "in", names) if len(names) > 1 else build_author(own.people[0])
        return replace(own, people=(), where=merge_conditions((*own.where, limit)))
    return own


def _ask_people_found(alone: Reading, state: DialogueState) -> Query | None:
    """Of the people found for a topic: some of them, or the papers that they were found by."""
    own, last, people = alone.query, state.query, state.people or state.earlier_people
    if last.want != "people" or last.about is None or last.relation:
        return None
    # "what did the first one publish in 2024?"
    is_one = (
        _SINGULAR.search(alone.question) or find_ordinal(alone.question, len(people)) is not None
    )
    if own.want != "papers" or is_one:
        return None
    where = drop_authors(own.where)
    # "who works on wages? / their papers"
    if own.about or len(people) < 2:
        return None
    where = merge_conditions((*last.where, *where))
    return Query("papers", where=where, about=last.about, order=own.order, k=own.k)


_SINGULAR = re.compile(r"\b(?:he|she|him|her|his|hers|person|one)\b", re.IGNORECASE)
