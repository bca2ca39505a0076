"""Which token vectors of a window of a long text are kept: those of words that tell something.

Token vectors are most of what a PDF takes on disk. Of a text that is one chunk all are kept; of windows those
of stop words and of signs are not: without them a body's sentence is found as well, and takes half the room.
"""

from __future__ import annotations

import numpy as np

from rag.library.chunking import get_embedded_text, get_sentences, get_text_offset
from rag.text import STOP_WORDS, fold, iter_words
from rag.types import Chunk
from rag.types.token_vectors import Encoding


def keep_telling(chunk: Chunk, encoding: Encoding) -> Encoding:
    """The encoding of a window's embedded text without tokens that tell nothing.

    Of a sentence that has no others its first stays, as each must be there to be found.
    """
    text, offset = get_embedded_text(chunk), get_text_offset(chunk)
    starts = encoding.spans[:, 0]
    kept = np.zeros(len(starts), bool)
    for word, (start, end) in iter_words(text):
        if fold(word) not in STOP_WORDS:
            first, last = np.searchsorted(starts, (start, end))
            kept[first:last] = True
    for start, end in get_sentences(chunk):
        first, last = np.searchsorted(starts, (start + offset, end + offset))
        if first < last and not kept[first:last].any():
            kept[first] = True
    return Encoding(
        encoding.vector, encoding.tokens[kept], encoding.ids[kept], encoding.spans[kept]
    )
