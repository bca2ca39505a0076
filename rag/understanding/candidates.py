"""The readings that a turn may have in its conversation: each made by one small generator.

A generator takes an antecedent (the library, a list asked for before, papers or people shown, the last
question) and the turn's own partial query, and puts them together in one way. Which of them is meant is
not decided here (`dialogue_scoring`). Those of papers and people shown are in `candidates_shown`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial

from rag.text import STOP_WORDS, split_terms
from rag.types.fields import FIELDS, Condition
from rag.types.query import Form, Order, PersonRef, Query, Reading, Way
from rag.understanding.antecedents import Antecedent
from rag.understanding.candidates_sets import assemble
from rag.understanding.candidates_shown import (
    LAST_QUESTION,
    ask_around,
    ask_library,
    ask_papers,
    list_more,
    recap,
    reply_aside,
)
from rag.understanding.dialogue_merging import (
    drop_slot,
    find_flag,
    get_set,
    merge_turn,
    set_role,
    shift_year,
)
from rag.understanding.dialogue_state import CONTENT, SETS, list_named, split_once
from rag.understanding.entities import negate
from rag.understanding.turns import Candidate, Turn


def list_candidates(turn: Turn) -> list[Candidate]:
    """The readings of a turn; one that two generators make stands there for each of them."""
    seen: dict[tuple[object, ...], Candidate] = {}
    for generate in GENERATORS:
        for candidate in generate(turn):
            key = (candidate.query, candidate.kind, candidate.of.kind, candidate.of.by)
            seen.setdefault(key, candidate)
    if turn.back is None:
        return list(seen.values())
    back = [replace(candidate, is_back=True) for candidate in list_candidates(turn.back)]
    return [*seen.values(), *back]


def list_returned(turn: Turn) -> Iterator[Candidate]:
    """What was asked earlier, as it was."""
    for age, state in enumerate((turn.state, *turn.state.earlier)):
        if age or turn.is_back:
            at = Antecedent("query", by="earlier" if age else "back", age=age)
            alone = Reading(state.query, turn.frame.question, parts=state.parts)
            yield turn.say("returned", "recap", at, state.query, alone)


# --- of the last list -------------------------------------------------------------------------------


def change_set(turn: Turn) -> Iterator[Candidate]:
    """The last list put in order or counted with the one before it; the last groups, fewer or others."""
    state, last = turn.state, turn.state.query
    alone = turn.read(turn.labels[0][0], "narrow")
    pieces = turn.pieces[0]
    say = partial(turn.say, link="narrow", of=LAST_QUESTION, alone=alone)
    order = pieces.order
    if last.want == "people":
        orders = (order, Order("n_papers")) if order else (Order("n_papers"),)
        for each in orders:
            if FIELDS[each.field].of == "person":
                yield say("order", query=replace(last, order=each, k=pieces.k or last.k))
    if last.order and last.order.way != "both ends":
        way: Way = "ascending" if last.order.way == "descending" else "descending"
        turned = replace(last.order, way=way)
        yield say("order", query=replace(last, order=turned, k=pieces.k or last.k))
    if last.want == "groups":
        yield say("groups", query=replace(last, k=pieces.k or 1))
        for name in pieces.groups[:1]:
            if FIELDS[name].plural:
                yield say("groups", query=replace(last, by=(name,), k=None))
    if last.want == "count" and last.by:
        yield say("groups", query=replace(last, want="groups", order=pieces.order, k=pieces.k))
    if last.want == "share":
        yield say(
            "listed", query=replace(last, want="papers", where=(*last.base, *last.where), base=())
        )
        # "which hasn't?"
        if len(last.where) == 1 and negate(last.where[0]) != last.where[0]:
            opposite = (*last.base, negate(last.where[0]))
            yield say("turned", query=replace(last, want="papers", where=opposite, base=()))
    base = get_set(state)
    if base is not None and (base.where or base.about):
        yield say("share", query=Query("share", where=base.where, about=base.about, base=base.base))
    both = tuple(dict.fromkeys((*state.papers, *state.papers_before)))
    if len(both) > max(len(state.papers), len(state.papers_before)):
        yield say("count", query=Query("count", papers=both, is_about_several=True))


def leave_out(turn: Turn) -> Iterator[Candidate]:
    """The last list without a condition, a person or a paper."""
    last, alone = turn.state.query, turn.read(turn.labels[0][0], "narrow")
    say = partial(turn.say, alone=alone)
    if flag := find_flag(last):
        query = last.remove_condition(flag).add_conditions([negate(flag)])
        yield say("negated", "refine", LAST_QUESTION, query)
    if last.want not in (*SETS, "people"):
        return
    for word in re.findall(r"[a-z]+", turn.frame.question.lower())[:12]:
        if rest := drop_slot(last, word) or drop_slot(last, word.removesuffix("s")):
            yield say("dropped", "refine", LAST_QUESTION, rest)
    # "Rahul Desai's papers / which with Liam Chen / the ones without him": whoever came in last
    people = [c for c in last.where if FIELDS[c.field].type == "person" and not c.is_negative]
    if len(people) > 1 and people[-1].operator == "is":
        gone = Condition(people[-1].field, "lacks", (str(people[-1].value),))
        query = last.remove_condition(people[-1]).add_conditions([gone])
        yield say("without", "narrow", LAST_QUESTION, query)
    for at in turn.papers_meant if last.want != "people" else ():
        if len(at.ids) == 1:
            query = last.add_conditions([Condition("paper", "is_not", at.ids[0])])
            yield say("without", "narrow", at, query)
    for who in turn.people_meant if last.want == "people" else ():
        besides = tuple(dict.fromkeys((*last.besides, *who.names)))
        yield say("besides", "narrow", who, replace(last, besides=besides))


# --- the last question, or one before it ------------------------------------------------------------


def replace_part(turn: Turn) -> Iterator[Candidate]:
    """The last question, or one before it, with the turn's parts in the place of its own."""
    state = turn.state
    bases = [state.query, *(query for query in state.sets if query != state.query)]
    for frame in turn.frames:
        for label, share in turn.labels[:2]:
            alone = turn.read(label, "refine", frame=frame)
            if state.query.want in CONTENT:
                yield from _replace_in_content(turn, alone)
            for age, last in enumerate(bases):
                if last.want not in CONTENT:
                    at = Antecedent("query", by="last" if age == 0 else "earlier", age=age)
                    yield from _replace_in(turn, at, last, alone, label, share)


