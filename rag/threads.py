"""Making a follow-up whole: what ``it``, ``the second one`` or ``which of those`` point at.

Pointers are settled by what was asked and shown before: papers that the last question named, in the
order in which it named them, or else the papers that its answer cites, in the order of its markers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.catalogue.periods import shifted
from rag.census import Census, is_headed, newest_first, short_name
from rag.text import STOP_WORDS, index_terms
from rag.types import Answer, Condition, Intent, Thread

_ORDINALS = {
    "first": 0, "1st": 0, "former": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3,
    "4th": 3, "fifth": 4, "5th": 4, "last": -1, "latter": -1, "other": 1,
}  # fmt: skip
_THING = r"(?:one|paper|method|work|approach|entry|model|system|framework|study|result|article|publication)"
_ORDINAL = re.compile(
    rf"\bthe\s+(?P<word>{'|'.join(_ORDINALS)})(?:\s+{_THING}\b|\s+of\s+(?:them|those|these|the\s+two)\b"
    r"|(?=\s+(?:is|was|does|did|do|has|have|had|use[sd]?|also)\b)|(?=\s*[?.!,]?$)|(?<=former)|(?<=latter))"
    rf"|(?:\bnumber|\bno\.?|#)\s*(?P<number>\d{{1,2}})\b|\b{_THING}\s+(?P<number2>\d)\b",
    re.IGNORECASE,
)
_DESCRIBED = re.compile(
    r"\b(?:the|that)\s+(?P<what>[\w-]+(?:\s+[\w-]+){0,5}?)\s+(?:one|paper)\b", re.IGNORECASE
)
_SAME_AUTHOR = re.compile(
    r"\b(?:the|its|their|that)\s+(?P<nth>first|lead|second|third|last)\s+authors?(?:'s)?\b(?=.*\b(?:else|also|other|another|more|write|wrote|written|work|works|publish\w*|do|does|papers?)\b)"
    r"|\b(?:(?:the|its|their)\s+)?same\s+(?P<first>(?:first|lead)\s+)?(?:authors?|people|person|group|team)\b"
    r"|\b(?:other|more|further|else)\b[^?]*\bby\s+(?:the|its|that|their)\s+(?P<nth2>first|lead|second|third|last)\s+authors?\b"
    r"|\b(?:its|their)\s+(?P<first2>(?:first|lead)\s+)?authors?\b(?=\s+(?:also|work|write|wrote|publish|have|has|do|did|else))",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"\b(?:which|what|any|all|some|one|both|each|none|most|how many|how much)\s+of\s+(?:these|those|them|the\s+(?:papers|two|three|above))\b"
    r"|\b(?:these|those)(?:\s+(?:papers?|works?|methods?|approaches|entries|ones|studies|models|systems))?\b"
    r"|\b(?:they|them|their|theirs|both)\b|\bthe\s+(?:papers|two|three|others)\b|\bof\s+them\b",
    re.IGNORECASE,
)
_OF_THOSE = re.compile(
    r"\bof\s+(?:these|those|them|the\s+(?:two|three|above))\b|\b(?:these|those)\s+(?:papers?|works?|entries|ones)\b",
    re.IGNORECASE,
)
_DATED = re.compile(
    rf"\bthe\s+(?P<word>older|oldest|earlier|earliest|newer|newest|later|latest|more\s+recent|most\s+recent)\s+{_THING}\b",
    re.IGNORECASE,
)
_SINGULAR = re.compile(
    r"\b(?:it'?s|its|it|this|that|(?:this|that|the\s+same)\s+(?:paper|method|work|approach|model|entry|system|framework|study|one|dataset|benchmark)|"
    r"the\s+(?:paper|method|authors?|approach|framework|system|proposed\s+\w+))\b",
    re.IGNORECASE,
)
_DUMMY = re.compile(
    r"\b(?:is|are|was)\s+(?:it|that|this)\s+(?:true|possible|the case)\b|\b(?:all|anything|everything|something|one|paper|papers|work|works|method|methods|system|somebody|someone|dataset|model|models)\s+that\b|\bso that\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(r"\b(?P<poss>his|hers|her(?=\s+\w))\b|\b(?:he|she|him|her)\b", re.IGNORECASE)
_THEIR_PERSON = re.compile(
    r"\btheir\s+(?:\w+\s+)?(?:papers?|works?|publications?|co-?authors?|collaborators?|h-?index|research|topics?|page|citations?)\b|\b(?:do|did|have|are)\s+they\s+(?:work|publish|written|wrote|write|collaborate|in)\b|\bwith\s+them\b",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^\W*(?:and|but|so|also|ok(?:ay)?|then|well|plus)\b[\s,]*", re.IGNORECASE)
_INSTEAD = re.compile(
    r"^\W*(?:(?:and|but|so|ok(?:ay)?)\s+)*(?:what|how)\s+about\s+(?P<what>.+)|^\W*(?:and|but|only|just|same\s+for|same\s+but)\s+(?P<what2>.+)",
    re.IGNORECASE,
)
_WHICH_VERB = re.compile(
    r"^\W*(?:and\s+|so\s+|but\s+)?(?:which|what|who)(?:\s+ones?)?\s+(?P<verb>[a-z]+(?:s|ed))\s+(?!(?:are|is|do|does|did|was|were|have|has|had|can|could|should|would|will|use|used|that|from|by|about|on|of|in)\b)",
)
_LATER = re.compile(
    r"\b(?:later|newer|subsequent(?:ly)?|after(?:wards| that)?|since then|follow-?up|next)\b",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"\b(?:earlier|older|previous(?:ly)?|before(?: that)?|prior)\b", re.IGNORECASE
)
_MORE = re.compile(r"\b(?:else|other|another|more|further)\b", re.IGNORECASE)


LIST_THEM = re.compile(
    r"^\W*(?:and\s+|so\s+|ok\s+)?(?:(?:which|what)\s+(?:ones?|papers|are\s+(?:they|those|these))(?:\s+are\s+(?:they|those|these))?"
    r"|(?:please\s+)?(?:list|show|name|give|print)\s+(?:me\s+|us\s+)?(?:all\s+(?:of\s+)?)?(?:them|those|these)(?:\s+all)?(?:\s+please)?)\W*$",
    re.IGNORECASE,
)
_NTH_PERSON = re.compile(
    rf"\b(?:the\s+)?(?P<word>{'|'.join(_ORDINALS)})\s+(?:one|person|expert|author|researcher|name|guy|woman|candidate|of\s+(?:them|those|these))\b"
    rf"|\b(?:number|no\.?|#)\s*(?P<number>\d{{1,2}})\b",
    re.IGNORECASE,
)
_TWO = re.compile(
    r"\b(?:they|them|the\s+two|these\s+two|both)(?:\s+(?P<verb>share|have|both))?\b", re.IGNORECASE
)
_THEY_WROTE = re.compile(
    r"\b(?:they|these\s+people|those\s+people|the\s+authors)\b.*\b(?:write|wrote|written|publish\w*|do|done|work\w*)\b|\btheir\s+other\s+(?:papers|works?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Whole:
    """A question made whole from its thread.

    Attributes:
        question: To be read on its own.
        focus: Ids of the papers it points at, in the order shown; empty: no pointing.
        people: Those it points at, as printed.
        conditions: From ``a later one`` and the like.
        instead: The last intent, where only a part of it is to be replaced by ``question``.
        note: What a pointer was taken for; empty where nothing was.
        several: Whether it points at all of them, not at one.
    """

    question: str
    focus: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    instead: Intent | None = None
    note: str = ""
    several: bool = False


@dataclass(frozen=True, slots=True)
class _Shown:
    papers: tuple[str, ...]
    people: tuple[str, ...]
    named: bool


def complete(question: str, thread: Thread, now: Census) -> Whole:
    """The question with its pointers settled; itself where it has none or nothing was shown."""
    if not thread.turns:
        return Whole(question)
    last = thread.turns[-1].answer
    shown = _shown(thread, now)
    own = [word for word, ids in now.called(question) if is_headed(word, now.by_id[ids[0]])]
    if whole := _personal(question, last, shown, now):
        return whole
    if last.intent is not None and LIST_THEM.match(question) and last.route == "catalogue":
        return Whole(question, instead=last.intent)
    if whole := _nth_person(question, last, now) or _both(question, last):
        return whole
    if shown.papers and _OF_THOSE.search(question):
        return _plural(question, shown, now)
    if shown.papers and _wrote_else(question, last):
        return _of_people(shown, now)
    if own or now.names.mentions(question):
        return Whole(question, instead=_instead(question, last))
    for settle in (_same_author, _dated, _ordinal, _described):
        if shown.papers and (whole := settle(question, shown, now)):
            return whole
    stripped = _DUMMY.sub(" ", question)
    if shown.papers and _PLURAL.search(stripped):
        return _plural(question, shown, now)
    if shown.papers and _SINGULAR.search(stripped):
        return _singular(question, shown, now)
    if shown.papers and _elliptic(question, now):
        one = shown.named and len(shown.papers) == 1
        return Whole(question, shown.papers, note=_told(shown.papers, now), several=not one)
    return Whole(question, instead=_instead(question, last))


# --- what was shown -------------------------------------------------------------------------


def _shown(thread: Thread, now: Census) -> _Shown:
    """What the last turn was about; a turn that failed to answer leaves the one before in view."""
    for turn in reversed(thread.turns):
        named = () if turn.answer.route == "experts" else _named(turn.question, now)
        people = tuple(e.name for e in turn.answer.experts)
        if turn.answer.intent is not None and turn.answer.intent.people:
            people = tuple(dict.fromkeys((*turn.answer.intent.people, *people)))
        if named:
            return _Shown(named, people, True)
        if papers := _cited(turn.answer, now):
            focus = turn.answer.intent.parts.get("focus") if turn.answer.intent else None
            if isinstance(focus, tuple) and set(focus) == set(papers):
                papers = focus
            return _Shown(papers, people, False)
        if people:
            return _Shown((), people, False)
    return _Shown((), (), False)


def _named(question: str, now: Census) -> tuple[str, ...]:
    """The paper that each made-up name in a question stands for, in its order."""
    return tuple(dict.fromkeys(ids[0] for _, ids in now.called(question)))


def _cited(answer: Answer, now: Census) -> tuple[str, ...]:
    """Papers in the order of their markers in the text; without citations, the best ranked ones."""
    order = {
        int(n): at for at, n in reversed(list(enumerate(re.findall(r"\[(\d+)\]", answer.text))))
    }
    cited = sorted(answer.citations, key=lambda c: order.get(c.marker, len(order)))
    ids = [c.paper_id for c in cited]
    if answer.route in ("catalogue", "person") and len(answer.papers) > len(ids):
        ids += [p.paper_id for p in answer.papers]
    if not ids and answer.status == "answered":
        ids = [p.paper_id for p in answer.papers[:5]]
    return tuple(dict.fromkeys(i for i in ids if i in now.by_id))


# --- pointers -------------------------------------------------------------------------------


def _personal(question: str, last: Answer, shown: _Shown, now: Census) -> Whole | None:
    """``he``, ``her`` and, after an answer about one person, ``their``."""
    if not shown.people:
        return None
    name = shown.people[0]
    if _PERSONAL.search(question):
        text = _PERSONAL.sub(lambda m: f"{name}'s" if m["poss"] else name, question)
        return Whole(_LEAD.sub("", text), people=(name,), note=f"read as about {name}")
    if last.route == "person" and len(last.experts) <= 1 and _THEIR_PERSON.search(question):
        text = re.sub(r"\btheir\b", f"{name}'s", question, flags=re.IGNORECASE)
        text = re.sub(r"\b(?:do|have|are)\s+they\b", f"does {name}", text, flags=re.IGNORECASE)
        text = re.sub(r"\bthe[ym]\b", name, text, flags=re.IGNORECASE)
        return Whole(_LEAD.sub("", text), people=(name,), note=f"read as about {name}")
    return None


def _nth_person(question: str, last: Answer, now: Census) -> Whole | None:
    """``the second one`` after people were listed is the second of them, unless a paper is said."""
    if last.route != "experts" or len(last.experts) < 2:
        return None
    match = _NTH_PERSON.search(question)
    if match is None:
        return None
    number = match["number"]
    at = int(number) - 1 if number else _ORDINALS[match["word"].lower()]
    if at >= len(last.experts):
        return None
    name = last.experts[at].name
    text = f"{question[: match.start()]}{name}{question[match.end() :]}"
    return Whole(_LEAD.sub("", text), people=(name,), note=f"read as about {name}")


def _both(question: str, last: Answer) -> Whole | None:
    """``they`` after two people were compared."""
    people = last.intent.people if last.intent is not None else ()
    if last.route != "person" or len(people) != 2 or not _TWO.search(question):
        return None
    who = f"{people[0]} and {people[1]}"
    text = _TWO.sub(lambda m: f"{who} {m['verb'] or ''}".strip(), question, count=1)
    return Whole(_LEAD.sub("", text), people=people, note=f"read as about {who}")


def _wrote_else(question: str, last: Answer) -> bool:
    """Whether ``they`` are the authors that the last answer named: ``what else did they write``."""
    ask = last.intent.parts.get("ask") if last.intent is not None else None
    authors = getattr(ask, "form", "") == "authors"
    return authors and _THEY_WROTE.search(question) is not None


def _of_people(shown: _Shown, now: Census) -> Whole:
    """Other papers by the people printed on the paper shown."""
    paper = now.by_id[shown.papers[0]]
    people = now.people_of(paper)[: max(len(paper.authors), 1)]
    conditions = [Condition("paper", "not in", (paper.paper_id,))]
    return Whole(
        "other papers", people=people, conditions=tuple(conditions),
        note=f"read as about {', '.join(people)}, of {short_name(paper)}",
    )  # fmt: skip


def _same_author(question: str, shown: _Shown, now: Census) -> Whole | None:
    """``did the same first author write a later one``: the people of the paper, other papers."""
    match = _SAME_AUTHOR.search(question)
    if match is None:
        return None
    paper = now.by_id[shown.papers[0]]
    people = _meant(match, now.people_of(paper), paper.authors)
    if not people:
        return None
    conditions = [Condition("paper", "not in", (paper.paper_id,))]
    if len(people) > 1:
        conditions.append(Condition("author", "two of", people))
    year, month = paper.year or 0, paper.month
    if _LATER.search(question) and paper.year:
        conditions.append(
            Condition("date", "between", (shifted((year, month or 12, paper.day or 28), 1), None))
        )
    elif _EARLIER.search(question) and paper.year:
        conditions.append(
            Condition("date", "between", (None, shifted((year, month or 1, paper.day or 1), -1)))
        )
    rest = _SAME_AUTHOR.sub(" ", question)
    for words in (_LATER, _EARLIER, _MORE):
        rest = words.sub(" ", rest)
    return Whole(
        " ".join(rest.split()),
        people=people,
        conditions=tuple(conditions),
        note=f"read as about {', '.join(people)}, of {short_name(paper)}",
    )


def _dated(question: str, shown: _Shown, now: Census) -> Whole | None:
    """``the older one``: by date, where both ends are dated."""
    match = _DATED.search(question)
    if match is None:
        return None
    order = sorted((now.by_id[i] for i in shown.papers), key=newest_first)
    old = match["word"].lower() in ("older", "oldest", "earlier", "earliest")
    dated = [p for p in order if p.year is not None]
    if not dated:
        return None
    return _pointing(question, match.span(), (dated[-1] if old else dated[0]).paper_id, now)


def _meant(
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


def _ordinal(question: str, shown: _Shown, now: Census) -> Whole | None:
    match = _ORDINAL.search(question)
    if match is None:
        return None
    number = match["number"] or match["number2"]
    at = int(number) - 1 if number else _ORDINALS[match["word"].lower()]
    if at >= len(shown.papers):
        return None
    return _pointing(question, match.span(), shown.papers[at], now)


def _described(question: str, shown: _Shown, now: Census) -> Whole | None:
    """``the representation learning one``: the shown paper that has most of these words."""
    match = _DESCRIBED.search(question)
    if match is None:
        return None
    wanted = set(index_terms(match["what"]))
    if not wanted:
        return None
    scores = [
        (
            len(wanted & set(index_terms(now.by_id[i].name))) * 2
            + len(wanted & now.terms_of(now.by_id[i])),
            i,
        )
        for i in shown.papers
    ]
    best = max(scores, key=lambda s: s[0])
    return _pointing(question, match.span(), best[1], now) if best[0] else None


def _pointing(question: str, span: tuple[int, int], paper_id: str, now: Census) -> Whole:
    """The question with one pointer replaced by the paper's own name."""
    name = short_name(now.by_id[paper_id])
    text = f"{question[: span[0]]}{name}{question[span[1] :]}"
    return Whole(_LEAD.sub("", text), (paper_id,), note=_told((paper_id,), now))


