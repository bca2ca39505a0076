"""The state of a conversation: what was asked and shown, and which of it a turn points at."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from rag.library.naming import get_recency_key
from rag.library.view import LibraryView
from rag.text import STOP_WORDS, split_terms
from rag.text.numbers import parse_number
from rag.types import Answer, Paper, Thread
from rag.types.query import Part, Query, Reading, Topic
from rag.understanding.frame_types import Frame, Shown, SlotKind, TurnContext
from rag.understanding.slots import clean_words

_MOST_LISTS = 4
"""Lists and sets of which the latest are remembered."""
_FADES_AFTER = 4
"""Turns after which a paper that was shown is no longer meant by ``it``."""
CONTENT = ("passages", "overview", "comparison")
SETS = ("papers", "count", "share", "groups", "extreme")


@dataclass(frozen=True)
class DialogueState:
    """What the conversation is about.

    Attributes:
        query: Of the last turn that asked something.
        papers: Ids shown in the last answer, in order.
        people: Names shown in the last answer, in order.
        listed: Ids of the last list shown, in order, also while single papers of it are spoken of.
        earlier_papers: Ids shown before that, the latest first.
        earlier_people: Names shown before that, the latest first.
        parts: Of the last question, as it was read.
        broader: The topic that the last query's was narrowed from: "few-shot" of another one.
        topic: What the conversation is about, also where the last turns asked of single papers or people.
        listed_people: Names of the last list shown, also while single people of it are spoken of.
        last_set: The last query of a set, also while single papers of it are spoken of.
        is_answered: False for the first of two questions of one message while the second is read.
        earlier: The states after the turns before, the latest first.
    """

    query: Query
    question: str = ""
    papers: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    earlier_papers: tuple[str, ...] = ()
    earlier_people: tuple[str, ...] = ()
    broader: str = ""
    parts: tuple[Part, ...] = ()
    topic: Topic | None = None
    listed_people: tuple[str, ...] = ()
    last_set: Query | None = None
    is_answered: bool = True
    earlier: tuple[DialogueState, ...] = ()

    @property
    def papers_before(self) -> tuple[str, ...]:
        """Ids shown in the answer before the last, all of them."""
        return self.earlier[0].papers if self.earlier else ()

    @property
    def before(self) -> DialogueState | None:
        """The state after the last answer that showed something, where this one shows nothing."""
        if self.papers or self.people:
            return None
        return next((s for s in self.earlier if s.papers or s.people), None)

    @property
    def slot_words(self) -> str:
        """What the last question named, as typed: a topic, a paper, a person; empty for nothing."""
        slots = ("about", "papers", "people")
        return next((p.words for p in self.parts if p.slot in slots and p.words), "")

    @cached_property
    def sets(self) -> tuple[Query, ...]:
        """Queries of papers, or of people on a topic, that were asked, the latest first."""
        asked = (state.query for state in (self, *self.earlier))
        return tuple(dict.fromkeys(filter(_is_set, asked)))[:_MOST_LISTS]

    @cached_property
    def lists(self) -> tuple[tuple[str, ...], ...]:
        """Ids of the lists of papers that were shown, the latest first."""
        shown = (state.papers for state in (self, *self.earlier))
        return tuple(dict.fromkeys(ids for ids in shown if len(ids) > 1))[:_MOST_LISTS]

    @property
    def shown(self) -> Shown:
        if self.query.want in ("count", "share", "values") and not self.query.papers:
            return "figure"
        if self.query.want == "groups":
            return "groups"
        if self.query.want == "people" and self.people:
            return "people"
        if self.query.want == "profile" and self.people:
            return "person"
        if len(self.papers) == 1:
            return "paper"
        return "papers" if self.papers else "people" if self.people else "nothing"

    @property
    def paper(self) -> str:
        """Id of the paper that ``it`` means; empty where none was shown."""
        if self.query.papers and not self.query.is_about_several:
            return self.query.papers[0]
        return next(iter((*self.papers, *self.earlier_papers)), "")

    def build_context(self) -> TurnContext:
        """What the heads see of it."""
        query = self.query
        kinds: set[SlotKind] = set()
        kinds |= {"topic"} if query.about else set()
        kinds |= {"person"} if query.people else set()
        kinds |= {"paper"} if query.papers else set()
        for condition in query.where:
            kinds.add(_KINDS.get(condition.field, "flag"))
        return TurnContext(self.question, query.want, self.shown, frozenset(kinds))


_KINDS: dict[str, SlotKind] = {
    **dict.fromkeys(("year", "month", "day", "date"), "time"),
    **dict.fromkeys(("author", "first_author", "last_author", "printed_author", "page"), "person"),
    "category": "category",
    "venue": "venue",
    "affiliation": "affiliation",
    "keyword": "keyword",
    "link": "link",
    "title": "words",
}


def build_state(thread: Thread) -> DialogueState | None:
    """The state after the last turn; None before the first one that asked something."""
    state: DialogueState | None = None
    for turn in thread.turns:
        reading = turn.answer.reading
        # Papers chosen for a conversation stand in it as a turn that nobody asked.
        if reading is None and turn.answer.papers:
            reading = Reading(Query("papers"))
        if reading is None or reading.query.want == "aside":
            continue
        # A comparison tells the newer one first; "the first" is the first that was named.
        is_pair = reading.query.want == "comparison"
        named = reading.query.papers if is_pair and reading.query.papers else list_named(reading)
        papers = tuple(dict.fromkeys((*named, *list_shown_papers(turn.answer))))
        # "What is DuetFace?" is about DuetFace, whatever else its answer quotes.
        papers = (
            named if len(named) == 1 and not is_pair and reading.query.want in CONTENT else papers
        )
        # "the diffusion ones / how many steps do they need?": not stated, and near it are others
        of = reading.query.papers
        if of and reading.query.want == "passages":
            papers = tuple(i for i in papers if i in of) or of
        people = list_shown_people(turn.answer)
        in_list = list_people_listed(turn.answer)
        earlier = state or DialogueState(reading.query)
        state = DialogueState(
            reading.query,
            turn.question,
            papers,
            people,
            earlier.listed if is_part(papers, earlier.listed) else papers,
            tuple(dict.fromkeys((*earlier.papers, *earlier.earlier_papers)))[: _FADES_AFTER * 3],
            tuple(dict.fromkeys((*earlier.people, *earlier.earlier_people)))[: _FADES_AFTER * 3],
            _find_broader(earlier, reading.query),
            reading.parts,
            _find_topic(earlier, reading),
            earlier.listed_people if is_part(in_list, earlier.listed_people) else in_list,
            _find_set(earlier, reading.query),
            earlier=(state, *state.earlier) if state else (),
        )
    return state


def _is_set(query: Query) -> bool:
    is_set = query.want in SETS or (query.want in ("people", "overview") and bool(query.about))
    return is_set and not query.papers and query.relation is None


def is_part(names: tuple[str, ...], listed: tuple[str, ...]) -> bool:
    """Whether an answer shows no list of its own, but one of the last list at most."""
    return len(names) < 2 and {*names} <= {*listed}


def _find_topic(earlier: DialogueState, reading: Reading) -> Topic | None:
    """The topic that a turn named; of a turn about papers or people spoken of, the one before it.

    "How are deepfakes detected? / who made that? / any other papers?" stays with deepfakes.
    """
    query, parts = reading.query, reading.parts
    if query.want == "comparison":  # its sides are no topic of which there are more papers
        return earlier.topic
    # "papers on privacy / and DuetFace?", one of them
    is_of_list = bool(query.papers) and {*query.papers} <= {*earlier.listed}
    if any(p.slot in ("papers", "people") and p.words for p in parts) and not is_of_list:
        return query.about if not query.like else None
    if query.like:  # further papers like the one spoken of
        return earlier.topic
    if query.want in (*SETS, "people") and query.relation is None:
        return query.about
    named = " ".join(p.words for p in parts if p.printed.startswith('about "') and p.words)
    if query.want in CONTENT and named and not (query.papers and earlier.topic):
        return query.about or Topic(clean_words(named) or named)
    return query.about or earlier.topic


def _find_set(earlier: DialogueState, query: Query) -> Query | None:
    """The set of papers that the conversation is about, kept while those of it are asked about."""
    if query.want in SETS and not query.papers:
        return query
    return earlier.last_set if query.papers and {*query.papers} <= {*earlier.listed} else None


def _find_broader(earlier: DialogueState, query: Query) -> str:
    before, now = earlier.query.topic, query.topic
    if query.about and query.about.all_of and query.want in SETS:
        return " and ".join(query.about.all_of[:-1])
    is_kept = now == before or (earlier.broader and now.endswith(earlier.broader))
    return earlier.broader if is_kept else ""


def list_shown_papers(answer: Answer) -> tuple[str, ...]:
    """Ids in the order in which the answer shows them; an abstention shows its nearest papers."""
    bullets = "\n".join(line for line in answer.text.splitlines() if line.startswith("- "))
    marks = re.findall(r"\[(\d+)\]", f"{bullets}\n{answer.text}")
    places = {int(mark): at for at, mark in reversed([*enumerate(marks)])}
    citations = sorted(answer.citations, key=lambda c: (places.get(c.marker, len(marks)), c.marker))
    # "the newest on deepfakes?" shows one, and names those whose year nobody knows.
    if (
        isinstance(answer.value, tuple)
        and answer.reading
        and answer.reading.query.want == "extreme"
    ):
        citations = [c for c in citations if c.source in answer.value] or citations
    cited = dict.fromkeys(c.paper_id for c in citations)
    if answer.route in ("catalogue", "person"):
        cited |= dict.fromkeys(p.paper_id for p in answer.papers)
    return tuple(cited)


def list_shown_people(answer: Answer) -> tuple[str, ...]:
    names = dict.fromkeys(expert.name for expert in answer.experts)
    reading = answer.reading
    # "who published the most? / how many papers has he?": a ranking by a figure has no experts
    if reading is not None and reading.query.want == "people" and isinstance(answer.value, str):
        names = names or dict.fromkeys(filter(None, answer.value.split(", ")))
    if reading is not None and reading.query.people:
        asked = [n for p in reading.query.people for n in p.names]
        names = dict.fromkeys((*asked, *names)) if reading.query.want != "people" else names
    # "papers by Ana Prieto", "on her page": she is spoken of, though a list of papers is shown
    elif reading is not None:
        of_somebody = [c for c in reading.query.where if c.field in ("author", "page")]
        authors = [c for c in of_somebody if c.operator == "is"]
        names |= dict.fromkeys(str(c.value) for c in authors)
    return tuple(names)


def list_people_listed(answer: Answer) -> tuple[str, ...]:
    """People shown, in order, without the one whose colleagues they are.

    "who does Kim write with? / what has the first done": the portrait's own person stands before the list.
    """
    names, query = list_shown_people(answer), answer.reading.query if answer.reading else None
    asked = (
        {n for p in query.people for n in p.names} if query and query.want == "people" else set()
    )
    return tuple(n for n in names if n not in asked) or names


def list_named(alone: Reading) -> tuple[str, ...]:
    """Ids of the papers that the turn itself names."""
    return tuple(p.printed[1:] for p in alone.parts if p.slot == "papers" and p.printed[:1] == "#")


# --- pointing ------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def split_once(text: str) -> frozenset[str]:
    """The terms of a text; a conversation asks for those of its papers at each turn."""
    return frozenset(split_terms(text))


def list_terms(paper: Paper) -> frozenset[str]:
    """The terms of a paper's title and text."""
    return split_once(f"{paper.title or ''} . {paper.text}")


