"""Retrieval results: chunks, papers with their sentences, and the evidence chosen from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from rag.types.papers import Paper

Span = tuple[int, int]

SentenceRole = Literal[
    "background", "problem", "aim", "method", "result", "resource", "limitation", "other"
]
"""What a sentence does in its paper.

``background``: what is known; ``problem``: what is hard, missing or harmful; ``aim``: what the paper
sets out to do or proposes as a whole; ``method``: how it works and what was done; ``result``: what
came of it; ``resource``: data, code or a benchmark that it gives; ``limitation``: what its own work
does not reach; ``other``: none of these, such as key words.
"""
SENTENCE_ROLES: tuple[SentenceRole, ...] = get_args(SentenceRole)
"""In the order of their stored numbers."""


RANKING = 20
"""Papers in the ranking behind an answer."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Unit of indexing: a span of one paper's text.

    ``chunk_id`` comes from paper, span and chunker, so that the same content has the same id.
    ``text`` is ``paper.text[span]``; ``heading`` (title or nothing) is put before it to be embedded;
    ``sentences`` are spans of ``text``, None if they are not stored (`rag.library.chunking.get_sentences`);
    ``roles`` are theirs, None if they are not known.
    """

    chunk_id: str
    paper_id: str
    span: Span
    text: str
    heading: str = ""
    sentences: tuple[Span, ...] | None = field(default=None, compare=False)
    roles: tuple[SentenceRole, ...] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RoleSpan:
    """A sentence of one paper's text and its role; None where no model has read it for roles."""

    span: Span
    role: SentenceRole | None


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of one paper's text, how well it fits the query (comparable within a query), and its role.

    Attributes:
        role: None where no model has read the paper for roles.
        signals: How well it fits parts of the query, as `rag.search.late.compute_sentence_signals` names
            them; empty without token vectors.
        passage: Score (``score``) and signals of the chunk that holds it, of several the best.
    """

    span: Span
    score: float
    role: SentenceRole | None = None
    signals: Mapping[str, float] = field(default_factory=dict, compare=False)
    passage: Mapping[str, float] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class WordMatch:
    """How well one paper matches one word of the query.

    Attributes:
        word: As typed, at ``span`` of the query.
        idf: Its weight in this library; 0 for stop words and question words.
        is_found: Whether the paper contains the word (title, text, people, year, ...).
        cosine: Similarity of the nearest token in the paper, -1 to 1; 0 without token vectors, and of question words.
        expected: The probability that a paper which answers the question has the word, 0 to 1.
    """

    word: str
    span: Span
    idf: float
    is_found: bool
    cosine: float
    expected: float = 1.0


@dataclass(frozen=True, slots=True)
class Apart:
    """Sentences of one paper that say nothing about it, such as a planted instruction.

    Attributes:
        spans: Spans of these sentences, in text order.
        names: Titles, authors, institutions or venues that are instructions instead.
        coined: Folded words that occur only in these sentences.
        n_planted: Number of sentences that read like instructions; only these are reported.
    """

    spans: tuple[Span, ...] = ()
    names: frozenset[str] = frozenset()
    coined: frozenset[str] = frozenset()
    n_planted: int = 0

    def rest(self, text: str, span: Span) -> tuple[Span, ...]:
        """The part of a span outside these sentences, without surrounding white space."""
        results, at = [], span[0]
        for start, end in sorted(self.spans):
            if start < span[1] and end > at:
                results.append((at, max(at, start)))
                at = end
        results.append((min(at, span[1]), span[1]))
        return tuple(trimmed for item in results if (trimmed := _trimmed(text, item)))


def _trimmed(text: str, span: Span) -> Span | None:
    """The span without white space around it; None if it has no letter or digit."""
    message = text[slice(*span)]
    start = span[0] + len(message) - len(message.lstrip())
    return (start, start + len(message.strip())) if any(map(str.isalnum, message)) else None


@dataclass(frozen=True, slots=True)
class PaperHit:
    """One paper of a retrieval, its hits merged, its sentences in text order.

    Attributes:
        signals: The parts of the score, by retriever name.
        words: Matches of the query's words, in query order; only for the best papers.
        apart: Sentences that must not be shown to a model; set by `rag.answers.screening`.
    """

    paper: Paper
    score: float
    rank: int
    sentences: tuple[Sentence, ...]
    signals: Mapping[str, float]
    words: tuple[WordMatch, ...] = ()
    apart: Apart = Apart()


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The papers retrieved for one query, best first."""

    query: str
    papers: tuple[PaperHit, ...]


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """Whether the retrieved papers can answer the question.

    Attributes:
        sufficient: The decision.
        probability: Calibrated probability, 0-1, that the papers contain the answer.
        missing: Words of the question that are not in the papers, named by an abstention.
    """

    sufficient: bool
    probability: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What of a paper is shown to a model for one question, with the opaque key for citing it.

    ``spans``: one or more, in text order; the quote has ``[…]`` between them.
    """

    key: str
    paper: Paper
    spans: tuple[Span, ...]
    score: float
    apart: Apart = Apart()

    @property
    def quote(self) -> str:
        return " […] ".join(self.paper.text[slice(*span)] for span in self.spans)


Retrieve = Callable[[str, int], Retrieval]
