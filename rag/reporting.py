"""What an ingest would do or did, as lines for a person and as one JSON object for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rag.types import Change, DocumentPlan, Plan, Report

SHOWN_ENTRIES = 20
SHOWN_PASSED_OVER = 20
CHANGES: tuple[Change, ...] = ("new", "changed", "removed", "kept", "unchanged")


def plan_of(done: Plan | Report) -> Plan:
    return done.plan if isinstance(done, Report) else done


def ingest_lines(done: Plan | Report) -> Iterator[str]:
    """A line for each document, its changed entries in a plan, and the sum."""
    plan = plan_of(done)
    for document in plan.documents:
        yield f"{document.name}: {_document_counts(document)}"
        if isinstance(done, Plan):
            yield from _entry_lines(document)
    counts = ", ".join(f"{n} {change}" for change, n in plan.counts.items() if n) or "nothing read"
    if isinstance(done, Report):
        yield from (f"mended: {one}" for one in done.mended)
        yield f"{counts}; the library holds {_papers(done)} ({done.seconds:.1f} s)"
    else:
        yield f"plan: {counts}; nothing was written"


def _papers(report: Report) -> str:
    papers = f"{report.n_papers} paper{'' if report.n_papers == 1 else 's'}"
    n = report.n_in_several_places
    if not n:
        return papers
    stand = "stands" if n == 1 else "stand"
    return f"{papers}, {n} of which {stand} in more than one place"


def unread_lines(done: Plan | Report) -> Iterator[str]:
    """What could not be read, each with its reason; then files of other kinds, some of many."""
    plan = plan_of(done)
    yield from map(str, plan.rejections)
    shown = plan.passed_over[:SHOWN_PASSED_OVER]
    yield from (f"passed over: {one}" for one in shown)
    if len(plan.passed_over) > len(shown):
        yield f"passed over: and {len(plan.passed_over) - len(shown)} more files"


def _document_counts(document: DocumentPlan) -> str:
    counts = {c: sum(entry.change == c for entry in document.entries) for c in CHANGES}
    said = ", ".join(f"{n} {change}" for change, n in counts.items() if n)
    return said or f"{document.change}, {document.n_entries} entries"


def _entry_lines(document: DocumentPlan) -> Iterator[str]:
    changed = [entry for entry in document.entries if entry.change != "unchanged"]
    for entry in changed[:SHOWN_ENTRIES]:
        yield f"  {entry.change:<8} {entry.place}  {entry.name}"
    if len(changed) > SHOWN_ENTRIES:
        yield f"  and {len(changed) - SHOWN_ENTRIES} more"


def ingest_record(done: Plan | Report) -> Mapping[str, object]:
    """Entries by change, each document and each rejection; after an ingest the library as well."""
    plan = plan_of(done)
    record: dict[str, object] = {
        "dry_run": isinstance(done, Plan),
        **plan.counts,
        "documents": [_document_record(document) for document in plan.documents],
        "rejections": [
            {"document": r.document, "line": r.line, "reason": r.reason} for r in plan.rejections
        ],
        "passed_over": [{"document": r.document, "reason": r.reason} for r in plan.passed_over],
    }
    if isinstance(done, Report):
        record |= {
            "papers": done.n_papers,
            "chunks": done.n_chunks,
            "embedded": done.n_embedded,
            "library": done.fingerprint,
            "seconds": round(done.seconds, 3),
        }
    return record


def _document_record(document: DocumentPlan) -> Mapping[str, object]:
    entries = [
        {"source": str(e.place), "paper": e.paper_id, "name": e.name, "change": e.change}
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
