"""Which of its candidate readings a turn has: a linear model over what antecedent, question and query say.

Weights are fitted by ``python -m eval train turns``.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np

from rag.text import STOP_WORDS, split_terms
from rag.types.query import Query
from rag.understanding.dialogue_state import CONTENT, SETS
from rag.understanding.frame_types import Slot
from rag.understanding.head_weights import compute_shares
from rag.understanding.heads import load_heads
from rag.understanding.slots import is_topical, list_free_words
from rag.understanding.turns import Candidate, Turn

WEIGHTS = Path(__file__).with_name("turns.json")
Features = dict[str, float]

_SIGNS = {
    "it": r"it|its|itself",
    "this": r"this|that",
    "them": r"they|them|these|those|their",
    "person": r"he|she|him|her|his|hers",
    "group": r"people|authors|researchers|team|group|person|experts?|somebody|someone|anyone|anybody",
    "one": r"one",
    "ones": r"ones",
    "paper": r"paper|study|article|method|approach|work|model",
    "papers": r"papers|studies|articles|methods|works|publications",
    "each": r"both|each|all|two|three|together|joint(?:ly)?",
    "other": r"others?|else|another|more|further|rest|next|similar|remaining",
    "same": r"same|again",
    "who": r"who|whom|whose|by",
    "what": r"what|how|why|does|did|do|is|are|can",
    "which": r"which",
    "many": r"how many|number|count|total",
    "here": r"here|library|overall|you|we",
    "any": r"any|anything|something|some",
    "only": r"only|just",
    "not": r"no|not|without|except|drop|forget|remove|exclude|ignore|nope",
    "meant": r"meant|mean|sorry|actually|instead|rather",
    "with": r"with",
    "in": r"in|from|since|before|after|between|until",
    "on": r"on|about|of|for",
    "end": r"newest|oldest|latest|earliest|most recent",
    "older": r"older|newer|later|earlier|more recent",
    "place": r"first|second|third|fourth|last|former|latter",
    "compare": r"compare|differ|difference|differences|than|versus|vs|better|contrast",
    "tell": r"summari[sz]e|explain|describe|tell|shorter|longer|detail|details|simple|simply|sentence|brief",
    "list": r"list|show|give|see|find",
    "back": r"back|so far|earlier|again",
}
_OPERATIONS = {
    "order": r"(?:sort|order|rank|arrange)(?:ed)?\b.{0,40}\bby|(?:newest|latest|oldest|earliest|recent) first|chronological\w*",
    "share": r"percent\w*|per cent|(?:what|which|the|an?) share|proportion|fraction",
    "negated": r"(?:and|or|but|what about|those) without|without\W*$",
    "count": r"how many",
    "groups": r"by|per|which|top|biggest|each|now",
    "dropped": r"drop|forget|ignore|remove|lose|skip|clear|never mind|whatever|leave out|any|all|every|ever",
    "without": r"without|except|excluding|exclude|drop|remove|skip|leave out|ignore|minus|not",
    "besides": r"without|except|excluding|exclude|drop|remove|skip|leave out|ignore|minus|not|besides",
    "shared": r"together|jointly|joint|in common|each other|share[ds]?|both",
    "common_coauthors": r"together|jointly|in common|share[ds]?|both",
    "by on topic": r"(?:on|about|in|to) (?:it|this|that|these)|there|(?:this|that|same) (?:topic|subject|field|area)",
    "people on topic": r"(?:on|about|in|to|with) (?:it|this|that|these)|there|(?:this|that|same) (?:topic|subject|field|area)",
    "compared": r"compar\w+|differ\w*|than|versus|vs|contrast|both|better|faster|larger|smaller|worse",
    "more": r"more|others?|else|further|another|similar|like|next|additional|remaining|older|newer|earlier|later|rest",
    "more one": r"older|newer|earlier|later|recent",
    "more on": r"others?|else|another|more|further",
    "next": r"next|before|previous|second|after",
    "by others": r"others?|else|also|another|more|later|earlier",
    "recap": r"so far|summ\w+|we|everything|conversation|recap|overall",
    "same": r"same|and|what about|how about|for",
    "coauthors": r"co-?authors?|collaborat\w+|with|together",
    "top_coauthor": r"most|closest|often|main",
    "extreme": r"newest|oldest|latest|earliest|recent|last|first|older|newer|later|earlier",
    "listed": r"which|list|show|them|those|name|what|papers|the|give",
    "papers first_author": r"first author|lead author|first",
}  # fmt: skip
"""Words that say what is to be done with what was shown, for the generators that do it."""
_SAID = {kind: re.compile(rf"\b(?:{words})", re.IGNORECASE) for kind, words in _OPERATIONS.items()}
_PATTERNS = {name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for name, words in _SIGNS.items()}
_POINTED = frozenset(
    ("place", "places", "called", "age", "year", "words of title", "words of text")
)
"""Ways of finding an antecedent by words of the turn, which are idle where another one is taken."""
_STARTS = re.compile(
    r"\W*(and|or|but|so|ok|no|what about|how about|which|who|what|how|the|only|just|any)\b",
    re.IGNORECASE,
)


def list_signs(turn: Turn) -> list[str]:
    """What the words of a turn show: pointing words by their kind, kinds of slots, its length."""
    question, frame = turn.frame.question, turn.frame
    named = min(
        (s.start for s in frame.slots if s.kind in ("paper", "person")), default=len(question)
    )
    signs = [name for name, pattern in _PATTERNS.items() if pattern.search(question)]
    signs += [
        f"{name} first"
        for name in ("it", "them", "person")
        if (m := _PATTERNS[name].search(question)) and m.start() < named
    ]
    if match := _STARTS.match(question):
        signs.append(f"^{match[1].lower()}")
    signs += {
        f"<{slot.kind}>" if not slot.is_negative else f"<not {slot.kind}>" for slot in frame.slots
    }
    n = len(question.split())
    signs.append(
        "1-2 words" if n < 3 else "3-4 words" if n < 5 else "5-8 words" if n < 9 else "9+ words"
    )
    free = [
        w
        for w in list_free_words(question, frame.slots)
        if is_topical(w.lower(), load_heads().asking_words)
    ]
    if free:
        signs.append("free words")
    if not any(s.kind in ("topic", "person", "paper") for s in frame.slots):
        signs.append("names nothing")
    return signs


def describe(turn: Turn, candidates: Sequence[Candidate]) -> list[Features]:
    """What speaks for and against each candidate, by name."""
    facts = _Facts.of(turn, candidates)
    return [_describe_one(turn, candidate, facts) for candidate in candidates]


@lru_cache(maxsize=4096)
def _split_once(text: str) -> frozenset[str]:
    """The terms of a text; a conversation asks for those of its papers at each turn."""
    return frozenset(split_terms(text))


@dataclass(frozen=True, slots=True)
class _Facts:
    """Of a turn, whatever its candidates."""

    signs: list[str]
    links: Mapping[str, float]
    terms: frozenset[str]
    topic: frozenset[str]
    last_topic: frozenset[str]
    texts: Mapping[str, frozenset[str]]
    names: Mapping[str, frozenset[str]]
    found: frozenset[str]
    said: frozenset[str]

    @classmethod
    def of(cls, turn: Turn, candidates: Sequence[Candidate]) -> _Facts:
        state, frame = turn.state, turn.frame
        ids = dict.fromkeys(
            (
                *state.papers,
                *state.listed,
                *state.earlier_papers,
                *(i for ids in state.lists for i in ids),
            )
        )
        papers = turn.library.list_papers(tuple(ids))
        asking = load_heads().asking_words
        terms = (
            frozenset(
                split_terms(
                    " ".join(
                        w
                        for w in re.findall(r"[\w-]+", frame.question)
                        if is_topical(w.lower(), asking)
                    )
                )
            )
            - STOP_WORDS
        )
        topic = (
            frozenset(
                t
                for s in frame.slots
                if s.kind == "topic" and not s.is_negative
                for t in split_terms(s.text)
            )
            - STOP_WORDS
        )
        last = (
            frozenset(
                split_terms(f"{state.query.topic} {state.topic.words if state.topic else ''}")
            )
            - STOP_WORDS
        )
        texts = {p.paper_id: _split_once(f"{p.name} . {p.text}") for p in papers}
        names = {p.paper_id: _split_once(p.name) for p in papers}
        found = frozenset(c.of.by for c in candidates) & _POINTED
        kinds = {c.kind for c in candidates}
        said = frozenset(k for k, p in _SAID.items() if k in kinds and p.search(frame.question))
        return cls(
            list_signs(turn), dict(frame.links), terms, topic, last, texts, names, found, said
        )


_FAMILIES = {
    "alone": "alone", "subject": "subject", "narrow": "narrow", "listed": "narrow", "share": "narrow", "overview": "overview",
    "papers": "papers", "some": "some", "field": "some", "compared": "compared", "detail": "papers",
    "replaced": "replaced", "remeasured": "remeasured", "again": "again", "same": "same", "more": "more", "next": "more",
    "by": "by", "by on topic": "by", "by others": "by", "shared": "together", "common_coauthors": "together",
    "people on topic": "people on topic",
}  # fmt: skip


def _describe_one(turn: Turn, c: Candidate, facts: _Facts) -> Features:
    state, query, _own = turn.state, c.query, c.alone.query
    last = state.query
    size = "" if c.of.kind != "people" else "1" if len(c.of.names) == 1 else "n"
    family = f"{_FAMILIES.get(c.kind, c.kind)}/{c.of.kind}{size}"
    kind = f"{c.kind}/{c.of.kind}{size}"
    found = f"{c.of.kind}{size}:{c.of.by}"
    log_share = math.log(c.share + 0.02)
    f: Features = {
        "log share": 2 * log_share,
        f"log share {family}": 0.5 * log_share,
        "log link": 2 * math.log(facts.links.get(c.link, 0.0) + 0.02),
        f"log link {c.link}": 0.7 * math.log(facts.links.get(c.link, 0.0) + 0.02),
        f"kind {kind}": 1,
        f"family {family}": 1,
        f"found {found}": 1,
        f"age {c.of.kind}": min(c.of.age, 3),
        f"shown {state.shown}>{family}": 1,
        f"last {last.want}>{family}": 1,
        f"want {query.want}": 1,
        f"want {last.want}>{query.want}": 1,
    }
    for link, share in facts.links.items():
        if share > 0.02:
            f[f"link {link}>{family}"] = 2 * share
            f[f"link {link}>{kind}"] = 0.7 * share
            f[f"link {link}>{c.link}"] = 1.5 * share
            f[f"link {link}>{found}"] = share
            f[f"link {link}>w {query.want}"] = 0.7 * share
    for sign in facts.signs:
        f[f"{sign}>{family}"] = 0.7
        f[f"{sign}>{found}"] = 0.7
        f[f"{sign}>w {query.want}"] = 0.5
        f[f"{sign}>{'set' if c.of.kind in ('set', 'query') else c.of.kind}"] = 0.7
    _tell_use(turn, c, facts, f, family)
    _tell_topic(turn, c, facts, f, family, found)
    is_same = (
        query.about,
        query.where,
        query.papers,
        query.want,
        query.people,
        query.order,
        query.besides,
        query.by,
        query.k,
    ) == (
        last.about,
        last.where,
        last.papers,
        last.want,
        last.people,
        last.order,
        last.besides,
        last.by,
        last.k,
    )
    if is_same and query.want not in CONTENT:
        f["same again"] = 2
        f[f"same again {c.kind}"] = 1
        if "free words" in facts.signs:
            f["same again with words"] = 1
    is_all = query.want in (*SETS, "people") and not (
        query.where or query.about or query.papers or query.people or query.like or query.base
    )
    f["of everything"] = 2.0 * is_all
    if is_all and "here" in facts.signs:
        f["of everything here"] = 1
    if last.where:
        kept = sum(x in query.where for x in last.where) / len(last.where)
        f[f"conditions kept {c.link}"] = kept
        f["conditions kept"] = kept
    if last.topic:
        f[f"topic as before {c.link}"] = float(query.topic == last.topic)
    if query.relation:
        f[f"relation {query.relation}"] = 1
        f[f"relation {query.relation}>{c.of.kind}{size}"] = 1
        for sign in facts.signs:
            f[f"{sign}>{query.relation}"] = 0.5
    if query.asks_for:
        f["detail"] = dict(turn.frame.asks_for).get(query.asks_for, 0.0)
        f["detail as before"] = float(query.asks_for == last.asks_for)
    if query.by:
        f[f"by>{query.want}"] = 1
    f["unread"] = min(len(c.alone.unread), 2)
    return f


def _tell_use(turn: Turn, c: Candidate, facts: _Facts, f: Features, family: str) -> None:
    """Which parts of the turn, and which words that point, the candidate leaves unused."""
    for slot in list_unused_slots(turn, c):
        f["parts unused"] = f.get("parts unused", 0.0) + 2
        f[f"unused {slot.kind}"] = 1
        f[f"unused {slot.kind} {family}"] = 0.5
    if c.kind in _SAID:
        f["done, said" if c.kind in facts.said else "done, not said"] = 2
        f[f"{c.kind} {'said' if c.kind in facts.said else 'not said'}"] = 1.5
    for kind in facts.said:
        if kind != c.kind:
            f[f"{kind} not done"] = 1
            f[f"{kind} not done {family}"] = 0.5
    for by in facts.found:
        if c.of.by != by:
            f[f"unused {by}"] = 1.5
            f[f"unused {by} {family}"] = 0.7
        else:
            f[f"used {by}"] = 1.5


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


def _tell_topic(
    turn: Turn, c: Candidate, facts: _Facts, f: Features, family: str, found: str
) -> None:
    """Whether the turn's topic is near what came before, in the papers meant, and in the query."""
    query, ids = c.query, c.of.ids
    if facts.topic:
        n = len(facts.topic)
        used = len(facts.topic & frozenset(split_terms(f"{query.topic} {query.without}"))) / n
        f[f"topic used {query.want in CONTENT}"] = used
        f[f"topic near {family}"] = len(facts.topic & facts.last_topic) / n
        shown = sum(facts.topic <= text for text in facts.texts.values())
        f[f"topic in shown {family}"] = float(shown > 0)
        f[f"topic in several {family}"] = float(shown > 1)
        f[f"topic in no shown {family}"] = float(
            not any(facts.topic & text for text in facts.texts.values())
        )
        if ids:
            inside = max(len(facts.topic & facts.texts.get(i, frozenset())) for i in ids) / n
            f["topic in antecedent"] = inside
            f["topic not in antecedent"] = float(inside < 0.5)
            f[f"topic in title {found}"] = (
                max(len(facts.topic & facts.names.get(i, frozenset())) for i in ids) / n
            )
    if facts.terms:
        n = len(facts.terms)
        shown = sum(facts.terms <= text for text in facts.texts.values())
        f[f"words in shown {family}"] = float(shown > 0)
        if ids:
            inside = max(len(facts.terms & facts.texts.get(i, frozenset())) for i in ids) / n
            f["words in antecedent"] = inside
            f[f"words in antecedent {found}"] = inside
            f[f"words in title {found}"] = (
                max(len(facts.terms & facts.names.get(i, frozenset())) for i in ids) / n
            )


@lru_cache(maxsize=1)
def load_weights(path: Path = WEIGHTS) -> Mapping[str, float]:
    """What each feature counts for, by name."""
    return cast("Mapping[str, float]", json.loads(path.read_text(encoding="utf-8"))["weights"])


def rank(turn: Turn, candidates: Sequence[Candidate]) -> list[tuple[float, Candidate]]:
    """Candidates with their probabilities, the likeliest first; each query once, of its likeliest candidate.

    Equally likely ones stand in the order in which they came.
    """
    weights = load_weights()
    scores = [
        sum(value * weights.get(name, 0.0) for name, value in features.items())
        for features in describe(turn, candidates)
    ]
    shares = compute_shares(np.array([scores], np.float32))[0]
    best: dict[Query, tuple[float, Candidate]] = {}
    for at in sorted(range(len(scores)), key=lambda at: -scores[at]):
        share, _ = best.get(candidates[at].query, (0.0, None))
        first = best[candidates[at].query][1] if share else candidates[at]
        best[candidates[at].query] = (share + float(shares[at]), first)
    return list(best.values())
