"""Reads the slots of a question: each by the reader of its kind, into parts that queries are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from rag.library.view import LibraryView
from rag.text import fold
from rag.text.analysis import split_sentences
from rag.text.numbers import parse_number
from rag.types.fields import IS_SURVEY, Condition, Range
from rag.types.query import (
    Form,
    Order,
    Part,
    PersonRef,
)
from rag.types.query_text import print_condition
from rag.understanding.entities import (
    Entities,
    find_described,
    find_headed_documents,
    read_author_bounds,
    read_flag,
    read_role,
    read_said,
    read_score,
    read_survey,
    read_value,
    resolve_person,
)
from rag.understanding.field_words import is_ascending, read_attribute, read_group, read_order
from rag.understanding.frame_types import Frame, Slot, SlotKind
from rag.understanding.heads import load_heads
from rag.understanding.slot_completion import (
    PAGE_WORDS,
    WHOLE,
    complete_slots,
    is_topical,
    list_free_words,
)

_EDGES = " \t\n.,;:?!\"'“”‘’()[]"
_VALUE_KINDS: frozenset[SlotKind] = frozenset(
    {"category", "venue", "affiliation", "keyword", "link", "words"}
)


@dataclass
class SlotParts:
    """What the slots of one question give."""

    question: str
    library: LibraryView
    want: str
    conditions: list[tuple[Condition, Slot]] = field(default_factory=list)
    people: list[tuple[PersonRef, Slot]] = field(default_factory=list)
    without_people: list[PersonRef] = field(default_factory=list)
    papers: list[str] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    topics: list[Slot] = field(default_factory=list)
    without: list[str] = field(default_factory=list)
    numbers: list[Slot] = field(default_factory=list)
    order: Order | None = None
    is_least_first: bool = False
    groups: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    attribute_words: list[str] = field(default_factory=list)
    role: str = ""
    form: Form = Form()
    notes: list[str] = field(default_factory=list)
    paper_notes: list[str] = field(default_factory=list)
    telling_apart: list[str] = field(default_factory=list)
    steps: list[Part] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    leftover: str = ""
    has_unknown: bool = False
    told: Slot | None = None
    asks_for_people: bool = False
    """Whether a number of them is asked for: ``the five authors with the most papers``."""

    @property
    def where(self) -> tuple[Condition, ...]:
        return merge_conditions([condition for condition, _ in self.conditions])

    @property
    def names(self) -> tuple[PersonRef, ...]:
        return tuple(person for person, _ in self.people)


def read_slots(frame: Frame, entities: Entities, library: LibraryView) -> SlotParts:
    """Each slot by the reader of its kind; certain look-ups that no slot covers are read too."""
    parts = SlotParts(frame.question, library, frame.want)
    slots = complete_slots(frame, entities, library)
    for slot in slots:
        kind = "topic" if _is_mentioned(slot, frame, entities) else slot.kind
        _SLOT_READERS[kind](parts, slot, entities)
    told, named = parts.told, (parts.papers, parts.people, parts.conditions, parts.described)
    if told and not parts.topics and not any(named):
        if any(fold(word) in library.vocabulary.any for word in told.text.split()):
            _read_topic(parts, told, entities)
    asking = load_heads().asking_words
    # "We are setting up a lab for drone tracking. Which papers have code?": "setting" was said to be unused.
    start, end = (split_sentences(frame.question) or [(0, len(frame.question))])[-1]
    outside = [Slot(0, start, "preamble", ""), Slot(end, len(frame.question), "preamble", "")]
    free = list_free_words(frame.question, [*slots, *outside])
    # "are there surveys?": no topic that nobody mentions, but a kind of paper
    if frame.want != "people" and (asked := _SURVEYS.search(frame.question)):
        noun = asked["noun"] or asked["kind"]
        if noun in free:
            free.remove(noun)
            _add_condition(parts, IS_SURVEY, Slot(*asked.span(), "topic", asked.group()))
    unknown = [w for w in free if is_topical(w.lower(), asking) and w.lower() not in WHOLE]
    # "how many zeppelins in 2018": a word that no paper has, and all of the year were counted, unsaid.
    # "Entries with a header score" say what they are of.
    is_all = bool(parts.conditions) and not (
        parts.topics or parts.people or parts.papers or parts.described or parts.order
        or parts.attributes or _PAPERS.search(frame.question)
    )  # fmt: skip
    parts.leftover = " ".join(
        w
        for w in free
        if w.lower() not in asking
        and (fold(w) in library.vocabulary.any or (is_all and w in unknown))
    )
    parts.has_unknown = bool(unknown)
    return parts


_SURVEYS = re.compile(
    r"\b(?P<noun>surveys|reviews|tutorials)\b(?! (?:the|a|an|how|what)\b)"
    r"|\b(?:(?:an?|any|some|good|recent|the|is there) )?(?P<kind>survey|review|tutorial) (?:papers?|articles?|works?)\b",
    re.IGNORECASE,
)
_PAPERS = re.compile(
    r"\b(?:papers?|articles?|stud(?:y|ies)|works?|entr(?:y|ies)|publications?|preprints?|documents?|people|authors?|pages?)\b",
    re.IGNORECASE,
)
_OF_MANY = ("papers", "count", "groups", "people")


def _is_mentioned(slot: Slot, frame: Frame, entities: Entities) -> bool:
    """Whether a coined word that no paper introduces is what papers are about, and names none.

    "How many papers mention ImageNet?" counted the first of two papers with the word: one. Beside a
    topic it is not: "PC chair here: reviewers for adversarial robustness".
    """
    around = [s for s in entities.spans if s.start < slot.end and slot.start < s.end]
    return (
        slot.kind == "paper"
        and frame.wants[0][0] in _OF_MANY
        and all(other.kind != "topic" for other in frame.slots)
        and any(s.kind == "paper" for s in around)
        and not any(s.is_certain for s in around)
    )


_OF_THE_ART = re.compile(
    r"(?<=\bstate of the )art\b\s*(?:(?:in|of|on|for|about|methods?)\b\s*)*", re.IGNORECASE
)
"""``state of the art gait recognition``: the tagger took "art" for a part of the topic."""
_TITLES_SAY = re.compile(r"\btitles? (?:that )?(?:say|have|contain|mention)s?\s+$", re.IGNORECASE)
_IN_TITLE = re.compile(
    r"[\"'”’]?\s+(?:with)?in\s+(?:the\s+|their\s+|its\s+)?titles?\b", re.IGNORECASE
)


def _read_topic(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    if idiom := _OF_THE_ART.match(parts.question, slot.start):
        if not slot.text[idiom.end() - slot.start :].strip(_EDGES):
            return
        at = idiom.end()
        slot = replace(slot, start=at, text=parts.question[at : slot.end])
    words = clean_words(slot.text)
    if not words:
        return
    # "which papers mention diffusion in the title?"
    says = _TITLES_SAY.search(parts.question[: slot.start])
    if says or _IN_TITLE.match(parts.question, slot.end):
        return _read_value(parts, replace(slot, kind="words", value=None), entities)
    if slot.is_negative:
        parts.without.append(words)
        parts.steps.append(Part("about", f'not about "{words}"', slot.text))
    elif survey := read_survey(words):
        _add_condition(parts, survey[0], slot)
        if survey[1]:
            at = slot.start + slot.text.rindex(survey[1])
            topic = replace(slot, start=at, end=at + len(survey[1]), text=survey[1])
            _read_topic(parts, topic, entities)
    # "which papers state a limitation?": no paper is about that; some say one.
    elif condition := read_said(words):
        _add_condition(parts, condition, slot)
    else:
        parts.topics.append(slot)
        parts.steps.append(Part("about", f'about "{words}"', slot.text))


def _read_person(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    mention = resolve_person(slot, parts.question, parts.library)
    # "papers about the famine / not of Lancashire": nobody here, so what is excluded is no person.
    if slot.is_negative and mention.how == "absent" and not parts.people:
        return _read_topic(parts, slot, entities)
    # "which topics does Tencent publish on?", "papers from Zhejiang": no person
    if mention.how == "absent" and (
        fold(slot.text) in parts.library.vocabulary.places
        or find_headed_documents(slot.text, parts.library)
    ):
        return _read_value(parts, replace(slot, kind="affiliation", value=None), entities)
    if mention.note:
        parts.notes.append(mention.note)
    typed = mention.names[0] if len(mention.names) == 1 else mention.typed
    person = PersonRef(typed, mention.names)
    if slot.is_negative:
        parts.without_people.append(person)
    elif _ON_PAGE.match(parts.question, slot.end) or _PAGE_OF.search(parts.question[: slot.start]):
        _add_condition(parts, Condition("page", "is", typed), slot)
    else:
        parts.people.append((person, slot))
    parts.steps.append(Part("people", f'"{typed}"', slot.text, evidence=mention.how))


_ON_PAGE = re.compile(PAGE_WORDS, re.IGNORECASE)
_PAGE_OF = re.compile(r"\bpage\s+of\s+$", re.IGNORECASE)
"""``on Yuxi Mi's page``: where a paper stands, not who wrote it."""


