"""The stores pass their contracts, embedded and on a Chroma server, and a whole library does too."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import tantivy

from rag.adapters import chroma, flat_vectors
from rag.adapters.chroma_server import Server
from rag.adapters.flat_vectors import FLAT_FILE, FlatVectors
from rag.adapters.index_stores import LocalStores
from rag.adapters.tantivy import LexicalIndex
from rag.ingest.indexing import Indexes, check_indexes
from rag.ingest.ingesting import apply_ingest
from rag.library import Library
from rag.types.errors import IndexUnreadable
from rag.types.ports import LEXICAL_FIELDS, Generation, Lexical, Vectors, VectorSearch
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


class SearchedVectors:
    """A store in whose place the flat copy of it is searched, opened anew for each question."""

    def __init__(self, place: Generation, *, create: bool) -> None:
        self._place, self._store = place, LocalStores().open_vectors(place, create=create)
        self.upsert, self.delete = self._store.upsert, self._store.delete

    def _search(self) -> VectorSearch:
        self._store.commit()
        search = LocalStores().open_search(self._place)
        assert isinstance(search, FlatVectors)
        assert search.list_ids() == self._store.list_ids() == search.list_ids(search.list_ids())
        return search

    def query(self, vectors: list[list[float]], k: int) -> list[list[tuple[str, float]]]:
        return self._search().query(vectors, k)

    def list_ids(self) -> set[str]:
        return self._search().list_ids()

    def count(self) -> int:
        return self._search().count()

    def close(self) -> None:
        self._store.close()


class TestFlatVectors(VectorsContract):
    @pytest.fixture
    def opener(self, tmp_path: Path) -> Callable[..., SearchedVectors]:
        return lambda create=False, embedder="a": SearchedVectors(
            generation(tmp_path, embedder), create=create
        )


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
            nearest = dict(indexes.vectors.query([query], 99)[0])
            found.append((first, library.fingerprint, pytest.approx(nearest, abs=0.003)))
            indexes.close()
    assert found[0][:2] == found[1][:2] and found[0][2] == found[1][2].expected


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
    store.upsert([vector_record(f"c{n}", axis(n % 4)) for n in range(20)])
    asked = [axis(1), axis(2)]
    exact = store.query(asked, 5)
    monkeypatch.setattr(chroma, "EXACT_CHUNKS", 19)
    found = store.query(asked, 5)
    assert [[score for _, score in hits] for hits in found] == [
        pytest.approx([score for _, score in hits], abs=1e-6) for hits in exact
    ]
    assert {c for c, _ in found[0]} == {"c1", "c5", "c9", "c13", "c17"}
    store.close()


def test_the_flat_copy_is_gone_while_the_store_changes_and_whole_when_it_is_there(
    tmp_path: Path,
) -> None:
    stores, place = LocalStores(), generation(tmp_path)
    path = tmp_path / FLAT_FILE
    store = stores.open_vectors(place, create=True)
    store.upsert([vector_record(f"c{n}", axis(n)) for n in range(4)])
    assert not path.exists() and stores.lacks_commit(place)
    store.commit()
    whole = path.read_bytes()
    assert not stores.lacks_commit(place)
    store.delete(["c1"])
    assert not path.exists()
    store.close()  # as where the process is killed: what the store has is read
    store = stores.open_vectors(place)
    store.commit()
    assert stores.open_search(place).list_ids() == {"c0", "c2", "c3"}
    store.upsert([vector_record("c1", axis(1))])
    store.commit()
    store.close()
    assert path.read_bytes() == whole
    for broken in (whole[:-1], whole[:9], b"", b"????" + whole[4:]):
        path.write_bytes(broken)
        assert stores.lacks_commit(place)
        with closing(stores.open_search(place)) as search:
            assert not isinstance(search, FlatVectors) and search.count() == 4


def test_equal_vectors_are_equally_near_wherever_they_stand(tmp_path: Path) -> None:
    import numpy as np

    numbers = np.random.default_rng(0)
    twice, other = numbers.normal(size=(2, 384))
    chunk_ids = [f"c{n:05}" for n in range(3_000)]
    store = LocalStores().open_vectors(generation(tmp_path), create=True)
    store.upsert(
        [vector_record(i, (twice * 2 ** (n % 3)).tolist()) for n, i in enumerate(chunk_ids)]
    )
    store.commit()
    store.close()
    search = LocalStores().open_search(generation(tmp_path))
    found = search.query([other.tolist()], 2_000)[0]
    assert [chunk_id for chunk_id, _ in found] == chunk_ids[:2_000]
    assert len({cosine for _, cosine in found}) == 1


def test_of_many_vectors_those_near_by_their_projections_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np

    monkeypatch.setattr(flat_vectors, "LEAST_PROJECTED", 3_000)
    monkeypatch.setattr(flat_vectors, "COMPARED", 300)
    numbers = np.random.default_rng(0)
    spread = 0.97 ** np.arange(200)  # as of texts: some directions tell more than others
    vectors = numbers.normal(size=(3_000, 200)) * spread
    store = LocalStores().open_vectors(generation(tmp_path), create=True)
    store.upsert([vector_record(f"c{n:04}", one.tolist()) for n, one in enumerate(vectors)])
    store.commit()
    store.close()
    whole = (tmp_path / FLAT_FILE).read_bytes()
    search = LocalStores().open_search(generation(tmp_path))
    asked = numbers.normal(size=(20, 200)) * spread
    found = search.query(asked.tolist(), 10)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = units @ (asked / np.linalg.norm(asked, axis=1, keepdims=True)).T
    for at, nearest in enumerate(found):
        exact = {f"c{n:04}" for n in np.argsort(-cosines[:, at])[:10]}
        assert len(exact & {chunk_id for chunk_id, _ in nearest}) >= 9
        for chunk_id, cosine in nearest:
            assert cosine == pytest.approx(cosines[int(chunk_id[1:]), at], abs=0.004)
    assert len(search.query(asked.tolist(), 2_999)[0]) == 2_999
    store = LocalStores().open_vectors(generation(tmp_path))  # another order, the same file
    seventh = [n for n in reversed(range(3_000)) if n % 7 == 0]
    store.delete([f"c{n:04}" for n in seventh])
    store.upsert([vector_record(f"c{n:04}", vectors[n].tolist()) for n in seventh])
    store.commit()
    store.close()
    assert (tmp_path / FLAT_FILE).read_bytes() == whole


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
