"""Questions and conversations with what each asks for, and where it says so what it is answered.

They stand in `cases.yaml`: sections of cases over one of `tests.shelves`, or over the seeds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from rag.answers.alternatives import find_other_reading
from rag.app.assistant import Assistant
from rag.types import Answer, Intent
from tests.conversation import answer_intent, ask_assistant, read
from tests.shelf import Shelf
from tests.shelves import SHELVES
from tests.understanding.printing import print_intent

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
            str({k: v for k, v in c.items() if k not in ("reading", "other", "answer", "says")})
            for c in section["cases"]
        ]
        assert sorted(set(asked)) == sorted(asked)


def read_over_seeds(turns: list[str], assistant: Assistant) -> dict[str, str]:
    answer = ask_assistant(assistant, *turns).turns[-1].answer
    assert answer.intent is not None
    return {
        "reading": print_intent(answer.intent, assistant.library),
        "other": print_other(answer.intent),
    }


def read_over_shelf(turns: list[str], case: dict[str, Any], shelf: Shelf) -> dict[str, str]:
    cites = case.get("cites", ())
    intent = read(*turns, shelf=shelf, cites=cites, read_as=case.get("read_as"))
    assert intent.question == turns[-1] and intent.reason
    lines = {"reading": print_intent(intent, shelf), "other": print_other(intent)}
    if "answer" in case:
        answer = answer_intent(intent, shelf)
        lines["answer"] = print_answer(answer, shelf)
        if all(words in answer.text for words in case.get("says", ())):
            lines["says"] = str(case.get("says"))
        else:
            lines["says"] = answer.text
    return lines


def print_other(intent: Intent) -> str:
    """The reading that was not taken: its route and its words."""
    other = find_other_reading(intent)
    return f"{other.route}, {other.words}" if other else "nothing else"


def print_answer(answer: Answer, shelf: Shelf) -> str:
    """The value, papers by their ids; without a value the people, and the papers cited."""
    if answer.status != "answered":
        return answer.status
    if isinstance(answer.value, tuple):
        ids = {p.source: p.paper_id for p in shelf.list_papers()}
        return " ".join(ids[each] for each in answer.value) or "no paper"
    if answer.value is not None:
        return str(answer.value) or "nobody"
    people = [expert.name for expert in answer.experts]
    cited = " ".join(sorted({c.paper_id for c in answer.citations}))
    return "; ".join(filter(None, (", ".join(people), cited)))
