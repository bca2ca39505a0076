"""What a turn's own words give, whatever it asks: topics, conditions, people, papers, fields, an order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from rag.library.view import LibraryView, PrintedField
from rag.text import STOP_WORDS, fold, join_names, split_terms
from rag.text.everyday import is_everyday
from rag.types.fields import FIELDS, Condition, Range
from rag.types.query import Form, Order, PersonRef, Topic
from rag.understanding.entities import Entities, read_flag
from rag.understanding.field_words import list_attributes, read_group, read_order
from rag.understanding.frame_types import Frame
from rag.understanding.paper_queries import build_author, build_topic, get_limit
from rag.understanding.slot_completion import list_free_words
from rag.understanding.slots import read_slots


@dataclass(frozen=True, slots=True)
class Pieces:
    """The parts of a turn.

    Attributes:
        topic: Named, without what is excluded; ``without`` is that.
        where: Conditions, but for people named.
        authors: Conditions of the people named, in their role; ``excluded`` of those not wanted.
        people: Named; ``besides`` those not wanted.
        attributes: Fields asked for, in the words ``asked``; ``groups`` those grouped by.
        role: The field of people named or spoken of: ``first_author``; may be empty.
        flags: Conditions that words outside all slots may mean: ``solo``, ``reviews``.
    """

    topic: Topic | None = None
    without: str = ""
    where: tuple[Condition, ...] = ()
    authors: tuple[Condition, ...] = ()
    excluded: tuple[Condition, ...] = ()
    people: tuple[PersonRef, ...] = ()
    besides: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    order: Order | None = None
    k: int | None = None
    role: str = ""
    flags: tuple[Condition, ...] = ()
    form: Form = Form()
    asked: str = ""


def take_apart(
    frame: Frame, entities: Entities, library: LibraryView, spoken: Sequence[str] = ()
) -> Pieces:
    """The pieces of a question as the tagger has it; a name of several people is of one ``spoken`` of."""
    parts = read_slots(frame, entities, library)
    question = frame.question
    people = tuple(choose_spoken(p, spoken) for p in parts.names)
    if not people and not parts.without_people:
        name = _find_spoken(question, spoken) or _find_called(question, library)
        people = (PersonRef(name, (name,)),) if name else ()
    topic = build_topic(parts) if parts.topics else None
    topic = Topic(topic.words) if topic and topic.words else None
    role = parts.role if parts.role and FIELDS[parts.role].type == "person" else ""
    if not role and (match := _ROLE.search(question)):
        role = "last_author" if match["last"] else "first_author"
    free = " ".join(list_free_words(question, frame.slots))
    flags = [c for c in (read_flag(free, is_negative=False), *_read_company(question)) if c]
    attributes = tuple(dict.fromkeys((*parts.attributes, *list_attributes(question))))
    groups = tuple(dict.fromkeys(filter(None, (*parts.groups, read_group(question)))))
    without = [choose_spoken(p, spoken) for p in parts.without_people]
    besides = tuple((p.names or (p.typed,))[0] for p in without)
    return Pieces(
        topic,
        " or ".join(parts.without),
        tuple(c for c in parts.where if FIELDS[c.field].type != "person"),
        (*(build_author(p, role) for p in people),
         *(c for c in parts.where if FIELDS[c.field].type == "person")),
        tuple(Condition("author", "lacks", (name,)) for name in besides),
        people,
        besides,
        tuple(parts.papers),
        attributes,
        groups,
        parts.order or read_order(question),
        get_limit(parts),
        role,
        tuple(f for f in dict.fromkeys(flags) if f.operator == "is" and f not in parts.where),
        parts.form,
        join_names(parts.attribute_words),
    )  # fmt: skip


def read_as_values(pieces: Pieces, question: str, library: LibraryView) -> Iterator[Pieces]:
    """The same, with the topic for what papers print in a field: ``only Immunity``, ``karolinska ones``."""
    yield from _read_otherwise(pieces, library)
    topic = fold(pieces.topic.words) if pieces.topic else ""
    if not topic or len(topic.split()) > _MOST_WORDS:
        return
    # "hers with binaries as keyword", "on atmospheres, keyword atmospheres"
    if _KEYWORD.search(question) and (keyword := _KEYWORD.sub("", topic).strip()):
        part = Condition("keyword", "is", keyword)
        yield replace(pieces, topic=None, where=(*pieces.where, part))
    # "galaxies instead of stars"
    if (cut := RATHER.search(topic)) and (before := topic[: cut.start()].strip(" ,")):
        yield replace(pieces, topic=Topic(before))
    # "Grace Kimani on the same virus": what was spoken of
    if _SAME.match(topic):
        yield replace(pieces, topic=None)
    # "and of the stellar ones", "the development ones": a category by a word of it
    terms = {*split_terms(topic)} - STOP_WORDS - {"one"}
    for category in library.categories if terms else ():
        if terms < {*split_terms(category)}:
            part = Condition("category", "is", category)
            yield replace(pieces, topic=None, where=(*pieces.where, part))
    fields: tuple[PrintedField, ...] = get_args(PrintedField)
    for field, values in library.list_printed(dict.fromkeys(fields, (topic,))).items():
        for value in values.values():
            yield replace(pieces, topic=None, where=(*pieces.where, Condition(field, "is", value)))
    # "Polish university Krakow": a word that only affiliations have
    words = {
        w for w in (topic, *topic.split()) if len(w) > 2 and not library.vocabulary.lower.get(w)
    }
    for word in sorted(words, key=lambda w: (w != topic, w)):
        if word in library.vocabulary.places:
            part = Condition("affiliation", "contains", word)
            yield replace(pieces, topic=None, where=(*pieces.where, part))


def _read_otherwise(pieces: Pieces, library: LibraryView) -> Iterator[Pieces]:
    """What is printed as a venue may be meant as a category or a topic: "oldest in labour economics"."""
    for c in pieces.where:
        if c.field not in ("venue", "category") or not isinstance(c.value, str):
            continue
        rest = tuple(o for o in pieces.where if o != c)
        other: PrintedField = "category" if c.field == "venue" else "venue"
        for value in library.list_printed({other: (fold(c.value),)})[other].values():
            yield replace(pieces, where=(*rest, Condition(other, "is", value)))
        if pieces.topic is None and not c.is_negative:
            yield replace(pieces, where=rest, topic=Topic(c.value))


_MOST_WORDS = 5
_KEYWORD = re.compile(r"(?:\b(?:as|with|in|under|the) ){0,3}\bkeywords?\b", re.IGNORECASE)
RATHER = re.compile(r"\b(?:instead|rather|not)\b", re.IGNORECASE)
"""What stands behind it is not wanted."""
_SAME = re.compile(r"(?:the same|same|that|this|these|those)\b")


def choose_spoken(person: PersonRef, spoken: Sequence[str]) -> PersonRef:
    """The person with the one spoken of who is called so, where the library alone cannot tell."""
    if len(person.names) == 1:
        return person
    typed = {*fold(person.typed).split()}
    name = next((n for n in spoken if typed and typed <= {*fold(n).split()}), "")
    return PersonRef(person.typed, (name,)) if name else person


def _find_spoken(question: str, spoken: Sequence[str]) -> str:
    """Somebody spoken of whose family name stands in the question though the tagger saw no person."""
    words = {word for word in fold(question).split() if len(word) > 2}
    # a name in another script may fold to nothing
    return next((name for name in spoken if words & {*fold(name).split()[-1:]}), "")


def _find_called(question: str, library: LibraryView) -> str:
    """Somebody of the library whose family name alone is typed, in small letters: ``hansson?``."""
    for word in re.findall(r"[^\W\d_][\w-]{3,}", question)[:_MOST_ASKED]:
        if library.vocabulary.any.get(word.lower()) or is_everyday(word.lower()):
            continue
        mention = library.names.resolve(word, with_similar=False)
        if (
            mention is not None
            and len(mention.names) == 1
            and mention.how in ("exact", "family", "partial")
        ):
            return mention.names[0]
    return ""


_MOST_ASKED = 12
_ROLE = re.compile(
    r"\b(?:first|lead|leads|leading|led|1st|main|heads?|heading|headed|(?P<last>last|senior))\b",
    re.IGNORECASE,
)
_ALONE = re.compile(
    r"\b(?:alone|solo|sole|single[ -]?(?:author\w*|hand\w*)|(?:him|her|them)self|on (?:his|her|their) own"
    r"|(?:no|without|w/o)(?: any)? (?:co-?authors?|others|anybody else|anyone else))\b",
    re.IGNORECASE,
)


_JOINT = re.compile(
    r"\b(?:joint(?:ly)?|together|not (?:alone|solo)|with (?:others|somebody|someone)|collaborat\w*|co-?(?:authored|written))\b",
    re.IGNORECASE,
)
_TWO = re.compile(
    r"\b(?:(?:just|only) (?:the two|those two|both)|without (?:a )?third|nobody else|no one else)\b",
    re.IGNORECASE,
)


def _read_company(question: str) -> Iterator[Condition]:
    """How many wrote a paper, in words: alone, with others, just two."""
    if _ALONE.search(question):
        yield Condition("n_authors", "is", 1)
    if _JOINT.search(question):
        yield Condition("n_authors", "is", Range(2, None))
    if _TWO.search(question):
        yield Condition("n_authors", "is", 2)
