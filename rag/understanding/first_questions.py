"""Reads a question by itself: its wants over the ways in which its words may be taken, and which is meant.

What the tagger has for a topic may be a value of the library or the other way round, two topics may be one, and
what is told before a question may have been taken for a part of it. All of these are readings, and a small
network chooses among them as among those of a later turn (`dialogue_scoring`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from rag.types.query import Query, Reading
from rag.understanding.antecedents import tag_rest
from rag.understanding.candidates_shown import LIBRARY
from rag.understanding.composition import compose, describe_want
from rag.understanding.dialogue_scoring import choose_detail, rank
from rag.understanding.dialogue_state import DialogueState
from rag.understanding.entities import Entities
from rag.understanding.frame_types import EntitySpan, Frame, Slot, SlotKind
from rag.understanding.slot_completion import complete_slots
from rag.understanding.turns import Candidate, Turn

START = DialogueState(Query("aside", what="start"))
"""Before a first question."""
_VALUES: tuple[SlotKind, ...] = ("category", "venue", "affiliation", "keyword", "words")
_MAY_BE_TOPIC: tuple[SlotKind, ...] = (
    *_VALUES,
    "person",
    "time",
    "paper",
    "link",
    "number",
    "order",
    "flag",
    "group",
)
_MOST_WAYS = 8
_MOST_SLOTS = 24
_MOST_CHARS = 400
"""A question with more of them is taken as tagged."""
_GAP = re.compile(r"[\w\s,/&+()'’-]{0,30}")


_BY_WORDS = ("passages", "comparison")
CLOSE = 0.8
"""Below this probability of the reading the next one is offered."""


def read_first(turn: Turn) -> Reading:
    """The likeliest reading of a first question, with the next ones."""
    ranked = rank(turn, list_first(turn))
    # "what data sets do MADE and HIL use?" is told of each
    if ranked[0][1].query.want in ("passages", "overview") and _joins_papers(turn):
        ranked.sort(key=lambda pair: pair[1].query.want != "comparison")
    (share, best), *others = ranked
    query = best.query
    if query.want == "passages":
        query = replace(query, asks_for=choose_detail(turn))
    # what papers say is asked in the same words, whichever part of them names something
    alike = [s for s, c in others if query.want in _BY_WORDS and c.query.want == query.want]
    different = [c.query for _, c in others if _name_want(c.query) != _name_want(query)]
    confidence = share + sum(alike)
    return replace(
        best.alone,
        query=query,
        reason=describe_want(query),
        others=tuple(different[:2]),
        is_close=bool(different) and confidence < CLOSE,
        confidence=confidence,
    )


def _name_want(query: Query) -> tuple[str, str | None]:
    return query.want, query.relation


def _joins_papers(turn: Turn) -> bool:
    """Whether two papers are named beside each other."""
    named = [e for e in turn.entities.spans if e.kind == "paper" and e.is_certain]
    between = (turn.frame.question[a.end : b.start] for a, b in pairwise(named))
    return any(_JOIN.fullmatch(words) for words in between)


_JOIN = re.compile(r"\s*(?:,|&|/|and|or|vs\.?|versus)\s*", re.IGNORECASE)


def list_first(turn: Turn) -> list[Candidate]:
    """Each want of a first question in each way of taking its words, none twice."""
    seen: dict[Query, Candidate] = {}
    for name, frame, entities in list_ways(turn):
        for label, share in _list_labels(turn):
            if label == "comparison" and name != "tagged":  # its words are told whole
                continue
            others = tuple(want for want in frame.wants if want[0] != label)
            asked = replace(frame, wants=((label, share), *others))
            alone = compose(asked, entities, turn.library, most=1)
            if alone.query not in seen:
                candidate = Candidate(name, "new", LIBRARY, alone.query, alone, label, share)
                seen[alone.query] = candidate
    return [*seen.values()]


def _list_labels(turn: Turn) -> list[tuple[str, float]]:
    """Wants of the heads; an overview always, a comparison where several things are named."""
    named = [e for e in turn.entities.spans if e.kind in ("paper", "person") and e.is_certain]
    more = ["overview", *(("comparison",) if len(named) > 1 else ())]
    labels = turn.labels
    known = {label for label, _ in labels}
    return labels + [(label, turn.shares.get(label, 0.0)) for label in more if label not in known]


def list_ways(turn: Turn) -> list[tuple[str, Frame, Entities]]:
    """The ways in which the words of a question may be taken, with what look-ups leave to each."""
    ways: dict[tuple[Slot, ...], tuple[str, Frame, Entities]] = {}
    for name, frame, entities in _iter_ways(turn):
        key = tuple(complete_slots(frame, entities, turn.library))
        ways.setdefault(key, (name, frame, entities))
        # "Shiming Ge and Shiming Ge and …" has as many ways as words
        if len(ways) == _MOST_WAYS or len(key) > _MOST_SLOTS or len(frame.question) > _MOST_CHARS:
            break
    return [*ways.values()]


def _iter_ways(turn: Turn) -> Iterator[tuple[str, Frame, Entities]]:
    frame, entities = turn.frame, turn.entities
    yield "tagged", frame, entities
    slots = tuple(complete_slots(frame, entities, turn.library))
    topics = [s for s in slots if s.kind == "topic" and not s.is_negative]
    if len(topics) > 1:
        yield "joined", *_cover(turn, slots, topics[0].start, topics[-1].end)
        for name, chosen in (("last", topics[-1]), ("first", topics[0])):
            rest = tuple(s for s in slots if s.kind != "topic" or s.is_negative or s == chosen)
            yield name, replace(frame, slots=rest), entities
    for slot in slots:
        if slot.kind in _MAY_BE_TOPIC and not slot.is_negative:
            yield f"{slot.kind} is topic", *_cover(turn, slots, slot.start, slot.end)
            near = [t for t in topics if _is_beside(turn.frame.question, t, slot)]
            if near:
                start, end = min(near[0].start, slot.start), max(near[0].end, slot.end)
                yield f"{slot.kind} in topic", *_cover(turn, slots, start, end)
    for topic in topics:
        for span in entities.spans:
            if span.kind in _VALUES and span.start < topic.end and topic.start < span.end:
                yield f"topic is {span.kind}", *_take_value(turn, slots, topic, span)
    for span in entities.spans:
        if all(span.end <= s.start or span.start >= s.end for s in slots):
            words = frame.question[span.start : span.end]
            named = Slot(span.start, span.end, span.kind, words, value=span.value)
            rest = tuple(sorted([*slots, named], key=lambda s: s.start))
            yield f"takes {span.kind}", replace(frame, slots=rest), entities
    for slot in slots:
        if slot.kind in ("topic", *_VALUES) and turn.library.names.is_part(slot.text):
            person = replace(slot, kind="person", value=None)
            rest = tuple(person if s == slot else s for s in slots)
            yield f"{slot.kind} is person", replace(frame, slots=rest), entities
    if rest_frame := tag_rest(frame, turn.library):
        yield "rest", rest_frame, entities
    text = frame.question.rstrip(" ?.!")
    if not topics or (topics[0].start, topics[-1].end) != (0, len(text)):
        yield "whole", *_cover(turn, (), 0, len(text))


def _is_beside(question: str, a: Slot, b: Slot) -> bool:
    gap = question[min(a.end, b.end) : max(a.start, b.start)]
    return bool(_GAP.fullmatch(gap))


def _cover(turn: Turn, slots: tuple[Slot, ...], start: int, end: int) -> tuple[Frame, Entities]:
    """The words between as one topic, whatever they were."""
    question = turn.frame.question
    rest = [s for s in slots if s.end <= start or s.start >= end]
    topic = Slot(start, end, "topic", question[start:end])
    chosen = tuple(sorted([*rest, topic], key=lambda s: s.start))
    return replace(turn.frame, slots=chosen), _leave_out(turn.entities, start, end)


def _leave_out(entities: Entities, start: int, end: int) -> Entities:
    spans = tuple(s for s in entities.spans if s.end <= start or s.start >= end)
    times = tuple(t for t in entities.times if t.end <= start or t.start >= end)
    return Entities(spans, times)


def _take_value(
    turn: Turn, slots: tuple[Slot, ...], topic: Slot, span: EntitySpan
) -> tuple[Frame, Entities]:
    """A value of the library inside what was taken for a topic; what is before or behind it stays topic."""
    question = turn.frame.question
    value = Slot(span.start, span.end, span.kind, question[span.start : span.end], value=span.value)
    parts = [s for s in slots if s != topic] + [value]
    for start, end in ((topic.start, span.start), (span.end, topic.end)):
        text = re.sub(
            r"^(?:\W|\b(?:in|on|of|from|by|and|for|the)\b)+|(?:\W|\b(?:in|on|of|from|by|and|for|the)\b)+$",
            "",
            question[start:end],
        )
        if text:
            at = question.index(text, start)
            parts.append(replace(topic, start=at, end=at + len(text), text=text))
    return replace(turn.frame, slots=tuple(sorted(parts, key=lambda s: s.start))), turn.entities


def find_name_alone(frame: Frame, entities: Entities) -> str:
    """What a question that is one name and no more names, a paper or a person: ``duetface``; or empty."""
    named = [e for e in entities.spans if e.kind in ("paper", "person") and e.is_certain]
    rest = frame.question[: named[0].start] + frame.question[named[0].end :] if named else "?"
    return named[0].kind if len(named) == 1 and not any(c.isalnum() for c in rest) else ""
