"""What is retrieved: chunks, papers with their sentences, and the passages chosen from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rag.types.papers import Paper

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Unit of indexing: a span of one paper's text.

    ``chunk_id`` comes from paper, span and chunker, so that the same content has the same id.
    ``text`` is ``paper.text[span]``; ``heading`` (title or nothing) is put before it to be embedded;
    ``sentences`` are spans of ``text``, None where they are not kept (`rag.library.chunking.sentences_of`).
    """

    chunk_id: str
    paper_id: str
    span: Span
    text: str
    heading: str = ""
    sentences: tuple[Span, ...] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of one paper's text and how well it fits the query, comparable within a query."""

    span: Span
    score: float


@dataclass(frozen=True, slots=True)
class WordMatch:
    """How one word of the query is met by one paper.

    Attributes:
        word: As typed, at ``span`` of the query.
        idf: What it is worth in this library; 0 for stop words and words of asking.
        is_found: Whether the paper has the word itself (title, text, people, year, ...).
        cosine: Its nearest token in the paper, -1 to 1; 0 where there are no token vectors.
    """

    word: str
    span: Span
    idf: float
    is_found: bool
    cosine: float


@dataclass(frozen=True, slots=True)
class Apart:
    """What of one paper states nothing of it, such as an instruction that somebody planted there.

    Attributes:
        spans: Of the sentences, in text order.
        names: Particulars that are none: a title, an author, an institution or a venue.
        coined: Words, folded, that stand in these alone and are met nowhere else.
        n_planted: How many of them read like instructions; of the others, nobody is told.
    """

    spans: tuple[Span, ...] = ()
    names: frozenset[str] = frozenset()
    coined: frozenset[str] = frozenset()
    n_planted: int = 0

    def rest(self, text: str, span: Span) -> tuple[Span, ...]:
        """What of a span of the paper's text stands outside, without white space around it."""
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
    """One paper of a retrieval: its hits joined, its sentences in text order.

    Attributes:
        signals: The parts that the score was made of, by retriever name.
        words: How the query's words are met, in query order; for the first few papers alone.
        apart: What is not to be shown of it; known after `rag.answers.screening`.
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
    """All that was found for one query, best paper first."""

    query: str
    papers: tuple[PaperHit, ...]


@dataclass(frozen=True, slots=True)
class Sufficiency:
    """Whether the papers found can answer the question.

    Attributes:
        sufficient: The decision.
        probability: That the papers hold the answer, 0-1, as calibrated.
        missing: Words of the question that the papers do not have, for the abstention to name.
    """

    sufficient: bool
    probability: float
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage chosen for one question, with the opaque key by which a model may cite it."""

    key: str
    paper: Paper
    span: Span
    score: float
    apart: Apart = Apart()

    @property
    def quote(self) -> str:
        return self.paper.text[self.span[0] : self.span[1]]


Retrieve = Callable[[str, int], Retrieval]
