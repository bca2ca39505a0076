"""Token vectors as they are kept: what is left of them, and matches against the same in floats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.adapters.minilm import MiniLM, open_session
from rag.adapters.minilm_graph import MODEL_DIM
from rag.adapters.token_codec import (
    FIT_FILE,
    LEAST_SCALE,
    PRODUCT_ROWS,
    Fit,
    ForetoldWords,
    TokenCodec,
    build_product_graph,
    ensure_product_graph,
    pack_codes,
    unpack_codes,
    unpack_levels,
)
from rag.adapters.weights import MINILM, SAFETENSORS
from rag.config.settings import Settings
from rag.library.token_vector_store import (
    HEAD_BYTES,
    ROUND,
    StoredEncoding,
    decode_joined,
    decode_stored,
    encode_plain,
    encode_tokens,
    encode_vector,
    pack_starts,
    unpack_starts,
)
from rag.types.errors import LibraryError
from rag.types.token_vectors import CompressedTokens, DocumentTokens, Encoding

DIM, N_WORDS, N_FOUR, N_TWO, N_AXES = 20, 40, 4, 4, 16
TEXT = "Myocardial infarction raises troponin. Convolutional networks classify images, too."


@pytest.fixture(scope="module")
def codec() -> TokenCodec:
    """Of a random model of 20 dimensions, of which 16 are kept."""
    rng = np.random.default_rng(5)
    axes = np.linalg.qr(rng.normal(size=(DIM, DIM)))[0][:, :N_AXES].astype(np.float32)
    maps = rng.normal(size=(2, DIM, DIM)).astype(np.float32) / 6
    values = rng.integers(-127, 128, (N_WORDS, DIM)).astype(np.int8)
    words = ForetoldWords(values, np.full(N_WORDS, 1 / 200, np.float32))
    bias = rng.normal(size=DIM).astype(np.float32) / 9
    fit = Fit(maps[0], maps[1], bias, axes, axes, N_FOUR, N_TWO, "", (N_AXES, N_FOUR, N_TWO))
    return TokenCodec(words, fit, open_session(build_product_graph()))


def make_tokens(rng: np.random.Generator, n: int, n_texts: int) -> DocumentTokens:
    cuts = np.sort(rng.integers(0, n + 1, n_texts - 1))
    begins = {0, *(cut for cut in cuts.tolist() if cut < n), *rng.integers(0, n, n // 9).tolist()}
    vectors = rng.normal(size=(n_texts, DIM)).astype(np.float32)
    return DocumentTokens(
        ids=rng.integers(1, N_WORDS, n).astype(np.uint16),
        scales=rng.uniform(0.1, 0.4, n).astype(np.float32),
        packed=rng.integers(0, 256, (n, 4)).astype(np.uint8),
        vectors=vectors / np.linalg.norm(vectors, axis=1, keepdims=True),
        sizes=np.diff(np.concatenate(([0], cuts, [n]))),
        starts=np.array(sorted(begins)),
    )


def restore_each(codec: TokenCodec, tokens: DocumentTokens) -> np.ndarray:
    """All vectors in floats, text by text."""
    parts, start = [], 0
    for vector, size in zip(tokens.vectors, tokens.sizes, strict=True):
        rows = slice(start, start + size)
        compressed = CompressedTokens(
            tokens.ids[rows],
            np.zeros(size, np.int32),
            tokens.scales[rows],
            tokens.packed[rows],
        )
        parts.append(codec.restore(vector, compressed))
        start += size
    return np.concatenate(parts)


def match_restored(codec: TokenCodec, queries: np.ndarray, tokens: DocumentTokens) -> np.ndarray:
    """The greatest product of each query token in each sentence, all vectors in floats."""
    products = queries @ restore_each(codec, tokens).T
    return np.stack([p.max(axis=1) for p in np.split(products, tokens.starts[1:], axis=1)], axis=1)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), n_query=st.integers(1, 40), n=st.integers(1, 300))
def test_the_greatest_cosines_are_those_of_the_vectors_in_floats(
    codec: TokenCodec, seed: int, n_query: int, n: int
) -> None:
    rng = np.random.default_rng(seed)
    queries = rng.normal(size=(n_query, DIM)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    tokens = make_tokens(rng, n, int(rng.integers(1, 5)))
    best = codec.match(queries, tokens)
    assert best.shape == (n_query, len(tokens.starts))
    np.testing.assert_allclose(best, match_restored(codec, queries, tokens), atol=0.03)


def test_document_tokens_beyond_one_run_are_not_lost(codec: TokenCodec) -> None:
    tokens = make_tokens(np.random.default_rng(1), 2 * PRODUCT_ROWS + 3, 3)
    queries = np.eye(DIM, dtype=np.float32)
    best = codec.match(queries, tokens)
    np.testing.assert_allclose(best, match_restored(codec, queries, tokens), atol=0.03)


def test_two_cores_give_what_one_gives(codec: TokenCodec) -> None:
    tokens = make_tokens(np.random.default_rng(3), 5 * PRODUCT_ROWS, 4)
    queries = np.eye(DIM, dtype=np.float32)
    both = TokenCodec(codec._words, codec._older, codec._products, n_threads=2)
    assert np.array_equal(both.match(queries, tokens), codec.match(queries, tokens))


@pytest.mark.parametrize("widths", [(4, 4, 4, 4), (0, 4, 0, 4), (0, 0, 0, 0)])
def test_texts_are_decoded_together_as_each_alone(widths: Sequence[int]) -> None:
    rng = np.random.default_rng(4)
    texts = []
    for n, width in zip((3, 0, 40, 1), widths, strict=True):
        starts = np.cumsum(rng.integers(0, 600, n)).astype(
            np.int32
        )  # some further apart than a byte holds
        ids, packed = rng.integers(0, 9, n).astype(np.uint16), rng.integers(0, 256, (n, width))
        scales = rng.uniform(0.1, 0.4, n).astype(np.float32)
        texts.append(encode_tokens(CompressedTokens(ids, starts, scales, packed.astype(np.uint8))))
    together, sizes = decode_joined(texts)
    assert sizes.tolist() == [3, 1, 40, 1]
    at = 0
    for text, size in zip(texts, sizes.tolist(), strict=True):
        alone = decode_stored(bytes(2 * DIM), text)
        assert isinstance(alone, StoredEncoding)
        rows, at = slice(at, at + size), at + size
        if len(alone.tokens.ids):
            for name in ("ids", "starts", "scales"):
                assert (
                    getattr(together, name)[rows].tolist() == getattr(alone.tokens, name).tolist()
                )
            width = alone.tokens.packed.shape[1]
            assert together.packed[rows, :width].tolist() == alone.tokens.packed.tolist()
        else:
            assert (together.starts[rows].tolist(), together.scales[rows].tolist()) == ([-1], [0])
    for broken in (texts[2][:-ROUND], b"", b"\x02" + texts[2][1:]):
        with pytest.raises(LibraryError):
            decode_joined([texts[0], broken])


@pytest.mark.parametrize("width", [0, 4])
def test_words_alone_match_as_they_foretell(codec: TokenCodec, width: int) -> None:
    tokens = make_tokens(np.random.default_rng(5), 30, 3)
    scales = np.full(30, LEAST_SCALE, np.float32)
    words = replace(tokens, scales=scales, packed=np.zeros((30, width), np.uint8))
    bare = replace(words, packed=words.packed[:, :0])
    queries = np.eye(DIM, dtype=np.float32)
    expected = match_restored(codec, queries, bare)
    np.testing.assert_allclose(codec.match(queries, words), expected, atol=0.03)


def test_the_token_of_a_text_without_any_matches_nothing(codec: TokenCodec) -> None:
    tokens = make_tokens(np.random.default_rng(2), 2, 1)
    tokens = replace(tokens, sizes=np.array([1, 1]), starts=np.array([0, 1]),
                     vectors=tokens.vectors.repeat(2, axis=0))  # fmt: skip
    tokens.scales[0] = 0
    best = codec.match(np.eye(DIM, dtype=np.float32), tokens)
    assert (best[:, 0] == 0).all() and (best[:, 1] != 0).all()


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(0, 9))
def test_codes_are_unpacked_as_they_were(codec: TokenCodec, seed: int, n: int) -> None:
    fit = codec._fit
    codes = np.random.default_rng(seed).integers(0, 16, (n, N_AXES)).astype(np.uint8)
    codes &= ((1 << fit.bits) - 1).astype(np.uint8)
    packed = pack_codes(codes, fit)
    assert packed.shape == (n, fit.width)
    assert unpack_codes(packed, fit).tolist() == codes.tolist()


def test_levels_are_codes_around_the_middle_the_outermost_63_from_it(codec: TokenCodec) -> None:
    fit = codec._fit
    packed = np.arange(256, dtype=np.uint8)[:, None].repeat(fit.width, axis=1)
    codes, levels = unpack_codes(packed, fit).astype(float), unpack_levels(packed, fit)
    tops = (1 << fit.bits) - 1
    assert (levels.min(), levels.max()) == (1, 127)
    np.testing.assert_allclose(levels, (2 * codes - tops) / tops * 63 + 64, atol=0.5)


def test_the_graph_is_built_once(tmp_path: Path) -> None:
    made = ensure_product_graph(tmp_path / "new")
    before = made.stat().st_mtime_ns
    assert (ensure_product_graph(tmp_path / "new"), made.stat().st_mtime_ns) == (
        made,
        before,
    )
    assert [path.name for path in made.parent.iterdir()] == [made.name]


# --- the embedded model's own vectors -----------------------------------------------------------


def compute_cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


@pytest.fixture(scope="module")
def minilm(weights: Path) -> MiniLM:
    return MiniLM(Settings(model_path=weights))


def store(minilm: MiniLM, encoding: Encoding) -> tuple[StoredEncoding, int]:
    """As it is read again, and how many bytes its tokens take."""
    tokens = encode_tokens(minilm.compress(encoding))
    stored = decode_stored(encode_vector(encoding.vector), tokens)
    assert isinstance(stored, StoredEncoding)
    return stored, len(tokens)


def test_the_fit_belongs_to_the_published_weights() -> None:
    assert Fit.load().model == MINILM.sha256[SAFETENSORS]
    assert FIT_FILE.stat().st_size < 400_000


def test_words_alone_take_a_tenth_and_foretell_most(minilm: MiniLM) -> None:
    (encoding,) = minilm.encode([TEXT])
    tokens = encode_tokens(minilm.compress_to_words(encoding))
    assert len(tokens) < 4 * len(encoding) + 16
    stored = decode_stored(encode_vector(encoding.vector), tokens)
    assert isinstance(stored, StoredEncoding)
    restored = minilm.restore(stored.vector, stored.tokens)
    assert compute_cosines(encoding.tokens, restored.tokens).mean() > 0.6
    assert restored.spans[:, 0].tolist() == encoding.spans[:, 0].tolist()


def test_token_vectors_of_any_field_survive(minilm: MiniLM) -> None:
    (encoding,) = minilm.encode([TEXT])
    stored, n_bytes = store(minilm, encoding)
    restored = minilm.restore(stored.vector, stored.tokens)
    assert compute_cosines(encoding.tokens, restored.tokens).min() > 0.75
    np.testing.assert_allclose((encoding.tokens * restored.tokens).sum(axis=1), 1, atol=0.05)
    assert restored.spans[:, 0].tolist() == encoding.spans[:, 0].tolist()
    assert restored.ids.tolist() == encoding.ids.tolist()
    width = stored.tokens.packed.shape[1]
    n = len(encoding) * (2 + 1 + width + 1)  # word, scale, axes, step to its start
    assert n_bytes == HEAD_BYTES + n + -n % ROUND


def test_each_token_is_matched_as_it_is_kept(minilm: MiniLM) -> None:
    (encoding,) = minilm.encode([TEXT])
    stored, _ = store(minilm, encoding)
    tokens = stored.tokens
    asked = minilm.encode_query("which protein shows a heart attack?").tokens
    n = len(encoding)
    document = DocumentTokens(
        tokens.ids, tokens.scales, tokens.packed, stored.vector[None], np.array([n]), np.arange(n)
    )
    restored = minilm.restore(stored.vector, tokens).tokens
    np.testing.assert_allclose(minilm.match(asked, document), asked @ restored.T, atol=0.02)


@given(st.lists(st.integers(0, 2_000), max_size=60), st.integers(0, ROUND - 1))
def test_starts_are_unpacked_as_they_were_whatever_fills_the_row(
    steps: list[int], n_filling: int
) -> None:
    starts = np.cumsum(np.array(steps, np.int32), dtype=np.int32)
    packed = pack_starts(starts)
    filled = np.concatenate([packed, np.full(n_filling, 255, np.uint8)])
    assert unpack_starts(filled).tolist() == starts.tolist()
    assert len(packed) == sum(step // 255 + 1 for step in steps)


def test_tokens_of_which_all_axes_were_kept_become_as_if_embedded_anew(minilm: MiniLM) -> None:
    (encoding,) = minilm.encode([TEXT])
    codec, fit = minilm._load_codec(), Fit.load()
    whole = (len(fit.bits), fit.n_four, fit.n_two)
    older = TokenCodec(codec._words, replace(fit, kept=whole), codec._products)
    old = older.compress(encoding)
    assert old.packed.shape[1] == fit.width > fit.cut().width
    narrowed, fresh = codec.narrow(old), codec.compress(encoding)
    assert narrowed.packed.shape == fresh.packed.shape
    assert (narrowed.ids.tolist(), narrowed.starts.tolist()) == (
        fresh.ids.tolist(),
        fresh.starts.tolist(),
    )
    again, anew = (codec.restore(encoding.vector, one) for one in (narrowed, fresh))
    assert compute_cosines(again, anew).min() > 0.95
    np.testing.assert_allclose((encoding.tokens * again).sum(axis=1), 1, atol=0.15)
    assert codec.narrow(fresh) is fresh


def test_tokens_of_the_old_layout_come_out_as_if_embedded_anew(minilm: MiniLM) -> None:
    (encoding,) = minilm.encode([TEXT])
    old = decode_stored(encode_vector(encoding.vector), encode_plain(encoding))
    assert isinstance(old, Encoding) and old.spans.tolist() == encoding.spans.tolist()
    assert compute_cosines(encoding.tokens, old.tokens).min() > 0.9
    fresh, again = (
        minilm.restore(encoding.vector, minilm.compress(one)) for one in (encoding, old)
    )
    assert compute_cosines(fresh.tokens, again.tokens).min() > 0.9


def test_a_text_without_tokens_is_kept_too(minilm: MiniLM) -> None:
    vector = np.ones(MODEL_DIM, np.float32) / MODEL_DIM**0.5
    no_tokens = np.zeros((0, MODEL_DIM), np.float32)
    nothing = Encoding(vector, no_tokens, np.zeros(0, np.uint16), np.zeros((0, 2), np.int32))
    stored, n_bytes = store(minilm, nothing)
    assert (len(stored.tokens.ids), n_bytes) == (0, HEAD_BYTES)


def test_starts_beyond_sixteen_bits_are_read_as_they_were(minilm: MiniLM) -> None:
    (encoding,) = minilm.encode(["one" + " " * 60_000 + "two" + " " * 30_000 + "three"])
    stored, _ = store(minilm, encoding)
    assert stored.tokens.starts.tolist() == encoding.spans[:, 0].tolist() == [0, 60_003, 90_006]
