"""Which token vectors of a text are kept: those of words that tell something.

Token vectors are most of what a paper takes on disk, and two of five are of stop words and of signs: without these
a sentence is found as well, and takes half the room.
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


def keep_telling(chunk: Chunk, encoding: Encoding) -> Encoding:
    """The encoding of a chunk's embedded text without tokens that tell nothing."""
    kept = find_telling(chunk, encoding.spans[:, 0])
    return Encoding(
        encoding.vector, encoding.tokens[kept], encoding.ids[kept], encoding.spans[kept]
    )


def shrink(
    chunk: Chunk, stored: StoredEncoding | Encoding, embedder: Encoder
) -> CompressedTokens:
    """Token vectors of a chunk as an older version stored them, as they are stored now."""
    if isinstance(stored, Encoding):
        return embedder.compress(keep_telling(chunk, stored))
    tokens = stored.tokens
    kept = find_telling(chunk, tokens.starts)
    return embedder.narrow(
        CompressedTokens(
            tokens.ids[kept], tokens.starts[kept], tokens.scales[kept], tokens.packed[kept]
        )
    )


def find_telling(chunk: Chunk, starts: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(n,) Which of the tokens of a chunk's embedded text tell something.

    Of a sentence that has no others its first does, as each must be there to be found.

    Args:
        starts: (n,) where each token begins, ascending.
    """
    text, offset = get_embedded_text(chunk), get_text_offset(chunk)
    kept = np.zeros(len(starts), bool)
    for word, (start, end) in iter_words(text):
        if fold(word) not in STOP_WORDS:
            first, last = np.searchsorted(starts, (start, end))
            kept[first:last] = True
    for start, end in get_sentences(chunk):
        first, last = np.searchsorted(starts, (start + offset, end + offset))
        if first < last and not kept[first:last].any():
            kept[first] = True
    return kept
