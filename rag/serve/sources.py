"""An answer as one Markdown text, as chat clients show it: what it says, its sources, and notes on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.library import Library
from rag.library.bibliography import format_byline
from rag.text.markdown import plain
from rag.types import Answer, Citation, Paper


def format_answer(answer: Answer, library: Library) -> str:
    """The text with what `format_sources` puts under it."""
    return answer.text.strip() + format_sources(answer, library)


def format_sources(answer: Answer, library: Library) -> str:
    """A line a paper with its markers, and each warning; empty if there are none.

    A quote that the text holds already is not said twice.
    """
    papers = {p.paper_id: p for p in library.list_papers({c.paper_id for c in answer.citations})}
    by_paper: dict[str, list[Citation]] = {}
    for citation in answer.citations:
        by_paper.setdefault(citation.paper_id, []).append(citation)
    lines = [
        "".join(_iter_source(each, papers.get(key), answer.text)) for key, each in by_paper.items()
    ]
    parts = ["**Sources**", "\n".join(lines)] if lines else []
    parts += [f"*Note: {warning}*" for warning in answer.warnings]
    return "".join(f"\n\n{part}" for part in parts)


def _iter_source(citations: Sequence[Citation], paper: Paper | None, text: str) -> Iterator[str]:
    first = citations[0]
    yield f"- {' '.join(f'[{c.marker}]' for c in citations)} {plain(first.title or first.label)}"
    if paper is not None:  # it may have been removed meanwhile
        yield f". {plain(format_byline(paper))}"
    yield f". {', '.join((first.source, *first.also_at))}"
    quotes = dict.fromkeys(plain(c.quote) for c in citations)
    yield "".join(f" “{quote}”" for quote in quotes if quote and quote not in text)
