"""How the next turn of a conversation joins what was asked and shown before.

A follow-up is read as a partial query and merged slot by slot: a time replaces a time, "with code"
adds, a count asks the same set, a pointer takes papers or people from what was shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import cast

from rag.library.person_index import Mention
from rag.library.snapshot import LibrarySnapshot
from rag.text import STOP_WORDS, split_terms
from rag.types.fields import FIELDS, Condition, Range
from rag.types.query import Form, Part, PersonRef, Query, Reading, Topic
from rag.types.query_text import print_condition
from rag.understanding.composition import build_author, compose, describe_want
from rag.understanding.dialogue_state import (
    AUTHOR_OF,
    CONTENT,
    SETS,
    DialogueState,
    find_called,
    find_meant,
    find_ordinal,
    find_people,
    list_focus,
    list_named,
)
from rag.understanding.entities import Entities, negate
from rag.understanding.field_words import read_order
from rag.understanding.frame_types import Frame, Link, Slot
from rag.understanding.head_features import split_words
from rag.understanding.heads import load_heads
from rag.understanding.slots import merge_conditions

# --- the next turn --------------------------------------------------------------------------


def join(
    frame: Frame, entities: Entities, state: DialogueState, library: LibrarySnapshot
) -> Reading:
    """The reading of a turn in its conversation."""
    link = _choose_link(frame, entities, state, library)
    question = frame.question
    frame = replace(frame, links=((link, frame.links[0][1] if frame.links else 1.0), *frame.links))
    frame = _tag_rest(frame, library)
    focus: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    if link == "same_paper":
        focus = (state.paper,) if state.paper else ()
    elif link == "one_of":
        at = find_ordinal(question, len(state.people)) if state.shown == "people" else None
        people = (state.people[at],) if at is not None else ()
        focus = () if people else tuple(filter(None, (find_meant(question, state, library),)))
    elif link == "all_of":
        focus = () if frame.want in SETS else list_focus(state, frame.want)
    elif link == "those_people":
        people = find_people(question, state, library)
    # "Who wrote them?" of papers shown asks for their authors, "who works on that?" for others.
    about_topic = _ask_people_on(frame, state)
    if focus and not about_topic and frame.wants[0][0] == "people" and _WROTE.search(question):
        frame = replace(frame, wants=(("people authors", frame.confidence), *frame.wants))
    alone = compose(frame, entities, library, focus, people)
    joined = about_topic or _ask_share(frame, alone, state)
    if joined is None and link in _JOINERS:
        joined = _JOINERS[link](frame, alone, state, library)
    named = list_named(alone)
    # "What is mclSTExp?": in a conversation, what names one paper is about that one.
    if joined is None and link == "new" and len(named) == 1 and alone.query.want == "passages":
        joined = replace(alone.query, papers=named)
    if joined is None:
        return alone
    parts = (*alone.parts, *_list_carried(joined, alone.query))
    reason = f"{describe_want(joined)}; {_REASONS.get(link, 'it goes on from the last question')}"
    others = (alone.query,) if alone.query != joined else alone.others
    is_close = frame.links[0][1] < UNSURE or alone.is_close
    return replace(
        alone, query=joined, parts=parts, reason=reason, others=others, is_close=is_close
    )


def _tag_rest(frame: Frame, library: LibrarySnapshot) -> Frame:
    """The frame with a topic where the tagger has none: ``just type 2``, ``which of these are few-shot?``."""
    link = frame.links[0][0]
    sets = link in ("narrow", "refine", "correct") or (link == "all_of" and frame.want in SETS)
    if not sets or any(slot.kind not in ("preamble", "form") for slot in frame.slots):
        return frame
    start = max((slot.end for slot in frame.slots if slot.start == 0), default=0)
    asking = load_heads().asking_words | STOP_WORDS | _LIMITING
    words = [(a, b) for a, b in split_words(frame.question) if a >= start]
    words = [span for span in words if frame.question[span[0]].isalnum()]
    while words and frame.question[slice(*words[0])].lower() in asking:
        words.pop(0)
    while words and frame.question[slice(*words[-1])].lower() in asking:
        words.pop()
    # "just type 2": a number may end it.
    texts = [frame.question[a:b].lower() for a, b in words]
    if not 0 < len(words) < 5 or not any(
        w in library.all_words for text in texts for w in re.findall(r"\w+", text)
    ):
        return frame
    negative = bool(_NOT.match(frame.question[start:]))
    first, last = words[0][0], words[-1][1]
    rest = Slot(first, last, "topic", frame.question[first:last], negative, 0.5)
    return replace(frame, slots=(*frame.slots, rest))


_LIMITING = frozenset("only just please ones without minus except not".split())


def _ask_share(frame: Frame, alone: Reading, state: DialogueState) -> Query | None:
    """``as a percentage of everything?``: the set that was counted, as a share of all papers."""
    last, link = state.query, frame.links[0][0]
    if last.want not in SETS or last.papers or link in ("new", "all_of"):
        return None
    if alone.query.where or not _SHARE.search(alone.question):
        return None
    if last.about is None and not last.where:
        return None
    base = last.base if last.want == "share" else ()
    return Query("share", where=last.where, about=last.about, base=base)


_SHARE = re.compile(r"\b(?:per ?cent(?:age)?|share|proportion|fraction)\b|%", re.IGNORECASE)


def _ask_people_on(frame: Frame, state: DialogueState) -> Query | None:
    """``who has written about this?``, ``who is behind most of them?``: people of the last topic."""
    last, link = state.query, frame.links[0][0]
    if not frame.wants[0][0].startswith("people") or last.about is None or not last.about.words:
        return None
    if any(slot.kind in ("topic", "person", "paper") for slot in frame.slots):
        return None
    is_of_set = _get_set(last) is not None and link == "all_of" and not last.papers
    if is_of_set and (len(state.papers) > 1 or last.want != "papers"):
        return Query("people", about=last.about, where=last.where)
    if link in ("new", "aside", "correct", "more") or not _ON_THAT.search(frame.question):
        return None
    return Query("people", about=last.about, where=last.where)


_ON_THAT = re.compile(
    r"\b(?:on|about|in|with|into) (?:this|that|it|these)\b|\b(?:this|that|the same) (?:topic|subject|field|area)\b"
    r"|\bto (?:talk|speak|write|turn) to\b",
    re.IGNORECASE,
)


def _choose_link(
    frame: Frame, entities: Entities, state: DialogueState, library: LibrarySnapshot
) -> Link:
    """The relation of the head, unless words point at what was shown, whatever it makes of the rest."""
    link = cast("Link", frame.links[0][0] if frame.links else "new")
    question = frame.question
    if state.paper and AUTHOR_OF.search(question):
        return "those_people"
    if (
        link == "new"
        and state.people
        and _COAUTHOR.search(question)
        and len(_list_people(entities)) == 1
    ):
        return "those_people"
    is_open = link in ("new", "refine", "narrow", "same_paper")
    # "The tracking one, what is its dataset called?", "What data does the second use?"
    if (is_open or link == "one_of") and len(state.papers) > 1 and not _NOT.match(question):
        if find_called(question, state, library):
            return "one_of"
        if (
            is_open
            and find_ordinal(question, len(state.papers)) is not None
            and _ONE.search(question)
        ):
            return "one_of"
    # "who wrote them?" of a list or a count, though the head takes it for one paper's authors
    is_of_set = state.query.want in SETS and not state.query.papers
    if link == "same_paper" and is_of_set and _THEM.search(question):
        return "all_of"
    if link in ("new", "refine") and state.paper and _POINTER.search(question):
        return "same_paper"
    if (
        link in ("new", "refine", "same_paper")
        and state.people
        and _PERSON_POINTER.search(question)
    ):
        return "those_people"
    # "what happens on depletion" after an answer about one paper names nothing that is shown elsewhere.
    names_nothing = not any(e.is_certain for e in entities.spans)
    is_about_one = len(state.papers) == 1 and state.query.want in (*CONTENT, "values")
    if link in ("new", "refine") and is_about_one and names_nothing and frame.want in CONTENT:
        words = {word for word in split_terms(question) if word not in STOP_WORDS}
        is_of_paper = words <= library.get_terms(library.by_id[state.paper])
        if link == "refine" or (is_of_paper and frame.links[0][1] < _SURE):
            return "same_paper"
    return link


def _list_people(entities: Entities) -> list[str]:
    return [
        name
        for span in entities.spans
        if isinstance(span.value, Mention)
        for name in span.value.names[:1]
    ]


_COAUTHOR = re.compile(r"\bco-?authors?\b|\bcollaborators?\b|\bcoauthor\b", re.IGNORECASE)
_THEM = re.compile(r"\b(?:them|they|these|those)\b", re.IGNORECASE)
_SURE = 0.9
_NOT = re.compile(r"\W*(?:no|not|nope|other than|except|but not|without)\b", re.IGNORECASE)
_ONE = re.compile(
    r"\b(?:one|paper|study|article)\b|\bthe (?:\w+)\b(?:['’]s)?\s+\w+\W*$", re.IGNORECASE
)
_WROTE = re.compile(r"\b(?:wrote|written|authors?|authored|behind|by whom)\b", re.IGNORECASE)
_POINTER = re.compile(
    r"\b(?:it|its|itself)\b|\b(?:this|that|the same|the) (?:paper|method|approach|work|model|study|framework|system|article)\b",
    re.IGNORECASE,
)
_PERSON_POINTER = re.compile(
    r"\b(?:he|she|him|her|his|hers)\b|\b(?:this|that|the same) (?:person|researcher|author|scientist|guy|woman|man|expert|professor)\b",
    re.IGNORECASE,
)
"""Words that point at what was shown, whatever the head makes of the rest."""
UNSURE = 0.6
"""Below this probability of the relation the reading without the conversation is offered too."""


_REASONS = {
    "refine": "the last question with a part replaced",
    "narrow": "of what was shown",
    "same_paper": "about the paper just spoken of",
    "one_of": "about one of those shown",
    "all_of": "about those shown",
    "those_people": "about the people just spoken of",
    "more": "the last question, further ones",
    "elaborate": "the last question again",
    "correct": "the last question, corrected",
    "recap": "about what was found so far",
}


def _list_carried(query: Query, own: Query) -> list[Part]:
    """Parts that came from the conversation."""
    carried = [
        Part("where", print_condition(c), origin="thread")
        for c in query.where
        if c not in own.where
    ]
    if query.about and query.about != own.about:
        carried.append(Part("about", f'about "{query.topic}"', origin="thread"))
    if query.papers and query.papers != own.papers:
        carried.append(Part("papers", f"{len(query.papers)} shown", origin="thread"))
    carried += [
        Part("people", p.typed, origin="thread") for p in query.people if p not in own.people
    ]
    return carried


def _merge(last: Query, alone: Reading, broader: str = "") -> Query:
    """The last query with the parts that the new turn names in their place."""
    own = _read_in_context(alone, last)
    is_ordered = any(part.slot == "order" for part in alone.parts)
    groups = {_group(c.field) for c in own.where}
    kept = tuple(c for c in last.where if _group(c.field) not in groups)
    # "papers from May 2022? / and June?": the month is of the year spoken of.
    times = {c.field for c in own.where if _group(c.field) == "time"}
    if times == {"month"} and (year := _find_year(last)):
        kept = (*kept, Condition("year", "is", year))
    if _ANY_TIME.search(alone.question) and not times:
        kept = tuple(c for c in kept if _group(c.field) != "time")
    topic = own.about
    if topic is None:
        topic = last.about
    elif last.about and not topic.words and not topic.all_of:
        topic = replace(last.about, without=topic.without)
    elif broader:
        topic = _narrow_topic(Topic(broader), topic)
    adds = bool(_WITH.search(alone.question))
    if adds:
        kept = tuple(c for c in last.where if _group(c.field) not in groups - {"person"})
    people, where = last.people, (*kept, *own.where)
    named = tuple(
        PersonRef(str(c.value), (str(c.value),))
        for c in own.where
        if (c.field, c.operator) == ("author", "is")
    )
    # "the h-index of Yuxi Mi? / and Ann Mao?", "how many papers with Cai Wu?"
    if last.people and named and not own.people:
        if adds and last.want == "profile":
            where = (*where, *(build_author(p) for p in last.people))
            return replace(own, where=merge_conditions(where), text="")
        people = named
        where = tuple(c for c in where if _group(c.field) != "person")
    if own.people:
        people = own.people if last.people else ()
        if not last.people:
            where = tuple(c for c in where if _group(c.field) != "person")
            where += tuple(map(build_author, own.people))
    return replace(
        last,
        where=merge_conditions(where),
        about=topic,
        people=people,
        papers=own.papers or last.papers,
        order=own.order if is_ordered else last.order,
        besides=tuple(dict.fromkeys((*last.besides, *own.besides))),
        k=own.k or last.k,
        form=own.form,
        text=own.text if last.want in CONTENT else "",
    )


_ANY_TIME = re.compile(
    r"\b(?:all|whole|entire|any|every)\b.{0,12}\b(?:time|period|years?)\b|\bever\b|\bfrom all years\b",
    re.IGNORECASE,
)
_NEXT_YEAR = re.compile(
    r"\b(?:(?:the )?(?:year|one) (?P<before>before|earlier)|(?:a|one) year (?P<earlier>earlier|before)"
    r"|the (?P<previous>previous|preceding) year"
    r"|(?:the )?year (?:after|later)|(?:a|one) year later|the (?:next|following) year)\b",
    re.IGNORECASE,
)


def _read_in_context(alone: Reading, last: Query) -> Query:
    """The turn's own query, with what it says relative to the last: ``and the year before?``."""
    own = alone.query
    match, year = _NEXT_YEAR.search(alone.question), _find_year(last)
    if match and year:
        shifted = year - 1 if any(match.groupdict().values()) else year + 1
        rest = tuple(c for c in own.where if _group(c.field) != "time")
        return replace(own, where=(*rest, Condition("year", "is", shifted)))
    return own


