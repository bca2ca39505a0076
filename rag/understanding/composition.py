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
from rag.text import STOP_WORDS, fold, iter_words, join_names, split_sentences
from rag.text.everyday import is_everyday
from rag.types.fields import FIELDS, IS_SURVEY, QueryError
from rag.types.query import (
    NEW_DATA,
    READING_ORDER,
    Detail,
    Form,
    Part,
    PersonRef,
    Query,
    Reading,
    Topic,
    Want,
)
from rag.understanding.entities import Entities, read_said
from rag.understanding.field_words import read_attribute
from rag.understanding.frame_types import Frame, Slot
from rag.understanding.paper_queries import build_papers, build_topic, build_values
from rag.understanding.people_queries import build_people, build_profile
from rag.understanding.set_requests import asks_for_subjects
from rag.understanding.slots import SlotParts, clean_words, read_slots

_CONTENT: frozenset[str] = frozenset({"passages", "overview", "comparison"})


def compose(
    frame: Frame,
    entities: Entities,
    library: LibraryView,
    focus: tuple[str, ...] = (),
    people: tuple[str, ...] = (),
    most: int = 4,
) -> Reading:
    """The reading of one question.

    Args:
        frame: What the heads make of it.
        entities: What look-ups found in the same words.
        library: Whose people, papers and values are meant.
        focus: Ids of the papers that the conversation is about, where the question names none.
        people: Names that the conversation is about, where the question names none.
        most: Readings that are made, one a want.
    """
    parts = read_slots(frame, entities, library)
    text = drop_told(frame)
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
        if len(built) == most:
            break
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


def drop_told(frame: Frame) -> str:
    """The question without what is told before it: ``My student asked me this: how fast is SpMT?``.

    A preamble goes where it ends a sentence, or introduces the question; and behind the question sentences
    of which it is half: ``Can they be fooled? I write for a newspaper, so plain words please.``
    """
    question, end = frame.question, 0
    for slot in frame.slots:
        if (
            slot.kind == "preamble"
            and not question[end : slot.start].strip()
            and slot.text[-1] in ".!:;"
        ):
            end = slot.end
    sentences = [span for span in split_sentences(question) if span[0] >= end]
    last = len(sentences)
    while last > 1 and _is_told(sentences[last - 1], frame):
        last -= 1
    stop = sentences[last - 1][1] if sentences else len(question)
    return question[end:stop].strip() or question


def _is_told(sentence: tuple[int, int], frame: Frame) -> bool:
    """Whether a sentence asks nothing: at least half of it is told, or says how the answer shall look."""
    start, end = sentence
    n_told = sum(
        min(slot.end, end) - max(slot.start, start)
        for slot in frame.slots
        if slot.kind in ("preamble", "form") and slot.start < end and slot.end > start
    )
    return 2 * n_told >= end - start


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


