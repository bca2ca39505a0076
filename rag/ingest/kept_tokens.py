"""Which token vectors of a text are kept.

They are most of what a paper takes on disk. Those of signs never decide and are not kept; of windows of a long text
neither are those of stop words: without them a body's sentence is found as well, and takes half the room. Of an
abstract they are kept, as papers that say nearly the same are told apart by them (figures: eval/LOG.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rag.library.chunking import get_embedded_text, get_sentences, get_text_offset
from rag.library.token_vector_store import StoredEncoding
from rag.text import STOP_WORDS, fold, iter_words
from rag.types import Chunk
from rag.types.ports import Encoder
from rag.types.token_vectors import CompressedTokens, Encoding


def keep_telling(chunk: Chunk, encoding: Encoding, *, is_whole: bool) -> Encoding:
    """The encoding of a chunk's embedded text without the tokens that are not kept."""
    kept = find_kept(chunk, encoding.spans[:, 0], is_whole=is_whole)
    return Encoding(
        encoding.vector, encoding.tokens[kept], encoding.ids[kept], encoding.spans[kept]
    )


def shrink(
    chunk: Chunk, stored: StoredEncoding | Encoding, embedder: Encoder, *, is_whole: bool
) -> CompressedTokens:
    """Token vectors of a chunk as an older version stored them, as they are stored now."""
    if isinstance(stored, Encoding):
        return embedder.compress(keep_telling(chunk, stored, is_whole=is_whole))
    tokens = stored.tokens
    kept = find_kept(chunk, tokens.starts, is_whole=is_whole)
    return embedder.narrow(
        CompressedTokens(
            tokens.ids[kept], tokens.starts[kept], tokens.scales[kept], tokens.packed[kept]
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
    kept = np.zeros(len(starts), bool)
    for word, (start, end) in iter_words(text):
        if is_whole or fold(word) not in STOP_WORDS:
            first, last = np.searchsorted(starts, (start, end))
            kept[first:last] = True
    for start, end in get_sentences(chunk):
        first, last = np.searchsorted(starts, (start + offset, end + offset))
        if first < last and not kept[first:last].any():
            kept[first] = True
    return kept
