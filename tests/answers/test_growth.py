"""A larger library is asked no more: the statements of a question, and the papers read for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from rag.library.sqlite import SqliteDatabase
from rag.types import ProfilePage
from tests.conversation import ask
from tests.shelf import Shelf, paper

FEW, MANY = 30, 600
_FAMILIES = "Mao Berg Quill Lind Novak Sato Okoro Weiss Duarte Petrov".split()
_GIVEN = "Ann Bo Cai Dee Eva Finn Gus Hana Ivo Jun".split()


def build_shelf(n_papers: int) -> Shelf:
    """By a hundred people; the first of them has one paper, whatever the number."""
    names = [f"{given} {family}" for family in _FAMILIES for given in _GIVEN]
    papers = [
        paper(f"p{n}", f"Drones {n}: A Study", authors=(names[1 + n % 90], names[1 + n % 89]),
              year=2015 + n % 10, month=5, day=1, category="CV", code=n % 2 == 0)
        for n in range(2, n_papers + 1)
    ]  # fmt: skip
    first = paper(
        "p1", "MaskNet: Masks", "MaskNet hides masks.", names[:1], year=1999, category="LG"
    )
    return Shelf([first, *papers], [ProfilePage("Ann Mao", "CV", 15)], {"Ann Mao": ["p1"]})


@contextmanager
def count_rows(shelf: Shelf) -> Iterator[dict[str, int]]:
    """Statements, and papers that were read whole."""
    counts = {"statements": 0, "papers": 0}
    assert isinstance(shelf.library.database, SqliteDatabase)
    engine = shelf.library.database._engine
    load = shelf.library.read_papers

    def count(*_: Any) -> None:
        counts["statements"] += 1

    def count_papers(ids: Any = None) -> Any:
        papers = load(ids)
        counts["papers"] += len(papers)
        return papers

    event.listen(engine, "before_cursor_execute", count)
    shelf.library.read_papers = count_papers  # type: ignore[method-assign]
    shelf.library._papers.clear()
    yield counts
    event.remove(engine, "before_cursor_execute", count)


@pytest.fixture(scope="module")
def shelves() -> tuple[Shelf, Shelf]:
    return build_shelf(FEW), build_shelf(MANY)


@pytest.mark.parametrize(
    "question",
    [
        "How many papers are from 1999?",
        "How many papers are there per year?",
        "papers by Ann Mao",
        "Who is Ann Moa?",
        "Who wrote MaskNet?",
        "Who has the most papers?",
        "What is the oldest paper?",
        "average number of authors",
    ],
)
def test_a_question_takes_as_many_statements_and_papers_of_a_larger_library(
    shelves: tuple[Shelf, Shelf], question: str
) -> None:
    taken = []
    for shelf in shelves:
        assert ask(question, shelf=shelf).status == "answered"
        with count_rows(shelf) as counts:
            ask(question, shelf=shelf)
        taken.append(counts)
    assert taken[0] == taken[1] and taken[1]["papers"] < FEW
