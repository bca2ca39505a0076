"""Answers that order or group the papers: oldest and newest, by year, who has most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.answers import person_phrases, phrases
from rag.answers.phrases import add_before
from rag.answers.rows import Listing, build_scored_papers, format_date
from rag.library.fields import CATALOGUE_FIELDS
from rag.library.snapshot import LibrarySnapshot
from rag.text import join_names
from rag.text.english import MONTHS, counted
from rag.text.markdown import plain
from rag.types import Answer, Intent, Paper, list_sources
from rag.understanding.catalogue_ask import Ask

Value = int | float | str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Order:
    """A sort order of papers: its two ends in words, what a paper needs for it, and the remark."""

    largest: str
    least: str
    needed: str
    template: str


_SORT_ORDERS = {
    "date": Order("newest", "oldest", "a year", ""),
    "score": Order("highest score", "lowest score", "a score", "score **{:g}**"),
    "title length": Order("longest title", "shortest title", "a title", "{:g} characters"),
    "length": Order("longest abstract", "shortest abstract", "an abstract", "{:g} words"),
    "number of authors": Order("most authors", "fewest authors", "all of their authors", "{:g} authors"),
}  # fmt: skip


def answer_extreme(
    intent: Intent, ask: Ask, papers: list[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    """The papers at one end of an order (of dates at both, if asked), equal ones all."""
    field = ask.of[0]
    order = _SORT_ORDERS[field]
    known = [p for p in papers if _rank(p, field, library)]
    if not known:
        text = phrases.tell_none_has(len(papers), phrase, order.needed)
        return Answer(intent.question, "abstained", "catalogue", text)
    # "sort the papers of Yuxi Mi by year"
    if ask.of[1:] == ("all",):
        return _answer_in_order(intent, ask, papers, phrase, library)
    chosen = _find_ends(known, field, ask, library)
    if ask.of[1:] == ("both",):
        newest = _find_ends(known, field, replace(ask, most=True), library)
        chosen = [*_find_ends(known, field, replace(ask, most=False), library), *newest]
        chosen = list(dict.fromkeys(chosen))
    listing = Listing()
    word = order.largest if ask.most else order.least
    word = "oldest and newest" if ask.of[1:] == ("both",) else word
    head = phrases.head_extreme(word, len(known), phrase, order.needed)

    def format_note(paper: Paper) -> str:
        return (
            _format_paper_day(paper)
            if field == "date"
            else order.template.format(*_rank(paper, field, library))
        )

    value: Value = list_sources(chosen)
    # "which paper has the lowest score?" asks for the score as much as for the paper.
    if field == "score" and chosen[0].score is not None and len(chosen) == 1:
        value = chosen[0].score
    text = f"{head}:\n\n{listing.render_rows(chosen, format_note)}"
    return Answer(
        intent.question,
        "answered",
        "catalogue",
        text,
        listing.citations,
        build_scored_papers(chosen),
        value=value,
    )


def _answer_in_order(
    intent: Intent, ask: Ask, papers: Sequence[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    """All papers by date, those without a year last."""
    order = _SORT_ORDERS[ask.of[0]]
    known = [p for p in papers if _rank(p, ask.of[0], library)]
    ordered = _find_ends(known, ask.of[0], replace(ask, k=len(known)), library)
    silent = sorted((p for p in papers if p not in known), key=lambda p: p.paper_id)
    listing = Listing()
    head = f"{counted(len(papers))}{add_before(phrase)}, {order.largest if ask.most else order.least} first"
    if silent:
        head += (
            f"; the last {len(silent)} without {order.needed}"
            if known
            else f", {order.needed} of none is known"
        )
    ordered += silent
    return Answer(
        intent.question,
        "answered",
        "catalogue",
        f"{head}:\n\n{listing.render_rows(ordered)}",
        listing.citations,
        build_scored_papers(ordered),
        value=list_sources(ordered),
    )


def _format_paper_day(paper: Paper) -> str:
    return f"posted {paper.day} {format_date(paper)}" if paper.day and paper.year else ""


def _rank(paper: Paper, field: str, library: LibrarySnapshot) -> tuple[float, ...]:
    """What the paper is ordered by, larger for newer; empty where it is unknown."""
    if field == "date":
        known = (float(paper.year or 0), float(paper.month or 0), float(paper.day or 0))
        return known if paper.year is not None else ()
    return tuple(float(str(v)) for v in CATALOGUE_FIELDS[field].values(paper, library))


def _find_ends(papers: list[Paper], field: str, ask: Ask, library: LibrarySnapshot) -> list[Paper]:
    """The k at the asked end; with no k, the one and those equal to it."""
    ordered = sorted(papers, key=lambda p: p.paper_id)
    ordered.sort(key=lambda p: _rank(p, field, library), reverse=ask.most)
    if ask.k is not None:
        return ordered[: ask.k]
    return [p for p in ordered if _rank(p, field, library) == _rank(ordered[0], field, library)]


def count_groups(
    papers: Sequence[Paper], field: str, library: LibrarySnapshot
) -> tuple[Counter[object], int]:
    """Papers by value, and how many have none."""
    counts: Counter[object] = Counter()
    silent = 0
    if field not in CATALOGUE_FIELDS:
        return counts, silent
    for paper in papers:
        values = CATALOGUE_FIELDS[field].values(paper, library)
        counts.update(dict.fromkeys(values, 1))
        silent += not values
    return counts, silent


def format_group(value: object, field: str) -> str:
    """A value of a field as it is shown."""
    return MONTHS[value - 1] if field == "month" and isinstance(value, int) else str(value)


def list_in_order(counts: Counter[object], field: str) -> list[object]:
    """Years and months by themselves, other values by how many papers have them, ties by name."""
    timed = field in ("year", "month")
    return sorted(counts, key=lambda v: (v if timed else -counts[v], str(v)))


def answer_group(
    intent: Intent, ask: Ask, papers: list[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    field = ask.of[0]
    counts, silent = count_groups(papers, field, library)
    if not counts:
        text = phrases.tell_none_has(len(papers), phrase, CATALOGUE_FIELDS[field].noun)
        return Answer(intent.question, "abstained", "catalogue", text)
    # "which month has most papers?"; equal ones are all named.
    if ask.k == 1:
        end = max(counts.values()) if ask.most else min(counts.values())
        best = sorted(format_group(v, field) for v, n in counts.items() if n == end)
        text = f"**{join_names(best)}** with {counted(end)}{add_before(phrase)}."
        value: Value = int(best[0]) if field == "year" and len(best) == 1 else ", ".join(best)
    else:
        order = list_in_order(counts, field)
        top_values = order[: ask.k]
        lines = [f"- {plain(format_group(v, field))}: {counts[v]}" for v in top_values]
        n_more = len(order) - len(top_values)
        lines += [phrases.count_more(n_more)] if n_more > 0 else []
        lines += [f"- unknown: {silent}"] if silent and ask.k is None else []
        by = "word of their titles" if field == "word" else field
        text = f"{counted(len(papers))}{add_before(phrase)} by {by}:\n\n" + "\n".join(lines)
        value = "; ".join(f"{v}: {counts[v]}" for v in top_values)
    return Answer(intent.question, "answered", "catalogue", text, value=value)


NOUNS = {"author": "person", "page": "author page"}


def answer_distinct(
    intent: Intent, ask: Ask, papers: list[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    field = ask.of[0]
    counts, _ = count_groups(papers, field, library)
    noun = NOUNS.get(field, field)
    text = f"**{counted(len(counts), noun)}**{add_before(phrase)}."
    # "who has the most papers? / how many are there?": too many to name, and cut lists hide some.
    if field == "author":
        text = person_phrases.tell_distinct_people(len(counts), len(papers), phrase)
    elif len(counts) <= 12:
        text += " " + join_names(f"{v} ({n})" for v, n in counts.most_common()) + "."
    return Answer(intent.question, "answered", "catalogue", text, value=len(counts))


def _count_coauthors(papers: Sequence[Paper], library: LibrarySnapshot) -> Counter[object]:
    """How many other people each person stands with."""
    companions: dict[str, set[str]] = {}
    for paper in papers:
        people = library.list_people_of(paper)
        for name in people:
            companions.setdefault(name, set()).update(set(people) - {name})
    return Counter({name: len(names) for name, names in companions.items()})


_MAX_NAMED = 100


def _answer_bounded(intent: Intent, ask: Ask, counts: Counter[object], phrase: str) -> Answer:
    """Those who have as many papers as asked for."""
    order = sorted(counts, key=lambda v: (-counts[v], str(v)))
    low, high = ask.bounds or (None, None)
    bounds_text = (
        f"{low}" if low == high else f"at least {low}" if high is None else f"at most {high}"
    )
    noun = "paper" if bounds_text == "1" else "papers"
    text = person_phrases.tell_people_within(len(order), bounds_text, noun, phrase)
    rows = [f"- {plain(str(v))}: {counted(counts[v])}" for v in order[:_MAX_NAMED]]
    rows += [phrases.count_more(len(order) - _MAX_NAMED)] if len(order) > _MAX_NAMED else []
    text += ":\n\n" + "\n".join(rows) if order else "."
    value: Value = len(order) if "count" in ask.of else ", ".join(str(v) for v in order)
    return Answer(intent.question, "answered", "catalogue", text, value=value)


def answer_people(
    intent: Intent, ask: Ask, papers: list[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    """Persons by how many of the papers they stand on, or by with how many others."""
    counts, _ = count_groups(papers, ask.of[0], library)
    if ask.of[0] == "co-author":
        counts = _count_coauthors(papers, library)
    # "Who has published both in 2019 and in 2022?"
    if "each" in ask.of:
        return _answer_each_year(intent, papers, counts, library)
    # "who has the most papers apart from the page owners?"
    if "no owners" in ask.of:
        counts = Counter({v: n for v, n in counts.items() if library.find_page(str(v)) is None})
    excluded_people = [v for v in intent.get_several("besides") if v in counts]
    counts = Counter({v: n for v, n in counts.items() if v not in excluded_people})
    # "who has at least two papers?"
    if ask.bounds is not None:
        low, high = ask.bounds
        within_bounds = {
            v: n for v, n in counts.items() if n >= (low or 0) and (high is None or n <= high)
        }
        return _answer_bounded(intent, ask, Counter(within_bounds), phrase)
    if not counts:
        text = person_phrases.tell_nobody_else(phrase)
        return Answer(intent.question, "answered", "catalogue", text, value=())
    order = sorted(counts, key=lambda v: (-counts[v] if ask.most else counts[v], str(v)))
    k = ask.k or 5
    # "who has the most papers?": all who share the first place, even if more than five.
    cut = counts[order[0]] if ask.k is None else 0
    tied = [v for v in order if counts[v] == cut]
    top_people = order[: max(k, len(tied) if len(tied) <= 20 else k)]
    noun = "co-author" if ask.of[0] == "co-author" else "paper"
    lines = [
        f"{at}. {plain(str(v))}: {counted(counts[v], noun)}" for at, v in enumerate(top_people, 1)
    ]
    as_first = " as first author" if ask.of[0] == "first author" else ""
    as_first += ", without the owners of profile pages" if "no owners" in ask.of else ""
    as_first += (
        f", besides {join_names(plain(str(v)) for v in excluded_people)}" if excluded_people else ""
    )
    text = f"{person_phrases.head_people(as_first, phrase)}\n\n" + "\n".join(lines)
    n_others = len(order) - len(top_people)
    text += f"\n\n{person_phrases.count_more_people(n_others)}" if n_others > 0 and ask.most else ""
    value = ", ".join(str(v) for v in (tied if ask.k is None and len(tied) < 6 else top_people))
    return Answer(intent.question, "answered", "catalogue", text, value=value)


def _answer_each_year(
    intent: Intent, papers: Sequence[Paper], counts: Counter[object], library: LibrarySnapshot
) -> Answer:
    """People with papers of each of the years that the papers are of."""
    wanted = next(
        (c.value for c in intent.conditions if c.field == "year" and isinstance(c.value, tuple)), ()
    )
    people_by_year = {
        y: {n for p in papers if p.year == y for n in library.list_people_of(p)} for y in wanted
    }
    people = [
        n for n in counts if people_by_year and all(n in names for names in people_by_year.values())
    ]
    people.sort(key=lambda n: (-counts[n], str(n)))
    years_text = join_names(f"in {year}" for year in wanted)
    head = person_phrases.tell_people_of_years(len(people), years_text)
    if not people:
        return Answer(
            intent.question,
            "answered",
            "catalogue",
            person_phrases.tell_nobody_of_years(years_text),
        )
    lines = [f"- {plain(str(n))}: {counted(counts[n])} of these years" for n in people]
    text = f"{head}:\n\n" + "\n".join(lines)
    return Answer(intent.question, "answered", "catalogue", text, value=len(people))


def answer_documents(intent: Intent, library: LibrarySnapshot) -> Answer:
    counts = Counter(place.document for p in library.papers for place in p.places)
    lines = [f"- {plain(name)}: {counted(n, 'entry')}" for name, n in sorted(counts.items())]
    text = f"**{counted(len(counts), 'document')}**:\n\n" + "\n".join(lines)
    return Answer(intent.question, "answered", "catalogue", text, value=len(counts))
