"""Chunk vectors in Chroma, embedded in the data folder or on a server.

Chroma's search is approximate (HNSW): which chunks it finds depends on the order in which they came
and on earlier contents. Of an embedded store a flat copy is searched (`rag.adapters.flat_vectors`); of a
server up to `EXACT_CHUNKS` vectors are compared one by one, so that a library updated in place finds the
same as a rebuilt one.
"""

from __future__ import annotations

import heapq
import itertools
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from json import JSONDecodeError
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rag.adapters import chroma_server
from rag.adapters.chroma_server import Server
from rag.types.errors import EmbedderMismatch, IndexUnreadable
from rag.types.ports import Generation, VectorRecord, VectorRows

if TYPE_CHECKING:
    import numpy as np
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection as ChromaCollection
    from chromadb.config import Settings as ChromaSettings
    from numpy.typing import NDArray

HNSW: Any = {"space": "cosine"}
GRAPH_WIDTH = 700
"""Nodes of the graph that a search keeps, which is what Chroma takes the number of results for where that is larger
than its setting. Of the ten nearest among 100,000 composed vectors, .92 were found with 200, .96 with 400, .99 with 1,000."""
EXACT_CHUNKS = 5_000
"""Vectors kept in memory after the first question: .3 s to load, 15 MB."""

_aliases_lock = threading.Lock()
_aliases: set[str] = set()


class ChromaVectors:
    """The vectors of one generation of a library, by chunk id.

    Args:
        generation: Folder and collection; the embedder named there must be the one that made them.
        server: The Chroma server; None for the embedded store in the generation's folder.
        create: Create an empty collection, replacing any existing one.

    Raises:
        EmbedderMismatch: The collection was made by another embedder.
        IndexUnreadable: There is no such collection, or it is broken.
        StoreUnreachable: The server does not answer in time, or is too old.
    """

    def __init__(
        self, generation: Generation, server: Server | None = None, *, create: bool = False
    ) -> None:
        self.where = server.where if server else str(generation.folder / "chroma")
        self._server = server
        self._alias = ""
        self._rows: tuple[list[str], NDArray[np.float64]] | None = None
        self._n: int | None = None
        self._client = self._connect(generation)
        try:
            self._collection = self._open(generation, create)
        except BaseException:  # whatever it is, the store is not left open
            self.close()
            raise

    def close(self) -> None:
        sessions = chroma_server.sessions(self._client)
        self._client.close()
        for session in sessions:
            session.close()
        with _aliases_lock:
            _aliases.discard(self._alias)

    def upsert(self, records: Sequence[VectorRecord]) -> None:
        import numpy as np

        self._rows = self._n = None
        for batch in self._split_batches(records):
            vectors = np.stack([np.frombuffer(r.vector, "<f2") for r in batch]).astype(np.float32)
            with self._convert_errors():
                self._collection.upsert(ids=[r.chunk_id for r in batch], embeddings=vectors)

    def delete(self, chunk_ids: Sequence[str]) -> None:
        self._rows = self._n = None
        for batch in self._split_batches(chunk_ids):
            with self._convert_errors():
                self._collection.delete(ids=list(batch))

    def commit(self) -> None:
        """Nothing is left to do: the store itself is searched."""

    def query(self, vectors: VectorRows, k: int) -> list[list[tuple[str, float]]]:
        import numpy as np

        with self._convert_errors():
            # A store that another process writes to is opened anew (`rag.ingest.indexing.Indexes`).
            self._n = self._collection.count() if self._n is None else self._n
            if self._n <= EXACT_CHUNKS:
                return [self._compare(v, k) for v in np.asarray(vectors, dtype=np.float64)]
            response = self._collection.query(
                query_embeddings=np.asarray(vectors, dtype=np.float32),
                n_results=max(k, GRAPH_WIDTH),
                include=["distances"],
            )
        found = []
        for ids, distances in zip(response["ids"], response["distances"] or [], strict=True):
            pairs = zip(ids, (1.0 - d for d in distances), strict=True)
            found.append(sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:k])
        return found

    def _compare(self, vector: NDArray[np.float64], k: int) -> list[tuple[str, float]]:
        """The same result by comparing with every vector."""
        import numpy as np

        ids, rows = self._rows or self._load()
        cosines = rows @ (vector / np.linalg.norm(vector)) if ids else np.zeros(0)
        # To float32: a tie must not hang on the order in which a product is added up.
        pairs = zip(ids, map(float, cosines.astype(np.float32)), strict=True)
        return heapq.nsmallest(k, pairs, key=lambda pair: (-pair[1], pair[0]))

    def _load(self) -> tuple[list[str], NDArray[np.float64]]:
        """All ids in order, and their vectors scaled to length 1: (n, dim)."""
        import numpy as np

        current = self._collection.get(include=["embeddings"])
        order = sorted(range(len(current["ids"])), key=current["ids"].__getitem__)
        rows = np.asarray(current["embeddings"], dtype=np.float64)[order]
        rows /= np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
        self._rows = [current["ids"][at] for at in order], rows
        return self._rows

    def list_ids(self, among: Collection[str] | None = None) -> set[str]:
        with self._convert_errors():
            if among is None:
                return set(self._collection.get(include=[])["ids"])
            batches = self._split_batches(sorted(among))
            pages = (self._collection.get(ids=list(b), include=[]) for b in batches)
            return {chunk_id for page in pages for chunk_id in page["ids"]}

    def count(self) -> int:
        with self._convert_errors():
            return self._collection.count()

    def _open(self, generation: Generation, create: bool) -> ChromaCollection:
        from chromadb.errors import NotFoundError

        server = self._server
        name = chroma_server.name_collection(generation) if server else generation.collection
        with self._convert_errors():
            if create:
                _delete(self._client, name)
                return self._client.create_collection(
                    name,
                    embedding_function=None,
                    metadata={"embedder": generation.embedder, "dimension": generation.dimension},
                    configuration={"hnsw": HNSW},
                )
            try:
                collection = self._client.get_collection(name, embedding_function=None)
            except NotFoundError:
                if name == generation.collection:
                    raise
                # As an earlier version named it: it becomes this folder's own.
                collection = self._client.get_collection(
                    generation.collection, embedding_function=None
                )
                collection.modify(name=name)
        made_by = dict(collection.metadata or {})
        if made_by.get("embedder") != generation.embedder:
            raise EmbedderMismatch(
                f"the vectors in {self.where!r} were made by embedder "
                f"{str(made_by.get('embedder'))!r} (dim {made_by.get('dimension')}) but settings ask "
                f"for {generation.embedder!r} (dim {generation.dimension}); "
                'run "paperfolk ingest --rebuild" or restore the setting'
            )
        return collection

    def _connect(self, generation: Generation) -> Client:
        import chromadb

        settings = _read_settings().model_copy()  # Chroma writes into them
        if self._server:
            return chroma_server.connect(self._server, settings)
        with self._convert_errors():
            self._alias = _take_alias(generation.folder / "chroma")
            return cast("Client", chromadb.PersistentClient(self._alias, settings=settings))

    def _split_batches(self, items: Sequence[Any]) -> Iterator[Sequence[Any]]:
        size = min(self._client.get_max_batch_size(), 2_000)
        for start in range(0, len(items), size):
            yield items[start : start + size]

    @contextmanager
    def _convert_errors(self) -> Iterator[None]:
        """Chroma's errors as ours; a panic in its native part is no Exception, so it is named."""
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield
        except httpx.HTTPError as exc:
            assert self._server is not None, "an embedded store is not asked over HTTP"
            raise chroma_server.explain_failure(self._server, exc) from exc
        except ChromaError as exc:
            raise IndexUnreadable(
                f"the vectors in {self.where!r} cannot be used ({exc}); "
                'run "paperfolk ingest" to rebuild them'
            ) from exc
        except BaseException as exc:  # a panic of the engine derives from nothing narrower
            # What a proxy before the server says, Chroma's client raises as a plain Exception.
            if self._server and (type(exc) is Exception or isinstance(exc, JSONDecodeError)):
                raise chroma_server.explain_failure(self._server, exc) from exc
            if type(exc).__name__ != "PanicException":
                raise
            raise IndexUnreadable(
                f'the vectors in {self.where!r} are broken; run "paperfolk ingest" to rebuild them'
            ) from exc


