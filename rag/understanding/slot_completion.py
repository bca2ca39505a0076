"""The slots of a question, completed: what look-ups find in its words, and what stands beside what was tagged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.library.person_index import Mention
from rag.library.view import LibraryView
from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS, fold
from rag.text.everyday import is_everyday
from rag.understanding.entities import Entities
from rag.understanding.frame_types import EntitySpan, Frame, Slot, SlotKind
from rag.understanding.head_features import split_words
from rag.understanding.heads import load_heads

WHOLE = frozenset(
    "library collection corpus archive database bibliography folder published publishes authored".split()
)
"""Words for all that is here and for writing it, which are no topic: "how many papers are in the
library?", "who has published the most papers here?"."""
PAGE_WORDS = r"(?:['’]s?)?\s+(?:(?:author|profile|own)\s+)?(?:page|profile)\b"
_PAGE_NAME = re.compile(rf"([^\W\d_]{{2,40}}){PAGE_WORDS}", re.IGNORECASE)


def complete_slots(frame: Frame, entities: Entities, library: LibraryView) -> list[Slot]:
    """A frame's slots with what the tagger passed over, in order."""
    question = frame.question
    slots = _add_pages(question, _add_certain(frame, entities), library)
    slots = _add_coordinated(question, slots, library)
    return _extend_topics(question, _add_kind(question, slots, library), library)


_KIND = re.compile(
    r"\b(?:which|what|any|all|the|list|show|find|many|of|on|our|these|those)\s+(?:me\s+)?((?:[\w-]{2,40}\s+){1,4}?)"
    r"(?:papers|works|studies|articles|publications)\b",
    re.IGNORECASE,
)


def _add_kind(question: str, slots: Sequence[Slot], library: LibraryView) -> Sequence[Slot]:
    """The slots with a topic that stands before the papers: ``which deepfake papers come with code?``.

    The tagger saw the code alone, and 41 papers were listed.
    """
    # beside a condition only: the topic of a question of content is told by all its words
    has_condition = any(slot.kind in ("flag", "time", "number") for slot in slots)
    is_topic_known = any(slot.kind in ("topic", "paper") for slot in slots)
    if is_topic_known or not has_condition or not (kind := _KIND.search(question)):
        return slots
    start, end = kind.start(1), kind.start(1) + len(kind[1].rstrip())
    asking = load_heads().asking_words
    words = [fold(question[start + a : start + b]) for a, b in split_words(kind[1])]
    is_topic = all(
        is_topical(word, asking)
        and word not in FRAME_WORDS | WHOLE
        and word in library.vocabulary.any
        for word in words
    )
    if not (words and is_topic) or any(s.start < end and start < s.end for s in slots):
        return slots
    kind_slot = Slot(start, end, "topic", question[start:end])
    return sorted([*slots, kind_slot], key=lambda slot: slot.start)


def _extend_topics(question: str, slots: Sequence[Slot], library: LibraryView) -> list[Slot]:
    """Topics with the free words of the papers beside them that ask nothing.

    "lip sync / talking head video editing, who": the tagger gave the last four words alone; of "attacks on
    face recognition" and "deepfake detection with frequency information" one half.
    """
    asking = load_heads().asking_words
    words = [(a, b) for a, b in split_words(question) if question[a:b][0].isalnum()]

    def belongs(word: str, *, is_joined: bool) -> bool:
        # "specialist on diabetes", "applications of palmprints": across a preposition no word of asking
        asks = word in asking if is_joined else not is_topical(word, asking)
        return (
            not asks
            and word not in STOP_WORDS | FRAME_WORDS | WHOLE
            and word in library.vocabulary.any
        )

    def extend(slot: Slot, beside: Sequence[tuple[int, int]], *, is_before: bool) -> Slot:
        edge, joins = (slot.start if is_before else slot.end), False
        for start, end in beside:
            text = fold(question[start:end])
            gap = question[min(end, edge) : max(start, edge)]
            is_free = all(end <= s.start or start >= s.end for s in slots)
            if _BREAK.search(gap) or not is_free:
                break
            if text in _JOINS and not joins:
                joins = True
            elif belongs(text, is_joined=joins):
                joins = False
                slot = replace(slot, start=min(slot.start, start), end=max(slot.end, end))
            else:
                break
            edge = start if is_before else end
        return slot

    slots = _take_heading(question, slots)
    extended = []
    for slot in slots:
        if slot.kind == "topic":
            before = [word for word in words if word[1] <= slot.start]
            slot = extend(slot, before[::-1], is_before=True)
            slot = extend(slot, [word for word in words if word[0] >= slot.end], is_before=False)
            slot = replace(slot, text=question[slot.start : slot.end])
        extended.append(slot)
    return extended


_JOINS = frozenset("on for with of in from against via through based or".split())


_HEADING = re.compile(r"\s*([^:?!]{3,160}?)\s*:\s")


def _take_heading(question: str, slots: Sequence[Slot]) -> Sequence[Slot]:
    """``explaining what networks decide: potential collaborators?``: all before the colon is the topic."""
    match = _HEADING.match(question)
    inside = [s for s in slots if match and s.start < match.end(1)]
    if match is None or not inside or any(s.kind != "topic" or s.is_negative for s in inside):
        return slots
    if fold(match.group(1).split()[0]) in STOP_WORDS | FRAME_WORDS:
        return slots
    heading = replace(inside[0], start=match.start(1), end=match.end(1), text=match.group(1))
    return [heading, *(s for s in slots if s not in inside)]


_BREAK = re.compile(r"[.,;:?!()]")


def is_topical(word: str, asking: frozenset[str]) -> bool:
    """Whether a word may be a topic: not one of asking, unless it is rare in everyday English."""
    return word not in STOP_WORDS and (word not in asking or not is_everyday(word))


