"""Readings put together from a turn's pieces and a set of papers spoken of: lists, counts, groups, people of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

from rag.text.numbers import parse_number
from rag.types.fields import FIELDS, Condition
from rag.types.query import Measure, Order, Query, Topic
from rag.understanding.antecedents import POINTED_BY_WORDS, Antecedent
from rag.understanding.dialogue_merging import (
    EXCLUDES,
    exclude,
    get_group,
    get_set,
    narrow_papers,
    narrow_topic,
    read_in_context,
    show_all,
)
from rag.understanding.entities import negate
from rag.understanding.field_words import read_group
from rag.understanding.paper_queries import limit_to_authors
from rag.understanding.pieces import Pieces
from rag.understanding.slots import are_alternatives, merge_conditions
from rag.understanding.turns import Candidate, Turn

Limits = tuple[tuple[Condition, ...], Topic | None]


@dataclass(frozen=True, slots=True)
class Base:
    """A set of papers that a turn may be of.

    Attributes:
        query: That asked for it, where one did.
        papers: Ids, where these were shown.
    """

    at: Antecedent
    where: tuple[Condition, ...] = ()
    about: Topic | None = None
    query: Query | None = None
    papers: tuple[str, ...] = ()


_DROPS = re.compile(
    r"\b(?:drop|forget|ignore|remove|lose|skip|clear|mind|matter\w*|whatever|leave|any|all|every\w*|ever|whole|regardless|"
    r"no|not|without|need\w*|overall|total|don|doesn|back|again)\b",
    re.IGNORECASE,
)
"""Words that may take a condition away."""
_OTHER = re.compile(
    r"\b(?:others?|else|another|more|later|earlier|further|besides|different|also)\b", re.IGNORECASE
)
_MOST_SHOWN = 6
_MOST_ASKED = 21
_GUESSED = ("author", "of paper", "few", "pair", "before", "of those")
"""Ways of finding people by which a topic spoken of is not theirs as well."""


def list_bases(turn: Turn) -> list[Base]:
    """Lists asked for before, papers by people spoken of, the topic spoken of, papers shown, all papers."""
    state = turn.state
    found: dict[object, Base] = {}

    def add(
        at: Antecedent, where: Sequence[Condition], about: Topic | None, query: Query | None = None
    ) -> None:
        where = tuple(c for c in where if FIELDS[c.field].of == "paper")
        found.setdefault((where, about), Base(at, where, about, query))

    if (last := get_set(state)) is not None and not last.papers:
        add(Antecedent("set", by="last"), (*last.base, *last.where), last.about, last)
    for age, query in enumerate(state.sets):
        query = show_all(query)
        add(
            Antecedent("set", by="earlier", age=age + 1),
            (*query.base, *query.where),
            query.about,
            query,
        )
    if state.topic is not None and state.topic.words:
        add(Antecedent("topic", by="spoken of"), (), state.topic)
    for who in turn.people_meant:
        for about in dict.fromkeys((None, None if who.by in _GUESSED else state.topic)):
            add(who, (limit_to_authors(who.names),), about)
            if 1 < len(who.names) < 4:
                each = tuple(limit_to_authors((name,)) for name in who.names)
                add(replace(who, also=(*who.also, "each")), each, about)
    add(Antecedent("library"), (), None)
    several = [at for at in turn.papers_meant if len(at.ids) > 1 and at.by != "beside"]
    for at in several[:_MOST_SHOWN]:
        found[at.ids] = Base(at, papers=at.ids)
    return list(found.values())


def assemble(turn: Turn) -> Iterator[Candidate]:
    """Each set under the turn's pieces, as what the turn may want of it."""
    wants = {label.split()[0] for label, share in turn.labels}
    question = turn.frame.question
    others = [*dict.fromkeys(who.names[0] for who in turn.people_meant if len(who.names) == 1)][:2]
    shared = list_shared_values(turn)
    # "this year's and last" are no year of the paper in view
    with_shared = [replace(p, where=(*p.where, *shared)) for p in turn.pieces if shared]
    for pieces in (*turn.pieces, *with_shared):
        for base in list_bases(turn):
            for how, (where, about) in _limit(base, pieces, question, others):
                yield from _ask(turn, base, pieces, how, where, about, wants)


