"""Token vectors of signs are not kept, nor stop words' of windows; of each sentence one is at least.

Of windows behind the opening of a body the vector is that of their gist.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.ingest.kept_tokens import encode_chunks, encode_kept, keep_telling
from rag.library.chunking import OPENING_CHARS, get_embedded_text
from rag.library.token_vector_store import decode_vector, encode_vector, is_gist
from rag.text import iter_words
from rag.types import Chunk
from rag.types.token_vectors import Encoding
from tests.stand_ins import QuickEncoder


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


class _Telling(QuickEncoder):
    """Notes which texts it is asked the gist of."""

    def __init__(self) -> None:
        super().__init__()
        self.gists: list[str] = []

    def encode_gist(self, texts: Sequence[str]) -> list[Encoding]:
        self.gists.extend(texts)
        return super().encode_gist(texts)


def test_behind_the_opening_of_a_body_the_gist_is_embedded() -> None:
    places = (0, OPENING_CHARS, OPENING_CHARS - 1, 9 * OPENING_CHARS)
    chunks = [Chunk(f"c{at}", "p1", (at, at + 4), f"Kelp {at}", "") for at in places]
    embedder = _Telling()
    encodings = encode_chunks(embedder, chunks)
    assert embedder.gists == [f"Kelp {OPENING_CHARS}", f"Kelp {9 * OPENING_CHARS}"]
    wanted = QuickEncoder().encode([chunk.text for chunk in chunks])
    for one, other in zip(encodings, wanted, strict=True):
        assert np.array_equal(one.vector, other.vector)
    stored = [encode_kept(c, e.vector) for c, e in zip(chunks, encodings, strict=True)]
    assert [is_gist(one) for one in stored] == [False, True, False, True]


def test_a_gist_is_kept_in_a_byte_a_number() -> None:
    vector = np.random.default_rng(7).normal(size=384).astype(np.float32)
    vector /= np.linalg.norm(vector)
    chunk = Chunk("c1", "p1", (OPENING_CHARS, OPENING_CHARS + 4), "Kelp", "")
    kept = encode_kept(chunk, vector)
    assert len(kept) == 385 and not is_gist(encode_vector(vector))
    read = decode_vector(kept)
    assert read @ vector > 0.9999 and abs(float(np.linalg.norm(read)) - 1) < 1e-6
    assert not decode_vector(encode_kept(chunk, np.zeros(384, np.float32))).any()