def _narrow_topic(last: Topic | None, own: Topic | None) -> Topic | None:
    """``which of these are few-shot?``: the topic spoken of, and what is said of it."""
    if last is None or own is None:
        return own or last
    if not own.words or not last.words:
        words = own.words or last.words
    elif set(split_terms(last.words)) <= set(split_terms(own.words)):
        words = own.words
    else:
        words = f"{own.words} {last.words}"
    without = " or ".join(filter(None, dict.fromkeys((last.without, own.without))))
    return Topic(words, without)


_WITH = re.compile(r"\b(?:with|together|jointly|alongside)\b", re.IGNORECASE)


def _find_year(query: Query) -> int | None:
    """The one year that a query's times are of."""
    years = set()
    for condition in query.where:
        for value in condition.values if condition.field in ("year", "date") else ():
            ends = (value.low, value.high) if isinstance(value, Range) else (value, value)
            years |= {end.year if isinstance(end, date) else end for end in ends}
    return years.pop() if len(years) == 1 and None not in years else None  # type: ignore[return-value]


def _group(field: str) -> str:
    """Fields of which a new condition replaces the old one: a time a time, a person a person."""
    if field in ("year", "month", "day", "date"):
        return "time"
    return "person" if FIELDS[field].type == "person" else field


_NOT_ONE = re.compile(
    r"\bnot (?:the )?(?P<words>[\w'’-]+(?: [\w'’-]+){0,2}?) ones?\b", re.IGNORECASE
)
_WITHOUT = re.compile(
    r"\W*(?:(?:and|or|but|what about|how about)\s+)*without(?:\s+(?:it|that|one))?\W*",
    re.IGNORECASE,
)


