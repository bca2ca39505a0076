"""Answers and papers as JSON records, as docs/CONTRACT.md describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rag.types import Answer, Paper


def record(answer: Answer, item_id: str | None = None) -> dict[str, Any]:
    """The answer record; ``id`` stands in it if one is given."""
    value = list(answer.value) if isinstance(answer.value, tuple) else answer.value
    head = {} if item_id is None else {"id": item_id}
    return head | {
        "question": answer.question,
        "status": answer.status,
        "route": answer.route,
        "text": answer.text,
        "citations": [
            {
                "marker": c.marker,
                "paper": c.paper_id,
                "source": c.source,
                "also_at": list(c.also_at),
                "title": c.title,
                "label": c.label,
                "quote": c.quote,
                "span": list(c.span),
            }
            for c in answer.citations
        ],
        "papers": [
            {"paper": p.paper_id, "source": p.source, "score": p.score, "also_at": list(p.also_at)}
            for p in answer.papers
        ],
        "experts": [
            {"name": e.name, "score": e.score, "papers": list(e.papers), "roles": dict(e.roles)}
            for e in answer.experts
        ],
        "value": value,
        "model": answer.model,
        "prompt_sha256": answer.prompt_sha256,
        "library": answer.library,
        "latency_ms": round(answer.latency_ms, 2),
        "first_words_ms": _format_ms(answer.first_words_ms),
        "first_token_ms": _format_ms(answer.first_token_ms),
        "usage": asdict(answer.usage),
        "cached": answer.cached,
        "warnings": list(answer.warnings),
        "checks": dict(answer.checks),
        "sentences": [
            {"text": s.text, "verdict": s.verdict, "markers": list(s.markers)}
            for s in answer.sentences
        ],
        "earlier_turns": dict(answer.earlier),
        "read_as": "; among ".join(filter(None, (_get_reason(answer), answer.among))),
        "other_reading": asdict(answer.other) if answer.other else None,
        "steps": [{"name": name, "ms": round(ms, 2)} for name, ms in answer.steps],
        "filters": [asdict(condition) for condition in answer.filters],
    }


def _format_ms(value_ms: float | None) -> float | None:
    return None if value_ms is None else round(value_ms, 2)


def _get_reason(answer: Answer) -> str:
    return answer.intent.reason if answer.intent else ""


def build_paper_record(paper: Paper) -> Mapping[str, Any]:
    """The record of one paper."""
    return {
        "paper": paper.paper_id,
        "source": paper.source,
        "also_at": list(paper.also_at),
        "title": paper.title,
        "label": paper.label,
        "text": paper.text,
        "authors": list(paper.authors),
        "authors_complete": paper.authors_complete,
        "roles": {a.name: a.role for a in paper.authorships},
        "affiliations": list(paper.affiliations),
        "year": paper.year,
        "month": paper.month,
        "day": paper.day,
        "category": paper.category,
        "code": paper.code,
        "score": paper.score,
        "links": list(paper.links),
        "url": paper.url,
        "doi": paper.doi,
        "venue": paper.venue,
    }
