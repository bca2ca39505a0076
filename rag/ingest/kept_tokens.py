"""What is kept of the vectors of a text.

Token vectors are most of what a paper takes on disk. Those of signs never decide and are not kept; of windows of a long text
neither are those of stop words, and of the others the words alone: what a word foretells of its vector finds a body's
sentence as well, in a tenth of the room. Of an abstract all is kept, as papers that say nearly the same are told apart
by it. Within a body, the vector of a window is that of its gist, its rarest words (figures: eval/LOG.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.library.chunking import get_embedded_text, get_sentences, get_text_offset, is_inner
from rag.library.token_vector_store import StoredEncoding, encode_gist, encode_vector
from rag.text import STOP_WORDS, fold, iter_words
from rag.types import Chunk, Span
from rag.types.ports import Encoder
from rag.types.token_vectors import CompressedTokens, Encoding


def compress_telling(
    chunk: Chunk, encoding: Encoding, embedder: Encoder, *, is_whole: bool
) -> CompressedTokens:
    """The token vectors of a chunk's embedded text as they are stored."""
    kept = keep_telling(chunk, encoding, is_whole=is_whole)
    return embedder.compress(kept) if is_whole else embedder.compress_to_words(kept)


def keep_telling(chunk: Chunk, encoding: Encoding, *, is_whole: bool) -> Encoding:
    """The encoding of a chunk's embedded text without the tokens that are not kept."""
    mask = find_kept(chunk, encoding.spans[:, 0], is_whole=is_whole)
    return Encoding(
        encoding.vector, encoding.tokens[mask], encoding.ids[mask], encoding.spans[mask]
    )


def encode_chunks(embedder: Encoder, chunks: Sequence[Chunk]) -> list[Encoding]:
    """The encodings of chunks' embedded texts; of windows within a body, those of their gist.

    The model takes 30 ms for a window of a body, which has some forty, and six for its gist.
    """
    encodings: dict[int, Encoding] = {}
    for encode, inner in ((embedder.encode, False), (embedder.encode_gist, True)):
        places = [at for at, chunk in enumerate(chunks) if is_inner(chunk) == inner]
        texts = [get_embedded_text(chunks[at]) for at in places]
        encodings |= zip(places, encode(texts), strict=True) if texts else {}
    return [encodings[at] for at in range(len(chunks))]


def encode_kept(chunk: Chunk, vector: NDArray[np.float32]) -> bytes:
    """The vector of a chunk as it is stored."""
    return encode_gist(vector) if is_inner(chunk) else encode_vector(vector)


def shrink(
    chunk: Chunk, stored: StoredEncoding | Encoding, embedder: Encoder, *, is_whole: bool
) -> CompressedTokens:
    """Token vectors of a chunk as an older version stored them, as they are stored now."""
    if isinstance(stored, Encoding):
        return compress_telling(chunk, stored, embedder, is_whole=is_whole)
    tokens = stored.tokens
    mask = find_kept(chunk, tokens.starts, is_whole=is_whole)
    if is_inner(chunk):
        starts = tokens.starts[mask]
        spans, none = np.stack([starts, starts], axis=1), np.empty((len(starts), 0), np.float32)
        return embedder.compress_to_words(Encoding(stored.vector, none, tokens.ids[mask], spans))
    return embedder.narrow(
        CompressedTokens(
            tokens.ids[mask], tokens.starts[mask], tokens.scales[mask], tokens.packed[mask]
        )
    )


def find_kept(chunk: Chunk, starts: NDArray[np.int32], *, is_whole: bool) -> NDArray[np.bool_]:
    """(n,) Which of the tokens of a chunk's embedded text are kept.

    Of a sentence that has no others its first is, as each must be there to be found.

    Args:
        chunk: With its text.
        starts: (n,) where each token begins, ascending.
        is_whole: The chunk is the whole of its paper.
    """
    text, offset = get_embedded_text(chunk), get_text_offset(chunk)
    words = [span for word, span in iter_words(text) if is_whole or fold(word) not in STOP_WORDS]
    mask = _are_within(starts, words)
    sentences = np.array(get_sentences(chunk), np.int64).reshape(-1, 2) + offset
    firsts, lasts = np.searchsorted(starts, sentences).T
    n_before = np.concatenate(([0], np.cumsum(mask)))
    is_bare = (firsts < lasts) & (n_before[lasts] == n_before[firsts])
    mask[firsts[is_bare]] = True
    return mask


def _are_within(starts: NDArray[np.int32], spans: Sequence[Span]) -> NDArray[np.bool_]:
    """(n,) Which places lie in one of some spans, in order and not overlapping."""
    if not spans:
        return np.zeros(len(starts), bool)
    begins, ends = np.array(spans, np.int64).T
    at = np.searchsorted(begins, starts, side="right") - 1
    within: NDArray[np.bool_] = (at >= 0) & (starts < ends[at])
    return within
