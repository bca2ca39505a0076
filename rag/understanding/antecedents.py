"""What a turn may point at: papers and people shown, each by how it is found."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import fsum
from typing import Literal

from rag.library.naming import get_recency_key
from rag.library.view import LibraryView
from rag.text import STOP_WORDS, split_terms
from rag.text.everyday import is_everyday
from rag.types import Paper
from rag.types.fields import Condition, Range
from rag.understanding.dialogue_state import (
    AGED,
    CONTENT,
    DialogueState,
    drop_calling,
    find_called,
    find_ordinal,
    find_people,
    find_placed,
    find_placed_people,
    list_others,
    list_terms,
    split_once,
)
from rag.understanding.entities import find_described
from rag.understanding.frame_types import Frame, Slot
from rag.understanding.head_features import split_words
from rag.understanding.heads import load_heads
from rag.understanding.pieces import RATHER
from rag.understanding.slot_completion import is_topical

Kind = Literal["library", "topic", "query", "set", "paper", "papers", "people"]


@dataclass(frozen=True, slots=True)
class Antecedent:
    """What a turn is asked of.

    Attributes:
        kind: Its type.
        ids: Of papers; ``names`` of people.
        by: How it was found: the last shown, by place, by age, by a year, by words of its title; ``also``
            other ways that find the same.
        age: Answers since it was shown; 0 for the last.
        frame: The turn without the words that only point; None where these ask something, too.
    """

    kind: Kind
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    by: str = ""
    age: int = 0
    frame: Frame | None = None
    also: tuple[str, ...] = ()


POINTED_BY_WORDS = frozenset(
    (
        "place",
        "places",
        "called",
        "age",
        "age beside",
        "year",
        "years",
        "words",
        "words of title",
        "words of text",
    )
)
"""Ways of finding an antecedent by words that then ask for nothing else."""


_BY_NAME = ("called", "described", "title word")


def list_papers_meant(
    frame: Frame,
    state: DialogueState,
    library: LibraryView,
    shown: Mapping[str, Paper],
    nearness: Mapping[str, float],
) -> list[Antecedent]:
    """Papers shown that the turn may be asked of, the likeliest way of finding them first."""
    question = frame.question
    found: dict[tuple[str, ...], Antecedent] = {}

    def add(ids: tuple[str, ...], by: str, age: int = 0, said: Frame | None = None) -> None:
        if ids in found:
            before = found[ids]
            is_known = by in (before.by, *before.also)
            found[ids] = before if is_known else replace(before, also=(*before.also, by))
        elif ids:
            kind: Kind = "paper" if len(ids) == 1 else "papers"
            found[ids] = Antecedent(kind, ids, (), by, age, said)

    placed = find_placed(question, state, library)
    if len(placed) > 1:
        return [Antecedent("papers", placed, by="places")]
    lists = tuple(dict.fromkeys((state.listed, *state.lists)))
    for age, ids in enumerate(lists):
        if (at := find_ordinal(question, len(ids))) is not None:
            add((ids[at],), "place", age)
    add(placed, "places")
    if called := find_called(question, state, library):
        add(called, "called", 0, drop_calling(frame))
    # "papers on federated learning / what methods do they use": all of them, and not the nearest by words
    is_of_all = len(state.papers) > 1 and bool(_PLURAL.search(question))
    for age, ids in enumerate(lists):
        papers = [shown[i] for i in ids if i in shown]
        if match := AGED.search(question):
            is_older = match.group().lower().startswith(("old", "earl", "more old"))
            dated = [p for p in papers if p.year]
            dated.sort(key=get_recency_key, reverse=is_older)
            add(tuple(p.paper_id for p in dated[:1]), "age", age)
            beside = [p.paper_id for p in dated]
            if state.paper in beside:
                add(tuple(beside[beside.index(state.paper) - 1 :][:1]), "age beside", age)
        for by, some in _find_told(frame, papers):
            if is_of_all and by in _BY_ANY_WORD:
                continue
            add(some, by, age, drop_calling(frame) if by.startswith("words") else None)
        near = [i for i in ids if i in nearness]
        if len(near) > 1 and not is_of_all:
            add((max(near, key=lambda i: nearness[i]),), "meaning", age)
    for by, some in _find_told(frame, list(shown.values())) if not is_of_all else ():
        if by.startswith("words") and len(some) == 1:
            add(some, f"{by} of all", 1)
    for slot in frame.slots:
        if slot.kind in ("topic", "paper") and (described := find_described(slot.text, library)):
            add((described,), "described")
    # "germany one: days until it ended"
    asking = load_heads().asking_words
    words = {
        w
        for w in re.findall(r"[\w-]+", question.lower())
        if is_topical(w, asking) and not is_everyday(w)
    }
    alone = library.find_entitled_alone({*split_terms(" ".join(words))} - STOP_WORDS)
    for paper_id in [*dict.fromkeys(alone.values())][:_MOST_ENTITLED]:
        add((paper_id,), "title word")
    others = list_others(state)
    add(others, "rest")
    if state.paper and not is_of_all:
        add((state.paper,), "last")
    add(state.query.papers if len(state.query.papers) > 1 else (), "asked")
    add(state.papers if len(state.papers) > 1 else (), "last")
    earlier = [i for i in state.earlier_papers if i not in state.papers]
    if len(state.papers) == 1:
        add((*earlier[:1], *state.papers), "pair")
    # "the first, its idea? / the palmprint one, too? / those two in contrast": the last two spoken of
    singles = (
        s.query.papers or (s.papers if s.query.want in CONTENT else ())
        for s in (state, *state.earlier)
    )
    spoken = tuple(dict.fromkeys(ids[0] for ids in singles if len(ids) == 1))[:2]
    add(spoken[::-1] if len(spoken) > 1 else (), "pair spoken")
    for age, ids in enumerate(lists):
        if len(ids) > 1:
            add(ids, "list", age)
    add(tuple(earlier[:1]), "before", 1)
    single = [at for at in found.values() if len(at.ids) == 1 and at.ids[0] != state.paper]
    # "compare that with WebUAV-3M": a paper that is named rather than one that only looks alike
    single.sort(key=lambda at: at.by not in _BY_NAME)
    for other in single[:4] if state.paper else ():
        add((state.paper, *other.ids), "beside", other.age)
    return list(found.values())


def _find_told(frame: Frame, papers: list[Paper]) -> list[tuple[str, tuple[str, ...]]]:
    """Papers of a list by a year, by an author, by words of their titles or texts."""
    found: list[tuple[str, tuple[str, ...]]] = []
    years = {*re.findall(r"\b(?:19|20)\d\d\b", frame.question)}
    dated = tuple(p.paper_id for p in papers if str(p.year) in years)
    if dated and len(dated) < len(papers):
        found.append(("year", dated))
        found.append(("year", dated[:1]))
    topics = " ".join(s.text for s in frame.slots if s.kind == "topic" and not s.is_negative)
    words = {t for t in split_terms(topics) if t not in STOP_WORDS}
    if words:
        titled = tuple(p.paper_id for p in papers if words <= split_once(p.name))
        if not titled:
            titled = tuple(
                p.paper_id for p in papers if words <= split_once(f"{p.name} . {p.text}")
            )
            by = "words of text"
        else:
            by = "words of title"
        if titled and len(titled) < len(papers):
            found.append((by, titled[:1]))
            found.append((by, titled))
    found += _rank_by_words(frame.question, papers)
    # "difference 2022 / 2023?" of a list with one of each
    each = [next((p.paper_id for p in papers if str(p.year) == year), "") for year in sorted(years)]
    if len(each) > 1 and all(each):
        found.append(("years", tuple(each)))
    return found


def _rank_by_words(question: str, papers: list[Paper]) -> list[tuple[str, tuple[str, ...]]]:
    """The two papers that print most of the question's words in title, authors, affiliations or venue, rare ones above all."""
    words = {t for t in split_terms(question) if t not in STOP_WORDS}
    # "that one from Pasteur", "the Immunity paper": an entry is known by what it prints of itself
    bags = {
        p.paper_id: split_once(
            " ".join((p.name, *(a.name for a in p.authorships), *p.affiliations, p.venue or ""))
        )
        for p in papers
    }
    texts = {p.paper_id: list_terms(p) for p in papers}
    n_with = {w: sum(w in bag for bag in texts.values()) + 1 for w in words}
    scores = {
        # exact sums: those of a set come in an order that is another in each process
        i: fsum(1 / n_with[w] for w in words & bag)
        + _IN_TEXT * fsum(1 / n_with[w] for w in words & texts[i])
        for i, bag in bags.items()
    }
    best = sorted((i for i in scores if scores[i]), key=lambda i: -scores[i])
    return [("words" if at == 0 else "words too", (i,)) for at, i in enumerate(best[:2])]


