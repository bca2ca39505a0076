"""Readings of a turn by itself, or of papers and people that were shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from rag.types.fields import FIELDS, Condition
from rag.types.query import (
    NOTHING_SHOWN,
    RECAP,
    Form,
    PersonRef,
    Query,
    RelationKind,
    Topic,
)
from rag.understanding.antecedents import Antecedent, limit_age
from rag.understanding.dialogue_merging import EXCLUDES, exclude
from rag.understanding.dialogue_state import CONTENT, list_named
from rag.understanding.frame_types import Link
from rag.understanding.pieces import Pieces
from rag.understanding.turns import Candidate, Turn

LIBRARY = Antecedent("library")
LAST_QUESTION = Antecedent("query", by="last")


def ask_library(turn: Turn) -> Iterator[Candidate]:
    """The turn by itself, or about the thing that the last question was about."""
    question, state = turn.frame.question, turn.state
    subject = state.topic.words if state.topic else state.question
    for frame in turn.frames:
        for label, share in turn.labels:
            alone = turn.read(label, "new", frame=frame)
            make = partial(Candidate, alone=alone, label=label, share=share)
            query, named = alone.query, list_named(alone)
            # "what is SlerpFace? / compare both": by itself it names nothing to compare
            if query.want == "comparison" and state.papers and not frame.slots:
                continue
            if query.want == "passages" and len(named) == 1:
                query = replace(query, papers=named)
            yield make("alone", "new", LIBRARY, query)
            if query.want != "passages" or named:
                continue
            replaced, n = _IT.subn(subject.replace("\\", r"\\"), question, count=1)
            if n:
                yield make(
                    "subject", "all_of", Antecedent("topic", by="it"), replace(query, text=replaced)
                )
            both = replace(query, text=f"{question} {subject}")
            yield make("subject", "all_of", Antecedent("topic"), both)
    if state.shown == "nothing" and state.is_answered:
        nothing = Query("aside", what=NOTHING_SHOWN)
        yield Candidate("nothing", "aside", LIBRARY, nothing, alone, "aside", 0.0)


_IT = re.compile(r"\b(?:it|this|that|they|them|these|those)\b(?! \w*(?:paper|work|stud|method|approach|one))", re.IGNORECASE)  # fmt: skip


# --- of papers ----------------------------------------------------------------------------------


def ask_papers(turn: Turn) -> Iterator[Candidate]:
    """The turn's own question of content, of papers shown or named; papers like one of them."""
    contents = {label for label, _ in turn.labels if label in CONTENT}
    alone = turn.read("passages", "one_of")
    pieces = turn.pieces[0]
    contents |= {"overview"} if pieces.form != Form() else set()
    named = list_named(alone)
    meant = [*([Antecedent("paper", named[:1], by="named")] if named else []), *turn.papers_meant]
    for at in meant:
        is_one = len(at.ids) == 1
        link: Link = "one_of" if at.by != "last" else "same_paper" if is_one else "all_of"
        say = partial(turn.say, "papers", link, at)
        for label in contents:
            alone = turn.read(label, link, at.ids[:1], frame=at.frame)
            own = alone.query
            if own.want in CONTENT:
                about = own.about if own.want == "overview" else None
                query = replace(own, papers=at.ids, is_about_several=not is_one, about=about)
                yield say(query, alone)
        if is_one and turn.may_want("papers") and (paper := turn.get_paper(at.ids[0])):
            where = (*pieces.where, *pieces.authors, *pieces.excluded, *exclude((), at.ids))
            gone = [
                who.names[0]
                for who in turn.people_meant[:2]
                if EXCLUDES.search(turn.frame.question)
            ]
            for lacking in (
                (),
                *((Condition("author", "lacks", (name,)),) for name in dict.fromkeys(gone)),
            ):
                query = Query(
                    "papers",
                    about=Topic(paper.name),
                    like=at.ids[0],
                    where=(*where, *lacking),
                    k=pieces.k,
                )
                yield turn.say("like", "more", at, query, alone)


_LEAST_SHARE = 0.02


