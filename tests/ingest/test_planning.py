"""Plans: which documents are read, which are gone, and what is said of those that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag.app.user_question_set import UserQuestionSet
from rag.ingest.ingesting import build_plan
from rag.types.errors import NotFound, ReadError
from tests.desk import Desk, counts, write
from ui.views import evaluation_runs


def test_a_plan_writes_nothing(desk: Desk, seeds: Path) -> None:
    assert counts(build_plan(desk.library, [seeds])) == {"new": 170}
    assert not desk.folder.exists()


def test_a_path_that_is_not_there_is_named(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="nowhere"):
        desk.ingest(tmp_path / "nowhere")


def test_the_library_s_own_files_are_no_documents(desk: Desk, tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", "Apples")
    write(desk.folder / "uploads" / "b.jsonl", "Pears")
    write(UserQuestionSet(desk.folder).path, "Plums")
    write(desk.folder / evaluation_runs.FOLDER / "run" / "records.jsonl", "Quinces")
    for _ in range(2):
        report = desk.ingest(tmp_path)
        assert report.plan.rejections == ()
    assert [d.name for d in desk.library.list_documents()] == ["a.jsonl", "data/uploads/b.jsonl"]


# --- documents that come and go ---------------------------------------------------------------


def test_a_missing_document_is_told_of_and_removed_only_by_prune(
    desk: Desk, tmp_path: Path
) -> None:
    papers = tmp_path / "papers"
    write(papers / "a.jsonl", "Apples"), write(papers / "deep" / "b.jsonl", "Pears", "Plums")
    desk.ingest(papers)
    (papers / "deep" / "b.jsonl").unlink()
    report = desk.ingest(papers)
    missing = [d.name for d in report.plan.documents if d.change == "missing"]
    assert (missing, report.n_papers) == (["deep/b.jsonl"], 3)
    assert counts(build_plan(desk.library, [papers], prune=True)) == {"unchanged": 1, "removed": 2}
    assert desk.ingest(papers, prune=True).n_papers == 1
    assert desk.nearest("Pears") is None
    assert [d.name for d in desk.library.list_documents()] == ["a.jsonl"]


def test_prune_leaves_documents_from_elsewhere_alone(desk: Desk, tmp_path: Path) -> None:
    write(tmp_path / "one" / "a.jsonl", "Apples"), write(tmp_path / "two" / "b.jsonl", "Pears")
    desk.ingest(tmp_path / "one")
    assert desk.ingest(tmp_path / "two", prune=True).n_papers == 2
    assert desk.ingest(tmp_path / "two" / "b.jsonl", prune=True).n_papers == 2


def test_documents_of_one_name_in_two_folders_are_two(desk: Desk, tmp_path: Path) -> None:
    one = write(tmp_path / "one" / "refs.jsonl", "Apples")
    two = write(tmp_path / "two" / "refs.jsonl", "Pears")
    desk.ingest(one)
    desk.ingest(two)
    assert [d.name for d in desk.library.list_documents()] == ["refs.jsonl", "two/refs.jsonl"]
    assert desk.titles == ["Apples", "Pears"]
    write(two, "Plums")
    assert counts(desk.ingest(tmp_path / "two").plan) == {"changed": 1}
    assert desk.titles == ["Apples", "Plums"]


def test_both_may_come_in_one_ingest(desk: Desk, tmp_path: Path) -> None:
    (
        write(tmp_path / "one" / "refs.jsonl", "Apples"),
        write(tmp_path / "two" / "refs.jsonl", "Apples"),
    )
    desk.ingest(tmp_path / "one", tmp_path / "two")
    (apples,) = desk.library.list_papers()
    assert [str(place) for place in apples.places] == ["refs.jsonl:1", "two/refs.jsonl:1"]


def test_a_moved_document_is_the_same_one(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "old" / "a.jsonl", "Apples", "Pears")
    desk.ingest(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    assert counts(desk.ingest(tmp_path / "new").plan) == {"unchanged": 2}
    write(tmp_path / "new" / file.name, "Apples", "Plums")
    assert counts(desk.ingest(tmp_path / "new").plan) == {"unchanged": 1, "changed": 1}


def test_a_document_below_a_folder_is_the_same_when_named_alone(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "papers" / "deep" / "a.jsonl", "Apples")
    desk.ingest(tmp_path / "papers")
    assert counts(desk.ingest(file).plan) == {"unchanged": 1}
    assert [d.name for d in desk.library.list_documents()] == ["deep/a.jsonl"]


# --- bad input --------------------------------------------------------------------------------


def test_an_unreadable_document_is_told_of_and_what_is_stored_of_it_stays(
    desk: Desk, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.jsonl", "Apples")
    write(tmp_path / "b.jsonl", "Pears")
    desk.ingest(tmp_path)
    file.write_bytes(b"")
    write(tmp_path / "b.jsonl", "Plums")
    report = desk.ingest(tmp_path)
    (rejection,) = report.plan.rejections
    assert rejection.document == "a.jsonl"
    assert desk.titles == ["Apples", "Plums"]


def test_links_to_nothing_and_pipes_in_a_folder_are_told_of(desk: Desk, tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    write(papers / "a.jsonl", "Apples")
    write(papers / "b.jsonl", "Pears")
    desk.ingest(papers)
    (papers / "b.jsonl").unlink()
    os.mkfifo(papers / "b.jsonl")
    (papers / "gone.bib").symlink_to(tmp_path / "nothing.bib")
    (papers / "notes.zip").write_bytes(b"PK\x03\x04\x00")
    report = desk.ingest(papers)
    assert [r.document for r in report.plan.rejections] == ["b.jsonl", "gone.bib"]
    assert [r.document for r in report.plan.passed_over] == ["notes.zip"]
    assert desk.titles == ["Apples", "Pears"]


def test_a_document_whose_path_is_no_text_is_told_of(desk: Desk, tmp_path: Path) -> None:
    write(tmp_path / os.fsdecode(b"\xff.jsonl"), "Apples")
    write(tmp_path / "b.jsonl", "Pears")
    report = desk.ingest(tmp_path)
    (rejection,) = report.plan.rejections
    assert "byte 0xff" in rejection.reason
    assert desk.titles == ["Pears"]


def test_a_broken_entry_is_told_of_and_the_one_it_was_is_kept(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", "Apples", "Pears", "Plums")
    desk.ingest(file)
    lines = file.read_text("utf-8").splitlines()
    file.write_text("\n".join([lines[0], lines[1][:30], lines[2]]), "utf-8")
    report = desk.ingest(file)
    assert counts(report.plan) == {"unchanged": 2, "kept": 1, "rejected": 1}
    (rejection,) = report.plan.rejections
    assert (rejection.document, rejection.line) == ("a.jsonl", 2)
    assert sorted(desk.titles) == ["Apples", "Pears", "Plums"]  # type: ignore[type-var]
    assert desk.library.list_documents()[0].rejections == (rejection,)
    assert counts(desk.ingest(file).plan) == {"unchanged": 3, "rejected": 1}
    assert counts(desk.ingest(file, prune=True).plan) == {
        "unchanged": 2,
        "removed": 1,
        "rejected": 1,
    }
    assert desk.titles == ["Apples", "Plums"]


# --- documents that a reader removes ----------------------------------------------------------


def test_a_dropped_document_goes_and_its_folder_does_not_bring_it_back(
    desk: Desk, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    gone = write(folder / "a.jsonl", "Alpha", "Beta")
    write(folder / "b.jsonl", "Gamma")
    desk.ingest(folder)
    told = build_plan(desk.library, [], drop=["a.jsonl"])
    assert told.counts["removed"] == 2 and len(desk.titles) == 3
    assert desk.ingest(drop=["a.jsonl"]).n_papers == 1
    assert desk.titles == ["Gamma"] and desk.nearest("Alpha") is None
    assert gone.is_file()
    assert desk.ingest(folder, prune=True).n_papers == 1
    assert desk.ingest(folder, rebuild=True).n_papers == 1


def test_a_dropped_document_named_by_its_own_path_is_read_again_and_for_good(
    desk: Desk, tmp_path: Path
) -> None:
    document = write(tmp_path / "in" / "a.jsonl", "Alpha")
    write(tmp_path / "in" / "b.jsonl", "Beta")
    desk.ingest(tmp_path / "in")
    desk.ingest(drop=["a.jsonl"])
    assert desk.ingest(document).n_papers == 2
    assert desk.ingest(tmp_path / "in", prune=True).n_papers == 2


def test_a_document_that_is_not_there_cannot_be_dropped(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", "Alpha"))
    with pytest.raises(NotFound, match="'b.jsonl'"):
        build_plan(desk.library, [], drop=["b.jsonl"])


def test_the_list_of_dropped_documents_is_no_document(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", "Alpha"), write(tmp_path / "b.jsonl", "Beta"))
    desk.ingest(drop=["a.jsonl"])
    (desk.folder / "left-out.txt").write_text("kept by an older version\n", "utf-8")
    assert build_plan(desk.library, [desk.folder]).documents == ()


def test_what_is_unread_is_named_again_each_time(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "a.bib"
    file.write_text("@misc{a, year=2018}\n@misc{b, title={Peat at the Crossroads}}\n", "utf-8")
    first, second = desk.ingest(file).plan, desk.ingest(file).plan
    assert [str(r) for r in second.rejections] == [str(r) for r in first.rejections] != []
    assert second.counts["unchanged"] == 1
