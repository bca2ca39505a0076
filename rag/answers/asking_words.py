"""Words of a question that an answering paper need not have: they say what is asked, not about what.

"Which diseases was mclSTExp tested on?" was declined for "diseases", and "where does VISA fall short?" for
"fall", while the sentence that answers was at hand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answers.sentence_forms import KINDS, names_data
from rag.library.naming import is_made_up
from rag.search.thesaurus import find_everyday_phrases
from rag.text.everyday import is_everyday
from rag.types import PaperHit, Span

_KIND_ASKED = re.compile(
    r"\b(?:which|what)\s+(?P<kinds>[a-z][\w-]*(?:\s+(?!(?:was|were|is|are|has|have|had|does|do|did|can)\b)"
    r"[a-z][\w-]*){0,4})\s+(?:was|were|is|are|has|have|had|does|do|did|can)\b"
)
_EITHER = re.compile(r"(?<![\w-])([\w-]+)\s+or\s+([\w-]+)")


def find_words_of_asking(question: str, cited: Sequence[PaperHit]) -> list[Span]:
    """Spans of a question whose words need not be in the papers that would be cited."""
    return [
        *_find_idioms(question),
        *_find_last_verb(question),
        *_find_met_alternatives(question, cited),
        *_find_forgiven_kinds(question, cited),
    ]


def _find_idioms(question: str) -> list[Span]:
    """Everyday phrases for what sentences are asked of: ``fall short``, ``weak point``."""
    return [
        span
        for span, terms in find_everyday_phrases(question)
        if all(KINDS["problem"].fullmatch(term) for term in terms)
    ]


_ASKED_OF_SUBJECT = re.compile(
    r"\b(?:what|which)\s+(?:(?P<adjective>[a-z][\w-]*)\s+)?(?P<thing>[a-z][\w-]*)\s+(?:does|do|did|is|are|was|were|has|have|had|can|could|will|"
    r"would|might|may|should)\s+(?P<subject>(?:[\w^-]+\s+){1,6}?)(?P<verb>[a-z][\w-]*)(?:\s+(?:with|on|at|for|to|in|from|against|up|out|by))?"
    r"\W*$",
    re.IGNORECASE,
)


def _find_last_verb(question: str) -> list[Span]:
    """The verb of ``what problem does X tackle?``: its object is asked for, and a word as wide as ``problem``.

    What is done to a problem is told by other verbs, or by none. "What does X quantise?" is not of this kind.
    """
    match = _ASKED_OF_SUBJECT.search(question)
    return [match.span("verb")] if match and is_everyday(match["thing"]) else []


def _find_met_alternatives(question: str, cited: Sequence[PaperHit]) -> list[Span]:
    """``A or B`` of which a paper has one."""
    has = {match.span[0] for hit in cited for match in hit.words if match.is_found}
    return [
        match.span()
        for match in _EITHER.finditer(question)
        if match.start(1) in has or match.start(2) in has
    ]


def _find_forgiven_kinds(question: str, cited: Sequence[PaperHit]) -> list[Span]:
    """``which diseases`` of a paper that is named and tells its data: it names some, not their kind."""
    kinds = find_kinds_of_data(question)
    if not cited or not kinds:
        return []
    paper = cited[0].paper
    is_named = any(m.is_found and is_made_up(m.word) for m in cited[0].words)
    if not is_named or not any(names_data(paper.text[slice(*s.span)]) for s in cited[0].sentences):
        return []
    return kinds


def find_kinds_of_data(question: str) -> list[Span]:
    """Spans of the kinds that a question about data asks for, in the plural: ``which diseases``."""
    if not KINDS["data"].search(question):
        return []
    return [
        match.span("kinds")
        for match in _KIND_ASKED.finditer(question)
        if re.search(r"(?<!s)s\b", match["kinds"])
    ]
