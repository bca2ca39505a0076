"""The last query of a conversation with what a few plain words change of it."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.library.view import LibraryView
from rag.text.numbers import parse_number
from rag.types import Paper
from rag.types.fields import FIELDS, Condition, Range
from rag.types.query import Query, Reading, Topic
from rag.understanding.dialogue_links import POINTER, SURE, THEM
from rag.understanding.dialogue_merging import (
    drop_slot,
    exclude,
    find_flag,
    get_set,
    shift_year,
)
from rag.understanding.dialogue_state import (
    AGED,
    CONTENT,
    SETS,
    DialogueState,
    find_meant,
    find_people,
)
from rag.understanding.entities import negate
from rag.understanding.field_words import read_group
from rag.understanding.frame_types import Frame, SlotKind


def keep_slots(
    frame: Frame, alone: Reading, state: DialogueState, library: LibraryView
) -> Query | None:
    """The last query with what plain words change of it; None where none of these does."""
    own, last, question = alone.query, state.query, frame.question
    # "papers with code / and without?"
    if not own.where and _WITHOUT.fullmatch(question) and (flag := find_flag(last)):
        return last.remove_condition(flag).add_conditions([negate(flag)])
    # "drop the year", "any topic"
    if (match := _DROPS.fullmatch(question)) and last.want not in CONTENT:
        word = (match["what"] or match["any"] or "year").lower()
        if (rest := drop_slot(last, word)) or (rest := drop_slot(last, word.removesuffix("s"))):
            return rest
    # "who works on faces? / without her"
    if last.want == "people" and _WITHOUT_PERSON.fullmatch(question):
        names = find_people(question, state, library)
        return replace(last, besides=tuple(dict.fromkeys((*last.besides, *names))))
    kinds = {slot.kind for slot in frame.slots} - {"preamble"}
    if (counted := _count_shown(question, state)) or (stepped := _step(question, state, library)):
        return counted or stepped
    if (grouped := _keep_groups(frame, own, last, kinds)) is not None:
        return grouped
    # "what were the tasks of the 2022 contest? / which were new the year after?"
    if last.want in CONTENT and own.want not in ("profile", "values"):
        years = {int(year) for year in re.findall(r"\b(?:19|20)\d\d\b", state.question)}
        year = years.pop() if len(years) == 1 else 0
        if year and (shifted := shift_year(question, year)):
            text = f"{question} {state.question.replace(str(year), str(shifted))}"
            return Query("passages", text=text)
    return None


def _count_shown(question: str, state: DialogueState) -> Query | None:
    """``how many is that in total?``: the last list or topic, counted; else the papers shown."""
    if not _TOTAL.fullmatch(question):
        return None
    # "papers on gait / papers on palmprints / how many is that together?"
    both = tuple(dict.fromkeys((*state.papers, *state.papers_before)))
    if _TOGETHER.search(question) and len(both) > max(len(state.papers), len(state.papers_before)):
        return Query("count", papers=both, is_about_several=True)
    base = get_set(state)
    return base and replace(base, want="count", by=(), order=None, k=None, base=())


def _step(question: str, state: DialogueState, library: LibraryView) -> Query | None:
    """``and the next older one?``: the same question of another paper than the one shown for it."""
    last = state.query
    if not (match := _STEP.fullmatch(question)) or not state.papers:
        return None
    goes_back = last.order is not None and last.order.way == "descending"
    age = (match["age"] or "").lower()
    if (
        last.want == "extreme"
        and not match["place"]
        and (not age or goes_back == age.endswith(("older", "earlier", "old")))
    ):
        return replace(last, where=exclude(last.where, state.papers[:1]))
    meant = state.paper if match["version"] else find_meant(question, state, library)
    is_of_one = len(state.papers) == 1 and last.want in (*CONTENT, "values")
    is_of_one = is_of_one or (last.relation == "authors" and len(last.papers) == 1)
    # "what is DuetFace? / older version?": another paper like it, from before
    paper = library.get_paper(meant)
    if is_of_one and age and meant == state.paper and paper and paper.year:
        where = (*exclude((), (meant,)), *limit_age(question, paper))
        return Query("papers", about=Topic(paper.name), like=meant, where=where, k=1)
    return replace(last, papers=(meant,), is_about_several=False) if is_of_one and meant else None


def limit_age(question: str, paper: Paper) -> tuple[Condition, ...]:
    """``any more recent work?``: from the years after a paper, or before it; nothing where neither is meant."""
    if not (match := AGED.search(question)) or match[0].lower().endswith("st") or not paper.year:
        return ()
    is_older = match[0].lower().endswith(("older", "earlier", "old"))
    years = Range(None, paper.year - 1) if is_older else Range(paper.year + 1, None)
    return (Condition("year", "is", years),)


def _keep_groups(frame: Frame, own: Query, last: Query, kinds: set[SlotKind]) -> Query | None:
    """Groups that go on: fewer of them, others, or the same as a list."""
    if not last.by or last.want not in ("groups", "count") or own.where or own.about:
        return None
    question = frame.question
    # "how many journals? / list them with the number of papers", "which year had the most?"
    if frame.want in ("groups", "papers") and own.by in ((), last.by):
        if THEM.search(question) or own.by:
            return replace(last, want="groups", order=own.order, k=own.k)
    if last.want != "groups" or frame.links[0][0] in ("new", "more", "aside") or own.people:
        return None
    # "the top 3", "the biggest one"
    if kinds in ({"number"}, {"order"}):
        numbers = [parse_number(s.text.split()[-1]) for s in frame.slots if s.kind == "number"]
        return replace(last, k=next(filter(None, numbers), 1))
    # "now venues"
    name = read_group(question) if kinds <= {"group"} and len(question.split()) < 5 else ""
    return replace(last, by=(name,), k=None) if name and FIELDS[name].plural else None


_WITHOUT = re.compile(
    r"\W*(?:(?:and|or|but|what about|how about)\s+)*without(?:\s+(?:it|that|one))?\W*",
    re.IGNORECASE,
)
_WITHOUT_PERSON = re.compile(
    r"\W*(?:(?:and|but|or|ok)\W+)*(?:without|except|minus|not|besides|excluding) (?:him|her|them|that person)\W*",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?=.*\b(?:that|this|it|there|these|those|they|total|altogether|together|combined|all|overall)\b)"
    r"\W*(?:(?:and|so|ok)\W+)*how many (?:(?:papers? )?(?:is|are|was|were|makes?) )?(?:(?:that|this|it|the|there|these|those|they) ?)?"
    r"(?:papers? ?)?(?:(?:in total|altogether|together|combined|in all|overall|then|now) ?)*\W*",
    re.IGNORECASE,
)
_TOGETHER = re.compile(r"\b(?:together|combined)\b", re.IGNORECASE)
_STEP = re.compile(
    r"\W*(?:(?:and|or|ok|so|what about|how about|any|is there)\W+)*(?:(?:the|an?)\s+)?"
    r"(?:(?P<next>next|previous|preceding|second)(?:\s+(?:most\s+)?(?:old|new|recent|earl|late)\w*)?"
    r"|(?P<place>first|1st|third|3rd|fourth|4th|fifth|last)|(?P<age>older|newer|earlier|later|more recent|more old|more new)|(?=one\s+befor))"
    r"(?:\s*(?:one|paper|study|(?P<version>version)))?(?:\s+(?:befor\w*|after)(?:\s+(?:that|this|it))?)?\W*",
    re.IGNORECASE,
)
_DROPS = re.compile(
    r"\W*(?:(?:ok|and|or|now|please|from|of|in|at)\W+)*"
    r"(?:(?:drop|forget|ignore|remove|lose|skip|clear|never mind|without(?= the\b)|whatever|leave out)(?: about)? (?:the )?(?P<what>[a-z]+)"
    r"(?: (?:limit|filter|condition|range|restriction)s?)?|(?:any|all|every) (?P<any>[a-z]+)|ever)(?: please)?\W*",
    re.IGNORECASE,
)


def ask_share(frame: Frame, alone: Reading, state: DialogueState) -> Query | None:
    """``as a percentage of everything?``: the set that was counted, as a share of all papers."""
    last, (link, share) = state.query, frame.links[0]
    is_new = link == "new" and (share > SURE or not _OF_THAT.search(alone.question))
    is_part = link == "all_of" and bool(_OF_THEM.search(alone.question))
    if last.want not in SETS or last.papers or is_new or is_part:
        return None
    if alone.query.where or not _SHARE.search(alone.question) or POINTER.search(alone.question):
        return None
    base = last.base if last.want == "share" else ()
    return Query("share", where=last.where, about=last.about, base=base)


_SHARE = re.compile(
    r"\b(?:per ?cent(?:age)?|(?:what|which|the|an?) share|proportion|fraction)\b|%", re.IGNORECASE
)
_OF_THEM = re.compile(r"\b(?:of|among) (?:them|those|these)\b", re.IGNORECASE)
_OF_THAT = re.compile(r"\b(?:that|this|those|these|they)\b", re.IGNORECASE)
