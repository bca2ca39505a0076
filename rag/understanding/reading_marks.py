"""What a candidate reading is and does, as marks: what it asks of what, and what it changes of the last query."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import get_args

from rag.text import STOP_WORDS, split_terms
from rag.text.everyday import is_everyday
from rag.types.fields import FIELDS, Condition
from rag.types.query import Detail, Query, Topic
from rag.understanding.dialogue_state import CONTENT, SETS, split_once
from rag.understanding.frame_types import Slot
from rag.understanding.turn_signs import OF_COSINES, TurnFacts
from rag.understanding.turns import Candidate, Turn

Marks = dict[str, float]
_GROUPS = {"year": "time", "month": "time", "date": "time", "day": "time", "paper": "paper"}


def mark(turn: Turn, c: Candidate, facts: TurnFacts) -> Marks:
    """The marks of one candidate, with their weights; those that begin with ``=`` are measures."""
    q, last = c.query, turn.state.query
    size = "" if c.of.kind != "people" else "1" if len(c.of.names) == 1 else "n"
    want = f"{q.want} {q.relation}" if q.relation else q.want
    marks: Marks = {
        f"kind {c.kind}/{c.of.kind}{size}": 1,
        f"of {c.of.kind}{size}": 1,
        f"of {c.of.kind}{size}:{c.of.by}": 1,
        f"link {c.link}": 1,
        f"want {q.want}": 1,
        f"want {want}": 1,
        f"{last.want}>{q.want}": 0.7,
    }
    marks |= {f"of {c.of.kind}{size}:{way}": 1 for way in c.of.also}
    topic = _compare_topics(turn, c)
    marks[f"topic {topic}"] = 1
    marks[f"topic {topic}, {q.want}"] = 0.7
    where = _compare_conditions(last.where, q.where, marks)
    marks[f"where {where}"] = 1
    marks[f"where {where}, topic {topic}"] = 0.7
    papers = _compare_papers(turn, c)
    marks[f"papers {papers}"] = 1
    marks[f"papers {papers}, {q.want}"] = 0.7
    people = (
        "none" if not q.people else "kept" if q.people == last.people
        else "added" if {p.names for p in last.people} < {p.names for p in q.people} else "other"
    )  # fmt: skip
    if q.people or last.people:
        marks[f"people {people}"] = 1
        marks[f"people {people}, {want}"] = 0.7
    if q.order or last.order:
        order = "kept" if q.order == last.order else "dropped" if not q.order else "own"
        marks[f"order {order}"] = 1
    if q.k != last.k:
        marks["number own" if q.k else "number dropped"] = 1
    for name in q.by:
        marks[f"by {name}"] = 1
    if q.by != last.by:
        marks["by own" if q.by else "by dropped"] = 1
    # "does it cost accuracy?" names no COST
    if q.papers and any(
        s.kind == "paper" and s.text.islower() and is_everyday(s.text) for s in turn.frame.slots
    ):
        marks[
            "named in an everyday word" if c.of.by in ("", "named", "described") else "not named"
        ] = 1.5
    # "not the 2022 ones", but "no, I meant makeup"
    if turn.is_negative:
        is_done = q.without != last.without or q.besides != last.besides
        is_done = is_done or any(c.is_negative and c not in last.where for c in q.where)
        marks["not, done" if is_done else "not, undone"] = 1.5
    if q.besides != last.besides:
        marks["besides"] = 1
    if q.like:
        marks["like"] = 1
    _mark_same(q, last, marks, facts)
    _measure(turn, c, facts, marks)
    if turn.is_first:
        _mark_found(turn, q, marks)
    return marks


def _mark_found(turn: Turn, q: Query, marks: Marks) -> None:
    """How much the library has of what a first question names."""
    where = [c for c in q.where if FIELDS[c.field].of != "person"]
    if where and not q.papers:
        marks["finds some" if turn.library.has_papers(where) else "finds none"] = 1
    if q.about:
        terms = frozenset(split_terms(q.topic)) - STOP_WORDS
        known = sum(term in turn.library.vocabulary.any for term in terms)
        marks["= topic unknown"] = 1 - known / max(len(terms), 1)
        size = (
            "1" if len(terms) < 2 else "2-3" if len(terms) < 4 else "4-6" if len(terms) < 7 else "7"
        )
        marks[f"topic of {size}"] = 1
        marks[f"topic of {size}, {q.want}"] = 1
    if q.asks_for:
        marks[f"asks {q.asks_for}, {q.want}"] = 1


def mark_details(turn: Turn) -> dict[Detail | None, Marks]:
    """The marks of each detail that a turn of content may ask for."""
    last, details = turn.state.query.asks_for, (None, *get_args(Detail))
    shares = dict(turn.frame.asks_for)
    return {
        detail: {
            f"detail {detail}": 1,
            "= detail": math.log(shares.get(detail or "", 0.0) + 0.02),
            "= detail again": float(detail == last),
        }
        for detail in details
    }


def _compare_topics(turn: Turn, c: Candidate) -> str:
    """What became of the topic: kept, narrowed, another."""
    state, now, last = turn.state, c.query.about, turn.state.query.about
    if now is None:
        return "none" if last is None else "dropped"
    if last is None:
        return "spoken of" if now == state.topic else "earlier" if _is_earlier(now, turn) else "own"
    if now == last:
        return "kept"
    if now.without != last.without and now.words == last.words:
        return "without"
    if now.all_of:
        return "both"
    words, before = split_once(now.words), split_once(last.words)
    if words > before:
        return "narrowed"
    if words < before:
        return "shortened"
    return "spoken of" if now == state.topic else "earlier" if _is_earlier(now, turn) else "another"


def _is_earlier(topic: Topic, turn: Turn) -> bool:
    return any(query.about == topic for query in turn.state.sets)


def _group(condition: Condition) -> str:
    field = condition.field
    return "person" if FIELDS[field].type == "person" else _GROUPS.get(field, field)


def _compare_conditions(last: Sequence[Condition], now: Sequence[Condition], marks: Marks) -> str:
    """What became of the conditions on the whole; marks of each kind of them are added."""
    said = set()
    for group in {_group(c) for c in (*last, *now)}:
        before = {c for c in last if _group(c) == group}
        after = {c for c in now if _group(c) == group}
        change = (
            "kept" if before == after else "dropped" if not after else "added" if not before
            else "more" if before < after else "fewer" if after < before else "replaced"
        )  # fmt: skip
        marks[f"{group} {change}"] = 1
        said.add("added" if change == "more" else "dropped" if change == "fewer" else change)
    if not said:
        return "none"
    return "+".join(sorted(said))


def _compare_papers(turn: Turn, c: Candidate) -> str:
    q, state = c.query, turn.state
    if not q.papers:
        return "none"
    if q.papers == state.query.papers:
        return "kept"
    several = "several" if len(q.papers) > 1 else "one"
    if c.of.ids == q.papers:
        return f"{several} by {c.of.by}"
    return f"{several} named"


def _mark_same(q: Query, last: Query, marks: Marks, facts: TurnFacts) -> None:
    a = (q.about, q.where, q.papers, q.want, q.people, q.order, q.besides, q.by, q.k, q.relation)
    b = (last.about, last.where, last.papers, last.want, last.people, last.order, last.besides)
    if a == (*b, last.by, last.k, last.relation) and q.want not in CONTENT:
        marks["same again"] = 2
    if q.want in (*SETS, "people") and not (
        q.where or q.about or q.papers or q.people or q.like or q.base
    ):
        marks["of everything"] = 2


def _measure(turn: Turn, c: Candidate, facts: TurnFacts, marks: Marks) -> None:
    """How well the candidate goes with the turn's words and with what the heads make of it."""
    q, ids = c.query, c.of.ids
    marks["= share"] = math.log(c.share + 0.02)
    marks["= link"] = math.log(facts.links.get(c.link, 0.0) + 0.02)
    marks[f"= link {c.link}"] = 0.5 * marks["= link"]
    marks["= age"] = min(c.of.age, 3)
    marks["= unread"] = min(len(c.alone.unread), 2)
    unused = list_unused_slots(turn, c)
    marks["= unused"] = len(unused)
    for slot in unused:
        marks[f"= unused {slot.kind}"] = 1
    said = split_once(f"{q.topic} {q.without} {q.where} {q.people} {q.besides}")
    if facts.words:
        n = len(facts.words)
        inside = max((len(facts.words & facts.texts.get(i, frozenset())) for i in ids), default=0)
        titled = max((len(facts.words & facts.names.get(i, frozenset())) for i in ids), default=0)
        marks["= words in query"] = len(facts.words & said) / n
        marks["= words in papers"] = inside / n
        marks["= words in title"] = titled / n
        marks["= words nowhere"] = float(not inside and not facts.words & said)
        if ids:
            marks["= words not in papers"] = 1 - inside / n
            marks[f"= words in title, {c.of.by}"] = titled / n
    if len(ids) == 1 and ids[0] in facts.nearness:
        marks["= nearness"] = OF_COSINES * facts.nearness[ids[0]]
        marks[f"= nearness, {c.of.by}"] = marks["= nearness"]
    if facts.topic:
        n = len(facts.topic)
        marks["= topic in query"] = len(facts.topic & said) / n
        if ids:
            inside = max(len(facts.topic & facts.texts.get(i, frozenset())) for i in ids)
            marks["= topic in papers"] = inside / n
            marks["= topic not in papers"] = float(inside < n / 2)
    added = split_once(q.topic) - split_once(turn.state.query.topic) - STOP_WORDS
    if q.about and added:
        marks["= topic of the turn"] = len(added & split_once(turn.frame.question)) / len(added)


