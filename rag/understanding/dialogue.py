"""How the next turn of a conversation joins what was asked and shown before.

A follow-up is read as a partial query and merged slot by slot: a time replaces a time, "with code"
adds, a count asks the same set, a pointer takes papers or people from what was shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from rag.library.view import LibraryView
from rag.types.fields import FIELDS, Condition, Range
from rag.types.query import Part, PersonRef, Query, Reading, Topic
from rag.types.query_text import print_condition
from rag.understanding.composition import build_author, compose, describe_want
from rag.understanding.dialogue_state import (
    AUTHOR_OF,
    CONTENT,
    SETS,
    DialogueState,
    find_meant,
    find_ordinal,
    find_people,
    list_focus,
    list_named,
)
from rag.understanding.entities import Entities, negate
from rag.understanding.frame_types import Frame
from rag.understanding.slots import merge_conditions

# --- the next turn --------------------------------------------------------------------------


def join(frame: Frame, entities: Entities, state: DialogueState, library: LibraryView) -> Reading:
    """The reading of a turn in its conversation."""
    link = frame.links[0][0] if frame.links else "new"
    question = frame.question
    if link in ("new", "refine") and state.paper and _POINTER.search(question):
        link = "same_paper"
    elif (
        link in ("new", "refine", "same_paper")
        and state.people
        and _PERSON_POINTER.search(question)
    ):
        link = "those_people"
    if state.paper and AUTHOR_OF.search(question):
        link = "those_people"
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
    if focus and frame.wants[0][0] == "people" and _WROTE.search(question):
        frame = replace(frame, wants=(("people authors", frame.confidence), *frame.wants))
    alone = compose(frame, entities, library, focus, people)
    frame = replace(frame, links=((link, frame.links[0][1] if frame.links else 1.0), *frame.links))
    joined = _JOINERS[link](frame, alone, state, library) if link in _JOINERS else None
    if joined is None:
        return alone
    parts = (*alone.parts, *_list_carried(joined, alone.query))
    reason = f"{describe_want(joined)}; {_REASONS.get(link, 'it goes on from the last question')}"
    others = (alone.query,) if alone.query != joined else alone.others
    is_close = frame.links[0][1] < UNSURE or alone.is_close
    return replace(
        alone, query=joined, parts=parts, reason=reason, others=others, is_close=is_close
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


def _merge(last: Query, alone: Reading) -> Query:
    """The last query with the parts that the new turn names in their place."""
    own = alone.query
    is_ordered = any(part.slot == "order" for part in alone.parts)
    groups = {_group(c.field) for c in own.where}
    kept = tuple(c for c in last.where if _group(c.field) not in groups)
    # "papers from May 2022? / and June?": the month is of the year spoken of.
    times = {c.field for c in own.where if _group(c.field) == "time"}
    if times == {"month"} and (year := _find_year(last)):
        kept = (*kept, Condition("year", "is", year))
    topic = own.about
    if topic is None:
        topic = last.about
    elif last.about and not topic.words and not topic.all_of:
        topic = replace(last.about, without=topic.without)
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


_WITHOUT = re.compile(
    r"\W*(?:(?:and|or|but|what about|how about)\s+)*without(?:\s+(?:it|that|one))?\W*",
    re.IGNORECASE,
)


def _refine(frame: Frame, alone: Reading, state: DialogueState, library: LibraryView) -> Query:
    own, last = alone.query, state.query
    # "code of DuetFace? / and SlerpFace?", "who wrote DuetFace? / sorry, I mean VISA"
    if (named := list_named(alone)) and last.papers and last.want not in CONTENT:
        return replace(last, papers=named)
    # "papers with code / and without?"
    if not own.where and _WITHOUT.fullmatch(alone.question):
        flags = [c for c in last.where if isinstance(c.value, bool)]
        if flags:
            return last.remove_condition(flags[-1]).add_conditions([negate(flags[-1])])
    # "and pesticides?" after "what does DuetFace protect?": the same question of another thing.
    if last.want in CONTENT:
        wants_list = own.want not in CONTENT and frame.confidence > 0.6
        if wants_list:
            return own
        has_names = bool(own.people or own.about or own.where)
        return replace(
            own,
            text=f"{own.text} {state.question}"
            if not has_names or len(own.text.split()) < 5
            else own.text,
        )
    merged = _merge(last, alone)
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


def _narrow(frame: Frame, alone: Reading, state: DialogueState, library: LibraryView) -> Query:
    own, last = alone.query, state.query
    has_new_topic = own.about is not None and bool(own.about.words)
    if last.want == "people" and last.relation is None and last.about is not None:
        return _merge(last, alone)
    if last.want in SETS and not (has_new_topic and last.about):
        return _narrow_set(frame, alone, last)
    papers = state.papers or state.earlier_papers
    where = (*own.where, *(build_author(p) for p in own.people))
    want = own.want if own.want in SETS else "papers"
    return replace(
        own, want=want, where=where, people=(), papers=papers, is_about_several=True, text=""
    )


def _narrow_set(frame: Frame, alone: Reading, last: Query) -> Query:
    """A list, a count or the like under further conditions; it stays what it is unless asked."""
    own = alone.query
    before = _set_role(last.where, alone)
    where = merge_conditions((*before, *own.where, *(build_author(p) for p in own.people)))
    about = last.about
    if own.about is not None:
        about = replace(about, without=own.about.without) if about else own.about
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
    frame: Frame, alone: Reading, state: DialogueState, library: LibraryView
) -> Query | None:
    """The turn's own question, of the papers or people that it points at."""
    own, question = alone.query, alone.question
    link = frame.links[0][0]
    if link == "those_people" or (link == "one_of" and own.people):
        return _ask_people(alone, state, library)
    focus = own.papers or own.like
    # "any code available" of one paper asks for a field of it.
    flags = [c.field for c in own.where if c.field in ("code", "link", "doi", "venue")]
    if link in ("same_paper", "one_of") and own.want in SETS and flags:
        paper = state.paper if link == "same_paper" else find_meant(question, state, library)
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
    if (
        link == "all_of"
        and own.want in SETS
        and state.query.want in SETS
        and not state.query.papers
    ):
        return _narrow_set(frame, replace(alone, query=replace(own, about=None)), state.query)
    if link == "all_of" and own.want in SETS:
        papers = state.papers or state.earlier_papers
        return replace(own, about=None, like="", where=_drop_itself(own), papers=papers,
                       is_about_several=True) if papers else None  # fmt: skip
    return own if focus or own.people else None