def _refine(frame: Frame, alone: Reading, state: DialogueState, library: LibrarySnapshot) -> Query:
    own, last = alone.query, state.query
    # "code of DuetFace? / and SlerpFace?", "who wrote DuetFace? / sorry, I mean VISA"
    if (named := list_named(alone)) and last.papers and last.want not in CONTENT:
        return replace(last, papers=named)
    # "papers with code / and without?"
    if not own.where and _WITHOUT.fullmatch(alone.question):
        if flag := _find_flag(last):
            return last.remove_condition(flag).add_conditions([negate(flag)])
    # "and pesticides?" after "what does DuetFace protect?": the same question of another thing.
    if last.want in CONTENT:
        wants_list = own.want not in CONTENT and frame.confidence > 0.6
        if wants_list:
            return own
        if _THAN.search(alone.question) and named and state.paper:
            return _compare((state.paper, *named), own)
        return replace(own, text=_replace_topic(alone, state), papers=named)
    merged = _merge(last, alone, state.broader)
    merged = replace(merged, where=_set_role(merged.where, alone))
    # "what about by year instead?"
    groups = tuple(p.printed.removeprefix("by ") for p in alone.parts if p.slot == "by")
    if groups and last.want in ("groups", "count", "papers") and FIELDS[groups[0]].plural:
        return replace(merged, want="groups", by=groups[:1], order=None, k=own.k)
    # "how many?", "as a list": the same set, measured otherwise.
    if own.want in SETS and last.want in SETS and own.want != last.want and frame.confidence > 0.5:  # fmt: skip
        merged = replace(merged, want=own.want, by=own.by, base=own.base, order=own.order, k=own.k)
    if own.want == "people" and last.want != "people" and frame.confidence > 0.6:
        return replace(own, about=own.about or last.about)
    return merged