def find_called(question: str, state: DialogueState, library: LibraryView) -> tuple[str, ...]:
    """Ids of the shown papers that ``the tracking one``, ``the ones`` or ``the two on label skew`` mean, by
    words of their titles, else of their texts; or none.
    """
    words, n_wanted, n_least = _find_calling(question)
    is_one = n_wanted == 1
    shown = library.list_papers((*state.papers, *state.earlier_papers) if words else ())
    said = [
        ({*split_terms(p.name), str(p.year) * is_one}, list_terms(p), p.paper_id) for p in shown
    ]
    # The words end where no paper shown has them all: "the one on label skew handles what?".
    for n in range(len(words), n_least, -1):
        titled = [paper_id for title, _, paper_id in said if {*words[:n]} <= title]
        told = [paper_id for _, text, paper_id in said if {*words[:n]} <= text]
        if called := titled if len(titled) >= n_wanted else [*dict.fromkeys((*titled, *told))]:
            return tuple(called[:1] if is_one else called)
    return ()


def drop_calling(frame: Frame) -> Frame:
    """The frame without topics and years that only tell which paper is meant: ``the one on spectra``."""
    match = CALLED.search(frame.question)
    start, end = match.span() if match else (0, 0)
    slots = (
        s
        for s in frame.slots
        if s.kind not in ("topic", "time", "number") or not (start <= s.start and s.end <= end)
    )
    return replace(frame, slots=tuple(slots))


