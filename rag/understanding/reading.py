"""Reads a question, on its own or as the next one of a conversation, without a model.

Three steps: entities by look-up (`entities`), learned heads on the embedded model (`heads`), and few
rules that put a query together (`composition`) and join it to the conversation (`dialogue`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from rag.library.name_spelling import spell_names
from rag.library.view import LibraryView
from rag.text.chat_spelling import drop_interjections, expand_chat_spelling
from rag.types import ReadAs, Thread
from rag.types.fields import Condition
from rag.types.query import Query, Reading, Topic
from rag.types.token_vectors import Encoding
from rag.understanding.composition import compose, describe_want
from rag.understanding.dialogue import join
from rag.understanding.dialogue_return import go_back
from rag.understanding.dialogue_state import DialogueState, build_state, list_named
from rag.understanding.entities import Entities, find_entities, find_stray_venues
from rag.understanding.first_questions import START, find_name_alone, read_first
from rag.understanding.frame_types import EntitySpan, Frame, Ranked
from rag.understanding.heads import WEIGHTS, WORDS_ONLY_WEIGHTS, load_heads
from rag.understanding.hostile_text import find_hostile, remove_commands
from rag.understanding.pointers import expand_pointers, find_pasted
from rag.understanding.set_requests import (
    ABOUT_ITSELF,
    asks_for_trust,
    narrow_to_users,
    split_table,
    tabulate,
)
from rag.understanding.turns import Turn
from rag.understanding.two_questions import are_two, split_questions

_CONTENT = frozenset({"passages", "overview", "comparison"})
_ROUTES: dict[ReadAs, tuple[str, ...]] = {
    "content": ("passages", "overview", "comparison"),
    "experts": ("people",),
    "person": ("profile", "people authors", "people coauthors"),
    "catalogue": ("papers", "count", "groups", "extreme", "share", "values"),
}
TURN_SHARE = 0.55
ASIDE_SHARE = 0.9
"""From this probability on a question is small talk, or one that no paper could answer."""


def read_question(
    question: str,
    thread: Thread,
    library: LibraryView,
    encode: Callable[[str], Encoding | None],
    read_as: ReadAs | None = None,
) -> Reading:
    """What a question asks for.

    Args:
        question: As typed, of bounded length.
        thread: The conversation before it.
        library: Whose people, papers and values the question may mean.
        encode: The embedded model, for the heads; None for those that go by words alone.
        read_as: The reading that is wanted by hand; None to choose it from the words.
    """
    typed = question
    if read_as is None and (pasted := _read_pasted(typed, library)):
        return pasted
    # Before markup goes: an entry pasted from a .bib file has {{double braces}}.
    question, notes = expand_pointers(question, library)
    question = spell_names(remove_commands(question), library)
    if read_as is None and (reason := find_hostile(question)):
        return Reading(Query("aside", what=f"unsupported: {reason}"), typed, reason=reason)
    if read_as is None and asks_for_trust(question):
        return Reading(ABOUT_ITSELF, typed, reason=describe_want(ABOUT_ITSELF), confidence=1.0)
    question, fields = (question, ()) if read_as else split_table(question)
    state = build_state(thread)

    def read(text: str, state: DialogueState | None) -> Reading:
        return _read_one(text, state, library, encode, read_as)

    whole = drop_interjections(expand_chat_spelling(question))
    reading = read(whole, state)
    if read_as is None and (two := split_questions(whole)):
        first = read(two[0], state)
        to_come = DialogueState(
            first.query, two[0], list_named(first), parts=first.parts, is_answered=False
        )
        second = read(two[1], to_come)
        # "which entries are reports of contests and what was each about?" is one overview
        is_one = second.query.want in _CONTENT and reading.query.want in _CONTENT
        if not is_one and are_two(first.query, second.query):
            reading = replace(first, second=two[1])
    reading = tabulate(reading, fields) if fields else reading
    if state is not None and read_as is None:
        reading = narrow_to_users(whole, reading, state.listed or state.papers)
    return replace(reading, question=typed, notes=(*notes, *reading.notes))


def _read_one(
    question: str,
    state: DialogueState | None,
    library: LibraryView,
    encode: Callable[[str], Encoding | None],
    read_as: ReadAs | None,
) -> Reading:
    entities = find_entities(question, library)
    frame = _read_frame(question, entities, state, library, encode)
    encoding = encode(question)
    if read_as:
        reading = compose(_keep_route(frame, read_as), entities, library)
    elif state is None:
        frame = _read_people(frame)
        reading = read_first(Turn(frame, entities, START, library, encoding, is_first=True))
    else:
        turn = Turn(_choose(frame, entities), entities, state, library, encoding)
        if back := go_back(question, state):
            rest, meant = back[0] or question, back[1]
            entities = find_entities(rest, library)
            frame = _choose(_read_frame(rest, entities, meant, library, encode), entities)
            turn.back = Turn(frame, entities, meant, library, encode(rest), is_back=True)
        reading = join(turn)
    return replace(reading, query=count_people(reading.query, question))


def _read_frame(
    question: str,
    entities: Entities,
    state: DialogueState | None,
    library: LibraryView,
    encode: Callable[[str], Encoding | None],
) -> Frame:
    encoding = encode(question)
    heads = load_heads(WORDS_ONLY_WEIGHTS if encoding is None else WEIGHTS)
    context = state.build_context() if state else None
    frame = heads.read_frame(question, entities.spans, encoding, context)
    if stray := find_stray_venues(frame, library):
        topics = [EntitySpan(s.start, s.end, "topic", s.text, is_certain=True) for s in stray]
        return heads.read_frame(question, (*entities.spans, *topics), encoding, context)
    return frame


def _choose(frame: Frame, entities: Entities) -> Frame:
    """The frame of a later turn with what is asked for chosen among the wants of the heads."""
    frame = replace(frame, wants=_choose_wants(frame, entities))
    return _join_sides(_read_people(frame))


def count_people(query: Query, question: str) -> Query:
    """``How many researchers work on drones?`` counts the people, not their papers."""
    if (query.want, query.by) != ("count", ()) or not _HOW_MANY_AUTHORS.search(question):
        return query
    # "what is DuetFace? / how many author has it?"
    if len(query.papers) == 1 and not query.where and not query.about:
        return Query("values", by=("n_authors",), papers=query.papers)
    return replace(query, by=("author",))


_HOW_MANY_PEOPLE = re.compile(
    r"\bhow many (?:[\w-]+ )?(?:people|persons|individuals|patients|participants|women|men|children|adults|adolescents|"
    r"students|users|workers|households|residents|citizens|veterans|families)\b",
    re.IGNORECASE,
)
_WRITE = re.compile(
    r"\b(?:work(?:s|ed|ing)? (?:on|in|with|together)|wr[io]t\w*|publish\w*|author\w*|research\w*|co-?author\w*|"
    r"contribut\w*|named|listed|library|here|papers?|pages?)\b",
    re.IGNORECASE,
)


_HOW_MANY_AUTHORS = re.compile(
    r"\bhow many (?:[\w-]+ )?(?:people|persons|researchers|authors?|scientists)\b(?! (?:does|do|has|have) the\b)",
    re.IGNORECASE,
)


_COUNTS_THINGS = re.compile(
    r"\s*(?:about |roughly )?how many (?:[\w-]{1,30} ){0,2}?"
    r"(?P<things>(?!\w*(?:papers?|articles?|authors?|people|works?|entries|studies)\b)[\w-]{1,40}) "
    r"(?:(?!related|based|\w*authored)\w+ed|were|was|did|do|does|die|live|suffer|get|can)\b"
    r"|\s*(?:about |roughly )?how many (?:fewer|more) [\w-]{1,40}\b",
    re.IGNORECASE,
)
"""``how many volcanoes erupted``, ``how many pen trials were run``, ``how many fewer articles did the index have``
count no papers."""


def _read_people(frame: Frame) -> Frame:
    """``How many people are harmed by gambling?`` is asked of what papers say, and not of their authors.

    People are those behind the papers where writing or working is spoken of.
    """
    of_people = _HOW_MANY_PEOPLE.search(frame.question) and not _WRITE.search(frame.question)
    counts_things = frame.wants[0][0] == "count" and _COUNTS_THINGS.match(frame.question)
    if not of_people and not (counts_things and _are_things(counts_things, frame)):
        return frame
    others = tuple(want for want in frame.wants if want[0] != "passages")
    return replace(frame, wants=(("passages", 1.0), *others))


def _are_things(counted: re.Match[str], frame: Frame) -> bool:
    """Whether what is counted is a topic, or a word that no slot has and that asks nothing: ``burrows``."""
    if counted["things"] is None:
        is_of_people = any(s.kind == "person" for s in frame.slots)
        return not (is_of_people or _WRITE.search(frame.question))
    start, end = counted.span("things")
    is_free = all(end <= s.start or start >= s.end for s in frame.slots)
    is_asking = counted["things"].lower() in load_heads().asking_words
    is_thing = any(s.kind == "topic" for s in frame.slots) or (is_free and not is_asking)
    return is_thing and not _WRITE.search(frame.question)


def _join_sides(frame: Frame) -> Frame:
    """``re-identification between visible and infrared cameras`` is one topic, and no comparison."""
    topics = [slot for slot in frame.slots if slot.kind == "topic"]
    match = _BETWEEN.search(frame.question)
    if frame.want != "comparison" or not (topics and match) or _SETS_BESIDE.search(frame.question):
        return frame
    start, end = topics[0].start, max(match.end(), topics[-1].end)
    if start >= match.start():
        return frame
    whole = replace(topics[0], end=end, text=frame.question[start:end])
    slots = (*(slot for slot in frame.slots if not start <= slot.start < end), whole)
    wants = tuple(want for want in frame.wants if want[0] != "comparison")
    return replace(frame, slots=slots, wants=(("overview", frame.confidence), *wants))


_BETWEEN = re.compile(r"\bbetween [^,?]{1,80}? and [\w-]+", re.IGNORECASE)
_SETS_BESIDE = re.compile(
    r"\b(?:compar\w+|differ\w*|distin\w+|contrast\w*|better|vs|versus|cho(?:ose|ice)|trade-?offs?)\b",
    re.IGNORECASE,
)


def _read_pasted(question: str, library: LibraryView) -> Reading | None:
    """Papers like a pasted abstract, people on its topic, or how many papers are; without a model."""
    pasted = find_pasted(question, library)
    if pasted is None:
        return None
    paper, text, request = pasted
    topic = Topic(paper.name if paper else text)
    like = paper.paper_id if paper else ""
    itself = (Condition("paper", "not_in", (like,)),) if like else ()
    if re.match(r"(?:who\b|which (?:people|authors|researchers))", request, re.IGNORECASE):
        query = Query("people", about=topic, like=like)
    elif re.match(r"how many papers\b", request, re.IGNORECASE):
        query = Query("count", about=topic, like=like)
    else:
        query = Query("papers", about=topic, like=like, where=itself)
    return Reading(query, question, reason=describe_want(query), confidence=1.0)


def _choose_wants(frame: Frame, entities: Entities) -> Ranked:
    """The wants of the heads, with content first where the turn may be about what papers say."""
    if not frame.links or frame.links[0][0] == "new":
        alone = find_name_alone(frame, entities)
        if alone:
            return (("passages" if alone == "paper" else "profile", 1.0), *frame.wants)
    return prefer_content(frame.wants, TURN_SHARE)


def prefer_content(wants: Ranked, least_share: float) -> Ranked:
    """The wants with content first where content as a whole is probable enough."""
    if wants[0][0] == "aside" and wants[0][1] < ASIDE_SHARE:
        wants = (*wants[1:], wants[0])
    content = [want for want in wants if want[0].split()[0] in _CONTENT]
    share = sum(probability for _, probability in content)
    if not content or wants[0] == content[0] or share < least_share:
        return wants
    label = content[0][0]
    return ((label, share), *(want for want in wants if want[0] != label))


def _keep_route(frame: Frame, read_as: ReadAs) -> Frame:
    """The frame with the wants of one route alone, or with the route's plainest one."""
    kept = tuple(
        want
        for want in frame.wants
        if want[0].split()[0] in {r.split()[0] for r in _ROUTES[read_as]}
    )
    if read_as == "experts":
        kept = tuple(want for want in kept if want[0] == "people")
    return replace(frame, wants=kept or ((_ROUTES[read_as][0], 1.0),), links=())
