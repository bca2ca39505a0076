"""Exports a conversation: Markdown for reading, JSON for programs, references for citing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rag.answers.filtered_library import format_filters
from rag.app.conversations import StoredThread, StoredTurn
from rag.library.bibliography import format_byline, format_papers
from rag.text.markdown import MARKER
from rag.types import Answer, Paper
from rag.types.serialise import build_condition_record, record

UNANSWERED = "*Not answered to the end.*"


def list_cited_papers(thread: StoredThread) -> list[str]:
    """Ids of the papers that a conversation cites, by first citation."""
    answers = [turn.answer for turn in thread.turns if turn.answer]
    return list(dict.fromkeys(c.paper_id for answer in answers for c in answer.citations))


def answer_markdown(answer: Answer, papers: Sequence[Paper]) -> str:
    """One answer to paste elsewhere: its text and its references, one number a paper.

    On screen a marker leads to a sentence, and a paper may have several; in a paragraph that is pasted
    three numbers for one paper would be wrong.

    Args:
        answer: Whole.
        papers: Those that it cites, where they are still in the library.
    """
    known = {paper.paper_id: paper for paper in papers}
    numbers: dict[str, int] = {}
    for citation in answer.citations:
        numbers.setdefault(citation.paper_id, len(numbers) + 1)
    by_marker = {citation.marker: numbers[citation.paper_id] for citation in answer.citations}
    text = MARKER.sub(lambda m: f"[{by_marker.get(int(m[1]), m[1])}]", answer.text.strip())
    text = re.sub(r"(\[\d+\])(?:\s*\1)+", r"\1", text)
    return "\n\n".join(filter(None, (text, _render_references(answer, known, numbers)))) + "\n"


def to_markdown(thread: StoredThread, papers: Sequence[Paper]) -> str:
    """Questions as headings, answers with their numbered references.

    Args:
        thread: The conversation.
        papers: Those that it cites, where they are still in the library.
    """
    parts = [f"# {thread.name}"]
    if thread.filters:
        parts.append(f"*Answered from papers {format_filters(thread.filters)}.*")
    for turn in thread.turns:
        parts.append("## " + " ".join(turn.question.split()))
        if turn.answer is None:
            parts.extend(filter(None, (turn.words.strip(), UNANSWERED)))
        else:
            parts.append(answer_markdown(turn.answer, papers).strip())
    return "\n\n".join(parts) + "\n"


def _render_references(
    answer: Answer, papers: Mapping[str, Paper], numbers: Mapping[str, int]
) -> str:
    """A line for each paper, with all that was quoted of it; a reader has no use for our file names."""
    lines = []
    for paper_id, number in numbers.items():
        citations = [citation for citation in answer.citations if citation.paper_id == paper_id]
        first, paper = citations[0], papers.get(paper_id)
        by = f" {format_byline(paper)}." if paper else ""
        pages = {c.quote: f" (p. {c.page})" if c.page is not None else "" for c in citations}
        quotes = " ".join(f"“{quote}”{page}" for quote, page in pages.items())
        lines.append(f"- [{number}] {first.title or first.label}.{by} {quotes}")
    return "\n".join(lines)


def to_json(thread: StoredThread, papers: Sequence[Paper] = ()) -> str:
    """The conversation with its answer records as in the contract."""
    record = {
        "thread": thread.thread_id,
        "name": thread.name,
        "created_at": thread.created_at,
        "filters": [build_condition_record(condition) for condition in thread.filters],
        "model": thread.model,
        "turns": [_encode_turn(turn) for turn in thread.turns],
    }
    return json.dumps(record, ensure_ascii=False, indent=2) + "\n"


def _encode_turn(turn: StoredTurn) -> dict[str, Any]:
    opinion = turn.opinion
    return {
        "question": turn.question,
        "asked_at": turn.asked_at,
        "answer": record(turn.answer) if turn.answer else None,
        "words": turn.words,
        "opinion": {"verdict": opinion.verdict, "reason": opinion.reason} if opinion else None,
    }


ExportForm = tuple[str, str, Callable[[StoredThread, Sequence[Paper]], str]]
EXPORT_FORMS: Mapping[str, ExportForm] = {
    "Markdown": (".md", "text/markdown", to_markdown),
    "JSON": (".json", "application/json", to_json),
    "BibTeX": (
        ".bib",
        "application/x-bibtex",
        lambda _, papers: format_papers(papers, "bibtex"),
    ),
    "RIS": (
        ".ris",
        "application/x-research-info-systems",
        lambda _, papers: format_papers(papers, "ris"),
    ),
}
"""Suffix, media type and writer of each export format; the last two contain the cited papers."""
