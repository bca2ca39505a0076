"""What the words of a turn show, beside what was asked and shown before: signs that speak for readings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rag.text import STOP_WORDS, split_terms
from rag.understanding.dialogue_state import split_once
from rag.understanding.frame_types import Slot
from rag.understanding.head_features import MASKED, mask_question
from rag.understanding.heads import load_heads
from rag.understanding.slot_completion import is_topical, list_free_words
from rag.understanding.turns import Turn

_TOKEN = re.compile(r"<\w+>|\w+(?:['’]\w+)?|[?&]")
_LEAST_SHARE = 0.02
OF_COSINES = 5.0
"""Differences of cosines are a fifth at most."""
POINTING = (
    "they", "them", "their", "these", "those", "it", "its", "this", "that", "both", "each", "all", "one", "ones",
    "he", "she", "his", "her", "him", "papers", "paper",
)  # fmt: skip
"""Words whose meaning hangs on what was shown."""
PLACES = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "last",
    "next",
    "other",
    "others",
    "former",
    "latter",
)
"""Words that take one of those shown; "papers of the first" of people: "and of the second?"."""


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """Of a turn, whatever reading it has.

    Attributes:
        signs: With their weights.
        links: Relations to the conversation with their probabilities.
        words: Terms of its words that may be topical; ``topic`` of what the tagger has for a topic.
        texts: Terms of the papers shown, by id; ``names`` of their names.
        nearness: See `Turn.nearness`.
    """

    signs: Mapping[str, float]
    links: Mapping[str, float]
    words: frozenset[str]
    topic: frozenset[str]
    texts: Mapping[str, frozenset[str]]
    names: Mapping[str, frozenset[str]]
    nearness: Mapping[str, float]


def gather_facts(turn: Turn) -> TurnFacts:
    """The signs of a turn, and the terms that readings are compared by."""
    state, frame = turn.state, turn.frame
    papers = turn.papers_shown.values()
    asking = load_heads().asking_words
    typed = [w for w in re.findall(r"[\w-]+", frame.question) if is_topical(w.lower(), asking)]
    words = frozenset(split_terms(" ".join(typed))) - STOP_WORDS
    topic = _list_terms(s for s in frame.slots if s.kind == "topic" and not s.is_negative)
    texts = {p.paper_id: split_once(f"{p.name} . {p.text}") for p in papers}
    names = {p.paper_id: split_once(p.name) for p in papers}
    signs = {**_list_words(frame.question, frame.slots), **_tell_state(turn)}
    # "they" behind a list are its papers, behind one paper those who wrote it
    signs |= {f"{word} after {state.shown}": 1.0 for word in POINTING if f"w {word}" in signs}
    spoken = split_once(f"{state.query.topic} {state.topic.words if state.topic else ''}")
    signs |= _tell_topic(topic or words, bool(topic), spoken, texts, names)
    if any(is_topical(w.lower(), asking) for w in list_free_words(frame.question, frame.slots)):
        signs["free words"] = 1.0
    if turn.is_first:
        signs |= _tell_alone(turn, asking)
    for name, ranked in (("link", frame.links), ("want", frame.wants), ("asks", frame.asks_for)):
        signs |= {f"{name} {label}": 2 * p for label, p in ranked if p > _LEAST_SHARE}
    if turn.nearness and state.paper in turn.nearness:
        signs["nearer than the paper in view"] = OF_COSINES * -turn.nearness[state.paper]
    return TurnFacts(signs, dict(frame.links), words, topic, texts, names, turn.nearness)


def _tell_alone(turn: Turn, asking: frozenset[str]) -> dict[str, float]:
    """Whether a first question is nothing but a topic or a name: ``deep learning``, ``zeppelins?``, ``duetface``."""
    words = [w.lower() for w in re.findall(r"[^\W\d_]+", turn.frame.question)]
    asks = any(w not in STOP_WORDS and not is_topical(w, asking) for w in words)
    named = [e for e in turn.entities.spans if e.is_certain]
    signs = {} if asks else {"asks nothing": 1.0}
    for entity in named:
        rest = turn.frame.question[: entity.start] + turn.frame.question[entity.end :]
        if not any(c.isalnum() for c in rest):
            signs[f"nothing but <{entity.kind}>"] = 1.0
    return signs | {f"certain <{entity.kind}>": 0.7 for entity in named}


def _list_terms(slots: Iterable[Slot]) -> frozenset[str]:
    return frozenset(t for s in slots for t in split_terms(s.text)) - STOP_WORDS


def _list_words(question: str, slots: tuple[Slot, ...]) -> dict[str, float]:
    """Words and pairs of words, those of names and topics by their kind, its length."""
    masked = mask_question(question, [(s.start, s.end, s.kind) for s in slots if s.kind in MASKED])
    found = [("<n>" if t.isdigit() else t) for t in _TOKEN.findall(masked)]
    tokens = ["^", *found, "$"]
    signs = {f"w {token}": 0.7 for token in found}
    signs |= {f"b {a} {b}": 0.5 for a, b in zip(tokens, tokens[1:], strict=False)}
    signs |= {f"p {token[:4]}": 0.5 for token in found if len(token) > 4 and token[0] != "<"}
    signs |= {f"{'not ' * s.is_negative}<{s.kind}>": 0.7 for s in slots}
    for kind in {s.kind for s in slots}:
        if sum(s.kind == kind for s in slots) > 1:
            signs[f"several <{kind}>"] = 0.7
    n = len(found)
    signs[
        "1-2 words" if n < 3 else "3-4 words" if n < 5 else "5-8 words" if n < 9 else "9 words"
    ] = 1
    if not any(s.kind in ("topic", "person", "paper") for s in slots):
        signs["names nothing"] = 0.7
    return signs


def _tell_state(turn: Turn) -> dict[str, float]:
    state, last = turn.state, turn.state.query
    signs = {
        "1": 2.0,
        f"last {last.want}": 1.0,
        f"shown {state.shown}": 1.0,
        "back": 2.0 * turn.is_back,
    }
    signs |= {f"last {last.relation}": 0.7} if last.relation else {}
    signs["last topic"] = float(last.about is not None)
    signs["last papers"] = float(bool(last.papers))
    signs["last people"] = float(bool(last.people))
    signs["last is one paper's"] = float(len(last.papers) == 1)
    signs["listed"] = float(len(state.listed) > 1)
    if state.earlier:
        before = state.earlier[0]
        signs |= {f"before {before.shown}": 0.7, f"before want {before.query.want}": 0.7}
    signs["listed people"] = float(len(state.listed_people) > 1)
    asked = {name for person in last.people for name in person.names}
    signs["last of people listed"] = float(bool(asked) and asked <= {*state.listed_people})
    signs["last of papers listed"] = float(bool(last.papers) and {*last.papers} < {*state.listed})
    words = _TOKEN.findall(state.question.lower())
    signs |= {f"last w {word}": 0.7 for word in words if word in POINTING or word in PLACES}
    for condition in last.where:
        signs[f"last where {condition.field}"] = 0.7
    return {name: value for name, value in signs.items() if value}


def _tell_topic(
    topic: frozenset[str],
    is_tagged: bool,
    spoken: frozenset[str],
    texts: Mapping[str, frozenset[str]],
    names: Mapping[str, frozenset[str]],
) -> dict[str, float]:
    """Whether the turn's topic is near what was spoken of, and in the papers shown."""
    if not topic:
        return {}
    kind = "topic" if is_tagged else "words"
    near = len(topic & spoken) / len(topic)
    titled = sum(topic <= name for name in names.values())
    told = sum(topic <= text for text in texts.values())
    signs = {f"{kind} near": near, f"{kind} of last": float(near == 1)}
    signs[f"{kind} titles {min(titled, 2)}"] = 1.0
    signs[f"{kind} texts {min(told, 2)}"] = 1.0
    signs[f"{kind} nowhere"] = float(not any(topic & text for text in texts.values()))
    return {name: value for name, value in signs.items() if value}
