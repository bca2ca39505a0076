"""The words and names that an ingest counts, against reading every text word by word."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.answers.filtered_library import apply_filters
from rag.library import Library, vocabulary
from rag.library.chunking import get_sentences
from rag.library.naming import is_headed, is_made_up
from rag.library.view import LibraryView
from rag.text import fold, split_sentences, split_terms
from rag.types import Condition, Paper, Thread
from tests.desk import Desk, write
from tests.shelf import Shelf, paper


@pytest.fixture(scope="module")
def library(library_data: Path) -> Library:
    return Library.open(library_data)


@pytest.fixture(scope="module")
def view(library: Library) -> LibraryView:
    return library.view


@pytest.fixture(scope="module")
def papers(library: Library) -> list[Paper]:
    return library.list_papers()


def read_vocabulary(library: Library, kind: str) -> dict[str, int]:
    rows = library.select("SELECT word, n_papers FROM vocabulary WHERE kind = :kind", kind=kind)
    return {row["word"]: row["n_papers"] for row in rows}


def test_the_words_are_those_of_every_text(library: Library, papers: list[Paper]) -> None:
    texts = [f"{p.title or ''} {p.text}" for p in papers]
    assert read_vocabulary(library, "lower") == Counter(
        w for t in texts for w in set(re.findall(r"\b[a-z]{2,}\b", t))
    )
    assert read_vocabulary(library, "any") == Counter(
        w for t in texts for w in set(re.findall(r"[^\W_]+", t.lower()))
    )


def test_a_term_counts_once_a_paper(library: Library, papers: list[Paper]) -> None:
    slow = Counter(t for p in papers for t in set(split_terms(f"{p.title or ''} . {p.text}")))
    assert read_vocabulary(library, "term") == slow


def read_words(library: Library) -> list[object]:
    words = library.select("SELECT * FROM vocabulary ORDER BY kind, word")
    return [*words, *library.select("SELECT * FROM paper_words ORDER BY word, kind, paper_id")]


def test_words_are_counted_out_again_with_the_papers_that_go(tmp_path: Path, url: str) -> None:
    desk = Desk(tmp_path / "data", url)
    desk.ingest(write(tmp_path / "docs" / "a.jsonl", "MaskNet sees masks", "Palms"))
    once = read_words(desk.library)
    desk.ingest(
        write(tmp_path / "docs" / "b.jsonl", "MaskNet sees masks twice", authors=["Ann Mao"])
    )
    assert desk.library.view.vocabulary.any.get("masknet") == 2
    assert desk.library.list_names() == ["Ann Mao"]
    assert len(read_words(desk.library)) > len(once)
    desk.ingest(drop=("b.jsonl",))
    assert read_words(desk.library) == once
    assert desk.library.list_names() == []
    desk.ingest(tmp_path / "docs" / "a.jsonl", rebuild=True)
    assert read_words(desk.library) == once
    desk.library.close()


def test_words_of_a_changed_text_are_no_longer_the_papers_own(tmp_path: Path, url: str) -> None:
    desk = Desk(tmp_path / "data", url)
    document = write(tmp_path / "docs" / "a.jsonl", "MaskNet sees masks", "Palms")
    desk.ingest(document)
    once = read_words(desk.library)
    document.write_text(document.read_text("utf-8").replace("masks", "PalmNet"), encoding="utf-8")
    desk.ingest(document)
    words = {row["word"] for row in desk.library.select("SELECT word FROM paper_words")}
    assert "palmnet" in words and "masks" not in words
    document.write_text(document.read_text("utf-8").replace("PalmNet", "masks"), encoding="utf-8")
    desk.ingest(document)
    assert read_words(desk.library) == once
    desk.library.close()


def test_a_made_up_word_calls_every_paper_that_has_it(
    view: LibraryView, papers: list[Paper]
) -> None:
    named = re.compile(r"[^\W_](?:[^\W_]|[-^+$](?=[^\W_]))*")
    words = {w for p in papers for w in named.findall(p.text) if is_made_up(w)}
    assert len(words) > 100
    borne = {
        p.paper_id: {fold(w) for w in named.findall(p.title or "")}
        | {fold(w) for w in named.findall(p.text) if is_made_up(w)}
        for p in papers
    }
    titles = {p.paper_id: p.title for p in papers}
    for word in sorted(words)[::5]:
        bearing = {paper_id for paper_id, held in borne.items() if fold(word) in held}
        headed = {i for i in bearing if is_headed(word, titles[i])}
        found = {paper_id for _, ids in view.find_papers_called(word) for paper_id in ids}
        assert found == (headed or (bearing if len(bearing) <= 2 else set()))


def test_any_number_of_threads_may_ask_with_more_filters_than_are_kept() -> None:
    shelf = Shelf([paper(f"p{n}", "Faces", year=2000 + n) for n in range(1, 13)])
    threads = [Thread(filters=(Condition("year", "is", 2000 + n),)) for n in range(1, 13)]

    def look(first: int) -> list[list[int]]:
        turns = [(first + step) % 12 for step in range(24)]
        filtered = [apply_filters(shelf, threads[n]) for n in turns]
        return [
            [n, *(f.count_groups("year") if f else ())]
            for n, f in zip(turns, filtered, strict=True)
        ]

    with ThreadPoolExecutor(12) as pool:
        for looks in pool.map(look, range(12)):
            assert all(years == [2001 + n] for n, *years in looks)


@pytest.mark.parametrize(
    "phrase",
    ["face anti-spoofing", "yann lecun", "federated learn", "ning wa", "anti - spoof", "--"],
)
def test_a_phrase_is_said_if_some_text_has_it_from_the_beginning_of_a_word_on(
    view: LibraryView, papers: list[Paper], phrase: str
) -> None:
    begins = re.compile(rf"(?<![^\W_]){re.escape(phrase)}")
    held = any(begins.search(fold(f"{p.title or ''} {p.text}")) for p in papers)
    assert view.vocabulary.has_phrase(phrase) == held


def test_a_phrase_is_looked_for_in_so_many_texts_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "data")
    for n, title in enumerate(("Glow worms and moss", "Glow without moss", "Glow moss")):
        desk.ingest(write(tmp_path / "docs" / f"{n}.jsonl", title))
    assert desk.library.view.vocabulary.has_phrase("glow moss")
    monkeypatch.setattr(vocabulary, "MOST_READ", 2)
    assert not desk.library.view.vocabulary.has_phrase("glow moss")
    assert desk.library.view.vocabulary.has_phrase("glow worms")
    desk.library.close()


def test_a_paper_is_described_by_any_words_of_its_title(
    view: LibraryView, papers: list[Paper]
) -> None:
    stems = {p.paper_id: frozenset(split_terms(p.title or p.label)) for p in papers}
    wanted = {frozenset(sorted(of_paper)[at::3]) for of_paper in stems.values() for at in (0, 1)}
    for terms in sorted(filter(None, wanted), key=sorted)[::4]:
        holding = {paper_id for paper_id, has in stems.items() if terms <= has}
        found = view.find_described(terms)
        assert len(found) == min(len(holding), 2) and set(found) <= holding
    assert view.find_described({"no such stem", "face"}) == []


def test_people_come_with_their_papers_in_order_once_each(library: Library) -> None:
    rows = library.select(
        "SELECT a.name, a.paper_id FROM authorships a JOIN papers p USING (paper_id) "
        "ORDER BY a.name, p.document, p.line, a.ordinal"
    )
    slow: dict[str, list[str]] = {}
    for row in rows:
        slow.setdefault(row["name"], []).append(row["paper_id"])
    people = map(library.find_person, library.list_names())
    found = {p.name: [a.paper_id for a in p.authorships] for p in people}
    assert {n: ids for n, ids in found.items() if ids} == {
        n: list(dict.fromkeys(ids)) for n, ids in slow.items()
    }


def test_kept_sentences_are_those_of_the_text(library: Library) -> None:
    for chunk in library.list_chunks():
        assert chunk.sentences is not None
        assert get_sentences(chunk) == tuple(split_sentences(chunk.text))
