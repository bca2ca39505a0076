"""Puts a question into English for the other rooms, and says so in the answer."""

from __future__ import annotations

from rag.library.view import LibraryView
from rag.text.rendering import render


def convert_to_english(question: str, library: LibraryView) -> tuple[str, tuple[str, ...]]:
    """The question in English, and a note where it was in another language.

    Words of the names of people in the library belong to no language: ``De Cheng`` is not Spanish,
    nor is ``Jean-Luc de la Croix``. Where a question has letters that English lacks, only whole names are
    spared: ``Wer`` may be a part of one, too.
    """
    rendering = render(question)
    if rendering is not None:
        names = library.names
        typed = (word.strip("?!.,;:'\"") for word in question.split() if question.isascii())
        spared = [w for w in typed if w[:1].isupper() and names.is_part(w)]
        for mention in names.find_mentions(question):
            spared += mention.typed.replace("-", " ").split()
        rendering = render(question, spared)
    return (rendering.text, (rendering.note,)) if rendering else (question, ())
