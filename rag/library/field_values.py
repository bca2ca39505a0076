"""What a paper has in each field of `rag.types.fields`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rag.library.fields import get_days
from rag.library.search_forms import list_title_words
from rag.library.view import LibraryView
from rag.types import Paper
from rag.types.fields import QueryError

_Values = Callable[[Paper, LibraryView], Sequence[object]]


def _list_single(value: object) -> Sequence[object]:
    return () if value is None or value == "" else (value,)


def _count_authors(paper: Paper) -> Sequence[object]:
    """Known only where the printed list is complete."""
    return (len(paper.authors),) if paper.authors and paper.authors_complete else ()


def _list_first_authors(paper: Paper, library: LibraryView) -> Sequence[object]:
    return [library.show_name(a.name) for a in paper.authorships if a.role == "first"]


def _list_last_authors(paper: Paper, library: LibraryView) -> Sequence[object]:
    """Known only where the printed list is complete."""
    if not paper.authors or not paper.authors_complete:
        return ()
    return (library.show_name(paper.authors[-1]),)


def _list_roles(paper: Paper, library: LibraryView) -> Sequence[object]:
    spans = library.library.list_role_spans(paper.paper_id)
    return sorted({span.role for span in spans if span.role})


_VALUES: Mapping[str, _Values] = {
    "year": lambda p, c: _list_single(p.year),
    "month": lambda p, c: _list_single(p.month),
    "day": lambda p, c: _list_single(p.day),
    "date": lambda p, c: (get_days(p.year, p.month, p.day),) if p.year else (),
    "category": lambda p, c: _list_single(p.category),
    "affiliation": lambda p, c: p.affiliations,
    "venue": lambda p, c: _list_single(p.venue),
    "keyword": lambda p, c: p.keywords,
    "role": _list_roles,
    "code": lambda p, c: (bool(p.code),),
    "retracted": lambda p, c: (bool(p.retracted),),
    "link": lambda p, c: p.links,
    "title": lambda p, c: _list_single(p.title),
    "text": lambda p, c: (f"{p.title or ''} {p.text}",) if p.text else (),
    "title_word": lambda p, c: list_title_words(p.title),
    "title_chars": lambda p, c: (len(p.title),) if p.title else (),
    "abstract_words": lambda p, c: (len(p.text.split()),) if p.text else (),
    "score": lambda p, c: _list_single(p.score),
    "doi": lambda p, c: _list_single(p.doi),
    "author": lambda p, c: c.list_people_of(p),
    "printed_author": lambda p, c: p.authors,
    "first_author": lambda p, c: _list_first_authors(p, c),
    "last_author": lambda p, c: _list_last_authors(p, c),
    "complete_authors": lambda p, c: (p.authors_complete,) if p.authors else (),
    "n_authors": lambda p, c: _count_authors(p),
    "page": lambda p, c: c.list_page_owners(p),
    "document": lambda p, c: [place.document for place in p.places],
    "place": lambda p, c: [str(place) for place in p.places],
    "n_places": lambda p, c: (len(p.places),),
    "paper": lambda p, c: (p.paper_id,),
}


def list_values(field: str, paper: Paper, library: LibraryView) -> Sequence[object]:
    """What a paper has in a field; empty means unknown.

    Raises:
        QueryError: The field is one of people.
    """
    if field not in _VALUES:
        raise QueryError(
            f"{field} is a figure of people, not of papers; papers have {', '.join(_VALUES)}"
        )
    return _VALUES[field](paper, library)
