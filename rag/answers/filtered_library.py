"""A view of the library limited to papers that meet the filters of a conversation.

A filter is a `Condition`. Every branch (routing, people, lists, experts, passages) reads this view
like a full library, so none needs to know about filters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from rag.answers import phrases
from rag.answers.paper_set import build_choice
from rag.answers.rows import build_scored_papers
from rag.library.fields import format_conditions
from rag.library.selection import choose_one, format_nearest, resolve_conditions
from rag.library.view import LibraryView
from rag.text.markdown import plain
from rag.types import Answer, Condition, Thread, Turn
from rag.types.fields import FIELDS

CHOSEN_PAPERS_LABEL = "paper"
"""The field of a condition that names papers one by one, by id."""


class FilteredLibrary(LibraryView):
    """The papers of a library that meet all of some conditions.

    A value that the library does not have (a name, a category) leaves no paper, and neither does a
    name that several people share. People keep their remaining papers; a page stays as long as its
    person has a paper left.
    """

    def __init__(self, full_library: LibraryView, conditions: Sequence[Condition]) -> None:
        resolved_conditions = resolve_conditions(conditions, full_library)
        self.conditions = resolved_conditions.conditions
        self.absent = (*resolved_conditions.absent, *map(choose_one, resolved_conditions.choices))
        scope = [build_choice(())] if self.absent else self.conditions
        super().__init__(full_library.library, scope, full_library.whole)

    @cached_property
    def fingerprint(self) -> str:
        """The fingerprint of the full library, and a digest of the remaining papers."""
        ids_digest = hashlib.sha256("\n".join(sorted(self.ids)).encode()).hexdigest()
        return f"{self.whole.fingerprint}/{ids_digest[:16]}"

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(self.find_ids())

    # --- in words -------------------------------------------------------------------------

    @property
    def description(self) -> str:
        """``3 of 169 papers (from 2023, with the Code mark)``: what is left, and by what."""
        filters = format_filters(self.conditions)
        return phrases.tell_filtered(self.n_papers, self.whole.n_papers, filters)

    @property
    def why_empty(self) -> str:
        """Why nothing is left, and what would have been without one of the conditions."""
        suggestion = format_nearest(self.whole, self.conditions)
        why = " ".join(self.absent) or suggestion
        sentence = phrases.tell_filters_leave_none(format_filters(self.conditions))
        return " ".join(filter(None, (sentence, why, phrases.REMOVE_A_FILTER)))


def format_filters(conditions: Sequence[Condition]) -> str:
    """The conditions in words: ``from 2023 and with the Code mark, chosen one by one``."""
    words = [format_conditions([c for c in conditions if c.field != CHOSEN_PAPERS_LABEL])]
    words += ["chosen one by one" for c in conditions if c.field == CHOSEN_PAPERS_LABEL]
    return ", ".join(filter(None, words))


# --- for one question -----------------------------------------------------------------------


@lru_cache(maxsize=8)
def _build_filtered(library: LibraryView, filters: tuple[Condition, ...]) -> FilteredLibrary:
    return FilteredLibrary(library, filters)


def apply_filters(library: LibraryView, thread: Thread) -> FilteredLibrary | None:
    """The library with a conversation's filters, built once a state; None without filters."""
    return _build_filtered(library, thread.filters) if thread.filters else None


def add_chosen_papers(thread: Thread, filtered_library: FilteredLibrary | None) -> Thread:
    """The conversation, with papers chosen for it as its first turn: ``they`` are these papers."""
    if filtered_library is None or not any(
        c.field == CHOSEN_PAPERS_LABEL for c in filtered_library.conditions
    ):
        return thread
    chosen_papers = filtered_library.find_papers()
    rows = "\n".join(f"- {plain(paper.name)}" for paper in chosen_papers)
    question = "Which papers is this about?"
    answer = Answer(
        question, "answered", "catalogue", rows, papers=build_scored_papers(chosen_papers)
    )
    return replace(thread, turns=(Turn(question, answer), *thread.turns))


def add_scope_note(answer: Answer, filtered_library: FilteredLibrary | None) -> Answer:
    """The answer, beginning with the papers that it was computed over."""
    if filtered_library is None or not filtered_library.n_papers:
        return answer
    return replace(answer, text=f"Among {filtered_library.description}:\n\n{answer.text}")


def load_excluded(answer: Answer, filtered_library: FilteredLibrary | None) -> tuple[str, ...]:
    """A note for abstentions that the conversation's filters hid papers."""
    if filtered_library is None or not filtered_library.n_papers or answer.status != "abstained":
        return ()
    return (phrases.warn_filtered(filtered_library.description),)


# --- what can be chosen ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """The values that filters can have in a library.

    Attributes:
        years: Known years, ascending.
        authors: Displayed names, those with most papers first.
        categories: The most frequent first.
        marked: Whether any paper has the Code mark.
    """

    years: tuple[int, ...]
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    marked: bool


def list_filter_choices(library: LibraryView) -> FilterChoices:
    """Years, people, categories and the code mark, as the library has them."""
    return FilterChoices(
        tuple(sorted(library.count_groups("year"))),
        list_field_values(library, "author"),
        list_field_values(library, "category"),
        bool(library.count_papers([Condition("code", "is", True)])),
    )


def list_field_values(library: LibraryView, field: str) -> tuple[str, ...]:
    """The values that papers have in a field of names, the most frequent first."""
    return tuple(str(value) for value in library.count_groups(field))


def list_known_fields(library: LibraryView) -> tuple[str, ...]:
    """The fields that papers can be selected by and that at least one paper has a value in."""
    return tuple(
        field.name
        for field in FIELDS.values()
        if field.flag and field.of == "paper" and library.count_valued(field.name)
    )
