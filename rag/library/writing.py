"""The writer, the only code that changes a library; `rag.library.locking` opens it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rag.library import chunking, identity, rows, schema
from rag.library.exclusions import EXCLUSIONS_FILE as OLD_LIST
from rag.library.exclusions import old_list
from rag.types import Chunk, DocumentPlan, Entry, Paper, Plan

_MODULUS = 2**128

_ENTRIES = """
SELECT e.*, d.name AS document FROM entries e JOIN documents d USING (document_id)
"""


_ORPHANS = "SELECT chunk_id FROM chunks WHERE paper_id NOT IN (SELECT paper_id FROM papers)"


class Writer:
    """Changes the library, each change in one transaction; opened by `rag.library.locking.open_writer`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db = schema.open_connection(folder / schema.LIBRARY_FILE, readonly=False)
        try:
            self._db.row_factory = sqlite3.Row
            schema.run_migrations(self._db)
            if not self._read_meta_value("library_id"):
                self._set_meta(library_id=uuid.uuid4().hex[:8])
            self._take_over_list()
        except BaseException:  # whatever it is, the file is not left open
            self._db.close()
            raise

    def _take_over_list(self) -> None:
        """Move the list of removed documents that an older version kept into the library."""
        if paths := old_list(self._folder):
            with self._open_transaction():
                self._leave_out(paths)
        with suppress(OSError):  # read again next time, which changes nothing
            (self._folder / OLD_LIST).unlink()

    def close(self) -> None:
        self._db.close()

    # --- what the documents say -----------------------------------------------------------------

    def list_unembedded(self, plan: Plan, embedder: str, *, again: bool = False) -> list[Chunk]:
        """Chunks that the library would hold after the plan and that this embedder is yet to embed.

        For a rebuild these are all; their old vectors stay until the new ones take their place.
        """
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._apply_plan(plan, again=again)
            rows = self._db.execute(
                "SELECT c.*, substr(p.text, c.start + 1, c.end - c.start) AS text "
                "FROM chunks c JOIN papers p USING (paper_id) WHERE ? OR NOT EXISTS "
                "(SELECT 1 FROM vectors v WHERE v.chunk_id = c.chunk_id AND v.embedder = ?)",
                (plan.rebuild, embedder),
            ).fetchall()
        finally:
            if self._db.in_transaction:  # a full disk has undone it already
                self._db.execute("ROLLBACK")
        return [Chunk(r["chunk_id"], r["paper_id"], (r["start"], r["end"]), r["text"], r["heading"]) for r in rows]  # fmt: skip

    def store_vectors(
        self, embedder: str, vectors: Iterable[tuple[str, bytes, bytes | None]]
    ) -> None:
        """Keep vectors (chunk id, vector, token vectors), also of chunks that are yet to be stored."""
        with self._open_transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO vectors (chunk_id, embedder, vector, tokens) VALUES (?, ?, ?, ?)",
                [(chunk_id, embedder, vector, tokens) for chunk_id, vector, tokens in vectors],
            )

    def store(
        self, plan: Plan, embedder: str, *, leave_out: Iterable[str] = (), again: bool = False
    ) -> None:
        """Carry out the plan in one transaction; changed chunks wait in the outbox from then on.

        Args:
            plan: What is to change.
            embedder: Whose vectors the indexes are to hold.
            leave_out: Paths that are not to be read again from a folder; those that the plan reads
                are left out no longer.
            again: Also derive anew all that is derived from the documents' entries.
        """
        with self._open_transaction():
            self._apply_plan(plan, again=again)
            reader = [(item.path,) for item in plan.documents if item.reading]
            self._db.executemany("DELETE FROM left_out WHERE path = ?", reader)
            self._leave_out(leave_out)
            row = self._db.execute(
                "SELECT length(vector) / 2 FROM vectors WHERE embedder = ? LIMIT 1", (embedder,)
            ).fetchone()
            self._set_meta(target=embedder, target_dimension=str(row[0] if row else 0))

    def _leave_out(self, paths: Iterable[str]) -> None:
        self._db.executemany("INSERT OR IGNORE INTO left_out VALUES (?)", [(p,) for p in paths])

    def _apply_plan(self, plan: Plan, *, again: bool) -> None:
        touched: set[str] = set()
        for document in plan.documents:
            if document.change in ("new", "changed"):
                touched |= self._store_document(document)
            elif document.change == "removed":
                touched |= self._remove_document(document.name)
            elif document.change == "unchanged":
                self._db.execute(
                    "UPDATE documents SET path = ? WHERE name = ?", (document.path, document.name)
                )
        again = again or plan.rebuild or self._read_meta_value("chunker") != chunking.CHUNKER
        if again:
            touched |= self._update_paper_ids()
            orphans = self._db.execute(_ORPHANS).fetchall()
            self._db.executemany("INSERT OR IGNORE INTO outbox VALUES (?)", map(tuple, orphans))
            self._db.executemany("DELETE FROM chunks WHERE chunk_id = ?", map(tuple, orphans))
        self._merge_papers(touched, again=again)
        self._update_fingerprint()

    def _store_document(self, document: DocumentPlan) -> set[str]:
        reading = document.reading
        assert reading is not None
        old = self._list_entries("WHERE d.name = ?", document.name)
        kept_lines = {e.place.line for e in document.entries if e.change == "kept"}
        kept_entries = [entry for _, entry in old if entry.place.line in kept_lines]
        entries = [*reading.entries, *kept_entries]
        ids = [identity.compute_paper_id(entry.title, entry.text) for entry in entries]
        document_id = self._db.execute(
            "INSERT INTO documents (name, path, sha256, format, institution, rejections, n_kept, ingested_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET path = excluded.path, "
            "sha256 = excluded.sha256, format = excluded.format, institution = excluded.institution, "
            "rejections = excluded.rejections, n_kept = excluded.n_kept, ingested_at = excluded.ingested_at "
            "RETURNING document_id",
            (
                document.name, document.path, reading.sha256, reading.format, reading.institution,
                json.dumps([(r.line, r.reason) for r in reading.rejections], ensure_ascii=False),
                len(kept_entries), _get_timestamp(),
            ),
        ).fetchone()[0]  # fmt: skip
        self._db.execute("DELETE FROM pages WHERE document_id = ?", (document_id,))
        if reading.page:
            values = asdict(reading.page)
            self._add_rows("pages", [{"document_id": document_id, **values}])
        self._db.execute("DELETE FROM entries WHERE document_id = ?", (document_id,))
        self._add_rows("entries", [
            {
                "document_id": document_id,
                "ordinal": ordinal,
                "line": entry.place.line,
                "paper_id": paper_id,
                "raw": entry.raw,
                "parsed": rows.encode_entry(entry),
                "digest": identity.compute_entry_digest(entry),
            }
            for ordinal, (paper_id, entry) in enumerate(zip(ids, entries, strict=True))
        ])  # fmt: skip
        return {*ids, *(paper_id for paper_id, _ in old)}

    def _remove_document(self, name: str) -> set[str]:
        touched = {paper_id for paper_id, _ in self._list_entries("WHERE d.name = ?", name)}
        self._db.execute("DELETE FROM documents WHERE name = ?", (name,))
        return touched

    def _update_paper_ids(self) -> set[str]:
        """Give every entry the id that the present rules give; returns all ids, old and new."""
        touched = {str(row[0]) for row in self._db.execute("SELECT paper_id FROM papers")}
        changed: list[tuple[str, int, int]] = []
        for row in self._db.execute(_ENTRIES).fetchall():
            entry = rows.build_entry(row)
            now = identity.compute_paper_id(entry.title, entry.text)
            touched |= {row["paper_id"], now}
            if now != row["paper_id"]:
                changed.append((now, row["document_id"], row["ordinal"]))
        self._db.executemany(
            "UPDATE entries SET paper_id = ? WHERE document_id = ? AND ordinal = ?", changed
        )
        return touched

    # --- papers, from their entries -------------------------------------------------------------

    def _merge_papers(self, paper_ids: Collection[str], *, again: bool) -> None:
        """Merge the entries of these papers again; put what changed into the outbox."""
        ids = json.dumps(sorted(paper_ids))
        entries: dict[str, list[Entry]] = defaultdict(list)
        for paper_id, entry in self._list_entries(
            "WHERE e.paper_id IN (SELECT value FROM json_each(?))", ids
        ):
            entries[paper_id].append(entry)
        owners = {
            row["name"]: row["person"]
            for row in self._db.execute(
                "SELECT name, person FROM documents JOIN pages USING (document_id)"
            )
        }
        before = {
            row["paper_id"]: row["digest"]
            for row in self._db.execute(
                "SELECT paper_id, digest FROM papers WHERE paper_id IN (SELECT value FROM json_each(?))", (ids,)
            )
        }  # fmt: skip
        after = {
            paper_id: identity.merge(paper_id, paper_entries, owners)
            for paper_id, paper_entries in entries.items()
        }
        digests = {
            paper_id: identity.compute_paper_digest(paper) for paper_id, paper in after.items()
        }
        self._remove_papers(set(before) - set(after))
        self._store_papers(
            [p for i, p in after.items() if again or digests[i] != before.get(i)], digests
        )
        total = _compute_digest_sum(digests.values())  # of all papers, where all are derived again
        if not again:
            total += int(self._read_meta_value("papers_sum") or "0", 16) - _compute_digest_sum(
                before.values()
            )
        total %= _MODULUS
        self._set_meta(papers_sum=f"{total:032x}")

    def _store_papers(self, papers: Sequence[Paper], digests: Mapping[str, str]) -> None:
        ids = json.dumps([paper.paper_id for paper in papers])
        self._add_rows(
            "papers", [rows.build_paper_row(p, digests[p.paper_id]) for p in papers], key="paper_id"
        )
        self._db.execute(
            "DELETE FROM authorships WHERE paper_id IN (SELECT value FROM json_each(?))", (ids,)
        )
        self._db.executemany(
            "INSERT INTO authorships (paper_id, ordinal, name, folded, role, position) VALUES (?, ?, ?, ?, ?, ?)",
            (row for paper in papers for row in rows.build_authorship_rows(paper)),
        )
        self._send(ids)
        self._db.execute(
            "DELETE FROM chunks WHERE paper_id IN (SELECT value FROM json_each(?))", (ids,)
        )
        self._db.executemany(
            "INSERT INTO chunks (chunk_id, paper_id, start, end, heading, sentences) VALUES (?, ?, ?, ?, ?, ?)",
            (rows.build_chunk_row(c) for paper in papers for c in chunking.split_paper(paper)),
        )
        self._send(ids)

    def _remove_papers(self, paper_ids: Collection[str]) -> None:
        ids = json.dumps(sorted(paper_ids))
        self._send(ids)
        self._db.execute(
            "DELETE FROM papers WHERE paper_id IN (SELECT value FROM json_each(?))", (ids,)
        )

    def _send(self, ids: str) -> None:
        """Put the present chunks of these papers into the outbox."""
        self._db.execute(
            "INSERT OR IGNORE INTO outbox SELECT chunk_id FROM chunks "
            "WHERE paper_id IN (SELECT value FROM json_each(?))",
            (ids,),
        )

    def _update_fingerprint(self) -> None:
        """Set the fingerprint to what papers and documents now say."""
        sums = self._db.execute(
            "SELECT d.name, d.institution, p.* FROM documents d LEFT JOIN pages p USING (document_id)"
        ).fetchall()
        digests = []
        for row in sums:
            values = [row[key] for key in row.keys() if key != "document_id"]
            digests.append(hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32])
        total = (
            int(self._read_meta_value("papers_sum") or "0", 16) + _compute_digest_sum(digests)
        ) % _MODULUS
        self._set_meta(fingerprint=f"{total:032x}", chunker=chunking.CHUNKER)

    # --- what is derived ------------------------------------------------------------------------

    def list_pending(self) -> list[str]:
        """Ids in the outbox: present chunks to be put into the indexes, others to be taken out."""
        return [
            row["chunk_id"] for row in self._db.execute("SELECT chunk_id FROM outbox ORDER BY 1")
        ]

    def clear_outbox(self, generation: int) -> None:
        """The indexes of this generation now hold exactly the library's chunks."""
        with self._open_transaction():
            self._db.execute("DELETE FROM outbox")
            self._set_meta(
                generation=str(generation),
                version=str(int(self._read_meta_value("version") or 0) + 1),
                embedder=self._read_meta_value("target"),
                dimension=self._read_meta_value("target_dimension"),
            )

    def drop_unused_vectors(self) -> int:
        """Drop vectors that no chunk or no embedder in use needs; returns how many there were."""
        with self._open_transaction():
            return self._db.execute(
                "DELETE FROM vectors WHERE embedder != (SELECT value FROM meta WHERE key = 'embedder') "
                "OR chunk_id NOT IN (SELECT chunk_id FROM chunks)"
            ).rowcount

    def require_whole(self) -> None:
        """Raise a LibraryError where the file is damaged, beyond what can be derived again."""
        schema.require_whole(self._db, self._folder / schema.LIBRARY_FILE)

    def drop_broken_vectors(self) -> int:
        """Delete vectors that no embedder can have made; returns their number."""
        with self._open_transaction():
            return self._db.execute(
                "DELETE FROM vectors WHERE embedder = (SELECT value FROM meta WHERE key = 'target') "
                f"AND NOT ({schema.WHOLE_VECTOR})"
            ).rowcount

    # --- journal --------------------------------------------------------------------------------

    def start_ingest(self, plan: Plan) -> int:
        """Note in the journal that an ingest begins; returns its number."""
        row = self._db.execute(
            "INSERT INTO ingests (started_at, counts) VALUES (?, ?) RETURNING ingest_id",
            (_get_timestamp(), json.dumps(plan.counts)),
        ).fetchone()
        return int(row[0])

    def log_ingest_end(self, ingest_id: int) -> None:
        self._db.execute(
            "UPDATE ingests SET finished_at = ? WHERE ingest_id = ?", (_get_timestamp(), ingest_id)
        )

    # --- SQLite ---------------------------------------------------------------------------------

    @contextmanager
    def _open_transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException as exc:  # also an interrupt leaves nothing half written
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            if isinstance(exc, schema.FAULTS):
                raise schema.not_written(self._folder, exc) from exc
            raise

    def _list_entries(self, where: str, *values: object) -> list[tuple[str, Entry]]:
        order = " ORDER BY d.name, e.ordinal"
        cursor = self._db.execute(_ENTRIES + where + order, values)
        return [(row["paper_id"], rows.build_entry(row)) for row in cursor]

    def _add_rows(self, table: str, values: Sequence[Mapping[str, object]], key: str = "") -> None:
        """Insert rows; a row whose ``key`` is there already takes the new values in place."""
        if not values:
            return
        columns = list(values[0])
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(':' + c for c in columns)})"
        if key:
            changes = ", ".join(f"{c} = excluded.{c}" for c in columns if c != key)
            sql += f" ON CONFLICT ({key}) DO UPDATE SET {changes}"
        self._db.executemany(sql, values)

    def _read_meta_value(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def _set_meta(self, **values: str) -> None:
        self._db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())


def _compute_digest_sum(digests: Iterable[str]) -> int:
    return sum(int(digest, 16) for digest in digests)


def _get_timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
