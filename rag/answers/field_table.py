"""A list of papers as a Markdown table of the fields that were asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.answers.attributes import find_code_address
from rag.answers.rows import MAX_ROWS, Listing, format_date
from rag.library.field_values import list_values
from rag.library.view import LibraryView
from rag.text.markdown import plain
from rag.types import Paper

_NOT_PRINTED = "–"


def render_field_table(
    papers: Sequence[Paper], fields: Sequence[str], library: LibraryView, listing: Listing
) -> str:
    """A row a paper and a column a field; the title is there in any case, for its marker."""
    fields = fields if "title" in fields else ("title", *fields)
    headings = (field.replace("_", " ").capitalize() for field in fields)
    headings = (f"{h}s" if h == "Author" else h for h in headings)
    lines = [f"| {' | '.join(headings)} |", "|---" * len(fields) + "|"]
    for paper in papers[:MAX_ROWS]:
        cells = [_render_cell(paper, field, library, listing) for field in fields]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _render_cell(paper: Paper, field: str, library: LibraryView, listing: Listing) -> str:
    render = _CELLS.get(field)
    if field == "title":
        text = f"{plain(paper.name)} {listing.get_marker(paper)}"
    elif render:
        text = render(paper)
    else:
        text = ", ".join(plain(str(value)) for value in list_values(field, paper, library))
    return text.replace("|", "∣") or _NOT_PRINTED


def _list_authors(paper: Paper) -> str:
    """The printed names: whoever is an author by their profile page alone is not printed."""
    cut = "" if paper.authors_complete or not paper.authors else " et al."
    return f"{', '.join(map(plain, paper.authors))}{cut}"


_CELLS: dict[str, Callable[[Paper], str]] = {
    "author": _list_authors,
    "first_author": lambda paper: plain(paper.authors[0]) if paper.authors else "",
    "date": format_date,
    "year": lambda paper: str(paper.year or ""),
    "code": lambda paper: find_code_address(paper) or ("yes" if paper.code else ""),
    "link": lambda paper: " ".join(map(plain, paper.links)),
}
