"""Ranks people by how many papers they stand on, or with how many others, without a topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rag.answers import person_phrases, phrases
from rag.answers.orders import AnswerValue
from rag.answers.page_figures import get_figure
from rag.answers.paper_set import PaperSet
from rag.library.fields import format_bounds, meets
from rag.library.view import LibraryView
from rag.text import join_names
from rag.text.english import counted
from rag.text.markdown import plain
from rag.types import Answer, Condition
from rag.types.fields import FIELDS
from rag.types.query import Query

_MAX_NAMED = 100
_MAX_TIED = 20
_SHOWN = 5


def answer_people(
    query: Query,
    papers: PaperSet,
    conditions: Sequence[Condition],
    phrase: str,
) -> Answer:
    """Persons by how many of the papers they stand on, or by with how many others.

    Args:
        query: ``by`` names the role that counts; ``order`` may be by ``n_coauthors``.
        papers: Those that count.
        conditions: On people.
        phrase: What limits the papers.
    """
    role = query.by[0] if query.by else "author"
    library = papers.library
    n_papers = library.count_groups(role, papers.all_conditions)
    in_each = [c for c in query.where if c.operator == "in_each"]
    # "Who has published both in 2019 and in 2022?"
    if in_each:
        return _answer_each(in_each[0], papers, n_papers)
    by = query.order.field if query.order else "n_papers"
    counts_company = by == "n_coauthors" or any(c.field == "n_coauthors" for c in conditions)
    n_coauthors = library.count_companions(papers.all_conditions) if counts_company else Counter()
    counts = n_coauthors if by == "n_coauthors" else n_papers
    names = [str(v) for v in counts]
    # "who has the most papers apart from the page owners?"
    names = select_people(names, conditions, n_papers, n_coauthors, library)
    companions = [name for name in query.besides if name in names]
    counts = Counter({name: counts[name] for name in names if name not in companions})
    bounds = [c for c in conditions if c.field == "n_papers"]
    # "who has at least two papers?"
    if bounds or query.want == "count":
        return _answer_bounded(query, counts, bounds, phrase)
    if not counts:
        text = person_phrases.tell_nobody_else(phrase)
        return Answer("", "answered", "catalogue", text, value=())
    is_least_first = query.order is not None and query.order.way == "ascending"
    order = sorted(counts, key=lambda v: (counts[v] if is_least_first else -counts[v], str(v)))
    k = query.k or _SHOWN
    # "who has the most papers?": all who share the first place, even if more than five.
    cut = counts[order[0]] if query.k is None else 0
    tied = [v for v in order if counts[v] == cut]
    top_people = order[: max(k, len(tied) if len(tied) <= _MAX_TIED else k)]
    noun = "co-author" if by == "n_coauthors" else "paper"
    lines = [
        f"{at}. {plain(str(v))}: {counted(counts[v], noun)}" for at, v in enumerate(top_people, 1)
    ]
    limits = {"first_author": " as first author", "last_author": " as last author"}.get(role, "")
    limits += "".join(format_person_limit(c) for c in conditions)
    if companions:
        limits += f", besides {join_names(map(plain, companions))}"
    text = f"{person_phrases.head_people(limits, phrase)}\n\n" + "\n".join(lines)
    n_others = len(order) - len(top_people)
    if n_others > 0 and not is_least_first:
        text += f"\n\n{person_phrases.count_more_people(n_others)}"
    if n_unsigned := papers.count(Condition("author", "unknown")):
        text += f"\n\n{person_phrases.tell_uncounted_papers(n_unsigned)}"
    value = ", ".join(
        str(v) for v in (tied if query.k is None and len(tied) < _SHOWN + 1 else top_people)
    )
    return Answer("", "answered", "catalogue", text, value=value)


def select_people(
    names: Sequence[str],
    conditions: Sequence[Condition],
    n_papers: Mapping[Any, int],
    n_coauthors: Mapping[Any, int],
    library: LibraryView,
) -> list[str]:
    """The people who meet conditions on people; the counts are of the papers that matter."""
    figures: Mapping[str, Callable[[str], object]] = {
        "n_papers": lambda name: n_papers[name],
        "n_coauthors": lambda name: n_coauthors[name],
        "has_page": lambda name: library.find_page(name) is not None,
    }
    selected = list(names)
    for condition in conditions:
        count_of = figures.get(
            condition.field, lambda name, c=condition: _find_figure(name, c, library)
        )
        selected = [name for name in selected if _meets(count_of(name), condition)]
    return selected


def _meets(value: object, condition: Condition) -> bool:
    return meets(() if value is None else (value,), condition)


def _find_figure(name: str, condition: Condition, library: LibraryView) -> object:
    """A figure of the person's page; None where there is no page, or none is printed."""
    page = library.find_page(name)
    return None if page is None else get_figure(page, condition.field)


def format_person_limit(condition: Condition) -> str:
    if condition.field == "has_page":
        return (
            ", owners of profile pages"
            if condition.value
            else ", without the owners of profile pages"
        )
    bounds = " or ".join(map(format_bounds, condition.values))
    return f", with {FIELDS[condition.field].noun} {bounds}".rstrip()


def _answer_bounded(
    query: Query, counts: Counter[str], bounds: Sequence[Condition], phrase: str
) -> Answer:
    """Those who have as many papers as asked for."""
    order = sorted(counts, key=lambda v: (-counts[v], str(v)))
    bounds_text = " and ".join(
        format_bounds(value).removeprefix("of ").removeprefix("from ")
        for condition in bounds
        for value in condition.values
    )
    noun = "paper" if bounds_text == "1" else "papers"
    text = person_phrases.tell_people_within(len(order), bounds_text or "any", noun, phrase)
    rows = [f"- {plain(str(v))}: {counted(counts[v])}" for v in order[:_MAX_NAMED]]
    rows += [phrases.count_more(len(order) - _MAX_NAMED)] if len(order) > _MAX_NAMED else []
    text += ":\n\n" + "\n".join(rows) if order else "."
    value: AnswerValue = len(order) if query.want == "count" else ", ".join(str(v) for v in order)
    return Answer("", "answered", "catalogue", text, value=value)


def _answer_each(condition: Condition, papers: PaperSet, counts: Counter[str]) -> Answer:
    """People with papers of each of the years."""
    people_by_year = [
        papers.library.count_groups(
            "author", (*papers.all_conditions, Condition(condition.field, "is", year))
        )
        for year in condition.values
    ]
    people = [n for n in counts if all(n in names for names in people_by_year)]
    people.sort(key=lambda n: (-counts[n], str(n)))
    years_text = join_names(f"in {year}" for year in condition.values)
    if not people:
        return Answer("", "answered", "catalogue", person_phrases.tell_nobody_of_years(years_text))
    head = person_phrases.tell_people_of_years(len(people), years_text)
    lines = [f"- {plain(str(n))}: {counted(counts[n])} of these years" for n in people]
    text = f"{head}:\n\n" + "\n".join(lines)
    return Answer("", "answered", "catalogue", text, value=len(people))
