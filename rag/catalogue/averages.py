"""Averages over the papers, and shares by group: what each figure counts is said with it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, median

from rag.answering.citations import plain
from rag.catalogue.ask import Ask
from rag.catalogue.fields import FIELDS
from rag.catalogue.orders import NOUNS, groups, in_order, named, spaced
from rag.census import Census
from rag.listing import counted
from rag.types import Answer, Intent, Paper

_UNITS = {
    "score": ("is the score in the header", "print one"),
    "number of authors": ("authors", "print their whole author list"),
    "title length": ("characters in the title", "print a title"),
    "length": ("words in the abstract", "have one"),
    "year": ("is the middle year", "print a year"),
}


def answer_average(
    intent: Intent, ask: Ask, papers: Sequence[Paper], phrase: str, now: Census
) -> Answer:
    """The mean (of years the median) of what the papers have; of groups, papers by group."""
    field = ask.of[0]
    if field.startswith("per "):
        return _per_group(intent, field.removeprefix("per "), papers, phrase, now)
    known = [float(str(v)) for p in papers for v in FIELDS[field].values(p, now)]
    unit, having = _UNITS[field]
    if not known:
        text = f"None of the {counted(len(papers))}{spaced(phrase)}: none of them {having}."
        return Answer(intent.question, "abstained", "catalogue", text)
    value = median(known) if field == "year" else round(mean(known), 2)
    text = f"**{value:g}** {unit}{'' if field == 'year' else ' on average'}, over the {counted(len(known))}{spaced(phrase)} that {having}"
    spread = f" ({min(known):g} to {max(known):g})"
    text += f"{spread}." if field == "year" else f"{spread}; the median is {median(known):g}."
    cut = sum(bool(p.authors) and not p.authors_complete for p in papers)
    if field == "number of authors" and cut:
        text += f" {counted(cut)} with a list that ends in 'et al.' not counted."
    return Answer(intent.question, "answered", "catalogue", text, value=_whole(value))


def _per_group(
    intent: Intent, field: str, papers: Sequence[Paper], phrase: str, now: Census
) -> Answer:
    """Papers by value, over the values that have any."""
    counts, silent = groups(papers, field, now)
    if not counts:
        text = f"None of the {counted(len(papers))}{spaced(phrase)} has {FIELDS[field].noun}."
        return Answer(intent.question, "abstained", "catalogue", text)
    value = round(counts.total() / len(counts), 2)
    noun = NOUNS.get(field, field)
    over = counted(len(counts), noun) if field != "author" else f"{len(counts):,} people"
    text = (
        f"**{value:g}** papers{spaced(phrase)} per {noun} on average, over the {over} with any; "
        f"the median is {median(counts.values()):g}."
    )
    if silent:
        text += f" {counted(silent)} without {FIELDS[field].noun} not counted."
    return Answer(intent.question, "answered", "catalogue", text, value=_whole(value))


def _whole(value: float) -> int | float:
    return int(value) if value == int(value) else value


def answer_shares(
    intent: Intent, ask: Ask, part: Sequence[Paper], whole: Sequence[Paper], now: Census
) -> Answer:
    """For each group, how many of its papers are among the part."""
    field = ask.of[0]
    counts, _ = groups(part, field, now)
    totals, _ = groups(whole, field, now)
    order = in_order(totals, field)[: ask.k]
    lines = [
        f"- {plain(named(v, field))}: {counts[v]} of {totals[v]} ({counts[v] / totals[v]:.0%})"
        for v in order
    ]
    text = f"Shares by {field}:\n\n" + "\n".join(lines)
    value = "; ".join(f"{v}: {counts[v] / totals[v]:.0%}" for v in order)
    return Answer(intent.question, "answered", "catalogue", text, value=value)