def _find_calling(question: str) -> tuple[list[str], int, int]:
    """The terms by which papers are called, how many papers there should be, and how many terms cannot do:
    ``the tracking one``, ``the 2022 one``, ``the two on spectra``; no terms for a place or an age alone.
    """
    if (match := CALLED.search(question)) is None:
        return [], 1, 0
    called, about = match["words"] or "", match["about"] or ""
    n = 1 if match["one"] else parse_number(match["number"]) or 1 if match["number"] else 0
    # "the older one, from 2018"
    if AGED.search(question):
        called, about = "", " ".join(_YEAR.findall(about))
    first = [t for t in split_terms(called) if t not in STOP_WORDS]
    if {*first} & {*_ORDINALS, "other"} or (match["number"] and (called or not about)):
        return [], n, 0
    words = [*first, *(t for t in split_terms(about) if t not in STOP_WORDS)]
    # "the 2022 ones" are a part of the set
    words = words if n == 1 else [w for w in words if not _YEAR.fullmatch(w)]
    return words, n, len(first) if about else max(len(words) - 1, 0)


_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
CALLED = re.compile(
    r"\b(?:the|that|this|those) (?:(?P<words>[\w'’-]+(?: [\w'’-]+){0,3}?) )?"
    r"(?:(?P<one>one|paper|study|article)|ones|(?P<number>two|three|four|five))\b"
    r"(?:,? (?:on|about|with|from|in) (?:the )?(?P<about>[\w'’-]+(?: [\w'’-]+){0,5}))?",
    re.IGNORECASE,
)
AGED = re.compile(
    r"\b(?:older|oldest|earlier|earliest|newer|newest|later|latest|more recent|most recent|more new|more old)\b",
    re.IGNORECASE,
)
_ORDINALS = {
    "first": 0, "1st": 0, "former": 0, "top": 0, "erste": 0, "second": 1, "2nd": 1, "zweite": 1,
    "third": 2, "3rd": 2, "dritte": 2, "fourth": 3, "4th": 3, "fifth": 4, "5th": 4, "last": -1, "latter": -1,
    "final": -1, "bottom": -1, "letzte": -1,
}  # fmt: skip
_ORDINAL = re.compile(
    rf"\b(?:{'|'.join(_ORDINALS)})\b(?!\s+(?:authors?|years?|months?|names?)\b)|(?:\bnumber\s+|\bno\.?\s*|#|\[)([1-9]\d?)\b"
    r"|\b(?:number\s+|no\.\s*)(one|two|three|four|five)\b",
    re.IGNORECASE,
)


