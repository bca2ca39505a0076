"""How the next turn of a conversation joins what was asked and shown before.

A follow-up is read as a partial query and merged slot by slot: a time replaces a time, "with code"
adds, a count asks the same set, a pointer takes papers or people from what was shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from rag.library.fields import format_condition
from rag.library.view import LibraryView
from rag.text import STOP_WORDS, split_terms
from rag.types.fields import Condition
from rag.types.query import NOTHING_SHOWN, RECAP, Form, Part, Query, Reading, Topic, Want
from rag.types.query_text import print_condition
from rag.understanding.composition import compose, describe_want
from rag.understanding.dialogue_keeping import ask_share, keep_slots, limit_age
from rag.understanding.dialogue_links import (
    LIKE,
    SURE,
    choose_link,
    is_about_others,
    is_of_set,
    tag_rest,
)
from rag.understanding.dialogue_merging import (
    exclude,
    get_set,
    merge,
    narrow_set,
    narrow_topic,
    set_role,
)
from rag.understanding.dialogue_operations import (
    explain,
    fill_empty,
    operate,
    tells_nothing,
    use_rest,
)
from rag.understanding.dialogue_people import ask_pair, ask_people, ask_people_on
from rag.understanding.dialogue_scope import (
    ask_library,
    choose_offered,
    complete,
    list_undone,
    read_figure,
)
from rag.understanding.dialogue_state import (
    CALLED,
    COMPARES,
    CONTENT,
    SETS,
    DialogueState,
    drop_calling,
    find_called,
    find_meant,
    find_ordinal,
    find_people,
    find_placed,
    list_focus,
    list_named,
    list_others,
    list_terms,
    tell_no_place,
)
from rag.understanding.dialogue_subject import ask_of_subject
from rag.understanding.entities import Entities
from rag.understanding.field_words import read_order
from rag.understanding.frame_types import Frame, Link
from rag.understanding.paper_queries import build_author

# --- the next turn --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Focus:
    """What a turn points at.

    Attributes:
        papers: Ids; ``people`` names.
        is_called: Words of the turn tell which paper is meant: ``the tracking one``.
    """

    papers: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    is_called: bool = False


def join(frame: Frame, entities: Entities, state: DialogueState, library: LibraryView) -> Reading:
    """The reading of a turn in its conversation."""
    if reason := explain(frame.question, state):
        return Reading(state.query, frame.question, reason="it asks why", notes=(reason,))
    if tells_nothing(frame, state):
        nothing = Query("aside", what=NOTHING_SHOWN)
        return Reading(
            nothing, frame.question, reason="it points at what was shown, which is nothing"
        )
    frame, state = _settle_link(frame, entities, state, library)
    frame, focus = _find_focus(frame, state, library)
    alone = compose(frame, entities, library, focus.papers, focus.people)
    alone = replace(alone, unread=()) if focus.is_called else alone
    joined = _join_query(frame, entities, alone, state, library)
    completed = complete(frame, alone, joined or alone.query, state, library)
    completed = fill_empty(alone, completed, state, library)
    if joined is None and completed == alone.query:
        return alone
    # "papers on tracking / which are about drones / who is behind these?": on both in one paper
    if completed.want == "people" and completed.about and state.query.want in SETS:
        completed = replace(completed, about=replace(completed.about, all_of=()))
    completed = choose_offered(completed, state.query, library)
    if frame.links[0][0] != "recap":
        completed, rest = use_rest(frame, alone, completed, state)
        alone = replace(alone, unread=(*alone.unread, *rest))
    reading = _tell_joined(frame, alone, completed, state)
    is_of_place = frame.links[0][0] == "one_of" and not focus.people
    no_place = tell_no_place(frame.question, state) if is_of_place else ""
    return replace(reading, notes=(*alone.notes, *filter(None, (no_place,))))


def _settle_link(
    frame: Frame, entities: Entities, state: DialogueState, library: LibraryView
) -> tuple[Frame, DialogueState]:
    """The frame with the relation that holds first, and the state that it is to."""
    frame = read_figure(frame, state)
    link = choose_link(frame, entities, state, library)
    frame = tag_rest(_set_link(frame, link, frame.links[0][1] if frame.links else 1.0), library)
    # "only with code (none) / which of all these are about masks?": of what was shown before that
    if link in ("narrow", "all_of") and (before := state.before) is not None:
        # yet of "no, I meant dunes (none) / only with code" of what was meant
        is_part = {*split_terms(before.query.topic)} <= {*split_terms(state.query.topic)}
        state = before if is_part and state.shown == "nothing" else state
    # "papers on tides / no, I meant dunes" shuts nothing out
    if link == "correct" and (meant := _MEANT.match(frame.question)):
        slots = tuple(
            replace(s, is_negative=s.is_negative and s.start < meant.end()) for s in frame.slots
        )
        frame = replace(frame, slots=slots)
    # "what is SlerpFace? / hm, and emotions?"
    if link == "new" and frame.want in CONTENT and _is_bare_topic(frame):
        wants = (("overview", frame.confidence), *frame.wants)
        frame = replace(frame, wants=wants, asks_for=())
    # "on which data were the first and the third tested?", "compare the first two"
    is_of_papers = frame.want not in SETS and state.shown != "people"
    if is_of_papers and (placed := find_placed(frame.question, state, library)):
        query = replace(state.query, papers=placed, is_about_several=len(placed) > 1)
        frame, state = _set_link(frame, "all_of", 1.0), replace(state, query=query, papers=placed)
    if is_of_set(frame, state):
        # An answer that shows one paper alone has not made it the subject of the next list.
        frame = _set_link(frame, "narrow", frame.links[0][1])
    return frame, state


_MEANT = re.compile(r"[^?]{0,30}?\bi (?:meant|mean|was asking)\b(?! not\b)", re.IGNORECASE)


def _set_link(frame: Frame, link: Link, share: float) -> Frame:
    return replace(frame, links=((link, share), *frame.links))


def _find_focus(frame: Frame, state: DialogueState, library: LibraryView) -> tuple[Frame, _Focus]:
    """What the turn points at, and the frame without the words that only point; who wrote several are authors."""
    question, link, focus = frame.question, frame.links[0][0], _Focus()
    if link == "same_paper":
        focus = _Focus((state.paper,) if state.paper else ())
    elif link == "one_of":
        frame, focus = _choose_shown(frame, state, library)
    elif link == "all_of":
        papers = () if frame.want in SETS else list_focus(state, frame.want)
        # "papers on drones / what does the first do? / who is behind these?": the list
        is_of_list = (
            state.shown == "paper"
            and _THESE.search(question)
            and list_others(state)
            and frame.want != "comparison"
        )
        focus = _Focus(state.listed if is_of_list else papers)
    elif link == "those_people":
        focus = _Focus(people=find_people(question, state, library))
    if frame.relation in _AUTHORS and _SAME.search(question):
        focus = _Focus(list_focus(state, ""))
        shared = "first_author" if "first author" in question.lower() else "common_authors"
        wants = ((f"people {shared}", frame.confidence), *frame.wants)
        return _set_link(replace(frame, wants=wants), "all_of", 1.0), focus
    is_of_few = (1 < len(focus.papers) < 6 and state.topic is None) or focus.is_called
    if focus.papers and frame.wants[0][0] == "people" and (is_of_few or _WROTE.search(question)):
        frame = replace(frame, wants=(("people authors", frame.confidence), *frame.wants))
    return frame, focus


def _choose_shown(frame: Frame, state: DialogueState, library: LibraryView) -> tuple[Frame, _Focus]:
    """One of those shown: by its place, by words, by age."""
    # "papers about super-resolution / the diffusion ones", "who maintains the one on spectra?"
    called = find_called(frame.question, state, library)
    meant = tuple(filter(None, (find_meant(frame.question, state, library),)))
    frame = drop_calling(frame) if called else frame
    # "the older one, from 2018", "the two on label skew"
    if called and {*re.findall(r"\w+", CALLED.sub(" ", frame.question).lower())} <= _JOINING:
        wants = (("passages" if len(called) == 1 else "papers", 1.0), *frame.wants)
        frame = replace(frame, wants=wants, asks_for=((state.query.asks_for or "", 1.0),))
    return frame, _Focus(called if len(called) > 1 else meant, is_called=bool(called))


def _join_query(
    frame: Frame, entities: Entities, alone: Reading, state: DialogueState, library: LibraryView
) -> Query | None:
    """The turn's query with what it takes from the conversation; None where that is nothing."""
    link = frame.links[0][0]
    # "how do detectors spot fakes? / which of these look at the eyes?": that answer shows one of them
    is_of_topic = state.query.want == "passages" and not state.query.papers
    is_of_some = is_of_topic and state.shown == "paper" and _WHICH_OF.match(frame.question)
    if is_of_some and alone.query.want in CONTENT:
        return replace(alone.query, text=f"{frame.question} {state.question}")
    joined = (
        operate(frame, alone, state, library)
        or ask_library(frame, alone, state)
        or ask_people_on(frame, alone, state)
        or ask_pair(frame, alone, state)
        or ask_share(frame, alone, state)
        or ask_of_subject(frame, alone, state, library)
        or keep_slots(frame, alone, state, library)
    )
    if joined is None and link in _JOINERS:
        joined = _JOINERS[link](frame, alone, state, library)
    named = list_named(alone)
    # "What is mclSTExp?": in a conversation, what names one paper is about that one.
    is_name = any(e.kind == "paper" for e in entities.spans) and len(named) == 1
    if joined is None and link == "new" and is_name and alone.query.want == "passages":
        return replace(alone.query, papers=named)
    return joined


