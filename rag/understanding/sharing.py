"""Questions whether papers share authors: named papers, or those of earlier turns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.library.snapshot import LibrarySnapshot, get_short_name
from rag.text import fold
from rag.understanding.pointers import LEAD, ResolvedQuestion

_PEOPLE_NOUN = r"(?:co-?)?(?:authors?|people|person|writers?|researchers?|names?)"
_SHARED_AUTHORS = re.compile(
    rf"\bshar(?:e|es|ed|ing)\s+(?:(?:any|some|an|the|a|same|common|of|their|its)\s+)*{_PEOPLE_NOUN}\b"
    rf"|\b{_PEOPLE_NOUN}\s+(?:\w+\s+){{0,2}}?in\s+common\b|\b(?:common|shared|overlapping|joint)\s+{_PEOPLE_NOUN}\b"
    rf"|\b{_PEOPLE_NOUN}\b(?!\s+of\b)(?=[^?.]{{0,240}}\b(?:share|shared|common to|in common)\b)[^?.]{{0,120}}\b(?:do|are|is)\b[^?.]{{0,120}}\b(?:share|shared|common to|in common)\b"
    rf"|\b(?:author(?:ship)?s?|{_PEOPLE_NOUN})\s+overlap\w*|\boverlap\w*\s+(?:of|in|between|among)\s+(?:the\s+|their\s+)?authors?\b"
    r"|\b(?:by|from|have|has|got)\s+(?:(?:any|some|of)\s+)*the\s+same\s+(?:authors?|people|person|group|team)\b"
    rf"|\b(?:who|which\s+{_PEOPLE_NOUN})\s+(?:has\s+|have\s+)?(?:is|are|wrote|written|worked|authored|stands?)\s+(?:an?\s+)?(?:authors?\s+)?(?:on|of|in|at)?\s*both\b",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:they|them|these|those|both|the\s+(?:two|three|papers)|their|it|its|this|that)\b",
    re.IGNORECASE,
)


def is_about_shared_authors(question: str) -> bool:
    return _SHARED_AUTHORS.search(question) is not None


def find_named_papers(text: str, library: LibrarySnapshot) -> tuple[str, ...]:
    """Papers named by a coined word or by their full titles, in the text's order."""
    low = fold(text)
    places = [(text.find(word), ids[0]) for word, ids in library.find_papers_called(text)]
    places += [
        (at, p.paper_id) for p in library.papers if p.title and (at := low.find(fold(p.title))) >= 0
    ]
    return tuple(dict.fromkeys(paper_id for _, paper_id in sorted(places)))


def list_single_papers(papers_by_turn: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The papers of the latest turns that were about one paper each, in the order of the turns."""
    paper_ids: list[str] = []
    for papers in papers_by_turn:
        if len(papers) != 1:
            break
        paper_ids = [*papers, *paper_ids]
    return tuple(dict.fromkeys(paper_ids))


def resolve_sharing(
    question: str, papers_by_turn: Sequence[Sequence[str]], library: LibrarySnapshot
) -> ResolvedQuestion | None:
    """Of what ``do they share authors?`` asks: the papers shown, or of the single ones of the turns before.

    Args:
        question: As typed.
        papers_by_turn: Papers that each turn was about, the last one first.
        library: Whose papers they are.
    """
    if not papers_by_turn or not papers_by_turn[0]:
        return None
    named_ids = find_named_papers(question, library)
    if not _POINTS.search(question) and named_ids:
        return None
    paper_ids = (
        papers_by_turn[0]
        if named_ids or len(papers_by_turn[0]) > 1
        else list_single_papers(papers_by_turn)
    )
    together = tuple(dict.fromkeys((*paper_ids, *named_ids)))
    if len(together) < 2:
        return None
    names = " and ".join(get_short_name(library.by_id[i]) for i in together)
    several = f"the {len(together)} papers just shown" if len(together) > 3 else names
    return ResolvedQuestion(
        LEAD.sub("", question), together, note=f"read as about {several}", several=True
    )
