"""Readings are judged slot by slot, and the project's sets hold only queries that can be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from eval.run import readings
from eval.run.readings import Gold, judge_reading, load_cases, read_cases
from eval.sets import readings as sets
from rag.app.assistant import Assistant
from rag.types.answers import Answer, Citation, Thread
from rag.types.errors import ReadError
from rag.types.query import Reading
from rag.types.query_parser import read_query

FOLDER = Path(str(sets.__file__)).parent


class StandIn:
    """Answers each question with the reading it is given, citing the papers named."""

    def __init__(self, readings_: dict[str, tuple[str, list[str]]]) -> None:
        self.readings = readings_
        self.turns_before: list[int] = []

    def ask(self, question: str, thread: Thread) -> Answer:
        line, papers = self.readings[question]
        self.turns_before.append(len(thread.turns))
        citations = tuple(
            Citation(number, paper, "a.txt:1", (), None, paper, "", (0, 0))
            for number, paper in enumerate(papers, 1)
        )
        query = read_query(line)
        return Answer(question, "answered", "content", "", citations, reading=Reading(query))


def write_set(folder: Path, *rows: Any) -> Path:
    path = folder / "set.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("read", "right", "wrong"),
    [
        ("papers about hiv where code", "papers about hiv where code", []),
        ("papers about hiv", "papers about hiv where code", ["conditions"]),
        ("count papers about hiv", "papers about hiv", ["want"]),
        ("papers about nice hiv", "papers about hiv", ["topic"]),
        ('people coauthors for "Ann Mao"', 'people coauthors for "Bo Li"', ["names"]),
        ("people authors of #p1", "people authors of #p2", ["names"]),
        ("papers like #p1", "papers like #p2", ["names"]),
        ("values by year of #p1", "values by venue of #p1", ["rest"]),
        ("people about hiv", "people about hiv, first 3", ["rest"]),
        ("passages of #p1 asking cause: why", "passages of #p1 asking number", ["detail"]),
        ("passages: x", "passages of #p1", []),
        ("share of papers where code", "share of papers where code of those where year = 2020", ["conditions"]),
        ('papers shared for "A B", "C D"', 'people shared for "C D", "A B"', []),
    ],
)  # fmt: skip
def test_each_slot_is_judged_apart(read: str, right: str, wrong: list[str]) -> None:
    _, verdict = judge_reading(read_query(read), [read_query(right)])
    values = dict(zip(readings.COLUMNS, verdict.list_values(), strict=True))
    assert [name for name in readings.COLUMNS[:6] if values[name] is False] == wrong
    assert verdict.is_right == (not wrong)


def test_a_paper_that_was_talked_about_must_be_read_but_one_that_is_named_need_not() -> None:
    read, right = read_query("passages: x"), [read_query("passages of #p1")]
    assert judge_reading(read, right)[1].names
    assert not judge_reading(read, right, is_first=False)[1].names


def test_papers_shown_before_may_be_left_out_unless_that_was_asked() -> None:
    read = read_query("papers about hiv where paper not in (p1)")
    assert judge_reading(read, [read_query("papers about hiv")])[1].is_right
    assert judge_reading(read, [read])[1].is_right
    assert not judge_reading(read_query("papers about hiv"), [read])[1].conditions


def test_of_some_questions_only_what_is_wanted_is_judged() -> None:
    right = [read_query("overview"), read_query("aside")]
    read = read_query("overview of #p1, #p2 about hiv")
    assert judge_reading(read, right, only_want=True)[1].is_right
    assert not judge_reading(read, right)[1].is_right
    assert not judge_reading(read_query("count papers"), right, only_want=True)[1].want


def test_any_reading_that_is_as_right_is_right() -> None:
    gold = Gold(question="?", want="papers", topic="hiv", also=({"want": "overview"},))
    expected, verdict = judge_reading(read_query("overview about hiv"), gold.build_queries())
    assert verdict.is_right
    assert expected.want == "overview"


def test_a_conversation_is_asked_in_one_thread_and_points_at_what_was_shown(tmp_path: Path) -> None:
    path = write_set(
        tmp_path,
        {
            "id": "c1", "library": "l", "kind": "conversation",
            "turns": [
                {"question": "papers?", "want": "papers", "topic": "hiv"},
                {"question": "how many?", "want": "count", "topic": "hiv"},
                {"question": "the second?", "want": "passages", "papers": ["#shown-2"]},
            ],
        },
    )  # fmt: skip
    assistant = StandIn(
        {
            "papers?": ("papers about hiv", ["p1", "p2"]),
            "how many?": ("count papers of #p1, #p2", ["p1", "p2"]),
            "the second?": ("passages of #p1", []),
        }
    )
    turns = list(read_cases(cast(Assistant, assistant), load_cases(path)))
    assert assistant.turns_before == [0, 1, 2]
    assert [turn.verdict.is_right for turn in turns] == [True, True, False]
    assert turns[2].expected.papers == ("p2",)
    assert "wrong: names" in readings.format_miss(turns[2])
    table = readings.format_readings(turns)
    assert "conversations right in every turn: 0 of 1" in table
    assert next(line for line in table.splitlines() if line.startswith("everything")).endswith(
        "0.67 /3"
    )


def test_lines_that_are_no_cases_are_named(tmp_path: Path) -> None:
    good = {"id": "q1", "library": "l", "kind": "list", "question": "?", "want": "papers"}
    path = write_set(tmp_path, good, {**good, "conditions": ["yaer = 1"]}, {**good, "wants": "x"})
    with pytest.raises(ReadError, match=r"line 2: .*yaer.*line 3: "):
        load_cases(path)


@pytest.mark.parametrize("name", ["a", "b"])
def test_each_right_reading_of_the_sets_is_right_by_itself(name: str) -> None:
    for case in load_cases(FOLDER / f"{name}.jsonl"):
        for number, gold in enumerate(case.turns, 1):
            queries = gold.build_queries()
            for query in queries:
                assert judge_reading(query, queries, is_first=number == 1)[1].is_right, case.id


def test_the_halves_hold_every_kind_and_share_no_case() -> None:
    a, b = (load_cases(FOLDER / f"{name}.jsonl") for name in "ab")
    assert not {case.id for case in a} & {case.id for case in b}
    assert {case.kind for case in a} >= {case.kind for case in b}
    both = [*a, *b]
    assert sum(len(case.turns) == 1 for case in both) >= 330
    assert sum(3 <= len(case.turns) <= 6 for case in both) >= 64
    n_by_kind = {kind: sum(case.kind == kind for case in both) for kind in ("people40", "survey32")}
    assert n_by_kind == {"people40": 40, "survey32": 32}
    assert sum(case.kind == "followup90" for case in both) >= 90


@pytest.mark.parametrize("library", ["archive", "biomedicine"])
def test_people_of_the_right_readings_are_in_their_library(library: str) -> None:
    lines = (FOLDER / f"{library}.jsonl").read_text(encoding="utf-8").splitlines()
    authors = {name for line in lines for name in json.loads(line)["authors"]}
    for case in [case for name in "ab" for case in load_cases(FOLDER / f"{name}.jsonl")]:
        names = {name for gold in case.turns for q in gold.build_queries() for p in q.people for name in p.names}  # fmt: skip
        if case.library == library:
            assert {name for name in names if not name.startswith("shown-")} <= authors
