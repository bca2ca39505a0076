"""Keeps the roles of sentences in step with the chunks: of new ones, and of those of older libraries.

Chunks that are embedded anyway get theirs from the vectors at hand; others are embedded once more, as the library
keeps only the token vectors of telling words. Only those of the embedded model are understood; with another
embedder, roles are not known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from rag.ingest.watching import Progress
from rag.library import Library, Writer
from rag.library.chunking import get_embedded_text, get_sentences, get_text_offset
from rag.library.rows import encode_roles
from rag.types import Chunk
from rag.types.ports import Embedder, Encoder
from rag.types.token_vectors import Encoding

ROLE_HEAD_FILE = Path(__file__).with_name("role_head.npz")
EMBEDDER = "minilm-l6-v2/"
"""Beginning of the names of the embedders whose token vectors the head reads."""
TEXTS_PER_BATCH = 256


@cache
def compute_head_version() -> str:
    """What tells this head from others; needs no array library, unlike the head itself."""
    return hashlib.sha256(ROLE_HEAD_FILE.read_bytes()).hexdigest()[:16]


def lacks_roles(library: Library) -> bool:
    """Whether the library could have roles that it has not, or has another head's."""
    if not library.index_state.embedder.startswith(EMBEDDER):
        return False
    known = library.read_meta().get("role_head") == compute_head_version()
    return not known or not library.has_all_roles()


def compute_role_codes(
    embedder: str, chunks: Sequence[tuple[Chunk, bool]], encodings: Sequence[Encoding]
) -> dict[str, bytes]:
    """The roles of chunks' sentences, as they are stored, by chunk id.

    Args:
        embedder: Name of what made the encodings.
        chunks: Each with whether it is the whole of its paper.
        encodings: Of the chunks' embedded texts, in the same order.
    """
    if not embedder.startswith(EMBEDDER):
        return {}
    from rag.ingest import role_head

    texts = []
    for (chunk, is_whole), encoding in zip(chunks, encodings, strict=True):
        offset = get_text_offset(chunk)
        spans = [(start + offset, end + offset) for start, end in get_sentences(chunk)]
        texts.append(role_head.EmbeddedText(get_embedded_text(chunk), encoding, spans, is_whole))
    assigned = role_head.assign_roles(role_head.load_head(ROLE_HEAD_FILE), texts)
    return {c.chunk_id: encode_roles(r) for (c, _), r in zip(chunks, assigned, strict=True)}


def store_assigned(writer: Writer, embedder: str, assigned: Mapping[str, bytes]) -> None:
    """Store the roles that `compute_role_codes` gave, in place of those of another head."""
    if embedder.startswith(EMBEDDER):
        writer.expect_roles(compute_head_version())
        writer.store_roles(assigned.items())


def store_missing(writer: Writer, embedder: Embedder, progress: Progress | None = None) -> None:
    """Give roles to all chunks that have none."""
    if not (embedder.name.startswith(EMBEDDER) and isinstance(embedder, Encoder)):
        return
    from rag.ingest.kept_tokens import encode_chunks

    writer.expect_roles(compute_head_version())
    n_done, total = 0, writer.count_without_roles()
    while chunks := writer.list_without_roles(embedder.name, TEXTS_PER_BATCH):
        encodings = encode_chunks(embedder, [chunk for chunk, _ in chunks])
        writer.store_roles(compute_role_codes(embedder.name, chunks, encodings).items())
        n_done += len(chunks)
        if progress:
            progress("roles", n_done, total)
