"""Products in integers against the same in floats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.adapters.minilm import open_session
from rag.adapters.token_products import (
    PRODUCT_ROWS,
    TokenProducts,
    build_product_graph,
    ensure_product_graph,
)
from rag.search import late


@pytest.fixture(scope="module")
def fast() -> TokenProducts:
    return TokenProducts(open_session(build_product_graph()))


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    n_query=st.integers(1, 40),
    n=st.integers(1, 300),
    dim=st.sampled_from([2, 6, 64, 384]),
)
def test_integers_give_the_cosines_of_floats(
    fast: TokenProducts, seed: int, n_query: int, n: int, dim: int
) -> None:
    rng = np.random.default_rng(seed)
    queries = rng.normal(size=(n_query, dim)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    packed = rng.integers(0, 15, (n, dim // 2)) | rng.integers(0, 15, (n, dim // 2)) << 4
    packed = packed.astype(np.uint8)
    scales = (1 / np.maximum(np.linalg.norm(late.decode_packed(packed), axis=1), 1)).astype(
        np.float32
    )
    found = fast(queries, packed, scales)
    assert found.shape == (n_query, n)
    np.testing.assert_allclose(found, late.compute_products(queries, packed, scales), atol=0.01)


def test_document_tokens_beyond_one_run_are_not_lost(fast: TokenProducts) -> None:
    axes = np.eye(4, dtype=np.float32)
    packed = np.full((2 * PRODUCT_ROWS + 3, 2), 0x77, np.uint8)  # zeros
    packed[-1, 0] = 0x7E  # 7 in the first place
    scales = np.full(len(packed), 1 / 7, np.float32)
    for products in (fast, late.compute_products):
        found = products(axes, packed, scales)
        assert np.argwhere(np.abs(found) > 0.5).tolist() == [[0, len(packed) - 1]]
        assert found[0, -1] == pytest.approx(1.0, abs=0.01)


def test_a_query_of_zeros_matches_nothing(fast: TokenProducts) -> None:
    found = fast(np.zeros((1, 4), np.float32), np.zeros((2, 2), np.uint8), np.ones(2, np.float32))
    assert found.tolist() == [[0.0, 0.0]]


def test_the_graph_is_built_once(tmp_path: Path) -> None:
    made = ensure_product_graph(tmp_path / "new")
    before = made.stat().st_mtime_ns
    assert (ensure_product_graph(tmp_path / "new"), made.stat().st_mtime_ns) == (made, before)
    assert [path.name for path in made.parent.iterdir()] == [made.name]
