"""Entries are named as a reader knows them."""

from __future__ import annotations

from pathlib import Path

from rag.app.assistant import Assistant
from rag.library.entry_names import name_entries
from rag.types import Condition
from tests.desk import Desk, write


def test_a_page_and_a_list_are_named_without_their_files(assistant: Assistant) -> None:
    library = assistant.library
    papers = library.view.find_papers([Condition("page", "is", "Shiming Ge")])
    names = name_entries(library, [paper.paper_id for paper in papers])
    on_page = {name for each in names.values() for name in each if name.startswith("Shiming Ge's")}
    assert on_page == {f"Shiming Ge's page, entry {n}" for n in range(1, len(papers) + 1)}
    every = name_entries(library, [paper.paper_id for paper in library.list_papers()])
    assert all(every.values()) and not any(
        ".txt" in name for each in every.values() for name in each
    )


def test_a_file_of_ones_own_is_named(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(write(tmp_path / "mine.jsonl", "On Tea", "On Kelp"))
    names = name_entries(desk.library, [paper.paper_id for paper in desk.library.list_papers()])
    assert sorted(names.values()) == [["mine.jsonl, entry 1"], ["mine.jsonl, entry 2"]]
