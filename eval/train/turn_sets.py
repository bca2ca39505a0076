"""Follow-up turns with what their right reading is, as they stand after right turns.

Three sources: conversations with the right query each (`eval/sets/readings`), worked examples
(`tests/understanding/cases.yaml`), and wordings of follow-ups filled with names of a library here
(`eval/sets/wordings/filled.jsonl`). Conversations with right queries are gone through with right readings
before each turn, so that a turn is judged by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, cast, get_args
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
from rag.app.assistant import Assistant
from rag.library.view import LibraryView
from rag.types import Answer, Reading, Thread
from rag.types import Turn as AskedTurn
from rag.types.query import Detail, Query
from rag.types.query_text import print_query
from rag.types.token_vectors import Encoding
from rag.understanding import reading as reader
from rag.understanding.candidates import list_candidates
from rag.understanding.composition import compose
from rag.understanding.first_questions import list_first
from rag.understanding.turns import Candidate, Turn

Encode = Callable[[str], Encoding | None]
CASES = Path(__file__).parents[2] / "tests" / "understanding" / "cases.yaml"
DESCRIPTIONS = Path(__file__).parents[1] / "sets" / "known_papers.jsonl"
DESCRIBED_WORTH = 0.5
"""Weight of a description; all are of one kind."""
ONLY_WANT_WORTH = 0.4
"""Weight of a turn of which only the want is judged."""
WORKED_WORTH = 25.0
"""Weight of a worked example; there are few of each kind."""
WORKED_FIRST_WORTH = 8.0
FILLED_WORTH = 0.6


class Judge(Protocol):
    """Whether a query is right for a turn, but for the detail of content unless ``with_detail``."""

    def __call__(self, query: Query, view: LibraryView, *, with_detail: bool = False) -> bool: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """One turn as it was asked, after right ones.

    Attributes:
        group: The conversation or wording, which is trained on or held out as a whole.
        worth: What it counts for in training.
        is_judged: Whether the right query is known, and not only its kind.
    """

    group: str
    turn: Turn
    judge: Judge
    worth: float
    is_judged: bool = True

    def list_candidates(self) -> list[Candidate]:
        return (list_first if self.turn.is_first else list_candidates)(self.turn)

    def list_right(self, candidates: Sequence[Candidate]) -> list[bool]:
        question, view = self.turn.frame.question, self.turn.library
        return [self.judge(reader.count_people(c.query, question), view) for c in candidates]

    def list_right_details(self, candidates: Sequence[Candidate]) -> dict[Detail | None, bool]:
        """Whether each detail is right for what is asked of papers; nothing where no content is asked."""
        contents = [c.query for c in candidates if c.query.want == "passages"]
        right = next((q for q in contents if self.judge(q, self.turn.library)), None)
        if right is None or (isinstance(self.judge, PrintedJudge) and not self.judge.reading):
            return {}
        return {
            detail: self.judge(replace(right, asks_for=detail), self.turn.library, with_detail=True)
            for detail in (None, *get_args(Detail))
        }


@dataclass(frozen=True, slots=True)
class GoldJudge:
    """By the right queries of a conversation; ``shown`` and ``before`` are of the turn before."""

    gold: Gold
    expected: Sequence[Query]
    shown: Sequence[str]
    before: Query | None
    is_first: bool

    def __call__(self, query: Query, view: LibraryView, *, with_detail: bool = False) -> bool:
        queries = [query]
        if self.before is not None:
            queries.append(resolve_shown_papers(query, self.shown, self.before))
        return any(self._is_right(query, with_detail) for query in dict.fromkeys(queries))

    def _is_right(self, query: Query, with_detail: bool) -> bool:
        _, verdict = judge_reading(
            query, self.expected, is_first=self.is_first, only_want=self.gold.only_want
        )
        return verdict.is_right if with_detail else verdict.is_right_but_detail


@dataclass(frozen=True, slots=True)
class PrintedJudge:
    """By the reading as it prints; of worked examples papers print as what they call themselves."""

    wanted: str
    reading: Reading | None = None

    def __call__(self, query: Query, view: LibraryView, *, with_detail: bool = False) -> bool:
        if self.reading is None:
            return _DETAIL.sub("", print_query(query)) == _DETAIL.sub("", self.wanted)
        from tests.understanding.test_cases import print_reading

        printed = print_reading(replace(self.reading, query=query, unread=()), view)
        if with_detail:
            return printed == self.wanted
        return _DETAIL.sub("", printed) == _DETAIL.sub("", self.wanted)


_DETAIL = re.compile(r" asking [a-z_]+(?=[ :,]|$)")


def read_turn(
    question: str, thread: Thread, view: LibraryView, encode: Encode
) -> tuple[Reading, Turn | None]:
    """The reading of a first question, and a later one as generators see it, read by itself: no weights
    are needed to train them.
    """
    seen: list[Turn] = []

    def keep(turn: Turn) -> Reading:
        seen.append(turn)
        return turn.read(turn.labels[0][0], "new")

    with patch.object(reader, "join", keep):
        reading = reader.read_question(question, thread, view, encode)
    return reading, seen[0] if seen else None


# --- first questions with the right query each ---------------------------------------------------


def list_first_turns(assistant: Assistant, case: Case, encode: Encode) -> Iterator[Asked]:
    """The first question of a case, unless it is read without a choice, as a pasted title is."""
    gold = case.turns[0]
    judge = GoldJudge(gold, gold.build_queries(), (), None, is_first=True)
    for turn, _ in read_first_turn(gold.question, assistant.library.view, encode):
        yield Asked(case.id, turn, judge, ONLY_WANT_WORTH if gold.only_want else 1.0)


def list_described(assistant: Assistant, encode: Encode) -> Iterator[Asked]:
    """Descriptions of half-remembered papers, which ask what papers say, over a library that has these papers."""
    for row in map(json.loads, DESCRIPTIONS.read_text(encoding="utf-8").splitlines()):
        gold = Gold(question=row["question"], want="passages")
        judge = GoldJudge(gold, gold.build_queries(), (), None, is_first=True)
        for turn, _ in read_first_turn(gold.question, assistant.library.view, encode):
            yield Asked(
                f"{row['set']} {row['paper']}", turn, judge, DESCRIBED_WORTH, is_judged=False
            )


def read_first_turn(
    question: str, view: LibraryView, encode: Encode
) -> Iterator[tuple[Turn, Reading]]:
    """A first question as it comes to be chosen for, with the heads' own reading; nothing where no choice is."""
    seen: list[tuple[Turn, Reading]] = []

    def keep(turn: Turn) -> Reading:
        seen.append((turn, compose(turn.frame, turn.entities, turn.library)))
        return seen[-1][1]

    with patch.object(reader, "read_first", keep):
        reader.read_question(question, Thread(), view, encode)
    yield from seen[:1]


