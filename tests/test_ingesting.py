from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from rag.chunking import embedded_text
from rag.errors import (
    EmbedderMismatch,
    LibraryEmpty,
    LibraryLocked,
    NotFound,
    RagError,
    ReadError,
)
from rag.indexing import Indexes, check
from rag.ingesting import ingest, plan
from rag.kept_questions import KeptQuestions
from rag.library import Library
from rag.library.schema import FILE, connect
from rag.types import Plan, Report
from tests.stand_ins import QuickEmbedder, QuickEncoder, QuickStores, vector
from ui import evaluations

LIST, PAGE = "000_052e22e2ea1c628a.txt", "001_a5f9dfde50f3564c.txt"
ROOT = Path(__file__).resolve().parent.parent
FILLER = " A sentence long enough that this abstract is told from others by its own words alone."


class Desk:
    """A library with what is needed to ingest into it; ``embedded`` are the texts of the last time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = Library.open(folder)
        self.stores = QuickStores()
        self.embedded: list[str] = []

    def ingest(self, *paths: Path, embedder: QuickEmbedder | None = None, **options: Any) -> Report:
        embedder = embedder or QuickEmbedder()
        report = ingest(self.library, self.stores, lambda: embedder, paths, **options)
        self.embedded = embedder.seen
        assert check(self.library, self.stores).problems == ()
        return report

    @property
    def titles(self) -> list[str | None]:
        return [paper.title for paper in self.library.papers()]

    def nearest(self, title: str) -> str | None:
        """Title of the paper whose vector is that of this paper's chunk, if any is near."""
        indexes = Indexes(self.library, self.stores, "quick")
        text = f"{title}\n{abstract(title)}"
        found = indexes.vectors.query(vector(text), 1)
        indexes.close()
        if not found or found[0][1] < 0.99:
            return None
        return self.library.chunks([found[0][0]])[0].heading

    def found(self, term: str, field: str = "body") -> set[str | None]:
        indexes = Indexes(self.library, self.stores)
        ids = [paper_id for _, paper_id, _ in indexes.lexical.query([term], 50, {field: 1.0})]
        indexes.close()
        return {paper.title for paper in self.library.papers(ids)}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "data")
    yield desk
    desk.library.close()


def abstract(title: str) -> str:
    return f"{title} is about {title.lower()}.{FILLER}"


def write(path: Path, *titles: str, **values: object) -> Path:
    """A document with one paper a line; equal titles have equal abstracts."""
    lines = [json.dumps({"title": t, "abstract": abstract(t), **values}) for t in titles]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def counts(found: Plan) -> dict[str, int]:
    return {change: n for change, n in found.counts.items() if n}


# --- again, and again -----------------------------------------------------------------------------


def test_the_seeds_go_in_whole_and_a_second_time_changes_nothing(desk: Desk, seeds: Path) -> None:
    first = desk.ingest(seeds)
    assert counts(first.plan) == {"new": 170}
    assert (first.n_papers, first.n_chunks, first.n_embedded) == (169, 169, 169)
    before = (desk.folder / FILE).stat().st_mtime_ns
    second = desk.ingest(seeds)
    assert counts(second.plan) == {"unchanged": 170}
    assert (second.n_embedded, second.fingerprint) == (0, first.fingerprint)
    assert (desk.folder / FILE).stat().st_mtime_ns == before


