"""The read side of the library: complete and exact queries on SQLite."""

from __future__ import annotations

import difflib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rag.library import rows
from rag.library.exclusions import old_list
from rag.library.reader import Reader
from rag.types import Authorship, Chunk, Document, Entry, Paper, Person, ProfilePage
from rag.types.errors import LibraryEmpty, NotFound

if TYPE_CHECKING:
    from rag.library.token_vector_store import StoredEncoding

Cached = TypeVar("Cached")
MIN_PREFIX = 4

_DOCUMENTS = """
SELECT d.*, p.person, p.category, p.h_index, p.n_papers, p.n_citations,
       p.novelty, p.ai_score,
       (SELECT count(*) FROM entries e WHERE e.document_id = d.document_id) AS n_entries
FROM documents d LEFT JOIN pages p USING (document_id) ORDER BY d.name
"""
_CHUNKS = """
SELECT c.*, substr(p.text, c.start + 1, c.end - c.start) AS text
FROM chunks c JOIN papers p USING (paper_id)
"""


@dataclass(frozen=True, slots=True)
class IndexState:
    """Which vectors and which lexical index belong to the library now.

    Attributes:
        library_id: Random, fixed when the library is created; names its collections on a shared server.
        generation: Folder or collection in use; 0 before the first.
        version: Counts changes; a reader with an older version must reopen.
        embedder, dimension: The embedder of the current vectors.
        target, target_dimension: The embedder of the next generation.
        pending: Whether a change may not have reached the indexes yet.
    """

    library_id: str
    generation: int
    version: int
    embedder: str
    dimension: int
    target: str
    target_dimension: int
    pending: bool


