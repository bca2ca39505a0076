"""Token vectors of signs are not kept, nor stop words' of windows; of each sentence one is at least."""

from __future__ import annotations

import numpy as np

from rag.ingest.kept_tokens import keep_telling
from rag.library.chunking import get_embedded_text
from rag.text import iter_words
from rag.types import Chunk
from rag.types.token_vectors import Encoding


def encode(text: str) -> Encoding:
    """A token for each word and each full stop, numbered in order."""
    ends = [(at, at + 1) for at, char in enumerate(text) if char == "."]
    spans = sorted([*(span for _, span in iter_words(text)), *ends])
    ids = np.arange(len(spans), dtype=np.uint16)
    vectors = np.eye(len(spans), dtype=np.float32)
    return Encoding(np.ones(4, np.float32), vectors, ids, np.array(spans, np.int32))


def tell_kept(chunk: Chunk, *, is_whole: bool = False) -> list[str]:
    text = get_embedded_text(chunk)
    kept = keep_telling(chunk, encode(text), is_whole=is_whole)
    assert kept.tokens.argmax(axis=1).tolist() == kept.ids.tolist()
    return [text[start:end] for start, end in kept.spans.tolist()]


def test_of_a_text_in_one_chunk_only_signs_go() -> None:
    chunk = Chunk("c1", "p1", (0, 23), "The kelp. It was so. ..", "On Kelp")
    kept = ["On", "Kelp", "The", "kelp", "It", "was", "so", "."]
    assert tell_kept(chunk, is_whole=True) == kept


def test_of_a_window_stop_words_go_too() -> None:
    chunk = Chunk("c1", "p1", (0, 40), "The kelp of the bay is in the sea. It was so.", "On Kelp")
    assert tell_kept(chunk) == ["Kelp", "kelp", "bay", "sea", "It"]


def test_what_tells_all_stays() -> None:
    chunk = Chunk("c1", "p1", (0, 18), "Kelp feeds urchins", "")
    assert tell_kept(chunk) == ["Kelp", "feeds", "urchins"]
