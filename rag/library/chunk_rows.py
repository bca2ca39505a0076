"""What a question scores of chunks, as it is stored: without their texts, and nothing decoded."""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import and_, select

from rag.library.chunking import get_sentences
from rag.library.tables import CHUNKS, META, VECTORS, encode_list, is_listed
from rag.library.token_vector_store import decode_vector, encode_vector, is_gist
from rag.types.errors import NotFound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.library.catalogue import Catalogue


class ChunkRow(NamedTuple):
    """A chunk with its vectors.

    Attributes:
        start: Where its span begins in its paper's text.
        text_offset: Where its text begins in what was embedded, behind the heading.
        sentences: Spans of its text; see `rag.library.rows.decode_spans`.
        roles: Of these; see `rag.library.rows.decode_roles`. None where they are not known.
        vector: float16, little endian, of length 1.
        tokens: See `rag.library.token_vector_store`.
    """

    chunk_id: str
    paper_id: str
    start: int
    text_offset: int
    sentences: bytes
    roles: bytes | None
    vector: bytes
    tokens: bytes


_EMBEDDER = select(META.c.value).where(META.c.key == "embedder").scalar_subquery()
_OWN_VECTORS = and_(VECTORS.c.chunk_id == CHUNKS.c.chunk_id, VECTORS.c.embedder == _EMBEDDER)
_READ = select(
    *(CHUNKS.c[n] for n in ("chunk_id", "paper_id", "start", "end", "heading", "sentences")),
    CHUNKS.c.roles,
    VECTORS.c.vector,
    VECTORS.c.tokens,
).outerjoin_from(CHUNKS, VECTORS, _OWN_VECTORS)
_LISTED = _READ.where(is_listed(CHUNKS.c.chunk_id)).order_by(CHUNKS.c.chunk_id)
_OF_PAPERS = _READ.where(is_listed(CHUNKS.c.paper_id)).order_by(CHUNKS.c.paper_id, CHUNKS.c.start)


def read_chunk_rows(library: Catalogue, chunk_ids: Collection[str]) -> list[ChunkRow]:
    """The chunks with these ids, in their order; unknown ids are left out.

    Raises:
        NotFound: A chunk has no token vectors: its embedder makes none.
    """
    return _build_rows(library, library.fetch(_LISTED, ids=encode_list(chunk_ids)))


def read_chunk_rows_of(library: Catalogue, paper_ids: Collection[str]) -> list[ChunkRow]:
    """The chunks of these papers, in text order within each paper; else as `read_chunk_rows`."""
    return _build_rows(library, library.fetch(_OF_PAPERS, ids=encode_list(paper_ids)))


_IDS_OF_PAPERS = select(CHUNKS.c.chunk_id).where(is_listed(CHUNKS.c.paper_id))


def select_chunk_ids(
    library: Catalogue, chunk_ids: Collection[str], paper_ids: Collection[str]
) -> set[str]:
    """Which of some chunks are of some papers."""
    of_papers = library.fetch(_IDS_OF_PAPERS, ids=encode_list(paper_ids))
    return {row[0] for row in of_papers} & set(chunk_ids)


_VECTORS = (
    select(CHUNKS.c.paper_id, VECTORS.c.vector)
    .join_from(CHUNKS, VECTORS, _OWN_VECTORS)
    .where(is_listed(CHUNKS.c.paper_id))
)


def read_paper_vectors(
    library: Catalogue, paper_ids: Collection[str]
) -> dict[str, NDArray[np.float32]]:
    """The vectors of the chunks of papers, (n, dim) each, by paper; none of those without any."""
    import numpy as np

    vectors: dict[str, list[bytes]] = {}
    for paper_id, vector in library.fetch(_VECTORS, ids=encode_list(paper_ids)):
        vectors.setdefault(paper_id, []).append(vector)
    return {
        paper_id: np.stack([decode_vector(one) for one in some])
        for paper_id, some in vectors.items()
    }


def _build_rows(library: Catalogue, rows: Sequence[tuple[Any, ...]]) -> list[ChunkRow]:
    lacking = next((row[0] for row in rows if row[8] is None), None)
    if lacking is not None:
        raise NotFound(
            f"chunk {lacking!r} has no token vectors in {str(library.folder)!r}; "
            'run "paperfolk ingest" with the embedded embedder to make them'
        )
    # One that an older version wrote has no sentences.
    bare = [str(row[0]) for row in rows if row[5] is None]
    cut = {
        chunk.chunk_id: _pack_sentences(get_sentences(chunk))
        for chunk in (library.list_chunks(bare) if bare else ())
    }
    return [
        ChunkRow(
            chunk_id, paper_id, start, len(heading) + 1 if heading and end > start else 0,
            cut.get(chunk_id, b"") if sentences is None else sentences, roles,
            encode_vector(decode_vector(vector)) if is_gist(vector) else vector, tokens,
        )
        for chunk_id, paper_id, start, end, heading, sentences, roles, vector, tokens in rows
    ]  # fmt: skip


def _pack_sentences(spans: Sequence[tuple[int, int]]) -> bytes:
    ends = list(chain.from_iterable(spans))
    return struct.pack(f"<{len(ends)}i", *ends)
