"""A question as the rest of the program can read it, and what to say where it was not in English."""

from __future__ import annotations

from rag.census import Source, census
from rag.languages.rendering import render


def in_english(question: str, library: Source) -> tuple[str, tuple[str, ...]]:
    """The question in English, and a note where it was in another language.

    Words of the names of people in the library belong to no language: ``De Cheng`` is not Spanish.
    """
    found = render(question)
    if found is not None and question.isascii():
        names = census(library).names
        typed = (word.strip("?!.,;:'\"") for word in question.split())
        found = render(question, [w for w in typed if w[:1].isupper() and names.is_part(w)])
    return (found.text, (found.note,)) if found else (question, ())
