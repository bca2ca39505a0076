"""The files of the library, and those about to be read, as safe HTML rows; pure.

A file is told by what a reader knows of it: whose page it is, or the paper it holds; its name and when
it was read stand behind "file". What could not be read of it stands in its row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from rag.library.bibliography import format_byline
from rag.text.english import counted
from rag.types import (
    Condition,
    Document,
    DocumentPlan,
    Entry,
    EntryPlan,
    Paper,
    Place,
    Plan,
    Rejection,
)
from ui.components.paper_state import print_papers
from ui.views.escaping import without_paths

FORMATS = {
    "author_page": "profile page", "abstract_list": "list of abstracts", "pdf": "PDF",
    "bibtex": "BibTeX", "csv": "table", "tsv": "table", "jsonl": "JSON", "json": "JSON",
    "html": "web page", "latex": "LaTeX", "ris": "RIS",
}  # fmt: skip
SHOWN_PROBLEMS = 5
SHOWN_TITLES = 6
BEGINNING_WORDS = 12
ICONS = {
    "author_page": "M12 12a4 4 0 1 0-4-4 4 4 0 0 0 4 4Zm-8 8a8 8 0 0 1 16 0",
    "pdf": "M7 3h7l5 5v13H7zM14 3v5h5M10 13h6M10 17h6",
    "": "M5 4h14v16H5zM8 8h8M8 12h8M8 16h5",
}
"""Paths of line drawings, by format; the last for all others."""


def name_document(document: Document, entries: Sequence[Entry] = ()) -> str:
    """What a reader calls the file: whose page it is, the one paper in it, or the file's own name."""
    if document.page is not None:
        return f"{document.page.person}’s page"
    if len(entries) == 1 and entries[0].title:
        return entries[0].title
    if document.format == "abstract_list":
        return f"List of {counted(document.n_entries, 'abstract')}"
    return document.name


def name_place(place: Place, documents: Mapping[str, Document]) -> str:
    """Where an entry stands, in words: ``Shiming Ge’s page, line 9``."""
    document = documents.get(place.document)
    return f"{name_document(document) if document else place.document}, line {place.line}"


def render_document(
    document: Document, entries: Sequence[Entry], origin: str, position: int, n_rows: int
) -> str:
    """One file of the library as a row of a list."""
    name = name_document(document, entries)
    value = escape(document.name, quote=True)
    papers = escape(print_papers((Condition("document", "is", document.name),)), quote=True)
    by = [FORMATS.get(document.format, document.format.replace("_", " "))]
    by += [document.institution] if document.institution else []
    if document.format == "abstract_list" and entries:
        by = [f"begins “{' '.join(entries[0].text.split()[:BEGINNING_WORDS])} …”"]
    elif len(entries) == 1:
        by += [", ".join(entries[0].authors[:4]) or "authors unknown"]
        by += [str(entries[0].year or "year unknown")]
    if document.n_kept:
        by.append(f"{counted(document.n_kept, 'entry')} kept from before")
    link = f'<button data-act="papers" data-value="{papers}">{counted(document.n_entries)}</button>'
    read_at = document.ingested_at[:16].replace("T", " ")
    return (
        f'<div class="row" role="listitem" data-id="{value}" aria-posinset="{position + 1}" aria-setsize="{n_rows}">'
        f'<label class="pick"><input type="checkbox" aria-label="Select {escape(name, quote=True)}"></label>'
        f'{_draw_icon(document.format)}<div class="what">'
        f'<button class="name" data-act="papers" data-value="{papers}">{escape(name)}</button>'
        f'<p class="by">{escape(" · ".join(by))}</p>{render_problems(document.rejections, document.name)}'
        f'<div class="actions">{link}<button data-act="correct" data-value="{value}">Correct</button>'
        f'<button data-act="remove" data-value="{value}">Remove</button>'
        f'<details class="file"><summary>File</summary><p class="by">{escape(document.name)} · '
        f"{escape(origin)} · read {escape(read_at)} UTC</p></details></div></div></div>"
    )


def _draw_icon(format_name: str) -> str:
    path = ICONS.get(format_name, ICONS[""])
    return f'<svg class="kind" viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>'