def list_shared_values(turn: Turn) -> tuple[Condition, ...]:
    """``what else has that journal``, ``more by Desai, same year``: values of the one paper in view."""
    paper, last = turn.paper_in_view, turn.state.query
    match = _SHARED.search(turn.frame.question)
    if paper is None:
        return ()
    # "where is that published / what else appeared in there?"
    is_value = last.want == "values" and len(last.by) == 1 and _THERE.search(turn.frame.question)
    field = last.by[0] if is_value else read_group(match[1]) if match else ""
    if field == "year":
        return (Condition("year", "is", paper.year),) if paper.year else ()
    values = {
        "venue": paper.venue,
        "category": paper.category,
        "affiliation": paper.affiliations[0] if paper.affiliations else None,
    }
    value = values.get(field)
    return (Condition(field, "is", value),) if value else ()


_THERE = re.compile(r"\b(?:there|in (?:it|that|this)|from (?:it|that))\b", re.IGNORECASE)
_SHARED = re.compile(
    r"\b(?:same|that|this|its) (years?|yr|journals?|venues?|conferences?|categor\w+|fields?|affiliations?|universit\w+"
    r"|institut\w+|labs?|compan\w+)\b",
    re.IGNORECASE,
)


def _limit(
    base: Base, pieces: Pieces, question: str, others_meant: Sequence[str]
) -> Iterator[tuple[str, Limits]]:
    """Conditions and topic of a set under the pieces, by what is done to it."""
    own, authors = (*pieces.where, *pieces.flags), (*pieces.authors, *pieces.excluded)
    contextual = read_in_context(question, Query("papers", where=base.where))
    groups = {get_group(c.field) for c in own if not c.is_negative}
    rest = tuple(
        c for c in base.where
        if get_group(c.field) not in groups and negate(c) not in own
        and not any(are_alternatives(c, o) for o in own)
    )  # fmt: skip
    people = tuple(c for c in rest if FIELDS[c.field].type == "person")
    others = tuple(c for c in rest if FIELDS[c.field].type != "person")
    wheres: dict[tuple[Condition, ...], str] = {}

    def add(how: str, where: Sequence[Condition]) -> None:
        wheres.setdefault(merge_conditions(tuple(where)), how)

    add("kept", (*rest, *own, *authors))
    # "this year's and last, I mean from 2025 on", "no date or without code, sorry: with code"
    if len(own) > 1:
        at = {get_group(c.field): n for n, c in enumerate(own)}
        latest = tuple(c for n, c in enumerate(own) if at[get_group(c.field)] == n)
        if latest != own:
            add("latest", (*rest, *latest, *authors))
    is_list = base.at.kind == "set"
    excludes = EXCLUDES.search(question)
    # "please only these that are having a software with it"
    if base.at.by == "last" and not any(c.field == "code" for c in (*rest, *own)):
        for has_code in (True, False):
            add("code", (*rest, *own, *authors, Condition("code", "is", has_code)))
    for c in rest if is_list and (excludes or _OTHER.search(question)) else ():
        if FIELDS[c.field].type != "person" and (turned := negate(c)) != c:
            add("turned", (*(turned if c == o else o for o in rest), *own, *authors))
    # "molecular biology out", "outside of Lund": the tagger does not see all that is not wanted
    if excludes and own and not any(c.is_negative for c in own):
        add("own turned", (*rest, *map(negate, own), *authors))
    if len(pieces.authors) == 2 and excludes:
        for one, other in (pieces.authors, pieces.authors[::-1]):
            lacks = Condition("author", "lacks", tuple(map(str, other.values)))
            add("without one", (*others, *own, one, lacks))
    if pieces.authors and people:
        add("person replaced", (*others, *own, *authors))
    if pieces.excluded and people:
        gone = {str(v) for c in pieces.excluded for v in c.values}
        add("person turned", (*(c for c in rest if str(c.value) not in gone), *own, *authors))
    if pieces.role and people and not pieces.authors:
        role = tuple(replace(c, field=pieces.role) for c in people if c.operator in ("is", "in"))
        add("role", (*others, *own, *role))
        # "on which of them is he not first"
        if excludes:
            add("role turned", (*people, *others, *own, *map(negate, role)))
    if contextual:
        add("time moved", (*(c for c in rest if get_group(c.field) != "time"), *own, *contextual))
    if pieces.authors and len(pieces.people) == 1 and pieces.role:
        plain = tuple(replace(c, field="author") for c in pieces.authors)
        add("kept", (*rest, *own, *plain, *pieces.excluded))
    for name in others_meant if excludes and is_list and not pieces.authors else ():
        left = (c for c in rest if str(c.value) != name)
        lacks = Condition("author", "lacks", (name,))
        add("without person", (*left, *own, *pieces.excluded, lacks))
    if is_list and _DROPS.search(question):
        for group in dict.fromkeys(get_group(c.field) for c in rest):
            add("dropped", (*(c for c in rest if get_group(c.field) != group), *own, *authors))
    if pieces.authors and is_list and (excludes or people):
        lacking = tuple(Condition("author", "lacks", (str(c.value),)) for c in pieces.authors)
        kept = tuple(c for c in rest if str(c.value) not in {str(a.value) for a in pieces.authors})
        add("without person", (*kept, *own, *lacking))
    if is_list:
        yield from _replace_values(base, rest, (*own, *authors), pieces, parse_number(question))
    for where, how in wheres.items():
        topics: dict[Topic | None, str] = {}
        if pieces.topic is None:
            topics[_exclude(base.about, pieces.without)] = "topic kept"
            if base.about and base.about.without and base.about.words and is_list:
                topics.setdefault(replace(base.about, without=""), "topic with")
            if base.about and is_list and (own or authors or base.where):
                topics.setdefault(None, "topic dropped")
        else:
            own_topic = _exclude(pieces.topic, pieces.without)
            topics[own_topic] = "topic own"
            topics.setdefault(narrow_papers(base.about, own_topic), "topic narrowed")
            topics.setdefault(narrow_topic(base.about, own_topic), "topic narrowed")
            if base.about:
                topics.setdefault(_exclude(base.about, pieces.topic.words), "topic without")
        for topic, what in topics.items():
            yield f"{how}, {what}", (where, topic)