def _replace_in(
    turn: Turn, at: Antecedent, last: Query, alone: Reading, label: str, share: float
) -> Iterator[Candidate]:
    if (named := list_named(alone)) and last.papers:
        named = tuple(i for i in named if i not in last.papers) or named
        # "who wrote both? / and VISA?"
        is_of_one = last.relation == "common_authors" and len(named) == 1
        relation = "authors" if is_of_one else last.relation
        query = replace(last, papers=named, relation=relation)
        yield Candidate("replaced", "refine", at, query, alone, last.want, share)
        return
    merged = merge_turn(last, alone, turn.state.broader)
    merged = replace(merged, where=set_role(merged.where, alone))
    if merged != last:
        yield turn.say("replaced", "refine", at, merged, alone, last.want)
    # "papers per category / show LG": one group of them is its papers
    if merged.want in ("groups", "count") and any(c.field in merged.by for c in alone.query.where):
        query = replace(merged, want="papers", by=(), order=None, k=None)
        yield Candidate("remeasured", "refine", at, query, alone, label, share)


def _replace_in_content(turn: Turn, alone: Reading) -> Iterator[Candidate]:
    """``and pesticides?`` after ``what does DuetFace protect?``: the same question of another thing."""
    state, last, own = turn.state, turn.state.query, alone.query
    named, question = list_named(alone), state.question
    words = next((p.words for p in alone.parts if p.slot in ("about", "papers", "people")), "")
    texts = [f"{alone.question} {question}", alone.question]
    if words and state.slot_words and state.slot_words in question:
        texts.insert(0, question.replace(state.slot_words, words))
    years = {int(year) for year in re.findall(r"\b(?:19|20)\d\d\b", question)}
    year = years.pop() if len(years) == 1 else 0
    if year and (shifted := shift_year(alone.question, year)):
        texts.insert(0, f"{alone.question} {question.replace(str(year), str(shifted))}")
    say = partial(turn.say, "replaced", "refine", LAST_QUESTION, alone=alone, label=last.want)
    for text in dict.fromkeys(texts):
        detail = own.asks_for if text == alone.question else last.asks_for
        query = own if own.want in CONTENT else last
        query = replace(query, text=text, papers=named, asks_for=detail)
        yield say(query=replace(query, want="passages") if last.want == "passages" else query)
    if last.want == "overview" and own.about:
        yield say(query=replace(last, about=own.about, text=alone.question, papers=()))


