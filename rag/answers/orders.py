"""Answers that order or group the papers: oldest and newest, by year, how many values there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.answers import person_phrases, phrases
from rag.answers.phrases import add_before
from rag.answers.rows import Listing, build_scored_papers, format_date
from rag.library.fields import list_values
from rag.library.snapshot import LibrarySnapshot
from rag.text import fold, join_names
from rag.text.english import MONTHS, counted
from rag.text.markdown import plain
from rag.types import Answer, Paper, list_sources
from rag.types.fields import FIELDS
from rag.types.query import Order, Query

Value = int | float | str | tuple[str, ...] | None


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


def answer_extreme(
    query: Query, papers: Sequence[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    """The papers at one end of an order (or at both), equal ones all."""
    order = query.order
    assert order is not None
    words = _ORDER_WORDS[order.field]
    known = [p for p in papers if _rank(p, order.field, library)]
    if not known:
        text = phrases.tell_none_has(len(papers), phrase, words.needed)
        return Answer("", "abstained", "catalogue", text)
    name = words.largest if order.way == "descending" else words.least
    if order.way == "both ends":
        least_first, most_first = replace(order, way="ascending"), replace(order, way="descending")
        ends = [
            *_find_ends(known, least_first, query.k, library),
            *_find_ends(known, most_first, query.k, library),
        ]
        chosen, name = list(dict.fromkeys(ends)), f"{words.least} and {words.largest}"
    else:
        chosen = _find_ends(known, order, query.k, library)
    listing = Listing()
    head = phrases.head_extreme(name, len(known), phrase, words.needed)

    def format_note(paper: Paper) -> str:
        if order.field in ("date", "year"):
            return _format_paper_day(paper)
        return words.template.format(*_rank(paper, order.field, library))

    value: Value = list_sources(chosen)
    # "which paper has the lowest score?" asks for the score as much as for the paper.
    if order.field == "score" and chosen[0].score is not None and len(chosen) == 1:
        value = chosen[0].score
    text = f"{head}:\n\n{listing.render_rows(chosen, format_note)}"
    return Answer(
        "",
        "answered",
        "catalogue",
        text,
        listing.citations,
        build_scored_papers(chosen),
        value=value,
    )


def answer_in_order(
    query: Query, papers: Sequence[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    """All papers, or the first k, in an order; those for which it is unknown last."""
    order = query.order
    assert order is not None
    words = _ORDER_WORDS[order.field]
    known = [p for p in papers if _rank(p, order.field, library)]
    ordered = _find_ends(known, order, len(known), library)
    silent = sorted((p for p in papers if p not in known), key=lambda p: p.paper_id)
    listing = Listing()
    name = words.least if order.way == "ascending" else words.largest
    head = f"{counted(len(papers))}{add_before(phrase)}, {name} first"
    if silent:
        head += (
            f"; the last {len(silent)} without {words.needed}"
            if known
            else f", {words.needed} of none is known"
        )
    ordered = [*ordered, *silent][: query.k]
    return Answer(
        "",
        "answered",
        "catalogue",
        f"{head}:\n\n{listing.render_rows(ordered)}",
        listing.citations,
        build_scored_papers(ordered),
        value=list_sources(ordered),
    )


def _format_paper_day(paper: Paper) -> str:
    return f"posted {paper.day} {format_date(paper)}" if paper.day and paper.year else ""


def _rank(paper: Paper, field: str, library: LibrarySnapshot) -> tuple[float | str, ...]:
    """What the paper is ordered by, larger for newer; empty where it is unknown."""
    if field == "date":
        known = (float(paper.year or 0), float(paper.month or 0), float(paper.day or 0))
        return known if paper.year is not None else ()
    values = list_values(field, paper, library)
    if FIELDS[field].type == "text":
        return tuple(fold(str(v)) for v in values)
    return tuple(float(str(v)) for v in values)


def _find_ends(
    papers: Sequence[Paper], order: Order, k: int | None, library: LibrarySnapshot
) -> list[Paper]:
    """The first k; with no k, the first one and those equal to it."""
    ordered = sorted(papers, key=lambda p: p.paper_id)
    ordered.sort(key=lambda p: _rank(p, order.field, library), reverse=order.way == "descending")
    if k is not None:
        return ordered[:k]
    first = _rank(ordered[0], order.field, library)
    return [p for p in ordered if _rank(p, order.field, library) == first]


# --- groups ---------------------------------------------------------------------------------


def count_groups(
    papers: Sequence[Paper], field: str, library: LibrarySnapshot
) -> tuple[Counter[object], int]:
    """Papers by value, and how many have none."""
    counts: Counter[object] = Counter()
    silent = 0
    for paper in papers:
        values = list_values(field, paper, library)
        counts.update(dict.fromkeys(values, 1))
        silent += not values
    return counts, silent


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


def answer_groups(
    query: Query, papers: Sequence[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    """How many papers have each value of a field."""
    field = query.by[0]
    counts, silent = count_groups(papers, field, library)
    if not counts:
        text = phrases.tell_none_has(len(papers), phrase, FIELDS[field].noun)
        return Answer("", "abstained", "catalogue", text)
    is_least_first = query.order is not None and query.order.way == "ascending"
    # "which month has most papers?"; equal ones are all named.
    if query.k == 1:
        end = min(counts.values()) if is_least_first else max(counts.values())
        best = sorted(format_group(v, field) for v, n in counts.items() if n == end)
        text = f"**{join_names(best)}** with {counted(end)}{add_before(phrase)}."
        value: Value = int(best[0]) if field == "year" and len(best) == 1 else ", ".join(best)
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
        text = f"{counted(len(papers))}{add_before(phrase)} by {by}:\n\n" + "\n".join(lines)
        value = "; ".join(f"{v}: {counts[v]}" for v in top_values)
    return Answer("", "answered", "catalogue", text, value=value)


def answer_distinct(
    field: str, papers: Sequence[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    """How many values of a field the papers have."""
    if field == "document":
        return _answer_documents(papers, phrase)
    counts, _ = count_groups(papers, field, library)
    text = f"**{counted(len(counts), name_field(field))}**{add_before(phrase)}."
    # "who has the most papers? / how many are there?": too many to name, and cut lists hide some.
    if field == "author":
        text = person_phrases.tell_distinct_people(len(counts), len(papers), phrase)
    elif len(counts) <= 12:
        text += " " + join_names(f"{v} ({n})" for v, n in counts.most_common()) + "."
    return Answer("", "answered", "catalogue", text, value=len(counts))


def _answer_documents(papers: Sequence[Paper], phrase: str) -> Answer:
    counts = Counter(place.document for p in papers for place in p.places)
    lines = [f"- {plain(name)}: {counted(n, 'entry')}" for name, n in sorted(counts.items())]
    text = f"**{counted(len(counts), 'document')}**{add_before(phrase)}:\n\n" + "\n".join(lines)
    return Answer("", "answered", "catalogue", text, value=len(counts))
