"""Bounds what is asked: every question, topic, name and value is one line of limited length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rag.text import ensure_encodable
from rag.types import Condition, Query, Thread

MAX_QUESTION_CHARS = 4_000


def bound_question(question: str) -> tuple[str, tuple[str, ...]]:
    """The question as one line of bounded length, and a warning if it was cut.

    Every question, topic, name and value passes here, so that no pattern behind it meets a run of
    white space (1,600 spaces once held all readers for 13 s), a NUL or a lone surrogate.
    """
    text = " ".join(ensure_encodable(question).replace("\x00", " ").split())
    if len(text) <= MAX_QUESTION_CHARS:
        return text, ()
    note = f"only the first {MAX_QUESTION_CHARS} characters of the question were read"
    return text[:MAX_QUESTION_CHARS], (note,)


def bound_query(query: Query) -> tuple[Query, tuple[str, ...]]:
    """The query with typed words as `bound_question` has them, and a warning if one was cut."""
    notes: list[str] = []

    def bound(text: str) -> str:
        bounded, note = bound_question(text)
        notes.extend(note)
        return bounded

    about = query.about and replace(
        query.about,
        words=bound(query.about.words),
        without=bound(query.about.without),
        all_of=tuple(map(bound, query.about.all_of)),
    )
    people = tuple(replace(person, typed=bound(person.typed)) for person in query.people)
    where = tuple(_bound_condition(condition, bound) for condition in query.where)
    query = replace(query, about=about, people=people, where=where, text=bound(query.text))
    return query, tuple(dict.fromkeys(notes))


def _bound_condition(condition: Condition, bound: Callable[[str], str]) -> Condition:
    """A condition with its typed words bounded; a file's name keeps its spaces."""
    if not any(isinstance(value, str) for value in condition.values):
        return condition
    if condition.field == "document":
        bound = lambda text: ensure_encodable(text)[:MAX_QUESTION_CHARS]  # noqa: E731
    values = tuple(bound(v) if isinstance(v, str) else v for v in condition.values)
    return replace(condition, value=values if isinstance(condition.value, tuple) else values[0])


def bound_thread(thread: Thread) -> Thread:
    """The conversation with its earlier questions as they were read."""
    turns = tuple(replace(turn, question=bound_question(turn.question)[0]) for turn in thread.turns)
    return replace(thread, turns=turns)
