"""Renders papers in an answer's text: rows, markers, and a quoted sentence of each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import cast

from rag.answers import person_phrases, phrases
from rag.answers.citations import build_citation
from rag.library.fields import get_days
from rag.library.naming import get_short_name
from rag.text import split_sentences, split_terms
from rag.text.english import MONTHS
from rag.text.markdown import plain
from rag.types import Citation, Paper, ScoredPaper, Span

MAX_ROWS = 100
"""Rows written out at most; ``value`` and the count are complete beyond that."""


class Listing:
    """The citations of one answer, numbered as they are first used.

    Args:
        topic: Selects the quoted sentence of each paper; without it, the first one.
        spans: Spans of sentences already selected, by paper id.
    """

    def __init__(self, topic: str = "", spans: Mapping[str, Span | None] | None = None) -> None:
        self._wanted = frozenset(split_terms(topic))
        self._spans = spans or {}
        self._citations: dict[str, Citation] = {}

    def get_marker(self, paper: Paper) -> str:
        """The paper's marker, such as ``[3]``; quoted by its most telling sentence."""
        if paper.paper_id not in self._citations:
            chosen = self._spans.get(paper.paper_id) or find_telling_sentence(paper, self._wanted)
            self._citations[paper.paper_id] = build_citation(
                len(self._citations) + 1, paper, chosen
            )
        return f"[{self._citations[paper.paper_id].marker}]"

    def render_row(self, paper: Paper, note: str = "") -> str:
        """``- Title, Mar 2022, first author [1]``."""
        parts = [f"**{plain(paper.name)}**", format_date(paper), format_first_author(paper), note]
        return f"- {', '.join(part for part in parts if part)} {self.get_marker(paper)}"

    def render_rows(
        self,
        papers: Sequence[Paper],
        notes: Callable[[Paper], str] | None = None,
        *,
        n: int | None = None,
    ) -> str:
        """The first rows, `MAX_ROWS` at most, of ``n``, with a line that says what was left out."""
        lines = [self.render_row(p, notes(p) if notes else "") for p in papers[:MAX_ROWS]]
        n_more = (len(papers) if n is None else n) - len(lines)
        if n_more > 0:
            lines.append(phrases.count_more(n_more))
        return "\n".join(lines)

    @property
    def citations(self) -> tuple[Citation, ...]:
        return tuple(self._citations.values())


def find_telling_sentence(paper: Paper, wanted: Collection[str]) -> Span:
    """The sentence that shares most words with the topic; the first of equals, or the first at all."""
    spans = split_sentences(paper.text)
    if not spans:
        return (0, 0)
    shared = [len(wanted & set(split_terms(paper.text[a:b]))) if wanted else 0 for a, b in spans]  # type: ignore[operator]
    return spans[shared.index(max(shared))]


def find_naming_sentence(paper: Paper) -> Span:
    """The sentence that says the paper's own name; the first one where none does."""
    return find_telling_sentence(paper, frozenset(split_terms(get_short_name(paper))))


def format_date(paper: Paper) -> str:
    """``Mar 2022``, ``May (year not printed)``, or nothing."""
    month = MONTHS[paper.month - 1][:3] if paper.month else ""
    if paper.year is None:
        return f"{month} (year not printed)" if month else ""
    return f"{month} {paper.year}".strip()


def sort_by_date(papers: Sequence[Paper]) -> list[Paper]:
    """The papers, oldest first; none where a year is not known or the printed dates leave the order open.

    A paper of 2022 without a month is neither older nor newer than one of May 2022.
    """
    dated = [(get_days(p.year, p.month, p.day), p) for p in papers if p.year is not None]
    dated.sort(key=lambda pair: cast("date", pair[0].low))
    is_open = any(
        cast("date", a.high) >= cast("date", b.low)
        for (a, _), (b, _) in zip(dated, dated[1:], strict=False)
    )
    return [] if is_open or len(dated) < len(papers) else [paper for _, paper in dated]


def format_years(papers: Iterable[Paper]) -> str:
    """``, 2019 to 2024`` or nothing."""
    years = sorted({p.year for p in papers if p.year is not None})
    if not years:
        return ""
    return f", {years[0]}" if len(years) == 1 else f", {years[0]} to {years[-1]}"


def format_first_author(paper: Paper) -> str:
    """The first printed author, with ``et al.`` where there are more."""
    if not paper.authors:
        return ""
    has_more = len(paper.authors) > 1 or not paper.authors_complete
    return plain(paper.authors[0]) + (" et al." if has_more else "")


def build_scored_papers(
    papers: Iterable[Paper], scores: Sequence[float] | None = None
) -> tuple[ScoredPaper, ...]:
    """The ranking behind an answer; without scores each counts 1."""
    return tuple(
        ScoredPaper(
            paper.paper_id,
            paper.source,
            scores[at] if scores is not None else 1.0,
            paper.also_at,
        )
        for at, paper in enumerate(papers)
    )


def list_places(scored: Iterable[ScoredPaper]) -> tuple[str, ...]:
    """The first place of each, in order."""
    return tuple(paper.source for paper in scored)


def format_truncation(papers: Sequence[Paper]) -> str:
    """Who may be missing: how many of the papers print no whole author list. Empty if none."""
    cut = [p for p in papers if p.authors and not p.authors_complete]
    silent = [p for p in papers if not p.authors]
    lengths = {len(p.authors) for p in cut}
    n_first = lengths.pop() if len(lengths) == 1 else None
    n_lost = sum(p.is_not_found("authors") for p in silent)
    return person_phrases.tell_missing_authors(len(papers), len(cut), len(silent), n_first, n_lost)
