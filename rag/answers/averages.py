"""Averages over papers, and shares by group, each with the number of papers it counts."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean, median

from rag.answers import phrases
from rag.answers.orders import NOUNS, count_groups, format_group, list_in_order
from rag.answers.phrases import add_before
from rag.library.fields import CATALOGUE_FIELDS
from rag.library.snapshot import LibrarySnapshot
from rag.text.english import counted
from rag.text.markdown import plain
from rag.types import Answer, Intent, Paper
from rag.understanding.catalogue_ask import Ask

_AVERAGE_UNITS = {
    "score": ("is the score in the header", "give one"),
    "number of authors": ("authors", "give their whole author list"),
    "title length": ("characters in the title", "have a title"),
    "length": ("words in the abstract", "have one"),
    "year": ("is the middle year", "give a year"),
}


def answer_average(
    intent: Intent, ask: Ask, papers: Sequence[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    """The mean (of years the median) of what the papers have; of groups, papers by group."""
    field = ask.of[0]
    if field.startswith("per "):
        return _answer_per_group(intent, field.removeprefix("per "), papers, phrase, library)
    known = [float(str(v)) for p in papers for v in CATALOGUE_FIELDS[field].values(p, library)]
    unit, having = _AVERAGE_UNITS[field]
    if not known:
        text = f"None of the {counted(len(papers))}{add_before(phrase)}: none of them {having}."
        return Answer(intent.question, "abstained", "catalogue", text)
    value = median(known) if field == "year" else round(mean(known), 2)
    text = f"**{value:g}** {unit}{'' if field == 'year' else ' on average'}, over the {counted(len(known))}{add_before(phrase)} that {having}"
    spread = f" ({min(known):g} to {max(known):g})"
    text += f"{spread}." if field == "year" else f"{spread}; the median is {median(known):g}."
    cut = sum(bool(p.authors) and not p.authors_complete for p in papers)
    if field == "number of authors" and cut:
        text += f" {counted(cut)} with an author list cut by 'et al.' not counted."
    return Answer(intent.question, "answered", "catalogue", text, value=_convert_to_whole(value))


def _answer_per_group(
    intent: Intent, field: str, papers: Sequence[Paper], phrase: str, library: LibrarySnapshot
) -> Answer:
    """Papers by value, over the values that have any."""
    counts, silent = count_groups(papers, field, library)
    if not counts:
        text = phrases.tell_none_has(len(papers), phrase, CATALOGUE_FIELDS[field].noun)
        return Answer(intent.question, "abstained", "catalogue", text)
    value = round(counts.total() / len(counts), 2)
    noun = NOUNS.get(field, field)
    over = counted(len(counts), noun)
    text = (
        f"**{value:g}** papers{add_before(phrase)} per {noun} on average, over the {over} with any; "
        f"the median is {median(counts.values()):g}."
    )
    if silent:
        text += f" {counted(silent)} without {CATALOGUE_FIELDS[field].noun} not counted."
    return Answer(intent.question, "answered", "catalogue", text, value=_convert_to_whole(value))


def _convert_to_whole(value: float) -> int | float:
    return int(value) if value == int(value) else value


def answer_shares(
    intent: Intent,
    ask: Ask,
    part: Sequence[Paper],
    all_papers: Sequence[Paper],
    library: LibrarySnapshot,
) -> Answer:
    """For each group, how many of its papers are among the part."""
    field = ask.of[0]
    counts, _ = count_groups(part, field, library)
    totals, _ = count_groups(all_papers, field, library)
    order = list_in_order(totals, field)[: ask.k]
    lines = [
        f"- {plain(format_group(v, field))}: {counts[v]} of {totals[v]} ({counts[v] / totals[v]:.0%})"
        for v in order
    ]
    text = f"Shares by {field}:\n\n" + "\n".join(lines)
    value = "; ".join(f"{v}: {counts[v] / totals[v]:.0%}" for v in order)
    return Answer(intent.question, "answered", "catalogue", text, value=value)
