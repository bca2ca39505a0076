"""Late interaction against its definition, computed token by token."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from rag.search.late import (
    ASKING_BOOST,
    NAMED_LOSS,
    QueryTokens,
    TokenTable,
    build_table,
    compute_sentence_signals,
    score,
)
from rag.types.token_vectors import CompressedTokens, DocumentTokens, Encoding
from tests.stand_ins import compress_to_floats, read_floats

DIM = 6


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


class Text(NamedTuple):
    """A chunk with one token a character, and where its sentences begin; the heading is one of them."""

    vectors: NDArray[np.float32]
    starts: list[int]


def tabulate(texts: Sequence[Text]) -> TokenTable:
    counts = [len(text.starts) - 1 for text in texts]
    firsts = [start for text in texts for start in text.starts[1:]]
    n_tokens = [len(text.vectors) for text in texts]
    vectors = np.concatenate([text.vectors for text in texts])
    spans = np.repeat(np.concatenate([np.arange(n) for n in n_tokens])[:, None], 2, axis=1)
    encoding = Encoding(
        vectors[0], vectors, np.zeros(len(vectors), np.uint16), spans.astype(np.int32)
    )
    return build_table(
        compress_to_floats(encoding),
        np.array([text.vectors[0] for text in texts]),
        np.array(n_tokens),
        np.zeros(len(texts), np.intp),
        np.array([(start, start + 1) for start in firsts], np.intp).reshape(-1, 2),
        np.array(counts),
        np.zeros(len(texts), np.intp),
    )


def multiply(queries: NDArray[np.float32], tokens: DocumentTokens) -> NDArray[np.float32]:
    products = queries @ read_floats(tokens.packed)[:, : queries.shape[1]].T
    return np.stack([p.max(axis=1) for p in np.split(products, tokens.starts[1:], axis=1)], axis=1)


def query(vectors: NDArray[np.float32], weights: list[float], clauses: list[int]) -> QueryTokens:
    w = np.array(weights, np.float32)
    none = np.zeros(len(w), bool)
    return QueryTokens(vectors, w / w.sum(), np.array(clauses), none, none, none, none)


@st.composite
def cases(draw: st.DrawFn) -> tuple[QueryTokens, list[Text]]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_query = draw(st.integers(1, 5))
    asked = query(
        unit(rng.normal(size=(n_query, DIM))),
        [float(x) for x in rng.uniform(0.1, 3, n_query)],
        sorted(int(x) for x in rng.integers(0, 3, n_query)),
    )
    chunks = []
    for _ in range(draw(st.integers(1, 4))):
        n = draw(st.integers(1, 7))
        held = unit(rng.normal(size=(n, DIM)))
        inner = draw(st.sets(st.integers(1, n - 1), max_size=3)) if n > 1 else set()
        chunks.append(Text(held, sorted({0, *inner})))
    return asked, chunks


@settings(max_examples=60)
@given(cases())
def test_scores_are_maxsim_over_the_chunk_and_over_one_sentence_a_clause(
    case: tuple[QueryTokens, list[Text]],
) -> None:
    asked, chunks = case
    (found,) = score([asked], tabulate(chunks), multiply)
    assert len(found.late) == len(found.local) == len(chunks)
    for at, (held, starts) in enumerate(chunks):
        ends = [*starts[1:], len(held)]
        parts = [held[a:b] for a, b in zip(starts, ends, strict=True)]
        late = sum(
            w * max(float(q @ t) for t in held)
            for w, q in zip(asked.weights, asked.vectors, strict=True)
        )
        local = 0.0
        for clause in set(asked.clauses.tolist()):
            inside = [n for n, c in enumerate(asked.clauses) if c == clause]
            local += max(
                sum(asked.weights[n] * max(float(asked.vectors[n] @ t) for t in p) for n in inside)
                for p in parts
            )
        assert found.late[at] == pytest.approx(late, abs=1e-5)
        assert found.local[at] == pytest.approx(local, abs=1e-5)
        own = found.by_sentence[:, found.cuts[at] : found.cuts[at + 1]]
        assert own.shape == (len(asked.weights), len(parts))
        assert found.local[at] <= found.late[at] + 1e-6
        assert -1.001 <= found.late[at] <= 1.001


def test_tokens_without_weight_are_not_matched() -> None:
    rng = np.random.default_rng(3)
    asked = query(unit(rng.normal(size=(3, DIM))), [1.0, 0.0, 2.0], [0, 0, 1])
    table = tabulate([Text(unit(rng.normal(size=(4, DIM))), [0, 2])])
    seen: list[int] = []

    def watch(queries: NDArray[np.float32], tokens: DocumentTokens) -> NDArray[np.float32]:
        seen.append(len(queries))
        return multiply(queries, tokens)

    (found,) = score([asked], table, watch)
    assert seen == [2] and not found.by_sentence[1].any()
    whole = multiply(asked.vectors, table.tokens)
    assert found.by_sentence[[0, 2]] == pytest.approx(whole[[0, 2]])


def test_a_table_leaves_out_what_has_no_token_and_begins_each_chunk_with_its_heading() -> None:
    """Two chunks: a heading of two characters and two sentences, of which no token of the first was read;
    then one without heading, whose text begins at 50 in its paper, with a token in the midst of a word."""
    starts = np.array([0, 6, 8, 0, 3, 4], np.int32)
    n = len(starts)
    tokens = CompressedTokens(
        np.zeros(n, np.uint16), starts, np.ones(n, np.float32), np.zeros((n, 5), np.uint8)
    )
    table = build_table(
        tokens,
        np.eye(2, dtype=np.float32),
        sizes=np.array([3, 3]),
        begins=np.array([0, 50]),
        sentences=np.array([(0, 3), (4, 9), (0, 2), (3, 7)]),
        counts=np.array([2, 2]),
        offsets=np.array([2, 0]),
    )
    assert table.spans.tolist() == [[0, 0], [4, 9], [50, 52], [53, 57]]
    assert table.tokens.starts.tolist() == [0, 1, 3, 4] and table.cuts.tolist() == [0, 2, 4]


def test_words_of_one_clause_in_two_sentences_count_in_late_but_not_in_local() -> None:
    axes = np.eye(4, dtype=np.float32)
    together, apart = Text(axes[:2], [0]), Text(axes[:2], [0, 1])
    one_clause = query(axes[:2], [1, 1], [0, 0])
    two_clauses = query(axes[:2], [1, 1], [0, 1])
    (found,) = score([one_clause], tabulate([together, apart]), multiply)
    assert list(zip(found.late.tolist(), found.local.tolist(), strict=True)) == [
        pytest.approx((1.0, 1.0), abs=1e-3),
        pytest.approx((1.0, 0.5), abs=1e-3),
    ]
    assert score([two_clauses], tabulate([apart]), multiply)[0].local[0] == pytest.approx(
        1.0, abs=1e-3
    )


# --- sentences ----------------------------------------------------------------------------------

NO_HEADING = np.zeros(2, bool)
ONE_TEXT = np.array([0, 2])


def focus(
    asked: QueryTokens, best: NDArray[np.float32], heading: NDArray[np.bool_]
) -> NDArray[np.float32]:
    return compute_sentence_signals(asked, best, heading, np.array([0, best.shape[1]]))["focus"]


def test_the_sentence_that_matches_scores_highest_and_a_full_match_is_1() -> None:
    asked = query(np.eye(2, dtype=np.float32), [1, 1], [0, 0])
    values = focus(asked, np.array([[1.0, 0.0], [1.0, 0.0]], np.float32), NO_HEADING)
    assert values == pytest.approx([1.0, 0.0])


def test_a_token_of_the_asking_phrase_outweighs_one_that_describes() -> None:
    axes = np.eye(2, dtype=np.float32)
    none, second = np.zeros(2, bool), np.array([0, 1], bool)
    weights, clauses = np.array([0.5, 0.5], np.float32), np.array([0, 1])
    asked = QueryTokens(axes, weights, clauses, second, none, none, none)
    values = focus(asked, np.eye(2, dtype=np.float32), NO_HEADING)
    assert values[1] / values[0] == pytest.approx(1 + ASKING_BOOST)
    named = QueryTokens(axes, weights, clauses, none, second, none, none)
    values = focus(named, np.eye(2, dtype=np.float32), NO_HEADING)
    assert values[1] / values[0] == pytest.approx(1 - NAMED_LOSS)


def test_a_token_that_all_sentences_have_tells_them_apart_little() -> None:
    axes = np.eye(2, dtype=np.float32)
    asked = query(axes, [1, 1], [0, 0])
    best = np.array([[0.9, 0.9, 0.9], [0.9, 0.1, 0.1]], np.float32)
    values = focus(asked, best, np.zeros(3, bool))
    assert values[0] > 3 * values[1] == pytest.approx(3 * values[2])


def test_a_paper_without_sentences_has_no_scores() -> None:
    asked = query(np.eye(2, dtype=np.float32), [1, 1], [0, 0])
    assert focus(asked, np.zeros((2, 0), np.float32), np.zeros(0, bool)).shape == (0,)


def test_a_token_that_the_heading_has_too_leads_to_no_sentence() -> None:
    """Both sentences have one token each; the heading has the first one's."""
    asked = query(np.eye(2, dtype=np.float32), [1, 1], [0, 0])
    best = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]], np.float32)
    named, other = focus(asked, best, np.array([True, False, False]))[1:]
    assert other > named
    level = focus(asked, best[:, 1:], NO_HEADING)
    assert level[0] == pytest.approx(level[1])


