"""Queries of papers: lists, counts, shares, groups, extremes, and values of their fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

from rag.text import fold, join_names
from rag.text.analysis import split_sentences
from rag.text.numbers import parse_bounds, parse_number
from rag.types.fields import FIELDS, Condition, Range
from rag.types.query import Detail, Measure, Order, PersonRef, Query, RelationKind, Topic
from rag.understanding.entities import find_described, simplify
from rag.understanding.field_words import read_attribute, read_order
from rag.understanding.frame_types import Frame
from rag.understanding.slots import SlotParts, clean_words

MOST_WORDS_A_TOPIC = 9
"""Words of a question to each word that is taken for its topic because nothing else uses it."""


def build_topic(parts: SlotParts, *, each: bool = False) -> Topic | None:
    """The topic slots as one; ``each``: several topics of which people must have papers on all."""
    # "Which papers use Mamba?": nothing else limits the list, so the unknown word is what it is about.
    is_timed = all(c.field in ("year", "month", "date") for c in parts.where)
    # "I want to protect my photos on the internet ...": one word of many is not what it is about.
    is_told = len(parts.leftover.split()) * MOST_WORDS_A_TOPIC >= len(parts.question.split())
    if not parts.topics and is_timed and not parts.people and parts.leftover and is_told:
        return Topic(parts.leftover, " or ".join(parts.without))
    if not parts.topics:
        return Topic(without=join_names(parts.without)) if parts.without else None
    # "We advise on cameras in public space. What do these papers say about masks?": the last sentence asks.
    asked_from = max(
        (start for start, _ in split_sentences(parts.question) if start <= parts.topics[-1].start),
        default=0,
    )
    topics = [slot for slot in parts.topics if slot.start >= asked_from] or parts.topics
    texts = [clean_words(slot.text) for slot in topics]
    if len(texts) == 1:
        words = texts[0]
    else:
        start, end = topics[0].start, topics[-1].end
        between = parts.question[start:end]
        is_one = len(between) < 120 and not any(
            _CLAUSE.search(parts.question[before.end : after.start])
            for before, after in zip(topics, topics[1:], strict=False)
        )
        words = clean_words(between) if is_one else join_names(_drop_pointing(texts))
    without = " or ".join(parts.without)
    if each and len(texts) > 1:
        return Topic(" and ".join(texts), without, tuple(texts))
    return Topic(words, without)


_CLAUSE = re.compile(r"[,;:.?!—–] ?\w{1,30} \w")
"""What parts two topics: ``fake videos of politicians, what have you got on recognizing them``."""


def _drop_pointing(topics: Sequence[str]) -> Sequence[str]:
    """Without those that only point at another: ``recognizing them``."""
    return [t for t in topics if not _POINTS.search(t)] or topics


_POINTS = re.compile(r"\b(?:them|it|this|these|those|that)$", re.IGNORECASE)


def get_limit(parts: SlotParts) -> int | None:
    for slot in parts.numbers:
        # "who of the three has the highest score?"
        if parts.question[: slot.start].lower().endswith("of the "):
            continue
        if (n := parse_number(slot.text)) is not None and n > 0:
            return n
    # "the three newest"
    orders = " ".join(p.words for p in parts.steps if p.slot == "order")
    n = parse_number(orders)
    return n if n is not None and 1 < n < 100 else None


def get_bounds(parts: SlotParts) -> Range | None:
    """Papers that each person must have: ``at least three``, ``more than 10 papers``."""
    for slot in parts.numbers:
        bounds = parse_bounds(slot.text)
        if bounds is not None and (bounds.low != bounds.high or "exactly" in slot.text.lower()):
            return bounds
    return None


PAPER_NOUN = re.compile(
    r"\b(?:papers?|articles?|stud(?:y|ies)|work|entry|publication|one|preprint|data\s?set|method|that|which)\b",
    re.IGNORECASE,
)


_ONE_PAPER = re.compile(r"\b(?:paper|article|study|publication|preprint)\b", re.IGNORECASE)


def list_marks(parts: SlotParts) -> list[Condition]:
    """What a question of yes or no asks papers to have: ``did Taiping Yao release any code?``."""
    flags = [name for name in parts.attributes if FIELDS[name].type == "flag"]
    return [Condition(name, "is", True) for name in flags if _YES_NO.match(parts.question)]


def build_papers(want: str, relation: str, frame: Frame, parts: SlotParts) -> Query | None:
    counting = want == "count"
    if relation in ("shared", "coauthors"):
        if not parts.people:
            return None
        kind = cast("RelationKind", relation)
        limited = parts.without_people or parts.conditions or parts.topics
        if relation == "shared" and (len(parts.people) < 2 or limited):
            return build_papers(want, "", frame, parts)
        yes_no: Detail | None = "yes_no" if _YES_NO.match(parts.question) and not counting else None
        return Query(
            "count" if counting else "papers", people=parts.names, relation=kind, asks_for=yes_no
        )
    where = [*parts.where]
    for person in parts.without_people:
        where.append(Condition("author", "lacks", person.names or (person.typed,)))
    topic = build_topic(parts)
    asks: Detail | None = "yes_no" if _YES_NO.match(parts.question) else None
    people: tuple[PersonRef, ...] = ()
    if parts.people:
        if want == "papers" and not parts.role and topic is not None:
            people = parts.names
        # "papers by De Cheng or Nannan Wang": of either
        elif len(parts.people) > 1 and not parts.role and _OR.search(_get_between(parts)):
            names = tuple(n for p in parts.names for n in (p.names[:1] or (p.typed,)))
            where.append(Condition("author", "in", names))
        else:
            where += [build_author(p, parts.role) for p in parts.names]
    elif parts.role == "page":
        where.append(Condition("page", "known"))
    where += list_marks(parts)
    query = Query(
        "papers",
        where=tuple(where),
        about=topic,
        people=people,
        papers=tuple(parts.papers) if want != "papers" or frame.links else (),
        asks_for=asks if want == "papers" and people else None,
        form=parts.form,
    )
    # "Which papers use Mamba?" with a paper called Mamba-CL, "all SoccerNet papers": the name is the topic.
    named = next((p.words for p in parts.steps if p.slot == "papers"), "")
    if named and not topic and (_USES.search(parts.question) or _is_kind(named, parts.question)):
        query = replace(query, about=Topic(clean_words(named)), papers=())
    # "papers which mention imagenet": those that have the word, and none that is close in meaning
    if (
        topic
        and _MENTIONS.search(parts.question)
        and fold(topic.words) in parts.library.vocabulary.coined
    ):
        mentioned = Condition("text", "contains", topic.words)
        query = replace(query, where=(*query.where, mentioned), about=None)
    finish = _FINISHERS.get(want)
    return finish(query, frame, parts) if finish else _finish_papers(query, frame, parts)


_MENTIONS = re.compile(r"\bmention(?:s|ed|ing)?\b", re.IGNORECASE)


def _is_kind(name: str, question: str) -> bool:
    """Whether a paper's name tells which papers are meant: ``all SoccerNet papers``."""
    return (
        re.search(rf"(?<!\w){re.escape(name)} (?:papers|studies|articles)\b", question) is not None
    )


