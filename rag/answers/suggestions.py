"""Suggests follow-up questions about an answer's papers, people, topic and years.

They are made of papers that are there, so each is only read before it is suggested, and dropped if it is
read otherwise than meant or like an earlier question: answering three for each answer took as long as the
answer. What may abstain or quote the same sentences again is answered, without a model, to see that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

from rag.answers.examples import build_examples, count_shared_pairs
from rag.answers.filtered_library import CHOSEN_PAPERS_LABEL
from rag.answers.topic_names import name_topic
from rag.library.naming import get_recency_key, get_short_name
from rag.library.selection import resolve_conditions
from rag.library.view import LibraryView
from rag.text import fold
from rag.types import Answer, Paper, Reading, RouteName, Thread

MAX_SUGGESTIONS = 3
MAX_AFTER_NOTHING = 2
"""The same after a question that is not answered."""
_TRIED = 8
_LOOKED_AT = 200
"""At most so many papers of an answer, and people on them, are considered for suggestions."""
_ABSTRACT_CHARS = 200
_NAME_WORDS = 6
"""A paper whose name is longer is called ``it``, or left alone."""

_ALONE = Thread()
AskQuestion = Callable[[str, Thread], Answer]
ReadQuestion = Callable[[str, Thread], Reading]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question and the route that should answer it; None for any.

    ``is_uncertain``: it may abstain, or quote what was quoted.
    """

    question: str
    route: RouteName | None = None
    is_uncertain: bool = False


def find_suggestions(
    answer: Answer,
    thread: Thread,
    library: LibraryView,
    ask_question: AskQuestion,
    read_question: ReadQuestion,
    k: int = MAX_SUGGESTIONS,
) -> tuple[str, ...]:
    """At most k questions that the library answers, the nearest to the answer first.

    Args:
        answer: The last one of the thread.
        thread: With the answer as its last turn; its filters hold.
        library: As the thread's filters leave it.
        ask_question: Answers a question as the next one of a thread.
        read_question: Only reads it.
        k: 1 or more.
    """
    candidates = _iter_candidates(answer, library, thread)
    if answer.status == "answered":
        candidates = _put_offered_last(candidates, thread, library)
    else:
        k = min(k, MAX_AFTER_NOTHING)
    return _select_answerable(candidates, thread, ask_question, read_question, k)


def _put_offered_last(
    candidates: Iterator[Suggestion], thread: Thread, library: LibraryView
) -> Iterator[Suggestion]:
    """What the answers before had in front and nobody took comes after all else."""
    offered = {
        candidate.question
        for turn in thread.turns[-3:-1]
        for candidate in islice(_iter_candidates(turn.answer, library), MAX_SUGGESTIONS)
    }
    if not offered:
        return candidates
    every = list(islice(candidates, 2 * _TRIED))
    return iter(sorted(every, key=lambda candidate: candidate.question in offered))


def find_openings(
    thread: Thread,
    library: LibraryView,
    ask_question: AskQuestion,
    read_question: ReadQuestion,
    k: int = MAX_SUGGESTIONS + 1,
) -> tuple[str, ...]:
    """At most k questions to begin a conversation with, whose filters leave some papers."""
    chosen = any(condition.field == CHOSEN_PAPERS_LABEL for condition in thread.filters)
    candidates = (
        _iter_for_chosen(library.find_papers())
        if chosen
        else map(Suggestion, build_examples(library))
    )
    return _select_answerable(candidates, thread, ask_question, read_question, k)


def _select_answerable(
    candidates: Iterator[Suggestion],
    thread: Thread,
    ask_question: AskQuestion,
    read_question: ReadQuestion,
    k: int,
) -> tuple[str, ...]:
    """The first k candidates that get the intended kind of answer and repeat nothing already said."""
    quoting = replace(thread, model="extractive")
    asked_questions = {fold(turn.question).strip(" ?.!") for turn in thread.turns}
    earlier_answers = [turn.answer for turn in thread.turns]
    questions: list[str] = []
    for candidate in islice(candidates, _TRIED):
        if len(questions) == k:
            break
        question = candidate.question
        if fold(question).strip(" ?.!") in asked_questions or question in questions:
            continue
        if candidate.route is None or candidate.is_uncertain:
            is_fit = _is_answered(ask_question(question, quoting), candidate.route, earlier_answers)
        else:
            is_fit = _is_read_so(read_question(question, quoting), candidate.route, earlier_answers)
        if is_fit:
            questions.append(question)
    return tuple(questions)


