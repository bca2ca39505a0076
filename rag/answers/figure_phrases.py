"""What readers are told about figures: averages, the figures of profile pages, and who has the most or least.

Names come here already escaped (`rag.text.markdown.plain`); a *phrase* is what limits the papers
(``from 2023 by Ann Mao``), empty for the whole library.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.answers.phrases import add_before
from rag.text.english import counted, join_names

OWN_FIGURES = "(Each is what its own abstract reports; the conditions may differ.)"


# --- averages -----------------------------------------------------------------------------------


def tell_no_values(n: int, phrase: str, having: str) -> str:
    """``None of the 3 papers from 1990: none of them has a score``; ``having`` is the predicate."""
    return f"None of the {counted(n)}{add_before(phrase)}: none of them {having}."


def describe_values(values: Sequence[float], phrase: str, having: str) -> str:
    """What an average is over: ``over the 3 papers that have a score (81 to 90)``; ``values`` ascend."""
    spread = f"({values[0]:g} to {values[-1]:g})"
    return f"over the {counted(len(values))}{add_before(phrase)} that {having} {spread}"


def tell_sum(unit: str, over: str) -> str:
    return f"{unit} in all, {over}."


def tell_median(unit: str, over: str, mean: float) -> str:
    return f"{unit} in the middle, {over}; the mean is {mean:g}."


def tell_mean(unit: str, over: str, median: float) -> str:
    return f"{unit} on average, {over}; the median is {median:g}."


def tell_cut_lists(n: int) -> str:
    return f"{counted(n)} with an author list cut by 'et al.' not counted."


def tell_mean_size(mean: float, median: float, n: int, noun: str, phrase: str) -> str:
    """How many papers there are for each of ``n`` values of a field: per year, per category."""
    return (
        f"**{mean:g}** papers{add_before(phrase)} per {noun} on average, over the {counted(n, noun)} "
        f"with any; the median is {median:g}."
    )


def tell_not_counted(n: int, noun: str) -> str:
    return f"{counted(n)} without {noun} not counted."


# --- figures of profile pages -------------------------------------------------------------------


def describe_owners(owners: Sequence[str]) -> str:
    """Whose pages there are, for a sentence in brackets."""
    return f"those of {join_names(owners)}" if owners else "of which there is none here"


def tell_unknown_owner(nouns: str, owners: Sequence[str]) -> str:
    return (
        f"I cannot tell whose {nouns} is meant; such figures are given for "
        f"{join_names(owners) or 'nobody'}."
    )


def tell_no_page(who: str, owners: Sequence[str]) -> str:
    return (
        f"{who} has no profile page here, and only such pages give these figures "
        f"({describe_owners(owners)})."
    )


def tell_no_citations(owners: Sequence[str]) -> str:
    """For ``the most cited paper``: pages print the citations of a person, none of a paper."""
    return (
        "The library has no citations of single papers; such figures are given only for whole "
        f"profile pages ({describe_owners(owners)})."
    )


def tell_none_for_papers(nouns: str, name: str, owners: Sequence[str]) -> str:
    return (
        f"The library has no {nouns} for single papers such as {name}: "
        f"they are given only for whole profile pages ({describe_owners(owners)})."
    )


def head_ranked_pages(names: Sequence[str], word: str, noun: str, n_pages: int) -> str:
    """``**Ann Mao**: the highest h-index of 3 pages``."""
    return f"**{join_names(names)}**: the {word} {noun} of {counted(n_pages, 'page')}."


# --- which is the most or the least -------------------------------------------------------------


def tell_no_figure(word: str) -> str:
    """``word``: the superlative or comparative asked for, in small letters, as in the next three."""
    return f"None of them states a figure for this, so which is {word} cannot be told."


def tell_no_common_unit(word: str) -> str:
    return f"Their figures are not in one unit, so which is {word} cannot be told from them."


def tell_only_figure(figure: str, word: str) -> str:
    return f"Only {figure} is stated, so which is {word} cannot be told."


def tell_equal(word: str, figures: Sequence[str]) -> str:
    return f"By these figures none is {word}: {join_names(figures)}."


def tell_order(word: str, first: str, rest: Sequence[str]) -> str:
    return f"{word.capitalize()} by these figures: {first}, against {join_names(rest)}."


def tell_unit_unstated(unit: str, names: Sequence[str]) -> str:
    return f"In {unit}, nothing is stated for {join_names(names)}."
