"""The readings that a turn may have in its conversation: each made by one small generator.

A generator takes an antecedent (the library, a list asked for before, papers or people shown, the last
question) and the turn's own partial query, and puts them together in one way. Which of them is meant is
not decided here (`dialogue_scoring`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from rag.library.view import LibraryView
from rag.types.fields import FIELDS, Condition
from rag.types.query import NOTHING_SHOWN, RECAP, Form, PersonRef, Query, Reading, Topic
from rag.understanding.antecedents import (
    limit_age,
    tag_rest,
    Antecedent,
    list_people_meant,
    list_papers_meant,
)
from rag.understanding.composition import compose
from rag.understanding.dialogue_merging import (
    drop_authors,
    drop_slot,
    exclude,
    find_flag,
    get_set,
    merge,
    narrow_set,
    narrow_topic,
    read_named_topic,
    set_role,
    shift_year,
    show_all,
)
from rag.understanding.dialogue_state import CONTENT, SETS, DialogueState, list_named
from rag.understanding.entities import Entities, negate, read_flag
from rag.understanding.field_words import read_group, read_order
from rag.understanding.frame_types import Frame, Link
from rag.understanding.paper_queries import build_author, limit_to_authors
from rag.understanding.slots import list_free_words

_LEAST_SHARE = 0.03
_MOST_LABELS = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reading of a turn.

    Attributes:
        kind: The generator, and what it did.
        link: How the turn then hangs together with the conversation.
        of: What it is asked of.
        query: What is asked.
        alone: The turn's own part.
        label: The want that the own part was read with; ``share`` its probability.
    """

    kind: str
    link: Link
    of: Antecedent
    query: Query
    alone: Reading
    label: str
    share: float


@dataclass
class Turn:
    """A turn to be read, and what came before it."""

    frame: Frame
    entities: Entities
    state: DialogueState
    library: LibraryView
    _read: dict[tuple[object, ...], Reading] = field(default_factory=dict)

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """The turn as the tagger has it; also with its free words as a topic where it has none."""
        return tuple(filter(None, (self.frame, tag_rest(self.frame, self.library))))

    @property
    def labels(self) -> list[tuple[str, float]]:
        """Wants that the turn may have, with their probabilities."""
        wants = [w for w in self.frame.wants[:_MOST_LABELS] if w[1] >= _LEAST_SHARE]
        shares = dict(self.frame.wants)
        more = [("passages", shares.get("passages", 0.0)), ("papers", shares.get("papers", 0.0))]
        return wants + [w for w in more if w[0] not in dict(wants)]

    def read(
        self,
        label: str,
        link: Link,
        papers: tuple[str, ...] = (),
        people: tuple[str, ...] = (),
        frame: Frame | None = None,
    ) -> Reading:
        """The turn's own part, read with a want, of papers or people where it names none."""
        frame = frame or self.frame
        key = (label, link, papers, people, frame.slots)
        if key not in self._read:
            share = dict(frame.wants).get(label, 0.0)
            others = tuple(w for w in frame.wants if w[0] != label)
            links = ((link, dict(frame.links).get(link, 0.0)),)
            frame = replace(frame, wants=((label, share), *others), links=links)
            self._read[key] = compose(frame, self.entities, self.library, papers, people)
        return self._read[key]


def list_candidates(turn: Turn) -> list[Candidate]:
    """The readings of a turn; one that two generators make stands there for each of them."""
    seen: dict[tuple[object, ...], Candidate] = {}
    for generate in GENERATORS:
        for candidate in generate(turn):
            key = (candidate.query, candidate.kind, candidate.of.kind, candidate.of.by)
            seen.setdefault(key, candidate)
    return list(seen.values())


# --- by itself --------------------------------------------------------------------------------

LIBRARY = Antecedent("library")
LAST = Antecedent("query", by="last")


def ask_library(turn: Turn) -> Iterator[Candidate]:
    """The turn by itself."""
    for frame in turn.frames:
        for label, share in turn.labels:
            alone = turn.read(label, "new", frame=frame)
            named = list_named(alone)
            query = alone.query
            if query.want == "passages" and len(named) == 1:
                query = replace(query, papers=named)
            yield Candidate("alone", "new", LIBRARY, query, alone, label, share)
            subject = turn.state.topic.words if turn.state.topic else turn.state.question
            if query.want == "passages" and not named:
                text, n = _IT.subn(lambda _: subject, turn.frame.question, count=1)
                text = text if n else f"{turn.frame.question} {subject}"
                query = replace(query, text=text)
                yield Candidate("subject", "all_of", Antecedent("topic"), query, alone, label, share)
    if turn.state.shown == "nothing" and turn.state.is_answered:
        nothing = Query("aside", what=NOTHING_SHOWN)
        yield Candidate("nothing", "aside", LIBRARY, nothing, alone, "aside", 0.0)


