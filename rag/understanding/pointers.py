"""Resolves pointers to earlier turns: ``it``, ``the second one``, ``he``, ``the same authors``.

Each function takes a question and the focus of the conversation, and returns the question with the
pointer replaced, or None if it has no such pointer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from rag.library.snapshot import LibrarySnapshot, get_recency_key, get_short_name
from rag.text import split_terms
from rag.types import Answer, Condition, Query, Reading, Thread
from rag.types.fields import FIELDS, Range
from rag.understanding.filler import SHARE
from rag.understanding.periods import make_date

_ORDINALS = {
    "first": 0, "1st": 0, "former": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3,
    "4th": 3, "fifth": 4, "5th": 4, "last": -1, "latter": -1, "other": 1,
}  # fmt: skip
_PAPER_NOUN = r"(?:one|paper|method|work|approach|entry|model|system|framework|study|result|article|publication)"
_NUMBERED = r"(?:\bnumber|\bno\.?|#)\s*(?P<number>[1-9]\d?)\b"
_ORDINAL = re.compile(
    rf"\bthe\s+(?P<word>{'|'.join(_ORDINALS)})(?:\s+{_PAPER_NOUN}\b|\s+of\s+(?:them|those|these|the\s+two)\b"
    r"|(?=\s+(?:is|was|does|did|do|has|have|had|use[sd]?|also)\b)|(?=\s*[?.!,]?$)|(?<=former)|(?<=latter))"
    rf"|{_NUMBERED}|\b{_PAPER_NOUN}\s+(?P<number2>[1-9])\b",
    re.IGNORECASE,
)
_DESCRIBED = re.compile(
    r"\b(?:the|that)\s+(?P<what>[\w-]+(?:\s+[\w-]+){0,5}?)\s+(?:one|paper)\b", re.IGNORECASE
)
_SAME_AUTHOR = re.compile(
    r"\b(?:the|its|their|that)\s+(?P<nth>first|lead|second|third|last)\s+authors?(?:'s)?\b(?=.{0,200}\b(?:else|also|other|another|more|write|wrote|written|work|works|publish\w*|do|does|papers?)\b)"
    r"|\b(?:(?:the|its|their)\s+)?same\s+(?P<first>(?:first|lead)\s+)?(?:authors?|people|person|group|team)\b"
    r"|\b(?:other|more|further|else)\b[^?]{0,200}\bby\s+(?:the|its|that|their)\s+(?P<nth2>first|lead|second|third|last)\s+authors?\b"
    r"|\b(?:its|their)\s+(?P<first2>(?:first|lead)\s+)?authors?\b(?=\s+(?:also|work|write|wrote|publish|have|has|do|did|else))",
    re.IGNORECASE,
)
_OLDER_OR_NEWER = re.compile(
    rf"\bthe\s+(?P<word>older|oldest|earlier|earliest|newer|newest|later|latest|more\s+recent|most\s+recent)\s+{_PAPER_NOUN}\b",
    re.IGNORECASE,
)
SINGULAR = re.compile(
    r"\b(?:it'?s|its|it|this|that|(?:this|that|the\s+same)\s+(?:paper|method|work|approach|model|entry|system|framework|study|one|dataset|benchmark)|"
    r"the\s+(?:paper|method|authors?|approach|framework|system|proposed\s+\w+))\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    r"\b(?P<poss>his|hers|her(?=\s+\w))\b|\b(?:he|she|him|her)\b"
    r"|\b(?:this|that|the\s+same)\s+(?:person|researcher|guy|woman|man|scientist|professor|expert)\b",
    re.IGNORECASE,
)
_THEIR_PERSON = re.compile(
    r"\btheir\s+(?:\w+\s+)?(?:papers?|works?|publications?|co-?authors?|collaborators?|h-?index|research|topics?|page|citations?)\b|\b(?:do|did|have|are)\s+they\s+(?:work|publish|written|wrote|write|collaborate|in)\b|\bwith\s+them\b",
    re.IGNORECASE,
)
LEAD = re.compile(r"^\W*(?:and|but|so|also|ok(?:ay)?|then|well|plus)\b[\s,]*", re.IGNORECASE)
_LATER = re.compile(
    r"\b(?:later|newer|subsequent(?:ly)?|after(?:wards| that)?|since then|follow-?up|next)\b",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"\b(?:earlier|older|previous(?:ly)?|before(?: that)?|prior)\b", re.IGNORECASE
)
_OTHERS_WORD = re.compile(r"\b(?:else|other|another|more|further)\b", re.IGNORECASE)


_ALSO = re.compile(r"\b(?:also|same|besides|apart)\b", re.IGNORECASE)


_NTH_PERSON = re.compile(
    rf"\b(?:the\s+)?(?P<word>{'|'.join(_ORDINALS)})\s+(?!author\s+most)(?:one|person|expert|author|researcher|name|guy|woman|candidate|of\s+(?:them|those|these))\b"
    rf"|{_NUMBERED}",
    re.IGNORECASE,
)
_TWO = re.compile(
    r"\b(?:they|them|the\s+two|these\s+two|both)(?:\s+(?P<verb>share|have|both))?\b", re.IGNORECASE
)
_THEY_WROTE = re.compile(
    r"\b(?:they|these\s+people|those\s+people|the\s+authors)\b.{0,200}\b(?:write|wrote|written|publish\w*|do|done|work\w*)\b|\btheir\s+other\s+(?:papers|works?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ResolvedQuestion:
    """A question whose pointers to the thread are resolved.

    Attributes:
        question: Text that can be read on its own.
        focus: Ids of the papers it points at, in the order shown; empty without a pointer.
        people: People it points at, as printed.
        conditions: Conditions from ``a later one`` and the like.
        instead: The last reading, if ``question`` only replaces a part of it.
        note: How the pointer was read, for the reader; empty without one.
        several: Whether it points at all these papers, not at one.
        like: Id of the paper that similar ones are asked for.
        excluded_people: People named already, if others are asked for.
        origin: Conditions of the list that ``those`` points at, if they can be read on their own.
    """

    question: str
    focus: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    instead: Reading | None = None
    note: str = ""
    several: bool = False
    like: str = ""
    excluded_people: tuple[str, ...] = ()
    origin: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationFocus:
    """The papers and people that pointers may mean, and whether the papers were named."""

    papers: tuple[str, ...]
    people: tuple[str, ...]
    is_named: bool


def list_people(answer: Answer) -> tuple[str, ...]:
    """The people whom the answer's question named: asked about, or in its conditions."""
    if answer.reading is None:
        return ()
    query = answer.reading.query
    names = [name for person in query.people for name in person.names]
    names += [
        str(name)
        for condition in (*query.base, *query.where)
        if FIELDS[condition.field].type == "person"
        for name in condition.values
    ]
    return tuple(dict.fromkeys(names))