def _find_flag(query: Query) -> Condition | None:
    """The last condition that holds or does not, such as ``code``."""
    return next((c for c in reversed(query.where) if isinstance(c.value, bool)), None)


def _compare(papers: Sequence[str], own: Query) -> Query:
    papers = tuple(dict.fromkeys(papers))
    if len(papers) < 2:
        return replace(own, papers=papers)
    return Query("comparison", papers=papers, is_about_several=True, form=own.form, text=own.text)


def _replace_topic(alone: Reading, state: DialogueState) -> str:
    """The last question with the new turn's topic in place of its own: ``and pesticides?``.

    Where either names none, the turn's words stand before the last question's, which say what is meant.
    """
    own = next((p.words for p in alone.parts if p.slot in ("about", "papers", "people")), "")
    old = state.slot_words
    if own and old and old in state.question:
        return state.question.replace(old, own)
    return (
        f"{alone.question} {state.question}" if len(alone.question.split()) < 5 else alone.question
    )


def _narrow(frame: Frame, alone: Reading, state: DialogueState, library: LibrarySnapshot) -> Query:
    own, last = alone.query, state.query
    if not own.where and _WITHOUT.fullmatch(alone.question) and (flag := _find_flag(last)):
        return last.remove_condition(flag).add_conditions([negate(flag)])
    if last.want == "people" and last.relation is None and last.about is not None:
        merged = _merge(last, alone)
        return replace(merged, about=_narrow_topic(last.about, own.about))
    if (base := _get_set(last)) is not None:
        return _narrow_set(frame, alone, base)
    papers = state.papers or state.earlier_papers
    where = (*own.where, *(build_author(p) for p in own.people))
    want = own.want if own.want in SETS else "papers"
    return replace(
        own, want=want, where=where, people=(), papers=papers, is_about_several=True, text=""
    )