def _get_between(parts: SlotParts) -> str:
    """The words from the first person named to the last."""
    slots = [slot for _, slot in parts.people]
    return parts.question[slots[0].end : slots[-1].start]


_OR = re.compile(r"\b(?:or|oder|ou)\b", re.IGNORECASE)


_YES_NO = re.compile(r"\s*(?:and\s+)?(?:did|does|has|is|do|have|are|was|were)\b", re.IGNORECASE)


def build_author(person: PersonRef, role: str = "") -> Condition:
    """Papers by a person, in a role if one is given; a name of several people stays as typed, to choose."""
    name = person.names[0] if len(person.names) == 1 else person.typed
    return Condition(role or "author", "is", name)


def limit_to_authors(names: Sequence[str]) -> Condition:
    """Papers by any of some people, of whom there is one or more."""
    name = names[0] if len(names) == 1 else tuple(names)
    return Condition("author", "is" if len(names) == 1 else "in", name)


def _finish_papers(query: Query, frame: Frame, parts: SlotParts) -> Query | None:
    # "papers like DuetFace", "like the one on robots in Italy": of the same topic, without itself.
    like = parts.papers[0] if parts.papers and not query.about else ""
    if query.about and not parts.papers and _LIKE_ONE.search(parts.question):
        like = find_described(query.topic, parts.library)
    if like:
        paper = parts.library.get_paper(like)
        if paper is not None:
            itself = Condition("paper", "not_in", (paper.paper_id,))
            query = replace(
                query,
                about=Topic(paper.name),
                like=paper.paper_id,
                papers=(),
                where=(*query.where, itself),
            )
    order = parts.order
    # "which are the 3 newest papers on diffusion": the tagger took the words for a plain limit, and
    # the list came by relevance. Of the papers just shown "the first two" are no oldest ones.
    if order is None and (asked := _BY_DATE.search(parts.question)):
        order = read_order(asked.group())
    # "his last three papers", but not "what did the first 1 publish"
    if order is None and (asked := _ENDS.search(parts.question)):
        link = frame.links[0][0] if frame.links else "new"
        if link == "new" or (link == "those_people" and "last" in asked.group().lower()):
            order = read_order(asked.group())
    return replace(query, order=order, k=get_limit(parts))