_MOST_ENTITLED = 3
_BY_ANY_WORD = ("words", "words too")
_PLURAL = re.compile(r"(?<!\bof )\b(?:they|them|these|those|both)\b", re.IGNORECASE)
_IN_TEXT = 0.4
"""What a word of a paper's text counts for beside one of its name."""


def list_people_meant(
    frame: Frame, state: DialogueState, library: LibraryView, paper: Paper | None
) -> list[Antecedent]:
    """People shown, or behind papers shown, that the turn may be asked of."""
    question = frame.question
    found: dict[tuple[str, ...], Antecedent] = {}

    def add(names: tuple[str, ...], by: str, age: int = 0) -> None:
        if names in found:
            before = found[names]
            is_known = by in (before.by, *before.also)
            found[names] = before if is_known else replace(before, also=(*before.also, by))
        elif names:
            found[names] = Antecedent("people", (), names, by, age)

    add(find_placed_people(question, state), "place")
    for age, names in enumerate(dict.fromkeys((state.people, state.listed_people))):
        if (at := find_ordinal(question, len(names))) is not None:
            add((names[at],), "place", age)
    add(find_people(question, state, library), "pointed")
    asked = tuple(n for p in state.query.people for n in p.names[:1])
    add(asked, "asked")
    named = [p.printed.strip('"') for p in state.parts if p.slot == "people" and p.words]
    add(tuple(dict.fromkeys((*asked, *named))), "pair")
    add(state.people[:1], "last")
    add(state.people[:2], "pair")
    add(state.people[:3], "few")
    for name in state.people[1:4]:
        add((name,), "of those")
    add((*state.earlier_people[:1], *state.people[:1]), "pair")
    add(state.earlier_people[:1], "before", 1)
    if paper is not None:
        authors = tuple(library.list_people_of(paper))
        add(authors[:1], "author")
        add(authors[-1:], "author")
        add(authors[:3], "of paper")
    return list(found.values())