def find_ordinal(question: str, n: int) -> int | None:
    """The place, from 0, that ``the second one`` or ``number 3`` means among n; None for none."""
    match = _ORDINAL.search(question)
    if match is None:
        return None
    number = parse_number(match.group(1) or match.group(2) or "")
    at = _ORDINALS[match.group().lower()] if number is None else number - 1
    if at < 0:
        at += n
    return at if 0 <= at < n else None


OTHER = re.compile(
    r"\bthe (?:others|rest|other(?= (?:one|two|three|paper|study|method|work)s?\b|\W*$))",
    re.IGNORECASE,
)
"""What is left of a list when the one spoken of is taken out: ``what do the others propose?``."""


def list_others(state: DialogueState) -> tuple[str, ...]:
    """Ids of the last list without the paper spoken of; none where no one of it is."""
    paper = state.paper if state.shown == "paper" else ""
    if paper in state.listed and len(state.listed) > 1:
        return tuple(i for i in state.listed if i != paper)
    # "papers on tides / which use data from Kepler? / the others then": what the last step left out
    is_part = {*state.papers} < {*state.papers_before}
    return tuple(i for i in state.papers_before if i not in state.papers) if is_part else ()


def tell_no_place(question: str, state: DialogueState) -> str:
    """What to say where a turn points at ``the third`` of two papers; empty where it does not."""
    match, n = _ORDINAL.search(question), len(state.listed)
    if match is None or n < 2 or find_ordinal(question, n) is not None:
        return ""
    return f"only {n} were shown, so “{match.group()}” is taken for the last of them"


