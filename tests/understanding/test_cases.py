"""Questions and conversations with what each asks for, and where it says so what it is answered.

They stand in `cases.yaml`: sections of cases over one of `tests.shelves`, or over the seeds.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rag.app.assistant import Assistant
from rag.library.naming import get_short_name
from rag.library.view import LibraryView
from rag.types import Answer, Reading, Thread
from rag.types.query_text import print_query
from tests.conversation import answer_reading, ask_assistant, read
from tests.shelf import Shelf
from tests.shelves import SHELVES

SECTIONS = yaml.safe_load(Path(__file__).with_name("cases.yaml").read_text(encoding="utf-8"))


def test_every_question_is_read_and_answered_as_written(assistant: Assistant) -> None:
    differences = []
    for section in SECTIONS:
        for case in section["cases"]:
            turns = case.get("turns") or [case["question"]]
            if section["shelf"] == "seeds":
                actual = read_over_seeds(turns, assistant)
            else:
                actual = read_over_shelf(turns, case, SHELVES[section["shelf"]])
            differences += [
                f"{section['about']}\n  asked:  {' / '.join(turns)}\n"
                f"  wanted: {part}: {case[part]}\n  got:    {part}: {line}\n"
                for part, line in actual.items()
                if part in case and str(case[part]) != line
            ]
    assert not differences, f"{len(differences)} differ\n\n" + "\n".join(differences)


def test_no_question_stands_twice_in_a_section() -> None:
    for section in SECTIONS:
        asked = [
            str({k: v for k, v in c.items() if k not in ("reading", "answer", "says")})
            for c in section["cases"]
        ]
        assert sorted(set(asked)) == sorted(asked)


def read_over_seeds(turns: list[str], assistant: Assistant) -> dict[str, str]:
    """The last turn is not answered: `eval`'s sets, gated in the tests, ask for whole answers."""
    thread, view = answer_turns(assistant, *turns[:-1]), assistant.library.view
    turn = assistant._turns._reader.read_turn(turns[-1], thread, view, None, None)
    return {"reading": print_reading(turn.reading, view)}


@cache
def answer_turns(assistant: Assistant, *turns: str) -> Thread:
    """Many conversations begin alike."""
    if not turns:
        return Thread()
    return ask_assistant(assistant, turns[-1], thread=answer_turns(assistant, *turns[:-1]))


def read_over_shelf(turns: list[str], case: dict[str, Any], shelf: Shelf) -> dict[str, str]:
    cites = case.get("cites", ())
    reading = read(*turns, shelf=shelf, cites=cites, read_as=case.get("read_as"))
    assert reading.question == turns[-1] and reading.reason
    lines = {"reading": print_reading(reading, shelf)}
    if "answer" in case:
        answer = answer_reading(reading, shelf)
        lines["answer"] = print_answer(answer, shelf)
        if all(words in answer.text for words in case.get("says", ())):
            lines["says"] = str(case.get("says"))
        else:
            lines["says"] = answer.text
    return lines


MOST_NAMED = 5
"""More papers than this are not named one by one."""


def print_reading(reading: Reading, library: LibraryView) -> str:
    """The query, papers by what they call themselves, and the words that nothing used.

    Which detail of content is asked is left to the evaluation of readings.
    """
    query, papers = reading.query, {p.paper_id: p for p in library.find_papers()}
    if query.asks_for != "yes_no":
        query = replace(query, asks_for=None)
    if len(query.papers) > MOST_NAMED:
        query = replace(query, papers=(f"{len(query.papers)} papers",))
    line = print_query(query, lambda key: get_short_name(papers[key]) if key in papers else key)
    return f"{line} (unread: {', '.join(reading.unread)})" if reading.unread else line


def print_answer(answer: Answer, shelf: Shelf) -> str:
    """The value, papers by their ids; without a value the people, and the papers cited."""
    if answer.status != "answered":
        return answer.status
    if isinstance(answer.value, tuple):
        ids = {p.source: p.paper_id for p in shelf.papers}
        return " ".join(ids[each] for each in answer.value) or "no paper"
    if answer.value is not None:
        return str(answer.value) or "nobody"
    people = [expert.name for expert in answer.experts]
    cited = " ".join(sorted({c.paper_id for c in answer.citations}))
    return "; ".join(filter(None, (", ".join(people), cited)))
