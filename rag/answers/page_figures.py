"""Answers about the figures that author pages print, which may differ from the library's."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answers import person_phrases
from rag.library.fields import format_conditions
from rag.library.person_index import Mention
from rag.library.selection import ResolvedConditions, format_no_such_person
from rag.library.snapshot import LibrarySnapshot, get_short_name
from rag.text import join_names
from rag.text.english import counted
from rag.text.markdown import plain
from rag.types import Answer, Intent, ProfilePage
from rag.understanding.catalogue_ask import FIGURE_NOUNS, FIGURES, Ask

Number = int | float


def answer_figures(
    intent: Intent,
    ask: Ask,
    resolved_conditions: ResolvedConditions,
    people: Sequence[Mention],
    library: LibrarySnapshot,
) -> Answer:
    """Figures of the pages of the people named, or of all pages; abstains where none is printed."""
    kind, *names = ask.of
    if not people and (
        named_papers := library.find_papers_called(_remove_figure_words(intent.question))
    ):
        return _answer_for_paper(intent, names, named_papers[0][1], library)
    if _MOST_CITED.search(intent.question):
        text = f"The library has no citations of single papers; {_format_page_owners(library)}"
        return Answer(intent.question, "abstained", "catalogue", text)
    pages, missing = _find_pages(people, library)
    if not people and ask.left and kind == "plain" and not _is_about_pages(intent.question):
        pages, missing = [], [_format_nobody(names, library)]
    if not pages:
        text = " ".join(missing) or person_phrases.NO_PAGES
        return Answer(intent.question, "abstained", "catalogue", text)
    lines = [_format_page_line(page, names, library) for page in pages]
    value: Number | str | None = _get_single_figure(pages, names)
    if kind == "extreme":
        lines, value = _rank_pages(pages, names[0], ask.most, library)
    elif kind == "sum" and len(pages) > 1:
        lines.append(_format_sums(pages, names))
        value = _compute_total(
            pages, names[0], mean="average" in intent.question or "mean" in intent.question
        )
    further = [c for c in resolved_conditions.conditions if c.field not in ("author", "page")]
    if further:
        missing.append(person_phrases.tell_fixed_figure(format_conditions(further)))
    text = "\n".join([*lines, *missing])
    return Answer(intent.question, "answered", "catalogue", text, value=value)


_MOST_CITED = re.compile(
    r"\b(?:most|least|best|highest|often)[- ]?(?:cited|citations?)\s+(?:papers?|works?|publications?|article)\b"
    r"|\b(?:papers?|works?|publications?)\b.{0,200}\b(?:cited (?:the )?most|(?:the )?most (?:often )?(?:cited|citations))\b",
    re.IGNORECASE,
)


def _format_page_owners(library: LibrarySnapshot) -> str:
    return f"such figures are given only for whole profile pages ({_format_owners(library)})."


def _format_owners(library: LibrarySnapshot) -> str:
    """Whose pages there are, for a sentence in brackets."""
    owners = join_names(page.person for page in library.pages)
    return f"those of {owners}" if owners else "of which there is none here"


def _remove_figure_words(question: str) -> str:
    names = (FIGURES["ai_score"], FIGURES["h_index"])
    return re.sub("|".join(names), " ", question, flags=re.IGNORECASE)


def _is_about_pages(question: str) -> bool:
    return any(word in question.lower() for word in ("page", "profile", "each", "all"))


def _format_nobody(names: Sequence[str], library: LibrarySnapshot) -> str:
    owners = join_names(page.person for page in library.pages)
    nouns = join_names(FIGURE_NOUNS[name] for name in names)
    return f"I cannot tell whose {nouns} is meant; such figures are given for {owners or 'nobody'}."


def _find_pages(
    people: Sequence[Mention], library: LibrarySnapshot
) -> tuple[list[ProfilePage], list[str]]:
    """Pages of the people named, and a sentence for each who has none."""
    if not people:
        return list(library.pages), []
    pages, missing = [], []
    for mention in people:
        if not mention.names:
            missing.append(format_no_such_person(mention))
        person_pages = [page for name in mention.names if (page := library.find_page(name))]
        pages += [page for page in person_pages if page not in pages]
        if mention.names and not person_pages:
            who = join_names(mention.names)
            missing.append(
                f"{who} has no profile page here, and only such pages give these figures "
                f"({_format_owners(library)})."
            )
    return pages, missing


def _answer_for_paper(
    intent: Intent, names: Sequence[str], ids: Sequence[str], library: LibrarySnapshot
) -> Answer:
    """Figures are printed for people; asked of a paper they are unknown."""
    paper = library.by_id[ids[0]]
    nouns = join_names(FIGURE_NOUNS[name] for name in names)
    text = (
        f"The library has no {nouns} for single papers such as {plain(get_short_name(paper))}: "
        f"they are given only for whole profile pages ({_format_owners(library)})."
    )
    return Answer(intent.question, "abstained", "catalogue", text)


def _get_figure(page: ProfilePage, name: str) -> Number | None:
    value = getattr(page, name)
    return None if value is None else value


def _format_figure(name: str, value: Number | None) -> str:
    if value is None:
        return f"{FIGURE_NOUNS[name]} not printed"
    if name == "novelty":
        return f"novelty {value:.0%}"
    if name in ("n_citations", "n_papers"):
        return f"{value:,} {FIGURE_NOUNS[name]}"
    return f"{FIGURE_NOUNS[name]} {value:g}"


def _format_page_line(page: ProfilePage, names: Sequence[str], library: LibrarySnapshot) -> str:
    figures_text = join_names(_format_figure(name, _get_figure(page, name)) for name in names)
    line = person_phrases.tell_page_figures(plain(page.person), f"**{figures_text}**.")
    if "n_papers" in names:
        line += f" {person_phrases.tell_page_papers(len(library.page_papers[page.person]))}"
    return line


def _get_single_figure(pages: Sequence[ProfilePage], names: Sequence[str]) -> Number | str | None:
    """The figure itself where one was asked for, or all of them in words."""
    if len(pages) == 1 and len(names) == 1:
        return _get_figure(pages[0], names[0])
    return "; ".join(
        f"{page.person}: " + ", ".join(_format_figure(n, _get_figure(page, n)) for n in names)
        for page in pages
    )


def _rank_pages(
    pages: Sequence[ProfilePage], name: str, descending: bool, library: LibrarySnapshot
) -> tuple[list[str], Number | str | None]:
    known = [page for page in pages if _get_figure(page, name) is not None]
    order = sorted(
        known, key=lambda p: (_get_sort_key(p, name) * (-1 if descending else 1), p.person)
    )
    if not order:
        return [_format_page_line(page, [name], library) for page in pages], None
    best = [p for p in order if _get_sort_key(p, name) == _get_sort_key(order[0], name)]
    word = "highest" if descending else "lowest"
    head = f"**{join_names(p.person for p in best)}**: the {word} {FIGURE_NOUNS[name]} of {counted(len(order), 'page')}."
    lines = [
        head,
        "",
        *(f"- {plain(p.person)}: {_format_figure(name, _get_figure(p, name))}" for p in order),
    ]
    return lines, ", ".join(p.person for p in best)


def _get_sort_key(page: ProfilePage, name: str) -> float:
    return float(_get_figure(page, name) or 0)


def _format_sums(pages: Sequence[ProfilePage], names: Sequence[str]) -> str:
    sum_texts = [
        f"{FIGURE_NOUNS[n]}: {_compute_total(pages, n):,g} in all, {_compute_total(pages, n, mean=True):,.4g} on average"
        for n in names
    ]
    return f"Over {counted(len(pages), 'page')}: {'; '.join(sum_texts)}."


def _compute_total(pages: Sequence[ProfilePage], name: str, *, mean: bool = False) -> Number:
    known = [_get_sort_key(page, name) for page in pages if _get_figure(page, name) is not None]
    total = sum(known) / len(known) if mean and known else sum(known)
    return int(total) if total == int(total) else round(total, 4)


def render_page_figures(page: ProfilePage, n_held: int) -> str:
    """Every figure that a page prints, in one sentence, with how many of its papers are held."""
    printed = [n for n in ("n_papers", *FIGURE_NOUNS) if _get_figure(page, n) is not None]
    figure_texts = [
        _format_figure(name, _get_figure(page, name)) for name in dict.fromkeys(printed)
    ]
    page_papers = person_phrases.tell_page_papers(n_held)
    if not figure_texts:
        return f"There is a profile page. {page_papers}"
    return f"{person_phrases.tell_page_figures(plain(page.person), join_names(figure_texts))}. {page_papers}"