_IT = re.compile(r"\b(?:it|this|that|they|them|these|those)\b(?! \w*(?:paper|work|stud|method|approach|one))", re.IGNORECASE)  # fmt: skip


# --- of papers shown --------------------------------------------------------------------------


def ask_papers(turn: Turn) -> Iterator[Candidate]:
    """The turn's own question, of papers shown."""
    for at in list_papers_meant(turn.frame, turn.state, turn.library):
        frame = at.frame or turn.frame
        link: Link = "one_of" if at.by != "last" else "same_paper" if len(at.ids) == 1 else "all_of"
        labels = turn.labels
        if any(label.startswith("people") for label, _ in labels):
            known = dict(labels)
            labels = labels + [
                (label, known.get("people", 0.0))
                for label in ("people authors", "people first_author", "people common_authors")
                if label not in known
            ]
        for label, share in labels:
            want = label.split()[0]
            if want in SETS and (len(at.ids) > 1 or want == "count"):
                yield from _limit_to(turn, at, frame, label, share)
            if want in SETS and len(at.ids) > 1:
                continue
            alone = turn.read(label, link, at.ids, frame=frame)
            query = alone.query
            flags = [c.field for c in query.where if c.field in ("code", "link", "doi", "venue")]
            if flags and len(at.ids) < 3:
                values = Query("values", by=tuple(flags[:1]), papers=at.ids)
                yield Candidate("field", link, at, values, alone, label, share)
            if query.want in CONTENT:
                named = list_named(alone)
                papers = tuple(dict.fromkeys((*at.ids, *named)))
                yield Candidate("papers", link, at, replace(query, papers=at.ids, is_about_several=len(at.ids) > 1, about=None if query.want != "overview" else query.about),
                                alone, label, share)  # fmt: skip
                if len(papers) > 1 and (named or query.want == "comparison"):
                    both = replace(query, want="comparison", papers=papers, is_about_several=True)
                    yield Candidate("compared", link, at, both, alone, label, share)
                detail = turn.state.query.asks_for
                if detail and at.by != "last" and query.asks_for != detail:
                    yield Candidate("detail", link, at, replace(query, papers=at.ids, asks_for=detail, is_about_several=len(at.ids) > 1), alone, label, share)
            elif query.papers == at.ids or query.like in at.ids:
                yield Candidate("papers", link, at, query, alone, label, share)


def _limit_to(turn: Turn, at: Antecedent, frame: Frame, label: str, share: float) -> Iterator[Candidate]:
    alone = turn.read(label, "all_of", frame=frame)
    own = alone.query
    if own.want not in SETS or own.like or own.papers:
        return
    where = (*(c for c in own.where if c.field != "paper"), *map(build_author, own.people))
    query = replace(own, where=where, people=(), papers=at.ids, is_about_several=len(at.ids) > 1)
    yield Candidate("some", "all_of", at, query, alone, label, share)


def list_more(turn: Turn) -> Iterator[Candidate]:
    """Further papers or people than those shown."""
    state, last = turn.state, turn.state.query
    alone = turn.read(turn.labels[0][0], "more")
    own = alone.query

    def say(kind: str, query: Query, of: Antecedent = LAST) -> Candidate:
        return Candidate(kind, "more", of, query, alone, query.want, dict(turn.frame.wants).get(query.want, 0.0))

    paper = turn.library.get_paper(state.paper) if state.paper else None
    if paper is not None and len(state.papers) == 1:
        at = Antecedent("paper", (paper.paper_id,), by="last")
        about = own.about if not own.like else None
        for topic in filter(None, dict.fromkeys((about, state.topic, Topic(paper.name)))):
            like = paper.paper_id if topic.words == paper.name else ""
            for years in dict.fromkeys((limit_age(turn.frame.question, paper), ())):
                where = (*years, *exclude((), (paper.paper_id,)))
                yield say("more", Query("papers", about=topic, like=like, where=where, k=own.k), at)
                if years:
                    query = Query("papers", about=topic, like=like, where=where, k=1)
                    yield say("more one", query, at)
    for frame in turn.frames:
        about = turn.read("papers", "more", frame=frame).query.about
        if about and state.papers:
            yield say("more on", Query("papers", about=about, where=exclude((), state.papers)))
    if last.want == "people" and last.relation is None:
        named = tuple(dict.fromkeys((*last.besides, *state.people)))
        yield say("more", replace(last, besides=named, k=own.k or last.k))
    elif last.want in CONTENT:
        about = last.about or state.topic or Topic(last.text) if last.text or state.topic else None
        if about:
            yield say("more", Query("papers", about=about, where=exclude(last.where, state.papers), k=own.k))
    else:
        where = exclude(last.where, state.papers)
        yield say("more", replace(last, where=where, want="papers", k=own.k, by=()))
    if last.want == "extreme" and state.papers:
        yield say("next", replace(last, where=exclude(last.where, state.papers[:1])))