def _tell_joined(frame: Frame, alone: Reading, joined: Query, state: DialogueState) -> Reading:
    """The reading of a joined query: what came from the conversation, and what of the turn went unused."""
    link, share = frame.links[0]
    parts = (*alone.parts, *_list_carried(joined, alone.query))
    reason = f"{describe_want(joined)}; {_REASONS.get(link, 'it goes on from the last question')}"
    others = (alone.query,) if alone.query != joined else alone.others
    # "papers per category / show LG": one group of them is its papers
    if joined.want in ("groups", "count") and any(c.field in joined.by for c in alone.query.where):
        joined = replace(joined, want="papers", by=(), order=None, k=None)
    unread = (*alone.unread, *list_undone(alone, joined))
    return replace(
        alone, query=joined, parts=parts, reason=reason, others=others,
        is_close=share < UNSURE or alone.is_close, unread=tuple(dict.fromkeys(unread)),
    )  # fmt: skip


def _is_bare_topic(frame: Frame) -> bool:
    """Whether a turn is a topic and words that join: ``and emotions?``, not ``what are emotions?``."""
    topics = [slot for slot in frame.slots if slot.kind == "topic"]
    rest = frame.question
    for slot in reversed(topics):
        rest = f"{rest[: slot.start]} {rest[slot.end :]}"
    return bool(topics) and {*re.findall(r"\w+", rest.lower())} <= _JOINING


