"""Analyses a question: which words describe the paper, and which ask something of it."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.text import STOP_WORDS, extract_terms, fold, iter_words, split_terms
from rag.types import Span

FRAME_WORDS = frozenset(
    """
a about also am an and any anybody anyone approach are around article articles as at author authors
based be been believe but by call called can cant cannot claim collection compare comparison contrast corpus could describe
did discuss do does entries entry explain find for forget forgot from had has have here how i idea in is it its just know known
library like list listed look looking me mention mentioned mentions method my name named names of on one ones
or outline overview paper papers people person please pls project recall remember research said say says see seen
share show some somebody someone something study studies stuff
summaries summarise summarize summary talk tell that the their them there
they thing things think this those title titles to us was we were what whats when where which who
whom whose whos why with work worked working works would write wrote you your
evolve evolved strand strands directions theme themes trend trends
""".split()
)
"""Words of questions on any subject; their weight in late interaction is 0."""

_QUERY_CLAUSE_END = re.compile(
    r"[.;:?!](?=\s|$)|,\s|\s[–—-]\s"
    r"|(?<![\w-])(?:so that|so|because|instead of|rather than|then|which|that|and|but|where|when"
    r"|while)(?![\w-])",
    re.IGNORECASE,
)
_PHRASE_END = re.compile(r"[,:;.?!](?=\s|$)|\s[–—-]\s")
_ASKING_PHRASE = re.compile(
    r"\b(?:who|whom|whose|what|whats|which|when|where|why|how|names?|give|list|explain|describe)\b",
    re.IGNORECASE,
)
_HEAD_END = frozenset(
    "of in on for to by with at from over against under than does do did is are was were has have had can "
    "could will would should and or that when if as per between after before during".split()
)
"""Words that end the head of a question: ``which losses are …``, ``fps on cpu``."""
MAX_HEAD_WORDS = 3
MIN_CLAUSE_WORDS = 3
STOP_WORD_IDF = 1.5
"""Stop words are not in the lexical index, so their idf is fixed and not counted."""


@dataclass(frozen=True, slots=True)
class AnalysedQuery:
    """A question with its terms and clauses.

    Attributes:
        text: The text that is searched for.
        terms: Index terms, in order, with repeats.
        clauses: Spans of its clauses, in order; they do not overlap.
        asking: Spans of its question phrases (*which module …?*), as opposed to descriptions.
        heads: Spans of the words that say what kind of thing is asked for (*module*).
        predicates: Spans of the words that a question ends in, behind what it is about (*fail on …*).
    """

    text: str
    terms: tuple[str, ...]
    clauses: tuple[Span, ...]
    asking: tuple[Span, ...]
    heads: tuple[Span, ...] = ()
    predicates: tuple[Span, ...] = ()


@lru_cache(maxsize=256)  # of one question it is asked some twenty times
def parse_query(text: str) -> AnalysedQuery:
    """Analyse a question. A text without words has neither terms nor clauses."""
    if not any(iter_words(text)):
        return AnalysedQuery(text, (), (), ())
    asking = tuple(
        span for span in _split_at(text, _PHRASE_END) if _ASKING_PHRASE.search(text, *span)
    )
    return AnalysedQuery(
        text,
        tuple(split_terms(text)),
        tuple(_iter_clauses(text)),
        asking,
        tuple(_iter_heads(text)),
        tuple(span for place in asking for span in _find_predicate(text, place)),
    )


def compute_token_weights(
    query: AnalysedQuery, spans: Sequence[Span], idf: Callable[[str], float], *, power: float = 0.5
) -> list[float]:
    """What each token of the query is worth: idf of its word, damped; frame words nothing.

    Args:
        query: Whose text was tokenised.
        spans: Of the tokens in that text, in order.
        idf: Of an index term.
        power: Damping; 1 is plain idf.

    Returns:
        One weight a token, 0 or more; all 1 where every one would be 0.
    """
    weights = [0.0] * len(spans)
    for word, (start, end) in iter_words(query.text):
        folded = fold(word)
        if folded in FRAME_WORDS:
            continue
        word_weight = STOP_WORD_IDF if folded in STOP_WORDS else sum(map(idf, extract_terms(word)))
        for at in spans_in(spans, (start, end)):
            weights[at] = word_weight**power
    return weights if any(weights) else [1.0] * len(spans)


def spans_in(spans: Sequence[Span], place: Span) -> range:
    """Which of some spans, in order and not overlapping, lie in a place of the same text."""
    first = bisect_left(spans, place[0], key=lambda span: span[0])
    return range(first, max(first, bisect_right(spans, place[1], key=lambda span: span[1])))


def _iter_heads(text: str) -> Iterator[Span]:
    """The words after each word of asking, up to a verb or a preposition; without one, the first words."""
    words = list(iter_words(text))
    firsts = [at + 1 for at, (word, _) in enumerate(words) if _ASKING_PHRASE.fullmatch(word)]
    for first in firsts or [0]:
        n = 0
        for word, span in words[first:]:
            folded = fold(word)
            if n and folded in _HEAD_END or n == MAX_HEAD_WORDS:
                break
            if folded not in FRAME_WORDS and folded not in STOP_WORDS:
                yield span
                n += 1


def _find_predicate(text: str, place: Span) -> list[Span]:
    """The later half of the content words of a question phrase.

    English says first what a question is about: *why do deepfake detectors | fail on new forgeries*.
    """
    words = [
        (place[0] + a, place[0] + b)
        for word, (a, b) in iter_words(text[slice(*place)])
        if fold(word) not in FRAME_WORDS and fold(word) not in STOP_WORDS
    ]
    return words[len(words) // 2 :]


def _iter_clauses(text: str) -> Iterator[Span]:
    """Parts between clause ends; one of fewer than three words belongs to the part before it."""
    pending: Span | None = None
    for start, end in _split_at(text, _QUERY_CLAUSE_END):
        if pending is not None and len(text[start:end].split()) >= MIN_CLAUSE_WORDS:
            yield pending
            pending = (start, end)
        else:
            pending = (pending[0] if pending else start, end)
    if pending is not None:
        yield pending


def _split_at(text: str, border: re.Pattern[str]) -> Iterator[Span]:
    start = 0
    for match in border.finditer(text):
        end = match.start() if match.group()[:1].isalpha() else match.end()
        if text[start : match.start()].strip():
            yield start, end
            start = end
    if text[start:].strip():
        yield start, len(text)
