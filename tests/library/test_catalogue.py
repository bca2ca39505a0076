from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.ingest.indexing import Indexes, check_indexes
from rag.ingest.ingesting import apply_ingest
from rag.library import Library, open_writer
from rag.library.chunk_rows import read_chunk_rows
from rag.library.schema import LIBRARY_FILE, LIBRARY_MIGRATIONS
from rag.readers import read
from rag.types import DocumentPlan, DocumentReading, Entry, Place, Plan
from rag.types.errors import LibraryEmpty, LibraryError, LibraryLocked, NotFound
from tests.conftest import DATABASES, create_database
from tests.desk import Desk, write
from tests.readonly import readonly_copy
from tests.stand_ins import (
    QuickEmbedder,
    QuickEncoder,
    QuickStores,
    compress_to_floats,
    list_encodings,
)

LIST, PAGE = "000_052e22e2ea1c628a.txt", "001_a5f9dfde50f3564c.txt"


@pytest.fixture(scope="module", params=DATABASES)
def library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, seeds: Path
) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("library")
    with Library.open(folder, create_database(request)) as library:
        apply_ingest(library, QuickStores(), QuickEncoder, [seeds])
        yield library


def test_all_papers_come_by_first_place(library: Library) -> None:
    papers = library.list_papers()
    assert len(papers) == library.n_papers == 169
    assert papers == sorted(papers, key=lambda paper: paper.places[0])


def test_a_paper_is_whole_again(library: Library, seeds: Path) -> None:
    entry = read(seeds / PAGE).entries[0]
    paper = library.find_paper(str(entry.place))
    for name in ("title", "text", "year", "month", "day", "category", "code", "score", "links"):
        assert getattr(paper, name) == getattr(entry, name)
    assert paper.authors == entry.authors
    assert paper.code is True and paper.authors_complete is False


def test_papers_come_in_the_order_asked_without_unknown_ones(library: Library) -> None:
    ids = [paper.paper_id for paper in library.list_papers()][:3]
    asked = [ids[2], "pnone", ids[0], ids[2]]
    assert [paper.paper_id for paper in library.list_papers(asked)] == [ids[2], ids[0]]
    assert library.list_papers([]) == []


def test_a_paper_is_found_by_id_by_its_beginning_and_by_any_of_its_places(library: Library) -> None:
    paper = library.find_paper(f"{PAGE}:299")
    assert [str(place) for place in paper.places] == [f"{PAGE}:299", f"{LIST}:10"]
    assert paper.source == f"{PAGE}:299"
    for key in (paper.paper_id, paper.paper_id[:9], f"{LIST}:10", f" {PAGE}:299 "):
        assert library.find_paper(key) == paper


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("p000000000000", "no paper 'p000000000000'"),
        ("", "no paper ''"),
        ("p", "no paper 'p'"),
        (f"{LIST}:1", f"the nearest entry begins at '{LIST}:2'"),
        (f"{LIST}:99999999999999999999999", "the nearest entry begins at"),
        ("000_052e22e2ea1c628a.tx:2", f"is the document '{LIST}' meant?"),
        ("%' OR 1=1", "no paper"),
    ],
)
def test_a_paper_that_is_not_there_is_answered_with_what_is(
    library: Library, key: str, says: str
) -> None:
    with pytest.raises(NotFound) as caught:
        library.find_paper(key)
    assert says in str(caught.value)


def test_a_beginning_that_two_papers_share_is_not_guessed(tmp_path: Path, url: str) -> None:
    with Library.open(tmp_path, url) as library:
        file = tmp_path / "many.jsonl"
        file.write_text("".join(f'{{"title": "Paper number {n}"}}\n' for n in range(400)), "utf-8")
        apply_ingest(library, QuickStores(), QuickEmbedder, [file])
        ids = sorted(paper.paper_id for paper in library.list_papers())
        shared = next(a[:4] for a, b in zip(ids, ids[1:], strict=False) if a[:4] == b[:4])
        with pytest.raises(NotFound, match="may be any of"):
            library.find_paper(shared)


def test_the_page_owner_wrote_every_paper_of_the_page(library: Library) -> None:
    assert [page.person for page in library.list_pages()] == [
        "Nannan Wang",
        "Shouhong Ding",
        "Shiming Ge",
    ]
    for page in library.list_pages():
        on_page = library.list_page_papers(page.person)
        assert len(on_page) == 50
        person = library.find_person(page.person)
        assert person.page == page
        assert set(on_page) <= {a.paper_id for a in person.authorships}
    assert library.list_page_papers("Nobody") == []