def reply_aside(turn: Turn) -> Iterator[Candidate]:
    """Small talk."""
    share = dict(turn.frame.links).get("aside", 0.0) + turn.shares.get("aside", 0.0)
    if share > _LEAST_SHARE:
        alone = turn.read("aside", "aside")
        what = turn.frame.what[0][0] if turn.frame.what else "greeting"
        yield turn.say("aside", "aside", LIBRARY, Query("aside", what=what), alone)


def list_more(turn: Turn) -> Iterator[Candidate]:
    """Further papers or people than those shown."""
    state, last = turn.state, turn.state.query
    alone = turn.read(turn.labels[0][0], "more")
    say = partial(turn.say, link="more", alone=alone)
    k = alone.query.k
    paper = turn.paper_in_view
    if paper is not None and len(state.papers) == 1:
        at, itself = Antecedent("paper", (paper.paper_id,), by="last"), exclude((), state.papers)
        about = None if alone.query.like else alone.query.about
        years = limit_age(turn.frame.question, paper)
        for topic in filter(None, dict.fromkeys((about, state.topic, Topic(paper.name)))):
            like = paper.paper_id if topic.words == paper.name else ""
            query = Query("papers", about=topic, like=like, k=k)
            for limits in dict.fromkeys((years, ())):
                yield say("more", of=at, query=replace(query, where=(*limits, *itself)))
            if years:
                yield say("more one", of=at, query=replace(query, where=(*itself, *years), k=1))
    for frame in turn.frames:
        about = turn.read("papers", "more", frame=frame).query.about
        if about and state.papers:
            query = Query("papers", about=about, where=exclude((), state.papers))
            yield say("more on", of=LAST_QUESTION, query=query)
    others = exclude(last.where, state.papers)
    if last.want == "people" and last.relation is None:
        named = tuple(dict.fromkeys((*last.besides, *state.people)))
        yield say("more", of=LAST_QUESTION, query=replace(last, besides=named, k=k or last.k))
    elif last.want not in CONTENT:
        query = replace(last, where=others, want="papers", k=k, by=())
        yield say("more", of=LAST_QUESTION, query=query)
    elif about := last.about or state.topic or (Topic(last.text) if last.text else None):
        yield say("more", of=LAST_QUESTION, query=Query("papers", about=about, where=others, k=k))
    if last.want == "extreme" and state.papers:
        gone = exclude(last.where, state.papers[:1])
        yield say("next", of=LAST_QUESTION, query=replace(last, where=gone))


def recap(turn: Turn) -> Iterator[Candidate]:
    """What was found so far."""
    state, alone = turn.state, turn.read("overview", "recap")
    papers = tuple(dict.fromkeys((*reversed(state.earlier_papers), *state.papers)))
    if papers:
        query = Query("overview", papers=papers, is_about_several=True, form=alone.query.form,
                      what=RECAP, text=alone.question)  # fmt: skip
        yield turn.say("recap", "recap", Antecedent("papers", papers, by="all"), query, alone)


# --- put together from the pieces -------------------------------------------------------------------


