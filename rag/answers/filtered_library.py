"""A view of the library limited to papers that meet the filters of a conversation.

A filter is a `Condition`. Every branch (routing, people, lists, experts, passages) reads this view
like a full library, so none needs to know about filters.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from rag.answers import phrases
from rag.answers.rows import build_scored_papers
from rag.library.fields import format_conditions, list_values
from rag.library.selection import (
    choose_one,
    find_matching_papers,
    format_nearest,
    resolve_conditions,
)
from rag.library.snapshot import LibrarySource, load_snapshot
from rag.text.markdown import plain
from rag.types import Answer, Condition, Paper, Person, ProfilePage, Thread, Turn
from rag.types.fields import FIELDS

CHOSEN_PAPERS_LABEL = "paper"
"""The field of a condition that names papers one by one, by id."""


class FilteredLibrary:
    """The papers of a library that meet all of some conditions.

    A value that the library does not have (a name, a category) leaves no paper, and neither does a
    name that several people share. People keep their remaining papers; a page stays as long as its
    person has a paper left.
    """

    def __init__(self, full_library: LibrarySource, conditions: Sequence[Condition]) -> None:
        self._whole = load_snapshot(full_library)
        self.folder = getattr(full_library, "folder", None)
        self._people = full_library
        resolved_conditions = resolve_conditions(conditions, self._whole)
        self.conditions = resolved_conditions.conditions
        self.absent = (*resolved_conditions.absent, *map(choose_one, resolved_conditions.choices))
        self._held = (
            ()
            if self.absent
            else tuple(find_matching_papers(self._whole, resolved_conditions.conditions))
        )

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the full library, and a digest of the remaining papers."""
        ids_digest = hashlib.sha256("\n".join(sorted(self.ids)).encode()).hexdigest()
        return f"{self._whole.fingerprint}/{ids_digest[:16]}"

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(paper.paper_id for paper in self._held)

    @property
    def n_papers(self) -> int:
        return len(self._held)

    def list_papers(self, ids: Iterable[str] | None = None) -> list[Paper]:
        """Those left, in the library's order; with ids, these in their order."""
        if ids is None:
            return list(self._held)
        return [self._whole.by_id[paper_id] for paper_id in ids if paper_id in self.ids]

    def list_persons(self) -> list[Person]:
        """Those who stand on the papers left, with these alone."""
        people = []
        for person in self._people.list_persons():
            authorships = tuple(a for a in person.authorships if a.paper_id in self.ids)
            if authorships:
                people.append(replace(person, authorships=authorships))
        return people

    def list_pages(self) -> list[ProfilePage]:
        return [page for page in self._whole.pages if self.list_page_papers(page.person)]

    def list_page_papers(self, person: str) -> list[str]:
        return [
            paper_id for paper_id in self._whole.page_papers.get(person, ()) if paper_id in self.ids
        ]

    # --- in words -------------------------------------------------------------------------

    @property
    def description(self) -> str:
        """``3 of 169 papers (from 2023, with the Code mark)``: what is left, and by what."""
        filters = format_filters(self.conditions)
        return phrases.tell_filtered(len(self._held), len(self._whole.papers), filters)

    @property
    def why_empty(self) -> str:
        """Why nothing is left, and what would have been without one of the conditions."""
        suggestion = format_nearest(self._whole, self.conditions)
        why = " ".join(self.absent) or suggestion
        sentence = phrases.tell_filters_leave_none(format_filters(self.conditions))
        return " ".join(filter(None, (sentence, why, phrases.REMOVE_A_FILTER)))


def format_filters(conditions: Sequence[Condition]) -> str:
    """The conditions in words: ``from 2023 and with the Code mark, chosen one by one``."""
    words = [format_conditions([c for c in conditions if c.field != CHOSEN_PAPERS_LABEL])]
    words += ["chosen one by one" for c in conditions if c.field == CHOSEN_PAPERS_LABEL]
    return ", ".join(filter(None, words))


# --- for one question -----------------------------------------------------------------------


def apply_filters(library: LibrarySource, thread: Thread) -> FilteredLibrary | None:
    """The library with a conversation's filters, built once a state; None without filters."""
    return _build_filtered(library, library.fingerprint, thread.filters) if thread.filters else None


@lru_cache(maxsize=8)
def _build_filtered(
    library: LibrarySource, fingerprint: str, filters: tuple[Condition, ...]
) -> FilteredLibrary:
    return FilteredLibrary(library, filters)


def add_chosen_papers(thread: Thread, filtered_library: FilteredLibrary | None) -> Thread:
    """The conversation, with papers chosen for it as its first turn: ``they`` are these papers."""
    if filtered_library is None or not any(
        c.field == CHOSEN_PAPERS_LABEL for c in filtered_library.conditions
    ):
        return thread
    chosen_papers = filtered_library.list_papers()
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


def list_filter_choices(library: LibrarySource) -> FilterChoices:
    """Years, people, categories and the code mark, as the library has them."""
    snapshot = load_snapshot(library)
    authorships = snapshot.authorships
    return FilterChoices(
        tuple(sorted(snapshot.years)),
        tuple(sorted(authorships, key=lambda name: (-len(authorships[name]), name))),
        tuple(
            sorted(
                snapshot.categories, key=lambda category: (-snapshot.categories[category], category)
            )
        ),
        any(paper.code for paper in snapshot.papers),
    )


def list_field_values(library: LibrarySource, field: str) -> tuple[str, ...]:
    """The values that papers have in a field of names, the most frequent first."""
    snapshot = load_snapshot(library)
    counts = Counter(
        str(value)
        for paper in snapshot.papers
        for value in dict.fromkeys(list_values(field, paper, snapshot))
    )
    return tuple(sorted(counts, key=lambda value: (-counts[value], value)))


def list_known_fields(library: LibrarySource) -> tuple[str, ...]:
    """The fields that papers can be selected by and that at least one paper has a value in."""
    snapshot = load_snapshot(library)
    return tuple(
        field.name
        for field in FIELDS.values()
        if field.flag
        and field.of == "paper"
        and any(list_values(field.name, paper, snapshot) for paper in snapshot.papers)
    )
