"""Follow-up turns with the readings that they may have and which of these are right.

Three sources: conversations with the right query each (`eval/sets/readings`), worked examples
(`tests/understanding/cases.yaml`), and wordings of follow-ups with their relation and want
(`eval/sets/wordings/conversations`), whose topics, names and papers become those of a library here.
Conversations with right queries are gone through with right readings before each turn, so that a turn is
judged by itself.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

import yaml

from eval.run.readings import (
    Case,
    Gold,
    fill_shown,
    get_reading,
    judge_reading,
    list_shown_papers,
)
from eval.run.same_reading import resolve_shown_papers
from eval.train.reader_examples import Example, Piece
from eval.train.reader_examples import Turn as MarkedTurn
from rag.app.assistant import Assistant
from rag.library.view import LibraryView
from rag.text import STOP_WORDS
from rag.types import Answer, Reading, Thread
from rag.types import Turn as AskedTurn
from rag.types.query import Query
from rag.types.token_vectors import Encoding
from rag.understanding import reading as reader
from rag.understanding.candidates import list_candidates
from rag.understanding.dialogue_state import DialogueState
from rag.understanding.entities import Entities
from rag.understanding.frame_types import Frame
from rag.understanding.turns import Candidate, Turn

Encode = Callable[[str], Encoding | None]
CASES = Path(__file__).parents[2] / "tests" / "understanding" / "cases.yaml"
ONLY_WANT_WORTH = 0.4
"""Of a turn of which only the want is judged."""
WORKED_WORTH = 5.0
"""Of a worked example: there are few of each kind."""
WORDING_WORTH = 0.3


@dataclass(frozen=True, slots=True)
class Labelled:
    """One turn with its candidates.

    Attributes:
        group: The conversation or wording, which is trained on or held out as a whole.
        right: Whether each candidate is right.
        worth: What it counts for in training.
        is_judged: Whether the right query is known, and not only its kind.
    """

    group: str
    turn: Turn
    candidates: Sequence[Candidate]
    right: Sequence[bool]
    worth: float
    is_judged: bool = True


def read_turn(
    question: str, thread: Thread, view: LibraryView, encode: Encode
) -> tuple[Reading, Turn | None]:
    """The reading that there is now, and the turn as generators see it; None for a first one."""
    seen: list[Turn] = []
    join = reader.join

    def keep(
        frame: Frame, entities: Entities, state: DialogueState, library: LibraryView
    ) -> Reading:
        seen.append(Turn(frame, entities, state, library))
        return join(frame, entities, state, library)

    with patch.object(reader, "join", keep):
        reading = reader.read_question(question, thread, view, encode)
    return reading, seen[0] if seen else None


# --- conversations with the right query each -----------------------------------------------------


def list_turns(assistant: Assistant, cases: Sequence[Case], encode: Encode) -> Iterator[Labelled]:
    """The later turns of conversations, each after right ones."""
    view = assistant.library.view
    for case in cases:
        thread = Thread()
        previous: Answer | None = None
        before: Query | None = None
        for number, gold in enumerate(case.turns if len(case.turns) > 1 else (), 1):
            expected = [fill_shown(query, previous) for query in gold.build_queries()]

            judge = partial(_judge, gold, expected, previous, before, is_first=number == 1)
            chosen, turn = read_turn(gold.question, thread, view, encode)
            if turn is not None:
                candidates = list_candidates(turn)
                queries = [reader.count_people(c.query, gold.question) for c in candidates]
                right = [judge(query) for query in queries]
                worth = ONLY_WANT_WORTH if gold.only_want else 1.0
                yield Labelled(case.id, turn, candidates, right, worth)
                if not judge(chosen.query) and any(right):
                    at = right.index(True)
                    chosen = replace(candidates[at].alone, query=queries[at])
            if not judge(chosen.query):
                chosen = replace(chosen, query=expected[0])
            *_, answer = assistant.stream_reading(replace(chosen, question=gold.question), thread)
            previous = cast("Answer", answer)
            before = get_reading(previous).query
            thread = thread.add_turn(AskedTurn(gold.question, previous))


def _judge(
    gold: Gold,
    expected: Sequence[Query],
    previous: Answer | None,
    before: Query | None,
    query: Query,
    *,
    is_first: bool,
) -> bool:
    """Whether a query is one of those expected."""
    if previous is not None and before is not None:
        query = resolve_shown_papers(query, list_shown_papers(previous), before)
    _, verdict = judge_reading(query, expected, is_first=is_first, only_want=gold.only_want)
    return verdict.is_right


# --- worked examples -----------------------------------------------------------------------------


def list_worked(assistant: Assistant, encode: Encode) -> Iterator[Labelled]:
    """The last turns of the worked examples that are conversations."""
    from tests.conversation import answer_reading
    from tests.shelves import SHELVES
    from tests.understanding.test_cases import print_reading

    for section in yaml.safe_load(CASES.read_text(encoding="utf-8")):
        shelf: Any = SHELVES.get(section["shelf"])
        view = shelf or assistant.library.view
        for number, case in enumerate(section["cases"]):
            if "turns" not in case or "reading" not in case or "read_as" in case:
                continue
            *earlier, last = case["turns"]
            thread = Thread()
            for question in earlier:
                reading = reader.read_question(question, thread, view, encode)
                answer = (
                    answer_reading(reading, shelf, case.get("cites", ()))
                    if shelf
                    else assistant.ask(question, thread)
                )
                thread = thread.add_turn(AskedTurn(question, answer))
            reading, turn = read_turn(last, thread, view, encode)
            if turn is None:
                continue
            wanted = _drop_unread(case["reading"])
            candidates = list_candidates(turn)
            right = [
                _drop_unread(print_reading(_put_query(reading, c, last), view)) == wanted
                for c in candidates
            ]
            yield Labelled(f"{section['about']} {number}", turn, candidates, right, WORKED_WORTH)


def _put_query(reading: Reading, candidate: Candidate, question: str) -> Reading:
    return replace(reading, query=reader.count_people(candidate.query, question), unread=())


def _drop_unread(printed: str) -> str:
    return re.sub(r" \(unread: [^)]*\)$", "", printed)


# --- wordings --------------------------------------------------------------------------------------

_KINDS = {
    "new": "alone",
    "aside": "alone",
    "refine": "replaced remeasured same negated dropped groups",
    "narrow": "narrow listed share overview people some count order extreme groups by-on-topic people-on-topic",
    "same_paper": "papers field detail some compared",
    "one_of": "papers same people by by-on-topic detail extreme top_coauthor coauthors",
    "all_of": "papers some narrow compared listed people count share order extreme subject overview field "
    "people-on-topic",
    "those_people": "people by by-on-topic by-others shared common_coauthors coauthors top_coauthor same",
    "more": "more next by-others",
    "elaborate": "again listed",
    "correct": "replaced alone remeasured same dropped negated",
    "recap": "recap",
}
"""Generators that make the readings of each relation."""
_FOUND_BY_WORDS = (
    "place", "places", "age", "called", "year", "words of title", "words of text", "words", "age beside", "rest",
)  # fmt: skip
_NEAR = ("narrow", "all_of", "one_of", "same_paper")
"""Relations whose turns name something that is in the papers shown."""


@dataclass
class Names:
    """What the marked words of a wording become: topics, people and papers of one library."""

    view: LibraryView
    rng: random.Random
    topics: Sequence[str]
    people: Sequence[str]
    papers: Sequence[str]
    known: dict[tuple[str, str], str] = field(default_factory=dict)

    def fill(self, turn: MarkedTurn, shown: Sequence[str], *, is_near: bool) -> str:
        return "".join(self._fill_one(piece, shown, is_near) for piece in turn)

    def _fill_one(self, piece: Piece, shown: Sequence[str], is_near: bool) -> str:
        if piece.kind not in ("topic", "words", "person", "paper") or piece.is_fixed:
            return piece.text
        key = (piece.kind, piece.text)
        if key not in self.known:
            self.known[key] = self._draw(piece, shown, is_near)
        return self.known[key]

    def _draw(self, piece: Piece, shown: Sequence[str], is_near: bool) -> str:
        if piece.kind == "person":
            name = self.rng.choice(self.people)
            return name if " " in piece.text else name.split()[-1]
        if piece.kind == "paper":
            return self.rng.choice(self.papers)
        paper = self.view.get_paper(self.rng.choice(shown)) if is_near and shown else None
        words = [
            word
            for word in re.findall(r"[A-Za-z][\w-]{3,}", paper.name if paper else "")
            if word.lower() not in STOP_WORDS
        ]
        if not words:
            return self.rng.choice(self.topics)
        at = self.rng.randrange(len(words))
        return " ".join(words[at : at + self.rng.choice((1, 2))]).lower()


def build_names(assistant: Assistant, topics: Sequence[str], seed: int) -> Names:
    """The names of a library that wordings are filled with."""
    view = assistant.library.view
    papers = view.find_papers()
    people = Counter(name for paper in papers for name in view.list_people_of(paper))
    short = [m[1] for p in papers if (m := re.match(r"([A-Z][\w^-]*[A-Z\d][\w-]*): ", p.name))]
    titles = [p.title for p in papers if p.title and len(p.title.split()) < 9]
    frequent = [name for name, _ in people.most_common(60)]
    return Names(view, random.Random(seed), topics, frequent, sorted(short) or titles)


def list_wordings(
    assistant: Assistant, examples: Sequence[Example], names: Names, encode: Encode
) -> Iterator[Labelled]:
    """The last turns of wordings, over one library; those whose first turns are read otherwise are left out."""
    answers: dict[str, Answer] = {}
    for example in examples:
        names.known.clear()
        thread, shown = Thread(), list[str]()
        for number, marked in enumerate(example.turns[:-1]):
            question = names.fill(marked, shown, is_near=number > 0)
            first = answers.get(question) if not number else None
            answer = first or assistant.ask(question, thread)
            if not number:
                answers[question] = answer
            thread = thread.add_turn(AskedTurn(question, answer))
            shown = list_shown_papers(answer)[:10]
        reading = thread.turns[-1].answer.reading
        if example.last and (reading is None or not _is_want(example.last, reading.query.want)):
            continue
        question = names.fill(example.turns[-1], shown, is_near=example.link in _NEAR)
        _, turn = read_turn(question, thread, names.view, encode)
        if turn is None:
            continue
        candidates = list_candidates(turn)
        right = [_fits(candidate, example) for candidate in candidates]
        yield Labelled(example.place, turn, candidates, right, WORDING_WORTH, is_judged=False)


def _is_want(wanted: str, actual: str) -> bool:
    return wanted == actual or {wanted, actual} <= {"passages", "overview"}


def _fits(candidate: Candidate, example: Example) -> bool:
    """Whether a reading is of the relation and want that a wording has."""
    query, of, link = candidate.query, candidate.of, example.link
    if candidate.kind.replace(" ", "-") not in _KINDS[link].split():
        return False
    is_meant = {
        "same_paper": of.kind == "paper" and of.by == "last",
        "one_of": of.by in _FOUND_BY_WORDS or candidate.kind == "extreme",
        "all_of": of.kind in ("papers", "set", "query", "topic"),
        "those_people": of.kind == "people",
        "narrow": of.kind in ("set", "query", "topic", "papers"),
    }.get(link, True)
    want, _, relation = example.want.partition(" ")
    if not is_meant or query.want != want:
        return False
    is_of_set = want == "people" and query.relation is None and of.kind == "set"
    if relation:
        return query.relation == relation or (relation in ("authors", "coauthors") and is_of_set)
    return query.relation is None or want != "people"