_JOINING = frozenset(
    "and or but also then so ok now for on in of with about the a an as well too".split()
)


_AUTHORS = ("authors", "first_author", "common_authors")
_SAME = re.compile(r"\b(?:both|same|common|shared?)\b", re.IGNORECASE)


_THESE = re.compile(r"\b(?:these|those)\b(?! two\b)", re.IGNORECASE)
_WHICH_OF = re.compile(
    r"\W*(?:and\s+)?which\b.{0,8}\bof\s+(?:them|these|those|both|the (?:two|three))\b",
    re.IGNORECASE,
)
_WROTE = re.compile(
    r"\b(?:wrote|written|organi[sz]ed|authors?|authored|behind|by whom)\b", re.IGNORECASE
)
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


_NOT_ONE = re.compile(
    r"\bnot (?:the )?(?P<words>[\w'’-]+(?: [\w'’-]+){0,2}?) ones?\b", re.IGNORECASE
)


def _refine(frame: Frame, alone: Reading, state: DialogueState, library: LibraryView) -> Query:
    own, last = alone.query, state.query
    # "code of DuetFace? / and SlerpFace?", "who wrote DuetFace? / sorry, I mean VISA"
    if (named := list_named(alone)) and last.papers and last.want not in CONTENT:
        # "is the code of M3D public? / and DANCE, what does it add?"
        if frame.want in CONTENT and frame.confidence > SURE:
            return replace(own, papers=named)
        # "who wrote both? / and VISA?"
        is_of_one = last.relation == "common_authors" and len(named) == 1
        return replace(last, papers=named, relation="authors" if is_of_one else last.relation)
    # "and pesticides?" after "what does DuetFace protect?": the same question of another thing.
    if last.want in CONTENT:
        text = _replace_topic(alone, state)
        if last.about and own.where and not own.about:  # "same question for 2025"
            return replace(merge(last, alone), text=text)
        detail = own.asks_for if text == alone.question else last.asks_for
        return replace(own, text=text, papers=named, asks_for=detail)
    # "papers on deepfakes / what about videos?": some of those shown, unless another topic is surely meant
    if own.topic and last.about and frame.links[0][1] < UNSURE:
        shown = library.list_papers(state.papers)
        if any({*split_terms(own.topic)} - STOP_WORDS <= list_terms(paper) for paper in shown):
            return _narrow(frame, alone, state, library)
    merged = merge(last, alone, state.broader)
    merged = replace(merged, where=set_role(merged.where, alone))
    # "how many?", "as a list": the same set, measured otherwise.
    is_read = own.want == frame.want and frame.confidence > 0.5
    if own.want in SETS and last.want in SETS and own.want != last.want and is_read:
        merged = replace(merged, want=own.want, by=own.by, base=own.base, order=own.order, k=own.k)
    return merged


