"""Two questions in one message, which are answered one after the other."""

from __future__ import annotations

import re

from rag.types.query import Query

_CONTENT = ("passages", "overview", "comparison")
_ASKS = r"(?:who|whom|whose|how|when|where|which|what|why|list|show|tell me|give me)\b"
_BETWEEN = re.compile(
    rf"(?P<end>\?)\s+(?:(?:and|also|if so|plus)\b,?\s+)?(?={_ASKS}|(?:is|are|do|does|did|has|have)\b)"
    r"|,\s+and\s+(?=(?:is|are|do|does|did|has|have|was|were|can)\b)"
    r"|\s+and\s+(?=(?:is|are|do|does|did|has|have|was|were|can)\s+(?:it|its|they|their|there|the|he|his|she|her|any)\b)"
    rf"|,?\s+and(?:\s+(?:also|then))?\s+(?={_ASKS})|\s*;\s*(?={_ASKS})",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    rf"\W*(?:{_ASKS}|is\b|are\b|do\b|does\b|has\b|papers\b|people\b|can you\b|could you\b|please\b)",
    re.IGNORECASE,
)


def split_questions(text: str) -> tuple[str, str] | None:
    """``How many papers are on tides and who wrote them?`` as two; None where there is one."""
    for match in _BETWEEN.finditer(text):
        first, second = (
            text[: match.start("end") + 1 if match["end"] else match.start()],
            text[match.end() :],
        )
        if _BEGINS.match(first) and min(len(first.split()), len(second.split())) > 1:
            return first.strip(), second.strip()
    return None


def are_two(first: Query, second: Query) -> bool:
    """Whether no one answer is to both: what papers say on the second is sought with the first."""
    if "aside" in (first.want, second.want) or (first.want in _CONTENT and second.want in _CONTENT):
        return False
    # "Who is Yuxi Mi and what are they known for?": a portrait tells that.
    of_nothing_else = second.want == "overview" and not (
        second.about or second.where or second.papers
    )
    if first.want == "profile" and of_nothing_else:
        return False
    return first.want != second.want or (first.want == "people" and first.about != second.about)
