"""Chunk vectors in Chroma, embedded in the data folder or on a server: only the address differs."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rag.errors import EmbedderMismatch, IndexUnreadable, SettingsError, StoreUnreachable
from rag.stores import Generation, VectorRecord

if TYPE_CHECKING:
    import httpx
    import numpy as np
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection
    from numpy.typing import NDArray

HNSW: Any = {"space": "cosine", "ef_search": 200}
DEFAULT_PORT = 8000
TIMEOUT_S = 60.0
"""For one call to a server."""

_aliases_lock = threading.Lock()
_aliases: set[str] = set()


class ChromaVectors:
    """The vectors of one generation of a library, by chunk id.

    Args:
        generation: Folder and collection; the embedder named there must be the one that made them.
        server: ``host:port``; empty means embedded.
        create: Make the collection, empty, in place of any there is.

    Raises:
        EmbedderMismatch: The collection was made by another embedder.
        IndexUnreadable: There is no such collection, or it is broken.
        StoreUnreachable: The server does not answer.
    """

    def __init__(self, generation: Generation, server: str = "", *, create: bool = False) -> None:
        self.where = server or str(generation.folder / "chroma")
        self._alias = ""
        self._client = self._connect(generation, server)
        try:
            self._collection = self._open(generation, create)
        except BaseException:  # whatever it is, the store is not left open
            self.close()
            raise

    def close(self) -> None:
        sessions = _sessions(self._client)
        self._client.close()
        for session in sessions:
            session.close()
        with _aliases_lock:
            _aliases.discard(self._alias)

    def remove(self) -> None:
        """Delete the collection and close."""
        with self._translated():
            self._client.delete_collection(self._collection.name)
        self.close()

    def upsert(self, records: Sequence[VectorRecord]) -> None:
        """Add these chunks, or replace what is there under their ids."""
        import numpy as np

        for batch in self._batches(records):
            vectors = np.stack([np.frombuffer(r.vector, "<f2") for r in batch]).astype(np.float32)
            with self._translated():
                self._collection.upsert(
                    ids=[r.chunk_id for r in batch],
                    embeddings=vectors,
                    metadatas=[_metadata(r) for r in batch],
                )

    def delete(self, chunk_ids: Sequence[str]) -> None:
        """Take these chunks out; ids that are not there are passed over."""
        for batch in self._batches(chunk_ids):
            with self._translated():
                self._collection.delete(ids=list(batch))

    def query(
        self,
        vector: Sequence[float] | NDArray[np.float32],
        k: int,
        where: Mapping[str, object] | None = None,
    ) -> list[tuple[str, float]]:
        """The k chunks nearest to a vector with their cosine, best first, ties by chunk id.

        Args:
            vector: Of any length but zero.
            k: Fewer come back where there are fewer.
            where: A Chroma filter over ``paper_id``, ``year``, ``category``, ``code``, ``authors``.
        """
        import numpy as np

        with self._translated():
            found = self._collection.query(
                query_embeddings=np.asarray(vector, dtype=np.float32)[None, :],
                n_results=k,
                where=dict(where) if where else None,  # type: ignore[arg-type]
                include=["distances"],
            )
        distances = found["distances"] or [[]]
        pairs = zip(found["ids"][0], (1.0 - d for d in distances[0]), strict=True)
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))

    def ids(self) -> set[str]:
        with self._translated():
            return set(self._collection.get(include=[])["ids"])

    def count(self) -> int:
        with self._translated():
            return self._collection.count()

    def _open(self, generation: Generation, create: bool) -> Collection:
        from chromadb.errors import NotFoundError

        with self._translated():
            if create:
                try:
                    self._client.delete_collection(generation.collection)
                except NotFoundError:
                    pass
                return self._client.create_collection(
                    generation.collection,
                    embedding_function=None,
                    metadata={"embedder": generation.embedder, "dimension": generation.dimension},
                    configuration={"hnsw": HNSW},
                )
            collection = self._client.get_collection(generation.collection, embedding_function=None)
        made_by = dict(collection.metadata or {})
        if made_by.get("embedder") != generation.embedder:
            raise EmbedderMismatch(
                f"the vectors in {self.where!r} were made by embedder "
                f"{str(made_by.get('embedder'))!r} (dim {made_by.get('dimension')}) but settings ask "
                f"for {generation.embedder!r} (dim {generation.dimension}); "
                'run "paperfolk ingest --rebuild" or restore the setting'
            )
        return collection

    def _connect(self, generation: Generation, server: str) -> Client:
        import chromadb
        from chromadb.config import Settings

        # Without _env_file, Chroma would take settings from a .env in the working directory.
        settings = Settings(anonymized_telemetry=False, _env_file=None)
        with self._translated():
            if not server:
                self._alias = _take_alias(generation.folder / "chroma")
                return cast("Client", chromadb.PersistentClient(self._alias, settings=settings))
            host, port = address(server)
            try:
                client = cast(
                    "Client", chromadb.HttpClient(host=host, port=port, settings=settings)
                )
            except ValueError as exc:
                raise self._unreachable() from exc
            for session in _sessions(client):
                session.timeout = TIMEOUT_S
            return client

    def _unreachable(self) -> StoreUnreachable:
        return StoreUnreachable(
            f"the Chroma server at {self.where!r} does not answer; start it "
            '("chroma run") or clear the setting "chroma" to use the embedded store'
        )

    def _batches(self, items: Sequence[Any]) -> Iterator[Sequence[Any]]:
        size = min(self._client.get_max_batch_size(), 2_000)
        for start in range(0, len(items), size):
            yield items[start : start + size]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Chroma's errors as ours; a panic in its native part is no Exception, so it is named."""
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield
        except httpx.HTTPError as exc:
            raise self._unreachable() from exc
        except ChromaError as exc:
            raise IndexUnreadable(
                f"the vectors in {self.where!r} cannot be used ({exc}); "
                'run "paperfolk ingest" to rebuild them'
            ) from exc
        except BaseException as exc:  # a panic of the engine derives from nothing narrower
            if type(exc).__name__ != "PanicException":
                raise
            raise IndexUnreadable(
                f'the vectors in {self.where!r} are broken; run "paperfolk ingest" to rebuild them'
            ) from exc


