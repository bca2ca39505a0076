"""The read side of the library: complete and exact queries on SQLite."""

from __future__ import annotations

import difflib
import json
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import FromClause, Table, func, select

from rag.library import rows
from rag.library.chunking import get_sentences
from rag.library.exclusions import old_list
from rag.library.reader import Reader
from rag.library.statements import (
    ANY_PAPER,
    CHUNKS_LISTED,
    CHUNKS_OF_PAPERS,
    DIGESTS_LISTED,
    DOCUMENTS_READ,
    ENTRIES_READ,
    IN_TEXT_ORDER,
    META_READ,
    PAPERS_READ,
    PARTS_READ,
    STATE_READ,
    VECTORS_LISTED,
    select_searched,
)
from rag.library.tables import (
    AFFILIATIONS,
    ALIASES,
    AUTHORSHIPS,
    CHANGES,
    CHUNKS,
    CORRECTIONS,
    DOCUMENTS,
    ENTRIES,
    KEYWORDS,
    LEFT_OUT,
    LINKS,
    NAMES,
    PAGES,
    PAPERS,
    PLACES,
    VECTORS,
    encode_list,
    is_listed,
)
from rag.types import (
    Authorship,
    Chunk,
    Document,
    Entry,
    Paper,
    Place,
    ProfilePage,
    RoleSpan,
    SentenceRole,
    Span,
)
from rag.types.errors import LibraryEmpty, NotFound