def _replace_topic(alone: Reading, state: DialogueState) -> str:
    """The last question with the new turn's topic or time in place of its own: ``and pesticides?``.

    Where either names none, the turn's words stand before the last question's, which say what is meant.
    """
    for slots in (("about", "papers", "people"), ("where",)):
        own = next((p.words for p in alone.parts if p.slot in slots and p.words), "")
        old = next((p.words for p in state.parts if p.slot in slots and p.words), "")
        if own and old and old in state.question:
            return state.question.replace(old, own)
    return (
        f"{alone.question} {state.question}" if len(alone.question.split()) < 5 else alone.question
    )


def _narrow(frame: Frame, alone: Reading, state: DialogueState, library: LibraryView) -> Query:
    own, last = alone.query, state.query
    if last.want == "people" and last.relation is None and last.about is not None:
        if own.want not in SETS or own.about or frame.confidence < 0.6:
            merged = merge(last, alone)
            return replace(merged, about=narrow_topic(last.about, own.about))
    if (base := get_set(state)) is not None:
        narrowed = narrow_set(frame, alone, base)
        # "papers on deepfakes / people?"
        if frame.want == "overview" and state.papers:
            papers = () if narrowed.about else state.papers
            return replace(own, want="overview", where=narrowed.where, about=narrowed.about,
                           papers=papers, is_about_several=bool(papers))  # fmt: skip
        if frame.wants[0][0] == "people" and base.about and not own.papers:
            return Query(
                "people", where=narrowed.where, about=narrowed.about, order=own.order, k=own.k
            )
        return narrowed
    papers = state.papers or state.earlier_papers
    where = (*own.where, *(build_author(p) for p in own.people))
    want = own.want if own.want in SETS else "papers"
    return replace(
        own, want=want, where=where, people=(), papers=papers, is_about_several=True, text=""
    )