# --- of a list asked for before ---------------------------------------------------------------


def list_bases(turn: Turn) -> list[tuple[int, Query]]:
    """Lists that a turn may be of, with how long ago they were asked for."""
    state = turn.state
    found: dict[Query, int] = {}
    if (base := get_set(state)) is not None:
        found[base] = 0
    if state.topic is not None and state.topic.words:
        found.setdefault(Query("papers", about=state.topic), 1)
    for age, query in enumerate(state.sets):
        base = show_all(query)
        if base.want not in SETS:
            where = tuple(c for c in base.where if FIELDS[c.field].of == "paper")
            base = Query("papers", where=where, about=base.about)
        found.setdefault(base, age + 1)
    return [(age, base) for base, age in found.items()]


def narrow(turn: Turn) -> Iterator[Candidate]:
    """A list asked for before, under what the turn adds."""
    last = turn.state.query
    for frame in turn.frames:
        for age, base in list_bases(turn):
            at = Antecedent("set", by="last" if age == 0 else "earlier", age=age)
            for label, share in turn.labels:
                yield from _narrow_one(turn, frame, at, base, label, share)
        flag = read_flag(" ".join(list_free_words(frame.question, frame.slots)), is_negative=False)
        if (base := get_set(turn.state)) is not None and flag:
            flagged = Antecedent("set", by="flag")
            alone = turn.read("papers", "narrow", frame=frame)
            share = dict(frame.wants).get("papers", 0.0)
            query = base.add_conditions([flag, *alone.query.where])
            yield Candidate("narrow", "narrow", flagged, query, alone, "papers", share)
        if last.want == "people" and last.relation is None and last.about is not None:
            at = Antecedent("set", by="people")
            for label, share in turn.labels:
                alone = turn.read(label, "narrow", frame=frame)
                about = narrow_topic(last.about, read_named_topic(alone) or alone.query.about)
                merged = replace(merge(last, alone), about=about)
                yield Candidate("narrow", "narrow", at, merged, alone, "people", share if label == "people" else 0.0)


def _narrow_one(
    turn: Turn, frame: Frame, at: Antecedent, base: Query, label: str, share: float
) -> Iterator[Candidate]:
    alone = turn.read(label, "narrow", frame=frame)
    own, want = alone.query, label.split()[0]
    if own.papers or own.like:
        return
    narrowed = narrow_set(frame, alone, base)
    if own.want in SETS:
        yield Candidate("narrow", "narrow", at, narrowed, alone, label, share)
        if own.want == "papers" != narrowed.want:
            as_list = replace(narrowed, want="papers", by=(), base=(), order=own.order)
            where = (*base.base, *narrowed.where) if base.want == "share" else narrowed.where
            yield Candidate("listed", "narrow", at, replace(as_list, where=where), alone, label, share)
        if own.want == "share":
            whole = Query("share", where=base.where, about=base.about, base=base.base)
            if whole.where or whole.about:
                yield Candidate("share", "narrow", at, whole, alone, label, share)
    elif own.want in CONTENT:
        yield Candidate("narrow", "narrow", at, replace(narrowed, form=own.form), alone, "papers", dict(frame.wants).get("papers", 0.0))
        if want == "overview":
            query = replace(own, want="overview", where=narrowed.where, about=narrowed.about, papers=())
            yield Candidate("overview", "narrow", at, query, alone, label, share)
    if want == "people" and own.relation in (None, "authors", "first_author", "coauthors", "common_authors", "common_coauthors", "top_coauthor"):
        role = "first_author" if own.relation == "first_author" else "author"
        by = () if narrowed.about else own.by or (role,)
        besides = own.besides
        for about in dict.fromkeys((narrowed.about, base.about)):
            if about and about.all_of:
                about = replace(about, all_of=())
            query = Query("people", by=by, where=narrowed.where, about=about, order=own.order, k=own.k, besides=besides)
            yield Candidate("people", "narrow", at, query, alone, label, share)
            if own.relation == "first_author" or own.by == ("first_author",):
                yield Candidate("people", "narrow", at, replace(query, by=("first_author",)), alone, label, share)


