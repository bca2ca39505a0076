"""Follow-up turns with the readings that they may have and which of these are right.

Three sources: conversations with the right query each (`eval/sets/readings`), worked examples
(`tests/understanding/cases.yaml`), and wordings of follow-ups filled with names of a library here
(`eval/sets/wordings/filled.jsonl`). Conversations with right queries are gone through with right readings
before each turn, so that a turn is judged by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from rag.app.assistant import Assistant
from rag.library.view import LibraryView
from rag.types import Answer, Reading, Thread
from rag.types import Turn as AskedTurn
from rag.types.query import Query
from rag.types.query_text import print_query
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
WORKED_WORTH = 3.0
"""Of a worked example: there are few of each kind."""
FILLED_WORTH = 0.6


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


def list_filled(
    assistant: Assistant, rows: Sequence[Mapping[str, Any]], encode: Encode
) -> Iterator[Labelled]:
    """Follow-ups of wordings filled with names of one library, with the right query as it prints."""
    view = assistant.library.view
    for row in rows:
        first, last = row["turns"]
        thread = Thread().add_turn(AskedTurn(first, assistant.ask(first)))
        _, turn = read_turn(last, thread, view, encode)
        if turn is not None:
            candidates = list_candidates(turn)
            queries = [reader.count_people(c.query, last) for c in candidates]
            right = [print_query(query) == row["reading"] for query in queries]
            yield Labelled(last, turn, candidates, right, FILLED_WORTH, is_judged=False)
