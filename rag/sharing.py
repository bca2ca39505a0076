"""Whether papers share authors: the papers a question names, or those of the turns before."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.census import Census, short_name
from rag.pointers import LEAD, Whole
from rag.text import fold

_PEOPLE = r"(?:co-?)?(?:authors?|people|person|writers?|researchers?|names?)"
_SHARED_AUTHORS = re.compile(
    rf"\bshar(?:e|es|ed|ing)\s+(?:(?:any|some|an|the|a|same|common|of|their|its)\s+)*{_PEOPLE}\b"
    rf"|\b{_PEOPLE}\s+(?:\w+\s+){{0,2}}?in\s+common\b|\b(?:common|shared|overlapping|joint)\s+{_PEOPLE}\b"
    rf"|\b{_PEOPLE}\b(?!\s+of\b)(?=[^?.]{{0,240}}\b(?:share|shared|common to|in common)\b)[^?.]{{0,120}}\b(?:do|are|is)\b[^?.]{{0,120}}\b(?:share|shared|common to|in common)\b"
    rf"|\b(?:author(?:ship)?s?|{_PEOPLE})\s+overlap\w*|\boverlap\w*\s+(?:of|in|between|among)\s+(?:the\s+|their\s+)?authors?\b"
    r"|\b(?:by|from|have|has|got)\s+(?:(?:any|some|of)\s+)*the\s+same\s+(?:authors?|people|person|group|team)\b"
    rf"|\b(?:who|which\s+{_PEOPLE})\s+(?:has\s+|have\s+)?(?:is|are|wrote|written|worked|authored|stands?)\s+(?:an?\s+)?(?:authors?\s+)?(?:on|of|in|at)?\s*both\b",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:they|them|these|those|both|the\s+(?:two|three|papers)|their|it|its|this|that)\b",
    re.IGNORECASE,
)


def asks_for_shared_authors(question: str) -> bool:
    return _SHARED_AUTHORS.search(question) is not None


def named_papers(text: str, now: Census) -> tuple[str, ...]:
    """Papers called by a made-up word or by their whole titles, in the text's order."""
    low = fold(text)
    found = [(text.find(word), ids[0]) for word, ids in now.called(text)]
    found += [
        (at, p.paper_id) for p in now.papers if p.title and (at := low.find(fold(p.title))) >= 0
    ]
    return tuple(dict.fromkeys(paper_id for _, paper_id in sorted(found)))


def singles(shown: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The papers of the latest turns that were about one paper each, in the order of the turns."""
    found: list[str] = []
    for papers in shown:
        if len(papers) != 1:
            break
        found = [*papers, *found]
    return tuple(dict.fromkeys(found))


def papers_sharing(question: str, shown: Sequence[Sequence[str]], now: Census) -> Whole | None:
    """Of what ``do they share authors?`` asks: the papers shown, or of the single ones of the turns before.

    Args:
        question: As typed.
        shown: Papers that each turn was about, the last one first.
        now: Whose papers they are.
    """
    if not shown or not shown[0]:
        return None
    named = named_papers(question, now)
    if not _POINTS.search(question) and named:
        return None
    found = shown[0] if named or len(shown[0]) > 1 else singles(shown)
    together = tuple(dict.fromkeys((*found, *named)))
    if len(together) < 2:
        return None
    names = " and ".join(short_name(now.by_id[i]) for i in together)
    several = f"the {len(together)} papers just shown" if len(together) > 3 else names
    return Whole(LEAD.sub("", question), together, note=f"read as about {several}", several=True)
