"""How the next turn of a conversation joins what was asked and shown before.

The readings that a turn may have are made by `candidates` and weighed by `dialogue_scoring`; the likeliest
is taken, and where another one is about as likely, it is offered beside the answer.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

from rag.library.fields import format_condition
from rag.types.fields import FIELDS
from rag.types.query import RECAP, Part, Query, Reading
from rag.types.query_text import print_condition, print_query
from rag.understanding.antecedents import POINTED_BY_WORDS
from rag.understanding.candidates import list_candidates
from rag.understanding.composition import describe_want
from rag.understanding.dialogue_merging import choose_offered
from rag.understanding.dialogue_scoring import choose_detail, rank
from rag.understanding.dialogue_state import CONTENT, SETS, DialogueState, tell_no_place
from rag.understanding.heads import load_heads
from rag.understanding.reading_marks import list_unused_slots
from rag.understanding.slot_completion import is_topical, list_free_words
from rag.understanding.turns import Candidate, Turn

_CLOSE = 0.5
"""From this share of the first reading's probability on, another one is offered."""


def join(turn: Turn) -> Reading:
    """The reading of a turn in its conversation."""
    frame, state, library = turn.frame, turn.state, turn.library
    if reason := explain(frame.question, state):
        return Reading(state.query, frame.question, reason="it asks why", notes=(reason,))
    ranked = rank(turn, list_candidates(turn))
    link, sure = frame.links[0]
    recaps = [c for _, c in ranked if c.query.what == RECAP]
    if recaps and link == "recap" and sure >= _SURE_OF_RECAP:
        # Few conversations ask for one, so the choice among readings has hardly seen any.
        ranked = [(sure, recaps[0]), *((s * (1 - sure), c) for s, c in ranked if c not in recaps)]
    (share, best), *others = ranked
    query = choose_offered(best.query, state.query, library)
    if query.want == "passages":
        query = replace(
            query, asks_for=choose_detail(turn.back if best.is_back and turn.back else turn)
        )
    no_place = tell_no_place(frame.question, state) if best.of.by == "place" and best.of.ids else ""
    confidence = min(1.0, share + sum(s for s, o in others if _is_told_alike(o.query, query)))
    different = [*islice((o for o in others if _is_different(o[1].query, query)), 2)]
    return replace(
        best.alone,
        query=query,
        question=frame.question,
        reason="; ".join(filter(None, (describe_want(query), _tell_link(best)))),
        parts=(*best.alone.parts, *_list_carried(query, best.alone.query)),
        others=tuple(c.query for _, c in different),
        is_close=bool(different) and different[0][0] > _CLOSE * share,
        unread=tuple(dict.fromkeys(_list_unread(turn, best, query))),
        notes=(*best.alone.notes, *filter(None, (no_place,))),
        confidence=confidence,
        is_unsure=confidence < _SURE,
    )


_SURE_OF_RECAP = 0.8
_SURE = 0.7
"""Of turns read with less probability nearly half are wrong, and nearly half of all that are wrong are so read."""


def _is_told_alike(a: Query, b: Query) -> bool:
    """Whether both ask what papers say, and not of different ones: "and bridge distillation?", with its paper
    or without.
    """
    papers = {*a.papers}, {*b.papers}
    return {a.want, b.want} <= {*CONTENT} and (papers[0] <= papers[1] or papers[1] <= papers[0])


def _is_different(a: Query, b: Query) -> bool:
    """Whether two readings ask for something else or of something else, whatever the detail."""
    return replace(a, asks_for=None, text="", form=b.form) != replace(b, asks_for=None, text="")


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


def _tell_link(candidate: Candidate) -> str:
    if candidate.kind == "nothing":
        return "it points at what was shown, which is nothing"
    return _REASONS.get(candidate.link, "")


_SAID_KINDS = (
    "topic",
    "person",
    "time",
    "category",
    "venue",
    "affiliation",
    "keyword",
    "words",
    "link",
)
"""Kinds of slots that are said where nothing used them; words of order or number point as well."""


def _list_unread(turn: Turn, best: Candidate, query: Query) -> list[str]:
    """Words of the turn that changed nothing."""
    question, last = turn.frame.question, turn.state.query
    printed = print_query(query).lower()
    is_pointing = best.of.by in POINTED_BY_WORDS
    unread = [w for w in best.alone.unread if not is_pointing and w.lower() not in printed]
    unused = [s for s in list_unused_slots(turn, best) if s.kind in _SAID_KINDS]
    # "what else has guanshuo wang": the name is a condition by then
    unused = [s for s in unused if s.kind != "person" or s.text.lower() not in printed]
    unread += [s.text for s in unused if not is_pointing]
    is_same = (query.about, query.where) == (last.about, last.where)
    if is_same and query.want in (*SETS, "people") and query.relation is None:
        asking = load_heads().asking_words
        free = list_free_words(question, turn.frame.slots)
        unread += [w for w in free if is_topical(w.lower(), asking)]
    return [*unread, *_list_undone(best.alone, query)]


def _list_undone(alone: Reading, query: Query) -> list[str]:
    """What a turn leaves out, or asks of several together, where the query cannot: ``besides that``."""
    is_left_out = query.besides or query.without or any(c.is_negative for c in query.where)
    if query.want in CONTENT:
        return []
    read = [p.words.lower() for p in alone.parts if p.words and p.slot != "want"]
    undone = [] if is_left_out else [match[0] for match in _LEAVES_OUT.finditer(alone.question)]
    undone = [words for words in undone if not any(word in words.lower() for word in read)]
    has_people = any(FIELDS[c.field].type == "person" and c.values[1:] for c in query.where)
    jointly = _JOINTLY.findall(alone.question) if has_people and not query.relation else ()
    return [*undone, *jointly]


_JOINTLY = re.compile(r"\b(?:together|jointly|share|in common)\b", re.IGNORECASE)
_LEAVES_OUT = re.compile(
    r"\b(?:(?:besides|apart from|aside from|other than|in addition to) (?:that|this|it|those|these|them|him|her)"
    r"|(?:without|except|excluding) [^.?!,;]{3,40})\b",
    re.IGNORECASE,
)


def _list_carried(query: Query, own: Query) -> list[Part]:
    """Parts that came from the conversation."""
    carried = [
        Part(
            "where",
            format_condition(c) if c.field == "paper" else print_condition(c),
            origin="thread",
        )
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


# --- why --------------------------------------------------------------------------------------


def explain(question: str, state: DialogueState) -> str:
    """``why those?``, ``why so few?``: how the last answer was computed; empty for other questions.

    Of what a paper says the question why is asked of the paper.
    """
    last = state.query
    if last.want in CONTENT or not _WHY.fullmatch(question):
        return ""
    asked = replace(last, where=tuple(c for c in last.where if c.field != "paper"))
    of = f" of the {len(asked.papers)} papers spoken of" if asked.papers else ""
    printed = print_query(replace(asked, papers=(), is_about_several=False))
    return f"the last answer was computed, and has no reason but what was asked: {printed}{of}"


_WHY = re.compile(
    r"\W*(?:(?:and|or|but|ok|okay|so|now|then|thanks|please|hm+|no|can you|could you)\W+)*"
    r"(?:why|how come)(?: (?:is|are|was|were|did you (?:choose|pick|list|show)|not|only|so|just))*"
    r"(?: (?:that|this|those|these|them|it|him|her|one|ones|few|many|more|others?|none|there|\d+|two|three|paper|papers))*\W*",
    re.IGNORECASE,
)