def is_ranking(query: Query) -> bool:
    """Whether people are ranked by their papers, not by figures of their pages."""
    is_of_roles = all(FIELDS[field].of == "paper" for field in query.by)
    return query.want == "people" and query.route == "catalogue" and is_of_roles


def resolve_personal(
    question: str, last: Answer, focus: ConversationFocus
) -> ResolvedQuestion | None:
    """``he``, ``her``, ``that person`` and, after an answer about one person, ``their``."""
    if not focus.people:
        return None
    name = focus.people[0]
    if _PERSONAL.search(question):
        text = _PERSONAL.sub(lambda m: f"{name}'s" if m["poss"] else name, question)
        return ResolvedQuestion(LEAD.sub("", text), people=(name,), note=f"read as about {name}")
    # After one person "their papers" are that person's; after several "their" is left to the
    # papers.
    if last.route == "person" and len(last.experts) <= 1 and _THEIR_PERSON.search(question):
        text = re.sub(r"\btheir\b", f"{name}'s", question, flags=re.IGNORECASE)
        text = re.sub(r"\b(?:do|have|are)\s+they\b", f"does {name}", text, flags=re.IGNORECASE)
        text = re.sub(r"\bthe[ym]\b", name, text, flags=re.IGNORECASE)
        return ResolvedQuestion(LEAD.sub("", text), people=(name,), note=f"read as about {name}")
    return None


