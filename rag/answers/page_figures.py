"""Answers about the figures that author pages print, which may differ from the library's."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answers import figure_phrases, person_phrases
from rag.library.fields import format_conditions
from rag.library.naming import get_short_name
from rag.library.selection import format_no_such_person
from rag.library.view import LibraryView
from rag.text import join_names
from rag.text.english import counted
from rag.text.everyday import is_everyday
from rag.text.markdown import plain
from rag.types import Answer, Condition, ProfilePage
from rag.types.fields import QueryError
from rag.types.query import Order, PersonRef, Query

Number = int | float

_FIGURE_NOUNS = {
    "h_index": "h-index",
    "n_citations": "citations",
    "novelty": "novelty",
    "ai_score": "AI score",
    "page_papers": "papers by the page's own figure",
}
"""Figures of pages by their fields, as they are named to a reader."""


def is_figure(field: str) -> bool:
    """Whether author pages print it."""
    return field in _FIGURE_NOUNS


def answer_figures(query: Query, conditions: Sequence[Condition], library: LibraryView) -> Answer:
    """Figures of the pages of the people named, or of all pages; abstains where none is printed.

    Args:
        query: ``by`` names the figures; with ``order`` pages are ranked by one of them.
        conditions: Its conditions, which change no figure that is printed; this is said.
        library: Whose pages are meant.

    Raises:
        QueryError: They are to be ranked by what no page prints.
    """
    names = [name for name in query.by if is_figure(name)]
    if query.order is not None:
        if not is_figure(query.order.field):
            raise QueryError(
                f"figures of pages are not ordered by {query.order.field}; "
                f"there are {', '.join(_FIGURE_NOUNS)}"
            )
        names = list(dict.fromkeys([query.order.field, *names]))
    if query.papers:
        return _answer_for_paper(names, query.papers, library)
    pages, missing = _find_pages(query.people, names, library)
    if not pages:
        text = " ".join(missing) or person_phrases.NO_PAGES
        return Answer("", "abstained", "catalogue", text)
    lines = [_format_page_line(page, names, library) for page in pages]
    value: Number | str | None = _get_single_figure(pages, names)
    if query.order is not None:
        lines, value = _rank_pages(pages, query.order, library)
    elif query.measure != "each" and len(pages) > 1:
        lines.append(_format_sums(pages, names))
        value = _compute_total(pages, names[0], is_mean=query.measure != "sum")
    further = [c for c in conditions if c.field not in ("author", "page")]
    if further:
        missing.append(person_phrases.tell_fixed_figure(format_conditions(further)))
    text = "\n".join([*lines, *missing])
    return Answer("", "answered", "catalogue", text, value=value)


def refuse_figures_of_papers(library: LibraryView) -> Answer:
    """``the most cited paper``: figures are printed for people alone."""
    text = figure_phrases.tell_no_citations(_list_owners(library))
    return Answer("", "abstained", "catalogue", text)


def _list_owners(library: LibraryView) -> list[str]:
    return [page.person for page in library.pages]


def _format_nobody(names: Sequence[str], library: LibraryView) -> str:
    nouns = join_names(_FIGURE_NOUNS[name] for name in names)
    return figure_phrases.tell_unknown_owner(nouns, _list_owners(library))


def _find_pages(
    people: Sequence[PersonRef], figures: Sequence[str], library: LibraryView
) -> tuple[list[ProfilePage], list[str]]:
    """Pages of the people named, and a sentence for each who has none."""
    if not people:
        return list(library.pages), []
    pages, missing = [], []
    for person in people:
        if not person.names:
            missing.append(_format_unknown(person.typed, figures, library))
        person_pages = [page for name in person.names if (page := library.find_page(name))]
        pages += [page for page in person_pages if page not in pages]
        if person.names and not person_pages:
            who = join_names(person.names)
            missing.append(figure_phrases.tell_no_page(who, _list_owners(library)))
    return pages, missing


def _format_unknown(typed: str, figures: Sequence[str], library: LibraryView) -> str:
    """Nobody here is called so; ``citations of the teacher?`` names nobody anywhere."""
    mention = library.names.resolve(typed)
    if mention is None or all(map(is_everyday, typed.lower().split())):
        return _format_nobody(figures, library)
    return format_no_such_person(mention)


def _answer_for_paper(names: Sequence[str], ids: Sequence[str], library: LibraryView) -> Answer:
    """Figures are printed for people; asked of a paper they are unknown."""
    (paper,) = library.list_papers(ids[:1])
    nouns = join_names(_FIGURE_NOUNS[name] for name in names)
    name = plain(get_short_name(paper))
    text = figure_phrases.tell_none_for_papers(nouns, name, _list_owners(library))
    return Answer("", "abstained", "catalogue", text)


def get_figure(page: ProfilePage, field: str) -> Number | None:
    """A figure that the page prints; None where it prints none."""
    value: Number | None = getattr(page, "n_papers" if field == "page_papers" else field)
    return value


def _format_figure(name: str, value: Number | None) -> str:
    if value is None:
        return f"{_FIGURE_NOUNS[name]} not printed"
    if name == "novelty":
        return f"novelty {value:.0%}"
    if name in ("n_citations", "page_papers"):
        return f"{value:,} {_FIGURE_NOUNS[name]}"
    return f"{_FIGURE_NOUNS[name]} {value:g}"


def _format_page_line(page: ProfilePage, names: Sequence[str], library: LibraryView) -> str:
    figures_text = join_names(_format_figure(name, get_figure(page, name)) for name in names)
    line = person_phrases.tell_page_figures(plain(page.person), f"**{figures_text}**.")
    if "page_papers" in names:
        line += f" {person_phrases.tell_page_papers(len(library.list_page_papers(page.person)))}"
    return line


def _get_single_figure(pages: Sequence[ProfilePage], names: Sequence[str]) -> Number | str | None:
    """The figure itself where one was asked for, or all of them in words."""
    if len(pages) == 1 and len(names) == 1:
        return get_figure(pages[0], names[0])
    return "; ".join(
        f"{page.person}: " + ", ".join(_format_figure(n, get_figure(page, n)) for n in names)
        for page in pages
    )


def _rank_pages(
    pages: Sequence[ProfilePage], order: Order, library: LibraryView
) -> tuple[list[str], Number | str | None]:
    name, is_descending = order.field, order.way != "ascending"
    known = [page for page in pages if get_figure(page, name) is not None]
    ranked = sorted(
        known, key=lambda p: (_get_sort_key(p, name) * (-1 if is_descending else 1), p.person)
    )
    if not ranked:
        return [_format_page_line(page, [name], library) for page in pages], None
    best = [p for p in ranked if _get_sort_key(p, name) == _get_sort_key(ranked[0], name)]
    word = "highest" if is_descending else "lowest"
    people = [page.person for page in best]
    head = figure_phrases.head_ranked_pages(people, word, _FIGURE_NOUNS[name], len(ranked))
    lines = [
        head,
        "",
        *(f"- {plain(p.person)}: {_format_figure(name, get_figure(p, name))}" for p in ranked),
    ]
    return lines, ", ".join(p.person for p in best)


def _get_sort_key(page: ProfilePage, name: str) -> float:
    return float(get_figure(page, name) or 0)


def _format_sums(pages: Sequence[ProfilePage], names: Sequence[str]) -> str:
    sum_texts = [
        f"{_FIGURE_NOUNS[n]}: {_compute_total(pages, n):,g} in all, {_compute_total(pages, n, is_mean=True):,.4g} on average"
        for n in names
    ]
    return f"Over {counted(len(pages), 'page')}: {'; '.join(sum_texts)}."


def _compute_total(pages: Sequence[ProfilePage], name: str, *, is_mean: bool = False) -> Number:
    known = [_get_sort_key(page, name) for page in pages if get_figure(page, name) is not None]
    total = sum(known) / len(known) if is_mean and known else sum(known)
    return int(total) if total == int(total) else round(total, 4)


def render_page_figures(page: ProfilePage, n_held: int) -> str:
    """Every figure that a page prints, in one sentence, with how many of its papers are held."""
    printed = [n for n in ("page_papers", *_FIGURE_NOUNS) if get_figure(page, n) is not None]
    figure_texts = [_format_figure(name, get_figure(page, name)) for name in dict.fromkeys(printed)]
    page_papers = person_phrases.tell_page_papers(n_held)
    if not figure_texts:
        return f"There is a profile page. {page_papers}"
    return f"{person_phrases.tell_page_figures(plain(page.person), join_names(figure_texts))}. {page_papers}"
