"""Says how a question was read, and offers the next best reading.

The router puts the other route into ``parts['other']``; ``parts['near']`` is set if it is near enough
to be offered in the answer's text, and ``parts['about']`` is its subject.
"""

from __future__ import annotations

from typing import get_args

from rag.answers.phrases import ROUTE_WORDS, tell_other_reading
from rag.text import join_names
from rag.text.markdown import plain
from rag.types import Alternative, Answer, Intent, ReadAs

_FOR = {
    "content": ("what papers say", "what do papers say about {topic}?"),
    "experts": ("people who work on it", "who works on {topic}?"),
}
_MAX_TOPIC_CHARS = 60
"""A subject longer than this is called ``it``."""


def find_other_reading(intent: Intent) -> Alternative | None:
    """The plausible reading that was not taken, named in words; None where there is none."""
    other_route = intent.parts.get("other")
    for route in get_args(ReadAs):
        if route == other_route and route != intent.route:
            return Alternative(route, _format_words(route, intent))
    return None


def _format_words(route: ReadAs, intent: Intent) -> str:
    subject = " ".join(str(intent.parts.get("about") or intent.topic or "").split())
    subject = subject if len(subject) <= _MAX_TOPIC_CHARS else "it"
    if route == "content":
        return f"what papers say about {subject}" if subject else "what papers say"
    if route == "experts":
        return f"people who work on {subject or 'it'}"
    if route == "person":
        return (
            f"{join_names(intent.people)}, and their papers"
            if intent.people
            else "the person who is meant"
        )
    return f"all papers {subject}" if subject else "all papers that fit, counted or listed"


def format_closing_line(intent: Intent) -> str:
    """``Read as a count or list; for what papers say, ask: '...'``; empty where no other reading is near."""
    other_route = str(intent.parts.get("other", ""))
    if not (intent.parts.get("near") and intent.topic and other_route in _FOR):
        return ""
    what, question = _FOR[other_route]
    reading = str(intent.parts.get("read") or ROUTE_WORDS[intent.route])
    return tell_other_reading(reading, what, question.format(topic=plain(intent.topic)))


def add_closing_line(answer: Answer, intent: Intent) -> str:
    """The answer's text with the closing line, if there is one."""
    line = format_closing_line(intent)
    return f"{answer.text}\n\n{line}" if line else answer.text
