"""The line that says how a question was read, where another reading is near: a wrong guess is cheap."""

from __future__ import annotations

from rag.answering.citations import plain
from rag.types import Answer, Intent

_READ = {
    "experts": "a search for people",
    "catalogue": "a list",
    "person": "a list of somebody's papers",
}
_FOR = {
    "content": ("what papers say", "what do papers say about {topic}?"),
    "experts": ("people who work on it", "who works on {topic}?"),
}


def closing(intent: Intent) -> str:
    """``Read as a list; for what papers say, ask: '...'``; empty where no other reading is near.

    ``parts['near']`` says that one is, ``parts['other']`` which.
    """
    other = str(intent.parts.get("other", ""))
    if not (intent.parts.get("near") and intent.topic and other in _FOR):
        return ""
    what, question = _FOR[other]
    reading = str(intent.parts.get("read") or _READ.get(intent.route, intent.route))
    return f"Read as {reading}; for {what}, ask: '{question.format(topic=plain(intent.topic))}'"


def closed(answer: Answer, intent: Intent) -> str:
    """The answer's text with the closing line, if there is one."""
    line = closing(intent)
    return f"{answer.text}\n\n{line}" if line else answer.text
