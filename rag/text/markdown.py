"""Escapes text for use in answers, so that it is neither Markdown, HTML nor a marker."""

from __future__ import annotations

import re

from rag.text import remove_hidden

MARKER = re.compile(r"\[(\d+)\]")
"""A citation marker, as the screens and the evaluation recognise it."""


_NUMBERS = re.compile(r"\[(\s*\d+(?:\s*[,;–-]\s*\d+)*\s*)\]")


_HAZARDS = (
    (
        "a link or an image",
        re.compile(r"\]\(|!\[|\]\[(?!\d+\])|^ {0,3}\[[^\]\n]+\]:", re.MULTILINE),
    ),
    ("HTML", re.compile(r"<[A-Za-z/!?]")),
    ("a code span", re.compile(r"`")),
)


def markers(text: str) -> list[int]:
    """Every marker in a text, in order, with repeats."""
    return [int(match[1]) for match in MARKER.finditer(text)]


def plain(text: str) -> str:
    """Text from a paper or a question as one line that is neither Markdown, HTML nor a marker.

    Words, numbers and addresses stay as they are, so that a reader finds them again; only signs
    that would be taken for markup give way to their nearest look-alike or get a space. Applying it
    twice changes nothing more.
    """
    return inert(remove_hidden(text))


def inert(text: str) -> str:
    """`plain` for text that has lost its hidden characters already and may hold a caller's own."""
    text = " ".join(text.split()).rstrip("\\ ")
    text = _NUMBERS.sub(r"(\1)", text)
    text = text.replace("`", "'").replace("*", "∗")
    text = text.replace("~~", "∼∼")
    text = re.sub(r"!(?=\[)", "! ", text)
    text = re.sub(r"\](?=[(\[:])", "] ", text)
    text = re.sub(r"<(?=[A-Za-z/!?])", "< ", text)
    text = re.sub(r"(?<![\w\\])_+(?=\S)", lambda run: run[0].replace("_", r"\_"), text)
    text = re.sub(r"^(?=[#>|]|[=+-]+(?:\s|$))", r"\\", text)
    text = re.sub(r"^(\d+)([.)])(?=\s|$)", r"\1\\\2", text)
    return text


def hazards(text: str) -> tuple[str, ...]:
    """What in an answer's Markdown would be more than words: links, images, HTML, code; or ()."""
    return tuple(name for name, pattern in _HAZARDS if pattern.search(text))
