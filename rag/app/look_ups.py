"""Decides by words which questions need several look-ups, so that no other pays for a plan."""

from __future__ import annotations

import re

from rag.config.settings import Settings
from rag.library.coined import find_papers_named_in
from rag.library.view import LibraryView
from rag.text.markdown import markers
from rag.types import Query, Reading, Thread

_CONTENT = frozenset({"passages", "overview", "comparison"})
_JOINS = r"(?:[,;?]|\b(?:and|plus|then|also|together with|along with|as well as|with|besides)\b)"
_COMPUTED = (
    r"(?:(?:say|tell me|show|name|list|find|give me)\s+(?:me\s+)?)?"
    r"(?:who\b|whose\b|how many (?:papers|people|authors|researchers)\b|which (?:people|authors?|researchers?|groups?|labs?|teams?)\b"
    r"|(?:a |the )?(?:list|number) of\b|list\b|the (?:people|authors?|researchers?) (?:who|that|behind|of)\b)"
)
_TASK = r"(?:please\s+)?(?:compare|contrast|explain|summari[sz]e|describe|discuss)\b"
_WORDED = rf"(?:{_TASK}|(?:how|what) (?:do|does|did|is|are|was|were)\b|why\b(?=\s+\w)|in what\b)"
_THEN_COMPUTED = re.compile(rf"{_JOINS}[\s,]{{1,4}}(?:also\s+|then\s+)?{_COMPUTED}", re.IGNORECASE)
_THEN_WORDED = re.compile(rf"{_JOINS}[\s,]{{1,4}}(?:also\s+|then\s+)?{_WORDED}", re.IGNORECASE)
_FIRST_TASK = re.compile(rf"\W*(?:(?:can|could) you\s+)?{_TASK}", re.IGNORECASE)
_RELATION = (
    r"(?:contradict|disagree|conflict|refut|challeng|disput|oppos|inconsistent|at odds|confirm|corroborat"
    r"|support|replicat|reproduc|build\w* (?:up)?on|extend|follow\w* up|improv\w* (?:up)?on|criticis|criticiz|outperform)\w*"
)
_OTHERS = (
    r"\b(?:papers?|works?|stud(?:y|ies)|evidence|results?|findings?|anyone|anything|others?|some(?:one|thing)"
    r"|approach(?:es)?|methods?)\b"
)
_RELATED = re.compile(rf"{_OTHERS}.{{0,60}}?\b{_RELATION}", re.IGNORECASE)
_POINTER = re.compile(
    r"\[\d+\]|\b(?:this|that|it|its|the (?:first|second|third|last)(?: one| paper)?|(?:paper|reference) \d+)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def is_planned(reading: Reading, thread: Thread, library: LibraryView, settings: Settings) -> bool:
    """Whether a model that is there is to plan several look-ups; see `needs_look_ups`."""
    words = reading.query.text if reading.by == "model" else reading.question
    may_plan = settings.plan and library.n_papers > 0
    return may_plan and needs_look_ups(words, reading, thread, library)


def needs_look_ups(question: str, reading: Reading, thread: Thread, library: LibraryView) -> bool:
    """Whether one look-up cannot find what a question asks for.

    The reader found two questions of which it answers one; something worded is asked beside something
    computed ("compare A and B, together with who works on it"); papers are asked for by their relation
    to one that is pointed at ("find papers that contradict [1]"); two years are compared.

    Args:
        question: As typed, of bounded length; in English.
        reading: By words or by a model; one that was set by hand is taken as it stands.
        thread: The conversation before it.
        library: Whose papers the question may name.
    """
    query = reading.query
    if reading.by not in ("words", "model") or query.want == "aside":
        return False
    if reading.second:
        return True
    if _RELATED.search(question) and (
        (thread.turns and _POINTER.search(question)) or list_focus(question, query, thread, library)
    ):
        return True
    if query.want in _CONTENT and _THEN_COMPUTED.search(question):
        return True
    if query.want not in (*_CONTENT, "profile", "values") and (
        _THEN_WORDED.search(question)
        or (_FIRST_TASK.match(question) and _THEN_COMPUTED.search(question))
    ):
        return True
    compares = query.want == "comparison" or re.match(r"\W*compare\b", question, re.IGNORECASE)
    return bool(compares) and len(set(_YEAR.findall(question))) > 1


def list_focus(
    question: str, query: Query, thread: Thread, library: LibraryView
) -> tuple[str, ...]:
    """Ids of the papers that a question points at or names: ``[1]`` is of the last answer."""
    if thread.turns:
        numbers = markers(question)
        cited = [c for c in thread.turns[-1].answer.citations if c.marker in numbers]
        if cited:
            return tuple(dict.fromkeys(c.paper_id for c in cited))
    like = (query.like,) if query.like else ()
    return query.papers or like or tuple(find_papers_named_in(question, library))