def limit_age(question: str, paper: Paper) -> tuple[Condition, ...]:
    """``any more recent work?``: from the years after a paper, or before it; nothing where neither is meant."""
    if not (match := AGED.search(question)) or match[0].lower().endswith("st") or not paper.year:
        return ()
    is_older = match[0].lower().endswith(("older", "earlier", "old"))
    years = Range(None, paper.year - 1) if is_older else Range(paper.year + 1, None)
    return (Condition("year", "is", years),)


def tag_rest(frame: Frame, library: LibraryView) -> Frame | None:
    """The frame with its free words as a topic where the tagger has none: ``just type 2``; else None.

    ``Priscilla Grant - habitability?``: also beside a person or a time.
    """
    if any(slot.kind not in ("preamble", "form", "person", "time") for slot in frame.slots):
        return None
    named = [(s.start, s.end) for s in frame.slots if s.kind in ("person", "time")]
    asking = load_heads().asking_words
    lead = _ABOUT.match(frame.question)
    start = lead.end() if lead else max((s.end for s in frame.slots if s.start == 0), default=0)

    def asks(word: tuple[int, int]) -> bool:
        text = frame.question[slice(*word)].lower()
        return text in _LIMITING or not is_topical(text, frozenset() if lead else asking)

    words = [(a, b) for a, b in split_words(frame.question) if a >= start]
    words = [
        span for span in words
        if frame.question[span[0]].isalnum() and not any(a <= span[0] < b for a, b in named)
    ]  # fmt: skip
    if named:
        words = _list_longest_run([w for w in words if not asks(w)], frame.question)

    while words and asks(words[0]):
        words.pop(0)
    while words and asks(words[-1]):
        words.pop()
    # "underwater instead of uav", "software, not images": what is wanted stands before
    cut = RATHER.search(frame.question)
    words = [span for span in words if cut and span[1] <= cut.start()] or words
    # "just type 2": a number may end it.
    if not 0 < len(words) < 5:
        return None
    negative = bool(_NOT.match(frame.question[start:]))
    first, last = words[0][0], words[-1][1]
    rest = Slot(first, last, "topic", frame.question[first:last], negative, 0.5)
    return replace(frame, slots=(*frame.slots, rest))


def _list_longest_run(words: list[tuple[int, int]], question: str) -> list[tuple[int, int]]:
    """The most words with nothing but blanks between them."""
    best: list[tuple[int, int]] = []
    run: list[tuple[int, int]] = []
    for word in words:
        is_next = run and not question[run[-1][1] : word[0]].strip()
        run = [*run, word] if is_next else [word]
        best = max(best, run, key=len)
    return best


_ABOUT = re.compile(
    r"\W*(?:(?:and|ok|so|is there|do you have)\W+)*(?:(?:what|how) about|(?:anything|something|any papers?) (?:on|about|with))\s+"
    r"(?:(?:any |the )?other )?",
    re.IGNORECASE,
)
_LIMITING = frozenset("only just please ones without minus except not".split())
_NOT = re.compile(r"\W*(?:no|not|nope|other than|except|but not|without)\b", re.IGNORECASE)