def test_each_part_of_a_question_is_matched_apart() -> None:
    """The first token describes, the second asks and is the head; the sentences have one each."""
    axes, second = np.eye(2, dtype=np.float32), np.array([0, 1], bool)
    none = np.zeros(2, bool)
    weights, clauses = np.array([0.5, 0.5], np.float32), np.array([0, 1])
    asked = QueryTokens(axes, weights, clauses, second, none, second, none)
    signals = compute_sentence_signals(asked, np.eye(2, dtype=np.float32), NO_HEADING, ONE_TEXT)
    assert signals["plain"] == pytest.approx([0.5, 0.5])
    assert signals["asking"] == pytest.approx([0.0, 1.0])
    assert signals["head"] == pytest.approx([0.0, 1.0])
    assert signals["described"] == pytest.approx([1.0, 0.0])
    first = QueryTokens(axes, weights, clauses, second, none, none, ~second)
    signals = compute_sentence_signals(first, np.eye(2, dtype=np.float32), NO_HEADING, ONE_TEXT)
    assert signals["predicate"] == pytest.approx([1.0, 0.0])
    both = compute_sentence_signals(asked, np.ones((2, 2), np.float32), NO_HEADING, ONE_TEXT)
    assert both["alone"] == pytest.approx([0.0, 0.0]) and signals["alone"] == pytest.approx(
        [0.5, 0.5]
    )


def test_texts_together_have_the_signals_that_each_has_alone() -> None:
    draws = np.random.default_rng(7)
    axes, marks = np.eye(5, dtype=np.float32), draws.random((4, 5)) < 0.5
    weights = draws.random(5).astype(np.float32)
    asked = QueryTokens(axes, weights / weights.sum(), np.zeros(5, np.intp), *marks)
    best = draws.choice([0.1, 0.4, 0.9, -0.2], (5, 9)).astype(np.float32)
    heading, cuts = np.zeros(9, bool), np.array([0, 1, 5, 9])
    heading[[1, 5]] = True
    together = compute_sentence_signals(asked, best, heading, cuts)
    for start, end in pairwise(cuts.tolist()):
        alone = compute_sentence_signals(
            asked, best[:, start:end], heading[start:end], np.array([0, end - start])
        )
        for name, values in alone.items():
            assert together[name][start:end] == pytest.approx(values, abs=1e-6), name