def _read_paper(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    ids = slot.value if isinstance(slot.value, tuple) else _find_ids(slot, entities)
    if not ids and (described := find_described(slot.text, parts.library)):
        ids = (described,)
    # "the repository of SoccerNet 2022": of two papers called so, the year in their titles tells which.
    years = re.findall(r"\b(?:19|20)\d\d\b", parts.question)
    if len(ids) > 1 and years:
        named = [p for p in parts.library.list_papers(ids) if years[0] in (p.title or "")]
        if len(named) == 1:
            ids = (named[0].paper_id,)
            parts.telling_apart.append(years[0])
    if ids:
        if len(ids) > 1:
            name = clean_words(slot.text)
            parts.paper_notes.append(
                f'"{name}" may be any of {len(ids)} papers; the first of them is meant here'
            )
        parts.papers += [paper_id for paper_id in ids[:1] if paper_id not in parts.papers]
        parts.steps.append(Part("papers", " ".join(f"#{i}" for i in ids[:1]), slot.text))
    else:
        parts.described.append(clean_words(slot.text))
        parts.steps.append(Part("papers", f'"{clean_words(slot.text)}"', slot.text))


def _find_ids(slot: Slot, entities: Entities) -> tuple[str, ...]:
    for span in entities.spans:
        if span.kind == "paper" and span.start < slot.end and slot.start < span.end:
            return cast("tuple[str, ...]", span.value)
    return ()


def _read_time(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    overlapping = [t for t in entities.times if t.start < slot.end and slot.start < t.end]
    if not overlapping:
        order = read_order(slot.text)
        if slot.text.strip():
            parts.order = parts.order or order
        return
    for phrase in overlapping:
        if any(
            s.start == phrase.start
            for c, s in parts.conditions
            if c.field in ("year", "date", "month")
        ):
            continue
        at = replace(slot, start=phrase.start, end=phrase.end)
        for condition in phrase.conditions:
            parts.conditions.append((condition, at))
            parts.steps.append(
                Part("where", print_condition(condition), parts.question[phrase.start : phrase.end])
            )
        if parts.library.newest is not None and (note := phrase.describe(parts.library.newest)):
            parts.notes.append(note)


def _read_value(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    if clean_words(slot.text):
        condition = read_value(slot, parts.question, parts.library)
        if (slot.kind, condition.field) == ("affiliation", "document"):
            parts.notes.append(
                f"“{clean_words(slot.text)}” heads a list of abstracts here; whose affiliation it is, is not printed"
            )
        _add_condition(parts, condition, slot)


def _read_flag(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    if role := read_role(slot.text):
        parts.role = role
        parts.steps.append(Part("where", role, slot.text))
    elif condition := read_flag(slot.text, is_negative=slot.is_negative):
        _add_condition(parts, condition, slot)
    else:
        parts.unread.append(slot.text)


_TOP = re.compile(r"(?:^|\btop |\bfirst |\bbest |\bthe )[\w-]+$", re.IGNORECASE)
_COUNTED_AUTHORS = re.compile(r"\s*(?:author|name)\w*(?: (?P<bound>or (?:more|fewer|less)))?")


def _read_number(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    behind = parts.question[slot.end : slot.end + 32].lower()
    # "four authors or more": the bound stands behind what is counted; "top five authors" are people
    is_ranked = parts.want in ("people", "extreme", "groups")
    is_ranked = is_ranked and bool(_TOP.search(parts.question[: slot.end]))
    parts.asks_for_people |= is_ranked and bool(_COUNTED_AUTHORS.match(behind))
    if (
        not parts.asks_for_people
        and (counted := _COUNTED_AUTHORS.match(behind))
        and (condition := read_author_bounds(f"{slot.text} {counted['bound'] or ''}"))
    ):
        _add_condition(parts, condition, slot)
    elif "score" in parts.question[max(0, slot.start - 24) : slot.end + 12].lower() and (
        condition := read_score(parts.question[max(0, slot.start - 14) : slot.end])
    ):
        _add_condition(parts, condition, slot)
    else:
        parts.numbers.append(slot)


def _read_order_slot(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    parts.is_least_first = is_ascending(slot.text)
    order = read_order(slot.text, parts.question[slot.end : slot.end + 30])
    if order is not None:
        parts.order = order
        parts.steps.append(Part("order", f"order by {order.field}", slot.text))


def _read_group_slot(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    if name := read_group(slot.text):
        parts.groups.append(name)
        parts.steps.append(Part("by", f"by {name}", slot.text))
    else:
        parts.unread.append(slot.text)


_ASKED = re.compile(r"^(?:which|what|whose)\s+", re.IGNORECASE)


def _read_attribute_slot(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    parts.attribute_words.append(clean_words(_ASKED.sub("", slot.text)))
    if name := read_attribute(slot.text):
        parts.attributes.append(name)
        parts.steps.append(Part("by", f"by {name}", slot.text))


def _read_form(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    parts.form = read_form(slot.text, parts.form)
    parts.steps.append(Part("form", clean_words(slot.text), slot.text))


def _read_preamble(parts: SlotParts, slot: Slot, entities: Entities) -> None:
    """A preamble asks nothing, but may tell the topic: ``I give a talk on deepfakes next week. Who ...``."""
    if match := _TOLD.search(slot.text):
        at = replace(
            slot, kind="topic", start=slot.start + match.start(1), end=slot.start + match.end(1)
        )
        parts.told = replace(at, text=match.group(1))


_TOLD = re.compile(
    r"\b(?:on|about|study|studying) ((?!\w+day\b)[\w-]{1,40}(?: [\w-]{1,40}){0,3}?)"
    r"(?= (?:next|this|for|at|in|by|on|tomorrow|soon|and)\b|\W{0,9}$)",
    re.IGNORECASE,
)


_SLOT_READERS: dict[SlotKind, Callable[[SlotParts, Slot, Entities], None]] = {
    "topic": _read_topic,
    "person": _read_person,
    "paper": _read_paper,
    "time": _read_time,
    **dict.fromkeys(_VALUE_KINDS, _read_value),
    "flag": _read_flag,
    "number": _read_number,
    "order": _read_order_slot,
    "group": _read_group_slot,
    "attribute": _read_attribute_slot,
    "preamble": _read_preamble,
    "form": _read_form,
}


NO_FORM = Form()


def _add_condition(parts: SlotParts, condition: Condition, slot: Slot) -> None:
    parts.conditions.append((condition, slot))
    parts.steps.append(Part("where", print_condition(condition), slot.text))


def read_form(text: str, form: Form = NO_FORM) -> Form:
    """``as a table``, ``in two sentences``, ``in German``, ``for a beginner``."""
    words = clean_words(text).lower()
    for shape in ("table", "list", "paragraph"):
        if shape in words or (shape == "list" and "bullet" in words):
            return replace(form, shape=shape)
    if "sentence" in words or "word" in words or "short" in words or "brief" in words:
        return replace(form, sentences=parse_number(words) or 1)
    languages = ("german", "french", "spanish", "chinese", "english", "italian", "portuguese",
                 "deutsch", "français", "japanese", "korean", "dutch", "polish", "russian")  # fmt: skip
    for language in languages:
        if language in words:
            return replace(form, language=language.title())
    return replace(form, audience=words.removeprefix("for ").removeprefix("to "))


def merge_conditions(conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """``2022 vs 2023``, ``before 2019 or after 2024``: a paper has one date, so either is meant."""
    merged: list[Condition] = []
    for condition in dict.fromkeys(conditions):
        at = next((n for n, other in enumerate(merged) if are_alternatives(other, condition)), None)
        if at is None:
            merged.append(condition)
        else:
            values = tuple(dict.fromkeys((*merged[at].values, *condition.values)))
            is_whole = {merged[at].operator, condition.operator} <= {"is", "in"}
            merged[at] = Condition(condition.field, "in" if is_whole else "contains_any", values)
    return tuple(merged)


def are_alternatives(a: Condition, b: Condition) -> bool:
    """Whether no paper can meet both, though both are about its one year, month, category or venue."""
    if a.field == b.field == "venue":
        return not (a.is_negative or b.is_negative) and {a.operator, b.operator} <= _NAMING
    if a.field != b.field or a.field not in ("year", "date", "month", "day", "category"):
        return False
    if not {a.operator, b.operator} <= {"is", "in"}:
        return False
    return all(_are_disjoint(x, y) for x in a.values for y in b.values)


_NAMING = {"is", "in", "contains", "contains_any"}


def _are_disjoint(a: object, b: object) -> bool:
    (low_a, high_a), (low_b, high_b) = (
        (v.low, v.high) if isinstance(v, Range) else (v, v) for v in (a, b)
    )
    return (high_a is not None and low_b is not None and cast("Any", high_a) < low_b) or (
        high_b is not None and low_a is not None and cast("Any", high_b) < low_a
    )


def clean_words(text: str) -> str:
    """Without marks at its ends, without how many are meant, and without what stands for papers: ``the federated ones``."""
    words = " ".join(text.split()).strip(_EDGES)
    words = _PAPERS_BEHIND.sub("", _HOW_MANY.sub("", words))
    # "sepsis (the immune side)": what is open is closed
    words += ")" * (words.count("(") > words.count(")"))
    return _COURSE.sub("", words)


_HOW_MANY = re.compile(r"^(?:all|any|every|other|further)\s+(?=\w)", re.IGNORECASE)
"""``all re-id papers with code``: the tagger takes what stands before a topic into it."""
_PAPERS_BEHIND = re.compile(r"(?<=\w)\s+(?:ones|papers|articles|publications|researches)$")


_COURSE = re.compile(
    r"(?<=\w)\s+(?:simply|briefly|in (?:simple|plain|short) (?:terms|words|language)|evol(?:ved?|ving)|evolution(?= over)|(?:has |have )?(?:changed|developed|progressed))(?: over (?:time|the years))?$",
    re.IGNORECASE,
)
"""Words for the course of a topic, which are none of it: ``face forgery detection evolved``."""