def ask_around(turn: Turn) -> Iterator[Candidate]:
    """Authors and fields of papers shown or named; portraits, fields, colleagues of people shown or named."""
    alone = turn.read(turn.labels[0][0], "one_of")
    pieces = turn.pieces[0]
    say = partial(turn.say, alone=alone)
    named = Antecedent("paper", pieces.papers, by="named") if pieces.papers else None
    meant = [*([named] if named else []), *turn.papers_meant]
    n_single = 0
    for at in meant:
        link: Link = "one_of" if at.by != "last" else "same_paper" if len(at.ids) == 1 else "all_of"
        relations: tuple[RelationKind, ...] = ("authors", "first_author")
        relations = (*relations, "common_authors") if len(at.ids) > 1 else relations
        for relation in relations if turn.may_want("people") or at.by == "last" else ():
            query = Query("people", papers=at.ids, relation=relation, besides=pieces.besides)
            yield say("authors", link, at, query, label=f"people {relation}")
        if 1 < len(at.ids) < 4 and (turn.may_want("comparison") or turn.may_want("passages")):
            text = turn.frame.question
            query = Query(
                "comparison", papers=at.ids, is_about_several=True, text=text, form=pieces.form
            )
            yield say("compared", link, at, query)
        fields = [f for f in pieces.attributes if FIELDS[f].of == "paper"]
        # "wot uni", "how many people wrote that": words that name a field are learned
        if len(at.ids) == 1 and n_single < _MOST_SINGLE:
            n_single += 1
            yield say("field", link, at, Query("count", by=("author",), papers=at.ids))
            fields = [*dict.fromkeys((*fields, *_FIELDS_ASKED))]
        if len(pieces.attributes) > 1:
            several = tuple(f for f in pieces.attributes if FIELDS[f].of == "paper")
            if len(several) > 1:
                yield say("field", link, at, Query("values", by=several, papers=at.ids))
        for field in fields:
            yield say("field", link, at, Query("values", by=(field,), papers=at.ids))
    names = tuple(p.names[0] for p in pieces.people if p.names)
    people = [Antecedent("people", (), names, by="named")] if names else []
    # "Chunlei Peng, is he the same as Chenlei Peng": the one whom nobody is called is told as typed
    if len(pieces.people) == 2 and len({*names}) < 2:
        pair = tuple(
            p if p.names and p.typed.lower() == p.names[0].lower() else PersonRef(p.typed)
            for p in pieces.people
        )
        query = Query("profile", people=pair, relation="same")
        yield say("around", "those_people", LIBRARY, query, label="profile same")
    if len(names) == 1:
        pairs = [
            who.names[0] for who in turn.people_meant if len(who.names) == 1 and who.names != names
        ]
        people += [
            Antecedent("people", (), (other, *names), by="with named")
            for other in dict.fromkeys(pairs)
        ]
    for who in [*people, *turn.people_meant][:_MOST_PEOPLE]:
        yield from _ask_around_people(turn, who, pieces)


_MOST_PEOPLE = 8
_MOST_SINGLE = 3
_FIELDS_ASKED = ("year", "venue", "affiliation", "code", "n_authors", "category")
"""Fields of a paper that are asked for in many words."""


def _ask_around_people(turn: Turn, who: Antecedent, pieces: Pieces) -> Iterator[Candidate]:
    alone = turn.read(turn.labels[0][0], "those_people")
    say = partial(turn.say, "around", "those_people", who, alone=alone)
    people = tuple(PersonRef(name, (name,)) for name in who.names)
    if turn.may_want("values") or pieces.attributes:
        fields = [f for f in pieces.attributes if f != "place"]
        fields += ["affiliation"] if _WORKPLACE.search(turn.frame.question) else []
        for field in dict.fromkeys(fields):
            yield say(query=Query("values", by=(field,), people=people))
        if len({FIELDS[field].of for field in fields}) == 1 < len(fields):
            yield say(query=Query("values", by=tuple(dict.fromkeys(fields)), people=people))
    limits: list[tuple[tuple[Condition, ...], Topic | None]] = [((), None)]
    if pieces.where or pieces.topic:
        limits.append((pieces.where, pieces.topic))
    if len(people) == 1:
        if turn.may_want("profile") or who.by in ("named", "pointed", "place"):
            yield say(query=Query("profile", people=people))
        if turn.shares.get("profile not_stated", 0.0) > _LEAST_SHARE:
            query = Query(
                "profile", people=people, relation="not_stated", what=pieces.asked or "that"
            )
            yield say(query=query, label="profile not_stated")
        relations: tuple[RelationKind, ...] = ("coauthors", "top_coauthor")
        for relation in relations if turn.may_want("people") else ():
            for where, about in limits:
                query = Query("people", people=people, relation=relation, where=where, about=about,
                              besides=pieces.besides)  # fmt: skip
                yield say(query=query, label=f"people {relation}")
    if len(people) == 2:
        # "so which of the pair is ahead?"
        yield say(query=Query("values", by=("n_papers",), people=people))
        for where, about in limits:
            for want in ("papers", "count"):
                query = Query(want, people=people, relation="shared", where=where, about=about)
                yield say(query=query, label=f"{want} shared")
        yield say(
            query=Query("people", people=people, relation="common_coauthors"),
            label="people common_coauthors",
        )
        yield say(query=Query("profile", people=people, relation="same"), label="profile same")


_WORKPLACE = re.compile(
    r"\b(?:where|work|works|working|based|city|country|universit\w*|institut\w*|employ\w*|belong\w*|from|lab|labs|compan\w*|affiliat\w*)\b",
    re.IGNORECASE,
)