def _build(label: str, frame: Frame, parts: SlotParts, text: str) -> Query | None:
    """The query of one want; None where what it needs is not there."""
    want, _, relation = label.partition(" ")
    # "novelty percentage shown for Shiming Ge": a figure of somebody named is a value.
    if want in _CONTENT and parts.people and not parts.topics and _has_figure(parts):
        want = "values"
    if parts.asks_for_people:
        want, relation = "people", ""
    # "summarise Shiming Ge's papers" is the person's portrait.
    names_paper = bool(parts.papers or parts.described)
    is_of_subjects = want in ("people", "groups", "overview") and asks_for_subjects(parts.question)
    if is_of_subjects and not (parts.topics or parts.people or names_paper):
        parts.unread.clear()
        return Query("overview", where=parts.where, text=text)
    if want == "overview" and parts.people and not (parts.topics or names_paper):
        return build_profile("profile", "", frame, parts)
    # "tell me about GazeForensics", "tell me about xylophones": what is not a topic here is asked of what
    # papers say; an overview without a topic is of the library.
    is_of_library = not parts.has_unknown or _OF_LIBRARY.search(parts.question)
    if want == "overview" and not parts.topics and (names_paper or not is_of_library):
        want = "passages"
    # "are there surveys?": what papers call themselves is listed
    if want in ("passages", "overview") and IS_SURVEY in parts.where:
        return build_papers("papers", "", frame, parts)
    # "who wrote the editorials": of a kind of paper and no word more there is nothing to quote
    is_of_kind = any(c.field == "title" for c in parts.where) and not parts.leftover
    if want == "passages" and is_of_kind and not (parts.topics or parts.people or names_paper):
        return build_people("people", "", frame, parts) if _WHO.match(parts.question) else None
    detail = frame.asks_for[0][0] if frame.asks_for else ""
    if want == "passages" and parts.topics and not names_paper and detail in _DETAILS_OF_SEVERAL:
        is_of_several = _OF_PAPERS.search(parts.question) or _DATA_THERE_ARE.search(parts.question)
        want = "overview" if is_of_several else want
    if want in _CONTENT:
        content = _build_content(cast("Want", want), frame, parts, text)
        is_list = want == "overview"
        content = _read_stated(_read_reading_order(content, parts), parts) if is_list else content
        return _read_new_data(content, parts)
    if want == "aside" and _is_bare_topic(parts):
        return Query("overview", about=Topic(clean_words(parts.question)), text=text)
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
    is_vague = query is not None and parts.has_unknown and _is_of_everything(query)
    return None if is_vague and not parts.asks_for_people else query


_WHO = re.compile(r"\s*who\b", re.IGNORECASE)
MOST_BARE_WORDS = 2


def _is_bare_topic(parts: SlotParts) -> bool:
    """Whether a question is nothing but a term that papers have: "kras" was taken for a greeting."""
    words = [word.lower() for word, _ in iter_words(parts.question)]
    return 0 < len(words) <= MOST_BARE_WORDS and not any(
        is_everyday(word) or fold(word) in STOP_WORDS or not parts.library.vocabulary.any.get(word)
        for word in words
    )


_OF_PAPERS = re.compile(
    r"\b(?:do|did|have|are|were|in|by|of|across|among|from) (?:[\w-]+ ){0,4}?(?:papers|works|studies|articles|authors|researchers|people)\b"
    r"|\b(?:anywhere|everywhere|across the board)\b",
    re.IGNORECASE,
)
"""Holders of a detail that are papers at large: "which data sets do the deepfake papers test on?"."""
_READS_FIRST = re.compile(
    r"\bread(?:ing)?\b[^.?!]{0,60}\b(?:first|order)\b|\bfirst\b[^.?!]{0,20}\bread\b|\border\b[^.?!]{0,60}\bread\b"
    r"|\bwhat (?:should|could|must|do) (?:i|we|one) read\b|\b(?:should|to|do|can|could|would) (?:\w+ ){0,3}?(?:start|begin)\b|\b(?:which|what) (?:paper|one) first\b"
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
    rf"|\b{_DATA_OF_SEVERAL}\b[^.?!]{{0,60}}?\b(?:were|are|was|is|been|got|being|they)(?: \w+)? {_BRINGS}\b"
    rf"|\b{_DATA_OF_SEVERAL} {_BRINGS}(?: here)?\W*$",
    re.IGNORECASE,
)
"""Words that ask for the papers that bring data: "which papers propose a new dataset" listed them all."""
_DATA_THERE_ARE = re.compile(
    rf"\b{_DATA_OF_SEVERAL}\b[^.?!]{{0,60}}?\b(?:exist|available|out there|are there)\b"
    rf"|\b(?:is|are) there (?:\w[\w-]{{0,30}} ){{0,3}}?{_DATA}\b"
    rf"|^\W{{0,3}}(?:(?:list|show|name|give|me|the|all|any|some) ){{0,4}}(?:\w[\w-]{{0,30}} )?{_DATA_OF_SEVERAL} (?:for|on|of|about)\b",
    re.IGNORECASE,
)
"""Words that ask what data there are for a topic: one paper's was told of "which data sets for tracking exist"."""
_DATA_WORDS = re.compile(
    rf"\b(?:(?:an?|the|any|some|which|what|their|its) ){{0,3}}(?:(?:new|own|public|large-scale) ){{0,3}}{_DATA}\b(?: (?:for|on|of|in|about)\b)?",
    re.IGNORECASE,
)


