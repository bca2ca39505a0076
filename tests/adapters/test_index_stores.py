"""The stores pass their contracts, embedded and on a Chroma server, and a whole library does too."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tantivy

from rag.adapters import chroma
from rag.adapters.chroma_server import Server
from rag.adapters.index_stores import LocalStores
from rag.adapters.tantivy import LexicalIndex
from rag.ingest.indexing import Indexes, check_indexes
from rag.ingest.ingesting import apply_ingest
from rag.library import Library
from rag.types.errors import IndexUnreadable
from rag.types.ports import LEXICAL_FIELDS, Generation, Lexical, Vectors
from tests.chroma_run import chroma_run
from tests.contracts.stores import LexicalContract, VectorsContract, axis, generation, vector_record
from tests.desk import Desk, write
from tests.stand_ins import DIMENSION, QuickEmbedder

LIST, PAGE = "000_052e22e2ea1c628a.txt", "001_a5f9dfde50f3564c.txt"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with chroma_run(tmp_path_factory.mktemp("server")) as (server, _):
        yield server


def vectors_opener(folder: Path, server: Server | None) -> Callable[..., Vectors]:
    def opener(*, create: bool = False, embedder: str = "a") -> Vectors:
        return LocalStores(server).open_vectors(generation(folder, embedder), create=create)

    return opener


class TestEmbeddedVectors(VectorsContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Callable[..., Vectors]:
        return vectors_opener(tmp_path, None)


class TestServedVectors(VectorsContract):
    @pytest.fixture
    def opener(self, tmp_path: Path, server: Server) -> Callable[..., Vectors]:
        return vectors_opener(tmp_path, server)


class TestLexicalIndex(LexicalContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Callable[..., Lexical]:
        return lambda create=False: LocalStores().open_lexical(generation(tmp_path), create=create)


def test_a_library_works_the_same_on_a_server(server: Server, tmp_path: Path, seeds: Path) -> None:
    found = []
    for where in (None, server):
        stores = LocalStores(where)
        with Library.open(tmp_path / ("served" if where else "embedded")) as library:
            indexes = Indexes(library, stores, "quick")
            apply_ingest(library, stores, QuickEmbedder, [seeds / LIST])
            first = indexes.vectors.count()
            apply_ingest(library, stores, QuickEmbedder, [seeds / LIST, seeds / PAGE])
            apply_ingest(library, stores, QuickEmbedder, [seeds / LIST], rebuild=True)
            assert check_indexes(library, stores).problems == ()
            query = QuickEmbedder().embed_documents(["any"])[0]
            nearest = indexes.vectors.query(query, 20)
            found.append((first, [chunk_id for chunk_id, _ in nearest], library.fingerprint))
            indexes.close()
    assert found[0] == found[1]


def test_a_server_keeps_no_more_than_two_generations(
    server: Server, tmp_path: Path, seeds: Path
) -> None:
    stores = LocalStores(server)
    with Library.open(tmp_path) as library:
        for _ in range(4):
            apply_ingest(library, stores, QuickEmbedder, [seeds / LIST], rebuild=True)
        state = library.index_state
        assert state.generation == 4
        prefix = f"paperfolk-{state.library_id}"
    held = []
    for number in range(1, 5):
        folder = tmp_path / "index" / f"{number:06d}"
        place = Generation(folder, f"{prefix}-{number}", "quick", DIMENSION)
        try:
            stores.open_vectors(place).close()
            held.append(number)
        except IndexUnreadable:
            pass
    assert held == [3, 4]


def test_many_vectors_are_left_to_chroma_s_own_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStores().open_vectors(generation(tmp_path), create=True)
    store.upsert([vector_record(f"c{n}", axis(n % 4), f"p{n // 10}") for n in range(20)])
    asked = [(axis(1), 5, None), (axis(2), 3, {"paper_id": "p1"})]
    exact = [store.query(*one) for one in asked]
    monkeypatch.setattr(chroma, "EXACT_CHUNKS", 19)
    found = [store.query(*one) for one in asked]
    assert [[score for _, score in hits] for hits in found] == [
        pytest.approx([score for _, score in hits], abs=1e-6) for hits in exact
    ]
    assert {c for c, _ in found[0]} == {"c1", "c5", "c9", "c13", "c17"}
    store.close()


def test_vectors_are_tried_out_in_a_process_of_their_own(tmp_path: Path) -> None:
    stores, place = LocalStores(), generation(tmp_path)
    assert not stores.is_sound(place, timeout_s=60)
    store = stores.open_vectors(place, create=True)
    store.upsert([vector_record(f"c{n}", axis(n % 4)) for n in range(20)])
    store.close()
    assert stores.is_sound(place, timeout_s=60)
    assert not stores.is_sound(place, timeout_s=0.001)
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"broken" * 1_000)
    assert not stores.is_sound(place, timeout_s=60)


# --- indexes of an earlier version --------------------------------------------------------------


def _earlier(folder: Path, *, deletes: bool) -> None:
    """A lexical index as it was written before: without its terms, and deleted from in place."""
    schema = tantivy.SchemaBuilder()
    for name in ("chunk_id", "paper_id"):
        schema.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in LEXICAL_FIELDS:
        schema.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    index = tantivy.Index(schema.build(), path=str(folder), reuse=False)
    writer = index.writer(15_000_000, 1)
    for chunk_id in ("c1", "c2", "c3"):
        writer.add_document(tantivy.Document(chunk_id=chunk_id, paper_id="p", body="word"))
    writer.commit()
    if deletes:
        writer.delete_documents_by_term("chunk_id", "c1")
        writer.commit()
    writer.wait_merging_threads()


def test_an_index_that_counts_deleted_chunks_is_not_opened(tmp_path: Path) -> None:
    _earlier(tmp_path, deletes=True)
    with pytest.raises(IndexUnreadable, match="counts deleted chunks"):
        LexicalIndex(tmp_path)


def test_an_earlier_index_is_read_and_not_written_to(tmp_path: Path) -> None:
    _earlier(tmp_path, deletes=False)
    index = LexicalIndex(tmp_path)
    with pytest.raises(IndexUnreadable, match="earlier version"):
        index.update([], ["c1"])
    assert (index.count(), index.count_documents(["word"])) == (3, {"word": 3})


def test_a_library_whose_index_counts_deleted_chunks_is_mended_when_it_is_asked(desk: Desk) -> None:
    desk.ingest(write(desk.folder.parent / "a.jsonl", "Apples", "Pears", "Plums"))
    lexical = desk.folder / "index" / "000001" / "lexical"
    shutil.rmtree(lexical)
    lexical.mkdir()
    _earlier(lexical, deletes=True)
    assert desk.found("pear") == {"Pears"}
    indexes = Indexes(desk.library, desk.stores)
    assert indexes.lexical.count_documents(["abstract"]) == {"abstract": 3}
    indexes.close()
