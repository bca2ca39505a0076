"""Questions worth asking after an answer, made of what it shows: its papers, people, topic, years.

Each is asked of the library before it is offered, without a model: one that is declined, read
otherwise than meant or answered by what was just said is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from rag.census import Census, Source, census, newest_first, short_name
from rag.examples import examples, shared_pairs
from rag.narrowing import CHOSEN
from rag.text import STOP_WORDS, fold
from rag.types import Answer, Paper, RouteName, Thread

SHOWN = 3
_TRIED = 8
_NAME_WORDS = 6
"""A paper whose name is longer is called ``it``, or left alone."""

Ask = Callable[[str, Thread], Answer]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question and the branch that is meant to answer it; None: any."""

    question: str
    route: RouteName | None = None


def suggestions(
    answer: Answer, thread: Thread, library: Source, ask: Ask, k: int = SHOWN
) -> tuple[str, ...]:
    """At most k questions that the library answers, the nearest to the answer first.

    Args:
        answer: The last one of the thread.
        thread: With the answer as its last turn; its filters hold.
        library: As the thread's filters leave it.
        ask: Answers a question as the next one of a thread.
        k: 1 or more.
    """
    said = {turn.answer.text for turn in thread.turns} | {answer.text}
    return _answerable(_candidates(answer, library), thread, ask, said, k)


def openings(thread: Thread, library: Source, ask: Ask, k: int = SHOWN + 1) -> tuple[str, ...]:
    """At most k questions to begin a conversation with, whose filters leave some papers."""
    papers = census(library).papers
    chosen = any(condition.field == CHOSEN for condition in thread.filters)
    made = _of_chosen(papers) if chosen else map(Suggestion, examples(library))
    return _answerable(made, thread, ask, set(), k)


def _answerable(
    candidates: Iterator[Suggestion], thread: Thread, ask: Ask, said: Collection[str], k: int
) -> tuple[str, ...]:
    """The first k that are answered as meant, by something that was not said already."""
    quoting = replace(thread, model="extractive")
    asked = {fold(turn.question).strip(" ?.!") for turn in thread.turns}
    found: list[str] = []
    for one in islice(candidates, _TRIED):
        if len(found) == k:
            break
        if fold(one.question).strip(" ?.!") in asked or one.question in found:
            continue
        told = ask(one.question, quoting)
        fits = told.status == "answered" and one.route in (None, told.route)
        if fits and told.value not in (0, ()) and told.text not in said:
            found.append(one.question)
    return tuple(found)


def _of_chosen(papers: Sequence[Paper]) -> Iterator[Suggestion]:
    several = len(papers) > 1
    proposing = "What do these papers propose?" if several else "What does this paper propose?"
    yield Suggestion(proposing, "content")
    yield Suggestion(f"Who wrote {'them' if several else 'it'}?", "person")
    yield from _of_them(papers)
    yield Suggestion(f"How {'are they' if several else 'is it'} evaluated?", "content")
    for paper in papers[:2]:
        if name := _called(paper):
            yield Suggestion(f"What does {name} propose?", "content")


def _candidates(answer: Answer, library: Source) -> Iterator[Suggestion]:
    now = census(library)
    papers = _papers(answer, now)
    if answer.status != "answered" or not papers:
        yield from _after_nothing(papers, library)
    elif answer.route == "content":
        yield from _after_content(papers, now)
    elif answer.route == "experts":
        yield from _after_experts(answer, papers, now)
    elif answer.route == "person":
        yield from _after_person(answer, papers, now)
    else:
        yield from _after_catalogue(papers, now)


def _papers(answer: Answer, now: Census) -> list[Paper]:
    """Those cited, in order; without citations those ranked best."""
    ids = [c.paper_id for c in answer.citations] or [p.paper_id for p in answer.papers]
    return [now.by_id[one] for one in dict.fromkeys(ids) if one in now.by_id]


# --- by the route of the answer -------------------------------------------------------------


def _after_content(papers: Sequence[Paper], now: Census) -> Iterator[Suggestion]:
    paper = papers[0]
    name = _called(paper) or "it"
    if paper.authors:
        yield Suggestion(f"Who wrote {name}?", "person")
    if topic := _topic(papers[:3], now):
        yield Suggestion(f"Who works on {topic}?", "experts")
    yield Suggestion(f"How is {name} evaluated?", "content")
    for person in _people(papers[:1], now):
        yield Suggestion(f"What else has {person} written?", "person")
    if topic:
        yield Suggestion(f"Which papers about {topic} have code?", "catalogue")