def list_worked_firsts(assistant: Assistant, encode: Encode) -> Iterator[Asked]:
    """The worked examples of one question."""
    from tests.shelves import SHELVES

    for section in yaml.safe_load(CASES.read_text(encoding="utf-8")):
        view: Any = SHELVES.get(section["shelf"]) or assistant.library.view
        for number, case in enumerate(section["cases"]):
            if "question" in case and "reading" in case and "read_as" not in case:
                for turn, reading in read_first_turn(case["question"], view, encode):
                    judge = PrintedJudge(_UNREAD.sub("", case["reading"]), reading)
                    yield Asked(
                        f"{section['about']} {number}", turn, judge, WORKED_FIRST_WORTH, False
                    )


# --- conversations with the right query each -----------------------------------------------------


def list_turns(assistant: Assistant, case: Case, encode: Encode) -> Iterator[Asked]:
    """The later turns of a conversation, each after right ones."""
    view = assistant.library.view
    thread = Thread()
    shown: Sequence[str] = ()
    previous: Answer | None = None
    before: Query | None = None
    for number, gold in enumerate(case.turns if len(case.turns) > 1 else (), 1):
        expected = [fill_shown(query, previous) for query in gold.build_queries()]
        judge = GoldJudge(gold, expected, shown, before, number == 1)
        chosen, turn = read_turn(gold.question, thread, view, encode)
        is_right = judge(chosen.query, view)
        if turn is not None:
            asked = Asked(case.id, turn, judge, ONLY_WANT_WORTH if gold.only_want else 1.0)
            yield asked
            candidates = list_candidates(turn)
            right = asked.list_right(candidates)
            if is_right := any(right):
                found = candidates[right.index(True)]
                query = reader.count_people(found.query, turn.frame.question)
                details = asked.list_right_details(candidates)
                if query.want == "passages" and not details.get(query.asks_for, True):
                    query = replace(
                        query, asks_for=next((d for d, ok in details.items() if ok), None)
                    )
                chosen = replace(found.alone, query=query)
        if not is_right:
            chosen = replace(chosen, query=expected[0])
        *_, answer = assistant.stream_reading(replace(chosen, question=gold.question), thread)
        previous = cast("Answer", answer)
        before, shown = get_reading(previous).query, list_shown_papers(previous)
        thread = thread.add_turn(AskedTurn(gold.question, previous))