def change_set(turn: Turn) -> Iterator[Candidate]:
    """What a list asked for before is measured by, put in order, or left without."""
    state, last, question = turn.state, turn.state.query, turn.frame.question
    alone = turn.read(turn.labels[0][0], "narrow")
    own = alone.query
    shares = dict(turn.frame.wants)

    def say(kind: str, query: Query, link: Link = "narrow") -> Candidate:
        return Candidate(kind, link, LAST, query, alone, query.want, shares.get(query.want, 0.0))

    order = own.order or read_order(question)
    base = get_set(state)
    if order is not None and FIELDS[order.field].of == "person":
        if last.want == "people":
            yield say("order", replace(last, order=order))
    elif order is not None:
        for query in filter(None, (base, Query("papers", papers=state.listed, is_about_several=True) if state.listed else None)):
            ordered = replace(query, want="papers", by=(), base=(), order=order, k=own.k, text="")
            yield say("order", ordered.add_conditions(c for c in own.where if FIELDS[c.field].type != "person"))
            yield say("extreme", replace(query, want="extreme", by=(), base=(), order=order, k=own.k, text=""))
    if base is not None:
        yield say("count", replace(base, want="count", by=(), order=None, k=None, base=()))
        if base.where or base.about:
            yield say("share", Query("share", where=base.where, about=base.about, base=base.base))
    if last.want == "groups":
        kinds = {slot.kind for slot in turn.frame.slots}
        yield say("groups", replace(last, k=own.k or 1))
        name = read_group(question) if kinds <= {"group", "preamble"} else ""
        if name and FIELDS[name].plural:
            yield say("groups", replace(last, by=(name,), k=None))
    if last.want == "count" and last.by:
        yield say("groups", replace(last, want="groups", order=own.order, k=own.k))
    if flag := find_flag(last):
        yield say("negated", last.remove_condition(flag).add_conditions([negate(flag)]), "refine")
    if last.want in (*SETS, "people"):
        for word in re.findall(r"[a-z]+", question.lower())[:12]:
            if rest := drop_slot(last, word) or drop_slot(last, word.removesuffix("s")):
                yield say("dropped", rest, "refine")
        people = [c for c in last.where if FIELDS[c.field].type == "person" and not c.is_negative]
        if len(people) > 1 and people[-1].operator == "is":
            gone = Condition(people[-1].field, "lacks", (people[-1].value,))  # type: ignore[arg-type]
            yield say("without", last.remove_condition(people[-1]).add_conditions([gone]))
        for at in list_papers_meant(turn.frame, state, turn.library):
            if len(at.ids) == 1 and last.want != "people":
                without = last.add_conditions([Condition("paper", "is_not", at.ids[0])])
                yield Candidate("without", "narrow", at, without, alone, last.want, shares.get(last.want, 0.0))
        if last.want == "people":
            for who in list_people_meant(turn.frame, state, turn.library):
                besides = tuple(dict.fromkeys((*last.besides, *who.names)))
                yield Candidate("besides", "narrow", who, replace(last, besides=besides), alone, "people", shares.get("people", 0.0))
    both = tuple(dict.fromkeys((*state.papers, *state.papers_before)))
    if len(both) > max(len(state.papers), len(state.papers_before)):
        yield say("count", Query("count", papers=both, is_about_several=True))


# --- the last question with a part replaced -----------------------------------------------------