def find_placed(question: str, state: DialogueState, library: LibraryView) -> tuple[str, ...]:
    """Ids of several papers by their places or ages: ``the first two``, ``the second and the last``,
    ``it … the first``, ``the latest three``.
    """
    listed = state.listed
    if (match := _FEW.search(question)) and (age := match["age"] or match["aged_of"]):
        is_oldest = age.lower() in ("oldest", "earliest")
        dated = [p for p in library.list_papers(listed) if p.year]
        dated.sort(key=get_recency_key, reverse=is_oldest)
        n = parse_number(match["aged"] or match["of"]) or 0
        return tuple(p.paper_id for p in dated[:n])
    if match:
        n = min(parse_number(match["n"]) or 0, len(listed))
        return listed[-n:] if match["last"] else listed[:n]
    places = [find_ordinal(m.group(), len(listed)) for m in _ORDINAL.finditer(question)]
    ids = [listed[at] for at in places if at is not None]
    ids += list_others(state) if OTHER.search(question) else ()
    # "what does the second propose? / how does it compare with the first?"
    if COMPARES.search(question) and re.search(r"\b(?:it|this|that)\b", question, re.IGNORECASE):
        ids = [state.paper, *ids]
    return tuple(dict.fromkeys(ids)) if len({*ids}) > 1 else ()


_SOME = r"two|three|four|five|six|[2-9]"
_AGES = r"latest|newest|most recent|oldest|earliest"
_FEW = re.compile(
    rf"\bthe (?:first|top|(?P<last>last)) (?P<n>{_SOME})\b(?! (?:authors?|years?|months?)\b)"
    rf"|\b(?:(?P<age>{_AGES}) (?P<aged>{_SOME})|(?P<of>{_SOME}) (?P<aged_of>{_AGES}))\b",
    re.IGNORECASE,
)
COMPARES = re.compile(
    r"\b(?:differences?|differ|than|versus|vs\.?|compared? (?:to|with))\b", re.IGNORECASE
)


def find_people(question: str, state: DialogueState, library: LibraryView) -> tuple[str, ...]:
    """The names that ``they``, ``she`` or ``the first author`` mean."""
    people = state.people
    paper = library.get_paper(state.paper) if state.paper else None
    if paper is not None and (not people or AUTHOR_OF.search(question)):
        people = library.list_people_of(paper)
    people = people or state.earlier_people
    if match := AUTHOR_OF.search(question):
        return people[-1:] if match["nth"].lower() in ("last", "senior") else people[:1]
    # "who works on faces? / what has the first done? / and the second?"
    listed = state.listed_people if is_part(people, state.listed_people) else people
    if (at := find_ordinal(question, len(listed))) is not None:
        return (listed[at],)
    return people[:3] if _PLURAL.search(question) else people[:1]


def find_placed_people(question: str, state: DialogueState) -> tuple[str, ...]:
    """Names by their places in the last list: ``the first … the second``."""
    n = len(state.listed_people)
    places = [find_ordinal(match.group(), n) for match in _ORDINAL.finditer(question)]
    return tuple(dict.fromkeys(state.listed_people[at] for at in places if at is not None))


AUTHOR_OF = re.compile(
    r"\b(?:the|its|their|that|same)\s+(?:same\s+)?(?P<nth>first|lead|last|senior)\s+author(?:['’]s)?\b"
    r"(?=.{0,200}\b(?:else|also|other|another|more|write|wrote|written|work|works|papers?|published?|have|has|later|earlier)\b)",
    re.IGNORECASE,
)
"""The person behind a paper spoken of, asked for more than the name."""
_PLURAL = re.compile(
    r"\b(?:they|them|theirs?|these|those|all|both|people|group|team)\b", re.IGNORECASE
)
