"""Sentences that stand side by side are quoted as one: what a list, a pronoun or a figure belongs to is read with it."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answers.leading import MAX_JOINED_CHARS
from rag.types import Paper, Span


def join_neighbours(paper: Paper, spans: Sequence[Span]) -> list[Span]:
    """The spans, those that follow one another in the text as one: a quote of two sentences is read at once."""
    joined: list[Span] = []
    for span in spans:
        at, wider = _find_neighbour(paper, joined, span)
        if wider is None:
            joined.append(span)
        else:
            joined[at] = wider
    return joined


def group_neighbours(paper: Paper, spans: Sequence[Span], n: int) -> list[Span]:
    """At most n quotes of the sentences of a body, best first.

    Each sentence opens a quote or, where it stands beside one, makes it longer, up to `MAX_JOINED_CHARS`; what would
    open one more is left out. Three sentences of one passage were three quotes, and said the same: "the throughput of
    Eiger in the scaling experiment" was quoted without the next sentence, which says what limits it.

    Args:
        paper: Has the text.
        spans: Of its sentences, the likeliest first.
        n: 1 or more.
    """
    quotes: list[Span] = []
    for span in spans:
        at, wider = _find_neighbour(paper, quotes, span)
        if wider is not None and wider[1] - wider[0] <= MAX_JOINED_CHARS:
            quotes[at] = wider
        elif len(quotes) < n:
            quotes.append(span)
    return quotes


def _find_neighbour(paper: Paper, spans: Sequence[Span], span: Span) -> tuple[int, Span | None]:
    """The first of some spans that one follows or is followed by, by its place, and both as one; None without any."""
    start, end = span
    for at, (first, last) in enumerate(spans):
        if last <= start and not paper.text[last:start].strip():
            return at, (first, end)
        if end <= first and not paper.text[end:first].strip():
            return at, (start, last)
    return 0, None
