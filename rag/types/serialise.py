"""Answers and papers as JSON records, as docs/CONTRACT.md describes them."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from rag.types import Answer, Condition, Paper, Reading, RoleSpan
from rag.types.answers import Outcome, Status
from rag.types.fields import MANY, Range, find_field

_OUTCOMES: Mapping[Status, Outcome] = {"answered": "answered", "abstained": "nothing"}
"""Of answers that tell none of their own; a failure has none."""


def record(answer: Answer, item_id: str | None = None) -> dict[str, Any]:
    """The answer record; ``id`` stands in it if one is given."""
    value = list(answer.value) if isinstance(answer.value, tuple) else answer.value
    head = {} if item_id is None else {"id": item_id}
    return head | {
        "question": answer.question,
        "status": answer.status,
        "outcome": answer.outcome or _OUTCOMES.get(answer.status),
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
                "page": c.page,
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
        "verified_by": answer.verified_by,
        "sentences": [
            {"text": s.text, "verdict": s.verdict, "markers": list(s.markers)}
            for s in answer.sentences
        ],
        "earlier_turns": dict(answer.earlier),
        "read_as": "; among ".join(filter(None, (_get_reason(answer), answer.among))),
        "query": str(answer.reading.query) if answer.reading else None,
        "reading": build_reading_record(answer.reading) if answer.reading else None,
        "other_reading": asdict(answer.other) if answer.other else None,
        "steps": [{"name": name, "ms": round(ms, 2)} for name, ms in answer.steps],
        "filters": [build_condition_record(condition) for condition in answer.filters],
    }


def _format_ms(value_ms: float | None) -> float | None:
    return None if value_ms is None else round(value_ms, 2)


def _get_reason(answer: Answer) -> str:
    return answer.reading.reason if answer.reading else ""


def build_sentence_records(paper: Paper, sentences: Iterable[RoleSpan]) -> list[Mapping[str, Any]]:
    """The records of a paper's sentences, in text order."""
    return [
        {"text": paper.text[slice(*s.span)], "span": list(s.span), "role": s.role}
        for s in sentences
    ]


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
        "arxiv": paper.arxiv,
        "pmid": paper.pmid,
        "keywords": list(paper.keywords),
        "retracted": paper.retracted,
        "pages": len(paper.page_starts) or None,
        "sections": list(paper.section_names),
        "references": list(paper.references),
        "provenance": list(paper.provenance),
    }


def build_reading_record(reading: Reading) -> Mapping[str, Any]:
    """How a question was read, beside the query itself."""
    return {
        "by": reading.by,
        "parts": [asdict(part) for part in reading.parts],
        "unread": list(reading.unread),
        "notes": list(reading.notes),
        "others": list(map(str, reading.others)),
        "confidence": reading.confidence,
        "second": reading.second,
    }


# --- conditions -----------------------------------------------------------------------------


def build_condition_record(condition: Condition) -> dict[str, Any]:
    """A condition as its field, operator and value; a range is ``between`` two ends.

    Several ranges, and other values of which a record has always had a name, are spelt as before.
    """
    value = condition.value
    if isinstance(value, Range):
        operator = "not between" if condition.is_negative else "between"
        return _build_row(condition.field, operator, [value.low, value.high])
    if isinstance(value, tuple):
        ends = [[v.low, v.high] if isinstance(v, Range) else v for v in value]
        return _build_row(condition.field, condition.operator.replace("_", " "), ends)
    return _build_row(condition.field, condition.operator.replace("_", " "), value)


def _build_row(field: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": _encode(value)}


def _encode(value: Any) -> Any:
    if isinstance(value, list):
        return [_encode(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


FIELDS_BEFORE = {
    "printed": "printed_author",
    "first author": "first_author",
    "last author": "last_author",
    "places": "n_places",
    "complete": "complete_authors",
    "number of authors": "n_authors",
    "title length": "title_chars",
    "length": "abstract_words",
    "word": "title_word",
}
"""Names that records and kept conversations had for fields before there was one list of them."""
_OPERATORS_BEFORE = {
    "between": "is",
    "not between": "is_not",
    "within any": "in",
    "outside": "in",
    "marked": "has",
}


def read_condition_record(field: str, operator: str, value: Any) -> Condition:
    """What `build_condition_record` wrote, also as earlier versions spelt it.

    Raises:
        QueryError: There is no such field or operator, or the value is of another type.
    """
    field = FIELDS_BEFORE.get(field, field)
    new_operator: Any = _OPERATORS_BEFORE.get(operator, operator.replace(" ", "_"))
    is_list = isinstance(value, (list, tuple))
    if operator in ("between", "not between") and is_list:
        return Condition(field, new_operator, _read_range(field, value))
    if operator == "outside" and is_list:
        ends = [_read_scalar(field, each) for each in value]
        return Condition(field, "in", (Range(None, ends[0]), Range(ends[1], None)))
    is_day = is_list and all(isinstance(each, int) for each in value) and field == "date"
    if is_list and not is_day:
        items = tuple(
            _read_range(field, v) if isinstance(v, (list, tuple)) else _read_scalar(field, v)
            for v in value
        )
        # A single operator once took several values, and the other way round.
        if new_operator in ("is", "is_not") and items:
            new_operator = {"is": "in", "is_not": "not_in"}[new_operator]
        return Condition(field, new_operator, items)
    scalar = _read_scalar(field, value)
    if isinstance(scalar, bool) and new_operator == "is_not":
        return Condition(field, "is", not scalar)
    return Condition(field, new_operator, (scalar,) if new_operator in MANY else scalar)


def _read_range(field: str, ends: Any) -> Range:
    low, high = (_read_scalar(field, end) for end in ends)
    return Range(low, high)


def _read_scalar(field: str, value: Any) -> Any:
    """A day was once a list of year, month and day; in a record it is ISO 8601."""
    if find_field(field).type != "day" or value is None:
        return value
    if isinstance(value, str):
        return date.fromisoformat(value)
    year, month, day = value
    return date(year, month, min(day, monthrange(year, month)[1]))