_LIKE_ONE = re.compile(
    r"\b(?:like|similar to|resembl\w+|akin to|close to|related to) (?:the|that|this) (?:one\b|[^.?!]{0,60}\b(?:paper|article|study|work)\b)",
    re.IGNORECASE,
)
_BY_DATE = re.compile(
    r"\b(?:newest|latest|(?:most )?recent(?:ly)?|oldest|earliest)\b|\b(?:any(?:thing)?|something|what(?:['’]?s| is| are)) new\b"
    r"|\bnew (?:papers?|works?|stud(?:y|ies)|research|publications?|articles?|stuff|ones?|developments?)\b",
    re.IGNORECASE,
)


_COUNTED = r"(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|dozen|few|couple)"


_ENDS = re.compile(
    rf"\b(?:first|last)\s+{_COUNTED}\b(?!\s+(?:authors?|names?|years?|months?|days?|weeks?|pages?))"
    rf"|\b{_COUNTED}\s+(?:very\s+)?(?:first|last|recent|new|old)\b(?!\s*authors?)",
    re.IGNORECASE,
)


_USES = re.compile(
    r"\b(?:us(?:e|es|ing|ed)|mention(?:s|ed|ing)?|report(?:s|ed|ing)? on|(?:evaluat|test|train)\w* on|build(?:s|ing)? on|cit(?:e|es|ing)|appl(?:y|ies|ying)|extend(?:s|ing)?|adopt(?:s|ing)?)\b",
    re.IGNORECASE,
)


def _finish_count(query: Query, frame: Frame, parts: SlotParts) -> Query | None:
    by = tuple(parts.groups[:1])
    bounds = get_bounds(parts)
    if bounds is not None and all(FIELDS[name].type == "person" for name in by):
        where = (*query.where, Condition("n_papers", "is", simplify(bounds)))
        return replace(query, want="count", by=by or ("author",), where=where)
    return replace(query, want="count", by=by)


def _finish_share(query: Query, frame: Frame, parts: SlotParts) -> Query | None:
    """What stands before the verb is the whole: ``what share of the papers from 2023 | have code``.

    The last part is what is asked of it: ``what share of Ann Mao's papers | is about masks``. A topic
    before a condition is of the whole: ``what share of the papers about masks | has code``.
    """
    if not query.where and query.about is None:
        return None
    at = {c: s.start for c, s in parts.conditions}
    authors = (build_author(person, parts.role) for person in parts.names)
    at |= {c: s.start for c, (_, s) in zip(authors, parts.people, strict=True)}
    # A part that the conversation gave was said before all others.
    order = sorted(query.where, key=lambda c: at.get(c, -1))
    topic_at = max((s.start for s in parts.topics), default=-1) if query.about else -1
    is_topic_asked = query.about is not None and topic_at >= max(
        map(lambda c: at.get(c, -1), order), default=-1
    )
    asked = () if is_topic_asked else tuple(order[-1:])
    base = tuple(c for c in query.where if c not in asked)
    return replace(query, want="share", where=asked, base=base, by=tuple(parts.groups[:1]))


