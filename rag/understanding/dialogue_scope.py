"""What a turn is asked of: the paper spoken of, all those shown, or the library at large."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.library.view import LibraryView
from rag.text import split_terms
from rag.types.fields import FIELDS
from rag.types.query import Query, Reading
from rag.types.query_text import print_query
from rag.understanding.dialogue_links import PERSON_POINTER, POINTER, points
from rag.understanding.dialogue_merging import exclude, narrow_topic, read_named_topic
from rag.understanding.dialogue_state import CONTENT, SETS, DialogueState, find_people
from rag.understanding.field_words import read_attribute, read_group
from rag.understanding.frame_types import Frame, Link
from rag.understanding.paper_queries import limit_to_authors


def read_figure(frame: Frame, state: DialogueState) -> Frame:
    """``how many tasks in 2023?`` after an answer is asked of what it tells, and counts no papers."""
    match = _HOW_MANY.match(frame.question)
    if frame.want != "count" or match is None or state.shown in ("person", "people", "nothing"):
        return frame
    thing = match["thing"].lower()
    is_read = any(
        s.start < match.end("thing") and match.start("thing") < s.end for s in frame.slots
    )
    if is_read or thing in _COUNTED_HERE or read_group(thing) or read_attribute(thing):
        return frame
    link: Link = "same_paper" if len(state.papers) == 1 else "all_of"
    wants = (("passages", 1.0), *(want for want in frame.wants if want[0] != "passages"))
    asks_for = (("number", 1.0), *frame.asks_for)
    return replace(frame, wants=wants, asks_for=asks_for, links=((link, 1.0), *frame.links))


_HOW_MANY = re.compile(
    r"\W*(?:(?:and|so|ok|but|then|hm+)\W+)*how many (?P<thing>[a-z]{3,}s)\b(?! (?:of|by)\b)",
    re.IGNORECASE,
)
_COUNTED_HERE = frozenset(
    "papers articles works studies entries publications preprints documents files surveys reviews methods approaches "
    "models techniques topics titles abstracts experts collaborators coauthors persons scientists women others hits "
    "results matches records times has does was".split()
)
"""What `count` counts in a library, and words that are no things."""


def ask_library(frame: Frame, alone: Reading, state: DialogueState) -> Query | None:
    """``which methods here fight it?``, ``did anyone use CLIP?``: of all papers, not of the one just quoted."""
    own, question = alone.query, frame.question
    if own.want not in CONTENT or state.shown != "paper":
        return None
    topic = state.topic.words if state.topic else ""
    kinds = {slot.kind for slot in frame.slots}
    # "what's SoccerNet? / how many tasks in 2023?": the report of that year need not be the one quoted
    if _HOW_MANY.match(question) and "time" in kinds and not state.query.papers:
        return Query("passages", text=f"{question} {state.question}", asks_for=own.asks_for)
    if not (match := _AT_LARGE.search(question)):
        return None
    names_some = bool(kinds & {"topic", "paper", "person"})
    is_whole = names_some and not POINTER.search(question)
    text = question if is_whole else f"{question} {topic or state.question}"
    where = exclude((), (state.paper,)) if "other" in match[0].lower() else ()
    return Query("passages", text=text, where=where, asks_for=own.asks_for)


_AT_LARGE = re.compile(
    r"\b(?:papers|methods|works?|approaches|models|studies|techniques|systems|ones) (?:in )?here\b"
    r"|\b(?:in|of|across) (?:this|the|your|our|that) (?:library|collection|folder|archive|corpus)\b"
    r"|\b(?:did|do|does|has|have|is|are|can|could) (?:any(?:one|body)|some(?:one|body)|others\b"
    r"|(?:any )?other (?:papers|works|methods|people|authors|groups|approaches))",
    re.IGNORECASE,
)


def choose_offered(query: Query, last: Query, library: LibraryView) -> Query:
    """``papers by De Chang`` offers De Cheng; ``sorry, Cheng`` is that one, though others are called so."""
    offered = {name for typed in _list_typed(last) for name in _list_candidates(typed, library)}
    if not offered:
        return query

    def choose(typed: str) -> str:
        mention = library.names.resolve(typed)
        names = offered.intersection(mention.names if mention else ())
        return names.pop() if len(names) == 1 else typed

    people = tuple(
        replace(p, names=(name,)) if (name := choose(p.typed)) != p.typed else p
        for p in query.people
    )
    where = tuple(
        replace(c, value=choose(str(c.value))) if _is_of_one(c.field, c.operator) else c
        for c in query.where
    )
    return replace(query, people=people, where=where)


def _list_typed(query: Query) -> list[str]:
    """The names of a query, whether or not it is known whom they mean."""
    return [
        *(p.typed for p in query.people),
        *(str(c.value) for c in query.where if _is_of_one(c.field, c.operator)),
    ]


def _list_candidates(typed: str, library: LibraryView) -> tuple[str, ...]:
    mention = library.names.resolve(typed)
    if mention is None or not mention.names:
        return tuple(mention.near if mention else library.names.find_similar(typed))
    return mention.names


def _is_of_one(field: str, operator: str) -> bool:
    return FIELDS[field].type == "person" and operator == "is"


def complete(
    frame: Frame, alone: Reading, joined: Query, state: DialogueState, library: LibraryView
) -> Query:
    """The joined query with what the turn points at or names, where that was left out."""
    question, is_set = frame.question, joined.want in SETS
    if joined.papers or joined.like or not (is_set or joined.want == "people") or joined.relation:
        return joined
    # "what does the oldest of hers say? / does she have anything in Isis?"
    has_person = joined.people or any(FIELDS[c.field].type == "person" for c in joined.where)
    if is_set and not has_person and points(frame, PERSON_POINTER):
        # "who is Chunhui Zhang and what did he do?": the second question is read with nothing shown yet
        if names := find_people(question, state, library):
            joined = joined.add_conditions([limit_to_authors(names)])
    # "who studies unemployment? / what has Hannah Brandt on it"
    if is_set and not joined.about and state.topic and _ON_IT.search(question):
        joined = replace(joined, about=state.topic)
    topic = read_named_topic(alone) if joined is not alone.query else None
    if topic and not {*split_terms(topic.words)} <= {*split_terms(print_query(joined))}:
        joined = replace(joined, about=narrow_topic(joined.about, topic))
    return joined


_ON_IT = re.compile(r"\b(?:on|about) (?:it|this|that)\b(?! \w*(?:paper|page))", re.IGNORECASE)


def list_undone(alone: Reading, query: Query) -> list[str]:
    """What a turn leaves out, or asks of several together, where the query cannot: ``besides that``."""
    question = alone.question
    is_left_out = query.besides or query.without or any(c.is_negative for c in query.where)
    if query.want in CONTENT:
        return []
    read = [p.words.lower() for p in alone.parts if p.words and p.slot != "want"]
    undone = [] if is_left_out else [match[0] for match in _LEAVES_OUT.finditer(question)]
    undone = [words for words in undone if not any(word in words.lower() for word in read)]
    has_people = any(FIELDS[c.field].type == "person" and c.values[1:] for c in query.where)
    return [*undone, *(_JOINTLY.findall(question) if has_people and not query.relation else ())]


_JOINTLY = re.compile(r"\b(?:together|jointly|share|in common)\b", re.IGNORECASE)


_LEAVES_OUT = re.compile(
    r"\b(?:(?:besides|apart from|aside from|other than|in addition to) (?:that|this|it|those|these|them|him|her)"
    r"|(?:without|except|excluding) [^.?!,;]{3,40})\b",
    re.IGNORECASE,
)
