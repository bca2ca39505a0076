"""A Chroma server that hangs, is old, or keeps strangers out is told in a sentence; copies keep apart."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from rag.adapters import chroma_server
from rag.adapters.chroma_server import Server
from rag.adapters.index_stores import LocalStores
from rag.ingest.indexing import Indexes, check_indexes, get_generation
from rag.ingest.ingesting import apply_ingest
from rag.library import Library
from rag.types.errors import SettingsError, StoreUnreachable
from tests.chroma_run import chroma_run, free_port
from tests.contracts.stores import generation as place
from tests.desk import write
from tests.stand_ins import QuickEmbedder, vector


@contextmanager
def answering(answers: dict[str, tuple[int, str]], heard: list[dict[str, str]]) -> Iterator[str]:
    """A server of set answers by path, 404 for any other; ``heard`` takes the headers sent to it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(dict(self.headers))
            status, body = answers.get(self.path, (404, "nothing here"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def refusal(server: Server, folder: Path) -> str:
    with pytest.raises(StoreUnreachable) as caught:
        LocalStores(server).open_vectors(place(folder))
    assert caught.value.retryable
    return str(caught.value)


# --- servers that do not do ---------------------------------------------------------------------


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "127.0.0.1" in (told := refusal(Server(f"127.0.0.1:{free_port()}"), tmp_path))
    assert "does not answer" in told


def test_a_server_that_takes_calls_and_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = Server(f"127.0.0.1:{silent.getsockname()[1]}", timeout_s=0.2)
        assert "nothing came within 0.2 s" in refusal(server, tmp_path)


def test_one_that_falls_silent_after_its_version_is_given_up(tmp_path: Path) -> None:
    """Chroma's client itself sets no limit to the calls that it begins with."""
    told = {"/api/v2/version": (200, '"1.5.9"')}
    silent = threading.Event()

    class Silent(dict[str, tuple[int, str]]):
        def get(self, path: str, default: object = None) -> tuple[int, str]:  # type: ignore[override]
            if path not in self:
                silent.wait(30)
            return super().get(path, (404, ""))

    with answering(Silent(told), []) as where:
        assert "nothing came within 0.2 s" in refusal(Server(where, timeout_s=0.2), tmp_path)
        silent.set()


def test_a_server_that_stops_is_given_up_by_whoever_is_in_it(tmp_path: Path) -> None:
    with chroma_run(tmp_path / "server") as (server, process):
        stores = LocalStores(Server(server.where, timeout_s=1.0))
        with Library.open(tmp_path / "data") as library:
            apply_ingest(library, stores, QuickEmbedder, [write(tmp_path / "a.jsonl", "Apples")])
            indexes = Indexes(library, stores, "quick")
            assert indexes.vectors.count() == 1
            os.kill(process.pid, signal.SIGSTOP)
            for attempt in (
                lambda: indexes.vectors.query([vector("any")], 1),
                indexes.vectors.list_ids,
            ):
                with pytest.raises(StoreUnreachable, match="nothing came within 1 s"):
                    attempt()
            os.kill(process.pid, signal.SIGCONT)
            assert len(indexes.vectors.query([vector("any")], 1)[0]) == 1
            indexes.close()


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"/api/v2/version": (200, '"0.6.3"')}, "is older than 1.5.9"),
        ({"/api/v2/version": (200, '"1.5.8"')}, "is older than 1.5.9"),
        (
            {"/api/v2/version": (200, '"1.0.0"'), "/openapi.json": (200, '{"components": {}}')},
            "is older than 1.5.9",
        ),
        ({"/api/v2/version": (401, "no")}, "check the setting 'chroma_token'"),
        ({"/api/v2/version": (200, "<html>hello</html>")}, "no Chroma server"),
        ({}, "no Chroma server"),
        ({"/api/v2/version": (200, '"1.5.9"')}, "does not open database 'd' of tenant 't'"),
    ],
)
def test_what_is_no_server_for_us_is_refused_in_one_sentence(
    answers: dict[str, tuple[int, str]], sentence: str, tmp_path: Path
) -> None:
    heard: list[dict[str, str]] = []
    with answering(answers, heard) as where:
        told = refusal(Server(where, "a-secret", "t", "d"), tmp_path)
    assert sentence in told and "\n" not in told and "a-secret" not in told
    for headers in heard:
        assert headers["Authorization"] == "Bearer a-secret"
        assert {k.lower(): v for k, v in headers.items()}["x-chroma-token"] == "a-secret"


