"""Operations over what was shown: put in order, some left out, the rest, the same question again, and why.

They come before the relation that the head gives a turn: their words say by themselves what is to be
done with the last result. What no operation and no joining can use is sought in the papers shown
(`use_rest`), so that no turn is answered by the last answer again without a word.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rag.library.view import LibraryView
from rag.search.query import FRAME_WORDS
from rag.text import STOP_WORDS
from rag.types.fields import FIELDS, Condition
from rag.types.query import PersonRef, Query, Reading
from rag.types.query_text import print_query
from rag.understanding.dialogue_links import POINTER, SAME_FOR, THEM, points
from rag.understanding.dialogue_merging import get_set
from rag.understanding.dialogue_state import (
    CONTENT,
    OTHER,
    SETS,
    DialogueState,
    find_meant,
    find_ordinal,
    list_named,
    list_others,
)
from rag.understanding.entities import read_flag
from rag.understanding.field_words import read_order
from rag.understanding.frame_types import Frame
from rag.understanding.heads import load_heads
from rag.understanding.slots import is_topical, list_free_words

_NAMES = ("topic", "person", "paper")
_LEAD = r"\W*(?:(?:and|or|but|ok|okay|so|now|then|thanks|please|hm+|no|can you|could you)\W+)*"


def operate(
    frame: Frame, alone: Reading, state: DialogueState, library: LibraryView
) -> Query | None:
    """The query of a turn that does something with the last result; None where it is no such turn."""
    names_some = any(slot.kind in _NAMES and not slot.is_negative for slot in frame.slots)
    if (again := _ask_again(alone, state, library)) is not None:
        return again
    if names_some:
        return None
    return (
        _put_in_order(frame.question, alone, state)
        or _leave_out(frame.question, state)
        or _take_rest(frame, alone, state)
    )


def _put_in_order(question: str, alone: Reading, state: DialogueState) -> Query | None:
    """``sort them by year``, ``newest first``: the last list in an order, and no groups of it."""
    match, last = _ORDERS.search(question), state.query
    order = read_order(match["by"] or match[0]) if match else None
    if order is None:
        return None
    if FIELDS[order.field].of == "person":
        return replace(last, order=order) if last.want == "people" else None
    where = tuple(c for c in alone.query.where if FIELDS[c.field].type != "person")
    base = get_set(state) or Query("papers", papers=state.listed, is_about_several=True)
    if base.want == "papers" and not (base.papers or base.where or base.about or base.people):
        return None
    base = base.add_conditions(where)
    return replace(base, want="papers", by=(), base=(), order=order, k=alone.query.k, text="")


_ORDERS = re.compile(
    r"\b(?:sort|order|rank|arrange)(?:ed)?\b[^.?!]{0,40}?\b(?:by|from)\b(?P<by>[^.?!]{3,60})"
    r"|\b(?:newest|latest|oldest|earliest|most recent)(?: ones?| papers?)? first\b|\bchronological\w*",
    re.IGNORECASE,
)


def _leave_out(question: str, state: DialogueState) -> Query | None:
    """``without the first``, ``not that one``, ``the ones without him``: the last list without these."""
    match, last = _LEAVES.fullmatch(question), state.query
    if match is None or last.want not in SETS:
        return None
    words = match["what"]
    if _HIM.fullmatch(words):
        people = [c for c in last.where if FIELDS[c.field].type == "person" and not c.is_negative]
        # "Rahul Desai's papers / which with Liam Chen / the ones without him": whoever came in last
        if len(people) < 2 or people[-1].operator != "is":
            return None
        gone = Condition(people[-1].field, "lacks", (people[-1].value,))  # type: ignore[arg-type]
        return last.remove_condition(people[-1]).add_conditions([gone])
    at = find_ordinal(words, len(state.listed))
    paper = (
        state.listed[at] if at is not None else state.paper if _THAT_ONE.fullmatch(words) else ""
    )
    return last.add_conditions([Condition("paper", "is_not", paper)]) if paper else None


_LEAVES = re.compile(
    rf"{_LEAD}(?:(?:the|those|only) (?:ones |papers )?)?(?:without|except|excluding|exclude|drop|remove|skip|leave out|"
    r"ignore|minus|not)\s+(?P<what>[^.?!,]{3,60}?)(?: (?:then|please))?\W*",
    re.IGNORECASE,
)
_HIM = re.compile(r"him|her|them|that person", re.IGNORECASE)
_THAT_ONE = re.compile(r"(?:that|this)(?: one| paper| study)?|it", re.IGNORECASE)


def _take_rest(frame: Frame, alone: Reading, state: DialogueState) -> Query | None:
    """``the others then``, ``and the rest?``: what the last step left out of the list before it."""
    rest = list_others(state)
    asks_more = alone.query.where or alone.query.want in (*CONTENT, "people", "values")
    if len(rest) < 1 or asks_more or not OTHER.search(frame.question):
        return None
    return Query("papers", papers=rest, is_about_several=True)


def _ask_again(alone: Reading, state: DialogueState, library: LibraryView) -> Query | None:
    """``same for the third``: the last question of another paper."""
    last = state.query
    if not (match := SAME_FOR.match(alone.question)) or last.want not in (*CONTENT, "values"):
        return None
    of = alone.question[match.end() :]
    papers = list_named(alone) or tuple(filter(None, (find_meant(of, state, library),)))
    is_placed = list_named(alone) or find_ordinal(of, len(state.listed)) is not None
    if not papers or not is_placed:
        return None
    return replace(last, papers=papers, about=None, where=(), is_about_several=False)


def fill_empty(alone: Reading, query: Query, state: DialogueState, library: LibraryView) -> Query:
    """A joined query that lacks whom or what it is of, with those spoken of: no portrait of nobody."""
    if query.want == "profile" and not query.people:
        return Query("passages", text=alone.question)
    # "papers on X / who is first author of most?": of these, and not of all that is here
    is_of_all = query.want in (*SETS, "people") and query == Query(
        query.want, by=query.by, order=query.order, k=query.k, form=query.form
    )
    base = get_set(state)
    if is_of_all and base is not None and not _OF_ALL.search(alone.question):
        return replace(query, where=base.where, about=base.about, papers=base.papers,
                       is_about_several=base.is_about_several)  # fmt: skip
    # "which two of the authors write together most?" of a list
    if query.relation == "common_authors" and len(query.papers) < 2 and base is not None:
        by = () if base.about else ("author",)
        return Query("people", by=by, where=base.where, about=base.about)
    return query


_OF_ALL = re.compile(
    r"\b(?:library|collection|corpus|archive|database|here|overall|altogether|in total|(?:you|we) (?:have|know|got)"
    r"|all (?:the )?(?:papers|people|authors|years)|every\w*|papers are there)\b",
    re.IGNORECASE,
)
"""Words for all that is here."""


# --- why --------------------------------------------------------------------------------------


def tells_nothing(frame: Frame, state: DialogueState) -> bool:
    """Whether a turn points at what was shown where nothing was: ``where were they done?`` after none."""
    names_some = any(slot.kind not in ("preamble", "form") for slot in frame.slots)
    is_empty = state.shown == "nothing" and state.before is None and not state.earlier_papers
    is_empty = is_empty and state.is_answered
    points_back = points(frame, POINTER) or points(frame, THEM)
    return is_empty and not names_some and points_back


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
    rf"{_LEAD}(?:why|how come)(?: (?:is|are|was|were|did you (?:choose|pick|list|show)|not|only|so|just))*"
    r"(?: (?:that|this|those|these|them|it|him|her|one|ones|few|many|more|others?|none|there|\d+|two|three|paper|papers))*\W*",
    re.IGNORECASE,
)


# --- what is left -----------------------------------------------------------------------------


def adds_nothing(joined: Query, state: DialogueState) -> bool:
    """Whether a joined query asks for no more than was shown."""
    last = state.query
    if joined.want in CONTENT:
        return joined == last
    if joined.want not in (*SETS, "people") or joined.relation is not None:
        return False
    if joined.order != last.order or joined.k != last.k or joined.by != last.by:
        return False
    is_same = (joined.about, joined.where, joined.papers) == (last.about, last.where, last.papers)
    is_same = is_same and (joined.want, joined.besides) == (last.want, last.besides)
    is_shown = not (joined.where or joined.about) and {*joined.papers} >= {*state.papers} != set()
    return is_same or (is_shown and joined.want == "papers")


def use_rest(
    frame: Frame, alone: Reading, joined: Query, state: DialogueState
) -> tuple[Query, tuple[str, ...]]:
    """The query of a turn that would be answered by the last answer again, and its words that go unused.

    "Papers on HIV / any of them reviews?": what no slot took is sought in the papers shown, where
    there are several; else it is said.
    """
    is_same = adds_nothing(joined, state)
    # "those written alone / I meant by a single author" says the same again
    is_told = bool(alone.query.where) and {*alone.query.where} <= {*joined.where}
    words = [] if is_told else _list_unused(frame, joined, state, is_same=is_same)
    # "what is Nannan Wang working on? / with whom": no list of papers again
    is_person = joined.asks_for == "person" and len(frame.question.split()) < 4
    if _WHO.search(frame.question) and (is_person or (joined.want in SETS and is_same)):
        names = [str(c.value) for c in joined.where if (c.field, c.operator) == ("author", "is")]
        if people := tuple(PersonRef(name, (name,)) for name in names):
            return Query("people", people=people, relation="coauthors"), ()
        # "papers on tides / by whom": those who wrote them
        if papers := joined.papers or state.papers:
            return Query("people", papers=papers, relation="authors"), ()
    if not words or not is_same:
        return joined, tuple(words)
    condition = read_flag(" ".join(words), is_negative=False)
    if condition and joined.want in SETS and condition not in joined.where:
        return joined.add_conditions([condition]), ()
    meant = state.papers if len(state.papers) > 1 else state.listed
    if joined.want == "people" or not 1 < len(meant) <= _MOST_SHOWN:
        return joined, tuple(words)
    return Query("passages", papers=meant, is_about_several=True, text=frame.question), ()


_WHO = re.compile(r"\bwho(?:m|se)?\b", re.IGNORECASE)
_MOST_SHOWN = 40


def _list_unused(frame: Frame, joined: Query, state: DialogueState, *, is_same: bool) -> list[str]:
    """Words of a turn that changed nothing: ``papers on images / which ones personalise?``.

    Where the joined query is the last one again these are all words, whatever slot has them.
    """
    last, asking = state.query, load_heads().asking_words
    is_limited = (joined.about, joined.where, None) != (last.about, last.where, joined.relation)
    if not is_same and (is_limited or joined.want not in (*SETS, "people")):
        return []
    # "papers by Nannan Wong" showed Nannan Wang; "sorry, Wang" is no word left over
    slots = [s for s in frame.slots if not is_same or s.kind in ("preamble", "form", "person")]
    free = list_free_words(frame.question, slots)
    if is_same:  # "which of them need no training?"
        return [w for w in free if w.lower() not in STOP_WORDS | FRAME_WORDS | _POINTING]
    return [w for w in free if w.lower() not in asking and is_topical(w.lower(), asking)]


_POINTING = frozenset(
    "sorry thanks short shorter brief briefly simple simpler plain detail details detailed elaborate longer expand repeat "
    "give continue sure really more once still again only each both full whole three those these".split()
)
