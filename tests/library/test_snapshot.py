"""The counts of a snapshot, against reading every text word by word."""

from __future__ import annotations

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.answers.filtered_library import FilteredLibrary, apply_filters
from rag.library import Library
from rag.library.chunking import get_sentences
from rag.library.snapshot import LibrarySnapshot, is_headed, is_made_up, load_snapshot
from rag.text import fold, split_sentences, split_terms
from rag.types import Condition, Thread
from tests.shelf import Shelf, paper


@pytest.fixture(scope="module")
def library(library_data: Path) -> Library:
    return Library.open(library_data)


@pytest.fixture(scope="module")
def now(library: Library) -> LibrarySnapshot:
    return load_snapshot(library)


def test_the_words_are_those_of_every_text(now: LibrarySnapshot) -> None:
    texts = [f"{p.title or ''} {p.text}" for p in now.papers]
    assert now.words == {w for t in texts for w in re.findall(r"\b[a-z]{2,}\b", t)}
    assert now.all_words == {w for t in texts for w in re.findall(r"[^\W_]+", t.lower())}


def test_a_term_counts_once_a_paper(now: LibrarySnapshot) -> None:
    slow = Counter(t for p in now.papers for t in set(split_terms(f"{p.title or ''} . {p.text}")))
    assert now.term_counts == slow


def test_a_made_up_word_calls_every_paper_that_has_it(now: LibrarySnapshot) -> None:
    named = re.compile(r"[^\W_](?:[^\W_]|[-^+$](?=[^\W_]))*")
    words = {w for p in now.papers for w in named.findall(p.text) if is_made_up(w)}
    assert len(words) > 100
    borne = {
        p.paper_id: {fold(w) for w in named.findall(p.title or "")}
        | {fold(w) for w in named.findall(p.text) if is_made_up(w)}
        for p in now.papers
    }
    for word in sorted(words)[::5]:
        bearing = {paper_id for paper_id, held in borne.items() if fold(word) in held}
        headed = {i for i in bearing if is_headed(word, now.by_id[i])}
        found = {paper_id for _, ids in now.find_papers_called(word) for paper_id in ids}
        assert found == (headed or (bearing if len(bearing) <= 2 else set()))


class Slow(str):
    """A text that lets other threads go first whenever it is looked up."""

    def __hash__(self) -> int:
        time.sleep(0.0005)
        return super().__hash__()


class State(Shelf):
    """A library of one paper, known by its year."""

    @property
    def fingerprint(self) -> str:
        return Slow(self._papers[0].year)


def test_any_number_of_threads_may_look_at_more_states_than_are_kept() -> None:
    states = [State([paper("p1", "Faces", year=2000 + n)]) for n in range(12)]
    threads = [Thread(filters=(Condition("title", "contains", Slow(n)),)) for n in range(12)]

    def look(first: int) -> list[FilteredLibrary | None]:
        turns = [(first + step) % 12 for step in range(24)]
        assert [load_snapshot(states[n]).years for n in turns] == [{2000 + n: 1} for n in turns]
        return [apply_filters(states[0], threads[n]) for n in turns]

    with ThreadPoolExecutor(12) as pool:
        assert all(all(found) for found in pool.map(look, range(12)))


@pytest.mark.parametrize(
    "phrase", ["face anti-spoofing", "yann lecun", "federated learning", "ning wa"]
)
def test_a_phrase_is_said_if_some_text_has_it(now: LibrarySnapshot, phrase: str) -> None:
    held = any(phrase in fold(f"{p.title or ''} {p.text}") for p in now.papers)
    assert now.has_phrase(phrase) == held


def test_people_come_with_their_papers_in_order_once_each(library: Library) -> None:
    rows = library.select(
        "SELECT a.name, a.paper_id FROM authorships a JOIN papers p USING (paper_id) "
        "ORDER BY a.name, p.document, p.line, a.ordinal"
    )
    slow: dict[str, list[str]] = {}
    for row in rows:
        slow.setdefault(row["name"], []).append(row["paper_id"])
    found = {p.name: [a.paper_id for a in p.authorships] for p in library.list_persons()}
    assert {n: ids for n, ids in found.items() if ids} == {
        n: list(dict.fromkeys(ids)) for n, ids in slow.items()
    }


def test_kept_sentences_are_those_of_the_text(library: Library) -> None:
    for chunk in library.list_chunks():
        assert chunk.sentences is not None
        assert get_sentences(chunk) == tuple(split_sentences(chunk.text))