def resolve_nth_person(question: str, last: Answer) -> ResolvedQuestion | None:
    """``the second one`` after people were listed is the second of them, unless a paper is said."""
    if last.route != "experts" or len(last.experts) < 2:
        return None
    match = _NTH_PERSON.search(question)
    if match is None:
        return None
    at = _parse_place(match["word"], match["number"])
    # "the fifth one" of three people is nobody: other readings are tried.
    if at >= len(last.experts):
        return None
    name = last.experts[at].name
    text = f"{question[: match.start()]}{name}{question[match.end() :]}"
    return ResolvedQuestion(LEAD.sub("", text), people=(name,), note=f"read as about {name}")


_SHARING = re.compile(
    r"\b(?:share|shared|common|together|both|jointly|each other|compare|know each)\b", re.IGNORECASE
)
_PLACE = "|".join(word for word in _ORDINALS if word not in ("other", "former", "latter"))
_FIRST_TWO = re.compile(
    rf"\bthe\s+(?:first|top)\s+two\b(?:\s+of\s+(?:them|these|those))?(?:\s+(?:people|ones|papers|experts|authors|names|researchers))?"
    rf"|\bthe\s+(?P<one>{_PLACE})(?:\s+one)?\s+(?:and|with|to|or)\s+(?:the\s+)?(?P<two>{_PLACE})(?:\s+(?:ones?|papers?|of\s+(?:them|these|those)))?",
    re.IGNORECASE,
)


def resolve_first_two(
    question: str, last: Answer, focus: ConversationFocus, library: LibrarySnapshot
) -> ResolvedQuestion | None:
    """``compare the first two``, ``the first and the third``: of the people or papers just listed."""
    match = _FIRST_TWO.search(question)
    if match is None:
        return None
    places = (0, 1)
    if match["one"]:
        places = (_ORDINALS[match["one"].lower()], _ORDINALS[match["two"].lower()])
    people = tuple(e.name for e in last.experts) if last.route == "experts" else ()
    candidates = people or focus.papers
    if max(places) >= len(candidates) or len(candidates) < 2:
        return None
    chosen = tuple(dict.fromkeys(candidates[at] for at in places))
    names = chosen if people else tuple(get_short_name(library.by_id[i]) for i in chosen)
    text = f"{question[: match.start()]}{' and '.join(names)}{question[match.end() :]}"
    note = f"read as about {' and '.join(names)}"
    if people:
        return ResolvedQuestion(LEAD.sub("", text), people=chosen, note=note)
    return ResolvedQuestion(LEAD.sub("", text), chosen, note=note, several=True)


def resolve_both_people(question: str, thread: Thread) -> ResolvedQuestion | None:
    """``they`` after two people were compared, or asked about one after the other."""
    last = thread.turns[-1].answer
    people = list_people(last)
    if last.route != "person" or not _TWO.search(question):
        return None
    # "who is Yuxi Mi? / what about Cai Wu? / what do they share?"
    if len(people) == 1 and len(thread.turns) > 1 and _SHARING.search(question):
        before = thread.turns[-2].answer
        earlier = list_people(before)
        people = (*earlier, *people) if before.route == "person" and len(earlier) == 1 else people
    if len(set(people)) != 2:
        return None
    who = f"{people[0]} and {people[1]}"
    text = _TWO.sub(lambda m: f"{who} {m['verb'] or ''}".strip(), question, count=1)
    return ResolvedQuestion(LEAD.sub("", text), people=people, note=f"read as about {who}")


def is_asking_other_works(question: str, last: Answer) -> bool:
    """Whether ``they`` are the authors that the last answer named: ``what else did they write``."""
    relation = last.reading.query.relation if last.reading is not None else None
    asks_for_authors = relation in ("authors", "first_author")
    return asks_for_authors and _THEY_WROTE.search(question) is not None


