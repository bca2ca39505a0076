"""The writer, the only code that changes a library; `rag.library.locking` opens it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    Table,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    true,
)

from rag.library import chunking, identity, matching, paper_words, rows
from rag.library.database import FAULTS, Database, translated
from rag.library.exclusions import EXCLUSIONS_FILE as OLD_LIST
from rag.library.exclusions import old_list
from rag.library.schema import WHOLE_VECTOR
from rag.library.tables import (
    ALIASES,
    APART,
    AUTHORSHIPS,
    CHANGES,
    CHUNKS,
    CORRECTIONS,
    DOCUMENTS,
    ENTRIES,
    ENTRY_KEYS,
    INGESTS,
    IS_SEARCHED,
    LEFT_OUT,
    META,
    OUTBOX,
    PAGES,
    PAPER_WORDS,
    PAPERS,
    PARTS_OF_PAPERS,
    VECTORS,
    build_insert,
    build_upsert,
    is_listed,
)
from rag.library.token_vector_store import LAYOUT, OLD_STARTS
from rag.types import Chunk, DocumentPlan, Entry, Paper, Plan

KEPT_FORM = f"{LAYOUT} gist"
"""Goes up with what is kept of vectors, which `list_old_tokens` then lists."""
_MODULUS = 2**128
MAX_CHANGES = 50_000
"""Chunks in the journal before it begins anew."""

_ENTRIES = select(ENTRIES, DOCUMENTS.c.name.label("document")).join(DOCUMENTS)
_ORPHANS = select(CHUNKS.c.chunk_id).where(
    ~exists().where(PAPERS.c.paper_id == CHUNKS.c.paper_id).correlate(CHUNKS)
)


_NEEDED = exists().where(CHUNKS.c.chunk_id == VECTORS.c.chunk_id).correlate(VECTORS)
_NEIGHBOUR = CHUNKS.alias()
_CHUNKS = rows.CHUNKS_WITH_TEXT.add_columns(
    (
        ~exists().where(
            _NEIGHBOUR.c.paper_id == CHUNKS.c.paper_id, _NEIGHBOUR.c.start != CHUNKS.c.start
        )
    ).label("whole")
)
"""Chunks with text, and whether each is the whole of its paper."""
_TO_BE_FOUND = ""
"""The paper of an entry that was just stored."""
_OTHER_KEYS = ENTRY_KEYS.alias()


class Writer:
    """Changes the library, each change in one transaction; opened by `rag.library.locking.open_writer`."""

    def __init__(self, folder: Path, database: Database, connection: Connection) -> None:
        self._folder, self._database, self._db = folder, database, connection
        self._shared: set[str] = set()
        with self._open_transaction():
            if not self._read_meta_value("library_id"):
                self._set_meta(library_id=uuid.uuid4().hex[:8])
        self._take_over_list()

    def _take_over_list(self) -> None:
        """Move the list of removed documents that an older version kept into the library."""
        if paths := old_list(self._folder):
            with self._open_transaction():
                self._leave_out(paths)
        with suppress(OSError):  # read again next time, which changes nothing
            (self._folder / OLD_LIST).unlink()

    # --- what the documents say -----------------------------------------------------------------

    def list_unembedded(
        self, plan: Plan, embedder: str, *, again: bool = False, everywhere: bool = True
    ) -> list[tuple[Chunk, bool]]:
        """Chunks that the library would hold after the plan and that this embedder is yet to embed.

        Each with whether it is the whole of its paper.
        For a rebuild these are all; their old vectors stay until the new ones take their place.
        ``everywhere``: also those of papers that the plan leaves as they are, for which all chunks
        are looked at.
        """
        known = exists().where(
            VECTORS.c.chunk_id == CHUNKS.c.chunk_id, VECTORS.c.embedder == embedder
        )
        unembedded = _CHUNKS.where(true() if plan.rebuild else ~known)
        try:
            with self._db.begin() as transaction:
                changed = self._apply_plan(plan, again=again, bare=True)
                if not everywhere:
                    unembedded = unembedded.where(is_listed(CHUNKS.c.paper_id, changed))
                chunk_rows = self._db.execute(unembedded).mappings().all()
                transaction.rollback()
        except FAULTS as exc:
            raise self._database.build_not_written(exc) from exc
        return [(rows.build_chunk(row), bool(row["whole"])) for row in chunk_rows]

    def store_vectors(
        self,
        embedder: str,
        vectors: Iterable[tuple[str, bytes, bytes | None]],
        *,
        outdated: Iterable[str] = (),
    ) -> None:
        """Keep vectors (chunk id, vector, token vectors), also of chunks that are yet to be stored.

        ``outdated``: chunks whose entries in the indexes are not as they should be with these vectors.
        """
        with self._open_transaction():
            self._add_missing(OUTBOX, [{"chunk_id": chunk_id} for chunk_id in outdated])
            self._store_rows(VECTORS, [
                {"chunk_id": chunk_id, "embedder": embedder, "vector": vector, "tokens": tokens}
                for chunk_id, vector, tokens in vectors
            ])  # fmt: skip

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
            paths = [item.path for item in plan.documents if item.reading]
            self._db.execute(LEFT_OUT.delete().where(is_listed(LEFT_OUT.c.path, paths)))
            self._leave_out(leave_out)
            of_embedder = select(func.length(VECTORS.c.vector)).where(
                VECTORS.c.embedder == embedder, IS_SEARCHED
            )
            n_bytes = self._db.execute(of_embedder.limit(1)).scalar() or 0
            self._set_meta(target=embedder, target_dimension=str(n_bytes // 2))

    def _leave_out(self, paths: Iterable[str]) -> None:
        self._add_missing(LEFT_OUT, [{"path": path} for path in paths])

    def _apply_plan(self, plan: Plan, *, again: bool, bare: bool = False) -> list[str]:
        """Store what the documents say; ``bare``: to see which chunks there will be, and no more.

        Returns the ids of the papers that are new or others than before.
        """
        touched: set[str] = set()
        self._shared = set()
        for document in plan.documents:
            if document.change in ("new", "changed"):
                touched |= self._store_document(document)
            elif document.change == "removed":
                touched |= self._remove_document(document.name)
            elif document.change == "unchanged":
                same = DOCUMENTS.update().where(DOCUMENTS.c.name == document.name)
                self._db.execute(same.values(path=document.path))
        rules = (self._read_meta_value("chunker"), self._read_meta_value("identity"))
        again = again or plan.rebuild or rules != (chunking.CHUNKER, matching.RULES)
        if again:
            self._store_keys()
        touched |= self._update_paper_ids(again=again) - {_TO_BE_FOUND}
        self._set_meta(identity=matching.RULES)
        if again:
            orphans = list(self._db.execute(_ORPHANS).scalars())
            self._add_missing(OUTBOX, [{"chunk_id": chunk_id} for chunk_id in orphans])
            self._db.execute(CHUNKS.delete().where(is_listed(CHUNKS.c.chunk_id, orphans)))
        stored_ids, freed = self._merge_papers(touched, again=again, bare=bare)
        if not bare:
            is_whole = again or any(d.change != "new" for d in plan.documents)
            paper_words.update_names(self._db, touched, freed, is_whole=is_whole)
        self._update_fingerprint()
        return stored_ids

    def _store_document(self, document: DocumentPlan) -> set[str]:
        reading = document.reading
        assert reading is not None
        # Of a document that is stored in pieces, those before this one stay as they are.
        old = [] if document.start else self._list_entries(DOCUMENTS.c.name == document.name)
        kept_lines = {e.place.line for e in document.entries if e.change == "kept"}
        kept_entries = [entry for _, entry in old if entry.place.line in kept_lines]
        entries = [*reading.entries, *kept_entries]
        document_id = self._store_document_row({
            "name": document.name,
            "path": document.path,
            "sha256": reading.sha256,
            "format": reading.format,
            "institution": reading.institution,
            "rejections": json.dumps(
                [(r.line, r.reason) for r in reading.rejections], ensure_ascii=False
            ),
            "n_kept": len(kept_entries),
            "ingested_at": _get_timestamp(),
        })  # fmt: skip
        self._db.execute(PAGES.delete().where(PAGES.c.document_id == document_id))
        if reading.page:
            forms = rows.build_forms(reading.page.person)
            self._add_rows(PAGES, [{"document_id": document_id, **asdict(reading.page), **forms}])
        of_document = ENTRY_KEYS.c.document_id == document_id
        shared = set[str]()
        if not document.start:
            shared = set(self._db.execute(select(ENTRY_KEYS.c.key).where(of_document)).scalars())
            self._db.execute(ENTRY_KEYS.delete().where(of_document))
            self._db.execute(ENTRIES.delete().where(ENTRIES.c.document_id == document_id))
        self._add_rows(ENTRIES, [
            {
                "document_id": document_id,
                "ordinal": ordinal,
                "line": entry.place.line,
                "paper_id": _TO_BE_FOUND,
                "packed": rows.pack_entry(identity.get_entry_values(entry)),
                "digest": identity.compute_entry_digest(entry),
            }
            for ordinal, entry in enumerate(entries, document.start)
        ])  # fmt: skip
        keys = [
            (ordinal, key)
            for ordinal, entry in enumerate(entries, document.start)
            for key in matching.list_keys(entry)
        ]
        self._add_rows(ENTRY_KEYS, [
            {"document_id": document_id, "ordinal": ordinal, "key": key} for ordinal, key in keys
        ])  # fmt: skip
        self._shared |= shared.union(key for _, key in keys)
        return {paper_id for paper_id, _ in old}

    def _store_keys(self) -> None:
        """Store the keys of all entries anew: other rules, or a version without them, made these."""
        self._db.execute(ENTRY_KEYS.delete())
        for row in self._db.execute(_ENTRIES).mappings().all():
            place = {"document_id": row["document_id"], "ordinal": row["ordinal"]}
            keys = matching.list_keys(rows.build_entry(row))
            self._add_rows(ENTRY_KEYS, [{**place, "key": key} for key in keys])

    def _store_document_row(self, values: Mapping[str, object]) -> int:
        inserted = build_insert(self._dialect, DOCUMENTS).values(dict(values))
        changes = {name: inserted.excluded[name] for name in values if name != "name"}
        stored = inserted.on_conflict_do_update(index_elements=["name"], set_=changes)
        return int(self._db.execute(stored.returning(DOCUMENTS.c.document_id)).scalar_one())

    def _remove_document(self, name: str) -> set[str]:
        is_document = DOCUMENTS.c.name == name
        touched = {paper_id for paper_id, _ in self._list_entries(is_document)}
        keys = select(ENTRY_KEYS.c.key).join(DOCUMENTS).where(is_document)
        self._shared |= set(self._db.execute(keys).scalars())
        self._db.execute(DOCUMENTS.delete().where(is_document))
        return touched

    def _update_paper_ids(self, *, again: bool) -> set[str]:
        """Find which entries are one paper, of all or of those that share keys with what changed.

        Returns:
            The ids of the papers whose entries are others than before.
        """
        reached = _ENTRIES
        if not again:
            reach = self._build_reach()
            is_same = and_(
                reach.c.document_id == ENTRIES.c.document_id, reach.c.ordinal == ENTRIES.c.ordinal
            )
            reached = _ENTRIES.join(reach, is_same)
        records = self._db.execute(reached).mappings().all()
        entries = {(row["document_id"], row["ordinal"]): rows.build_entry(row) for row in records}
        parted = set(self._db.execute(select(APART.c.digest)).scalars())
        apart = [(r["document_id"], r["ordinal"]) for r in records if r["digest"] in parted]
        groups = matching.group_entries(entries, apart)
        ids = matching.compute_group_ids([[entries[key] for key in group] for group in groups])
        new_ids = {key: i for group, i in zip(groups, ids, strict=True) for key in group}
        touched = (
            {str(i) for i in self._db.execute(select(PAPERS.c.paper_id)).scalars()}
            if again
            else set()
        )
        changed: list[dict[str, object]] = []
        for row in records:
            now = new_ids[row["document_id"], row["ordinal"]]
            touched.add(now)
            if now != row["paper_id"]:
                touched.add(row["paper_id"])
                changed.append({"now": now, "of": row["document_id"], "at": row["ordinal"]})
        if changed:
            place = and_(
                ENTRIES.c.document_id == bindparam("of"), ENTRIES.c.ordinal == bindparam("at")
            )
            self._db.execute(
                ENTRIES.update().where(place).values(paper_id=bindparam("now")), changed
            )
        return touched

    def _build_reach(self) -> Subquery:
        """The places of entries that share a key with what changed, over any number of steps.

        Each step follows the index of keys, so it costs what is reached, not what the library has.
        """
        keys = frontier = self._drop_idle(self._shared)
        of_entry = and_(
            _OTHER_KEYS.c.document_id == ENTRY_KEYS.c.document_id,
            _OTHER_KEYS.c.ordinal == ENTRY_KEYS.c.ordinal,
        )
        theirs = select(_OTHER_KEYS.c.key).join_from(ENTRY_KEYS, _OTHER_KEYS, of_entry).distinct()
        while frontier:
            reached = theirs.where(is_listed(ENTRY_KEYS.c.key, sorted(frontier)))
            frontier = self._drop_idle(set(self._db.execute(reached).scalars()) - keys)
            keys = keys | frontier
        places = select(ENTRY_KEYS.c.document_id, ENTRY_KEYS.c.ordinal).where(
            is_listed(ENTRY_KEYS.c.key, sorted(keys))
        )
        place = (ENTRIES.c.document_id, ENTRIES.c.ordinal)
        new = select(*place).where(ENTRIES.c.paper_id == _TO_BE_FOUND)
        return places.union(new).subquery()

    def _drop_idle(self, keys: set[str]) -> set[str]:
        """Some keys without those that join nothing in this library, with what changed."""
        sought = [
            matching.BY_FILE + key.removeprefix(matching.MISREAD)
            for key in matching.list_idle(keys, ())
        ]
        there = select(ENTRY_KEYS.c.key).where(is_listed(ENTRY_KEYS.c.key, sought)).distinct()
        return keys - matching.list_idle(keys, {*self._db.execute(there).scalars(), *self._shared})

    def part_entries(self, digests: Collection[str], *, join: bool = False) -> None:
        """Keep the entries with these digests apart from all others, or no longer."""
        with self._open_transaction():
            if join:
                self._db.execute(APART.delete().where(is_listed(APART.c.digest, digests)))
            else:
                self._add_missing(APART, [{"digest": digest} for digest in digests])
            self._set_meta(identity="")  # so that the next ingest groups all entries anew

    def store_aliases(self, aliases: Mapping[str, str]) -> None:
        """Show these names (the keys) as others from now on, and no others."""
        with self._open_transaction():
            self._db.execute(ALIASES.delete())
            self._add_rows(ALIASES, [
                {"name": name, "shown": label, **rows.build_forms(label)}
                for name, label in aliases.items()
            ])  # fmt: skip

    def store_corrections(self, values: Mapping[tuple[str, int], Mapping[str, object]]) -> None:
        """Keep what a person says of entries: by sha256 of the document and line, values by field."""
        with self._open_transaction():
            self._store_rows(CORRECTIONS, [
                {"sha256": sha256, "line": line, "field": field,
                 "value": json.dumps(value, ensure_ascii=False)}
                for (sha256, line), fields in values.items()
                for field, value in fields.items()
            ])  # fmt: skip

    # --- papers, from their entries -------------------------------------------------------------

    def _merge_papers(
        self, paper_ids: Collection[str], *, again: bool, bare: bool
    ) -> tuple[list[str], set[str]]:
        """Merge the entries of these papers again; put what changed into the outbox.

        Returns the ids of the papers that are new or others than before, and the names that stood on
        papers that changed or went.
        """
        ids = sorted(paper_ids)
        entries: dict[str, list[Entry]] = defaultdict(list)
        for paper_id, entry in self._list_entries(is_listed(ENTRIES.c.paper_id, ids)):
            entries[paper_id].append(entry)
        owned = select(DOCUMENTS.c.name, PAGES.c.person).join(PAGES)
        owners = dict(self._db.execute(owned).all())
        known = select(PAPERS.c.paper_id, PAPERS.c.digest)
        before = dict(self._db.execute(known.where(is_listed(PAPERS.c.paper_id, ids))).all())
        after = {
            paper_id: identity.merge(paper_id, paper_entries, owners)
            for paper_id, paper_entries in entries.items()
        }
        digests = {
            paper_id: identity.compute_paper_digest(paper) for paper_id, paper in after.items()
        }
        stored = [p for i, p in after.items() if again or digests[i] != before.get(i)]
        stored_ids = [paper.paper_id for paper in stored]
        lost_ids = set(before) - set(after)
        replaced = [*lost_ids, *(paper_id for paper_id in stored_ids if paper_id in before)]
        of_replaced = is_listed(AUTHORSHIPS.c.paper_id, replaced)
        freed = set(self._db.execute(select(AUTHORSHIPS.c.name).where(of_replaced)).scalars())
        if again and not bare:
            paper_words.clear_counts(self._db)
        elif not bare:
            paper_words.change_counts(self._db, removed=replaced)
        self._remove_papers(lost_ids)
        self._store_papers(stored, digests, bare=bare)
        if not bare:
            paper_words.change_counts(self._db, added=stored_ids)
        total = _compute_digest_sum(digests.values())  # of all papers, where all are derived again
        if not again:
            total += int(self._read_meta_value("papers_sum") or "0", 16) - _compute_digest_sum(
                before.values()
            )
        total %= _MODULUS
        self._set_meta(papers_sum=f"{total:032x}")
        return stored_ids, freed

    def _store_papers(
        self, papers: Sequence[Paper], digests: Mapping[str, str], *, bare: bool
    ) -> None:
        ids = [paper.paper_id for paper in papers]
        paper_rows = [rows.build_paper_row(p, digests[p.paper_id], bare=bare) for p in papers]
        self._store_rows(PAPERS, paper_rows)
        part_rows = {} if bare else rows.build_part_rows(papers)
        part_rows |= (
            {}
            if bare
            else paper_words.build_part_rows((p.paper_id, p.title, p.label, p.text) for p in papers)
        )
        for part in PARTS_OF_PAPERS if part_rows else ():
            self._db.execute(part.delete().where(is_listed(part.c.paper_id, ids)))
            self._add_rows(part, part_rows.get(part, ()))
        self._add_rows(PAPER_WORDS, part_rows.get(PAPER_WORDS, ()))
        self._send(ids)
        of_papers = is_listed(CHUNKS.c.paper_id, ids)
        known = select(CHUNKS.c.chunk_id, CHUNKS.c.roles).where(of_papers)
        roles = {chunk_id: blob for chunk_id, blob in self._db.execute(known)}  # of the same text
        self._db.execute(CHUNKS.delete().where(of_papers))
        chunks = [chunk for paper in papers for chunk in chunking.split_paper(paper)]
        self._add_rows(
            CHUNKS, [{**rows.build_chunk_row(c), "roles": roles.get(c.chunk_id)} for c in chunks]
        )
        self._send(ids)

    def _remove_papers(self, paper_ids: Collection[str]) -> None:
        self._send(paper_ids)
        self._db.execute(PAPERS.delete().where(is_listed(PAPERS.c.paper_id, paper_ids)))

    def _send(self, paper_ids: Iterable[str]) -> None:
        """Put the present chunks of these papers into the outbox."""
        present = select(CHUNKS.c.chunk_id).where(is_listed(CHUNKS.c.paper_id, paper_ids))
        inserted = build_insert(self._dialect, OUTBOX).from_select(["chunk_id"], present)
        self._db.execute(inserted.on_conflict_do_nothing())

    def _update_fingerprint(self) -> None:
        """Set the fingerprint to what papers and documents now say."""
        page = [PAGES.c[name] for name in rows.PAGE_FIELDS]
        documents = select(DOCUMENTS.c.name, DOCUMENTS.c.institution, *page)
        digests = [
            hashlib.sha256(json.dumps(list(row)).encode()).hexdigest()[:32]
            for row in self._db.execute(documents.outerjoin_from(DOCUMENTS, PAGES))
        ]
        total = (
            int(self._read_meta_value("papers_sum") or "0", 16) + _compute_digest_sum(digests)
        ) % _MODULUS
        self._set_meta(fingerprint=f"{total:032x}", chunker=chunking.CHUNKER)

    # --- what is derived ------------------------------------------------------------------------

    def list_pending(self) -> list[str]:
        """Ids in the outbox: present chunks to be put into the indexes, others to be taken out."""
        with self._open_transaction():
            return list(
                self._db.execute(select(OUTBOX.c.chunk_id).order_by(OUTBOX.c.chunk_id)).scalars()
            )

    def count_pending(self) -> int:
        """How many ids are in the outbox."""
        with self._open_transaction():
            counted = select(func.count()).select_from(OUTBOX)
            return int(self._db.execute(counted).scalar_one())

    def clear_outbox(self, generation: int) -> None:
        """The indexes of this generation now hold exactly the library's chunks."""
        with self._open_transaction():
            version = int(self._read_meta_value("version") or 0) + 1
            self._journal(version, is_new=str(generation) != self._read_meta_value("generation"))
            self._db.execute(OUTBOX.delete())
            self._set_meta(
                generation=str(generation),
                version=str(version),
                embedder=self._read_meta_value("target"),
                dimension=self._read_meta_value("target_dimension"),
            )

    def _journal(self, version: int, *, is_new: bool) -> None:
        """Note which chunks change with this version; begin anew where that is of no more use.

        Whoever is behind the journal's beginning builds its index from all chunks, so a journal as
        long as that is none.
        """
        n = self._db.execute(select(func.count()).select_from(CHANGES)).scalar_one()
        if is_new or n > MAX_CHANGES or not self._read_meta_value("journal_from"):
            self._db.execute(CHANGES.delete())
            self._set_meta(journal_from=str(version + 1))
            return
        changed = select(literal(version), OUTBOX.c.chunk_id)
        self._db.execute(CHANGES.insert().from_select(["version", "chunk_id"], changed))

    def drop_unused_vectors(self) -> int:
        """Drop vectors that no chunk or no embedder in use needs; returns how many there were."""
        in_use = select(META.c.value).where(META.c.key == "embedder").scalar_subquery()
        with self._open_transaction():
            unused = VECTORS.delete().where((VECTORS.c.embedder != in_use) | ~_NEEDED)
            return self._db.execute(unused).rowcount

    def count_unused_vectors(self) -> int:
        """Vectors of no chunk: an interrupted ingest has made them for what it did not store."""
        unused = select(func.count()).select_from(VECTORS).where(~_NEEDED)
        with self._open_transaction():
            return int(self._db.execute(unused).scalar_one())

    def require_whole(self) -> None:
        """Raise a LibraryError where the file is damaged, beyond what can be derived again."""
        with self._open_transaction(), translated(self._database):
            self._database.require_whole(self._db)

    def reclaim(self) -> None:
        """Make the library's file as small as what it holds; nothing else may be under way."""
        self._database.reclaim(self._db)

    def drop_broken_vectors(self) -> int:
        """Delete vectors that no embedder can have made; returns their number."""
        wanted = select(META.c.value).where(META.c.key == "target").scalar_subquery()
        broken = and_(VECTORS.c.embedder == wanted, text(f"NOT ({WHOLE_VECTOR})"))
        with self._open_transaction():
            return self._db.execute(VECTORS.delete().where(broken)).rowcount

    def expect_roles(self, head: str) -> None:
        """Forget the roles that another head gave."""
        with self._open_transaction():
            if self._read_meta_value("role_head") != head:
                self._db.execute(CHUNKS.update().values(roles=None))
                self._set_meta(role_head=head)

    def count_without_roles(self) -> int:
        """How many chunks have no roles yet."""
        unknown = select(func.count()).select_from(CHUNKS).where(CHUNKS.c.roles.is_(None))
        with self._open_transaction():
            return int(self._db.execute(unknown).scalar_one())

    def list_without_roles(self, embedder: str, limit: int) -> list[tuple[Chunk, bool]]:
        """Chunks with token vectors and no roles yet, as `list_unembedded`."""
        unknown = (
            _CHUNKS.join(VECTORS, VECTORS.c.chunk_id == CHUNKS.c.chunk_id)
            .where(
                CHUNKS.c.roles.is_(None),
                VECTORS.c.embedder == embedder,
                VECTORS.c.tokens.is_not(None),
            )
            .limit(limit)
        )
        with self._open_transaction():
            records = self._db.execute(unknown).mappings().all()
        return [(rows.build_chunk(row), bool(row["whole"])) for row in records]

    def store_roles(self, roles: Iterable[tuple[str, bytes]]) -> None:
        """Keep the roles of chunks' sentences (chunk id, roles), of those chunks that are stored."""
        values = [{"of": chunk_id, "by_sentence": blob} for chunk_id, blob in roles]
        changed = CHUNKS.update().where(CHUNKS.c.chunk_id == bindparam("of"))
        if values:
            with self._open_transaction():
                self._db.execute(changed.values(roles=bindparam("by_sentence")), values)

    # --- token vectors of an older version ------------------------------------------------------

    def has_present_layout(self) -> bool:
        """Whether `note_layout` was called: no token vectors of an older version are left."""
        with self._open_transaction():
            return self._read_meta_value("token_layout") == KEPT_FORM

    def note_layout(self) -> None:
        with self._open_transaction():
            self._set_meta(token_layout=KEPT_FORM)

    def list_old_tokens(
        self, embedder: str, after: str, limit: int
    ) -> list[tuple[Chunk, bool, bytes, bytes]]:
        """The next vectors as an older version kept them: chunks as `list_unembedded`, vector, token vectors.

        These are token vectors in an old layout, and windows within a body with more than their gist.
        """
        layout = func.substr(VECTORS.c.tokens, 1, len(OLD_STARTS[0]))
        old = (
            _CHUNKS.add_columns(VECTORS.c.vector, VECTORS.c.tokens)
            .join(VECTORS, VECTORS.c.chunk_id == CHUNKS.c.chunk_id)
            .where(
                VECTORS.c.embedder == embedder,
                VECTORS.c.chunk_id > after,
                or_(
                    layout.in_(OLD_STARTS),
                    and_(
                        CHUNKS.c.start >= chunking.OPENING_CHARS,
                        VECTORS.c.tokens.is_not(None),
                        IS_SEARCHED,
                    ),
                ),
            )
            .order_by(VECTORS.c.chunk_id)
            .limit(limit)
        )
        with self._open_transaction():
            found = self._db.execute(old).mappings().all()
        return [
            (rows.build_chunk(row), bool(row["whole"]), row["vector"], row["tokens"])
            for row in found
        ]

    # --- journal --------------------------------------------------------------------------------

    def was_interrupted(self) -> bool:
        """Whether the last ingest did not come to its end."""
        last = select(INGESTS.c.finished_at).order_by(INGESTS.c.ingest_id.desc()).limit(1)
        with self._open_transaction():
            rows_found = self._db.execute(last).all()
        return bool(rows_found) and rows_found[0][0] is None

    def start_ingest(self) -> int:
        """Note in the journal that an ingest begins; returns its number."""
        begun = INGESTS.insert().values(started_at=_get_timestamp(), counts="{}")
        with self._open_transaction():
            return int(self._db.execute(begun.returning(INGESTS.c.ingest_id)).scalar_one())

    def log_ingest_end(
        self, ingest_id: int, counts: Mapping[str, int], pace: float | None = None
    ) -> None:
        """Note what it did, and how much longer than estimated it took, for the next estimate."""
        ended = INGESTS.update().where(INGESTS.c.ingest_id == ingest_id)
        with self._open_transaction():
            self._db.execute(ended.values(finished_at=_get_timestamp(), counts=json.dumps(counts)))
            if pace is not None:
                self._set_meta(ingest_pace=f"{pace:.3g}")

    # --- rows -----------------------------------------------------------------------------------

    @property
    def _dialect(self) -> str:
        return self._db.dialect.name

    @contextmanager
    def _open_transaction(self) -> Iterator[None]:
        """Also an interrupt leaves nothing half written."""
        try:
            with self._db.begin():
                yield
        except FAULTS as exc:
            raise self._database.build_not_written(exc) from exc

    def _list_entries(self, where: ColumnElement[bool]) -> list[tuple[str, Entry]]:
        result = self._db.execute(
            _ENTRIES.where(where).order_by(DOCUMENTS.c.name, ENTRIES.c.ordinal)
        )
        return [(row["paper_id"], rows.build_entry(row)) for row in result.mappings()]

    def _add_rows(self, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
        if values:
            self._db.execute(table.insert(), values)

    def _store_rows(self, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows; one whose key is there already takes the new values in place."""
        if values:
            self._db.execute(build_upsert(self._dialect, table, values[0]), values)

    def _add_missing(self, table: Table, values: Sequence[Mapping[str, Any]]) -> None:
        if values:
            inserted = build_insert(self._dialect, table).on_conflict_do_nothing()
            self._db.execute(inserted, values)

    def _read_meta_value(self, key: str) -> str:
        value = self._db.execute(select(META.c.value).where(META.c.key == key)).scalar()
        return str(value or "")

    def _set_meta(self, **values: str) -> None:
        self._store_rows(META, [{"key": key, "value": value} for key, value in values.items()])


def _compute_digest_sum(digests: Iterable[str]) -> int:
    return sum(int(digest, 16) for digest in digests)


def _get_timestamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