def _singular(question: str, shown: _Shown, now: Census) -> Whole:
    """``it``: the first of what was shown, which the answer was about."""
    paper_id = shown.papers[0]
    name = short_name(now.by_id[paper_id])

    def named(match: re.Match[str]) -> str:
        word = match.group().lower()
        if word.startswith("the author"):
            return f"{match.group()} of {name}"
        if word == "its":
            return f"{name}'s"
        return f"{name} is" if word in ("it's", "its'") else name

    head, n = _SINGULAR.subn(named, question, count=1)
    text = head if n else question
    return Whole(_LEAD.sub("", text), (paper_id,), note=_told((paper_id,), now))


def _plural(question: str, shown: _Shown, now: Census) -> Whole:
    """``those``: all that was shown; ``they`` after one named paper: that one."""
    one = len(shown.papers) == 1
    text = re.sub(
        r"\s+(?:of\s+)?(?:these|those|them)\b(?=\s)", "", question, count=1, flags=re.IGNORECASE
    )
    text = text if len(text.split()) > 2 else question
    return Whole(_LEAD.sub("", text), shown.papers, note=_told(shown.papers, now), several=not one)


def _elliptic(question: str, now: Census) -> bool:
    """Whether the question lacks what it is about: ``which handles several labels per image?``."""
    if _WHICH_VERB.match(question):
        return True
    match = _INSTEAD.match(question)
    return match is None and _LEAD.match(question) is not None


def _instead(question: str, last: Answer) -> Intent | None:
    """The last intent where the question only names what is to change in it."""
    match = _INSTEAD.match(question)
    if match is None or last.intent is None:
        return None
    what = match["what"] or match["what2"]
    asking = re.match(
        r"(?:who|what|which|how|when|where|why|is|are|does|do|did)\b", what.strip(), re.IGNORECASE
    )
    return None if asking else last.intent


def replacement(question: str) -> str:
    """The words of ``what about X`` that say what changes."""
    match = _INSTEAD.match(question)
    return ((match["what"] or match["what2"]) if match else question).strip(" ?.!")


def _told(ids: Sequence[str], now: Census) -> str:
    if len(ids) == 1:
        return f"read as about {short_name(now.by_id[ids[0]])}"
    return f"read as about the {len(ids)} papers just shown"


def telling(question: str) -> list[str]:
    """Words of a question that are no stop words."""
    return [w for w in re.findall(r"[^\W_]+", question) if w.lower() not in STOP_WORDS]
