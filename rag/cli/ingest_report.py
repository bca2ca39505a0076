"""Formats the plan or report of an ingest, as lines for a person and as JSON for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rag.text.english import choose_number, counted
from rag.types import Change, DocumentPlan, Plan, Report

SHOWN_ENTRIES = 20
SHOWN_PASSED_OVER = 20
SHOWN_NOTES = 40
CHANGE_ORDER: tuple[Change, ...] = ("new", "changed", "removed", "kept", "unchanged")


def get_plan(outcome: Plan | Report) -> Plan:
    return outcome.plan if isinstance(outcome, Report) else outcome


def iter_ingest_lines(outcome: Plan | Report) -> Iterator[str]:
    """A line for each document, its changed entries in a plan, and the sum."""
    plan = get_plan(outcome)
    for document in plan.documents:
        yield f"{document.name}: {_format_document_counts(document)}"
        if isinstance(outcome, Plan) or any(entry.details for entry in document.entries):
            yield from _iter_entry_lines(document)
    if isinstance(outcome, Report):
        yield from [outcome.resumed] if outcome.resumed else []
        yield from (f"mended: {item}" for item in outcome.mended)
    yield format_summary(outcome)


def format_summary(outcome: Plan | Report) -> str:
    """The sum of a plan or of an ingest, in one line."""
    changes = get_plan(outcome).counts.items()
    counts = ", ".join(f"{n} {change}" for change, n in changes if n) or "nothing read"
    if isinstance(outcome, Report):
        return (
            f"{counts}; the library holds {_format_paper_counts(outcome)} ({outcome.seconds:.1f} s)"
        )
    return f"plan: {counts}; nothing was written"


def _format_paper_counts(report: Report) -> str:
    papers = counted(report.n_papers)
    n = report.n_in_several_places
    if not n:
        return papers
    stand = choose_number(n, "stands", "stand")
    return f"{papers}, {n} of which {stand} in more than one place"


def iter_unread_lines(outcome: Plan | Report) -> Iterator[str]:
    """What could not be read, each with its reason; what is to be said of the rest; then files of other
    kinds, some of many.
    """
    plan = get_plan(outcome)
    yield from map(str, plan.rejections)
    yield from (f"{name}: {note}" for name, note in plan.notes[:SHOWN_NOTES])
    if len(plan.notes) > SHOWN_NOTES:
        yield f"and {len(plan.notes) - SHOWN_NOTES} more notes, which --json lists"
    first_files = plan.passed_over[:SHOWN_PASSED_OVER]
    yield from (f"passed over: {file_line}" for file_line in first_files)
    if len(plan.passed_over) > len(first_files):
        yield f"passed over: and {len(plan.passed_over) - len(first_files)} more files"


def _format_document_counts(document: DocumentPlan) -> str:
    counts = {c: sum(entry.change == c for entry in document.entries) for c in CHANGE_ORDER}
    counts_text = ", ".join(f"{n} {change}" for change, n in counts.items() if n)
    return counts_text or f"{document.change}, {document.n_entries} entries"


def _iter_entry_lines(document: DocumentPlan) -> Iterator[str]:
    changed = [entry for entry in document.entries if entry.change != "unchanged"]
    for entry in changed[:SHOWN_ENTRIES]:
        yield f"  {entry.change:<8} {entry.place}  {entry.name}"
        if entry.details:
            yield f"           {entry.details}"
    if len(changed) > SHOWN_ENTRIES:
        yield f"  and {len(changed) - SHOWN_ENTRIES} more"


def build_ingest_record(outcome: Plan | Report) -> Mapping[str, object]:
    """Entries by change, each document and each rejection; after an ingest the library as well."""
    plan = get_plan(outcome)
    record: dict[str, object] = {
        "dry_run": isinstance(outcome, Plan),
        **plan.counts,
        "documents": [_build_document_record(document) for document in plan.documents],
        "rejections": [
            {"document": r.document, "line": r.line, "reason": r.reason} for r in plan.rejections
        ],
        "notes": [{"document": name, "note": note} for name, note in plan.notes],
        "passed_over": [{"document": r.document, "reason": r.reason} for r in plan.passed_over],
    }
    if isinstance(outcome, Report):
        record |= {
            "papers": outcome.n_papers,
            "chunks": outcome.n_chunks,
            "embedded": outcome.n_embedded,
            "resumed": outcome.resumed,
            "library": outcome.fingerprint,
            "seconds": round(outcome.seconds, 3),
        }
    return record


def _build_document_record(document: DocumentPlan) -> Mapping[str, object]:
    entries = [
        {
            "source": str(e.place),
            "paper": e.paper_id,
            "name": e.name,
            "change": e.change,
            "details": e.details,
        }
        for e in document.entries
        if e.change != "unchanged"
    ]
    return {
        "document": document.name,
        "path": document.path,
        "change": document.change,
        "entries": document.n_entries,
        "changes": entries,
    }