def _get_set(last: Query) -> Query | None:
    """The list that ``those`` are of: of an overview, the papers on its topic; None for single papers."""
    if last.want in SETS:
        return last
    if last.want == "overview" and last.about is not None and not last.papers:
        return Query("papers", where=last.where, about=last.about)
    return None


def _narrow_set(frame: Frame, alone: Reading, last: Query) -> Query:
    """A list, a count or the like under further conditions; it stays what it is unless asked."""
    own = _read_in_context(alone, last)
    before = _set_role(last.where, alone)
    where = merge_conditions((*before, *own.where, *(build_author(p) for p in own.people)))
    about = _narrow_topic(last.about, own.about)
    is_ordered = any(part.slot == "order" for part in alone.parts)
    narrowed = replace(
        last, where=where, about=about, order=own.order if is_ordered else last.order, k=own.k
    )
    # "only those with code" after a count is a count; "how many of them have code?" after a list is one.
    if own.want in SETS and own.want not in ("papers", last.want):
        base = last.where if own.want == "share" else ()
        where = own.where if own.want == "share" else where
        order = own.order if own.want == "extreme" else None
        return replace(narrowed, want=own.want, by=own.by, base=base, where=where, order=order)
    return narrowed


_ROLE_FIELDS = ("first_author", "last_author", "printed_author")


