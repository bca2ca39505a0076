"""Reads which attributes of a named paper a question asks for."""

from __future__ import annotations

import re

from rag.library.snapshot import LibrarySnapshot
from rag.understanding.catalogue_ask import Ask
from rag.understanding.catalogue_reading import list_telling_words

_ATTRIBUTES: tuple[tuple[str, str], ...] = (
    (
        "year",
        r"(?:in\s+)?(?:what|which)\s+(?:year|date|month)|when|how\s+(?:old|recent|new)|(?:publication|posting)?\s*(?:date|year)",
    ),
    (
        "link",
        r"(?:where|what)\s+(?:is|are|can)\b.{0,120}\b(?:code|repo(?:sitory)?|implementation)|(?:links?|urls?|github|repo(?:sitory)?)",
    ),
    ("code", r"(?:code|implementation|open[- ]source[d]?)"),
    ("category", r"categor(?:y|ies)"),
    ("affiliation", r"affiliations?"),
    ("score", r"(?:header\s+)?score"),
    ("place", r"(?:seed\s+)?(?:file|document|page|line)s?"),
    ("title", r"(?:full|exact|whole|complete)\s+title|title"),
)


_ATTRIBUTE_FILLER = frozenset(
    "posted published released written appear appeared come came out available availability mark marked"
    " marks public publicly find found full exact whole complete stand stands listed print printed category"
    " belong belongs where when year date month put paper"
    " repo repository link links url github code implementation".split()
)


def read_attributes(text: str, library: LibrarySnapshot) -> Ask | None:
    """What a question asks of the entry of the paper it names (or means), if nothing else."""
    rest = text
    for name, _ in library.find_papers_called(text):
        rest = rest.replace(name, " ")
    questions: list[str] = []
    if re.search(
        r"\bin\s+(?:the|its|their|a|any)\s+titles?\b|\btitles?\s+(?:with|contain|say|that)",
        text,
        re.IGNORECASE,
    ):
        return None
    if re.search(r"\bhow\s+(?:many|much|well|fast|does|do)\b", text, re.IGNORECASE):
        return None
    for field, pattern in _ATTRIBUTES:
        match = re.search(rf"\b(?:{pattern})\b", rest, re.IGNORECASE)
        if match:
            questions.append(field)
            rest = rest[: match.start()] + " " + rest[match.end() :]
    remaining = [w for w in list_telling_words(rest) if w.lower() not in _ATTRIBUTE_FILLER]
    return Ask("attribute", tuple(questions)) if questions and not remaining else None
