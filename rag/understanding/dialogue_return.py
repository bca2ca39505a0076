"""Turns that go back to what was asked before: ``back to the first list, only those with code``.

Such a turn is read as if it had been asked then, without the words that go back.
"""

from __future__ import annotations

import re

from rag.text import split_terms
from rag.types.query_text import print_query
from rag.understanding.dialogue_state import DialogueState, find_ordinal

_LIST = r"(?:lists?|answer|results?|set|papers|ones|question|search)"
_BACK = re.compile(
    r"\W*(?:(?:and|ok|okay|so|now|but|then|well|please|to|let['’]?s|can we|could we)\W+){0,3}"
    r"(?:(?:(?:go|going|come|coming|get|getting)\s+)?back|return|returning)\s+to\s+"
    r"(?P<to>[^,:;.?!–]{2,80}?)"
    r"(?:\s*[,:;.?!–]+\s*(?:and\s+)?|\W*$|\s+(?=(?:which|who|what|how|only|just|do|does|did|are|is|show|list|and)\b))",
    re.IGNORECASE,
)
_OF_LIST = re.compile(
    rf"\b(?P<of>of|in|from|among|on)\s+(?P<to>(?:the|your|that|my)\s+(?:very\s+)?"
    rf"(?:first|second|third|earlier|original|initial)\s+{_LIST})\b",
    re.IGNORECASE,
)
_SHOWN = re.compile(
    rf"\b(?:the|your|that|my)\b|\b(?:{_LIST}|(?P<people>people|experts|researchers))\b",
    re.IGNORECASE,
)
_BEGINNING = re.compile(r"\b(?:original|initial)\b", re.IGNORECASE)
_WORDS_OF_ORDER = frozenset(split_terms("first second third earlier previous topic subject"))


def go_back(question: str, state: DialogueState) -> tuple[str, DialogueState] | None:
    """What is left of a question that may go back, and the state that it goes back to; else None.

    Nothing is left where nothing else is asked. What was never spoken of is a question of its own.
    """
    rest = ""
    if match := _BACK.match(question):
        rest = question[match.end() :].strip()
    elif match := _OF_LIST.search(question):
        rest = f"{question[: match.start()]}{match['of']} those{question[match.end() :]}"
    meant = _find_state(_BEGINNING.sub("first", match["to"]), state) if match else None
    return (rest, meant) if meant is not None else None


def _find_state(words: str, state: DialogueState) -> DialogueState | None:
    """The state that words mean: by what was asked or read, else by its place among the lists."""
    states = (state, *state.earlier)
    terms = {*split_terms(_SHOWN.sub(" ", words))} - _WORDS_OF_ORDER
    if terms:
        asked = [s for s in states if terms <= {*split_terms(s.question)}]
        read = [s for s in states if terms <= {*split_terms(print_query(s.query))}]
        return next(iter((*asked, *read)), None)
    is_of_people = any(match["people"] for match in _SHOWN.finditer(words))
    lists = [
        s for s in states[::-1] if (s.shown == "people" if is_of_people else len(s.papers) > 1)
    ]
    at = find_ordinal(words, len(lists))
    if at is None:  # "the previous list": not the one just shown
        lists, at = [s for s in lists if s is not state] or lists, -1
    return lists[at] if lists else None