def _set_role(where: Sequence[Condition], alone: Reading) -> tuple[Condition, ...]:
    """``how many as first author?``: the person of the last question in another role."""
    role = next((p.printed for p in alone.parts if p.printed in _ROLE_FIELDS), "")
    if not role or any(FIELDS[c.field].type == "person" for c in alone.query.where):
        return tuple(where)
    return tuple(
        replace(c, field=role) if c.field in ("author", *_ROLE_FIELDS) else c for c in where
    )


def _ask_focus(
    frame: Frame, alone: Reading, state: DialogueState, library: LibrarySnapshot
) -> Query | None:
    """The turn's own question, of the papers or people that it points at."""
    own, question = alone.query, alone.question
    link = frame.links[0][0]
    if link == "those_people" or (link == "one_of" and own.people):
        return _ask_people(alone, state, library)
    focus = own.papers or own.like
    if link == "one_of" and (query := _ask_extreme(frame, alone, state)):
        return query
    # "is the second one newer?": its date.
    if link == "one_of" and own.want in CONTENT and _NEWER.search(question):
        return Query("values", by=("date",), papers=(find_meant(question, state, library),))
    # "any code available" of one paper asks for a field of it.
    flags = [c.field for c in own.where if c.field in ("code", "link", "doi", "venue")]
    paper = state.paper if link == "same_paper" else find_meant(question, state, library)
    if link in ("same_paper", "one_of") and own.want in SETS and flags and paper:
        return Query("values", by=tuple(flags[:1]), papers=(paper,))
    if own.want in CONTENT:
        papers = (
            list_focus(state, own.want)
            if link == "all_of"
            else (state.paper,)
            if link == "same_paper"
            else (find_meant(question, state, library),)
        )
        papers = tuple(filter(None, papers))
        # "vs VISA?": the paper named is set beside the one spoken of.
        if own.want == "comparison" or own.asks_for == "comparison" or _THAN.search(question):
            papers = tuple(dict.fromkeys((*papers, *list_named(alone))))
            own = replace(own, want="comparison" if len(papers) > 1 else own.want)
        return replace(own, papers=papers, is_about_several=len(papers) > 1) if papers else None
    base = _get_set(state.query)
    if link == "all_of" and own.want in SETS and base is not None:
        return _narrow_set(frame, alone, base)
    if link == "all_of" and own.want in SETS:
        papers = state.papers or state.earlier_papers
        return replace(own, about=None, like="", where=_drop_itself(own), papers=papers,
                       is_about_several=True) if papers else None  # fmt: skip
    return own if focus or own.people else None