def replace_part(turn: Turn) -> Iterator[Candidate]:
    """The last question, or one before it, with the turn's parts in the place of its own."""
    state = turn.state
    for frame in turn.frames:
        for label, share in turn.labels:
            alone = turn.read(label, "refine", frame=frame)
            yield from _replace_in_content(turn, alone, label, share)
            own = alone.query
            bases = [state.query, *(q for q in state.sets if q != state.query)]
            for age, last in enumerate(bases):
                if last.want in CONTENT:
                    continue
                at = Antecedent("query", by="last" if age == 0 else "earlier", age=age)
                yield from _replace_in(turn, at, last, alone, label, share)
    last = state.query
    at = Antecedent("query", by="again")
    alone = turn.read(turn.labels[0][0], "elaborate")
    own = alone.query
    if last.want in ("count", "share", "groups"):
        as_list = replace(last, want="papers", by=(), order=None, k=None, where=(*last.base, *last.where), base=())
        yield Candidate("listed", "elaborate", at, as_list, alone, "papers", dict(turn.frame.wants).get("papers", 0.0))
    again = replace(last, form=own.form)
    if last.want in CONTENT and last.want != "overview" and not last.is_about_several and state.paper:
        text = f"{last.text} {alone.question}" if own.form == Form() and own.asks_for else last.text
        again = replace(again, papers=last.papers or (state.paper,), text=text, asks_for=own.asks_for or last.asks_for)
    yield Candidate("again", "elaborate", at, again, alone, last.want, dict(turn.frame.wants).get(last.want, 0.0))


def _replace_in(
    turn: Turn, at: Antecedent, last: Query, alone: Reading, label: str, share: float
) -> Iterator[Candidate]:
    own = alone.query
    named = list_named(alone)
    if named and last.papers:
        named = tuple(i for i in named if i not in last.papers) or named
        relation = "authors" if last.relation == "common_authors" and len(named) == 1 else last.relation
        yield Candidate("replaced", "refine", at, replace(last, papers=named, relation=relation), alone, last.want, share)
        return
    merged = merge(last, alone, turn.state.broader)
    merged = replace(merged, where=set_role(merged.where, alone))
    last_share = dict(turn.frame.wants).get(last.want, 0.0)
    if merged != last:
        yield Candidate("replaced", "refine", at, merged, alone, last.want, last_share)
    if own.want in SETS and last.want in SETS and own.want != last.want:
        other = replace(merged, want=own.want, by=own.by, base=own.base, order=own.order, k=own.k)
        yield Candidate("remeasured", "refine", at, other, alone, label, share)
    if own.want in SETS and last.want == "people" and last.about and not last.relation:
        yield Candidate("remeasured", "refine", at, Query(own.want, where=merged.where, about=merged.about, by=own.by, order=own.order, k=own.k), alone, label, share)
    if merged.want in ("groups", "count") and any(c.field in merged.by for c in own.where):
        yield Candidate("remeasured", "refine", at, replace(merged, want="papers", by=(), order=None, k=None), alone, label, share)


def _replace_in_content(turn: Turn, alone: Reading, label: str, share: float) -> Iterator[Candidate]:
    state, last, own = turn.state, turn.state.query, alone.query
    if last.want not in CONTENT:
        return
    at = Antecedent("query", by="last")
    shares = dict(turn.frame.wants)
    named = list_named(alone)
    words = next((p.words for p in alone.parts if p.slot in ("about", "papers", "people")), "")
    old = state.slot_words
    texts = []
    if words and old and old in state.question:
        texts.append(state.question.replace(old, words))
    texts.append(f"{alone.question} {state.question}")
    texts.append(alone.question)
    years = {int(year) for year in re.findall(r"\b(?:19|20)\d\d\b", state.question)}
    year = years.pop() if len(years) == 1 else 0
    if year and (shifted := shift_year(alone.question, year)):
        texts.insert(0, f"{alone.question} {state.question.replace(str(year), str(shifted))}")
    for text in dict.fromkeys(texts):
        detail = own.asks_for if text == alone.question else last.asks_for
        query = replace(own if own.want in CONTENT else last, text=text, papers=named, asks_for=detail)
        if last.want == "overview" and own.about:
            yield Candidate("replaced", "refine", at, replace(last, about=own.about, text=alone.question, papers=()), alone, "overview", shares.get("overview", 0.0))
        yield Candidate("replaced", "refine", at, replace(query, want="passages" if last.want == "passages" else query.want), alone, last.want, shares.get(last.want, 0.0))
    for meant in list_papers_meant(turn.frame, state, turn.library):
        if meant.by != "last":
            query = replace(last, papers=meant.ids, is_about_several=len(meant.ids) > 1, about=None)
            yield Candidate("same", "one_of", meant, query, alone, last.want, shares.get(last.want, 0.0))