def _after_experts(answer: Answer, papers: Sequence[Paper], now: Census) -> Iterator[Suggestion]:
    topic = answer.intent.topic if answer.intent else None
    for expert in answer.experts[:1]:
        yield Suggestion(f"What does {expert.name} work on?", "person")
    if topic:
        yield Suggestion(f"What do papers say about {topic}?", "content")
    for expert in answer.experts[:1]:
        yield Suggestion(f"Who are {expert.name}'s co-authors?", "person")
    yield from _of_them(papers)


def _after_person(answer: Answer, papers: Sequence[Paper], now: Census) -> Iterator[Suggestion]:
    people = [expert.name for expert in answer.experts] or list(_people(papers[:1], now))
    newest = min(papers, key=newest_first)
    if len(people) == 1:
        yield Suggestion(f"Who are {people[0]}'s co-authors?", "person")
    if name := _called(newest):
        yield Suggestion(f"What does {name} propose?", "content")
    yield from _of_them(papers)
    if topic := _topic(papers, now):
        yield Suggestion(f"Who works on {topic}?", "experts")
    for person in people[:2]:
        yield Suggestion(f"What does {person} work on?", "person")


def _after_catalogue(papers: Sequence[Paper], now: Census) -> Iterator[Suggestion]:
    yield from _of_them(papers)
    if topic := _topic(papers, now):
        yield Suggestion(f"Who works on {topic}?", "experts")
    for paper in papers[:2]:
        if name := _called(paper):
            yield Suggestion(f"What does {name} propose?", "content")
    for person in _people(papers, now):
        yield Suggestion(f"What does {person} work on?", "person")


def _of_them(papers: Sequence[Paper]) -> Iterator[Suggestion]:
    """What tells the papers shown apart."""
    if len(papers) < 2:
        return
    if 0 < sum(bool(paper.code) for paper in papers) < len(papers):
        yield Suggestion("Which of them have code?", "catalogue")
    years = Counter(paper.year for paper in papers if paper.year)
    if len(years) > 1:
        yield Suggestion(f"Which of them are from {max(years)}?", "catalogue")


def _after_nothing(papers: Sequence[Paper], library: Source) -> Iterator[Suggestion]:
    """The papers that came nearest, then one of each route, whatever was asked."""
    for paper in papers[:2]:
        if name := _called(paper):
            yield Suggestion(f"What does {name} propose?", "content")
    yield from map(Suggestion, examples(library))


# --- what they are made of ------------------------------------------------------------------


def _called(paper: Paper) -> str:
    """What a question can call the paper; empty where that would be long or a label."""
    name = short_name(paper)
    return name if paper.title and len(name.split()) <= _NAME_WORDS else ""


def _people(papers: Sequence[Paper], now: Census) -> Iterator[str]:
    """The one who stands on most papers, of those on the papers; more than these ones."""
    people = dict.fromkeys(name for paper in papers for name in now.people_of(paper))
    busy = [name for name in people if len(now.authorships.get(name, ())) > 1]
    yield from sorted(busy, key=lambda name: (-len(now.authorships[name]), name))[:1]


def _topic(papers: Sequence[Paper], now: Census) -> str:
    """Two or more words of the papers' titles that other titles share; the most frequent."""
    shared = _title_pairs(now)
    own = shared_pairs(papers)
    known = [pair for pair in own if shared[pair] > 1]
    best = min(known, key=lambda pair: (-own[pair], -shared[pair], pair), default="")
    if not best:
        return ""
    whole = _whole(best, [fold(paper.title or "") for paper in now.papers])
    return _as_printed(whole, " \n ".join(paper.title or "" for paper in papers))


def _as_printed(phrase: str, titles: str) -> str:
    """The phrase with the capitals of its abbreviations: ``AI-generated image detection``."""
    found = re.search(re.escape(phrase), titles, re.IGNORECASE)
    if found is None:
        return phrase
    words = re.split(r"([ -])", found[0])
    return "".join(one if any(c.isupper() for c in one[1:]) else one.lower() for one in words)


def _whole(phrase: str, titles: Sequence[str]) -> str:
    """The phrase with the words that most titles have before and after it."""
    for before in (False, True, True, False):
        side = (
            rf"([^\W_]+[ -]){re.escape(phrase)}" if before else rf"{re.escape(phrase)}([ -][^\W_]+)"
        )
        found = re.compile(rf"(?<![^\W_]){side}(?![^\W_])")
        held = [title for title in titles if phrase in title]
        beside = Counter(match[1] for title in held if (match := found.search(title)))
        word, n = beside.most_common(1)[0] if beside else ("", 0)
        if n > 1 and 2 * n > len(held) and word.strip() not in STOP_WORDS:
            phrase = f"{word}{phrase}" if before else f"{phrase}{word}"
    return phrase


@lru_cache(maxsize=4)
def _title_pairs(now: Census) -> Counter[str]:
    """In how many titles each pair of words stands, counted once a state of the library."""
    return shared_pairs(now.papers)