def _ask_extreme(frame: Frame, alone: Reading, state: DialogueState) -> Query | None:
    """``the most recent, please``: of the whole list, of which an answer shows the beginning."""
    last = state.query
    order = next((p.words for p in alone.parts if p.slot == "order"), "")
    if not order or last.want not in SETS or any(s.kind not in _ORDERING for s in frame.slots):
        return None
    words = [w for w in split_terms(alone.question.replace(order, " ")) if w not in STOP_WORDS]
    if len(words) > 2 or frame.want in ("people", "values"):
        return None
    return replace(last, want="extreme", by=(), order=read_order(order), k=None, form=Form())


_ORDERING = ("order", "preamble", "number")
_NEWER = re.compile(r"\b(?:newer|older|more recent)\W*$", re.IGNORECASE)


def _drop_itself(query: Query) -> tuple[Condition, ...]:
    return tuple(c for c in query.where if c.field != "paper")


_THAN = re.compile(r"\b(?:than|versus|vs\.?|compared? (?:to|with))\b", re.IGNORECASE)
_IT = re.compile(r"\b(?:on|about|in|of|to) (?:it|this|that)\b|\bthere\b", re.IGNORECASE)


def _ask_people(alone: Reading, state: DialogueState, library: LibrarySnapshot) -> Query | None:
    """The turn's own question, of the people that it points at."""
    own = alone.query
    # "What has the first one published on it?": on the topic that the people were found for.
    if (
        state.query.want == "people"
        and state.query.about
        and not own.about
        and _IT.search(alone.question)
    ):
        return Query("papers", about=state.query.about, people=own.people, where=own.where)
    last = state.query
    pair = tuple(PersonRef(n, (n,)) for n in _list_pair(state))
    if len(pair) == 2 and own.want in ("papers", "count") and _TOGETHER.search(alone.question):
        return Query(own.want, people=pair, relation="shared", where=_drop_authors(own.where))
    if own.people and _COAUTHOR.search(alone.question) and (spoken := state.people[:1]):
        return Query("people", people=(PersonRef(spoken[0], spoken),), relation="coauthors")
    # "who works on wages? / their papers": those that the people were found by.
    is_plural = len(state.people) > 1 and not _SINGULAR.search(alone.question)
    is_plural = is_plural and find_ordinal(alone.question, len(state.people)) is None
    if (
        own.want == "papers"
        and last.want == "people"
        and last.about
        and not own.about
        and is_plural
    ):
        where = merge_conditions((*last.where, *_drop_authors(own.where)))
        return Query("papers", where=where, about=last.about, order=own.order, k=own.k)
    names = find_people(alone.question, state, library)
    authors = tuple(c for c in own.where if c.field == "author" and c.value in names)
    if len(authors) > 1:
        rest = tuple(c for c in own.where if c not in authors)
        own = replace(own, where=(*rest, Condition("author", "in", names)))
    people = own.people or tuple(PersonRef(name, (name,)) for name in names)
    # "did the same first author write a later paper?": others than the one spoken of.
    if AUTHOR_OF.search(alone.question) and not own.about and own.want != "values" and people:
        limits = (build_author(people[0]), *_exclude(own.where, (state.paper,)))
        where = merge_conditions(limits)
        return Query("count" if own.want == "count" else "papers", where=where)
    if own.want in CONTENT:
        return Query("profile", people=people) if len(people) == 1 else own
    if own.relation in ("authors", "first_author", "common_authors"):
        return Query("profile", people=people)
    return own


def _list_pair(state: DialogueState) -> list[str]:
    """The two people spoken of last: whom the last query is about, and whom the question named."""
    asked = [name for person in state.query.people for name in person.names[:1]]
    named = [p.printed.strip('"') for p in state.parts if p.slot == "people" and p.words]
    return list(dict.fromkeys((*asked, *named)))


def _drop_authors(where: Sequence[Condition]) -> tuple[Condition, ...]:
    return tuple(c for c in where if c.field != "author")


_TOGETHER = re.compile(r"\b(?:together|jointly|in common|with each other)\b", re.IGNORECASE)
_SINGULAR = re.compile(r"\b(?:he|she|him|her|his|hers|person|one)\b", re.IGNORECASE)


