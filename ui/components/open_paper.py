"""The paper beside the page: which one, and opened by which quote."""

from __future__ import annotations

from dataclasses import dataclass

from rag.types import Span

Quotes = tuple[tuple[str, Span, int], ...]
"""Paper, span and marker of each quote of an answer."""


@dataclass(frozen=True, slots=True)
class OpenPaper:
    """A paper beside the page.

    Attributes:
        paper_id: Of the paper.
        mark: Identifier of the chip that opened it: the paper's id, or an answer's key and a marker.
        quotes: All quotes of that answer: paper, span and marker of each, in order.
    """

    paper_id: str
    mark: object = None
    quotes: Quotes = ()

    @property
    def at(self) -> int:
        """Which of the quotes is open, from 1; 0 for none."""
        marker = self.mark[1] if isinstance(self.mark, tuple) else None
        markers = [quote[2] for quote in self.quotes]
        return markers.index(marker) + 1 if marker in markers else 0

    @property
    def span(self) -> Span | None:
        return self.quotes[self.at - 1][1] if self.at else None
