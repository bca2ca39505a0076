"""The library narrowed to some of its papers: what a conversation with filters is answered from.

A filter is a `Condition` of the catalogue. A narrowed library is read like a whole one, so every
branch (routing, people, lists, experts) knows these papers alone, and passages are retrieved among
them: a filter holds for each kind of question without being known to any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from rag.answering.citations import plain
from rag.catalogue.fields import said_all
from rag.catalogue.select import choose_one, matching, nearest, settle
from rag.census import Source, census
from rag.listing import counted, scored
from rag.types import Answer, Condition, Paper, Person, ProfilePage, Thread, Turn

CHOSEN = "paper"
"""The field of a condition that names papers one by one, by id."""


class Narrowed:
    """The papers of a library that meet all of some conditions; nothing else of it is known.

    A value that the library lacks (a name, a category) leaves no paper, nor does a name that fits
    several people. People stand here with their remaining papers; a page stays where its person does.
    """

    def __init__(self, whole: Source, conditions: Sequence[Condition]) -> None:
        self._whole = census(whole)
        self.folder = getattr(whole, "folder", None)
        self._people = whole
        settled = settle(conditions, (), self._whole)
        self.conditions = settled.conditions
        self.absent = (*settled.absent, *map(choose_one, settled.choices))
        self._held = () if self.absent else tuple(matching(self._whole, settled.conditions))

    @property
    def fingerprint(self) -> str:
        """The whole library's and what is left of it."""
        left = hashlib.sha256("\n".join(sorted(self.ids)).encode()).hexdigest()
        return f"{self._whole.fingerprint}/{left[:16]}"

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(paper.paper_id for paper in self._held)

    @property
    def n_papers(self) -> int:
        return len(self._held)

    def papers(self, ids: Iterable[str] | None = None) -> list[Paper]:
        """Those left, in the library's order; with ids, these in their order."""
        if ids is None:
            return list(self._held)
        return [self._whole.by_id[one] for one in ids if one in self.ids]

    def persons(self) -> list[Person]:
        """Those who stand on the papers left, with these alone."""
        found = []
        for person in self._people.persons():
            left = tuple(a for a in person.authorships if a.paper_id in self.ids)
            if left:
                found.append(replace(person, authorships=left))
        return found

    def pages(self) -> list[ProfilePage]:
        return [page for page in self._whole.pages if self.page_papers(page.person)]

    def page_papers(self, person: str) -> list[str]:
        return [one for one in self._whole.page_papers.get(person, ()) if one in self.ids]

    # --- in words -------------------------------------------------------------------------

    @property
    def told(self) -> str:
        """``3 of 169 papers (from 2023, with the Code mark)``: what is left, and by what."""
        n = counted(len(self._whole.papers))
        return f"{len(self._held):,} of {n} ({said(self.conditions)})"

    @property
    def emptied(self) -> str:
        """Why nothing is left, and what would have been without one of the conditions."""
        near = nearest(self._whole, self.conditions)
        why = " ".join(self.absent) or near
        told = f"The filters of this conversation leave no paper ({said(self.conditions)})."
        return " ".join(filter(None, (told, why, "Take one of them away to ask.")))


def said(conditions: Sequence[Condition]) -> str:
    """The conditions in words: ``from 2023 and with the Code mark, chosen one by one``."""
    words = [said_all([c for c in conditions if c.field != CHOSEN])]
    words += ["chosen one by one" for c in conditions if c.field == CHOSEN]
    return ", ".join(filter(None, words))


# --- for one question -----------------------------------------------------------------------


def narrowed(whole: Source, thread: Thread) -> Narrowed | None:
    """The library as a conversation's filters leave it, made once a state; None without filters."""
    return _made(whole, whole.fingerprint, thread.filters) if thread.filters else None


@lru_cache(maxsize=8)
def _made(whole: Source, fingerprint: str, filters: tuple[Condition, ...]) -> Narrowed:
    return Narrowed(whole, filters)


def opened(thread: Thread, seen: Narrowed | None) -> Thread:
    """The conversation, with papers chosen for it as its first turn: ``they`` are these papers."""
    if seen is None or not any(c.field == CHOSEN for c in seen.conditions):
        return thread
    held = seen.papers()
    rows = "\n".join(f"- {plain(paper.name)}" for paper in held)
    question = "Which papers is this about?"
    answer = Answer(question, "answered", "catalogue", rows, papers=scored(held))
    return replace(thread, turns=(Turn(question, answer), *thread.turns))


def headed(answer: Answer, seen: Narrowed | None) -> Answer:
    """The answer with what it was computed over said first."""
    if seen is None or not seen.n_papers:
        return answer
    return replace(answer, text=f"Among {seen.told}:\n\n{answer.text}")


def left_out(answer: Answer, seen: Narrowed | None) -> tuple[str, ...]:
    """Said where nothing was found: that the conversation's filters hid papers."""
    if seen is None or not seen.n_papers or answer.status != "abstained":
        return ()
    return (f"only {seen.told} were looked at; without the filters there may be an answer",)


# --- what can be chosen ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choices:
    """What a library can be narrowed by.

    Attributes:
        years: Known ones, ascending.
        authors: By the name shown, those with most papers first.
        categories: The most frequent first.
        marked: Whether any paper bears the Code mark.
    """

    years: tuple[int, ...]
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    marked: bool


def choices(library: Source) -> Choices:
    """Years, people, categories and the code mark, as the library has them."""
    now = census(library)
    held = now.authorships
    return Choices(
        tuple(sorted(now.years)),
        tuple(sorted(held, key=lambda name: (-len(held[name]), name))),
        tuple(sorted(now.categories, key=lambda one: (-now.categories[one], one))),
        any(paper.code for paper in now.papers),
    )