def test_a_plain_server_asked_by_tls_is_told(tmp_path: Path) -> None:
    with answering({}, []) as where:
        assert "SSL" in refusal(Server(f"https://{where}"), tmp_path)


# --- addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("db:9000", "http://db:9000"),
        ("http://db:1/", "http://db:1"),
        ("db", "http://db:8000"),
        ("https://db", "https://db"),
        ("https://db:8443/chroma/", "https://db:8443/chroma"),
        ("[::1]:7", "http://[::1]:7"),
    ],
)
def test_an_address_is_host_and_port(given: str, meant: str) -> None:
    assert Server(given).address == meant


@pytest.mark.parametrize(
    "given", ["db:99999", "a b:c", "ftp://db", "http://", "http://me:pw@db", "db?x=1", "db:0"]
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(SettingsError, match="'host:port'") as caught:
        _ = Server(given).address
    assert "pw" not in str(caught.value).replace("password", "")


# --- copies -------------------------------------------------------------------------------------


def test_a_copy_of_a_folder_has_vectors_of_its_own(tmp_path: Path) -> None:
    """A backup put up beside the first took in another paper, and both asked each other's vectors."""
    kelp, fern = write(tmp_path / "kelp.jsonl", "Kelp"), write(tmp_path / "fern.jsonl", "Fern")
    titles = [f"Moss {n}" for n in range(6)]
    with chroma_run(tmp_path / "server") as (server, _):
        stores = LocalStores(server)
        first, copy = tmp_path / "first", tmp_path / "copy"
        with Library.open(first) as library:
            apply_ingest(library, stores, QuickEmbedder, [write(tmp_path / "moss.jsonl", *titles)])
        shutil.copytree(first, copy)
        with Library.open(first) as one, Library.open(copy) as other:
            apply_ingest(one, stores, QuickEmbedder, [kelp])
            apply_ingest(other, stores, QuickEmbedder, [fern])
            for library in (one, other):
                indexes = Indexes(library, stores, "quick")
                assert indexes.vectors.list_ids() == set(library.list_chunk_ids())
                indexes.close()
                assert check_indexes(library, stores).problems == ()
            state = one.index_state
        moved = first.rename(tmp_path / "moved")
        with Library.open(moved) as library:  # the same folder, so the same collection
            stores.open_vectors(get_generation(library, state)).close()


def test_as_many_foreign_vectors_are_not_taken_for_the_library_s(tmp_path: Path) -> None:
    stores = LocalStores()
    with Library.open(tmp_path / "data") as library:
        apply_ingest(
            library, stores, QuickEmbedder, [write(tmp_path / "a.jsonl", "Apples", "Pears")]
        )
        vectors = stores.open_vectors(get_generation(library, library.index_state))
        held = vectors._collection.get(include=["embeddings", "metadatas"])
        vectors.delete([held["ids"][0]])
        vectors._collection.add(
            ids=["foreign"],
            embeddings=held["embeddings"][:1],  # type: ignore[index]
            metadatas=held["metadatas"][:1],  # type: ignore[index]
        )
        vectors.close()
        indexes = Indexes(library, stores, "quick")
        assert indexes.vectors.list_ids() == set(library.list_chunk_ids())
        indexes.close()


def test_a_collection_named_by_an_earlier_version_becomes_the_folder_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with chroma_run(tmp_path / "server") as (server, _):
        stores = LocalStores(server)
        with Library.open(tmp_path / "data") as library:
            with monkeypatch.context() as earlier:
                earlier.setattr(chroma_server, "name_collection", lambda g: g.collection)
                apply_ingest(
                    library, stores, QuickEmbedder, [write(tmp_path / "a.jsonl", "Apples")]
                )
            indexes = Indexes(library, stores, "quick")
            assert (indexes.vectors.count(), library.index_state.generation) == (1, 1)
            client = indexes.vectors._client  # type: ignore[attr-defined]
            names = [c.name for c in client.list_collections()]
            assert names == [
                chroma_server.name_collection(get_generation(library, library.index_state))
            ]
            indexes.close()