def list_unused_slots(turn: Turn, c: Candidate) -> list[Slot]:
    """The parts of the turn that a candidate has no place for."""
    query, last = c.query, turn.state.query
    printed = f"{query.where} {query.people} {query.besides} {query.base}"
    is_content = query.want in CONTENT
    is_changed = query.where != last.where or bool(query.base or query.by)
    named = frozenset(split_terms(f"{query.topic} {query.without} {printed}"))
    is_placed = c.of.by in ("age", "age beside", "place", "places")

    def is_used(slot: Slot) -> bool:
        if slot.kind == "person":
            said = any(word in printed for word in slot.text.split() if word[:1].isupper())
            said = said or query.relation == "coauthors"  # "is Yuxi Mi a co-author?"
            return said or (is_content and not slot.is_negative)
        if is_content or slot.kind in ("preamble", "form"):
            return True
        if slot.kind == "time":
            return is_changed or query.order is not None or c.of.by == "year"
        if slot.kind == "paper":
            return bool(query.papers or query.like)
        if slot.kind == "topic":
            terms = frozenset(split_terms(slot.text)) - STOP_WORDS
            return terms <= named or c.of.by in ("words of title", "words of text", "called")
        if slot.kind == "order":
            return query.order is not None or is_placed
        if slot.kind == "group":
            return bool(query.by)
        if slot.kind == "attribute":
            return bool(query.by or query.relation)
        if slot.kind == "number":
            return query.k is not None or is_placed or bool(query.where)
        return is_changed

    return [slot for slot in turn.frame.slots if not is_used(slot)]
