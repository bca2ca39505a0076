"""A short label, in the paper's own words, for a paper whose title was not printed."""

from __future__ import annotations

from rag.text import excerpt, sentences

MAX_WORDS = 10


def label(text: str) -> str:
    """At most ten words of the text's first sentence; ``Untitled`` where there is no text."""
    spans = sentences(text)
    return excerpt(text[slice(*spans[0])], MAX_WORDS) if spans else "Untitled"