def render_problems(rejections: Sequence[Rejection], name: str) -> str:
    """What could not be read of a file, a sentence each, with its line."""
    if not rejections:
        return ""
    rows = "".join(
        f"<li>{escape(format_reason(r, name))}</li>" for r in rejections[:SHOWN_PROBLEMS]
    )
    n_more = len(rejections) - SHOWN_PROBLEMS
    rest = f"<li>and {n_more:,} more</li>" if n_more > 0 else ""
    return f'<ul class="problems" aria-label="What could not be read">{rows}{rest}</ul>'


def format_reason(rejection: Rejection, name: str) -> str:
    """Why something could not be read, and at which line; the file's name stands in the row."""
    reason = rejection.reason
    for begun in (f"file {name!r} ", f"{name!r} "):
        reason = reason.removeprefix(begun)
    where = f"line {rejection.line}: " if rejection.line is not None else ""
    return without_paths(f"{where}{reason}")


# --- what is about to be read -------------------------------------------------------------------


def render_plan(plan: Plan) -> str:
    """The files that were chosen, with what would be read of each, or why nothing is."""
    rows = [_render_planned(document, plan.rejections) for document in plan.documents]
    planned = {document.name for document in plan.documents}
    loose = [r for r in (*plan.rejections, *plan.passed_over) if r.document not in planned]
    rows += [
        f'<li class="planned">{_draw_icon("")}<div class="what"><b>{escape(r.document)}</b>'
        f"{render_problems([r], r.document)}</div></li>"
        for r in loose
    ]
    return f'<ul class="plan" aria-label="Files to read">{"".join(rows)}</ul>'


def _render_planned(document: DocumentPlan, rejections: Sequence[Rejection]) -> str:
    file_rejections = [r for r in rejections if r.document == document.name]
    changes = [entry for entry in document.entries if entry.change != "unchanged"]
    entries = document.reading.entries if document.reading else ()
    read = {entry.place: entry for entry in entries}
    titles = "".join(
        _render_entry(change, read.get(change.place)) for change in changes[:SHOWN_TITLES]
    )
    n_more = len(changes) - SHOWN_TITLES
    rest = f'<li class="by">and {n_more:,} more</li>' if n_more > 0 else ""
    listing = f'<ul class="plain">{titles}{rest}</ul>' if titles else ""
    kind = document.reading.format if document.reading else ""
    return (
        f'<li class="planned">{_draw_icon(kind)}<div class="what"><b>{escape(document.name)}</b> '
        f'<span class="by">{escape(format_change(document))}</span>{listing}'
        f"{render_problems(file_rejections, document.name)}</div></li>"
    )


def _render_entry(planned: EntryPlan, entry: Entry | None) -> str:
    """An entry's title, and whose it is: how that is known where it had to be looked for."""
    details = planned.details or (format_byline(entry) if entry else "")
    line = f'<br><span class="by">{escape(details)}</span>' if details else ""
    return f"<li>{escape(planned.name)}{line}</li>"


def format_change(document: DocumentPlan) -> str:
    """What an ingest does to a file, in words: ``4 new papers``."""
    if document.change == "rejected":
        return "cannot be read"
    words = {
        "new": "new paper",
        "changed": "changed paper",
        "removed": "paper gone",
        "kept": "paper kept",
    }
    counts = {change: sum(e.change == change for e in document.entries) for change in words}
    parts = [
        counted(n, words[change])
        for change, n in counts.items()
        if n and change in ("new", "changed")
    ]
    parts += [f"{n:,} {'gone' if change == 'removed' else change}" for change, n in counts.items()
             if n and change in ("removed", "kept")]  # fmt: skip
    return ", ".join(parts) or "nothing new in it"


# --- papers of several places -------------------------------------------------------------------


def render_merged(papers: Sequence[Paper], documents: Mapping[str, Document]) -> str:
    """Papers that several entries were taken to be, with their places, each of which can be parted."""
    rows = []
    for paper in papers:
        places = "".join(
            f"<li>{escape(name_place(place, documents))} "
            f'<button data-act="part" data-value="{escape(str(place), quote=True)}" '
            f'aria-label="Part the entry in {escape(name_place(place, documents), quote=True)}">Part</button></li>'
            for place in paper.places
        )
        rows.append(
            f'<li><button class="title" data-act="paper" data-value="{escape(paper.paper_id, quote=True)}">'
            f'{escape(paper.name)}</button><ul class="places">{places}</ul></li>'
        )
    return f'<ul class="merged plain">{"".join(rows)}</ul>'
