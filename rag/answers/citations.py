"""Citations: links from markers in an answer to places in papers.

Two things ensure that every ``[n]`` has exactly one citation, and that every citation is used:
`Citations` assigns the markers, and `rag.text.markdown.plain` removes what looks like one from other
text: a quote that contains ``[12]`` is shown with ``(12)`` while the citation keeps it as printed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.text.markdown import MARKER, markers, plain
from rag.types import Answer, Citation, Paper, Span


class InvalidAnswer(AssertionError):
    """An answer breaks the contract: a bug of this program, so no ``RagError`` for the reader."""


def build_citation(marker: int, paper: Paper, span: Span) -> Citation:
    """The citation of one span of a paper; an empty span cites the paper by its title alone."""
    start, end = span
    assert 0 <= start <= end <= len(paper.text), f"span {span} is outside {paper.paper_id}"
    return Citation(
        marker=marker,
        paper_id=paper.paper_id,
        source=paper.source,
        also_at=paper.also_at,
        title=paper.title,
        label=paper.label,
        quote=paper.text[start:end],
        span=span,
        page=paper.find_page(start),
    )


class Citations:
    """Assigns markers from 1 in order of first use; the same span of a paper keeps its marker.

    Args:
        given: Citations that a text has already, in order of their markers from 1.
    """

    def __init__(self, citations: Sequence[Citation] = ()) -> None:
        self._cited = {(citation.paper_id, citation.span): citation for citation in citations}

    def __len__(self) -> int:
        return len(self._cited)

    def get_marker(self, paper: Paper, span: Span) -> int:
        """The marker of this span, a new one if it was not cited before."""
        key = (paper.paper_id, span)
        if key not in self._cited:
            self._cited[key] = build_citation(self._next_marker, paper, span)
        return self._cited[key].marker

    def add_citation(self, citation: Citation) -> int:
        """The marker of a citation of another text, by its span."""
        key = (citation.paper_id, citation.span)
        if key not in self._cited:
            self._cited[key] = replace(citation, marker=self._next_marker)
        return self._cited[key].marker

    def renumber(self, answer: Answer) -> str:
        """The text of another answer with the markers that its citations have here."""
        numbers = {c.marker: self.add_citation(c) for c in answer.citations}
        return MARKER.sub(lambda match: f"[{numbers[int(match[1])]}]", answer.text)

    @property
    def _next_marker(self) -> int:
        return max((citation.marker for citation in self._cited.values()), default=0) + 1

    def list_citations(self) -> tuple[Citation, ...]:
        """All citations, by marker."""
        return tuple(self._cited.values())


def join_answers(answer: Answer, added: Answer, question: str) -> Answer:
    """An answer with that to a further question below it, under one count of markers.

    Args:
        answer: Its route, model and reading are those of both.
        added: Its markers count from 1.
        question: What ``added`` answers, said above it.
    """
    citations = Citations(answer.citations)
    text = citations.renumber(added)
    known = {paper.paper_id for paper in answer.papers}
    is_first = answer.status == "answered" or added.status != "answered"
    return replace(
        answer,
        status=answer.status if is_first else added.status,
        outcome=answer.outcome if is_first else added.outcome,
        text=f"{answer.text}\n\n*{plain(question)}*\n\n{text}",
        citations=citations.list_citations(),
        papers=(*answer.papers, *(p for p in added.papers if p.paper_id not in known)),
        experts=answer.experts or added.experts,
        value=added.value if answer.value is None else answer.value,
        warnings=(*answer.warnings, *added.warnings),
    )


def check_citations(text: str, citations: Sequence[Citation], papers: Mapping[str, Paper]) -> None:
    """Verify that markers and citations match one to one and that every quote is in its paper.

    Args:
        text: The answer's text.
        citations: Its citations.
        papers: By paper id; at least the cited ones.

    Raises:
        InvalidAnswer: Naming the first marker or quote that breaks the contract.
    """
    used_markers = [citation.marker for citation in citations]
    if len(set(used_markers)) != len(used_markers):
        raise InvalidAnswer(f"a marker has two citations: {used_markers}")
    for match in MARKER.finditer(text):
        if match[1] != str(int(match[1])) or int(match[1]) not in used_markers:
            raise InvalidAnswer(f"marker {match[0]!r} has no citation")
    unused = set(used_markers).difference(markers(text))
    if unused:
        raise InvalidAnswer(f"citations {sorted(unused)} are not used in the text")
    for citation in citations:
        _check_quote(citation, papers)


def _check_quote(citation: Citation, papers: Mapping[str, Paper]) -> None:
    paper = papers.get(citation.paper_id)
    if paper is None:
        raise InvalidAnswer(f"citation {citation.marker} is of no known paper")
    start, end = citation.span
    if not 0 <= start <= end <= len(paper.text) or paper.text[start:end] != citation.quote:
        raise InvalidAnswer(f"the quote of citation {citation.marker} is not at {citation.span}")
    if paper.text and not citation.quote:
        raise InvalidAnswer(f"citation {citation.marker} quotes nothing")