def _is_answered(reply: Answer, route: RouteName | None, earlier_answers: Sequence[Answer]) -> bool:
    return (
        reply.status == "answered"
        and route in (None, reply.route)
        and reply.value not in (0, ())
        and all(reply.text != answer.text for answer in earlier_answers)
    )


def _is_read_so(reading: Reading, route: RouteName, earlier_answers: Sequence[Answer]) -> bool:
    earlier_readings = [answer.reading for answer in earlier_answers]
    return reading.query.route == route and all(
        earlier is None or earlier.query != reading.query for earlier in earlier_readings
    )


def _iter_for_chosen(papers: Sequence[Paper]) -> Iterator[Suggestion]:
    several = len(papers) > 1
    proposing = "What do these papers propose?" if several else "What does this paper propose?"
    yield Suggestion(proposing, "content", is_uncertain=True)
    yield Suggestion(f"Who wrote {'them' if several else 'it'}?", "person")
    yield from _iter_for_list(papers)
    evaluated = f"How {'are they' if several else 'is it'} evaluated?"
    yield Suggestion(evaluated, "content", is_uncertain=True)
    for paper in papers[:2]:
        if name := _get_proposing_name(paper):
            yield Suggestion(f"What does {name} propose?", "content")


def _iter_candidates(
    answer: Answer, library: LibraryView, thread: Thread = _ALONE
) -> Iterator[Suggestion]:
    papers = _list_answer_papers(answer, library)
    if answer.status != "answered" or not papers:
        yield from _iter_after_nothing(papers, thread, library)
    elif answer.route == "content":
        yield from _iter_after_content(papers, library)
    elif answer.route == "experts":
        yield from _iter_after_experts(answer, papers, library)
    elif answer.route == "person":
        yield from _iter_after_person(answer, papers, library)
    else:
        yield from _iter_after_catalogue(papers, library)


def _list_answer_papers(answer: Answer, library: LibraryView) -> list[Paper]:
    """Those cited, in order; without citations those ranked best, or those that were counted."""
    if answer.route == "catalogue" and answer.reading and not (answer.citations or answer.papers):
        counted_ones = resolve_conditions(answer.reading.query.where, library).conditions
        return library.find_papers(counted_ones, "newest first", _LOOKED_AT)
    ids = [c.paper_id for c in answer.citations] or [p.paper_id for p in answer.papers]
    return library.list_papers(list(dict.fromkeys(ids))[:_LOOKED_AT])


# --- by the route of the answer -------------------------------------------------------------


def _iter_after_content(papers: Sequence[Paper], library: LibraryView) -> Iterator[Suggestion]:
    paper = papers[0]
    name = _get_question_name(paper) or ("" if len(papers) > 1 else "it")
    if not name:  # of several papers none is "it"
        yield from _iter_for_list(papers)
    elif paper.authors:
        yield Suggestion(f"Who wrote {name}?", "person")
    if topic := _find_shared_topic(papers[:3], library):
        yield Suggestion(f"Who works on {topic}?", "experts")
    if name:
        yield Suggestion(f"How is {name} evaluated?", "content", is_uncertain=True)
    for person in _iter_productive_people(papers[:1], library):
        yield Suggestion(f"What else has {person} written?", "person")
    if topic:
        yield Suggestion(f"Which papers about {topic} have code?", "catalogue")


def _iter_after_experts(
    answer: Answer, papers: Sequence[Paper], library: LibraryView
) -> Iterator[Suggestion]:
    topic = answer.reading.query.topic if answer.reading else ""
    for expert in answer.experts[:1]:
        yield Suggestion(f"What does {expert.name} work on?", "person")
    if topic:
        yield Suggestion(f"What do papers say about {topic}?", "content")
    for expert in answer.experts[:1]:
        yield Suggestion(f"Who are {expert.name}'s co-authors?", "person")
    yield from _iter_for_list(papers)


