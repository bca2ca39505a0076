"""How questions are read, beside the right reading: ``python -m eval readings SET.jsonl --data NAME=FOLDER``.

A line of a set is one question, or one conversation with ``turns``, and says of each question which
query it is: the keys of `Gold`, conditions as they print, papers as ``#id``, people as the library
prints them. ``also`` holds other readings that are as right, each with only what differs.
``#shown-2`` and ``shown-2`` are the second paper and person that the answer before showed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.run.same_reading import (
    are_conditions_equal,
    are_names_equal,
    compare_topics,
    drop_papers_left_out,
    list_content_words,
    normalise_query,
    resolve_shown_papers,
)
from rag.app.assistant import Assistant
from rag.types.answers import Answer, Thread, Turn
from rag.types.errors import ReadError
from rag.types.fields import QueryError
from rag.types.query import Order, PersonRef, Query, Reading, Topic
from rag.types.query_parser import read_conditions
from rag.types.query_text import print_query
from rag.understanding.dialogue_state import list_people_listed

CONTENT = ("passages", "comparison")
"""Wants for which words are kept whole (`Query.text`) instead of a topic."""
NO_TOPIC = (*CONTENT, "aside", "profile")
LOOSE_RELATIONS = ("same", "presence", "not_stated")
"""Relations that say what is wanted whichever of people, values or a profile they stand under."""
TOPIC_RIGHT = ("exact", "same words", "close")
COLUMNS = ("want", "conditions", "topic", "names", "rest", "detail", "but detail", "all")


class Gold(BaseModel):
    """The right reading of one question; what is left out is empty.

    With ``only_want`` the rest is not judged: a summary of a conversation may name all of it.
    """

    model_config = ConfigDict(extra="forbid")

    question: str
    want: str
    relation: str | None = None
    conditions: tuple[str, ...] = ()
    base: tuple[str, ...] = ()
    topic: str = ""
    all_of: tuple[str, ...] = ()
    without: str = ""
    people: tuple[str, ...] = ()
    papers: tuple[str, ...] = ()
    like: str = ""
    besides: tuple[str, ...] = ()
    order: str | None = None
    k: int | None = None
    by: tuple[str, ...] = ()
    measure: str = "each"
    asks_for: str | None = None
    only_want: bool = False
    also: tuple[dict[str, Any], ...] = ()

    def build_queries(self) -> tuple[Query, ...]:
        """The query and those that are as right.

        Raises:
            QueryError: One cannot be.
        """
        base = self.model_dump(exclude={"also", "only_want"})
        return tuple(_build_query({**base, **alternative}) for alternative in ({}, *self.also))


class Case(BaseModel):
    """One question or conversation."""

    model_config = ConfigDict(extra="forbid")

    id: str
    library: str
    persona: str = ""
    kind: str
    turns: tuple[Gold, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is right about one reading; None where there was nothing to read.

    Attributes:
        topic: ``exact``, ``same words``, ``close`` (token F1 of .8 or more) or ``other``.
        names: People and papers.
        rest: Order, number, fields asked for, measure.
    """

    want: bool
    conditions: bool
    topic: str | None
    names: bool
    detail: bool | None
    rest: bool

    @property
    def is_topic_right(self) -> bool | None:
        return None if self.topic is None else self.topic in TOPIC_RIGHT

    @property
    def is_right_but_detail(self) -> bool:
        """Whether all is right, whatever detail of content was read."""
        return (
            self.want
            and self.conditions
            and self.is_topic_right is not False
            and self.names
            and self.rest
        )

    @property
    def is_right(self) -> bool:
        return self.is_right_but_detail and self.detail is not False

    def list_values(self) -> tuple[bool | None, ...]:
        """In the order of `COLUMNS`."""
        slots = (self.want, self.conditions, self.is_topic_right, self.names, self.rest)
        return (*slots, self.detail, self.is_right_but_detail, self.is_right)


@dataclass(frozen=True, slots=True)
class ReadTurn:
    """One question as it was read, with its verdict."""

    case: Case
    number: int
    gold: Gold
    expected: Query
    actual: Query
    verdict: Verdict
    status: str


