"""Conversations over a library: what the last question asks for, and what it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.adapters.minilm import MiniLM
from rag.answers import experts
from rag.answers.alternatives import add_reading_notes, refuse_unread_alone
from rag.answers.citations import Citations, check_citations
from rag.answers.papers import answer_papers
from rag.answers.persons import answer_person
from rag.app.assistant import Assistant
from rag.types import Answer, ReadAs, Reading, Thread, Turn
from rag.understanding.reading import read_question
from tests.shelf import Shelf

ENCODE = MiniLM().encode_query
"""Of the embedded model, which the reader's heads need."""


def read(
    *turns: str, shelf: Shelf, cites: Sequence[str] = (), read_as: ReadAs | None = None
) -> Reading:
    """What the last turn asks for; content answers before it cite ``cites``, in this order."""
    thread = Thread()
    for question in turns[:-1]:
        reading = read_question(question, thread, shelf, ENCODE)
        thread = thread.add_turn(Turn(question, answer_reading(reading, shelf, cites)))
    return read_question(turns[-1], thread, shelf, ENCODE, read_as)


def ask(*turns: str, shelf: Shelf, cites: Sequence[str] = ()) -> Answer:
    """What the last turn is answered."""
    return answer_reading(read(*turns, shelf=shelf, cites=cites), shelf, cites)


def answer_reading(reading: Reading, shelf: Shelf, cites: Sequence[str] = ()) -> Answer:
    """The answer of its route, its citations checked; that of content cites ``cites`` and no more."""
    query = reading.query
    if query.route == "catalogue":
        computed = refuse_unread_alone(reading) or answer_papers(query, shelf, shelf.retrieve)
        answer = add_reading_notes(computed, reading)
    elif query.route == "person":
        answer = add_reading_notes(answer_person(query, shelf, shelf.retrieve), reading)
    elif query.route == "experts":
        answer = add_reading_notes(experts.answer_experts(query, shelf, shelf.retrieve), reading)
    else:
        marks = Citations()
        papers = {p.paper_id: p for p in shelf.papers}
        text = " ".join(f"[{marks.get_marker(papers[k], (0, len(papers[k].text)))}]" for k in cites)
        answer = Answer("", "answered", query.route, text, marks.list_citations())
    check_citations(answer.text, answer.citations, {p.paper_id: p for p in shelf.papers})
    return replace(answer, question=reading.question, reading=reading)


def ask_assistant(assistant: Assistant, *turns: str, thread: Thread = Thread()) -> Thread:  # noqa: B008 - frozen
    """The thread with these turns; the last answer is ``thread.turns[-1].answer``."""
    for question in turns:
        thread = thread.add_turn(Turn(question, assistant.ask(question, thread)))
    return thread