def _replace_values(
    base: Base,
    rest: Sequence[Condition],
    own: Sequence[Condition],
    pieces: Pieces,
    number: int | None,
) -> Iterator[tuple[str, Limits]]:
    """``papers with the keyword pensions / and wages``: another value of the same field."""
    words = pieces.topic.words if pieces.topic else ""
    for c in rest:
        field = FIELDS[c.field]
        # what cannot be grouped, such as the roles of sentences, has values of a closed list
        is_named = field.type == "name" and field.plural
        value = words if is_named else number if c.field == "n_authors" else None
        if value and c.operator in ("is", "contains"):
            where = merge_conditions(
                (*(replace(c, value=value) if c == o else o for o in rest), *own)
            )
            yield "value replaced, topic kept", (where, base.about)


def _exclude(topic: Topic | None, without: str) -> Topic | None:
    if not without:
        return topic
    before = topic.without if topic else ""
    words = " or ".join(dict.fromkeys(filter(None, (before, without))))
    return replace(topic, without=words) if topic else Topic(without=words)


def _ask(
    turn: Turn,
    base: Base,
    pieces: Pieces,
    how: str,
    where: tuple[Condition, ...],
    about: Topic | None,
    wants: set[str],
) -> Iterator[Candidate]:
    """What may be wanted of a set: a list, its number, its people, groups, values, an end of an order."""
    if not where and about is None and base.at.kind != "library" and not base.papers:
        return
    if base.papers:
        yield from _ask_shown(turn, base, pieces, where, about, wants)
        return
    last, order = base.query, pieces.order
    order = order if order and FIELDS[order.field].of == "paper" else None
    alone = turn.read(turn.labels[0][0], "narrow")

    def say(query: Query, kind: str = "") -> Candidate:
        return turn.say(kind or how.split(",")[0], "narrow", base.at, query, alone)

    kept = last.order if last else None
    orders: list[Order | None] = [order, kept, None] if "papers" in wants or order else [None]
    # "in ascending date sequence": what names an order is not always seen as one
    if how == "kept, topic kept" and (base.at.kind, base.at.age) != ("library", 0):
        orders += [Order("date", "ascending"), Order("date")]
    for each in dict.fromkeys(orders):
        yield say(Query("papers", where=where, about=about, order=each, k=pieces.k))
    # "did the same first author write a later one?": others than the one spoken of
    is_one = base.at.kind == "people" and len(turn.state.papers) == 1
    if is_one and "papers" in wants and _OTHER.search(turn.frame.question):
        yield say(Query("papers", where=exclude(where, turn.state.papers), about=about, k=pieces.k))
    if last and last.want not in ("papers", "people", "overview", "share"):
        yield say(replace(last, where=where, about=about))
    if last and last.want == "people" and last.relation is None:
        besides = tuple(dict.fromkeys((*last.besides, *pieces.besides)))
        by = () if about else last.by or ("author",)
        about_people = (
            replace(about, all_of=()) if about and about.all_of and about != last.about else about
        )
        yield say(
            replace(
                last, where=where, about=about_people, besides=besides, by=by, k=pieces.k or last.k
            )
        )
    if "count" in wants:
        yield say(Query("count", where=where, about=about))
        for group in pieces.groups[:1]:
            yield say(Query("count", where=where, about=about, by=(group,)))
    # "only those with code / which share of the 2025 papers has it": what held before is the part now
    if "share" in wants and base.at.kind == "set":
        part = tuple(c for c in base.where if c in where and FIELDS[c.field].type == "flag")
        whole = tuple(c for c in where if c not in part)
        if part and whole:
            yield say(Query("share", where=part, about=about, base=whole), "part")
    if "share" in wants and (where or (about and about != base.about)):
        # "which are from 2022? / what share of those has code?": of those; "as a percentage": of all
        part = tuple(c for c in where if c not in base.where)
        whole = base.where if part else ()
        yield say(Query("share", where=part or where, about=about, base=whole))
    if "groups" in wants or pieces.groups:
        for group in pieces.groups[:1]:
            if FIELDS[group].plural:
                yield say(Query("groups", where=where, about=about, by=(group,)))
    if order is not None and ("extreme" in wants or "papers" in wants):
        number = parse_number(turn.frame.question) or 0  # "the latest three, kindly"
        for k in dict.fromkeys((pieces.k, number if 1 < number < _MOST_ASKED else pieces.k)):
            yield say(Query("extreme", where=where, about=about, order=order, k=k))
    if "people" in wants or "profile" in wants:
        each_about = replace(about, all_of=()) if about and about.all_of else about
        gone = [
            str(v) for c in where if (c.field, c.operator) == ("author", "lacks") for v in c.values
        ]
        for people_order in (Order("n_papers"), None):
            yield say(
                Query("people", where=tuple(c for c in where if c.operator != "lacks" or c.field != "author"),
                      about=each_about, by=() if about else (pieces.role or "author",), order=people_order,
                      k=pieces.k, besides=tuple(dict.fromkeys((*pieces.besides, *gone))))
            )  # fmt: skip
    if "values" in wants:
        for field in pieces.attributes[:2]:
            if FIELDS[field].of == "paper":
                likely = (cast("Measure", m) for m, share in turn.frame.measures if share > 0.1)
                for measure in dict.fromkeys(("each", *likely)):
                    query = Query("values", where=where, about=about, by=(field,), measure=measure)
                    yield say(query)
    if "overview" in wants and about:
        yield say(
            Query("overview", where=where, about=about, text=turn.frame.question, form=pieces.form)
        )


def _ask_shown(
    turn: Turn,
    base: Base,
    pieces: Pieces,
    where: tuple[Condition, ...],
    about: Topic | None,
    wants: set[str],
) -> Iterator[Candidate]:
    """Of papers shown some: a list, their number, an end of an order, the people who wrote them."""
    if base.at.by in POINTED_BY_WORDS:
        about = None
    elif about != pieces.topic:
        return
    whole = Query("papers", where=where, about=about, papers=base.papers, is_about_several=True)
    order = pieces.order if pieces.order and FIELDS[pieces.order.field].of == "paper" else None
    asked = [replace(whole, order=order, k=pieces.k)]
    asked += [replace(whole, want="count")] if "count" in wants else []
    asked += [replace(whole, want="extreme", order=order, k=pieces.k)] if order else []
    asked += [replace(whole, want="share", where=where)] if "share" in wants and where else []
    asked += [
        replace(whole, want="groups", by=(group,))
        for group in pieces.groups[:1]
        if "groups" in wants and FIELDS[group].plural
    ]
    alone = turn.read(turn.labels[0][0], "all_of")
    for query in asked:
        yield turn.say("some", "all_of", base.at, query, alone)