def _ask_focus(
    frame: Frame, alone: Reading, state: DialogueState, library: LibraryView
) -> Query | None:
    """The turn's own question, of the papers or people that it points at."""
    own, question = alone.query, alone.question
    link = frame.links[0][0]
    called = find_called(question, state, library) if link == "one_of" else ()
    if called and own.want in SETS:
        return replace(own, about=None, like="", where=_drop_itself(own), papers=called,
                       is_about_several=len(called) > 1)  # fmt: skip
    if link == "those_people" or (link == "one_of" and own.people):
        return ask_people(alone, state, library)
    # "compare the two / which of both is older?"
    if link == "all_of" and own.want in CONTENT and _WHICH_OLDER.match(question):
        papers, order = list_focus(state, own.want), read_order(question)
        if len(papers) > 1 and order is not None and order.field == "date":
            return Query("extreme", papers=papers, order=order, is_about_several=True)
    focus = own.papers or own.like
    if link == "one_of" and not called and (query := _ask_extreme(frame, alone, state)):
        return query
    # "is the second one newer?": its date.
    if link == "one_of" and own.want in CONTENT and re.search(r"\b(?:newer|older)\W*$", question):
        return Query("values", by=("date",), papers=(find_meant(question, state, library),))
    # "any code available" of one paper asks for a field of it.
    flags = [c.field for c in own.where if c.field in ("code", "link", "doi", "venue")]
    # "the newest on deepfakes? / and the one before? / both with code?"
    both = list_focus(state, "") if link == "all_of" and _PAIR.search(question) else ()
    if own.want in SETS and flags and len(both) == 2:
        return Query("values", by=tuple(flags[:1]), papers=both)
    if own.want in CONTENT:
        is_of_both = own.want == "comparison" and not list_named(alone)
        is_of_both = is_of_both and find_ordinal(question, len(state.papers)) is None
        papers = (
            list_focus(state, own.want)
            if link == "all_of" or is_of_both
            else (state.paper,)
            if link == "same_paper"
            else called or (find_meant(question, state, library),)
        )
        papers = tuple(filter(None, papers))
        # "vs VISA?": the paper named is set beside the one spoken of.
        if own.want == "comparison" or own.asks_for == "comparison" or COMPARES.search(question):
            papers = tuple(dict.fromkeys((*papers, *list_named(alone))))
            own = replace(own, want="comparison" if len(papers) > 1 else own.want)
        # "what are the limits of the first? / and of the other?"
        elif link == "one_of" and frame.asks_for[0][1] < UNSURE and state.query.asks_for:
            own = replace(own, asks_for=state.query.asks_for)
        return replace(own, papers=papers, is_about_several=len(papers) > 1) if papers else None
    base = get_set(state)
    if link == "all_of" and own.want in SETS and base is not None:
        return narrow_set(frame, alone, base)
    if link == "all_of" and own.want in SETS:
        # "what is M3D? / and DANCE? / which one is newer?"
        papers = list_focus(state, "" if own.want == "extreme" else own.want)
        return replace(own, about=None, like="", where=_drop_itself(own), papers=papers,
                       is_about_several=True) if papers else None  # fmt: skip
    return own if focus or own.people else None


def _ask_extreme(frame: Frame, alone: Reading, state: DialogueState) -> Query | None:
    """``the most recent, please``: of the whole list, of which an answer shows the beginning."""
    last = state.query
    order = next((p.words for p in alone.parts if p.slot == "order"), "")
    if not order or last.want not in SETS or any(s.kind not in _ORDERING for s in frame.slots):
        return None
    # "tell me about the last one": of the list
    if frame.want in CONTENT and re.fullmatch(r"(?:the )?last(?: one)?", order, re.IGNORECASE):
        return None
    # "how big is the dataset in the newest?" asks for more than which it is
    if frame.want in CONTENT and alone.query.asks_for not in (None, "abstract"):
        return None
    words = [w for w in split_terms(alone.question.replace(order, " ")) if w not in STOP_WORDS]
    if len(words) > 2 or frame.want in ("people", "values"):
        return None
    k = alone.query.k if alone.query.k != 1 else None
    return replace(last, want="extreme", by=(), order=read_order(order), k=k, form=Form())