def ask_again_of(turn: Turn) -> Iterator[Candidate]:
    """The last question of a field or of authors, asked of other papers or people shown."""
    state, last = turn.state, turn.state.query
    alone = turn.read(turn.labels[0][0], "one_of")
    share = dict(turn.frame.wants).get(last.want, 0.0)
    if last.want == "values" or (last.relation == "authors" and last.papers):
        for meant in list_papers_meant(turn.frame, state, turn.library):
            if last.papers and meant.ids != last.papers:
                yield Candidate("same", "one_of", meant, replace(last, papers=meant.ids, is_about_several=len(meant.ids) > 1), alone, last.want, share)
    persons = [c for c in last.where if FIELDS[c.field].type == "person" and not c.is_negative]
    for who in list_people_meant(turn.frame, state, turn.library):
        if len(who.names) != 1:
            continue
        if last.people and last.people[0].names[:1] != who.names:
            yield Candidate("same", "one_of", who, replace(last, people=(PersonRef(who.names[0], who.names),)), alone, last.want, share)
        elif len(persons) == 1 and persons[0].value != who.names[0]:
            where = tuple(replace(c, value=who.names[0], operator="is") if c == persons[0] else c for c in last.where)
            yield Candidate("same", "one_of", who, replace(last, where=where), alone, last.want, share)


# --- of people ----------------------------------------------------------------------------------


def ask_people(turn: Turn) -> Iterator[Candidate]:
    """The turn's own question, of people shown or behind a paper shown."""
    state = turn.state
    shares = dict(turn.frame.wants)
    for who in list_people_meant(turn.frame, state, turn.library):
        people = tuple(PersonRef(n, (n,)) for n in who.names)
        for label, share in turn.labels:
            alone = turn.read(label, "those_people", people=who.names)
            own = alone.query
            if own.want == "values" or own.want == "profile" or own.relation:
                yield Candidate("people", "those_people", who, own, alone, label, share)
            if label.startswith("people") or label.startswith("profile"):
                relations = ("coauthors", "top_coauthor") if len(who.names) == 1 else ("common_coauthors",)
                for relation in relations:
                    yield Candidate(relation, "those_people", who, Query("people", people=people, relation=relation), alone, label, shares.get(f"people {relation}", share / 2))
                if own.about and not own.relation:
                    authors = tuple(c for c in own.where if c.field != "author")
                    yield Candidate("people", "those_people", who, replace(own, people=(), where=(*authors, limit_to_authors(who.names))), alone, label, share)
            if own.want in SETS:
                where = tuple(c for c in own.where if c.value not in who.names and c.field != "paper")
                limit = limit_to_authors(who.names)
                lists = replace(own, where=(*where, limit), people=(), like="", papers=(), asks_for=None)
                named = own.about if not own.like else None
                for about in dict.fromkeys((named, state.topic)):
                    yield Candidate("by" if about == named else "by on topic", "those_people", who, replace(lists, about=about), alone, label, share)
                if who.by in ("author", "of paper") and state.paper:
                    others = exclude(lists.where, (state.paper,))
                    yield Candidate("by others", "those_people", who, replace(lists, where=others), alone, label, share)
        if len(people) == 2:
            alone = turn.read(turn.labels[0][0], "those_people")
            for want in ("papers", "count"):
                where = drop_authors(alone.query.where)
                yield Candidate("shared", "those_people", who, Query(want, people=people, relation="shared", where=where), alone, want, shares.get(want, 0.0))  # type: ignore[arg-type]


def ask_people_found(turn: Turn) -> Iterator[Candidate]:
    """Papers by which people were found; people of the topic spoken of."""
    state, last = turn.state, turn.state.query
    alone = turn.read(turn.labels[0][0], "narrow")
    shares = dict(turn.frame.wants)
    if state.topic is not None and state.topic.words:
        where = show_all(last).where if last.about == state.topic else ()
        for limits in dict.fromkeys((where, ())):
            query = Query("people", about=replace(state.topic, all_of=()), where=limits)
            yield Candidate("people on topic", "narrow", Antecedent("topic", age=0 if limits else 1), query, alone, "people", shares.get("people", 0.0))


# --- all of it ----------------------------------------------------------------------------------


def recap(turn: Turn) -> Iterator[Candidate]:
    """What was found so far."""
    state = turn.state
    alone = turn.read("overview", "recap")
    papers = tuple(dict.fromkeys((*reversed(state.earlier_papers), *state.papers)))
    if papers:
        query = Query("overview", papers=papers, is_about_several=True, form=alone.query.form, what=RECAP, text=alone.question)
        yield Candidate("recap", "recap", Antecedent("papers", papers, by="all"), query, alone, "overview", dict(turn.frame.wants).get("overview", 0.0))


GENERATORS = (ask_library, narrow, ask_papers, replace_part, ask_people, ask_people_found, change_set, ask_again_of, list_more, recap)