def resolve_people(focus: ConversationFocus, library: LibrarySnapshot) -> ResolvedQuestion:
    """Other papers by the people printed on the paper shown."""
    paper = library.by_id[focus.papers[0]]
    people = library.list_people_of(paper)[: max(len(paper.authors), 1)]
    return ResolvedQuestion(
        "other papers", people=people, conditions=(Condition("paper", "not_in", (paper.paper_id,)),),
        note=f"read as about {', '.join(people)}, of {get_short_name(paper)}",
    )  # fmt: skip


def resolve_same_author(
    question: str, focus: ConversationFocus, library: LibrarySnapshot
) -> ResolvedQuestion | None:
    """``did the same first author write a later one``: the people of the paper, other papers."""
    match = _SAME_AUTHOR.search(question)
    if match is None:
        return None
    paper = library.by_id[focus.papers[0]]
    people = _find_meant_people(match, library.list_people_of(paper), paper.authors)
    if not people:
        return None
    further = any(w.search(question) for w in (_LATER, _EARLIER, _OTHERS_WORD, _ALSO))
    # "who wrote DuetFace? / how many papers does its first author have?": all papers, this one
    # too.
    if len(people) == 1 and not further and (match["nth"] or match["first2"]):
        text = _SAME_AUTHOR.sub(people[0], question, count=1)
        return ResolvedQuestion(
            LEAD.sub("", text), people=people, note=f"read as about {people[0]}"
        )
    conditions = [Condition("paper", "not_in", (paper.paper_id,))]
    # "the same authors": two of them on one paper will do, since hardly ever are all.
    if len(people) > 1:
        conditions.append(Condition("author", "two_of", people))
    year, month = paper.year or 0, paper.month
    # "did the same first author write a later paper?": after the last day that this paper can be
    # of.
    if _LATER.search(question) and paper.year:
        last_day = make_date((year, month or 12, paper.day or 28))
        conditions.append(Condition("date", "is", Range(last_day + timedelta(1), None)))
    elif _EARLIER.search(question) and paper.year:
        first_day = make_date((year, month or 1, paper.day or 1))
        conditions.append(Condition("date", "is", Range(None, first_day - timedelta(1))))
    rest = _SAME_AUTHOR.sub(" ", question)
    for words in (_LATER, _EARLIER, _OTHERS_WORD):
        rest = words.sub(" ", rest)
    return ResolvedQuestion(
        " ".join(rest.split()),
        people=people,
        conditions=tuple(conditions),
        note=f"read as about {', '.join(people)}, of {get_short_name(paper)}",
    )


def resolve_dated(
    question: str, focus: ConversationFocus, library: LibrarySnapshot
) -> ResolvedQuestion | None:
    """``the older one``: by date, where both ends are dated."""
    match = _OLDER_OR_NEWER.search(question)
    if match is None:
        return None
    old = match["word"].lower() in ("older", "oldest", "earlier", "earliest")
    known = [p for i in focus.papers if (p := library.by_id[i]).year is not None]
    if not known:
        return None
    chosen_paper = (max if old else min)(known, key=get_recency_key)
    return _resolve_pointer(question, match.span(), chosen_paper.paper_id, library)


def _find_meant_people(
    match: re.Match[str], people: tuple[str, ...], printed: tuple[str, ...]
) -> tuple[str, ...]:
    """``the third author`` or ``the same authors``; of all of them, those who are printed."""
    place = {"second": 1, "third": 2, "last": len(printed) - 1}
    if word := (match["nth"] or match["nth2"] or "").lower():
        at = place.get(word, 0)
        return people[at : at + 1] if at >= 0 else ()
    if match["first"] or match["first2"]:
        return people[:1]
    return people[: max(len(printed), 1)]


def _parse_place(word: str | None, number: str | None) -> int:
    """Where in a list ``the second one`` or ``#2`` is, from 0; -1 for the last."""
    return int(number) - 1 if number else _ORDINALS[(word or "").lower()]


