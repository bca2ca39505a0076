"""Follow-ups on papers side by side: one just shown beside one that is named, or those of the last turns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answering.comparing import asks_to_compare
from rag.census import Census, short_name
from rag.coined import named_in
from rag.pointers import LEAD, Shown, Whole, singular, told
from rag.sharing import singles

_THINGS = r"(?:papers|methods|approaches|models|works|systems|frameworks)"
_BOTH = re.compile(
    rf"\bof\s+the\s+two\b|\b(?:the|these|those)\s+two(?:\s+{_THINGS})?(?=\W*$|\s+(?:is|are|has|have|do|does|was|were|use|came|differ|compare|work)\b)"
    rf"|\bboth(?:\s+of\s+them|\s+(?:of\s+)?(?:the\s+|these\s+|those\s+)?{_THINGS})\b|\bboth\W*$"
    r"|\b(?:do|are|have|did|were|can)\s+both\b(?!\s+\S+\s+(?:and|or)\b)",
    re.IGNORECASE,
)
_THEM = re.compile(r"\b(?:they|them|their|these|those)\b", re.IGNORECASE)
_THAN = re.compile(r"\b(?:\w+er|more|less|better|worse)\b[^?.!]{0,200}\bthan\b", re.IGNORECASE)


def beside(question: str, shown: Shown, now: Census) -> Whole | None:
    """``how does it compare to X?``: the one paper just shown and the one that is named."""
    if len(shown.papers) != 1 or not (asks_to_compare(question) or _THAN.search(question)):
        return None
    named = [i for i in named_in(question, now) if i != shown.papers[0]]
    whole = singular(question, shown, now)
    if len(named) != 1 or whole.question == LEAD.sub("", question):
        return None
    two = (shown.papers[0], named[0])
    note = f"read as about {' and '.join(short_name(now.by_id[i]) for i in two)}"
    return Whole(whole.question, two, note=note, several=True)


def of_both(question: str, shown: Sequence[Sequence[str]], now: Census) -> Whole | None:
    """``compare them``, ``which of the two``: papers that were asked about one after the other.

    Args:
        question: As typed.
        shown: Papers that each turn was about, the last one first.
        now: Whose papers they are.
    """
    if not shown or len(shown[0]) != 1 or named_in(question, now):
        return None
    held = singles(shown)
    if _BOTH.search(question):
        held = held[-2:]
    elif not (_THEM.search(question) and asks_to_compare(question)):
        return None
    if len(held) < 2:
        return None
    return Whole(LEAD.sub("", question), held, note=told(held, now), several=True)
