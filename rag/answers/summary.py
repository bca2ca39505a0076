"""A paper told in its own words: the whole abstract, or what it sets out to do, how, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answers.citations import Citations
from rag.answers.clauses import find_clause, find_idea
from rag.answers.quoting import choose_sentences, render_paper_name
from rag.text.markdown import plain
from rag.types import PaperHit, Sentence, SentenceRole, Span
from rag.types.query import Query

_WHOLE = re.compile(r"\b(?:abstracts?|full text|whole text)\b", re.IGNORECASE)
MAX_WHOLE_CHARS = 4_000
"""A longer text, such as that of a PDF, is not written out whole."""
_FURTHER_ROLES: tuple[SentenceRole, ...] = ("result", "method", "problem")
"""What is told beside the idea, the most wanted first."""
_SENTENCES = 3


def render_summary(query: Query, hit: PaperHit, marks: Citations) -> str:
    """The paper by name, then its abstract if that is asked for, else up to three clauses."""
    text = hit.paper.text
    if _WHOLE.search(query.text) and len(text) <= MAX_WHOLE_CHARS:
        spans: Sequence[Span] = hit.apart.rest(text, (0, len(text)))
    else:
        chosen = _choose_telling(query, hit)
        spans = [find_clause(text, s.span) for s in sorted(chosen, key=lambda s: s.span)]
    quotes = " ".join(_render_quote(hit, span, marks) for span in spans)
    return f"{render_paper_name(hit.paper)}: {quotes or f'[{marks.get_marker(hit.paper, (0, 0))}]'}"


def _choose_telling(query: Query, hit: PaperHit) -> list[Sentence]:
    """The idea and a sentence each of the roles that matter next; without roles the best ones."""
    n = min(query.form.sentences or _SENTENCES, _SENTENCES)
    order = choose_sentences(query.text, hit, len(hit.sentences), several=True)
    idea = find_idea(hit, order)
    if idea is None or all(s.role is None for s in order):
        return order[:n]
    chosen = [idea]
    for role in _FURTHER_ROLES:
        chosen += [s for s in order if s.role == role and s not in chosen][:1]
    return chosen[:n]


def _render_quote(hit: PaperHit, span: Span, marks: Citations) -> str:
    return f"“{plain(hit.paper.text[slice(*span)])}” [{marks.get_marker(hit.paper, span)}]"
