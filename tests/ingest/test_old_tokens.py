"""Token vectors that an older version kept of all tokens become those that are kept now, in place; killed, too."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
from collections.abc import Sequence
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, delete, event

from rag.ingest import ingesting
from rag.ingest.indexing import Indexes
from rag.library import Library, open_writer
from rag.library.chunking import get_embedded_text
from rag.library.schema import LIBRARY_FILE
from rag.library.tables import META
from rag.library.token_vector_store import (
    WIDE_LAYOUT,
    StoredEncoding,
    encode_tokens,
    encode_vector,
    pack_scales,
)
from rag.text import iter_words
from rag.types.token_vectors import CompressedTokens, Encoding
from tests.desk import Desk, write
from tests.stand_ins import (
    FloatKeeper,
    QuickEmbedder,
    QuickEncoder,
    compress_to_floats,
    list_encodings,
    vector,
)

TITLES = tuple(f"The Kelp of the {place}" for place in ("Bay", "Sea", "Sound", "Firth", "Strait"))


class WordEncoder(QuickEmbedder, FloatKeeper):
    """A token for each word and each full stop, by its place; numbers of their own for the vectors."""

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        self.seen.extend(texts)
        return [encode_words(text) for text in texts]

    def encode_gist(self, texts: Sequence[str]) -> list[Encoding]:
        return self.encode(texts)


def encode_words(text: str) -> Encoding:
    stops = [(at, at + 1) for at, char in enumerate(text) if char == "."]
    spans = sorted([*(span for _, span in iter_words(text)), *stops])
    tokens = np.arange(len(spans) * 40, dtype=np.float32).reshape(len(spans), 40)
    ids = np.arange(len(spans), dtype=np.uint16)
    return Encoding(np.array(vector(text), np.float32), tokens, ids, np.array(spans, np.int32))


def encode_wide(tokens: CompressedTokens) -> bytes:
    """As an older version wrote them."""
    n, width = tokens.packed.shape
    halves = (tokens.ids.astype("<u2"), (tokens.starts & 0xFFFF).astype("<u2"))
    parts = (*halves, pack_scales(tokens.scales), tokens.packed)
    return struct.pack("<HHI", WIDE_LAYOUT, width, n) + b"".join(part.tobytes() for part in parts)


def make_older(folder: Path, url: str = "") -> None:
    """Put all tokens of each chunk into a library, as an older version did."""
    with Library.open(folder, url) as library, open_writer(folder, url) as writer:
        chunks = library.list_chunks()
        whole = [encode_words(get_embedded_text(chunk)) for chunk in chunks]
        writer.store_vectors(
            "quick",
            [
                (chunk.chunk_id, encode_vector(one.vector), encode_wide(compress_to_floats(one)))
                for chunk, one in zip(chunks, whole, strict=True)
            ],
        )
        with writer._db.begin():
            writer._db.execute(delete(META).where(META.c.key == "token_layout"))


def list_kept(folder: Path, url: str = "") -> dict[str, list[int]]:
    """The starts of the tokens of each chunk."""
    with Library.open(folder, url) as library:
        ids = library.list_chunk_ids()
        encodings = list_encodings(library, ids)
    assert all(isinstance(one, StoredEncoding) for one in encodings)
    return {i: one.tokens.starts.tolist() for i, one in zip(ids, encodings, strict=True)}  # type: ignore[union-attr]


def test_those_of_signs_go_and_nothing_is_embedded(tmp_path: Path, url: str) -> None:
    desk = Desk(tmp_path / "data", url)
    document = write(tmp_path / "a.jsonl", *TITLES)
    desk.ingest(document, embedder=WordEncoder())
    kept = list_kept(desk.folder, url)
    make_older(desk.folder, url)
    older = list_kept(desk.folder, url)
    assert all(set(kept[i]) < set(starts) for i, starts in older.items())
    again = WordEncoder()
    desk.ingest(document, embedder=again)
    assert again.seen == [] and list_kept(desk.folder, url) == kept


def test_the_file_becomes_smaller(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data")
    document = write(tmp_path / "a.jsonl", *(f"Kelp {n} " + "... " * 90 for n in range(40)))
    desk.ingest(document, embedder=WordEncoder())
    make_older(desk.folder)
    desk.library.close()
    before = (desk.folder / LIBRARY_FILE).stat().st_size
    desk.ingest(document, embedder=WordEncoder())
    desk.library.close()
    assert (desk.folder / LIBRARY_FILE).stat().st_size < before * 0.7


def test_windows_within_a_body_become_gists(tmp_path: Path, url: str) -> None:
    """An older library is read as it is; the next ingest embeds nothing, and brings it into the present form."""
    desk = Desk(tmp_path / "data", url)
    body = {"title": "Rivers", "abstract": "Each river of the county has many bridges. " * 120}
    document = tmp_path / "a.jsonl"
    document.write_text(json.dumps(body) + "\n", "utf-8")
    desk.ingest(document, embedder=QuickEncoder())
    ids, kept = desk.library.list_chunk_ids(), desk.library.list_searched("quick")
    now = desk.library.list_vectors(ids, "quick")
    assert 0 < len(kept) < len(ids) - 3
    chunks = desk.library.list_chunks()
    with open_writer(desk.folder, url) as writer:
        whole = list(
            zip(chunks, QuickEncoder().encode(list(map(get_embedded_text, chunks))), strict=True)
        )
        tokens = {c.chunk_id: encode_tokens(compress_to_floats(e)) for c, e in whole}
        older = [(c.chunk_id, encode_vector(e.vector), tokens[c.chunk_id]) for c, e in whole]
        writer.store_vectors("quick", older, outdated=ids)
        with writer._db.begin():
            writer._db.execute(delete(META).where(META.c.key == "token_layout"))
    with closing(Indexes(desk.library, desk.stores, "quick")) as indexes:
        assert indexes.vectors.list_ids() == set(ids)
    again = QuickEncoder()
    desk.ingest(document, embedder=again)
    assert again.seen == [] and desk.library.list_vectors(ids, "quick") == now
    with closing(Indexes(desk.library, desk.stores, "quick")) as indexes:
        assert indexes.vectors.list_ids() == kept


def _compress(folder: Path, at: int) -> None:
    """Compress, and be killed before the statement of that number."""
    n = 0

    def count(*_: Any) -> None:
        nonlocal n
        n += 1
        if n == at:
            os.kill(os.getpid(), signal.SIGKILL)

    ingesting.COMPRESS_BATCH = 2
    event.listen(Engine, "before_cursor_execute", count)
    with Library.open(folder) as library, open_writer(folder) as writer:
        ingesting.compress_old_tokens(library, writer, WordEncoder)
    os._exit(7)


def test_killed_at_any_statement_it_has_lost_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "data")
    document = write(tmp_path / "a.jsonl", *TITLES)
    desk.ingest(document, embedder=WordEncoder())
    desk.library.close()
    kept = list_kept(desk.folder)
    make_older(desk.folder)
    older, context = list_kept(desk.folder), get_context("forkserver")
    context.set_forkserver_preload(["tests.ingest.test_old_tokens"])
    at, codes = 1, []
    while not codes or codes[-1] == -signal.SIGKILL:
        folder = tmp_path / f"killed-{at}"
        shutil.copytree(desk.folder, folder)
        process = context.Process(target=_compress, args=(folder, at))
        process.start()
        process.join()
        codes.append(process.exitcode)
        process.close()
        found = list_kept(folder)
        assert all(found[i] in (kept[i], older[i]) for i in older)
        desk_again = Desk(folder)
        again = WordEncoder()
        desk_again.ingest(document, embedder=again)
        desk_again.library.close()
        assert again.seen == [] and list_kept(folder) == kept
        at += 3
    assert codes[-1] == 7 and len(codes) > 3