class Library(Reader):
    """The current contents of the library; another process may write to it meanwhile.

    Use from any thread. Before the first ingest it is empty, not an error.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._cache: dict[str, tuple[str, Any]] = {}

    @classmethod
    def open(cls, folder: Path) -> Library:
        """For reading alone; no lock is taken and nothing is created."""
        return cls(folder)

    def close(self) -> None:
        super().close()
        self._cache.clear()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- the whole ----------------------------------------------------------------------------

    @property
    def fingerprint(self) -> str:
        """16 hex digits of the content: the same content has the same, in whatever order it came."""
        return self.read_meta().get("fingerprint", "0" * 32)[:16]

    @property
    def n_papers(self) -> int:
        return int(self.select("SELECT count(*) AS n FROM papers")[0]["n"])

    @property
    def n_in_several_places(self) -> int:
        """Papers that more than one entry of the documents is about."""
        sql = "SELECT paper_id FROM entries GROUP BY paper_id HAVING count(*) > 1"
        return int(self.select(f"SELECT count(*) AS n FROM ({sql})")[0]["n"])

    @property
    def n_chunks(self) -> int:
        return int(self.select("SELECT count(*) AS n FROM chunks")[0]["n"])

    def ensure_not_empty(self) -> None:
        """Raise LibraryEmpty, with what to do next, if there is no paper."""
        if not self.n_papers:
            raise LibraryEmpty(
                f"there are no papers in the library {str(self.folder.absolute())!r} yet; "
                'run "paperfolk ingest" to read documents'
            )

    def read_meta(self) -> dict[str, str]:
        return {row["key"]: row["value"] for row in self.select("SELECT key, value FROM meta")}

    @property
    def index_state(self) -> IndexState:
        with self.open_snapshot():
            meta = self.read_meta()
            pending = bool(self.select("SELECT 1 FROM outbox LIMIT 1"))
        return _index_state(meta, pending)

    # --- papers -------------------------------------------------------------------------------

    def list_papers(self, ids: Iterable[str] | None = None) -> list[Paper]:
        """All papers by first place, or those with these ids in the order given; unknown ids are left out."""
        if ids is None:
            return list(self._get_cached("papers", self.papers_as_stored))
        wanted = list(dict.fromkeys(ids))
        with self.open_snapshot():
            papers_by_id = {
                paper.paper_id: paper
                for paper in self._load_papers_where(
                    "WHERE paper_id IN (SELECT value FROM json_each(?))", json.dumps(wanted)
                )
            }
        return [papers_by_id[paper_id] for paper_id in wanted if paper_id in papers_by_id]

    def find_paper(self, key: str) -> Paper:
        """By paper id, by a beginning of one that no other shares, or by ``<document>:<line>``.

        Raises:
            NotFound: No paper, or several, are meant.
        """
        key = key.strip()
        ids = self._find_ids_at_place(key) or self._find_ids_with_prefix(key)
        if len(ids) == 1:
            return self.list_papers(ids)[0]
        if ids:
            raise NotFound(f"{key!r} may be any of {', '.join(ids[:5])}; give more of the paper id")
        raise NotFound(f"no paper {key!r} in the library; {self._find_nearest_place(key)}")

    def papers_as_stored(self) -> list[Paper]:
        """All papers by first place, read from the file again."""
        return self._load_papers_where("")

    def _load_papers_where(self, where: str, *values: object) -> list[Paper]:
        with self.open_snapshot():
            authorships = defaultdict(list)
            for row in self.select(
                f"SELECT * FROM authorships {where} ORDER BY paper_id, ordinal", *values
            ):
                authorships[row["paper_id"]].append(rows.build_authorship(row))
            return [
                rows.build_paper(row, tuple(authorships[row["paper_id"]]))
                for row in self.select(
                    f"SELECT * FROM papers {where} ORDER BY document, line", *values
                )
            ]

    def _find_ids_at_place(self, key: str) -> list[str]:
        document, _, line = key.rpartition(":")
        if not (document and line.isascii() and line.isdigit()):
            return []
        rows = self.select(
            "SELECT DISTINCT e.paper_id FROM entries e JOIN documents d USING (document_id) "
            "WHERE d.name = ? AND e.line = ?", document, min(int(line), 2**62),
        )  # fmt: skip
        return [row["paper_id"] for row in rows]

    def _find_ids_with_prefix(self, key: str) -> list[str]:
        exact = self.select("SELECT paper_id FROM papers WHERE paper_id = ?", key)
        if exact or len(key) < MIN_PREFIX:
            return [row["paper_id"] for row in exact]
        rows = self.select(
            "SELECT paper_id FROM papers WHERE paper_id >= ? AND paper_id < ? ORDER BY paper_id LIMIT 6",
            key, key + "\uffff",
        )  # fmt: skip
        return [row["paper_id"] for row in rows]

    def _find_nearest_place(self, key: str) -> str:
        document, _, line = key.rpartition(":")
        places = self.select(
            "SELECT e.line FROM entries e JOIN documents d USING (document_id) WHERE d.name = ?",
            document,
        )
        if places and line.isascii() and line.isdigit():
            nearest_line = min(
                (row["line"] for row in places), key=lambda n: (abs(n - int(line)), n)
            )
            return f"the nearest entry begins at '{document}:{nearest_line}'"
        names = [row["name"] for row in self.select("SELECT name FROM documents")]
        close = difflib.get_close_matches(document or key, names, n=1)
        if close:
            return f"is the document {close[0]!r} meant?"
        return 'give a paper id or "<document>:<line>" as "paperfolk papers" prints them'

    # --- people and documents -------------------------------------------------------------------

    def list_persons(self) -> list[Person]:
        """Everyone printed as an author or owning a page, by name; one for each printed name."""
        return list(self._get_cached("persons", self._load_all_persons).values())

    def find_person(self, name: str) -> Person:
        """By the name exactly as printed.

        Raises:
            NotFound: Nobody has that name; the message offers the nearest.
        """
        everyone = self._get_cached("persons", self._load_all_persons)
        if name in everyone:
            return everyone[name]
        close = difflib.get_close_matches(name, everyone, n=3, cutoff=0.7)
        offer = (
            f"did you mean {', '.join(close)}?" if close else "no name in the library is like it"
        )
        raise NotFound(f"nobody named {name!r} in the library; {offer}")

    def list_pages(self) -> list[ProfilePage]:
        """The author pages that were read, by document name."""
        return [document.page for document in self.list_documents() if document.page]

    def list_page_papers(self, person: str) -> list[str]:
        """Ids of the papers on the person's own page, in page order, once each."""
        rows = self.select(
            "SELECT e.paper_id FROM pages p JOIN entries e USING (document_id) "
            "JOIN documents d USING (document_id) WHERE p.person = ? ORDER BY d.name, e.ordinal",
            person,
        )
        return list(dict.fromkeys(row["paper_id"] for row in rows))

    def list_documents(self) -> list[Document]:
        return [rows.build_document(row) for row in self.select(_DOCUMENTS)]

    def left_out(self) -> frozenset[str]:
        """Paths of documents that a reader removed: not read again from a folder unasked.

        Also those of a list that an older version has left, until the next ingest takes them over.
        """
        known = "SELECT 1 FROM sqlite_master WHERE name = 'left_out'"
        with self.open_snapshot():
            remaining = self.select("SELECT path FROM left_out") if self.select(known) else []
        return frozenset(row["path"] for row in remaining) | old_list(self.folder)

    def list_entries(self, document: str) -> list[Entry]:
        """The entries of one document as read, in its order; none for an unknown name."""
        return [
            rows.build_entry(row)
            for row in self.select(
                "SELECT e.*, d.name AS document FROM entries e JOIN documents d USING (document_id) "
                "WHERE d.name = ? ORDER BY e.ordinal",
                document,
            )
        ]

    def _load_all_persons(self) -> dict[str, Person]:
        """Two people of one name on one paper cannot be told apart: the first counts."""
        with self.open_snapshot():
            pages = {page.person: page for page in self.list_pages()}
            papers = self.list_papers()
        authorships_by_name: dict[str, dict[str, Authorship]] = {name: {} for name in pages}
        for paper in papers:
            for authorship in paper.authorships:
                authorships_by_name.setdefault(authorship.name, {}).setdefault(
                    paper.paper_id, authorship
                )
        return {
            n: Person(n, tuple(authorships_by_name[n].values()), pages.get(n))
            for n in sorted(authorships_by_name)
        }

    # --- chunks -------------------------------------------------------------------------------

    def list_chunks(self, chunk_ids: Iterable[str] | None = None) -> list[Chunk]:
        """All chunks in text order, or those with these ids in the order given; unknown ids are left out."""
        if chunk_ids is None:
            order = " ORDER BY p.document, p.line, p.paper_id, c.start"
            return [_build_chunk_from_row(row) for row in self.select(_CHUNKS + order)]
        wanted = list(dict.fromkeys(chunk_ids))
        where = " WHERE c.chunk_id IN (SELECT value FROM json_each(?))"
        chunks_by_id = {
            row["chunk_id"]: _build_chunk_from_row(row)
            for row in self.select(_CHUNKS + where, json.dumps(wanted))
        }
        return [chunks_by_id[chunk_id] for chunk_id in wanted if chunk_id in chunks_by_id]

    def list_chunk_ids(self) -> list[str]:
        """Of all chunks, in text order."""
        rows = self.select(
            "SELECT c.chunk_id FROM chunks c JOIN papers p USING (paper_id) "
            "ORDER BY p.document, p.line, p.paper_id, c.start"
        )
        return [row["chunk_id"] for row in rows]

    def list_chunks_of(self, paper_ids: Iterable[str]) -> list[Chunk]:
        """The chunks of these papers, in text order within each paper."""
        where = " WHERE c.paper_id IN (SELECT value FROM json_each(?)) ORDER BY c.paper_id, c.start"
        return [
            _build_chunk_from_row(row)
            for row in self.select(_CHUNKS + where, json.dumps(list(paper_ids)))
        ]

    def list_encodings(self, chunk_ids: Iterable[str]) -> list[StoredEncoding]:
        """Vector and token vectors of these chunks, in order.

        Raises:
            NotFound: A chunk has no token vectors: its embedder makes none.
        """
        from rag.library import token_vector_store

        wanted = list(chunk_ids)
        encodings_by_id = {
            row["chunk_id"]: (row["vector"], row["tokens"])
            for row in self.select(
                "SELECT chunk_id, vector, tokens FROM vectors WHERE tokens IS NOT NULL AND embedder = "
                "(SELECT value FROM meta WHERE key = 'embedder') "
                "AND chunk_id IN (SELECT value FROM json_each(?))",
                json.dumps(wanted),
            )
        }
        missing = [chunk_id for chunk_id in wanted if chunk_id not in encodings_by_id]
        if missing:
            raise NotFound(
                f"chunk {missing[0]!r} has no token vectors in {str(self.folder)!r}; "
                'run "paperfolk ingest" with the embedded embedder to make them'
            )
        return [token_vector_store.decode_stored(*encodings_by_id[chunk_id]) for chunk_id in wanted]

    def list_vectors(self, chunk_ids: Sequence[str], embedder: str) -> dict[str, bytes]:
        """The chunks' vectors by this embedder (float16, little endian), where there are any."""
        return {
            row["chunk_id"]: row["vector"]
            for row in self.select(
                "SELECT chunk_id, vector FROM vectors WHERE embedder = ? "
                "AND chunk_id IN (SELECT value FROM json_each(?))",
                embedder,
                json.dumps(list(chunk_ids)),
            )
        }

    def _get_cached(self, name: str, make: Callable[[], Cached]) -> Cached:
        with self.open_snapshot():
            fingerprint = self.read_meta().get("fingerprint", "")
            cached_value = self._cache.get(name)
            if cached_value is None or cached_value[0] != fingerprint:
                cached_value = self._cache[name] = (fingerprint, make())
        value: Cached = cached_value[1]
        return value


@rows.translated
def _index_state(meta: dict[str, str], pending: bool) -> IndexState:
    return IndexState(
        library_id=meta.get("library_id", ""),
        generation=int(meta.get("generation", 0)),
        version=int(meta.get("version", 0)),
        embedder=meta.get("embedder", ""),
        dimension=int(meta.get("dimension", 0)),
        target=meta.get("target", ""),
        target_dimension=int(meta.get("target_dimension", 0)),
        pending=pending,
    )


def _build_chunk_from_row(row: sqlite3.Row) -> Chunk:
    """A file that an older version wrote keeps no sentences."""
    sentences_blob = row["sentences"] if "sentences" in row.keys() else None
    span = (row["start"], row["end"])
    sentences = None if sentences_blob is None else rows.decode_spans(sentences_blob)
    return Chunk(row["chunk_id"], row["paper_id"], span, row["text"], row["heading"], sentences)
