"""Follow-ups that compare papers: the last one with a named one, or those of the last turns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.library.coined import find_papers_named_in
from rag.library.snapshot import LibrarySnapshot, get_short_name
from rag.understanding.comparison import asks_to_compare
from rag.understanding.pointers import (
    LEAD,
    ConversationFocus,
    ResolvedQuestion,
    format_titles,
    resolve_singular,
)
from rag.understanding.sharing import list_single_papers

_THINGS = r"(?:papers|methods|approaches|models|works|systems|frameworks)"
_BOTH = re.compile(
    rf"\bof\s+the\s+two\b|\b(?:the|these|those)\s+two(?:\s+{_THINGS})?(?=\W*$|\s+(?:is|are|has|have|do|does|was|were|use|came|differ|compare|work)\b)"
    rf"|\bboth(?:\s+of\s+them|\s+(?:of\s+)?(?:the\s+|these\s+|those\s+)?{_THINGS})\b|\bboth\W*$"
    r"|\b(?:do|are|have|did|were|can)\s+both\b(?!\s+\S+\s+(?:and|or)\b)",
    re.IGNORECASE,
)
_THEM = re.compile(r"\b(?:they|them|their|these|those)\b", re.IGNORECASE)
_THAN = re.compile(r"\b(?:\w+er|more|less|better|worse)\b[^?.!]{0,200}\bthan\b", re.IGNORECASE)


def resolve_comparison(
    question: str, focus: ConversationFocus, library: LibrarySnapshot
) -> ResolvedQuestion | None:
    """``how does it compare to X?``: the one paper just shown and the one that is named."""
    if len(focus.papers) != 1 or not (asks_to_compare(question) or _THAN.search(question)):
        return None
    named_papers = [i for i in find_papers_named_in(question, library) if i != focus.papers[0]]
    resolved_question = resolve_singular(question, focus, library)
    if len(named_papers) != 1 or resolved_question.question == LEAD.sub("", question):
        return None
    two = (focus.papers[0], named_papers[0])
    note = f"read as about {' and '.join(get_short_name(library.by_id[i]) for i in two)}"
    return ResolvedQuestion(resolved_question.question, two, note=note, several=True)


def resolve_both(
    question: str, papers_by_turn: Sequence[Sequence[str]], library: LibrarySnapshot
) -> ResolvedQuestion | None:
    """``compare them``, ``which of the two``: papers that were asked about one after the other.

    Args:
        question: As typed.
        papers_by_turn: Papers that each turn was about, the last one first.
        library: Whose papers they are.
    """
    if not papers_by_turn or len(papers_by_turn[0]) != 1 or find_papers_named_in(question, library):
        return None
    single_papers = list_single_papers(papers_by_turn)
    if _BOTH.search(question):
        single_papers = single_papers[-2:]
    elif not (_THEM.search(question) and asks_to_compare(question)):
        return None
    if len(single_papers) < 2:
        return None
    return ResolvedQuestion(
        LEAD.sub("", question),
        single_papers,
        note=format_titles(single_papers, library),
        several=True,
    )
