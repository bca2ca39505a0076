"""A paper told in its own words: the whole abstract, or what it sets out to do, how, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answers.citations import Citations
from rag.answers.clauses import find_clause, find_idea
from rag.answers.comparing_words import content_words
from rag.answers.quoting import choose_sentences, render_paper_name, render_quote
from rag.library.naming import NAMED, is_made_up
from rag.types import Paper, PaperHit, Sentence, SentenceRole, Span
from rag.types.query import Query

_WHOLE = re.compile(r"\b(?:abstracts?|full text|whole text)\b", re.IGNORECASE)
MAX_WHOLE_CHARS = 4_000
"""A longer text, such as that of a PDF, is not written out whole."""
_FURTHER_ROLES: tuple[SentenceRole, ...] = ("result", "method", "problem")
"""Roles of the sentences that follow the main idea, most wanted first."""
_CONTRIBUTION_ROLES: tuple[SentenceRole, ...] = ("method", "method", "resource", "result")
"""Roles of the sentences that list a paper's contributions, used if the question asks for these."""
_SENTENCES = 3


def asks_for_summary(query: Query, paper: Paper) -> bool:
    """Whether a question asks for nothing but a paper in short: ``mAP of DAPS on PRW`` asks for more.

    One coined word may stand in the text alone, such as the name of an untitled method.
    """
    if query.asks_for != "abstract" and not _CONTRIBUTIONS.search(query.text):
        return False
    coined = [word for word in NAMED.findall(query.text) if is_made_up(word)]
    # "main contributions of DiT-SR": the name of its method, which two words make.
    known = coined if len(coined) == 1 and coined[0] in paper.text else []
    known_words = content_words(" ".join((paper.name, *paper.authors, *known)))
    words = content_words(_SHORT.sub(" ", _CONTRIBUTIONS.sub(" ", query.text))) - known_words
    return len(words) <= 1 and words <= content_words(paper.text)


_SHORT = re.compile(
    r"\b(?:in \w+ (?:sentences?|lines?|words|points)|abstracts?|summar\w+|overview|ideas?|contribut\w+|gist|tl;?dr|sentences?|paragraphs?|explain|describe|"
    r"briefly|short|introduction|intro|paper|points?|novelty|core)\b",
    re.IGNORECASE,
)
_CONTRIBUTIONS = re.compile(
    r"\bcontributions?\b|\bnovelt(?:y|ies)\b|\b(?:main|key|core|basic|central|whole) (?:ideas?|points?|insights?)\b|\bgist\b"
    r"|(?<=\bwhat )(?:do|does|did)(?= .{1,80}\b(?:contribute|propose|bring)\b)",
    re.IGNORECASE,
)
"""Words for what a paper brings, whatever detail the question was read as asking for."""


def render_summary(query: Query, hit: PaperHit, marks: Citations) -> str:
    """The paper by name, then its abstract if that is asked for, else up to three clauses."""
    text = hit.paper.text
    if _WHOLE.search(query.text) and len(text) <= MAX_WHOLE_CHARS:
        spans: Sequence[Span] = hit.apart.rest(text, (0, len(text)))
    else:
        chosen = _choose_telling(query, hit)
        spans = [find_clause(text, s.span) for s in sorted(chosen, key=lambda s: s.span)]
    quotes = " ".join(render_quote(hit.paper, span, marks) for span in spans)
    return f"{render_paper_name(hit.paper)}: {quotes or f'[{marks.get_marker(hit.paper, (0, 0))}]'}"


def _choose_telling(query: Query, hit: PaperHit) -> list[Sentence]:
    """The idea and a sentence each of the roles that matter next; without roles the best ones."""
    n = min(query.form.sentences or _SENTENCES, _SENTENCES)
    order = choose_sentences(query.text, hit, len(hit.sentences), several=True)
    idea = find_idea(hit, order)
    if idea is None or all(s.role is None for s in order):
        return order[:n]
    chosen = [idea]
    is_of_parts = _CONTRIBUTIONS.search(query.text) is not None
    for role in _CONTRIBUTION_ROLES if is_of_parts else _FURTHER_ROLES:
        chosen += [s for s in order if s.role == role and s not in chosen][:1]
    return chosen[:n]