def list_free_words(question: str, slots: Sequence[Slot]) -> list[str]:
    """Words of four letters or more that no slot has."""
    return [
        question[start:end]
        for start, end in split_words(question)
        if end - start > 3
        and question[start].isalpha()
        and all(end <= slot.start or start >= slot.end for slot in slots)
    ]


def _add_certain(frame: Frame, entities: Entities) -> list[Slot]:
    """The frame's slots; a certain look-up replaces what it overlaps, unless that is a topic around it.

    "Shiming Ge" came out as "Ge", "tsinghua" as a person; yet "the WWW 2025 contest" is a topic.
    """
    slots = [
        replace(slot, is_negative=slot.is_negative or _is_negated(frame.question, slot))
        for slot in frame.slots
    ]
    for span in entities.spans:
        if not span.is_certain and not _is_narrowing(span, frame):
            continue
        around = [s for s in slots if s.start < span.end and span.start < s.end]
        if any(s.kind == span.kind and s.value is not None for s in around):
            continue
        if any(s.kind == "topic" and s.start <= span.start and s.end >= span.end
               and (s.start, s.end) != (span.start, span.end) for s in around):  # fmt: skip
            continue
        if any(s.kind == "preamble" for s in around):
            continue
        slots = [s for s in slots if s not in around]
        negative = any(s.is_negative for s in around)
        words = frame.question[span.start : span.end]
        slots.append(Slot(span.start, span.end, span.kind, words, negative, 1.0, span.value))
    return sorted(slots, key=lambda s: s.start)


def _add_pages(question: str, slots: Sequence[Slot], library: LibraryView) -> list[Slot]:
    """The slots with those whose page is meant by one of their names: ``from the ge page``.

    A lone name in lower case is no name elsewhere: "ge" went unread, and all pages were listed.
    """
    slots = list(slots)
    for match in _PAGE_NAME.finditer(question):
        start, end = match.span(1)
        owners = [
            page.person
            for page in library.pages
            if fold(match.group(1)) in fold(page.person).split()
        ]
        around = [s for s in slots if s.start < match.end() and start < s.end]
        if len(owners) != 1 or any(s.kind == "person" for s in around):
            continue
        mention = Mention((start, end), match.group(1), (owners[0],), "exact")
        slots = [s for s in slots if s not in around or s.kind == "topic" and s.start < start]
        slots.append(Slot(start, end, "person", match.group(1), value=mention))
    return sorted(slots, key=lambda s: s.start)


_JOINED = re.compile(r"(?:,|,? and|,? or| &)(?: the)? ", re.IGNORECASE)


def _add_coordinated(question: str, slots: Sequence[Slot], library: LibraryView) -> list[Slot]:
    """The slots with those of names and places that stand in a row with one: ``whitcombe, keller and romero``.

    The tagger passed over the first, and the papers of the two others were listed.
    """
    words = [span for span in split_words(question) if question[span[0]].isalnum()]
    slots = list(slots)
    for at in (*range(len(words)), *reversed(range(len(words)))):
        start, end = words[at]
        if any(s.start < end and start < s.end for s in slots):
            continue
        for slot in slots:
            gap = question[end : slot.start] if end <= slot.start else question[slot.end : start]
            if slot.kind in ("person", "affiliation") and _JOINED.fullmatch(gap):
                if _is_name_of(slot.kind, question[start:end], library):
                    slots.append(Slot(start, end, slot.kind, question[start:end], slot.is_negative))
                break
    return sorted(slots, key=lambda slot: slot.start)


def _is_name_of(kind: SlotKind, word: str, library: LibraryView) -> bool:
    """Whether a word is a part of somebody's name, or of an affiliation, and means nothing else here."""
    if len(word) < 4 or is_everyday(word.lower()) or word.lower() in load_heads().asking_words:
        return False
    if kind == "person":
        return library.names.is_part(word) and fold(word) not in library.vocabulary.any
    return word[0].isupper() and fold(word) in library.vocabulary.places


def _is_narrowing(span: EntitySpan, frame: Frame) -> bool:
    """``papers by Wei Zhao / oncology only``: a category, which on its own might be a topic."""
    is_turn = bool(frame.links) and frame.links[0][0] in ("narrow", "refine")
    return is_turn and span.kind == "category" and not _ON.search(frame.question[: span.start])


_ON = re.compile(r"\b(?:on|about|of|regarding)\s+(?:the\s+)?$", re.IGNORECASE)
_NEGATION = re.compile(
    r"(?:\bnot|n['’]t|\bwithout|\bexcept(?:ing)?|\bexclud(?:e|es|ing)|\bother than|\bapart from|\bnor|\bignoring|\b(?:anything|everything|all) but)\s+"
    r"(?:(?:about|on|in|by|from|with|for|the|any|those|ones|papers|of|to|related|is|are|it)\s+)*$",
    re.IGNORECASE,
)


_LEFT_OUT = re.compile(
    r"\s+(?:(?:is|are|was|were|has|have|had|must|should|may|can|could|did|does) not|(?:is|are|was|were|must|should|did|does)n['’]t|never)\b",
    re.IGNORECASE,
)
"""``papers by De Cheng where Nannan Wang is not an author``."""


def _is_negated(question: str, slot: Slot) -> bool:
    """Whether the words right before a slot exclude it; the head finds four of five by itself."""
    kinds = ("topic", "person", "category", "venue", "affiliation", "keyword", "words")
    is_behind = slot.kind == "person" and _LEFT_OUT.match(question, slot.end)
    return slot.kind in kinds and bool(is_behind or _NEGATION.search(question[: slot.start]))