def ask_again(turn: Turn) -> Iterator[Candidate]:
    """The last question again: as a list, in another form, or of other papers or people shown."""
    state, last = turn.state, turn.state.query
    alone = turn.read(turn.labels[0][0], "elaborate")
    own, at = alone.query, Antecedent("query", by="again")
    query = replace(last, form=own.form)
    # "an overview of noisy labels / shorter" is no question about the first of its papers
    is_of_one = last.want in CONTENT and last.want != "overview" and not last.is_about_several
    if is_of_one and state.paper:
        asks_more = own.form == Form() and own.asks_for
        text = f"{last.text} {alone.question}" if asks_more else last.text
        detail = own.asks_for or last.asks_for
        query = replace(query, papers=last.papers or (state.paper,), text=text, asks_for=detail)
    yield turn.say("again", "elaborate", at, query, alone)
    alone = turn.read(turn.labels[0][0], "one_of")
    is_of_papers = last.want in (*CONTENT, "values") or (last.relation == "authors" and last.papers)
    for meant in turn.papers_meant if is_of_papers else ():
        is_other = meant.by != "last" if last.want in CONTENT else meant.ids != last.papers
        if is_other and (last.want in CONTENT or last.papers):
            query = replace(last, papers=meant.ids, is_about_several=len(meant.ids) > 1)
            if last.want in CONTENT:
                text = _ask_of_others(turn, last.text, last.papers or (state.paper,), meant.ids)
                query = replace(query, about=None, text=text)
            yield turn.say("same", "one_of", meant, query, alone)
    persons = [c for c in last.where if FIELDS[c.field].type == "person" and not c.is_negative]
    for who in turn.people_meant:
        if len(who.names) != 1:
            continue
        name = who.names[0]
        if last.people and last.people[0].names[:1] != who.names:
            query = replace(last, people=(PersonRef(name, who.names),))
            yield turn.say("same", "one_of", who, query, alone)
        elif len(persons) == 1 and persons[0].value != name:
            other = replace(persons[0], value=name, operator="is")
            where = tuple(other if c == persons[0] else c for c in last.where)
            yield turn.say("same", "one_of", who, replace(last, where=where), alone)


def _ask_of_others(turn: Turn, text: str, before: Iterable[str], after: Iterable[str]) -> str:
    """The question without the words that named the papers before.

    "how does the mamba one work / and the weather one?" was told that this one does not mention "mamba".
    """
    titles = (paper.name for i in before if (paper := turn.get_paper(i)))
    texts = (f"{paper.name} . {paper.text}" for i in after if (paper := turn.get_paper(i)))
    named = split_once(" . ".join(titles)) - split_once(" . ".join(texts)) - STOP_WORDS
    words = re.sub(r"[^\W_][\w-]*", lambda m: "" if {*split_terms(m[0])} & named else m[0], text)
    return " ".join(words.split())


GENERATORS = (
    ask_library, assemble, ask_papers, ask_around, replace_part, change_set, leave_out, ask_again, list_more,
    recap, list_returned, reply_aside,
)  # fmt: skip