_WHICH_OLDER = re.compile(
    r"\W*(?:and\s+)?which\b(?:\s+(?:one|paper|of \w+(?: two)?))?\s+(?:is|was|came|appeared)\s+(?:the\s+)?"
    r"(?:old|new|earl|late|first|last|(?:more|most) recent)\w*(?:\s+one)?\W*$",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\b(?:both|each|the two)\b", re.IGNORECASE)
_ORDERING = ("order", "preamble", "number")


def _drop_itself(query: Query) -> tuple[Condition, ...]:
    return tuple(c for c in query.where if c.field != "paper")


def _more(frame: Frame, alone: Reading, state: DialogueState, library: LibraryView) -> Query:
    own, last = alone.query, state.query
    paper = library.get_paper(state.paper) if state.shown == "paper" else None
    if paper is not None:
        # "aesthetics of photos / what does the 2019 one do? / is there any more recent work?"
        about = alone.query.about if not alone.query.like else None
        about = about or (None if LIKE.search(alone.question) else state.topic)
        like = "" if about else paper.paper_id
        where = (*limit_age(alone.question, paper), *exclude((), (paper.paper_id,)))
        return Query("papers", about=about or Topic(paper.name), like=like, where=where, k=own.k)
    if last.want == "people" and last.relation is None:
        named = tuple(dict.fromkeys((*last.besides, *state.people)))
        return replace(last, besides=named, k=alone.query.k or last.k)
    if last.want in CONTENT:
        return replace(last, want="papers", about=last.about or state.topic or Topic(last.text), text="",
                       where=exclude(last.where, state.papers), papers=(), asks_for=None)  # fmt: skip
    return replace(last, where=exclude(last.where, state.papers), want="papers", k=alone.query.k)


def _elaborate(frame: Frame, alone: Reading, state: DialogueState, library: LibraryView) -> Query:
    last = state.query
    # "papers per month? / just the count"
    if last.want == "groups" and alone.query.want == "count":
        return narrow_set(frame, alone, last)
    if last.want in ("count", "share"):
        return replace(
            last, want="papers", by=(), order=None, where=(*last.base, *last.where), base=()
        )
    # "which of these use graphs? (one) / in one sentence": what they say
    if last.want == "papers" and alone.query.form.sentences and state.papers:
        want: Want = "overview" if (is_several := len(state.papers) > 1) else "passages"
        return Query(want, papers=state.papers, is_about_several=is_several, form=alone.query.form,
                     asks_for=None if is_several else "abstract", text=alone.question)  # fmt: skip
    # "an overview of noisy labels / shorter" is no question about the first of its papers
    is_of_one = last.want in CONTENT and last.want != "overview" and not last.is_about_several
    if is_of_one and state.paper:
        asks_more = frame.asks_for and frame.asks_for[0][0] and alone.query.form == Form()
        text = f"{last.text} {alone.question}" if asks_more else last.text
        return replace(last, papers=last.papers or (state.paper,), form=alone.query.form, text=text,
                       asks_for=alone.query.asks_for or last.asks_for)  # fmt: skip
    return replace(last, form=alone.query.form)


def _correct(frame: Frame, alone: Reading, state: DialogueState, library: LibraryView) -> Query:
    own = alone.query
    if (named := list_named(alone)) and state.query.papers and state.query.want not in CONTENT:
        return replace(state.query, papers=named[:1])
    last = state.query
    excluded = own.without or (_NOT_ONE.search(alone.question) or {"words": ""})["words"]
    # "papers on famines / not the Irish one": the list without it.
    if excluded and not own.topic and last.want in (*SETS, "people") and last.about:
        return replace(last, about=narrow_topic(last.about, Topic(without=excluded)))
    # "how many with code? / no, I meant those where he is first author"
    merged = merge(state.query, alone)
    merged = replace(merged, where=set_role(merged.where, alone))
    if own.want not in CONTENT and own.want == state.query.want:
        return merged
    # "no, not the model, the data set: how is it called?", "no, I meant compare their speed"
    focus = state.query.papers or (state.papers if own.want == "comparison" else (state.paper,))
    is_of_focus = own.want in CONTENT and not (named or own.people or own.topic)
    if is_of_focus and any(focus) and not is_about_others(frame, state, library):
        return replace(own, papers=focus, about=None, is_about_several=len(focus) > 1)
    if own.papers or own.people or own.about:
        return own if state.query.want in CONTENT else merged
    return own


def _recap(
    frame: Frame, alone: Reading, state: DialogueState, library: LibraryView
) -> Query | None:
    papers = tuple(dict.fromkeys((*reversed(state.earlier_papers), *state.papers)))
    return Query(
        "overview",
        papers=papers,
        is_about_several=True,
        form=alone.query.form,
        what=RECAP,
        text=alone.question,
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
