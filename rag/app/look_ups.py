"""Decides by words which questions need several look-ups, so that no other pays for a plan."""

from __future__ import annotations

import re

from rag.types import Reading, Thread
from rag.understanding.two_questions import tells_open

_CONTENT = frozenset({"passages", "overview", "comparison"})
_JOINS = r"(?:[,;?]|\b(?:and|plus|then|also|together with|along with|as well as|with|besides)\b)"
_COMPUTED = (
    r"(?:(?:say|tell me|show|name|list|find|give me)\s+(?:me\s+)?)?"
    r"(?:who\b(?! else is)|whose\b|how many\b|which (?:people|authors?|researchers?|groups?|labs?|teams?)\b"
    r"|(?:a |the )?(?:list|number) of\b|list\b|the (?:people|authors?|researchers?) (?:who|that|behind|of)\b)"
)
_WORDED = (
    r"(?:please\s+)?(?:compare|contrast|explain|summari[sz]e|describe|discuss|how (?:do|does|did|is|are|was|were)\b"
    r"|why\b|what (?:do|does|did|is|are|was|were)\b|in what\b)"
)
_THEN_COMPUTED = re.compile(rf"{_JOINS}[\s,]+(?:also\s+|then\s+)?{_COMPUTED}", re.IGNORECASE)
_THEN_WORDED = re.compile(rf"{_JOINS}[\s,]+(?:also\s+|then\s+)?{_WORDED}", re.IGNORECASE)
_FIRST_WORDED = re.compile(rf"\W*(?:(?:can|could) you\s+)?{_WORDED}", re.IGNORECASE)
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


def needs_look_ups(question: str, reading: Reading, thread: Thread) -> bool:
    """Whether one look-up cannot find what a question asks for.

    The reader found two questions of which it answers one; something worded is asked beside something
    computed ("compare A and B, together with who works on it"); papers are asked for by their relation
    to one that is pointed at ("find papers that contradict [1]"); two years are compared.

    Args:
        question: As typed, of bounded length.
        reading: By words or by a model; one that was set by hand is taken as it stands.
        thread: The conversation before it.
    """
    query = reading.query
    if reading.by not in ("words", "model") or query.want == "aside":
        return False
    if any(map(tells_open, reading.notes)):
        return True
    if _RELATED.search(question) and (query.papers or (thread.turns and _POINTER.search(question))):
        return True
    if query.want in _CONTENT and _THEN_COMPUTED.search(question):
        return True
    if query.want not in _CONTENT and (
        _THEN_WORDED.search(question)
        or (_FIRST_WORDED.match(question) and _THEN_COMPUTED.search(question))
    ):
        return True
    compares = query.want == "comparison" or re.match(r"\W*compare\b", question, re.IGNORECASE)
    return bool(compares) and len(set(_YEAR.findall(question))) > 1
