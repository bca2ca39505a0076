"""What goes wrong in a field, told by the papers near a question that say it: no paper of it is named."""

from __future__ import annotations

from rag.answers.quoting import is_describing_paper, tells_problem
from rag.answers.sentence_forms import Request
from rag.library.naming import is_made_up
from rag.search.query import parse_query
from rag.text import iter_words
from rag.types import PaperHit, Retrieval, Sentence
from rag.types.query import Query

LEAD_SHARE = 0.94
"""Share of the best score from which a paper may lead."""
PROBLEM_SHARE, PROBLEM_NEAR, MAX_TOGETHER = 0.88, 0.85, 3
PROBLEM_WEIGHT = 0.5
"""What a sentence that tells a problem weighs beside its paper's score, both from 0 to 1."""
_OTHER_THAN_PROBLEM = frozenset(
    ("number", "count", "data", "link", "name", "order", "verdict", "comparison", "definition")
)


def find_papers_with_problem(query: Query, retrieval: Retrieval) -> tuple[PaperHit, ...]:
    """The best papers that state a problem of a field, for a question that asks for one and names no paper.

    "why do deepfake detectors fail on new forgeries" was told a side remark of the paper with most of its words.
    Of those close to the best one, the one with the nearest problem leads. None where none of them tells one.
    """
    kinds = Request.read_question(query.text, query.asks_for).kinds
    is_named = any(is_made_up(word) for word, _ in iter_words(query.text))
    is_of_problem = "problem" in kinds or kinds >= {"why", "negative"}
    if not is_of_problem or kinds & _OTHER_THAN_PROBLEM or is_named:
        return ()
    # "why believe a doctored-portrait detector? they untangle its inner channels ..." is one paper remembered
    is_one_clause = len(parse_query(query.text).clauses) == 1
    if not is_one_clause or is_describing_paper(query.text) or not retrieval.papers:
        return ()
    best = max(hit.score for hit in retrieval.papers)
    rated = [
        (hit, _rate_problem(hit)) for hit in retrieval.papers if hit.score >= PROBLEM_SHARE * best
    ]
    least = PROBLEM_NEAR * max(nearness for _, nearness in rated)
    telling = [(hit, nearness) for hit, nearness in rated if nearness >= max(least, 1e-9)]
    telling.sort(
        key=lambda pair: (
            pair[0].score < LEAD_SHARE * best,
            -(pair[0].score + PROBLEM_WEIGHT * pair[1]),
            pair[0].rank,
        )
    )
    leads = bool(telling) and telling[0][0].score >= LEAD_SHARE * best
    return tuple(hit for hit, _ in telling[:MAX_TOGETHER]) if leads else ()


def _rate_problem(hit: PaperHit) -> float:
    """How near a paper's nearest sentence that tells a problem comes to the question; 0 without one."""
    return max((s.signals.get("plain", s.score) for s in list_problems(hit)), default=0.0)


def list_problems(hit: PaperHit) -> tuple[Sentence, ...]:
    """The sentences of a paper that tell a problem, in text order."""
    return tuple(
        s
        for s in hit.sentences
        if s.role in ("problem", "limitation")
        or (s.role == "background" and tells_problem(hit.paper, s.span))
    )