def _more(frame: Frame, alone: Reading, state: DialogueState, library: LibrarySnapshot) -> Query:
    last = state.query
    if state.shown == "paper" and state.paper in library.by_id:
        paper = library.by_id[state.paper]
        return Query(
            "papers",
            about=Topic(paper.name),
            like=paper.paper_id,
            where=_exclude((), (paper.paper_id,)),
        )
    if last.want == "people" and last.relation is None:
        named = tuple(dict.fromkeys((*last.besides, *state.people)))
        return replace(last, besides=named, k=alone.query.k or last.k)
    if last.want in CONTENT:
        return replace(last, want="papers", about=Topic(last.topic or last.text), text="",
                       where=_exclude(last.where, state.papers), papers=(), asks_for=None)  # fmt: skip
    return replace(last, where=_exclude(last.where, state.papers), want="papers", k=alone.query.k)


def _exclude(where: Sequence[Condition], papers: Sequence[str]) -> tuple[Condition, ...]:
    before = tuple(
        v for c in where if (c.field, c.operator) == ("paper", "not_in") for v in c.values
    )
    rest = tuple(c for c in where if (c.field, c.operator) != ("paper", "not_in"))
    gone = tuple(dict.fromkeys((*before, *papers)))
    return (*rest, Condition("paper", "not_in", gone)) if gone else rest


def _elaborate(
    frame: Frame, alone: Reading, state: DialogueState, library: LibrarySnapshot
) -> Query:
    last = state.query
    if last.want in ("count", "share"):
        return replace(
            last, want="papers", by=(), order=None, where=(*last.base, *last.where), base=()
        )
    if last.want in CONTENT and state.paper and not last.is_about_several:
        text = (
            f"{last.text} {alone.question}"
            if frame.asks_for and frame.asks_for[0][0]
            else last.text
        )
        return replace(last, papers=last.papers or (state.paper,), form=alone.query.form, text=text,
                       asks_for=alone.query.asks_for or last.asks_for)  # fmt: skip
    return replace(last, form=alone.query.form)


def _correct(frame: Frame, alone: Reading, state: DialogueState, library: LibrarySnapshot) -> Query:
    own = alone.query
    if (named := list_named(alone)) and state.query.papers and state.query.want not in CONTENT:
        return replace(state.query, papers=named[:1])
    last = state.query
    excluded = own.without or (_NOT_ONE.search(alone.question) or {"words": ""})["words"]
    # "papers on famines / not the Irish one": the list without it.
    if excluded and not own.topic and last.want in (*SETS, "people") and last.about:
        return replace(last, about=_narrow_topic(last.about, Topic(without=excluded)))
    # "not the drone one": another of those shown.
    if own.without and not own.topic and len(state.papers) > 1:
        wrong = find_meant(own.without, state, library)
        rest = tuple(i for i in state.papers if i != wrong)
        return replace(state.query, papers=rest[:1])
    if own.want not in CONTENT and own.want == state.query.want:
        return _merge(state.query, alone)
    if own.papers or own.people or own.about:
        if state.query.want in CONTENT and own.want in CONTENT:
            return own
        return _merge(state.query, alone)
    return own


def _recap(
    frame: Frame, alone: Reading, state: DialogueState, library: LibrarySnapshot
) -> Query | None:
    papers = tuple(dict.fromkeys((*reversed(state.earlier_papers), *state.papers)))
    if not papers:
        return None
    return Query(
        "overview", papers=papers, is_about_several=True, form=alone.query.form, text=alone.question
    )


_JOINERS: dict[str, Callable[[Frame, Reading, DialogueState, LibrarySnapshot], Query | None]] = {
    "refine": _refine,
    "narrow": _narrow,
    **dict.fromkeys(("same_paper", "one_of", "all_of", "those_people"), _ask_focus),
    "more": _more,
    "elaborate": _elaborate,
    "correct": _correct,
    "recap": _recap,
}
