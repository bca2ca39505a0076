"""The full-text index: it rules out papers, never one that has the words, and follows what is written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from rag.library import Library
from rag.library.schema import LIBRARY_FILE
from rag.library.search_forms import WORD, build_searched
from rag.library.tables import PAPERS
from rag.library.word_index import INDEX, may_have
from tests.desk import Desk

LINES = ("Deep–fake “voices”, École.", "Re-identification of C++ code", "Reidentified 中文 people")


def find(library: Library, *parts: tuple[str, ...]) -> set[str]:
    return {row[0] for row in library.fetch(select(PAPERS.c.paper_id).where(may_have(parts)))}


def write(folder: Path, *texts: str) -> list[Path]:
    document = folder / "papers.jsonl"
    rows = [f'{{"title": "Paper {n}", "abstract": "{text}"}}' for n, text in enumerate(texts)]
    document.write_text("\n".join(rows), encoding="utf-8")
    return [document]


def test_papers_are_found_by_every_beginning_of_their_words(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data")
    desk.ingest(*write(tmp_path, *LINES))
    papers = desk.library.list_papers()
    assert len(papers) == len(LINES)
    for paper in papers:
        searched = build_searched(f"{paper.title} {paper.text}")
        starts = [at for at, char in enumerate(searched) if char == WORD]
        for start in starts:
            for end in range(start + 2, len(searched) + 1):
                assert paper.paper_id in find(desk.library, (searched[start:end],))
    voices = find(desk.library, (f"{WORD}voic",))
    assert len(voices) == 1 and not find(desk.library, (f"{WORD}oices",))
    either = (f"{WORD}identificatio", f"{WORD}reidentifie")
    assert find(desk.library, either) == {p.paper_id for p in papers} - voices
    assert find(desk.library, either, (f"{WORD}peopl",)) < find(desk.library, either)
    assert len(find(desk.library, ("no word",), (WORD,))) == len(LINES)
    desk.library.close()


def test_what_is_changed_or_removed_is_no_longer_found_by_its_old_words(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data")
    desk.ingest(*write(tmp_path, "Kelp grows.", "Moss grows."))
    desk.ingest(*write(tmp_path, "Ferns grow."))
    assert [len(find(desk.library, (WORD + word,))) for word in ("kelp", "moss", "fern")] == [
        0,
        0,
        1,
    ]
    desk.library.close()
    with closing(sqlite3.connect(tmp_path / "data" / LIBRARY_FILE)) as connection:
        connection.execute(f"INSERT INTO {INDEX} ({INDEX}) VALUES ('integrity-check')")


def test_papers_whose_rows_were_moved_are_found_as_before(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data")
    desk.ingest(*write(tmp_path, *LINES))
    before = find(desk.library, (f"{WORD}reidentifie",))
    desk.library.close()
    path = tmp_path / "data" / LIBRARY_FILE
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE papers SET rowid = rowid + 100")
        connection.execute("VACUUM")
    with Library.open(tmp_path / "data") as library:
        assert find(library, (f"{WORD}reidentifie",)) == before and len(before) == 1