def address(server: str) -> tuple[str, int]:
    """``host:port`` in its parts; the port may be left out.

    Raises:
        SettingsError: It is neither.
    """
    host, _, port = server.removeprefix("http://").rstrip("/").rpartition(":")
    if not host:
        host, port = port, str(DEFAULT_PORT)
    if not (port.isascii() and port.isdigit() and int(port) < 65_536):
        raise SettingsError(f"setting 'chroma' is {server!r} but must be 'host:port'")
    return host, int(port)


def drop(generation: Generation, server: str) -> None:
    """Delete a generation's collection from a server; an embedded one goes with its folder."""
    ChromaVectors(generation, server, create=True).remove()


def is_sound(generation: Generation, *, timeout_s: float) -> bool:
    """Whether the embedded collection can be opened, listed and searched.

    Tried in a process of its own: a collection that a crash has broken may kill or hang its reader.
    """
    command = [
        sys.executable,
        "-m",
        "rag.adapters.chroma",
        str(generation.folder),
        generation.collection,
    ]
    try:
        done = subprocess.run(
            [*command, generation.embedder, str(generation.dimension)],
            timeout=timeout_s,
            capture_output=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _sessions(client: Client) -> list[httpx.Client]:
    """The HTTP sessions of a client of a server, which Chroma neither limits in time nor closes."""
    servers: tuple[Any, Any] = (client._server, cast(Any, client._admin_client)._server)
    return [server._session for server in servers if hasattr(server, "_session")]


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


def _metadata(record: VectorRecord) -> dict[str, Any]:
    """What a search may filter by; unknown values and empty lists are left out."""
    paper = record.paper
    values: dict[str, Any] = {
        "paper_id": paper.paper_id,
        "year": paper.year,
        "category": paper.category,
        "code": paper.code,
        "authors": [authorship.name for authorship in paper.authorships],
    }
    return {key: value for key, value in values.items() if value not in (None, [], "")}


def _try_out(arguments: Sequence[str]) -> None:
    folder, collection, embedder, dimension = arguments
    vectors = ChromaVectors(Generation(Path(folder), collection, embedder, int(dimension)))
    ids = vectors.ids()
    found = vectors.query([1.0] * int(dimension), 10)
    vectors.close()
    if len(found) < min(10, len(ids)):
        raise SystemExit(1)


if __name__ == "__main__":
    _try_out(sys.argv[1:])