# --- worked examples -----------------------------------------------------------------------------


def list_worked(assistant: Assistant, encode: Encode) -> Iterator[Asked]:
    """The last turns of the worked examples that are conversations.

    The turns before it are read as the example that ends with them has it, if there is one, else as they
    are read now.
    """
    from tests.conversation import answer_reading
    from tests.shelves import SHELVES

    sections = yaml.safe_load(CASES.read_text(encoding="utf-8"))
    known = {
        (section["shelf"], *case["turns"]): _UNREAD.sub("", case["reading"])
        for section in sections
        for case in section["cases"]
        if "turns" in case and "reading" in case and "read_as" not in case
    }
    for section in sections:
        shelf: Any = SHELVES.get(section["shelf"])
        view = shelf or assistant.library.view
        for number, case in enumerate(section["cases"]):
            if "turns" not in case or "reading" not in case or "read_as" in case:
                continue
            *earlier, last = case["turns"]
            thread = Thread()
            for at, question in enumerate(earlier, 1):
                reading = reader.read_question(question, thread, view, encode)
                if wanted := known.get((section["shelf"], *earlier[:at])):
                    reading = _read_as(wanted, reading, question, thread, view, encode)
                if shelf:
                    answer = answer_reading(reading, shelf, case.get("cites", ()))
                else:
                    *_, event = assistant.stream_reading(reading, thread)
                    answer = cast("Answer", event)
                thread = thread.add_turn(AskedTurn(question, answer))
            reading, turn = read_turn(last, thread, view, encode)
            if turn is not None:
                judge = PrintedJudge(_UNREAD.sub("", case["reading"]), reading)
                yield Asked(f"{section['about']} {number}", turn, judge, WORKED_WORTH)


def _read_as(
    wanted: str, reading: Reading, question: str, thread: Thread, view: LibraryView, encode: Encode
) -> Reading:
    """The reading of a turn that prints as wanted; the one there is where none does."""
    alone, turn = read_turn(question, thread, view, encode)
    candidates = list_candidates(turn) if turn is not None else []
    judge = PrintedJudge(wanted, alone)
    if turn is None or judge(reading.query, view):
        return reading
    right = next((c for c in candidates if judge(c.query, view)), None)
    return replace(right.alone, query=right.query, question=question) if right else reading


_UNREAD = re.compile(r" \(unread: [^)]*\)$")


# --- wordings --------------------------------------------------------------------------------------


def list_filled(assistant: Assistant, row: Mapping[str, Any], encode: Encode) -> Iterator[Asked]:
    """A follow-up of a wording filled with names of the library, with the right query as it prints."""
    first, last = row["turns"]
    thread = Thread().add_turn(AskedTurn(first, assistant.ask(first)))
    _, turn = read_turn(last, thread, assistant.library.view, encode)
    if turn is not None:
        yield Asked(last, turn, PrintedJudge(row["reading"]), FILLED_WORTH, is_judged=False)
