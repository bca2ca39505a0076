"""The lexical index (BM25) in tantivy, fed with analysed terms, so it only splits at spaces.

Tantivy counts deleted documents in its document frequencies, mean lengths and scores until it merges
segments, which cannot be forced. So nothing is ever deleted: each update rewrites the index from its
stored terms, in the order of the ids. An index then depends only on its contents, not on its
history, and no term is in more chunks than there are.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tantivy

from rag.types.errors import IndexUnreadable
from rag.types.ports import LEXICAL_FIELDS, LexicalRecord

HEAP_BYTES = 64_000_000


class LexicalIndex:
    """BM25 over the fields of chunks, which `rag.ingest.indexing.build_lexical_record` fills.

    Args:
        folder: Folder of the index.
        create: Create an empty index; the folder must not contain one.

    Raises:
        IndexUnreadable: There is no index in the folder, it is broken, or an earlier version has
            deleted from it.
    """

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self._folder = folder
        self._schema = _build_schema()
        with self._convert_errors():
            if create:
                folder.mkdir(parents=True, exist_ok=True)
                self._index = tantivy.Index(self._schema, path=str(folder), reuse=False)
            else:
                self._index = tantivy.Index.open(str(folder))
        self.load_latest()

    def load_latest(self) -> None:
        """Load the latest commit, of any process."""
        with self._convert_errors():
            self._index.reload()
            self._searcher = self._index.searcher()
            meta = json.loads((self._folder / "meta.json").read_text("utf-8"))
            if any(segment["deletes"] for segment in meta["segments"]):
                raise ValueError("it counts deleted chunks")

    def close(self) -> None:
        """Close nothing: only memory maps are open, which end with the object."""

    def update(self, upserts: Iterable[LexicalRecord], deletes: Collection[str] = ()) -> None:
        """Add or replace chunks by id and remove others, in one commit.

        Args:
            upserts: Sorted by id, without duplicates.
            deletes: Unknown ids are ignored.
        """
        new = ((record.chunk_id, _terms(record)) for record in upserts)
        with self._convert_errors():
            writer = self._index.writer(HEAP_BYTES, 1)
            writer.delete_all_documents()  # drops whole segments: nothing of them is counted on
            last = ""
            for chunk_id, values in heapq.merge(new, self._entries(deletes), key=lambda e: e[0]):
                if chunk_id != last:  # the new one comes first
                    document = tantivy.Document(chunk_id=chunk_id)
                    for name, value in values.items():
                        document.add_text(name, value)
                    writer.add_document(document)
                assert chunk_id >= last, "upserts come in the order of their ids"
                last = chunk_id
            writer.commit()
            writer.wait_merging_threads()
        self.load_latest()

    def _entries(self, but: Collection[str]) -> Iterator[tuple[str, dict[str, str]]]:
        """All stored entries, sorted by id."""
        left_out = set(but)
        order = sorted((self._id(address), address) for address in self._addresses())
        for chunk_id, address in order:
            if chunk_id not in left_out:
                remaining = self._searcher.doc(address)
                values: dict[str, Any] = {
                    n: remaining.get_first(n) for n in ("paper_id", *LEXICAL_FIELDS)
                }
                if None in values.values():
                    raise ValueError("it was made by an earlier version")
                yield chunk_id, values

    def _addresses(self) -> list[Any]:
        n = self._searcher.num_docs
        if not n:
            return []
        hits = self._searcher.search(tantivy.Query.all_query(), n, count=False).hits
        return [address for _, address in hits]

    def _id(self, address: Any) -> str:
        return str(self._searcher.doc(address).get_first("chunk_id"))

    def find_chunks(
        self,
        terms: Iterable[str],
        k: int,
        boosts: Mapping[str, float] | None = None,
        within: Collection[str] | None = None,
    ) -> list[tuple[str, str, float]]:
        """The k best chunks as (chunk id, paper id, BM25 score), best first, ties by chunk id.

        A chunk scores the sum over terms and fields; a term given twice counts twice.

        Args:
            terms: As `rag.text.analysis.split_terms` gives them; any string is just a term.
            k: 1 or more.
            boosts: Weight of each field searched; default: ``body`` alone.
            within: Paper ids whose chunks alone are searched, scored as among all; None: all.
        """
        clauses = [
            (tantivy.Occur.Should, self._build_clause(field, term, weight * count))
            for term, count in Counter(terms).items()
            for field, weight in (boosts or {"body": 1.0}).items()
        ]
        if not clauses or (within is not None and not within):
            return []
        with self._convert_errors():
            query = tantivy.Query.boolean_query(clauses)
            hits = self._find_best(
                query if within is None else self._build_restricted_query(query, within), k
            )
            scored_documents = [(self._searcher.doc(address), score) for score, address in hits]
        rows = [
            (str(d.get_first("chunk_id")), str(d.get_first("paper_id")), s)
            for d, s in scored_documents
        ]
        return sorted(rows, key=lambda row: (-row[2], row[0]))[:k]

    def count_documents(self, terms: Iterable[str], field: str = "body") -> dict[str, int]:
        """Count the chunks in which each term occurs."""
        return {term: self._searcher.doc_freq(field, term) for term in set(terms)}

    def list_ids(self, among: Collection[str] | None = None) -> set[str]:
        """The ids of all chunks here, or of those of some that are here."""
        with self._convert_errors():
            if among is None:
                return {self._id(address) for address in self._addresses()}
            if not among:
                return set()
            query = tantivy.Query.term_set_query(self._schema, "chunk_id", list(among))
            hits = self._searcher.search(query, len(among), count=False).hits
            return {self._id(address) for _, address in hits}

    def count(self) -> int:
        return int(self._searcher.num_docs)

    def _find_best(self, query: Any, k: int) -> list[tuple[float, Any]]:
        """The k best hits and all that tie with the last one, as ties are decided by id."""
        limit = k + 16
        while True:
            hits = self._searcher.search(query, limit, count=False).hits
            if len(hits) < limit or hits[-1][0] < hits[k - 1][0]:
                return list(hits)
            limit *= 2

    def _build_restricted_query(self, query: Any, within: Collection[str]) -> Any:
        papers = tantivy.Query.term_set_query(self._schema, "paper_id", list(within))
        silent = tantivy.Query.const_score_query(papers, 0.0)
        must = tantivy.Occur.Must
        return tantivy.Query.boolean_query([(must, query), (must, silent)])

    def _build_clause(self, field: str, term: str, weight: float) -> Any:
        query = tantivy.Query.term_query(self._schema, field, term, index_option="freq")
        return query if weight == 1.0 else tantivy.Query.boost_query(query, weight)

    @contextmanager
    def _convert_errors(self) -> Iterator[None]:
        try:
            yield
        except (ValueError, OSError) as exc:
            raise IndexUnreadable(
                f"the lexical index in {str(self._folder)!r} cannot be used ({exc}); "
                'run "paperfolk ingest" to rebuild it'
            ) from exc


def _terms(record: LexicalRecord) -> dict[str, str]:
    fields = dict(zip(LEXICAL_FIELDS, (record.body, record.title, record.names), strict=True))
    return {"paper_id": record.paper_id} | {n: " ".join(terms) for n, terms in fields.items()}


def _build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("chunk_id", "paper_id"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in LEXICAL_FIELDS:
        builder.add_text_field(name, stored=True, tokenizer_name="whitespace", index_option="freq")
    return builder.build()