_BRINGING = re.compile(
    rf"\b(?:papers|works|articles|studies)(?: (?:that|which|have))?(?: {_BRINGS})?\b", re.IGNORECASE
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
    about = build_topic(parts) if parts.topics else None
    words = clean_words(_BRINGING.sub(" ", _DATA_WORDS.sub(" ", about.words))) if about else ""
    if (step := Part("want", NEW_DATA, asked[0])) not in parts.steps:
        parts.steps.append(step)
    parts.leftover = ""
    # "release a dataset" was no mark that papers have, and so said to be unused
    parts.unread[:] = [words for words in parts.unread if words not in asked[0]]
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
    is_told = (
        detail in _DETAILS_OF_SEVERAL
        and frame.asks_for[0][1] >= _SURE_OF_SEVERAL
        and not (detail in ("problem", "result") and _ASKS_WHAT_IS_NEW.search(text))
    )
    detail = "" if want == "overview" and not is_told else detail
    if (
        want == "overview"
        and not detail
        and parts.topics
        and _DETAIL_OF.match(parts.topics[0].text)
    ):
        detail = "problem"
    sides = _list_sides(parts) if want == "comparison" else ()
    about = (
        _drop_detail(build_topic(parts))
        if want == "overview"
        else Topic(all_of=sides)
        if sides
        else None
    )
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
_SURE_OF_SEVERAL = 0.85
"""Least probability of an overview's detail: most overviews have none, and its head has seen few of them
("what work is there on deepfake detection?" was asked for limitations, at .4)."""
_DETAILS_OF_SEVERAL = ("problem", "cause", "limitation", "data", "metric", "result", "link")


_DETAIL_OF = re.compile(
    r"(?:(?:main|major|biggest|key|open|common|typical|current|existing|known) )*(?:difficult(?:y|ies)|problems?|challenges?|limitations?|"
    r"weakness(?:es)?|drawbacks?|shortcomings?|obstacles?|issues?|pitfalls?|downsides?) (?:of|in|with|for|about) (?=\S)",
    re.IGNORECASE,
)


def _drop_detail(about: Topic | None) -> Topic | None:
    """``difficulties in class incremental learning``: the detail is asked of papers, and is no topic."""
    match = _DETAIL_OF.match(about.words) if about else None
    return replace(about, words=about.words[match.end() :]) if about and match else about


def _list_sides(parts: SlotParts) -> tuple[str, ...]:
    """What a comparison sets side by side: the papers and topics it names, in order."""
    papers = [p.words for p in parts.steps if p.slot == "papers"]
    named = (
        papers
        if len(papers) > 1
        else [p.words for p in parts.steps if p.slot in ("papers", "about")]
    )
    return tuple(clean_words(words) for words in named[:4]) if len(named) > 1 else ()


_BUILDERS: dict[str, Callable[[str, str, Frame, SlotParts], Query | None]] = {
    "people": build_people,
    "profile": build_profile,
    "papers": build_papers,
    "count": build_papers,
    "share": build_papers,
    "groups": build_papers,
    "extreme": build_papers,
    "values": build_values,
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
    # "between visible and infrared cameras" is one topic, of which the tagger has two parts
    said = f" {query.topic.lower()} "
    return [w for w in dict.fromkeys(unread) if w and f" {w.lower()} " not in said]