def _drop_itself(query: Query) -> tuple[Condition, ...]:
    return tuple(c for c in query.where if c.field != "paper")


_THAN = re.compile(r"\b(?:than|versus|vs\.?|compared? (?:to|with))\b", re.IGNORECASE)
_IT = re.compile(r"\b(?:on|about|in|of|to) (?:it|this|that)\b|\bthere\b", re.IGNORECASE)


def _ask_people(alone: Reading, state: DialogueState, library: LibraryView) -> Query | None:
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
    names = find_people(alone.question, state, library)
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


def _more(frame: Frame, alone: Reading, state: DialogueState, library: LibraryView) -> Query:
    last = state.query
    paper = library.get_paper(state.paper) if state.shown == "paper" else None
    if paper is not None:
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


def _elaborate(frame: Frame, alone: Reading, state: DialogueState, library: LibraryView) -> Query:
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


def _correct(frame: Frame, alone: Reading, state: DialogueState, library: LibraryView) -> Query:
    own = alone.query
    if (named := list_named(alone)) and state.query.papers and state.query.want not in CONTENT:
        return replace(state.query, papers=named[:1])
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
    frame: Frame, alone: Reading, state: DialogueState, library: LibraryView
) -> Query | None:
    papers = tuple(dict.fromkeys((*reversed(state.earlier_papers), *state.papers)))
    if not papers:
        return None
    return Query(
        "overview", papers=papers, is_about_several=True, form=alone.query.form, text=alone.question
    )


_JOINERS: dict[str, Callable[[Frame, Reading, DialogueState, LibraryView], Query | None]] = {
    "refine": _refine,
    "narrow": _narrow,
    **dict.fromkeys(("same_paper", "one_of", "all_of", "those_people"), _ask_focus),
    "more": _more,
    "elaborate": _elaborate,
    "correct": _correct,
    "recap": _recap,
}
