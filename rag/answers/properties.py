"""Properties asked of methods at large: which papers say them in one sentence, or that none does."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rag.answers.sufficiency import SALIENT_IDF
from rag.text import extract_terms
from rag.types import PaperHit, Retrieval, Span, Sufficiency
from rag.types.query import Query

_WHICH_METHODS = re.compile(
    r"\W*(?:which|what) (?:of (?:the|these|those|all) )?(?:\w+ )?(?:methods|models|approaches|systems|techniques|algorithms|networks|"
    r"detectors|trackers|frameworks|works)\b"
    r"|\W*(?:(?:i|we)(?:['’]m|['’]re| am| are)? )?(?:need|want|look(?:ing)? for|search(?:ing)? for|is there|are there|do you have|got)\b"
    r"(?! (?:[a-z]+ ){0,3}?(?:proof|evidence|indication|signs?|reason|doubt|guarantee|claim|hint|consensus) that\b)(?![^.?!]{0,60}\bpapers?\b)[^.?!]{3,60}?\b(?:that|which)\b",
    re.IGNORECASE,
)
"""Of whatever has the property: "which methods run on a phone?", "I need face recognition that runs on a phone"."""
_SAYS_AS_MUCH = 0.8
"""Share of the best rating from which a paper says as much of a property."""
_LEAST_SURE = 0.75
"""From this probability papers are shown even if none has a sentence with the property's rarest words."""


def find_with_property(
    query: Query, retrieval: Retrieval, verdict: Sufficiency
) -> tuple[tuple[PaperHit, ...], tuple[str, ...]] | None:
    """The papers with a sentence that best states a property asked of methods in general, and the property's rarest
    words if no sentence has them.

    "which of the methods run in real time on a phone?" quoted a sentence with none of these words. None where
    another question is asked, or the papers found say it as well as any.
    """
    methods_match = _WHICH_METHODS.match(query.text) if query.want == "passages" else None
    if methods_match is None or not retrieval.papers:
        return None
    idf = {
        term: match.idf
        for match in retrieval.papers[0].words
        if match.span[0] >= methods_match.end() and match.idf >= SALIENT_IDF
        for term in extract_terms(match.word)
    }
    start, end = _find_required(query.text, retrieval.papers[0], idf)
    required = set(extract_terms(query.text[start:end])) & idf.keys()
    ratings = [_rate_said(hit, idf, required) for hit in retrieval.papers]
    best_rating = max(ratings)
    if required and not best_rating and verdict.probability < _LEAST_SURE:
        return (), (query.text[start:end],)
    if not best_rating or ratings[0] >= _SAYS_AS_MUCH * best_rating:
        return None
    rated = zip(retrieval.papers, ratings, strict=True)
    return tuple(hit for hit, rating in rated if rating >= _SAYS_AS_MUCH * best_rating), ()


def _find_required(question: str, hit: PaperHit, idf: Mapping[str, float]) -> Span:
    """The span of the rarest of some terms, with the words right before it: ``single GPU``, ``phone``.

    "runs 206 times faster" has two words of "run in real time on a phone", and no phone.
    """
    rarest = max(idf, key=lambda term: idf[term], default="")
    span = (0, 0)
    for match in hit.words:
        terms = set(extract_terms(match.word)) & idf.keys()
        if terms:
            is_next = question[span[1] : match.span[0]] in (" ", "-")
            span = (span[0] if is_next else match.span[0], match.span[1])
        if rarest in terms:
            return span
    return (0, 0)


def _rate_said(hit: PaperHit, idf: Mapping[str, float], required: set[str]) -> float:
    """The most that one sentence of a paper has of some terms, by their idf; nothing without those required."""
    term_sets = [set(extract_terms(hit.paper.text[slice(*s.span)])) for s in hit.sentences]
    term_sets = [terms for terms in term_sets if required <= terms]
    return max((sum(idf[t] for t in idf.keys() & terms) for terms in term_sets), default=0.0)
