"""Kinds of publication that a question asks for: editorials, letters, book reviews."""

from __future__ import annotations

import re

from rag.library.view import LibraryView
from rag.types.fields import Condition
from rag.understanding.frame_types import EntitySpan

_KINDS = {
    "editorial": "editorials|editorial(?= (?:papers|articles|pieces|entries))", "letter": r"letters(?: to the editor)?", "comment": "comments",
    "commentary": "commentaries", "corrigendum": r"corrigend(?:a|ums)", "erratum": r"errat(?:a|ums)",
    "correction": "corrections", "addendum": "addenda", "retraction": "retractions", "reply": "replies",
    "rejoinder": "rejoinders", "viewpoint": "viewpoints", "perspective": "perspectives", "opinion": "opinions",
    "essay": "essays", "interview": "interviews", "obituary": "obituaries", "book review": "book reviews",
    "case report": "case reports", "case study": "case studies", "protocol": "(?:study )?protocols",
    "technical report": "(?:technical|tech) reports", "technical note": "technical notes", "research note": "research notes",
    "thesis": "theses", "dissertation": "dissertations", "preface": "prefaces", "foreword": "forewords",
    "lecture": "lectures", "guideline": "guidelines", "news": "news items", "poster": "posters",
}  # fmt: skip
"""Kinds of publication, as titles begin, and how several are asked for."""
_OF_THAT_KIND = re.compile(
    r"(?<![\w'’-])(?:"
    + "|".join(f"(?P<k{n}>{plural})" for n, plural in enumerate(_KINDS.values()))
    + r")(?:\s+(?:papers|articles|pieces|entries))?(?![\w'’-])",
    re.IGNORECASE,
)


def find_kinds(text: str, library: LibraryView) -> list[EntitySpan]:
    """Kinds of publication where titles here begin so: ``how many editorials in 2018`` counted all papers.

    Nothing else says of a paper what kind it is, so they are words of its title.
    """
    spans = []
    for match in _OF_THAT_KIND.finditer(text):
        kind = list(_KINDS)[int(str(match.lastgroup)[1:])]
        if library.find_papers([Condition("title", "starts", kind)], limit=1):
            spans.append(EntitySpan(*match.span(), "words", kind, is_certain=True))
    return spans