MIN_PREFIX = 4
MOST_CACHED = 1_000
"""Papers that are kept as they were read: a question reads the same some twenty again and again."""


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
        journal_from: The first version whose changes the journal knows; see `Library.list_changes`.
    """

    library_id: str
    generation: int
    version: int
    embedder: str
    dimension: int
    target: str
    target_dimension: int
    pending: bool
    journal_from: int = 0


class Catalogue(Reader):
    """Papers, their chunks, people and pages as the library holds them, whatever a question sees of them."""

    def __init__(self, folder: Path, url: str = "") -> None:
        super().__init__(folder, url)
        self._papers: OrderedDict[tuple[str, str], Paper] = OrderedDict()
        self._guard = Lock()

    def close(self) -> None:
        super().close()
        self._papers.clear()

    # --- the whole ----------------------------------------------------------------------------

    @property
    def fingerprint(self) -> str:
        """16 hex digits of the content: the same content has the same, in whatever order it came."""
        return self.read_meta().get("fingerprint", "0" * 32)[:16]

    @property
    def n_papers(self) -> int:
        return self._count(PAPERS)

    @property
    def is_empty(self) -> bool:
        """Whether there is no paper; a question asks it, for which a count of many takes too long."""
        return not self.fetch(ANY_PAPER)

    @property
    def n_in_several_places(self) -> int:
        """Papers that more than one entry of the documents is about."""
        several = select(ENTRIES.c.paper_id).group_by(ENTRIES.c.paper_id).having(func.count() > 1)
        return self._count(several.subquery())

    @property
    def n_chunks(self) -> int:
        return self._count(CHUNKS)

    def count_searched(self, embedder: str) -> int:
        """How many chunks are in the index of vectors by this embedder: all but those with a gist."""
        return self._count(select_searched(embedder).subquery())

    def list_searched(self, embedder: str, among: Collection[str] | None = None) -> set[str]:
        """Ids of the chunks that are in the index of vectors by this embedder, or of those of some that are."""
        searched = select_searched(embedder)
        if among is not None:
            searched = searched.where(is_listed(VECTORS.c.chunk_id, among))
        return {row[0] for row in self.fetch(searched)}

    def _count(self, table: FromClause) -> int:
        return int(self.select(select(func.count().label("n")).select_from(table))[0]["n"])

    def ensure_not_empty(self) -> None:
        """Raise LibraryEmpty, with what to do next, if there is no paper."""
        if self.is_empty:
            raise LibraryEmpty(
                f"there are no papers in the library {str(self.folder.absolute())!r} yet; "
                'run "paperfolk ingest" to read documents'
            )

    def read_meta(self) -> dict[str, str]:
        return {row["key"]: row["value"] for row in self.select(META_READ)}

    @property
    def index_state(self) -> IndexState:
        rows_found = self.fetch(STATE_READ)
        meta = {key: value for key, value, _ in rows_found}
        return _index_state(meta, any(is_pending for *_, is_pending in rows_found))

    # --- papers -------------------------------------------------------------------------------

    def list_papers(self, ids: Iterable[str] | None = None) -> list[Paper]:
        """All papers by first place, or those with these ids in the order given; unknown ids are left out."""
        if ids is None:
            return self.read_papers()
        wanted = list(dict.fromkeys(ids))
        papers_by_id = self._get_papers(wanted)
        return [papers_by_id[paper_id] for paper_id in wanted if paper_id in papers_by_id]

    def _get_papers(self, ids: Sequence[str]) -> dict[str, Paper]:
        """Papers by id, those that were read lately as they were: a paper with its digest is the same."""
        if len(ids) > MOST_CACHED:
            return {paper.paper_id: paper for paper in self.read_papers(ids)}
        with self.open_snapshot():
            digests = dict(self.fetch(DIGESTS_LISTED, ids=encode_list(ids)))
            with self._guard:
                papers = {i: p for i, of in digests.items() if (p := self._papers.get((i, of)))}
            missing = [i for i in digests if i not in papers]
            papers |= {p.paper_id: p for p in (self.read_papers(missing) if missing else ())}
        with self._guard:
            for paper_id, digest in digests.items():
                if paper_id in papers:
                    self._papers[paper_id, digest] = papers[paper_id]
                    self._papers.move_to_end((paper_id, digest))
            while len(self._papers) > MOST_CACHED:
                self._papers.popitem(last=False)
        return papers

    def list_aliases(self) -> dict[str, str]:
        """Other spellings of names with the one that is shown for them."""
        return {row["name"]: row["shown"] for row in self.select(select(ALIASES))}

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

    def read_papers(self, ids: Sequence[str] | None = None) -> list[Paper]:
        """All, or those with these ids, by first place, as they stand in the database now."""
        which = "all" if ids is None else "listed"
        values = {} if ids is None else {"ids": encode_list(ids)}
        with self.open_snapshot():
            parts: dict[Table, dict[str, list[Any]]] = {}
            for table, statements in PARTS_READ.items():
                parts[table] = of_table = defaultdict(list)
                for row in self.fetch(statements[which], **values):
                    of_table[row[0]].append(row)
            return [
                rows.build_paper(
                    row,
                    tuple(Authorship(*part) for part in parts[AUTHORSHIPS][paper_id]),
                    tuple(Place(*part[1:]) for part in parts[PLACES][paper_id]),
                    (name for _, name in parts[AFFILIATIONS][paper_id]),
                    (url for _, url in parts[LINKS][paper_id]),
                    (word for _, word in parts[KEYWORDS][paper_id]),
                    row["page_starts"],
                    row["details"],
                )
                for row in self.select(PAPERS_READ[which], **values)
                for paper_id in (row["paper_id"],)
            ]

    def _find_ids_at_place(self, key: str) -> list[str]:
        document, _, line = key.rpartition(":")
        if not (document and line.isascii() and line.isdigit()):
            return []
        entries = select(ENTRIES.c.paper_id).join(DOCUMENTS).distinct()
        at = entries.where(DOCUMENTS.c.name == document, ENTRIES.c.line == min(int(line), 2**62))
        return [row["paper_id"] for row in self.select(at)]

    def _find_ids_with_prefix(self, key: str) -> list[str]:
        ids = select(PAPERS.c.paper_id)
        exact = self.select(ids.where(PAPERS.c.paper_id == key))
        if exact or len(key) < MIN_PREFIX:
            return [row["paper_id"] for row in exact]
        between = (PAPERS.c.paper_id >= key) & (PAPERS.c.paper_id < key + "\uffff")
        return [
            row["paper_id"]
            for row in self.select(ids.where(between).order_by(PAPERS.c.paper_id).limit(6))
        ]

    def _find_nearest_place(self, key: str) -> str:
        document, _, line = key.rpartition(":")
        lines = select(ENTRIES.c.line).join(DOCUMENTS).where(DOCUMENTS.c.name == document)
        places = self.select(lines)
        if places and line.isascii() and line.isdigit():
            nearest_line = min(
                (row["line"] for row in places), key=lambda n: (abs(n - int(line)), n)
            )
            return f"the nearest entry begins at '{document}:{nearest_line}'"
        names = [row["name"] for row in self.select(select(DOCUMENTS.c.name))]
        close = difflib.get_close_matches(document or key, names, n=1)
        if close:
            return f"is the document {close[0]!r} meant?"
        return 'give a paper id or "<document>:<line>" as "paperfolk papers --files" prints them'

    # --- people and documents -------------------------------------------------------------------

    def list_names(self, most_papers_first: int | None = None) -> list[str]:
        """Every printed name, by the alphabet, or so many of those on most papers."""
        names = select(NAMES.c.name).order_by(NAMES.c.name)
        if most_papers_first is not None:
            n = func.count(AUTHORSHIPS.c.paper_id.distinct())
            counted = select(AUTHORSHIPS.c.name).group_by(AUTHORSHIPS.c.name)
            names = counted.order_by(n.desc(), AUTHORSHIPS.c.name).limit(most_papers_first)
        return [row[0] for row in self.fetch(names)]

    @property
    def n_people(self) -> int:
        return self._count(NAMES)

    def list_pages(self) -> list[ProfilePage]:
        """The author pages that were read, by document name."""
        return [document.page for document in self.list_documents() if document.page]

    def list_page_papers(self, person: str) -> list[str]:
        """Ids of the papers on the person's own page, in page order, once each."""
        on_page = (
            select(ENTRIES.c.paper_id)
            .join_from(DOCUMENTS, ENTRIES)
            .join(PAGES, PAGES.c.document_id == DOCUMENTS.c.document_id)
            .where(PAGES.c.person == person)
            .order_by(DOCUMENTS.c.name, ENTRIES.c.ordinal)
        )
        return list(dict.fromkeys(row["paper_id"] for row in self.select(on_page)))

    def list_documents(self) -> list[Document]:
        return [rows.build_document(row) for row in self.select(DOCUMENTS_READ)]

    def left_out(self) -> frozenset[str]:
        """Paths of documents that a reader removed: not read again from a folder unasked.

        Also those of a list that an older version has left, until the next ingest takes them over.
        """
        paths = self.select(select(LEFT_OUT.c.path))
        return frozenset(row["path"] for row in paths) | old_list(self.folder)

    def list_corrections(self) -> dict[tuple[str, int], dict[str, Any]]:
        """What people said of entries, by the document's sha256 and the line: values by field."""
        corrections: dict[tuple[str, int], dict[str, Any]] = defaultdict(dict)
        for row in self.select(select(CORRECTIONS)):
            corrections[row["sha256"], row["line"]][row["field"]] = json.loads(row["value"])
        return dict(corrections)

    def list_entries_of(self, paper: Paper) -> list[Entry]:
        """The entries that were joined to a paper, document by document."""
        documents = dict.fromkeys(place.document for place in paper.places)
        entries = (entry for document in documents for entry in self.list_entries(document))
        return [entry for entry in entries if entry.place in paper.places]

    def list_entries(self, document: str) -> list[Entry]:
        """The entries of one document as read, in its order; none for an unknown name."""
        of_document = ENTRIES_READ.where(DOCUMENTS.c.name == document).order_by(ENTRIES.c.ordinal)
        return [rows.build_entry(row) for row in self.select(of_document)]

    # --- chunks -------------------------------------------------------------------------------

    def list_chunks(self, chunk_ids: Iterable[str] | None = None) -> list[Chunk]:
        """All chunks in text order, or those with these ids in the order given; unknown ids are left out."""
        chunks = rows.CHUNKS_WITH_TEXT
        if chunk_ids is None:
            return [rows.build_chunk(row) for row in self.select(chunks.order_by(*IN_TEXT_ORDER))]
        wanted = list(dict.fromkeys(chunk_ids))
        chunks_by_id = {
            row["chunk_id"]: rows.build_chunk(row)
            for row in self.select(CHUNKS_LISTED, ids=encode_list(wanted))
        }
        return [chunks_by_id[chunk_id] for chunk_id in wanted if chunk_id in chunks_by_id]

    def list_chunk_ids(self) -> list[str]:
        """Of all chunks, in text order."""
        ids = select(CHUNKS.c.chunk_id).join(PAPERS).order_by(*IN_TEXT_ORDER)
        return [row["chunk_id"] for row in self.select(ids)]

    def list_chunks_of(self, paper_ids: Iterable[str]) -> list[Chunk]:
        """The chunks of these papers, in text order within each paper."""
        chunk_rows = self.select(CHUNKS_OF_PAPERS, ids=encode_list(paper_ids))
        return [rows.build_chunk(row) for row in chunk_rows]

    def list_role_spans(self, paper_id: str) -> tuple[RoleSpan, ...]:
        """The sentences of a paper in text order, each once, with their roles where these are known."""
        roles: dict[Span, SentenceRole | None] = {}
        for chunk in self.list_chunks_of([paper_id]):
            spans = get_sentences(chunk)
            known = chunk.roles or (None,) * len(spans)
            for (start, end), role in zip(spans, known, strict=True):
                roles.setdefault((chunk.span[0] + start, chunk.span[0] + end), role)
        return tuple(RoleSpan(span, role) for span, role in sorted(roles.items()))

    def has_all_roles(self) -> bool:
        """Whether the roles of the sentences of every chunk are known."""
        unknown = select(CHUNKS.c.chunk_id).where(CHUNKS.c.roles.is_(None)).limit(1)
        return not self.select(unknown)

    def list_changes(self, since: int) -> list[str]:
        """Ids of the chunks that came, changed or went after a version, if the journal goes so far back."""
        later = select(CHANGES.c.chunk_id).where(CHANGES.c.version > since).distinct()
        return sorted(row[0] for row in self.fetch(later))

    def list_vectors(self, chunk_ids: Sequence[str], embedder: str) -> dict[str, bytes]:
        """The chunks' vectors by this embedder as stored (`rag.library.token_vector_store`), where there are any."""
        vectors = self.select(VECTORS_LISTED, embedder=embedder, ids=encode_list(chunk_ids))
        return {row["chunk_id"]: row["vector"] for row in vectors}


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
        journal_from=int(meta.get("journal_from", 0)),
    )
