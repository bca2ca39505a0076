"""What was read is embedded, stored and indexed once, in step, and changes as its documents do."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from rag.ingest.indexing import Indexes
from rag.library import invariants, open_writer
from rag.library.chunking import get_embedded_text
from rag.library.tables import CHUNKS, META, VECTORS
from rag.library.token_vector_store import StoredEncoding, encode_plain, encode_vector
from rag.search.candidates import load_candidates
from rag.types.errors import EmbedderMismatch, LibraryLocked, RagError
from rag.types.token_vectors import Encoding
from tests.conftest import ROOT
from tests.desk import Desk, abstract, counts, write
from tests.stand_ins import QuickEmbedder, QuickEncoder, list_encodings, vector

LIST, PAGE = "000_052e22e2ea1c628a.txt", "001_a5f9dfde50f3564c.txt"


@pytest.fixture
def desk(tmp_path: Path, url: str) -> Iterator[Desk]:
    """On every database."""
    desk = Desk(tmp_path / "data", url)
    yield desk
    desk.library.close()


# --- again, and again -------------------------------------------------------------------------


def test_the_seeds_go_in_whole_and_a_second_time_changes_nothing(desk: Desk, seeds: Path) -> None:
    first = desk.ingest(seeds)
    assert counts(first.plan) == {"new": 170}
    assert (first.n_papers, first.n_chunks, first.n_embedded) == (169, 169, 169)
    before = desk.library.database.stamp()
    second = desk.ingest(seeds)
    assert counts(second.plan) == {"unchanged": 170}
    assert (second.n_embedded, second.fingerprint) == (0, first.fingerprint)
    assert desk.library.database.stamp() == before


def test_a_second_ingest_loads_nothing_heavy(desk: Desk, seeds: Path) -> None:
    desk.ingest(seeds / LIST)
    code = (
        "import sys; from pathlib import Path; from rag.adapters.index_stores import LocalStores\n"
        "from rag.ingest.ingesting import apply_ingest; from rag.library import Library\n"
        "with Library.open(Path(sys.argv[1]), sys.argv[2]) as library:\n"
        "    report = apply_ingest(library, LocalStores(), lambda: 1 / 0, [Path(sys.argv[3])])\n"
        "assert report.plan.changes_nothing\n"
        "heavy = {'chromadb', 'numpy', 'onnxruntime', 'tantivy', 'langchain_core', 'pylatexenc'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    command = [sys.executable, "-c", code, str(desk.folder), desk.library.url, str(seeds / LIST)]
    subprocess.run(command, check=True)


def test_the_same_content_has_the_same_fingerprint_in_any_order(
    tmp_path: Path, seeds: Path
) -> None:
    one, other = Desk(tmp_path / "one"), Desk(tmp_path / "other")
    documents = sorted(
        seeds.glob("00[0-2]_*")
    )  # two lists and a page, of which one paper is in a list too
    whole = one.ingest(*documents)
    for path in reversed(documents):
        assert other.ingest(path).fingerprint != whole.fingerprint or path.name == LIST
    assert other.library.fingerprint == whole.fingerprint
    assert other.library.list_papers() == one.library.list_papers()
    assert other.library.list_chunks() == one.library.list_chunks()
    one.library.close(), other.library.close()


# --- changes ----------------------------------------------------------------------------------


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
    assert [str(p.places[0]) for p in desk.library.list_papers()] == [
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
    assert [str(p) for p in desk.library.find_paper("b.jsonl:1").places] == [
        "a.jsonl:2",
        "b.jsonl:1",
    ]
    assert desk.library.find_paper("b.jsonl:1").year == 2020
    write(first, "Apples")
    desk.ingest(tmp_path)
    pears = desk.library.find_paper("b.jsonl:1")
    assert [str(place) for place in pears.places] == ["b.jsonl:1"]
    assert pears.year is None
    assert desk.embedded == []


def test_a_title_that_comes_later_is_embedded_with_the_text(desk: Desk, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"Abstract: {abstract('Apples')}\nAbstract: {abstract('Pears')}\n", "utf-8")
    desk.ingest(listed)
    assert desk.titles == [None, None]
    desk.ingest(write(tmp_path / "titled.jsonl", "Apples"))
    apples = desk.library.find_paper("list.txt:1")
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
    assert len(indexes.vectors.query([vector("any")], 5)[0]) == 1
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
    assert sorted(f.name for f in (desk.folder / "index").glob("0*")) == ["000003", "000004"]


# --- embedders --------------------------------------------------------------------------------


class Failing(QuickEmbedder):
    """Gives up at the second batch."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self.seen:
            raise RagError("the model is gone")
        return super().embed_documents(texts)


