"""Builds the intent of a question whose route is decided, route by route."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.library.fields import format_conditions
from rag.library.person_index import Mention
from rag.library.snapshot import LibrarySnapshot
from rag.text import join_names
from rag.types import ReadAs, Reading
from rag.understanding.catalogue_ask import CatalogueQuestion
from rag.understanding.catalogue_reading import (
    drop_empty_ends,
    list_telling_words,
    read_catalogue_question,
)
from rag.understanding.frames import ExpertFrame, parse_experts_frame, split_both, split_excluded
from rag.understanding.intent import Intent
from rag.understanding.person_ask import PersonAsk
from rag.understanding.person_reading import read_person
from rag.understanding.scan import Scan, find_people, put_names_back
from rag.understanding.years import read_years

_SAYING = re.compile(
    r"\b(?:say|says|said|propose[sd]?|claims?|explain\w*|solve[sd]?|improve[sd]?|achieve[sd]?|introduce[sd]?|how|why|method|approach)\b",
    re.IGNORECASE,
)
_NEAR_KINDS = 3
"""A list with more unread words than this may also be a content question."""
_MAX_SUBJECT_WORDS = 6
"""A topic of more words than this may also be a content question."""
_PREPOSITION = re.compile(
    r"^(?:about|on|regarding|concerning|that|which|is|are|using|use|uses|for|of|in|related to|dealing with|deal with)\s+"
)
_PEOPLE_WORDS = re.compile(
    r"\b(?:who|whom|whose|anyone|somebody|someone|experts?|researchers?|people|groups?|teams?|labs?)\b",
    re.IGNORECASE,
)
_ASKING_WORDS = re.compile(
    r"\b(?:what|which|how|why|when|where|does|do|did|is|are|was|were|can|could|has|have|explain|describe|compare|summari[sz]e)\b",
    re.IGNORECASE,
)
_BARE_NAME = 6
"""A phrase of up to so many words without a question in it is a topic, of papers or of people."""


def build_content_intent(
    text: str, people: Sequence[Mention], catalogue_question: CatalogueQuestion
) -> Intent:
    """What papers say; the other reading is what else its words speak of."""
    names = _list_names(people)
    parts: dict[str, object] = {}
    bare = not _ASKING_WORDS.search(text) and len(text.split()) <= _BARE_NAME
    if _PEOPLE_WORDS.search(text) or (bare and not people):
        parts |= {"other": "experts", "about": _extract_subject(text, catalogue_question)}
    elif people:
        parts["other"] = "person"
    elif catalogue_question.conditions or (
        catalogue_question.explicit and catalogue_question.ask.heads
    ):
        parts |= {
            "other": "catalogue",
            "about": put_names_back(format_conditions(catalogue_question.conditions), people),
        }
    return Intent("content", text, text, "it asks what papers say", people=names, parts=parts)


def build_experts_intent(text: str, frame: ExpertFrame, library: LibrarySnapshot) -> Intent:
    """People on a topic, with papers of certain years if the question names some."""
    parts: dict[str, object] = {"recent": frame.recent, "other": "content"}
    if not frame.sure and len(frame.topic.split()) > _MAX_SUBJECT_WORDS:
        parts["near"] = True
    if frame.k:
        parts["k"] = frame.k
    scan = Scan(library, frame.topic, ())
    read_years(scan)
    if scan.notes:
        parts["notes"] = tuple(dict.fromkeys(scan.notes))
    topic = " ".join(" ".join(scan.pieces).split()) or frame.topic
    topic, out = split_excluded(topic)
    if out:
        parts["excluded"] = out
    if sides := split_both(topic):
        parts["both"], topic = sides, " and ".join(sides)
    reason = "it looks for people on a topic"
    return Intent("experts", text, topic, reason, topic, (), tuple(scan.conditions), parts)


def build_person_intent(
    text: str, people: Sequence[Mention], ask: PersonAsk, topic: str | None
) -> Intent:
    """Build a person query; if nobody has that name, offer the content reading as the alternative."""
    who = join_names(m.names[0] if len(m.names) == 1 else m.typed for m in people)
    parts: dict[str, object] = {"ask": ask, "people": tuple(people)}
    if topic:
        parts["other"] = "content"
        parts["near"] = _SAYING.search(text) is not None
    elif ask.form == "unheld" or any(not m.names for m in people):
        parts["other"] = "content"
    reason = f"it is about {who or 'nobody who is named'}"
    return Intent("person", text, text, reason, topic, _list_names(people), parts=parts)


def build_catalogue_intent(
    text: str, reason: str, catalogue_question: CatalogueQuestion, library: LibrarySnapshot
) -> Intent:
    """Counts and lists."""
    topic = (
        _PREPOSITION.sub("", catalogue_question.ask.topic)
        if catalogue_question.ask.topic
        else catalogue_question.ask.topic
    )
    ask = replace(catalogue_question.ask, topic=topic)
    parts: dict[str, object] = {"ask": ask, "people": catalogue_question.people}
    worded = any(c.field in ("title", "text") for c in catalogue_question.conditions)
    if topic or worded or ask.verb in ("extreme", "figures", "attribute"):
        parts["other"] = "content"
        parts["near"] = len(ask.left) > _NEAR_KINDS
    names = _list_names(catalogue_question.people)
    intent = Intent(
        "catalogue", text, text, reason, topic, names, catalogue_question.conditions, parts
    )
    conditions_text = format_conditions(catalogue_question.conditions)
    return replace(
        intent,
        reason=f"{reason}: {put_names_back(conditions_text, catalogue_question.people)}"
        if conditions_text
        else reason,
    )


def build_wanted_intent(
    read_as: ReadAs, text: str, natural: Reading, library: LibrarySnapshot
) -> Intent:
    """The question read by hand as one of the four kinds, whatever its words say.

    The other reading is then the one that the words had been given.
    """
    people = find_people(text, library)
    catalogue_question = read_catalogue_question(text, library, people)
    if read_as == "content":
        intent = build_content_intent(text, people, catalogue_question)
    elif read_as == "experts":
        subject = _extract_subject(text, catalogue_question)
        intent = build_experts_intent(
            text, parse_experts_frame(text) or ExpertFrame(subject, None, False), library
        )
    elif read_as == "person":
        person = read_person(text, people, library)
        intent = build_person_intent(text, people, person.ask, person.topic)
    else:
        intent = build_catalogue_intent(text, "it asks for papers", catalogue_question, library)
    query = natural.query
    about = query.topic
    if query.route == "catalogue":
        about = format_conditions(query.where) or f"about {about}"
    parts = {
        **intent.parts,
        "other": query.route,
        "near": False,
        "about": about,
        "wanted": read_as,
    }
    return replace(intent, reason=f"as wanted; {intent.reason}", parts=parts)


def _list_names(people: Sequence[Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for m in people for name in m.names))


def _extract_subject(text: str, catalogue_question: CatalogueQuestion) -> str:
    """What a question is about, without the words that ask."""
    subject = " ".join((catalogue_question.ask.topic or text).strip(" ?.!").split())
    return drop_empty_ends(subject, _is_content_word) or subject.rpartition(" ")[2]


def _is_content_word(word: str) -> bool:
    return bool(list_telling_words(word)) and not _ASKING_WORDS.fullmatch(word)