@cache
def _read_settings() -> ChromaSettings:
    """Once a process: a hundred fields are looked up in the environment, which takes 5 ms."""
    from chromadb.config import Settings

    # Without _env_file, Chroma would take settings from a .env in the working directory.
    return Settings(anonymized_telemetry=False, _env_file=None)


def drop(generation: Generation, server: Server) -> None:
    """Delete a generation's collection from a server; an embedded one goes with its folder."""
    store = ChromaVectors(generation, server, create=True)
    try:
        with store._convert_errors():
            for name in (store._collection.name, generation.collection):
                _delete(store._client, name)
    finally:
        store.close()


def _delete(client: Client, name: str) -> None:
    from chromadb.errors import NotFoundError

    try:
        client.delete_collection(name)
    except NotFoundError:
        pass


def is_sound(generation: Generation, *, timeout_s: float) -> bool:
    """Whether the embedded collection can be opened, listed and searched.

    Runs in a separate process: a collection damaged by a crash may kill or block its reader.
    """
    command = [
        sys.executable,
        "-m",
        "rag.adapters.chroma",
        str(generation.folder),
        generation.collection,
    ]
    try:
        process = subprocess.run(
            [*command, generation.embedder, str(generation.dimension)],
            timeout=timeout_s,
            capture_output=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return process.returncode == 0


def _take_alias(folder: Path) -> str:
    """A spelling of the path that no open store in this process uses.

    Chroma shares what it has cached between all clients of one spelling, and a store that another
    process has written to must be opened without that cache.
    """
    with _aliases_lock:
        for n in itertools.count():
            alias = str(folder) + "/." * n
            if alias not in _aliases:
                _aliases.add(alias)
                return alias
    raise AssertionError("count() ended")


def _check_store(arguments: Sequence[str]) -> None:
    folder, collection, embedder, dimension = arguments
    vectors = ChromaVectors(Generation(Path(folder), collection, embedder, int(dimension)))
    ids = vectors.list_ids()
    (neighbours,) = vectors.query([[1.0] * int(dimension)], 10)
    vectors.close()
    if len(neighbours) < min(10, len(ids)):
        raise SystemExit(1)


if __name__ == "__main__":
    _check_store(sys.argv[1:])
