"""Averages over papers, and shares by group, each with the number of papers it counts."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, median

from rag.answers import phrases
from rag.answers.orders import (
    count_groups,
    format_group,
    list_in_order,
    name_field,
)
from rag.answers.phrases import add_before
from rag.library.fields import list_values
from rag.library.snapshot import LibrarySnapshot
from rag.text.english import counted
from rag.text.markdown import plain
from rag.types import Answer, Paper
from rag.types.fields import FIELDS, QueryError
from rag.types.query import Query

_AVERAGE_UNITS = {
    "score": ("is the score in the header", "give one"),
    "n_authors": ("authors", "give their whole author list"),
    "title_chars": ("characters in the title", "have a title"),
    "abstract_words": ("words in the abstract", "have one"),
    "n_places": ("places", "stand in one"),
    "year": ("is the middle year", "give a year"),
}


def answer_average(
    query: Query, papers: Sequence[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    """The mean, median or sum (of years always the median) of what the papers have."""
    field = query.by[0]
    if field not in _AVERAGE_UNITS:
        raise QueryError(f"{field} has no {query.measure}; there are {', '.join(_AVERAGE_UNITS)}")
    known = [float(str(v)) for p in papers for v in list_values(field, p, library)]
    unit, having = _AVERAGE_UNITS[field]
    if not known:
        text = f"None of the {counted(len(papers))}{add_before(phrase)}: none of them {having}."
        return Answer("", "abstained", "catalogue", text)
    spread = f"({min(known):g} to {max(known):g})"
    over = f"over the {counted(len(known))}{add_before(phrase)} that {having} {spread}"
    if field == "year":
        value, text = median(known), f"{unit}, {over}."
    elif query.measure == "sum":
        value, text = sum(known), f"{unit} in all, {over}."
    elif query.measure == "median":
        value, text = median(known), f"{unit} in the middle, {over}; the mean is {mean(known):g}."
    else:
        value = round(mean(known), 2)
        text = f"{unit} on average, {over}; the median is {median(known):g}."
    cut = sum(bool(p.authors) and not p.authors_complete for p in papers)
    if field == "n_authors" and cut:
        text += f" {counted(cut)} with an author list cut by 'et al.' not counted."
    return Answer(
        "", "answered", "catalogue", f"**{value:g}** {text}", value=_convert_to_whole(value)
    )


def answer_average_size(
    field: str, papers: Sequence[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    """Papers by value, over the values that have any."""
    counts, silent = count_groups(papers, field, library)
    if not counts:
        text = phrases.tell_none_has(len(papers), phrase, FIELDS[field].noun)
        return Answer("", "abstained", "catalogue", text)
    value = round(counts.total() / len(counts), 2)
    noun = name_field(field)
    over = counted(len(counts), noun)
    text = (
        f"**{value:g}** papers{add_before(phrase)} per {noun} on average, over the {over} with any; "
        f"the median is {median(counts.values()):g}."
    )
    if silent:
        text += f" {counted(silent)} without {FIELDS[field].noun} not counted."
    return Answer("", "answered", "catalogue", text, value=_convert_to_whole(value))


def _convert_to_whole(value: float) -> int | float:
    return int(value) if value == int(value) else value


def answer_shares(
    query: Query, part: Sequence[Paper], whole: Sequence[Paper], library: LibrarySnapshot
) -> Answer:
    """For each group, how many of its papers are among the part."""
    field = query.by[0]
    counts, _ = count_groups(part, field, library)
    totals, _ = count_groups(whole, field, library)
    order = list_in_order(totals, field)[: query.k]
    lines = [
        f"- {plain(format_group(v, field))}: {counts[v]} of {totals[v]} ({counts[v] / totals[v]:.0%})"
        for v in order
    ]
    text = f"Shares by {name_field(field)}:\n\n" + "\n".join(lines)
    value = "; ".join(f"{v}: {counts[v] / totals[v]:.0%}" for v in order)
    return Answer("", "answered", "catalogue", text, value=value)