def _iter_after_person(
    answer: Answer, papers: Sequence[Paper], library: LibraryView
) -> Iterator[Suggestion]:
    people = [expert.name for expert in answer.experts] or list(
        _iter_productive_people(papers[:1], library)
    )
    newest = min(papers, key=get_recency_key)
    if len(people) == 1:
        yield Suggestion(f"Who are {people[0]}'s co-authors?", "person")
    if name := _get_proposing_name(newest):
        yield Suggestion(f"What does {name} propose?", "content")
    yield from _iter_for_list(papers)
    if topic := _find_shared_topic(papers, library):
        yield Suggestion(f"Who works on {topic}?", "experts")
    for person in people[:2]:
        yield Suggestion(f"What does {person} work on?", "person")


def _iter_after_catalogue(papers: Sequence[Paper], library: LibraryView) -> Iterator[Suggestion]:
    yield from _iter_for_list(papers)
    if topic := _find_shared_topic(papers, library):
        yield Suggestion(f"Who works on {topic}?", "experts")
    for paper in papers[:2]:
        if name := _get_proposing_name(paper):
            yield Suggestion(f"What does {name} propose?", "content")
    for person in _iter_productive_people(papers, library):
        yield Suggestion(f"What does {person} work on?", "person")


def _iter_for_list(papers: Sequence[Paper]) -> Iterator[Suggestion]:
    """What tells the papers shown apart."""
    if len(papers) < 2:
        return
    if 0 < sum(bool(paper.code) for paper in papers) < len(papers):
        yield Suggestion("Which of them have code?", "catalogue")
    years = Counter(paper.year for paper in papers if paper.year)
    if len(years) > 1:
        yield Suggestion(f"Which of them are from {max(years)}?", "catalogue")


def _iter_after_nothing(
    papers: Sequence[Paper], thread: Thread, library: LibraryView
) -> Iterator[Suggestion]:
    """The paper that came nearest, what was talked of before, then one of each route."""
    for paper in papers[:1]:
        if name := _get_proposing_name(paper):
            yield Suggestion(f"What does {name} propose?", "content")
    if topic := _find_shared_topic(papers[:3], library):
        yield Suggestion(f"Who works on {topic}?", "experts")
    for turn in reversed(thread.turns):
        if turn.answer.status == "answered":
            yield from _iter_candidates(turn.answer, library)
            break
    yield from map(Suggestion, build_examples(library))


# --- what they are made of ------------------------------------------------------------------


def _get_proposing_name(paper: Paper) -> str:
    """What "What does … propose?" can call the paper; empty if that has nothing to answer it."""
    return _get_question_name(paper) if _has_abstract(paper) else ""


def _has_abstract(paper: Paper) -> bool:
    """Whether the paper's own words are here: a reference manager's file may have the title alone."""
    return len(paper.text) - len(paper.title or "") > _ABSTRACT_CHARS


def _get_question_name(paper: Paper) -> str:
    """What a question can call the paper; empty where that would be long or a label."""
    name = get_short_name(paper)
    return name if paper.title and len(name.split()) <= _NAME_WORDS else ""


def _iter_productive_people(papers: Sequence[Paper], library: LibraryView) -> Iterator[str]:
    """The person on the given papers who has most papers in the library, if more than one."""
    people = dict.fromkeys(name for paper in papers for name in library.list_people_of(paper))
    counts = {name: library.count_papers_of(name) for name in islice(people, _LOOKED_AT)}
    busy = [name for name, n in counts.items() if n > 1]
    yield from sorted(busy, key=lambda name: (-counts[name], name))[:1]


def _find_shared_topic(papers: Sequence[Paper], library: LibraryView) -> str:
    """Two or more words of the papers' titles that other titles share; the most frequent."""
    shared = _count_title_pairs(library)
    title_pairs = count_shared_pairs(paper.title or "" for paper in papers)
    known = [pair for pair in title_pairs if shared[pair] > 1]
    best = min(known, key=lambda pair: (-title_pairs[pair], -shared[pair], pair), default="")
    if not best:
        return ""
    return name_topic(best, library.list_titles())


@lru_cache(maxsize=4)
def _count_title_pairs(library: LibraryView) -> Counter[str]:
    """In how many titles each pair of words stands, counted once a state of the library."""
    return count_shared_pairs(library.list_titles())
