"""The parts of an intent, route by route, for a question whose route is decided."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.catalogue.ask import Asked
from rag.catalogue.fields import said_all
from rag.catalogue.reading import read, telling_words, trimmed
from rag.catalogue.scan import Scan, people_in, with_names
from rag.catalogue.years import read_years
from rag.census import Census
from rag.frames import ExpertFrame, both_of, experts_frame, shut_out
from rag.names import Mention
from rag.people.ask import PersonAsk
from rag.people.reading import read_person
from rag.text import join_names
from rag.types import Intent, ReadAs

_SAYING = re.compile(
    r"\b(?:say|says|said|propose[sd]?|claims?|explain\w*|solve[sd]?|improve[sd]?|achieve[sd]?|introduce[sd]?|how|why|method|approach)\b",
    re.IGNORECASE,
)
_NEAR = 3
"""A list with more words than this left over may as well ask what papers say."""
_LONG = 6
"""A topic of more words than this may as well be a question about what papers say."""
_PREPOSITION = re.compile(
    r"^(?:about|on|regarding|concerning|that|which|is|are|using|use|uses|for|of|in|related to|dealing with|deal with)\s+"
)
_PEOPLE = re.compile(
    r"\b(?:who|whom|whose|anyone|somebody|someone|experts?|researchers?|people|groups?|teams?|labs?)\b",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"\b(?:what|which|how|why|when|where|does|do|did|is|are|was|were|can|could|has|have|explain|describe|compare|summari[sz]e)\b",
    re.IGNORECASE,
)
_BARE = 6
"""A phrase of up to so many words that asks nothing is a topic: papers or people may be wanted."""


def of_content(text: str, people: Sequence[Mention], asked: Asked) -> Intent:
    """What papers say; the other reading is what else its words speak of."""
    names = _names(people)
    parts: dict[str, object] = {}
    bare = not _ASKING.search(text) and len(text.split()) <= _BARE
    if _PEOPLE.search(text) or (bare and not people):
        parts |= {"other": "experts", "about": _subject(text, asked)}
    elif people:
        parts["other"] = "person"
    elif asked.conditions or (asked.explicit and asked.ask.heads):
        parts |= {"other": "catalogue", "about": with_names(said_all(asked.conditions), people)}
    return Intent("content", text, text, "it asks what papers say", people=names, parts=parts)


def of_experts(text: str, frame: ExpertFrame, now: Census) -> Intent:
    """People on a topic, of certain years if said."""
    parts: dict[str, object] = {"recent": frame.recent, "other": "content"}
    if not frame.sure and len(frame.topic.split()) > _LONG:
        parts["near"] = True
    if frame.k:
        parts["k"] = frame.k
    scan = Scan(now, frame.topic, ())
    read_years(scan)
    if scan.notes:
        parts["notes"] = tuple(dict.fromkeys(scan.notes))
    topic = " ".join(" ".join(scan.pieces).split()) or frame.topic
    topic, out = shut_out(topic)
    if out:
        parts["excluded"] = out
    if sides := both_of(topic):
        parts["both"], topic = sides, " and ".join(sides)
    reason = "it looks for people on a topic"
    return Intent("experts", text, topic, reason, topic, (), tuple(scan.conditions), parts)


def of_person(text: str, people: Sequence[Mention], ask: PersonAsk, topic: str | None) -> Intent:
    """About somebody. Where nobody here is called so, the words may be of a topic."""
    who = join_names(m.names[0] if len(m.names) == 1 else m.typed for m in people)
    parts: dict[str, object] = {"ask": ask, "people": tuple(people)}
    if topic:
        parts["other"] = "content"
        parts["near"] = _SAYING.search(text) is not None
    elif ask.form == "unheld" or any(not m.names for m in people):
        parts["other"] = "content"
    reason = f"it is about {who or 'nobody who is named'}"
    return Intent("person", text, text, reason, topic, _names(people), parts=parts)


def of_catalogue(text: str, reason: str, asked: Asked, now: Census) -> Intent:
    """Counts and lists."""
    topic = _PREPOSITION.sub("", asked.ask.topic) if asked.ask.topic else asked.ask.topic
    ask = replace(asked.ask, topic=topic)
    parts: dict[str, object] = {"ask": ask, "people": asked.people}
    worded = any(c.field in ("title", "text") for c in asked.conditions)
    if topic or worded or ask.verb in ("extreme", "figures", "attribute"):
        parts["other"] = "content"
        parts["near"] = len(ask.left) > _NEAR
    names = _names(asked.people)
    intent = Intent("catalogue", text, text, reason, topic, names, asked.conditions, parts)
    said = said_all(asked.conditions)
    return replace(intent, reason=f"{reason}: {with_names(said, asked.people)}" if said else reason)


def as_wanted(read_as: ReadAs, text: str, natural: Intent, now: Census) -> Intent:
    """The question read by hand as one of the four kinds, whatever its words say.

    The other reading is then the one that the words had been given.
    """
    people = people_in(text, now)
    asked = read(text, now, people)
    if read_as == "content":
        made = of_content(text, people, asked)
    elif read_as == "experts":
        subject = _subject(text, asked)
        made = of_experts(text, experts_frame(text) or ExpertFrame(subject, None, False), now)
    elif read_as == "person":
        person = read_person(text, people, now)
        made = of_person(text, people, person.ask, person.topic)
    else:
        made = of_catalogue(text, "it asks for papers", asked, now)
    about = natural.topic or ""
    if natural.route == "catalogue":
        about = with_names(said_all(natural.conditions), people) or f"about {about}"
    parts = {**made.parts, "other": natural.route, "near": False, "about": about, "wanted": read_as}
    return replace(made, reason=f"as wanted; {made.reason}", parts=parts)


def _names(people: Sequence[Mention]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for m in people for name in m.names))


def _subject(text: str, asked: Asked) -> str:
    """What a question is about, without the words that ask."""
    said = " ".join((asked.ask.topic or text).strip(" ?.!").split())
    return trimmed(said, _telling) or said.rpartition(" ")[2]


def _telling(word: str) -> bool:
    return bool(telling_words(word)) and not _ASKING.fullmatch(word)