def _finish_groups(query: Query, frame: Frame, parts: SlotParts) -> Query | None:
    if not parts.groups:
        return None
    measure = _get_measure(frame)
    ascending = parts.is_least_first
    k = get_limit(parts)
    # "which year has most papers?"
    if k is None and _MOST.search(parts.question):
        k = 1
    return replace(
        query,
        want="groups",
        by=tuple(parts.groups[:1]),
        k=k,
        measure=measure if measure in ("average", "median") else "each",
        order=Order("n_papers", "ascending") if ascending else None,
    )


_MOST = re.compile(
    r"\b(?:most|fewest|least|busiest|largest|smallest|biggest|highest|lowest|strongest|weakest|leanest|fattest|greatest|peak)\b",
    re.IGNORECASE,
)


def _get_measure(frame: Frame) -> Measure:
    """``average`` and the like only where the head is sure: "papers per year" is no average."""
    is_of_values = sum(p for label, p in frame.wants if label == "values") > 0.15
    if frame.measures and is_of_values and frame.measures[0][1] > 0.5:
        return cast("Measure", frame.measures[0][0])
    return "each"


def _finish_extreme(query: Query, frame: Frame, parts: SlotParts) -> Query | None:
    # "newest paper on dataset distillation": the word of an order is not always seen as one. Several are a list.
    if get_limit(parts) is None:
        parts.order = parts.order or read_order(parts.question)
    if parts.order is None:
        return None
    order = parts.order
    # "which paper is most cited?" is asked of papers, which have no such figure.
    if FIELDS[order.field].of == "person" and not PAPER_NOUN.search(parts.question):
        return Query("people", by=(order.field,), order=order)
    return replace(query, want="extreme", order=order, k=get_limit(parts))


_FINISHERS: dict[str, Callable[[Query, Frame, SlotParts], Query | None]] = {
    "count": _finish_count,
    "share": _finish_share,
    "groups": _finish_groups,
    "extreme": _finish_extreme,
}


def build_values(want: str, relation: str, frame: Frame, parts: SlotParts) -> Query | None:
    """Fields of named papers, figures of people, or the average of a field."""
    measure = _get_measure(frame)
    fields = tuple(dict.fromkeys(parts.attributes)) or tuple(parts.groups)
    if parts.order is not None and not fields:
        fields = (parts.order.field,)
    # "when was DuetFace posted?": the tagger may pass over the word that asks.
    if not fields and (parts.papers or parts.people) and (name := read_attribute(parts.question)):
        fields = (name,)
    if not fields:
        return None
    # "what is DuetFace? / coauthors of that paper?": those who wrote it
    if fields[0] == "n_coauthors" and parts.papers and not parts.people:
        return Query("people", papers=tuple(parts.papers), relation="authors")
    figures = tuple(name for name in fields if FIELDS[name].of == "person")
    if figures:
        # "the h-index on Shiming Ge's page": whose page it is, is whose figure it is.
        owners = tuple(
            PersonRef(str(c.value), (str(c.value),)) for c in parts.where if c.field == "page"
        )
        where = tuple(c for c in parts.where if c.field != "page")
        if parts.people or owners or not parts.papers:
            people = parts.names or owners
            # "citations of the teacher?": somebody is meant, though nobody of that name.
            if not people and (somebody := _OF_SOMEBODY.search(parts.question)):
                people = (PersonRef(somebody.group(1)),)
            return Query("values", by=figures, people=people, measure=measure, where=where)
        return Query("values", by=figures, papers=tuple(parts.papers))
    if measure != "each":
        return replace(_require(build_papers("papers", "", frame, parts)), want="values", by=fields[:1],
                       measure=measure, order=None, k=None)  # fmt: skip
    # "journal of the green tea study": a paper is meant, not papers on a topic
    topic = (
        parts.topics[0].text if len(parts.topics) == 1 and _ONE_PAPER.search(parts.question) else ""
    )
    described = find_described(topic, parts.library) if topic else ""
    papers = tuple(parts.papers) or tuple(filter(None, [described]))
    return Query("values", by=fields, papers=papers) if papers else None


_OF_SOMEBODY = re.compile(
    r"\b(?:of|for)\s+(?:the|my|our|this|that)\s+([^\W\d_]{3,30})\W*$", re.IGNORECASE
)


def _require(query: Query | None) -> Query:
    return query or Query("papers")
