"""The stores pass their contracts, embedded and on a Chroma server, and a whole library does too."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.adapters.chroma_server import Server
from rag.adapters.stores import LocalStores
from rag.errors import IndexUnreadable
from rag.indexing import Indexes, check
from rag.ingesting import ingest
from rag.library import Library
from rag.stores import Generation, Lexical, Vectors
from tests.contracts.stores import LexicalContract, VectorsContract, axis, generation, vector_record
from tests.stand_ins import DIMENSION, QuickEmbedder

LIST, PAGE = "000_052e22e2ea1c628a.txt", "001_a5f9dfde50f3564c.txt"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Chroma server on loopback."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("chroma")), "run", "--host", "127.0.0.1"]
    folder = tmp_path_factory.mktemp("server")
    process = subprocess.Popen(
        [*command, "--port", str(port), "--path", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert process.poll() is None and time.monotonic() < deadline, "no Chroma server"
            time.sleep(0.05)
    yield Server(f"127.0.0.1:{port}")
    process.terminate()
    process.wait()


def vectors_opener(folder: Path, server: Server | None) -> Callable[..., Vectors]:
    def opener(*, create: bool = False, embedder: str = "a") -> Vectors:
        return LocalStores(server).vectors(generation(folder, embedder), create=create)

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
        return lambda create=False: LocalStores().lexical(generation(tmp_path), create=create)


def test_a_library_works_the_same_on_a_server(server: Server, tmp_path: Path, seeds: Path) -> None:
    found = []
    for where in (None, server):
        stores = LocalStores(where)
        with Library.open(tmp_path / ("served" if where else "embedded")) as library:
            indexes = Indexes(library, stores, "quick")
            ingest(library, stores, QuickEmbedder, [seeds / LIST])
            first = indexes.vectors.count()
            ingest(library, stores, QuickEmbedder, [seeds])
            ingest(library, stores, QuickEmbedder, [seeds / LIST], rebuild=True)
            assert check(library, stores).problems == ()
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
            ingest(library, stores, QuickEmbedder, [seeds / LIST], rebuild=True)
        state = library.index_state
        assert state.generation == 4
        prefix = f"paperfolk-{state.library_id}"
    held = []
    for number in range(1, 5):
        folder = tmp_path / "index" / f"{number:06d}"
        place = Generation(folder, f"{prefix}-{number}", "quick", DIMENSION)
        try:
            stores.vectors(place).close()
            held.append(number)
        except IndexUnreadable:
            pass
    assert held == [3, 4]


def test_vectors_are_tried_out_in_a_process_of_their_own(tmp_path: Path) -> None:
    stores, place = LocalStores(), generation(tmp_path)
    assert not stores.is_sound(place, timeout_s=60)
    store = stores.vectors(place, create=True)
    store.upsert([vector_record(f"c{n}", axis(n % 4)) for n in range(20)])
    store.close()
    assert stores.is_sound(place, timeout_s=60)
    assert not stores.is_sound(place, timeout_s=0.001)
    (tmp_path / "chroma" / "chroma.sqlite3").write_bytes(b"broken" * 1_000)
    assert not stores.is_sound(place, timeout_s=60)
