"""Says beside an answer how its question was read, and offers the next best reading."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from rag.answers import phrases
from rag.answers.reading_phrases import describe_query, tell_unsure
from rag.text.markdown import plain
from rag.types import Alternative, Answer, ReadAs, Reading

_FOR = {
    "content": ("what papers say", "what do papers say about {topic}?"),
    "experts": ("people who work on it", "who works on {topic}?"),
}


def find_other_reading(reading: Reading) -> Alternative | None:
    """The plausible reading that was not taken, named in words; None where there is none."""
    # "thank you, bye" may as well be nothing else.
    if not reading.others or reading.query.want == "aside":
        return None
    second = reading.others[0]
    for route in get_args(ReadAs):
        if route == second.route and route != reading.query.route:
            return Alternative(
                route, reading.other_words or describe_query(second, reading.query.topic)
            )
    return None


def refuse_unread_alone(reading: Reading) -> Answer | None:
    """``papers not ...`` of which nothing else was understood would list the whole library.

    Who has changed the query on screen sees what it asks for, so the list is what is wanted.
    """
    query = reading.query
    if (
        reading.by == "screen"
        or not reading.unread
        or query.want not in ("papers", "count", "extreme")
        or query.where
        or query.topic
    ):
        return None
    text = phrases.tell_unread_alone(_format_unread(reading))
    return Answer("", "abstained", query.route, text)


def add_reading_notes(answer: Answer, reading: Reading) -> Answer:
    """The answer with how names and times were read, what was not read, and a reading that is unsure, said first.

    The closing line offers another reading that is about as likely.
    """
    text, warnings = answer.text, answer.warnings
    if reading.unread and refuse_unread_alone(reading) is None:
        unread = phrases.refuse_unread(_format_unread(reading))
        text, warnings = f"{unread}\n\n{text}", (unread, *warnings)
    notes = [n for n in reading.notes if n not in text]
    if reading.is_unsure:
        others = [describe_query(query) for query in reading.others[:1]]
        notes.append(tell_unsure(describe_query(reading.query), *others or [""]))
        warnings = (*warnings, notes[-1])
    text = phrases.put_notes_first(notes, text)
    if line := format_closing_line(reading):
        text = f"{text}\n\n{line}"
    return replace(answer, text=text, warnings=warnings)


def _format_unread(reading: Reading) -> str:
    return plain(", ".join(reading.unread))


def format_closing_line(reading: Reading) -> str:
    """``Read as a count or list; for what papers say, ask: '...'``; empty where no other reading is near."""
    query = reading.query
    second = find_other_reading(reading)
    if not (reading.is_close and query.topic and second and second.route in _FOR):
        return ""
    what, question = _FOR[second.route]
    is_of_one_paper = query.relation in ("authors", "first_author")
    read_as = "who wrote that paper" if is_of_one_paper else phrases.ROUTE_WORDS[query.route]
    return phrases.tell_other_reading(read_as, what, question.format(topic=plain(query.topic)))