def resolve_ordinal(
    question: str, focus: ConversationFocus, library: LibrarySnapshot
) -> ResolvedQuestion | None:
    """``the second one``, ``paper 2``: by its place in what was shown."""
    match = _ORDINAL.search(question)
    if match is None:
        return None
    at = _parse_place(match["word"], match["number"] or match["number2"])
    if at >= len(focus.papers):
        return None
    return _resolve_pointer(question, match.span(), focus.papers[at], library)


def resolve_described(
    question: str, focus: ConversationFocus, library: LibrarySnapshot
) -> ResolvedQuestion | None:
    """``the representation learning one``: the shown paper that has most of these words."""
    match = _DESCRIBED.search(question)
    if match is None:
        return None
    wanted = set(split_terms(match["what"]))
    if not wanted:
        return None
    # Words of the name count twice: "the sphere one" is SlerpFace even if others mention spheres.
    scores = [
        (
            len(wanted & set(split_terms(library.by_id[i].name))) * 2
            + len(wanted & library.get_terms(library.by_id[i])),
            i,
        )
        for i in focus.papers
    ]
    best = max(scores, key=lambda s: s[0])
    return _resolve_pointer(question, match.span(), best[1], library) if best[0] else None


def _resolve_pointer(
    question: str, span: tuple[int, int], paper_id: str, library: LibrarySnapshot
) -> ResolvedQuestion:
    """The question with one pointer replaced by the paper's own name."""
    name = get_short_name(library.by_id[paper_id])
    text = f"{question[: span[0]]}{name}{question[span[1] :]}"
    return ResolvedQuestion(
        LEAD.sub("", text), (paper_id,), note=format_titles((paper_id,), library)
    )


def resolve_singular(
    question: str, focus: ConversationFocus, library: LibrarySnapshot
) -> ResolvedQuestion:
    """``it``: the first of what was shown, which the answer was about."""
    paper_id = focus.papers[0]
    name = get_short_name(library.by_id[paper_id])

    def put_name(match: re.Match[str]) -> str:
        word = match.group().lower()
        # "the authors" keeps its words, since authors are asked for and not the paper.
        if word.startswith("the author"):
            return f"{match.group()} of {name}"
        if word == "its":
            return f"{name}'s"
        return f"{name} is" if word == "it's" else name

    text = SINGULAR.sub(put_name, question, count=1)
    return ResolvedQuestion(
        LEAD.sub("", text), (paper_id,), note=format_titles((paper_id,), library)
    )


_SHARE_OF_THEM = re.compile(
    rf"\b{SHARE}\s+of\s+(?:(?:all|the)\s+(?:of\s+)?)*(?:these|those|them)\b", re.IGNORECASE
)


def resolve_plural(
    question: str, focus: ConversationFocus, library: LibrarySnapshot
) -> ResolvedQuestion:
    """``those``: all that was shown; ``they`` after one named paper: that one."""
    is_single = len(focus.papers) == 1
    # "what share of those parameters is pruned?": "of those" belongs to the share and must stay.
    if _SHARE_OF_THEM.search(question):
        return ResolvedQuestion(
            LEAD.sub("", question),
            focus.papers,
            note=format_titles(focus.papers, library),
            several=True,
        )
    text = re.sub(
        r"\s+(?:of\s+)?(?:these|those|them)\b(?=\s)", "", question, count=1, flags=re.IGNORECASE
    )
    # Of "which of those?" too little would be left to read.
    text = text if len(text.split()) > 2 else question
    return ResolvedQuestion(
        LEAD.sub("", text),
        focus.papers,
        note=format_titles(focus.papers, library),
        several=not is_single,
    )


def format_titles(ids: Sequence[str], library: LibrarySnapshot) -> str:
    if len(ids) == 1:
        return f"read as about {get_short_name(library.by_id[ids[0]])}"
    return f"read as about the {len(ids)} papers just shown"