def test_a_second_ingest_loads_nothing_heavy(desk: Desk, seeds: Path) -> None:
    desk.ingest(seeds)
    code = (
        "import sys; from pathlib import Path; from rag.adapters.stores import LocalStores\n"
        "from rag.ingesting import ingest; from rag.library import Library\n"
        "with Library.open(Path(sys.argv[1])) as library:\n"
        "    report = ingest(library, LocalStores(), lambda: 1 / 0, [Path(sys.argv[2])])\n"
        "assert report.plan.changes_nothing\n"
        "heavy = {'chromadb', 'numpy', 'onnxruntime', 'tantivy', 'langchain_core', 'pylatexenc'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(desk.folder), str(seeds)], check=True)


def test_a_plan_writes_nothing(desk: Desk, seeds: Path) -> None:
    assert counts(plan(desk.library, [seeds])) == {"new": 170}
    assert not desk.folder.exists()


def test_a_path_that_is_not_there_is_named(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="nowhere"):
        desk.ingest(tmp_path / "nowhere")


def test_the_library_s_own_files_are_no_documents(desk: Desk, tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", "Apples")
    write(desk.folder / "uploads" / "b.jsonl", "Pears")
    write(KeptQuestions(desk.folder).path, "Plums")
    write(desk.folder / evaluations.FOLDER / "run" / "records.jsonl", "Quinces")
    for _ in range(2):
        report = desk.ingest(tmp_path)
        assert report.plan.rejections == ()
    assert [d.name for d in desk.library.documents()] == ["a.jsonl", "data/uploads/b.jsonl"]


def test_the_same_content_has_the_same_fingerprint_in_any_order(
    tmp_path: Path, seeds: Path
) -> None:
    one, other = Desk(tmp_path / "one"), Desk(tmp_path / "other")
    whole = one.ingest(seeds)
    for path in sorted(seeds.glob("*.txt"), reverse=True):
        assert other.ingest(path).fingerprint != whole.fingerprint or path.name == LIST
    assert other.library.fingerprint == whole.fingerprint
    assert other.library.papers() == one.library.papers()
    assert other.library.chunks() == one.library.chunks()
    one.library.close(), other.library.close()


# --- changes --------------------------------------------------------------------------------------


def test_a_changed_entry_takes_the_place_of_the_old_one_everywhere(
    desk: Desk, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.jsonl", "Apples", "Pears", "Plums", "Figs", "Dates")
    desk.ingest(file)
    write(file, "Apples", "Quinces", "Plums", "Figs", "Dates")
    report = desk.ingest(file)
    assert counts(report.plan) == {"unchanged": 4, "changed": 1}
    assert desk.titles == ["Apples", "Quinces", "Plums", "Figs", "Dates"]
    assert len(desk.embedded) == 1
    assert (desk.nearest("Quinces"), desk.nearest("Pears")) == ("Quinces", None)
    assert (desk.found("quinc"), desk.found("pear")) == ({"Quinces"}, set())


def test_an_entry_that_moved_within_its_document_is_unchanged(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", "Apples", "Pears")
    desk.ingest(file)
    report = desk.ingest(write(file, "Figs", "Apples", "Pears"))
    assert counts(report.plan) == {"unchanged": 2, "new": 1}
    assert [str(p.places[0]) for p in desk.library.papers()] == [
        "a.jsonl:1",
        "a.jsonl:2",
        "a.jsonl:3",
    ]
    assert desk.embedded == [f"Figs\n{abstract('Figs')}"]


def test_an_entry_gone_from_a_changed_document_is_removed(desk: Desk, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", "Apples", "Pears", "Plums")
    desk.ingest(file)
    report = desk.ingest(write(file, "Apples", "Plums"))
    assert counts(report.plan) == {"unchanged": 2, "removed": 1}
    assert desk.titles == ["Apples", "Plums"]
    assert desk.nearest("Pears") is None


def test_a_paper_stays_while_it_has_a_place_left(desk: Desk, tmp_path: Path) -> None:
    first = write(tmp_path / "a.jsonl", "Apples", "Pears", year=2020)
    write(tmp_path / "b.jsonl", "Pears", "Plums")
    desk.ingest(tmp_path)
    assert [str(p) for p in desk.library.paper("b.jsonl:1").places] == ["a.jsonl:2", "b.jsonl:1"]
    assert desk.library.paper("b.jsonl:1").year == 2020
    write(first, "Apples")
    desk.ingest(tmp_path)
    pears = desk.library.paper("b.jsonl:1")
    assert [str(place) for place in pears.places] == ["b.jsonl:1"]
    assert pears.year is None
    assert desk.embedded == []


def test_a_title_that_comes_later_is_embedded_with_the_text(desk: Desk, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"Abstract: {abstract('Apples')}\nAbstract: {abstract('Pears')}\n", "utf-8")
    desk.ingest(listed)
    assert desk.titles == [None, None]
    desk.ingest(write(tmp_path / "titled.jsonl", "Apples"))
    apples = desk.library.paper("list.txt:1")
    assert (apples.title, apples.source) == ("Apples", "titled.jsonl:1")
    assert desk.embedded == [f"Apples\n{abstract('Apples')}"]
    assert desk.nearest("Apples") == "Apples"
    assert desk.library.n_chunks == 2


def test_what_is_only_about_the_paper_is_indexed_anew_but_not_embedded(
    desk: Desk, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.jsonl", "Apples", authors=["Ann Arbor"], year=2020)
    desk.ingest(file)
    report = desk.ingest(write(file, "Apples", authors=["Will Will"], year=2021))
    assert (report.n_embedded, counts(report.plan)) == (0, {"changed": 1})
    assert (desk.found("ann", "names"), desk.found("will", "names")) == (set(), {"Apples"})
    indexes = Indexes(desk.library, desk.stores)
    query = vector("any")
    assert len(indexes.vectors.query(query, 5, {"year": 2021})) == 1
    assert len(indexes.vectors.query(query, 5, {"authors": {"$contains": "Will Will"}})) == 1
    assert indexes.vectors.query(query, 5, {"year": 2020}) == []
    indexes.close()


def test_a_small_change_is_made_in_place_and_a_large_one_builds_anew(
    desk: Desk, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.jsonl", *"ABCDEFGH")
    desk.ingest(file)
    assert desk.library.index_state.generation == 1
    desk.ingest(write(file, *"ABCDEFGHI"))
    assert desk.library.index_state.generation == 1
    for number, letters in enumerate(("STUVWXYZ", "ABCDEFGH", "STUVWXYZ"), 2):
        desk.ingest(write(file, *letters))
        assert desk.library.index_state.generation == number
    assert sorted(f.name for f in (desk.folder / "index").iterdir()) == ["000003", "000004"]


# --- documents that come and go -----------------------------------------------------------------


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
    assert counts(plan(desk.library, [papers], prune=True)) == {"unchanged": 1, "removed": 2}
    assert desk.ingest(papers, prune=True).n_papers == 1
    assert desk.nearest("Pears") is None
    assert [d.name for d in desk.library.documents()] == ["a.jsonl"]


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
    assert [d.name for d in desk.library.documents()] == ["refs.jsonl", "two/refs.jsonl"]
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
    (apples,) = desk.library.papers()
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
    assert [d.name for d in desk.library.documents()] == ["deep/a.jsonl"]


# --- bad input ------------------------------------------------------------------------------------


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
    assert desk.library.documents()[0].rejections == (rejection,)
    assert counts(desk.ingest(file).plan) == {"unchanged": 3}
    assert counts(desk.ingest(file, prune=True).plan) == {
        "unchanged": 2,
        "removed": 1,
        "rejected": 1,
    }
    assert desk.titles == ["Apples", "Plums"]


# --- embedders --------------------------------------------------------------------------------------


class Failing(QuickEmbedder):
    """Gives up at the second batch."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.seen:
            raise RagError("the model is gone")
        return super().embed_documents(texts)


def test_an_interrupted_ingest_stores_no_paper_and_embeds_nothing_twice(
    desk: Desk, seeds: Path
) -> None:
    failing = Failing()
    with pytest.raises(RagError, match="the model is gone"):
        desk.ingest(seeds, embedder=failing)
    assert desk.library.n_papers == 0
    assert 0 < len(failing.seen) < 169
    report = desk.ingest(seeds)
    assert report.n_papers == 169
    assert sorted(failing.seen + desk.embedded) == sorted(map(embedded_text, desk.library.chunks()))


def test_vectors_of_another_embedder_are_refused_with_a_way_out(desk: Desk, seeds: Path) -> None:
    desk.ingest(seeds / LIST)
    other = QuickEmbedder("other")
    with pytest.raises(EmbedderMismatch) as caught:
        desk.ingest(seeds / PAGE, embedder=other)
    assert "made by embedder 'quick' (dim 16) but settings ask for 'other'" in str(caught.value)
    assert 'run "paperfolk ingest --rebuild" or restore the setting' in str(caught.value)
    indexes = Indexes(desk.library, desk.stores, "other")
    with pytest.raises(EmbedderMismatch):
        _ = indexes.vectors
    assert indexes.lexical.count() == 10
    indexes.close()


def test_rebuild_goes_over_to_another_embedder(desk: Desk, seeds: Path) -> None:
    before = desk.ingest(seeds / LIST)
    report = desk.ingest(seeds / LIST, embedder=QuickEmbedder("other"), rebuild=True)
    assert (report.n_embedded, report.fingerprint) == (10, before.fingerprint)
    indexes = Indexes(desk.library, desk.stores, "other")
    assert indexes.vectors.count() == 10
    indexes.close()
    connection = connect(desk.folder / FILE, readonly=True)
    assert connection.execute("SELECT DISTINCT embedder FROM vectors").fetchall() == [("other",)]
    connection.close()


def test_rebuild_embeds_everything_again_also_what_is_not_named(desk: Desk, seeds: Path) -> None:
    desk.ingest(seeds)
    report = desk.ingest(seeds / LIST, rebuild=True)
    assert (report.n_embedded, report.n_papers) == (169, 169)


def test_chunks_that_an_older_chunker_cut_are_cut_anew(desk: Desk, seeds: Path) -> None:
    desk.ingest(seeds / LIST)
    chunks = desk.library.chunks()
    with connect(desk.folder / FILE, readonly=False) as connection:
        connection.execute("UPDATE chunks SET end = end - 5, chunk_id = chunk_id || '-old'")
        connection.execute("UPDATE meta SET value = 'old' WHERE key = 'chunker'")
    connection.close()
    report = desk.ingest(seeds / LIST)
    assert counts(report.plan) == {"unchanged": 10}
    assert desk.library.chunks() == chunks


def test_token_vectors_are_kept_where_the_embedder_makes_them(desk: Desk, seeds: Path) -> None:
    desk.ingest(seeds / LIST, embedder=QuickEncoder())
    assert len(desk.library.encodings([c.chunk_id for c in desk.library.chunks()])) == 10


# --- indexes that do not fit ------------------------------------------------------------------------


def _lose_folder(folder: Path) -> None:
    (folder / "index" / "000001").rename(folder / "elsewhere")


def _break_vectors(folder: Path) -> None:
    (folder / "index" / "000001" / "chroma" / "chroma.sqlite3").write_bytes(b"broken" * 1_000)


def _break_lexical(folder: Path) -> None:
    (folder / "index" / "000001" / "lexical" / "meta.json").write_text("{", "utf-8")


def _lose_a_vector(folder: Path) -> None:
    with Library.open(folder) as library:
        indexes = Indexes(library, QuickStores())
        indexes.vectors.delete([library.chunks()[0].chunk_id])
        indexes.close()


def _lose_an_index_entry(folder: Path) -> None:
    with Library.open(folder) as library:
        indexes = Indexes(library, QuickStores())
        indexes.lexical.update([], [library.chunks()[0].chunk_id])
        indexes.close()


@pytest.mark.parametrize(
    "harm", [_lose_folder, _break_vectors, _break_lexical, _lose_a_vector, _lose_an_index_entry]
)
def test_indexes_that_do_not_fit_the_library_are_rebuilt_when_opened(
    desk: Desk, seeds: Path, harm: Any
) -> None:
    desk.ingest(seeds / LIST)
    harm(desk.folder)
    assert check(desk.library, desk.stores).problems != ()
    indexes = Indexes(desk.library, desk.stores, "quick")
    assert (indexes.vectors.count(), indexes.lexical.count()) == (10, 10)
    assert check(desk.library, desk.stores).problems == ()
    indexes.close()


def test_an_orphan_in_an_index_is_found(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", "Apples", "Pears"))
    with connect(desk.folder / FILE, readonly=False) as connection:
        connection.execute("DELETE FROM chunks WHERE heading = 'Pears'")
    connection.close()
    problems = " ".join(check(desk.library, desk.stores).problems)
    for sentence in (
        "papers have no chunk",
        "entries of the vectors",
        "entries of the lexical index",
    ):
        assert f"1 {sentence}" in problems


def test_a_library_without_papers_says_so_when_it_is_searched(desk: Desk) -> None:
    indexes = Indexes(desk.library, desk.stores)
    with pytest.raises(LibraryEmpty):
        _ = indexes.vectors
    with pytest.raises(LibraryEmpty):
        _ = indexes.lexical
    assert check(desk.library, desk.stores).ok


# --- two at once ------------------------------------------------------------------------------------


def test_a_second_ingest_at_once_is_refused_or_waits(desk: Desk, seeds: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.library import writing\n"
        "with writing(Path(sys.argv[1])):\n"
        "    print('writing', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(desk.folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=ROOT) as other:
        assert other.stdin and other.stdout
        assert other.stdout.readline() == b"writing\n"
        with pytest.raises(LibraryLocked, match="another process") as caught:
            desk.ingest(seeds / LIST)
        assert caught.value.retryable
        assert desk.library.n_papers == 0
        threading.Timer(0.3, other.stdin.close).start()
        assert desk.ingest(seeds / LIST, wait_s=60).n_papers == 10


def _ingest_elsewhere(folder: Path, paths: Sequence[Path]) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.ingesting import ingest\n"
        "from rag.library import Library; from tests.stand_ins import QuickEmbedder, QuickStores\n"
        "with Library.open(Path(sys.argv[1])) as library:\n"
        "    ingest(library, QuickStores(), QuickEmbedder, [Path(p) for p in sys.argv[2:]])\n"
    )
    root = Path(__file__).resolve().parent.parent
    subprocess.run(
        [sys.executable, "-c", code, str(folder), *map(str, paths)], check=True, cwd=root
    )


def test_a_reader_goes_over_to_a_library_made_anew(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", "Apples", "Pears"))
    indexes = Indexes(desk.library, desk.stores, "quick")
    assert (indexes.vectors.count(), indexes.lexical.count()) == (2, 2)
    desk.folder.rename(tmp_path / "away")
    assert desk.library.papers() == []
    desk.ingest(write(tmp_path / "b.jsonl", "Plums"))
    assert (indexes.vectors.count(), indexes.lexical.count()) == (1, 1)
    assert desk.titles == ["Plums"]
    indexes.close()


def test_a_store_that_a_thread_is_in_outlives_the_change_of_the_library(
    desk: Desk, tmp_path: Path
) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", "Apples"))
    indexes = Indexes(desk.library, desk.stores, "quick")
    in_use = indexes.vectors
    desk.ingest(write(tmp_path / "b.jsonl", "Pears", "Plums"))
    assert indexes.vectors is not in_use
    assert in_use.query(vector("any"), 9)
    indexes.close()


def test_open_readers_find_what_another_process_ingests(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", *(f"Paper {n}" for n in range(40))))
    readers = [Indexes(desk.library, desk.stores, "quick") for _ in range(2)]
    for indexes in readers:
        assert len(indexes.vectors.query(vector("any"), 99)) == 40
    later = [f"Later {n}" for n in range(6)]
    _ingest_elsewhere(desk.folder, [write(tmp_path / "b.jsonl", *later)])
    assert desk.library.index_state.generation == 1
    for indexes in readers:
        for title in later:
            nearest = indexes.vectors.query(vector(f"{title}\n{abstract(title)}"), 1)[0][0]
            assert desk.library.chunks([nearest])[0].heading == title
        assert len(indexes.lexical.query(["later"], 99)) == 6
    _ingest_elsewhere(desk.folder, [write(tmp_path / "c.jsonl", *(f"Last {n}" for n in range(99)))])
    assert desk.library.index_state.generation == 2
    for indexes in readers:
        assert len(indexes.vectors.query(vector("any"), 999)) == 145
        assert len(indexes.lexical.query(["last"], 999)) == 99
        indexes.close()


# --- documents that a reader removes ----------------------------------------------------------


def test_a_dropped_document_goes_and_its_folder_does_not_bring_it_back(
    desk: Desk, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    gone = write(folder / "a.jsonl", "Alpha", "Beta")
    write(folder / "b.jsonl", "Gamma")
    desk.ingest(folder)
    told = plan(desk.library, [], drop=["a.jsonl"])
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
        plan(desk.library, [], drop=["b.jsonl"])


def test_the_list_of_dropped_documents_is_no_document(desk: Desk, tmp_path: Path) -> None:
    desk.ingest(write(tmp_path / "a.jsonl", "Alpha"), write(tmp_path / "b.jsonl", "Beta"))
    desk.ingest(drop=["a.jsonl"])
    assert (desk.folder / "left-out.txt").is_file()
    assert plan(desk.library, [desk.folder]).documents == ()