def test_an_interrupted_ingest_stores_no_paper_and_embeds_nothing_twice(
    desk: Desk, seeds: Path
) -> None:
    failing, documents = Failing(), (seeds / LIST, seeds / PAGE)
    with pytest.raises(RagError, match="the model is gone"):
        desk.ingest(*documents, embedder=failing)
    assert desk.library.n_papers == 0
    assert 0 < len(failing.seen) < 59
    report = desk.ingest(*documents)
    assert report.n_papers == 59
    assert sorted(failing.seen + desk.embedded) == sorted(
        map(get_embedded_text, desk.library.list_chunks())
    )


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
    assert desk.library.fetch(select(VECTORS.c.embedder).distinct()) == [("other",)]


def test_rebuild_embeds_everything_again_also_what_is_not_named(desk: Desk, seeds: Path) -> None:
    desk.ingest(seeds / LIST, seeds / PAGE)
    report = desk.ingest(seeds / LIST, rebuild=True)
    assert (report.n_embedded, report.n_papers) == (59, 59)


def test_chunks_that_an_older_chunker_cut_are_cut_anew(desk: Desk, seeds: Path) -> None:
    desk.ingest(seeds / LIST)
    chunks = desk.library.list_chunks()
    with open_writer(desk.folder, desk.library.url) as writer, writer._db.begin():
        older = {"end": CHUNKS.c.end - 5, "chunk_id": CHUNKS.c.chunk_id + "-old"}
        writer._db.execute(CHUNKS.update().values(older))
        writer._db.execute(META.update().where(META.c.key == "chunker").values(value="old"))
    report = desk.ingest(seeds / LIST)
    assert counts(report.plan) == {"unchanged": 10}
    assert desk.library.list_chunks() == chunks


def test_token_vectors_are_kept_where_the_embedder_makes_them(desk: Desk, seeds: Path) -> None:
    desk.ingest(seeds / LIST, embedder=QuickEncoder())
    assert len(list_encodings(desk.library)) == 10


def test_token_vectors_of_an_older_version_are_made_smaller_without_embedding(
    desk: Desk, seeds: Path
) -> None:
    """Also where a kill left some of them; until then they are read as they are."""
    embedder = QuickEncoder()
    desk.ingest(seeds / LIST, embedder=embedder)
    chunks = desk.library.list_chunks()
    chunk_ids = [chunk.chunk_id for chunk in chunks]
    given = embedder.encode([get_embedded_text(chunk) for chunk in chunks])
    with open_writer(desk.folder, desk.library.url) as writer:
        writer.store_vectors(
            embedder.name,
            [
                (chunk_id, encode_vector(one.vector), encode_plain(one))
                for chunk_id, one in list(zip(chunk_ids, given, strict=True))[::2]
            ],
        )
        with writer._db.begin():
            writer._db.execute(META.delete().where(META.c.key == "token_layout"))
    before = list_encodings(desk.library, chunk_ids)
    assert [isinstance(one, Encoding) for one in before] == [True, False] * 5
    older = load_candidates(desk.library, embedder, chunk_ids, None)
    again = QuickEncoder()
    desk.ingest(seeds / LIST, embedder=again)
    assert again.seen == [] and invariants.find_problems(desk.library) == []
    for one, kept in zip(given, list_encodings(desk.library, chunk_ids), strict=True):
        assert isinstance(kept, StoredEncoding)
        rounded = again.restore(kept.vector, kept.tokens).tokens
        assert abs(one.tokens - rounded).max() < abs(one.tokens).max() / 13
        assert kept.tokens.ids.tolist() == one.ids.tolist()
    newer = load_candidates(desk.library, embedder, chunk_ids, None)
    assert older is not None and newer is not None
    assert older.table.tokens.ids.tolist() == newer.table.tokens.ids.tolist()
    assert older.table.spans.tolist() == newer.table.spans.tolist()


# --- two at once ------------------------------------------------------------------------------


def test_a_second_ingest_at_once_is_refused_or_waits(desk: Desk, seeds: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.library import open_writer\n"
        "with open_writer(Path(sys.argv[1]), sys.argv[2]):\n"
        "    print('writing', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(desk.folder), desk.library.url]
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
