"""How a question was read, line by line: ``paperfolk ask --explain``."""

from __future__ import annotations

from collections.abc import Iterator

from rag.types.query import Part, Reading

_READERS = {
    "words": "from its words",
    "model": "by the language model",
    "flags": "from the flags",
    "screen": "from what was set on screen",
    "program": "as given",
}


def iter_explanation(reading: Reading) -> Iterator[str]:
    """The query, its parts with the words that gave them, what nothing used, and other readings."""
    yield f"Read {_READERS[reading.by]}: {reading.query}"
    width = max((len(part.slot) for part in reading.parts), default=0)
    for part in reading.parts:
        yield f"  {part.slot:<{width}}  {_format_part(part)}"
    for words in reading.unread:
        yield f"  not used: “{words}”"
    for note in reading.notes:
        yield f"  note: {note}"
    for query in reading.others:
        yield f"  or: {query}"


def _format_part(part: Part) -> str:
    origin = "from the conversation" if part.origin == "thread" else ""
    words = f"“{part.words}”" if part.words else ""
    return "  ".join(filter(None, (part.printed, words, origin, part.evidence)))