def load_cases(path: Path) -> tuple[Case, ...]:
    """A set, each line checked.

    Raises:
        ReadError: Some line cannot be a case; all such lines are named.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise ReadError(f"the set {str(path)!r} cannot be read: {exc}") from exc
    cases, faults = [], []
    for number, line in enumerate(lines, 1):
        try:
            cases.append(_build_case(json.loads(line)))
        except (ValueError, TypeError, ValidationError, QueryError) as exc:
            faults.append(f"line {number}: {' '.join(str(exc).split())}")
    if faults:
        raise ReadError(f"the set {str(path)!r} has lines that are no cases; {'; '.join(faults)}")
    return tuple(cases)


def read_cases(
    assistant: Assistant,
    cases: Sequence[Case],
    progress: Callable[[int, int], None] = lambda n_done, total: None,
) -> Iterator[ReadTurn]:
    """Ask each case in a thread of its own and judge how each question was read."""
    for n_done, case in enumerate(cases, 1):
        thread = Thread()
        previous: Answer | None = None
        actual: Query | None = None
        for number, gold in enumerate(case.turns, 1):
            answer = assistant.ask(gold.question, thread)
            query = get_reading(answer).query
            queries = [fill_shown(query, previous) for query in gold.build_queries()]
            judge = partial(
                judge_reading, expected=queries, is_first=number == 1, only_want=gold.only_want
            )
            expected, verdict = judge(query)
            if not verdict.is_right and previous is not None and actual is not None:
                resolved = resolve_shown_papers(query, list_shown_papers(previous), actual)
                if resolved != query:
                    query, (expected, verdict) = resolved, judge(resolved)
            actual = query
            yield ReadTurn(case, number, gold, expected, actual, verdict, answer.status)
            thread = thread.add_turn(Turn(gold.question, answer))
            previous = answer
        progress(n_done, len(cases))


def get_reading(answer: Answer) -> Reading:
    """The answer's reading.

    Raises:
        ReadError: It has none.
    """
    if answer.reading is None:
        raise ReadError(f"the answer to {answer.question!r} says nothing of how it was read")
    return answer.reading


def judge_reading(
    actual: Query, expected: Sequence[Query], *, is_first: bool = True, only_want: bool = False
) -> tuple[Query, Verdict]:
    """The right reading nearest to the one there is, and the verdict against it.

    Args:
        actual: As read.
        expected: All as right; the first one is preferred where several are as near.
        is_first: Whether nothing was asked before; then a content question that names its paper
            needs no paper, since it is found by its name.
        only_want: See `Gold`.
    """
    if only_want:
        query = next((query for query in expected if query.want == actual.want), expected[0])
        return query, Verdict(query.want == actual.want, True, None, True, None, True)
    verdicts = [(query, _compare(actual, query, is_first)) for query in expected]
    return max(
        verdicts,
        key=lambda pair: (
            pair[1].is_right,
            pair[1].want,
            sum(value is not False for value in pair[1].list_values()),
        ),
    )


def fill_shown(query: Query, previous: Answer | None) -> Query:
    """``shown-2`` replaced by the second paper or person of the previous answer."""
    if previous is None:
        return query
    papers = list_shown_papers(previous)
    people = list_people_listed(previous)

    def fill(text: str, titles: Sequence[str]) -> str:
        number = text.removeprefix("shown-")
        is_there = number != text and number.isdecimal() and int(number) <= len(titles)
        return titles[int(number) - 1] if is_there else text

    def fill_value(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(fill_value, value))
        return fill(value, people) if isinstance(value, str) else value

    return replace(
        query,
        papers=tuple(fill(paper, papers) for paper in query.papers),
        like=fill(query.like, papers),
        people=tuple(
            PersonRef(p.typed, tuple(fill(n, people) for n in p.names)) for p in query.people
        ),
        besides=tuple(fill(name, people) for name in query.besides),
        where=tuple(replace(c, value=fill_value(c.value)) for c in query.where),
    )


def list_shown_papers(answer: Answer) -> list[str]:
    """The ids of the papers that an answer shows, in the order of their markers."""
    citations = sorted(answer.citations, key=lambda citation: citation.marker)
    return list(dict.fromkeys(citation.paper_id for citation in citations))


def format_readings(turns: Sequence[ReadTurn]) -> str:
    """A row for each kind; of kinds with several turns, first turns stand in a row of their own."""
    rows: dict[str, list[ReadTurn]] = defaultdict(list)
    turns_by_conversation: dict[str, list[ReadTurn]] = defaultdict(list)
    for turn in turns:
        is_later = turn.number > 1 or len(turn.case.turns) == 1
        rows[turn.case.kind if is_later else f"{turn.case.kind} 1"].append(turn)
        if len(turn.case.turns) > 2:
            turns_by_conversation[turn.case.id].append(turn)
    singles = [turn for turn in turns if len(turn.case.turns) == 1]
    in_conversations = [turn for turns in turns_by_conversation.values() for turn in turns]
    topics = [turn.verdict.topic for turn in turns if turn.verdict.topic is not None]
    levels = ", ".join(f"{level} {topics.count(level)}" for level in (*TOPIC_RIGHT, "other"))
    n_whole = sum(
        all(turn.verdict.is_right for turn in turns) for turns in turns_by_conversation.values()
    )
    n_none = sum(turn.status != "answered" and has_extra_words(turn) for turn in turns)
    return "\n".join(
        [
            f"{'kind':<16}{'n':>5}" + "".join(f"{name:>12}" for name in COLUMNS),
            *(_format_row(kind, rows[kind]) for kind in sorted(rows)),
            _format_row("singles", singles),
            _format_row("conversations", in_conversations),
            _format_row("everything", turns),
            f"topics: {levels} (right: all but other)",
            f"conversations right in every turn: {n_whole} of {len(turns_by_conversation)}",
            f"nothing answered, with words in the topic that are none of it: {n_none}",
        ]
    )


def has_extra_words(turn: ReadTurn) -> bool:
    """Whether the topic as read holds words that the right one does not."""
    extra = set(list_content_words(turn.actual.topic)) - set(
        list_content_words(turn.expected.topic)
    )
    return bool(extra)


def format_miss(turn: ReadTurn) -> str:
    """One miss: the question, the right reading, and the one there was."""
    wrong = [
        name
        for name, value in zip(COLUMNS, turn.verdict.list_values(), strict=True)
        if value is False and name not in ("but detail", "all")
    ]
    return (
        f"{turn.case.id}.{turn.number} [{turn.case.kind}] {turn.gold.question}\n"
        f"  wrong: {', '.join(wrong)}\n"
        f"  right: {print_query(turn.expected)}\n"
        f"  read:  {print_query(turn.actual)}"
    )


def _compare(actual: Query, expected: Query, is_first: bool) -> Verdict:
    actual, expected = normalise_query(actual), normalise_query(expected)
    if not any(condition.field == "paper" for condition in expected.where):
        actual = drop_papers_left_out(actual)
    is_content = expected.want in CONTENT
    has_loose_relation = expected.relation in LOOSE_RELATIONS
    want = (actual.want == expected.want or has_loose_relation) and (
        actual.relation == expected.relation
    )
    topic = None
    # With "like" a paper says what is meant; its title may stand as the topic too.
    has_topic = expected.want not in NO_TOPIC and not expected.like
    if has_topic and (expected.about or actual.about):
        topic = compare_topics(actual.about, expected.about)
    if expected.want == "aside":
        return Verdict(want, True, None, True, None, True)
    return Verdict(
        want=want,
        conditions=are_conditions_equal(actual.where, expected.where)
        and are_conditions_equal(actual.base, expected.base),
        topic=topic,
        names=are_names_equal(_list_names(actual), _list_names(expected))
        and are_names_equal(actual.besides, expected.besides)
        and actual.like == expected.like
        and _are_papers_right(actual, expected, is_content, is_first),
        detail=actual.asks_for == expected.asks_for if expected.asks_for else None,
        rest=is_content
        or (actual.order, actual.k, set(actual.by), actual.measure)
        == (expected.order, expected.k, set(expected.by), expected.measure),
    )


def _are_papers_right(actual: Query, expected: Query, is_content: bool, is_first: bool) -> bool:
    if is_content and (not expected.papers or (is_first and not actual.papers)):
        return True
    return set(actual.papers) == set(expected.papers)


def _list_names(query: Query) -> list[str]:
    return [name for person in query.people for name in person.names]


def _build_case(row: dict[str, Any]) -> Case:
    head = {key: row.pop(key) for key in ("id", "library", "persona", "kind") if key in row}
    case = Case.model_validate({**head, "turns": row.pop("turns", None) or [row]})
    for gold in case.turns:
        gold.build_queries()  # says at once what cannot be a query
    return case


def _build_query(row: Mapping[str, Any]) -> Query:
    about = None
    if row["topic"] or row["without"] or row["all_of"]:  # None where an alternative has none
        about = Topic(row["topic"] or "", row["without"] or "", tuple(row["all_of"] or ()))
    order = None
    if row["order"]:
        field, _, way = row["order"].partition(" ")
        order = Order(field, way)
    return Query(
        want=row["want"],
        by=tuple(row["by"]),
        where=tuple(c for line in row["conditions"] for c in read_conditions(line)),
        base=tuple(c for line in row["base"] for c in read_conditions(line)),
        about=about,
        people=tuple(PersonRef(name, (name,)) for name in row["people"]),
        papers=tuple(paper.removeprefix("#") for paper in row["papers"]),
        like=row["like"].removeprefix("#"),
        relation=row["relation"],
        besides=tuple(row["besides"]),
        order=order,
        k=row["k"],
        measure=row["measure"],
        asks_for=row["asks_for"],
    )


def _format_row(name: str, turns: Iterable[ReadTurn]) -> str:
    values = [turn.verdict.list_values() for turn in turns]
    cells = []
    for column in zip(*values, strict=True) if values else ():
        judged = [value for value in column if value is not None]
        share = f"{sum(judged) / len(judged):.2f}" if judged else "-"
        cells.append(f"{share + ' /' + str(len(judged)):>12}")
    return f"{name:<16}{len(values):>5}" + "".join(cells)
