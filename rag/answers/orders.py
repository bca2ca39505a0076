"""Answers that order or group the papers: oldest and newest, by year, how many values there are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from rag.answers import person_phrases, phrases
from rag.answers.paper_set import PaperSet
from rag.answers.phrases import add_before
from rag.answers.rows import MAX_ROWS, Listing, format_date, list_places
from rag.library.field_values import list_values
from rag.text import join_names
from rag.text.english import MONTHS, counted
from rag.text.markdown import plain
from rag.types import Answer, Condition, Paper
from rag.types.fields import FIELDS
from rag.types.query import Order, Query

AnswerValue = int | float | str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class _OrderWords:
    """An order of papers: its two ends in words, what a paper needs for it, and the remark."""

    largest: str
    least: str
    needed: str
    template: str


_ORDER_WORDS = {
    "date": _OrderWords("newest", "oldest", "a year", ""),
    "year": _OrderWords("newest", "oldest", "a year", ""),
    "score": _OrderWords("highest score", "lowest score", "a score", "score **{:g}**"),
    "title": _OrderWords("last title", "first title", "a title", ""),
    "title_chars": _OrderWords("longest title", "shortest title", "a title", "{:g} characters"),
    "abstract_words": _OrderWords("longest abstract", "shortest abstract", "an abstract", "{:g} words"),
    "n_authors": _OrderWords("most authors", "fewest authors", "all of their authors", "{:g} authors"),
    "n_places": _OrderWords("most entries", "fewest entries", "an entry", "{:g} entries"),
}  # fmt: skip


def answer_extreme(query: Query, papers: PaperSet, phrase: str) -> Answer:
    """The papers at one end of an order (or at both), equal ones all."""
    order, library = query.order, papers.library
    assert order is not None
    words = _ORDER_WORDS[order.field]
    n_known = library.count_known(order.field, papers.all_conditions)
    if not n_known:
        text = phrases.tell_none_has(papers.n, phrase, words.needed)
        return Answer("", "abstained", "catalogue", text)
    name = words.largest if order.way == "descending" else words.least
    if order.way == "both ends":
        least_first, most_first = replace(order, way="ascending"), replace(order, way="descending")
        ends = [
            *_find_ends(papers, least_first, query.k, n_known),
            *_find_ends(papers, most_first, query.k, n_known),
        ]
        chosen, name = list(dict.fromkeys(ends)), f"{words.least} and {words.largest}"
    else:
        chosen = _find_ends(papers, order, query.k, n_known)
    top_papers = library.list_papers(chosen[:MAX_ROWS])
    listing = Listing()
    head = phrases.head_extreme(name, n_known, phrase, words.needed)

    def format_note(paper: Paper) -> str:
        if order.field in ("date", "year"):
            return _format_paper_day(paper)
        return words.template.format(*list_values(order.field, paper, library))

    scored = library.list_scored(chosen)
    value: AnswerValue = list_places(scored)
    # "which paper has the lowest score?" asks for the score as much as for the paper.
    if order.field == "score" and len(chosen) == 1:
        value = top_papers[0].score
    rows = listing.render_rows(top_papers, format_note, n=len(chosen))
    is_next_told = not query.k and order.field in ("date", "year") and order.way != "both ends"
    after = _tell_next(papers, order, chosen, listing) if is_next_told else ""
    undated = _tell_undated(papers, order, listing)
    text = "\n\n".join(filter(None, (f"{head}:", rows, after, undated)))
    return Answer("", "answered", "catalogue", text, listing.citations, scored, value=value)


def _tell_next(papers: PaperSet, order: Order, chosen: list[str], listing: Listing) -> str:
    """Those after the first: "what are the newest papers on diffusion?" asks for more than one."""
    n_known = papers.library.count_known(order.field, papers.all_conditions)
    ids = [i for i in papers.find_ids(order, min(len(chosen) + _NEXT, n_known)) if i not in chosen]
    if len(chosen) > _NEXT or not ids:
        return ""
    names = [
        f"*{plain(paper.name)}* ({format_date(paper)}) {listing.get_marker(paper)}"
        for paper in papers.library.list_papers(ids)
    ]
    return phrases.tell_next(names)


_NEXT = 3


def _tell_undated(papers: PaperSet, order: Order, listing: Listing) -> str:
    """Papers without a year, by name: one of May without a year may well be the newest."""
    if papers.ranked is None or order.field not in ("date", "year") or order.way == "both ends":
        return ""
    undated = papers.narrow(Condition("year", "unknown")).find_papers()
    if not undated:
        return ""
    names = [
        f"*{plain(paper.name)}*{_format_month(paper)} {listing.get_marker(paper)}"
        for paper in undated[:_UNDATED_NAMED]
    ]
    way = "older" if order.way == "ascending" else "newer"
    return phrases.tell_undated_rest(way, names, len(undated) - len(names))


_UNDATED_NAMED = 5


def _format_month(paper: Paper) -> str:
    return f" ({MONTHS[paper.month - 1]})" if paper.month else ""


def answer_in_order(query: Query, papers: PaperSet, phrase: str) -> Answer:
    """All papers, or the first k, in an order; those for which it is unknown last."""
    order, library = query.order, papers.library
    assert order is not None
    words = _ORDER_WORDS[order.field]
    n_known = library.count_known(order.field, papers.all_conditions)
    # "the 3 newest papers on diffusion": those without a year are named below, not ranked.
    is_cut = query.k is not None and 0 < query.k <= n_known < papers.n
    ordered = papers.find_ids(order, query.k)
    listing = Listing()
    name = words.least if order.way == "ascending" else words.largest
    head = f"{counted(papers.n)}{add_before(phrase)}, {name} first"
    if is_cut:
        head += f"; the first {query.k} of the {n_known} with {words.needed}"
    elif n_silent := papers.n - n_known:
        head += (
            f"; the last {n_silent} without {words.needed}"
            if n_known
            else f", {words.needed} of none is known"
        )
    rows = listing.render_rows(library.list_papers(ordered[:MAX_ROWS]), n=len(ordered))
    undated = _tell_undated(papers, order, listing) if is_cut else ""
    scored = library.list_scored(ordered)
    return Answer(
        "",
        "answered",
        "catalogue",
        "\n\n".join(filter(None, (f"{head}:", rows, undated))),
        listing.citations,
        scored,
        value=list_places(scored),
    )


def _format_paper_day(paper: Paper) -> str:
    return f"posted {paper.day} {format_date(paper)}" if paper.day and paper.year else ""


def _find_ends(papers: PaperSet, order: Order, k: int | None, n_known: int) -> list[str]:
    """Ids of the first k; with no k, of the first one and those equal to it."""
    if k is not None:
        return papers.find_ids(order, min(k, n_known))
    return papers.library.find_end(order, papers.all_conditions)


# --- groups ---------------------------------------------------------------------------------


_NOUNS = {"author": "person", "page": "author page", "title_word": "word of their titles"}


def name_field(field: str) -> str:
    """One value of a field in words: ``first author``."""
    return _NOUNS.get(field, field.replace("_", " "))


def format_group(value: object, field: str) -> str:
    """A value of a field as it is shown."""
    if field == "code":
        return "with the Code mark" if value else "without the Code mark"
    return MONTHS[value - 1] if field == "month" and isinstance(value, int) else str(value)


def list_in_order(counts: Counter[object], field: str) -> list[object]:
    """Years and months by themselves, other values by how many papers have them, ties by name."""
    timed = field in ("year", "month")
    return sorted(counts, key=lambda v: (v if timed else -counts[v], str(v)))


def answer_groups(query: Query, papers: PaperSet, phrase: str) -> Answer:
    """How many papers have each value of a field."""
    field = query.by[0]
    counts, silent = papers.count_groups(field)
    if not counts:
        text = phrases.tell_none_has(papers.n, phrase, FIELDS[field].noun)
        return Answer("", "abstained", "catalogue", text)
    is_least_first = query.order is not None and query.order.way == "ascending"
    # "which month has most papers?"; equal ones are all named.
    if query.k == 1:
        end = min(counts.values()) if is_least_first else max(counts.values())
        best = sorted(format_group(v, field) for v, n in counts.items() if n == end)
        text = f"**{join_names(best)}** with {counted(end)}{add_before(phrase)}."
        value: AnswerValue = int(best[0]) if field == "year" and len(best) == 1 else ", ".join(best)
    else:
        order = list_in_order(counts, field)
        if query.order is not None:
            order.sort(key=lambda v: counts[v] if is_least_first else -counts[v])
        top_values = order[: query.k]
        lines = [f"- {plain(format_group(v, field))}: {counts[v]}" for v in top_values]
        n_more = len(order) - len(top_values)
        lines += [phrases.count_more(n_more)] if n_more > 0 else []
        lines += [f"- unknown: {silent}"] if silent and query.k is None else []
        by = field.replace("_", " ") if field in ("author", "page") else name_field(field)
        text = f"{counted(papers.n)}{add_before(phrase)} by {by}:\n\n" + "\n".join(lines)
        value = "; ".join(f"{v}: {counts[v]}" for v in top_values)
    return Answer("", "answered", "catalogue", text, value=value)


def answer_distinct(field: str, papers: PaperSet, phrase: str) -> Answer:
    """How many values of a field the papers have."""
    if field == "document":
        return _answer_documents(papers, phrase)
    counts, _ = papers.count_groups(field)
    text = f"**{counted(len(counts), name_field(field))}**{add_before(phrase)}."
    # "who has the most papers? / how many are there?": too many to name, and cut lists hide some.
    if field == "author":
        text = person_phrases.tell_distinct_people(len(counts), papers.n, phrase)
    elif len(counts) <= 12:
        text += " " + join_names(f"{v} ({n})" for v, n in counts.most_common()) + "."
    return Answer("", "answered", "catalogue", text, value=len(counts))


def _answer_documents(papers: PaperSet, phrase: str) -> Answer:
    counts = papers.library.count_entries(papers.all_conditions)
    lines = [f"- {plain(name)}: {counted(n, 'entry')}" for name, n in sorted(counts.items())]
    text = f"**{counted(len(counts), 'document')}**{add_before(phrase)}:\n\n" + "\n".join(lines)
    return Answer("", "answered", "catalogue", text, value=len(counts))
