"""Averages over papers, and shares by group, each with the number of papers it counts."""

from __future__ import annotations

from math import fsum
from statistics import fmean, median

from rag.answers import figure_phrases, phrases
from rag.answers.orders import format_group, list_in_order, name_field
from rag.answers.paper_set import PaperSet
from rag.text.markdown import plain
from rag.types import Answer
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


def answer_average(query: Query, papers: PaperSet, phrase: str) -> Answer:
    """The mean, median or sum (of years always the median) of what the papers have."""
    field = query.by[0]
    if field not in _AVERAGE_UNITS:
        raise QueryError(f"{field} has no {query.measure}; there are {', '.join(_AVERAGE_UNITS)}")
    groups = papers.library.count_groups(field, papers.all_conditions)
    known = sorted(float(value) for value in groups.elements())
    unit, having = _AVERAGE_UNITS[field]
    if not known:
        text = figure_phrases.tell_no_values(papers.n, phrase, having)
        return Answer("", "abstained", "catalogue", text)
    over = figure_phrases.describe_values(known, phrase, having)
    if field == "year":
        value, text = median(known), f"{unit}, {over}."
    elif query.measure == "sum":
        value, text = fsum(known), figure_phrases.tell_sum(unit, over)
    elif query.measure == "median":
        value, text = median(known), figure_phrases.tell_median(unit, over, fmean(known))
    else:
        value = round(fmean(known), 2)
        text = figure_phrases.tell_mean(unit, over, median(known))
    if field == "n_authors" and (cut := papers.library.count_cut_lists(papers.all_conditions)):
        text += f" {figure_phrases.tell_cut_lists(cut)}"
    return Answer(
        "", "answered", "catalogue", f"**{value:g}** {text}", value=_convert_to_whole(value)
    )


def answer_average_size(field: str, papers: PaperSet, phrase: str) -> Answer:
    """Papers by value, over the values that have any."""
    counts, silent = papers.count_groups(field)
    if not counts:
        text = phrases.tell_none_has(papers.n, phrase, FIELDS[field].noun)
        return Answer("", "abstained", "catalogue", text)
    value = round(counts.total() / len(counts), 2)
    noun = name_field(field)
    text = figure_phrases.tell_mean_size(value, median(counts.values()), len(counts), noun, phrase)
    if silent:
        text += f" {figure_phrases.tell_not_counted(silent, FIELDS[field].noun)}"
    return Answer("", "answered", "catalogue", text, value=_convert_to_whole(value))


def _convert_to_whole(value: float) -> int | float:
    return int(value) if value == int(value) else value


def answer_shares(query: Query, part: PaperSet, base: PaperSet) -> Answer:
    """For each group, how many of its papers are among the part."""
    field = query.by[0]
    counts, _ = part.count_groups(field)
    totals, _ = base.count_groups(field)
    order = list_in_order(totals, field)[: query.k]
    lines = [
        f"- {plain(format_group(v, field))}: {counts[v]} of {totals[v]} ({counts[v] / totals[v]:.0%})"
        for v in order
    ]
    text = f"Shares by {name_field(field)}:\n\n" + "\n".join(lines)
    value = "; ".join(f"{v}: {counts[v] / totals[v]:.0%}" for v in order)
    return Answer("", "answered", "catalogue", text, value=value)
