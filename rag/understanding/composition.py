"""Puts a query together from the parts that the slots of a question give.

A flat list of rules, one builder a want: a part goes into the query, or it stays unread and is said to
be. Nothing here reads English beyond the slots' own words.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from rag.library.view import LibraryView
from rag.text import join_names
from rag.text.numbers import parse_bounds, parse_number
from rag.types.fields import FIELDS, Condition, QueryError, Range
from rag.types.query import (
    NEW_DATA,
    READING_ORDER,
    Detail,
    Form,
    Measure,
    Order,
    Part,
    PersonRef,
    Query,
    Reading,
    RelationKind,
    Topic,
    Want,
)
from rag.understanding.entities import (
    Entities,
    find_described,
    read_said,
    simplify,
)
from rag.understanding.field_words import read_attribute, read_order
from rag.understanding.frame_types import Frame, Slot
from rag.understanding.slots import SlotParts, clean_words, read_slots

_CONTENT: frozenset[str] = frozenset({"passages", "overview", "comparison"})


def compose(
    frame: Frame,
    entities: Entities,
    library: LibraryView,
    focus: tuple[str, ...] = (),
    people: tuple[str, ...] = (),
) -> Reading:
    """The reading of one question.

    Args:
        frame: What the heads make of it.
        entities: What look-ups found in the same words.
        library: Whose people, papers and values are meant.
        focus: Ids of the papers that the conversation is about, where the question names none.
        people: Names that the conversation is about, where the question names none.
    """
    parts = read_slots(frame, entities, library)
    text = frame.question
    if not parts.papers and not parts.described:
        parts.papers += focus
    if not parts.people:
        here = Slot(0, 0, "person", "")
        parts.people += [(PersonRef(name, (name,)), here) for name in people]
    built: list[tuple[float, Query]] = []
    for label, probability in frame.wants[:4]:
        # "how many percent of the papers from 2023": "how many" alone sounds like a count.
        label = "share" if label == "count" and _PERCENT.search(text) else label
        try:
            query = _build(label, frame, parts, text)
        except QueryError:  # a want that these parts cannot make, such as an order by a venue
            continue
        if query is not None and all(query != other for _, other in built):
            built.append((probability, query))
    if not built:
        built.append((0.0, _build_content("passages", frame, parts, text)))
    (confidence, query), *others = built
    label = f"{query.want} {query.relation}" if query.relation else query.want
    evidence = (
        f"{confidence:.0%}: {', '.join(frame.evidence)}" if frame.evidence else f"{confidence:.0%}"
    )
    parts.steps.insert(0, Part("want", label, evidence=evidence))
    return Reading(
        query,
        frame.question,
        reason=describe_want(query),
        parts=tuple(parts.steps),
        unread=tuple(_list_unread(query, parts)),
        others=tuple(other for _, other in others[:2]),
        is_close=bool(others) and confidence < CLOSE,
        # "which abstracts mention Market-1501": what two papers are called is a topic there.
        notes=tuple(dict.fromkeys([*parts.notes, *(parts.paper_notes if query.papers else ())])),
        confidence=confidence,
    )


_PERCENT = re.compile(
    r"\b(?:per ?cent(?:age)?|proportion|fraction|share of)\b|\d?\s%", re.IGNORECASE
)
CLOSE = 0.9
"""Below this probability the other reading is offered: above it the first was right in 342 of 342."""


def describe_want(query: Query) -> str:
    """Why the question was read so, as a clause."""
    who = join_names(person.typed for person in query.people)
    if query.want in _CONTENT:
        return {"overview": "it asks for an overview", "comparison": "it compares"}.get(
            query.want, "it asks what papers say"
        )
    if query.want == "aside":
        return (
            "it is small talk" if query.route == "smalltalk" else "nothing in it can be looked up"
        )
    if query.want == "people" and query.relation is None:
        return "it looks for people on a topic" if query.about else "it ranks people"
    if query.relation in ("authors", "first_author", "common_authors"):
        return "it asks who wrote a paper"
    if query.people:
        return f"it is about {who}"
    if query.want == "values":
        return "it asks what the entry of a paper says"
    return "it asks for papers"


# --- queries --------------------------------------------------------------------------------


def _build(label: str, frame: Frame, parts: SlotParts, text: str) -> Query | None:
    """The query of one want; None where what it needs is not there."""
    want, _, relation = label.partition(" ")
    # "novelty percentage shown for Shiming Ge": a figure of somebody named is a value.
    if want in _CONTENT and parts.people and not parts.topics and _has_figure(parts):
        want = "values"
    # "summarise Shiming Ge's papers" is the person's portrait.
    names_paper = bool(parts.papers or parts.described)
    if want == "overview" and parts.people and not (parts.topics or names_paper):
        return _build_profile("profile", "", frame, parts)
    # "tell me about GazeForensics", "tell me about xylophones": what is not a topic here is asked of what
    # papers say; an overview without a topic is of the library.
    is_of_library = not parts.has_unknown or _OF_LIBRARY.search(parts.question)
    if want == "overview" and not parts.topics and (names_paper or not is_of_library):
        want = "passages"
    detail = frame.asks_for[0][0] if frame.asks_for else ""
    if want == "passages" and parts.topics and not names_paper and detail in _DETAILS_OF_SEVERAL:
        want = "overview" if _OF_PAPERS.search(parts.question) else want
    if want in _CONTENT:
        content = _build_content(cast("Want", want), frame, parts, text)
        is_list = want == "overview"
        content = _read_stated(_read_reading_order(content, parts), parts) if is_list else content
        return _read_new_data(content, parts)
    if want == "aside":
        kind = frame.what[0][0] if frame.what else "greeting"
        # "any Google papers?": a list that cannot be made is no small talk for that.
        if frame.wants[0][0] != "aside" and frame.wants[0][1] > _LIKELY:
            kind = "unsupported"
        return Query("aside", what=kind)
    builder = _BUILDERS.get(want)
    query = builder(want, relation, frame, parts) if builder else None
    if query is not None and query.want in ("papers", "count", "extreme"):
        query = _read_new_data(_read_stated(_read_reading_order(query, parts), parts), parts)
    # "which paper is about gait?": a list of everything is no answer to a word that nothing used.
    return None if query is not None and parts.has_unknown and _is_of_everything(query) else query


_OF_PAPERS = re.compile(
    r"\b(?:do|did|have|are|were|in|by|of|across|among|from) (?:[\w-]+ ){0,4}?(?:papers|works|studies|articles|authors|researchers|people)\b"
    r"|\b(?:anywhere|everywhere|across the board)\b",
    re.IGNORECASE,
)
"""Holders of a detail that are papers at large: "which data sets do the deepfake papers test on?"."""
_READS_FIRST = re.compile(
    r"\bread(?:ing)?\b[^.?!]{0,60}\b(?:first|order)\b|\bfirst\b[^.?!]{0,20}\bread\b|\border\b[^.?!]{0,60}\bread\b"
    r"|\b(?:should|to|do|can|could|would) (?:\w+ ){0,3}?(?:start|begin)\b|\b(?:which|what) (?:paper|one) first\b"
    r"|\bpapers?\b[^.?!]{0,30}\bmost important\b|\bmost important (?:\w+ )?papers?\b",
    re.IGNORECASE,
)
"""Words that ask where to begin: papers are then told by a few of them, each with its reason."""


def _read_reading_order(query: Query, parts: SlotParts) -> Query:
    if query.want == "count" or query.papers or not _READS_FIRST.search(parts.question):
        return query
    return Query("papers", where=query.where, about=query.about, k=query.k, what=READING_ORDER)


_BRINGS = (
    r"(?:propos|introduc|present|releas|publish|contribut|creat|construct|collect|buil[dt]|provid|mak|made|offer|bring|give|"
    r"gave|com(?:e|es|ing) with)\w*"
)
_DATA = r"(?:data ?sets?|benchmarks?|test ?sets?|corpus|corpora)"
_DATA_OF_SEVERAL = r"(?:data ?sets|benchmarks|test ?sets|corpora)"
_NEW_DATA = re.compile(
    rf"\b(?:papers|works|articles|studies|authors|any(?:one|body| paper)|which ones)\b[^.?!]{{0,40}}?\b{_BRINGS}\b"
    rf"[^.?!]{{0,40}}?\b{_DATA}\b"
    rf"|\b(?:new|own)(?: \w+)? {_DATA_OF_SEVERAL}\b"
    rf"|\b{_DATA_OF_SEVERAL}\b[^.?!]{{0,60}}?\b(?:were|are|was|is|been|got|being|they)(?: \w+)? {_BRINGS}\b",
    re.IGNORECASE,
)
"""Words that ask for the papers that bring data: "which papers propose a new dataset" listed them all."""
_DATA_WORDS = re.compile(
    rf"\b(?:(?:an?|the|any|some|which|what|their|its) ){{0,3}}(?:(?:new|own|public|large-scale) ){{0,3}}{_DATA}\b(?: (?:for|on|of|in|about)\b)?",
    re.IGNORECASE,
)


def _read_new_data(query: Query, parts: SlotParts) -> Query:
    if (
        query.want not in ("papers", "count", "overview", "passages", "people")
        or parts.papers
        or parts.people
        or query.what
        or not (asked := _NEW_DATA.search(parts.question))
    ):
        return query
    about = _build_topic(parts) if parts.topics else None
    words = clean_words(_DATA_WORDS.sub(" ", about.words)) if about else ""
    if (step := Part("want", NEW_DATA, asked[0])) not in parts.steps:
        parts.steps.append(step)
    parts.leftover = ""
    want: Want = "count" if query.want == "count" else "papers"
    return Query(
        want,
        where=parts.where,
        about=Topic(words, about.without if about else "") if words else None,
        what=NEW_DATA,
        k=query.k,
    )


_LIMITATIONS = re.compile(r"\blimitations?\b", re.IGNORECASE)


def _read_stated(query: Query, parts: SlotParts) -> Query:
    """What papers state is no topic: "which papers state a limitation?" asks for a role of sentences."""
    stated = read_said(query.topic) or read_said(parts.leftover)
    is_limited = query.about or query.where or query.people or query.papers
    if not is_limited and (asked := _LIMITATIONS.search(parts.question)):
        stated = read_said(asked[0])
        parts.steps.append(Part("where", "role = limitation", asked[0]))
    if not stated:
        return query
    if read_said(parts.leftover):
        parts.leftover = ""
    want: Want = "papers" if query.want == "overview" else query.want
    return replace(
        query, want=want, about=None, asks_for=None, text="", where=(*query.where, stated)
    )


_LIKELY = 0.5
_OF_LIBRARY = re.compile(
    r"\b(?:library|libraries|collection|corpus|archive|database|here|new|newest|latest|topics?|themes?|papers are there)\b",
    re.IGNORECASE,
)
"""Words for all that is here; they are no topic."""


def _is_of_everything(query: Query) -> bool:
    """Whether a list, count or ranking is limited by nothing."""
    query = replace(query, k=None, form=Form(), asks_for=None)
    by_author = (Query("people", by=("author",)), Query("count", by=("author",)))
    return query in (Query("papers"), Query("count"), *by_author)


def _has_figure(parts: SlotParts) -> bool:
    return any(FIELDS[name].of == "person" for name in parts.attributes)


def _build_content(want: Want, frame: Frame, parts: SlotParts, text: str) -> Query:
    detail = frame.asks_for[0][0] if frame.asks_for and want != "comparison" else ""
    # "summarise the work on drones": an overview has a detail only where each paper can tell it.
    is_told = detail in _DETAILS_OF_SEVERAL and not (
        detail in ("problem", "result") and _ASKS_WHAT_IS_NEW.search(text)
    )
    detail = "" if want == "overview" and not is_told else detail
    sides = _list_sides(parts) if want == "comparison" else ()
    about = _build_topic(parts) if want == "overview" else Topic(all_of=sides) if sides else None
    return Query(
        want,
        where=parts.where if want == "overview" else (),
        about=about,
        people=parts.names,
        asks_for=cast("Detail", detail) if detail else None,
        form=parts.form,
        text=text,
    )


_ASKS_WHAT_IS_NEW = re.compile(
    r"\bwhat(?:['’]?s| is| has been|)\b.{0,20}\b(?:new|came out|come out|appeared|published|happen\w*)\b",
    re.IGNORECASE,
)
"""``what came out on tracking since 2024``: each paper by its idea, not by its results."""
_DETAILS_OF_SEVERAL = ("problem", "cause", "limitation", "data", "metric", "result", "link")


def _list_sides(parts: SlotParts) -> tuple[str, ...]:
    """What a comparison sets side by side: the papers and topics it names, in order."""
    papers = [p.words for p in parts.steps if p.slot == "papers"]
    named = (
        papers
        if len(papers) > 1
        else [p.words for p in parts.steps if p.slot in ("papers", "about")]
    )
    return tuple(clean_words(words) for words in named[:4]) if len(named) > 1 else ()


def _build_topic(parts: SlotParts, *, each: bool = False) -> Topic | None:
    """The topic slots as one; ``each``: several topics of which people must have papers on all."""
    # "Which papers use Mamba?": nothing else limits the list, so the unknown word is what it is about.
    if not parts.topics and not parts.where and not parts.people and parts.leftover:
        return Topic(parts.leftover, " or ".join(parts.without))
    if not parts.topics:
        return Topic(without=join_names(parts.without)) if parts.without else None
    texts = [clean_words(slot.text) for slot in parts.topics]
    if len(texts) == 1:
        words = texts[0]
    else:
        start, end = parts.topics[0].start, parts.topics[-1].end
        between = parts.question[start:end]
        words = clean_words(between) if len(between) < 120 else join_names(texts)
    without = " or ".join(parts.without)
    if each and len(texts) > 1:
        return Topic(" and ".join(texts), without, tuple(texts))
    return Topic(words, without)


def _get_limit(parts: SlotParts) -> int | None:
    for slot in parts.numbers:
        words = slot.text.split()
        if (n := parse_number(slot.text) or parse_number(words[-1] if words else "")) and n > 0:
            return n
    return None


def _get_bounds(parts: SlotParts) -> Range | None:
    """Papers that each person must have: ``at least three``, ``more than 10 papers``."""
    for slot in parts.numbers:
        bounds = parse_bounds(slot.text)
        if bounds is not None and (bounds.low != bounds.high or "exactly" in slot.text.lower()):
            return bounds
    return None


def _build_people(want: str, relation: str, frame: Frame, parts: SlotParts) -> Query | None:
    if relation in ("authors", "first_author", "common_authors"):
        return _build_authors(relation, parts)
    if relation:  # coauthors and the like
        if not parts.people:
            return None
        kind = cast("RelationKind", relation)
        if len(parts.people) < 2 and relation == "common_coauthors":
            kind = "coauthors"
        about = _build_topic(parts) if kind in ("coauthors", "top_coauthor") else None
        return Query("people", people=parts.names, relation=kind, where=parts.where, about=about)
    bounds = _get_bounds(parts)
    where = parts.where
    if parts.without_people:
        besides = tuple(n for p in parts.without_people for n in (p.names or (p.typed,)))
    else:
        besides = ()
    topic = _build_topic(parts, each=_has_each(parts))
    like = ""
    if topic is None and (parts.papers or parts.described):
        like = parts.papers[0] if parts.papers else ""
        paper = parts.library.get_paper(like) if like else None
        words = paper.name if paper else parts.described[0]
        topic = Topic(words)
    recent = parts.order is not None and parts.order.field == "date"
    if topic is not None and (topic.words or topic.all_of):
        if bounds is not None:
            where = (*where, Condition("n_papers", "is", simplify(bounds)))
        return Query(
            "people",
            where=where,
            about=topic,
            like=like,
            besides=besides,
            order=Order("date") if recent else _read_count_order(parts),
            k=None if bounds else _get_limit(parts),
        )
    if parts.people:
        return None
    # "Who has published both in 2019 and in 2022?"
    if "both" in parts.question.lower().split():
        where = tuple(
            Condition(c.field, "in_each", c.values)
            if (c.field, c.operator) == ("year", "in")
            else c
            for c in where
        )
    if bounds is not None:
        where = (*where, Condition("n_papers", "is", simplify(bounds)))
    by = parts.role if parts.role in ("first_author", "last_author", "page") else "author"
    order = parts.order if parts.order and FIELDS[parts.order.field].of == "person" else None
    if order is None and parts.is_least_first:
        order = Order("n_papers", "ascending")
    by_figure = order is not None and order.field in (
        "h_index",
        "n_citations",
        "novelty",
        "ai_score",
    )
    return Query(
        "people",
        by=(order.field,) if by_figure and order else (by,),
        where=where,
        besides=besides,
        order=order,
        k=None if bounds else _get_limit(parts),
    )


def _read_count_order(parts: SlotParts) -> Order | None:
    """``who has the most papers on deepfakes?``: people by how many they have."""
    return Order("n_papers") if _MOST_PAPERS.search(parts.question) else None


_MOST_PAPERS = re.compile(
    r"\b(?:most (?:papers|work|works|articles|publications|entries|studies)|publish(?:ed|es)?(?: the)? most|most often|most prolific)\b",
    re.IGNORECASE,
)


def _has_each(parts: SlotParts) -> bool:
    """Whether people must have papers on each of several topics: ``both masks and drones``."""
    if len(parts.topics) < 2:
        return False
    head = parts.question[: parts.topics[0].start].lower()
    between = parts.question[parts.topics[0].end : parts.topics[-1].start].lower()
    return head.rstrip().endswith("both") or any(
        words in between
        for words in ("as well as", "and also", "but also", "together with", "plus")
    )


_PAPER_NOUN = re.compile(
    r"\b(?:papers?|articles?|stud(?:y|ies)|work|entry|publication|one|preprint|data\s?set|method|that|which)\b",
    re.IGNORECASE,
)


_OF_PEOPLE = re.compile(
    r"\b(?:who|whom|whose|authors?|authored|written|wrote|writers?|people|persons?|team|group|researchers?|scientists?|by whom)\b",
    re.IGNORECASE,
)


def _build_authors(relation: str, parts: SlotParts) -> Query | None:
    kind = cast("RelationKind", relation)
    # "names of the two modules of DuetFace": something else of the paper than its people
    if (parts.leftover or parts.has_unknown) and not _OF_PEOPLE.search(parts.question):
        return None
    if parts.papers:
        if relation == "common_authors" and len(parts.papers) < 2:
            kind = "authors"
        return Query("people", papers=tuple(parts.papers), relation=kind)
    description = parts.described[0] if parts.described else ""
    # "who wrote about label noise?" asks for people on a topic, "who wrote the paper on it" for authors.
    if (
        not description
        and parts.topics
        and relation == "authors"
        and not _PAPER_NOUN.search(parts.question)
    ):
        return Query("people", about=_build_topic(parts), where=parts.where)
    topic = Topic(description) if description else _build_topic(parts)
    if topic is None or not topic.words:
        return None
    if paper_id := find_described(topic.words, parts.library):
        return Query("people", papers=(paper_id,), relation=kind)
    return Query("people", about=topic, relation=kind)


def _build_profile(want: str, relation: str, frame: Frame, parts: SlotParts) -> Query | None:
    if not parts.people:
        return None
    kind = cast("RelationKind | None", relation or None)
    has_limits = parts.topics or parts.without or parts.conditions or _list_marks(parts)
    if kind is None and has_limits:
        return _build_papers("papers", "", frame, parts)
    what = (join_names(parts.attribute_words) or "that") if kind == "not_stated" else ""
    return Query("profile", people=parts.names, relation=kind, what=what)


def _list_marks(parts: SlotParts) -> list[Condition]:
    """What a question of yes or no asks papers to have: ``did Taiping Yao release any code?``."""
    flags = [name for name in parts.attributes if FIELDS[name].type == "flag"]
    return [Condition(name, "is", True) for name in flags if _YES_NO.match(parts.question)]


def _build_papers(want: str, relation: str, frame: Frame, parts: SlotParts) -> Query | None:
    counting = want == "count"
    if relation in ("shared", "coauthors"):
        if not parts.people:
            return None
        kind = cast("RelationKind", relation)
        limited = parts.without_people or parts.conditions or parts.topics
        if relation == "shared" and (len(parts.people) < 2 or limited):
            return _build_papers(want, "", frame, parts)
        yes_no: Detail | None = "yes_no" if _YES_NO.match(parts.question) and not counting else None
        return Query(
            "count" if counting else "papers", people=parts.names, relation=kind, asks_for=yes_no
        )
    where = [*parts.where]
    for person in parts.without_people:
        where.append(Condition("author", "lacks", person.names or (person.typed,)))
    topic = _build_topic(parts)
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
    where += _list_marks(parts)
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
    finish = _FINISHERS.get(want)
    return finish(query, frame, parts) if finish else _finish_papers(query, frame, parts)


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


def _finish_papers(query: Query, frame: Frame, parts: SlotParts) -> Query | None:
    # "papers like DuetFace": of the same topic, without itself.
    if parts.papers and not query.about:
        paper = parts.library.get_paper(parts.papers[0])
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
    is_alone = not frame.links or frame.links[0][0] in ("new", "those_people")
    if order is None and is_alone and (asked := _ENDS.search(parts.question)):
        order = read_order(asked.group())
    return replace(query, order=order, k=_get_limit(parts))


_BY_DATE = re.compile(r"\b(?:newest|latest|most recent|oldest|earliest)\b", re.IGNORECASE)
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
    bounds = _get_bounds(parts)
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
    k = _get_limit(parts)
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
    r"\b(?:most|fewest|least|busiest|largest|smallest|biggest|highest|lowest)\b", re.IGNORECASE
)


def _get_measure(frame: Frame) -> Measure:
    """``average`` and the like only where the head is sure: "papers per year" is no average."""
    is_of_values = sum(p for label, p in frame.wants if label == "values") > 0.15
    if frame.measures and is_of_values and frame.measures[0][1] > 0.5:
        return cast("Measure", frame.measures[0][0])
    return "each"


def _finish_extreme(query: Query, frame: Frame, parts: SlotParts) -> Query | None:
    if parts.order is None:
        return None
    order = parts.order
    # "which paper is most cited?" is asked of papers, which have no such figure.
    if FIELDS[order.field].of == "person" and not _PAPER_NOUN.search(parts.question):
        return Query("people", by=(order.field,), order=order)
    return replace(query, want="extreme", order=order, k=_get_limit(parts))


_FINISHERS: dict[str, Callable[[Query, Frame, SlotParts], Query | None]] = {
    "count": _finish_count,
    "share": _finish_share,
    "groups": _finish_groups,
    "extreme": _finish_extreme,
}


def _build_values(want: str, relation: str, frame: Frame, parts: SlotParts) -> Query | None:
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
        return replace(_require(_build_papers("papers", "", frame, parts)), want="values", by=fields[:1],
                       measure=measure, order=None, k=None)  # fmt: skip
    if not parts.papers:
        return None
    return Query("values", by=fields, papers=tuple(parts.papers))


_OF_SOMEBODY = re.compile(
    r"\b(?:of|for)\s+(?:the|my|our|this|that)\s+([^\W\d_]{3,30})\W*$", re.IGNORECASE
)


def _require(query: Query | None) -> Query:
    return query or Query("papers")


_BUILDERS: dict[str, Callable[[str, str, Frame, SlotParts], Query | None]] = {
    "people": _build_people,
    "profile": _build_profile,
    "papers": _build_papers,
    "count": _build_papers,
    "share": _build_papers,
    "groups": _build_papers,
    "extreme": _build_papers,
    "values": _build_values,
}


def _list_unread(query: Query, parts: SlotParts) -> list[str]:
    """Words of slots that the query has no place for."""
    unread = list(parts.unread)
    if parts.leftover and query.want not in (*_CONTENT, "aside") and query.topic != parts.leftover:
        unread.append(parts.leftover)
    if query.want in ("profile", "values", "aside") or query.relation is not None:
        unread += [clean_words(s.text) for s in parts.topics if not query.about]
        if not query.where:
            # "github of SpMT": the words that ask for a field are read by it.
            unread += [
                p.words
                for p in parts.steps
                if p.slot == "where"
                and p.printed != parts.role
                and read_attribute(p.words) not in (*query.by, *(("code",) * ("link" in query.by)))
                and p.words not in parts.telling_apart
            ]
    return list(dict.fromkeys(filter(None, unread)))