def test_a_person_is_a_printed_name(library: Library) -> None:
    names = library.list_names()
    assert names == sorted(set(names))
    assert {"Kexin Bao", "Kexin Baoa"} <= set(names)
    with pytest.raises(NotFound, match="did you mean Nannan Wang"):
        library.find_person("Nannan Wan")


def test_one_person_has_each_paper_once(tmp_path: Path, url: str) -> None:
    entry = Entry(Place("a.txt", 1), "raw", "T", "", ("Bo Li", "Ann", "Bo Li"))
    read_in = DocumentReading("a.txt", "0", "test", (entry,))
    with open_writer(tmp_path, url) as writer, Library.open(tmp_path, url) as library:
        writer.store(Plan((DocumentPlan("a.txt", "a.txt", "new", read_in),)), "quick")
        assert [a.position for a in library.find_person("Bo Li").authorships] == [1]
        assert library.list_papers()[0].authors == ("Bo Li", "Ann", "Bo Li")


def test_documents_tell_where_they_came_from(library: Library, seeds: Path) -> None:
    documents = {document.name: document for document in library.list_documents()}
    assert len(documents) == 5
    one, page = documents[LIST], documents[PAGE]
    assert (one.institution, one.n_entries, one.page) == ("Zhejiang Lab", 10, None)
    assert page.page is not None and page.page.n_papers == 113 and page.n_entries == 50
    assert one.sha256 == read(seeds / LIST).sha256
    assert one.ingested_at.endswith("+00:00")
    assert library.list_entries(LIST) == list(read(seeds / LIST).entries)


def test_chunks_come_in_the_order_asked_and_lie_in_their_papers(library: Library) -> None:
    chunks = library.list_chunks()
    assert len(chunks) == library.n_chunks == 169
    assert library.list_chunk_ids() == [chunk.chunk_id for chunk in chunks]
    for chunk in chunks:
        paper = library.find_paper(chunk.paper_id)
        assert chunk.text == paper.text[slice(*chunk.span)]
    asked = [chunks[5].chunk_id, "cnone", chunks[1].chunk_id]
    assert library.list_chunks(asked) == [chunks[5], chunks[1]]
    assert library.list_chunks_of([chunks[5].paper_id, "pnone"]) == [chunks[5]]


def test_encodings_are_what_the_embedder_gave(library: Library) -> None:
    from rag.library.chunking import get_embedded_text

    chunks = library.list_chunks()[:7]
    given = QuickEncoder().encode([get_embedded_text(chunk) for chunk in chunks])
    kept = list_encodings(library, [chunk.chunk_id for chunk in chunks])
    for one, other in zip(given, kept, strict=True):
        assert abs(one.vector - other.vector).max() < 1e-3
        compressed = compress_to_floats(one)
        assert other.tokens.packed.tolist() == compressed.packed.tolist()
        assert other.tokens.scales.tolist() == compressed.scales.tolist()
        assert other.tokens.ids.tolist() == one.ids.tolist()
        assert other.tokens.starts.tolist() == one.spans[:, 0].tolist()
    assert read_chunk_rows(library, ["cnone"]) == []


def test_a_chunk_whose_embedder_makes_no_token_vectors_is_told(tmp_path: Path, seeds: Path) -> None:
    with Library.open(tmp_path) as library:
        apply_ingest(library, QuickStores(), QuickEmbedder, [seeds / LIST])
        with pytest.raises(NotFound, match="no token vectors"):
            read_chunk_rows(library, library.list_chunk_ids()[:1])


def test_before_the_first_ingest_the_library_is_empty_and_nothing_is_made(
    tmp_path: Path, url: str
) -> None:
    with Library.open(tmp_path / "data", url) as library:
        assert (library.n_papers, library.list_papers(), library.list_names()) == (0, [], [])
        assert library.fingerprint == "0" * 16
        with pytest.raises(LibraryEmpty, match="paperfolk ingest"):
            library.ensure_not_empty()
        with pytest.raises(NotFound):
            library.find_paper("p123456")
    assert not (tmp_path / "data").exists()


def test_an_open_library_sees_the_first_ingest_and_the_next(
    tmp_path: Path, url: str, seeds: Path
) -> None:
    with Library.open(tmp_path, url) as reader, Library.open(tmp_path, url) as library:
        assert reader.list_papers() == []
        apply_ingest(library, QuickStores(), QuickEmbedder, [seeds / LIST])
        assert len(reader.list_papers()) == 10
        first = reader.fingerprint
        apply_ingest(library, QuickStores(), QuickEmbedder, [seeds / PAGE])
        assert reader.fingerprint != first
        assert len(reader.list_papers()) == 59
        assert len(reader.find_person("Nannan Wang").authorships) == 50


