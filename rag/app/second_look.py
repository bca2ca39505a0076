"""A question whose count, list, people or fields come to nothing, though a paper's text tells what it asks.

"How many distinct hierarchies does the MeSH taxonomy have?" was answered by a count of papers on MeSH, and "does a
joint activity need a leader?" by nobody who works on it: what no paper's summary would say is asked of a body in the
words of counts and people. "What score does D2Pruner reach?" asks for no score of its entry.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rag.answers.alternatives import refuse_unread_alone
from rag.answers.answering_papers import compute_share_found
from rag.app.request import TurnRequest
from rag.library.chunking import has_body
from rag.types import Answer, PaperHit, Query

SURE = 0.97
"""Confidence of a reading from which it stands though nothing was found: "papers by Knuth"."""
LIKELY = 0.7
"""Least probability that the paper answers."""
LEAST_FOUND = 0.6
"""Least share, by idf, of the question's words that the paper has."""
_OF_LIBRARY = re.compile(
    r"\b(?:papers?|articles?|publications?|authors?|librar(?:y|ies)|collections?)\b", re.IGNORECASE
)
"""Words for what a library holds, of which a count, a list or nobody is the answer."""
_COMPUTED = frozenset(("catalogue", "person", "experts"))


def find_told(request: TurnRequest, answer: Answer) -> TurnRequest | None:
    """The question as one of what papers say, where a body tells more of it than what was computed; else None.

    That is so where nothing was found by an unsure reading, or the reading left words of the question aside, and one
    paper with a body has them, or the paper whose field was asked for tells what is asked. A list of which nothing
    but such words was understood gives way to whatever answers: "how do I protect my photos, what should I read?"
    """
    reading = request.reading
    is_refused = refuse_unread_alone(reading) is not None
    came_to_nothing = answer.status == "abstained" and reading.confidence < SURE
    if (
        not request.is_free
        or request.query.route not in _COMPUTED
        or not (reading.unread or came_to_nothing)
        or (not is_refused and _OF_LIBRARY.search(request.question))
    ):
        return None
    by_words = (query for query in reading.others if query.want == "passages")
    asks_for = next((query.asks_for for query in by_words), None)
    papers = request.query.papers if request.query.want == "values" else ()
    query = Query("passages", text=request.question, asks_for=asks_for, papers=papers)
    choice = request.scope.choose_papers(query)
    is_likely = choice.verdict.probability >= LIKELY and bool(choice.cited)
    is_told = papers or is_refused or (is_likely and _has_words(choice.cited[0]))
    if not choice.verdict.sufficient or not is_told:
        return None
    others = (request.query, *(other for other in reading.others if other.want != "passages"))
    taken = replace(reading, query=query, unread=(), others=others, notes=(), other_words="")
    return replace(request, reading=taken)


def _has_words(hit: PaperHit) -> bool:
    """Whether a paper with a body has most of what the question says."""
    return has_body(hit.paper) and compute_share_found(hit) >= LEAST_FOUND