def test_the_library_is_read_from_many_threads(library: Library) -> None:
    expected, found = library.list_papers(), []

    def look() -> None:
        for paper in expected[:40]:
            found.append(library.find_paper(paper.paper_id) == paper)
            found.append(len(library.list_names()) > 200)

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 480 and all(found)


def test_a_file_that_is_no_library_is_named(tmp_path: Path) -> None:
    (tmp_path / LIBRARY_FILE).write_bytes(b"not a database, but long enough to be looked at" * 99)
    with Library.open(tmp_path) as library, pytest.raises(LibraryError, match="cannot be read"):
        library.list_papers()


def test_a_library_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / LIBRARY_FILE)
    connection.execute(f"PRAGMA user_version = {len(LIBRARY_MIGRATIONS) + 1}")
    connection.close()
    with Library.open(tmp_path) as library, pytest.raises(LibraryError, match="newer Paperfolk"):
        library.list_papers()
    with pytest.raises(LibraryError, match="newer Paperfolk"), open_writer(tmp_path):
        pass


def test_a_full_disk_is_named_and_nothing_is_half_stored(tmp_path: Path, seeds: Path) -> None:
    entries = read(seeds / PAGE).entries
    read_in = DocumentReading(PAGE, "0", "test", entries)
    with open_writer(tmp_path) as writer, Library.open(tmp_path) as library:
        writer._db.exec_driver_sql("PRAGMA max_page_count = 90")
        writer._db.rollback()
        with pytest.raises(LibraryError, match="cannot be written"):
            writer.store(Plan((DocumentPlan(PAGE, PAGE, "new", read_in),)), "quick")
        assert (library.list_papers(), library.list_documents()) == ([], [])


def test_a_library_in_a_folder_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", "Apples", "Pears")
    Desk(tmp_path / "data").ingest(tmp_path / "a.jsonl")
    with readonly_copy(tmp_path / "data") as folder, Library.open(folder) as library:
        assert [paper.title for paper in library.list_papers()] == ["Apples", "Pears"]
        indexes = Indexes(library, QuickStores(), "quick")
        assert (indexes.vectors.count(), indexes.lexical.count()) == (2, 2)
        indexes.close()
        assert check_indexes(library, QuickStores()).problems == ()
        with pytest.raises(LibraryError, match="cannot be written"), open_writer(folder):
            pass


def test_changes_left_in_a_log_beside_a_library_that_cannot_be_written_are_not_passed_over(
    tmp_path: Path,
) -> None:
    with Library.open(tmp_path) as library, open_writer(tmp_path):
        assert library.list_papers() == []
        (tmp_path / f"{LIBRARY_FILE}-shm").unlink()
        with (
            readonly_copy(tmp_path) as folder,
            Library.open(folder) as copied,
            pytest.raises(LibraryError, match="an ingest has left changes in 'library.db-wal'"),
        ):
            copied.list_papers()


def test_a_library_that_cannot_be_opened_is_not_called_broken(tmp_path: Path) -> None:
    (tmp_path / LIBRARY_FILE).mkdir()
    with Library.open(tmp_path) as library, pytest.raises(LibraryError) as told:
        library.list_papers()
    assert "cannot be opened (unable to open database file); check its rights" in str(told.value)


def test_only_one_writes(tmp_path: Path, url: str) -> None:
    with (
        open_writer(tmp_path, url),
        pytest.raises(LibraryLocked, match="another process"),
        open_writer(tmp_path, url),
    ):
        pass
    with open_writer(tmp_path, url):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with (
        pytest.raises(LibraryError, match="cannot be written"),
        open_writer(tmp_path / "file" / "data"),
    ):
        pass


def test_token_vectors_of_another_version_are_refused_with_what_to_do() -> None:
    from rag.library.token_vector_store import decode_stored, encode_tokens, encode_vector

    (encoding,) = QuickEncoder().encode(["two"])
    packed = encode_tokens(compress_to_floats(encoding))
    with pytest.raises(LibraryError, match="another version.*--rebuild"):
        decode_stored(encode_vector(encoding.vector), b"\x02\x00\x00\x00" + packed[4:])
    with pytest.raises(LibraryError, match="damaged"):
        decode_stored(encode_vector(encoding.vector), packed[:-5])


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / LIBRARY_FILE) as other:
        other.execute("CREATE TABLE books (title)")
    before = (tmp_path / LIBRARY_FILE).read_bytes()
    with pytest.raises(LibraryError, match="another program's database"), open_writer(tmp_path):
        pass
    assert (tmp_path / LIBRARY_FILE).read_bytes() == before
