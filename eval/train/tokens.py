"""Fits how token vectors are kept small: ``python -m eval train tokens FOLDER`` writes rag/adapters/token_codec.npz.

From abstracts of the public collections in FOLDER (`<name>/corpus.jsonl`), without labels, and not of the seeds, on which it is measured. Word's
and text's map are fitted together by least squares with a penalty. The axes of the rest are those of its spread
as queries see it: an axis counts by what it adds to products with their tokens, weighted as the retriever
weights them; sentences of the same abstracts, embedded alone, stand for queries. Axes get four bits, two or
one so that the least of the error is left.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.adapters.minilm import MiniLM
from rag.adapters.minilm_graph import MODEL_DIM, WORD_TABLE, read_safetensors
from rag.adapters.token_codec import FIT_FILE, Fit
from rag.adapters.weights import MINILM, SAFETENSORS, Weights, find_weights
from rag.config.settings import Settings
from rag.text import STOP_WORDS, split_sentences
from rag.types.token_vectors import Encoding

PER_SET = 250
"""Abstracts of each collection, so that no field outweighs the others."""
WIDTH = 50
"""Bytes of one token's axes, all of them."""
KEPT_WIDTH = 40
"""Of those that are kept."""
PENALTY = 1e-5
EVEN = 1.0
"""What all directions count, over what they count by queries: tokens that match have more in common than those."""
STOP_WEIGHT = 1.5
"""Of a stop word in a query (`rag.search.query.compute_token_weights`)."""
LOST = {0: 1.0, 1: 0.3634, 2: 0.1188, 4: 0.0115}
"""Share of a normal variable's square that so many bits lose (Max, IRE 1960)."""
Matrix = NDArray[np.float32]


def train(settings: Settings, folder: Path) -> str:
    """Fit, write and measure; what was measured, as text."""
    weights, model = find_weights(settings), MiniLM(settings)
    words = read_safetensors(weights.safetensors)[WORD_TABLE]
    abstracts = list(_list_texts(folder))
    documents = [e for e in model.encode([text for text, _ in abstracts]) if len(e)]
    queries = [e for e in model.encode([sentence for _, sentence in abstracts]) if len(e)]
    spread = _compute_query_spread(documents, queries, _list_stop_words(weights))
    fit = fit_codec(words, documents, spread)
    np.savez_compressed(FIT_FILE, **fit.to_arrays())  # type: ignore[arg-type]
    return "\n".join(_iter_lines(model, fit, queries, documents))


def _list_stop_words(weights: Weights) -> NDArray[np.uint16]:
    """Vocabulary ids of stop words and of signs."""
    vocabulary = json.loads(weights.tokenizer.read_text(encoding="utf-8"))["model"]["vocab"]
    ids = [
        number
        for word, number in vocabulary.items()
        if word in STOP_WORDS or not any(letter.isalnum() for letter in word)
    ]
    return np.array(ids, np.uint16)


def _list_texts(folder: Path) -> Iterable[tuple[str, str]]:
    """Titles with abstracts, each with one sentence of it, in an order that is always the same."""
    chance = random.Random(0)
    for corpus in sorted(folder.glob("*/corpus.jsonl")):
        papers = [json.loads(line) for line in corpus.read_text("utf-8").splitlines()]
        for paper in chance.sample(papers, min(PER_SET, len(papers))):
            sentences = [paper["text"][start:end] for start, end in split_sentences(paper["text"])]
            if sentences:
                yield f"{paper['title']}\n{paper['text']}", chance.choice(sentences)


def _compute_query_spread(
    documents: Sequence[Encoding], queries: Sequence[Encoding], stop: NDArray[np.uint16]
) -> NDArray[np.float64]:
    """(dim, dim) Second moment of the queries' tokens, each counting by its idf."""
    counts = np.zeros(1 << 16)
    for encoding in documents:
        counts[np.unique(encoding.ids)] += 1
    idf = np.log(1 + (len(documents) - counts + 0.5) / (counts + 0.5))
    idf[stop] = STOP_WEIGHT
    spread = np.zeros((MODEL_DIM, MODEL_DIM))
    for query in queries:
        shares = idf[query.ids] / idf[query.ids].sum()
        spread += (query.tokens * shares[:, None]).T @ query.tokens
    return spread / len(queries)


def fit_codec(words: Matrix, documents: Sequence[Encoding], spread: NDArray[np.float64]) -> Fit:
    """Least squares, then the axes of what is left."""
    width = 2 * MODEL_DIM + 1
    moments, targets = np.zeros((width, width)), np.zeros((width, MODEL_DIM))
    n_tokens = sum(len(encoding) for encoding in documents)
    for encoding in documents:
        features = _build_features(words, encoding)
        moments += features.T @ features
        targets += features.T @ encoding.tokens
    moments += PENALTY * n_tokens * np.eye(width)
    maps = np.linalg.solve(moments, targets).astype(np.float32)
    rest = np.zeros((MODEL_DIM, MODEL_DIM))
    for encoding in documents:
        left = encoding.tokens - _build_features(words, encoding) @ maps
        rest += left.T @ left / n_tokens
    sizes, turn = np.linalg.eigh(spread)
    root = (turn * np.sqrt(np.maximum(sizes, 0) + EVEN / MODEL_DIM)) @ turn.T
    shares, axes = np.linalg.eigh(root @ rest @ root)
    order = np.argsort(-shares)
    shares, axes = shares[order], axes[:, order]
    (n_axes, n_four, n_two), kept = (_choose_axes(shares, width) for width in (WIDTH, KEPT_WIDTH))
    shares, axes = shares[:n_axes], axes[:, :n_axes]
    return Fit(
        of_word=maps[:MODEL_DIM],
        of_text=maps[MODEL_DIM:-1],
        bias=maps[-1],
        analysis=(root @ axes / np.sqrt(shares)).astype(np.float32),
        synthesis=(np.linalg.solve(root, axes) * np.sqrt(shares)).astype(np.float32),
        n_four=n_four,
        n_two=n_two,
        model=MINILM.sha256[SAFETENSORS],
        kept=kept,
    )


def _build_features(words: Matrix, encoding: Encoding) -> Matrix:
    n = len(encoding)
    texts = np.repeat(encoding.vector[None], n, axis=0)
    return np.concatenate([words[encoding.ids], texts, np.ones((n, 1), np.float32)], axis=1)


def _choose_axes(shares: NDArray[np.float64], width: int) -> tuple[int, int, int]:
    """How many axes to keep, the largest first, and how many in four and in two bits: whole bytes of each."""
    sums = np.concatenate(([0.0], np.cumsum(shares)))
    lost = {}
    for n_four in range(0, 2 * width + 1, 2):
        for n_two in range(0, 4 * width - 2 * n_four + 1, 4):
            n_axes = n_four + n_two + 8 * width - 4 * n_four - 2 * n_two
            if n_axes <= len(shares):
                parts = zip(
                    (4, 2, 1, 0),
                    pairwise((0, n_four, n_four + n_two, n_axes, len(shares))),
                    strict=True,
                )
                lost[n_axes, n_four, n_two] = sum(
                    LOST[bits] * (sums[b] - sums[a]) for bits, (a, b) in parts
                )
    return min(lost, key=lost.__getitem__)


def _iter_lines(
    model: MiniLM, fit: Fit, queries: Sequence[Encoding], documents: Sequence[Encoding]
) -> Iterable[str]:
    """Errors of cosines of 50 queries' tokens and those of 50 abstracts, as they are kept."""
    asked = np.concatenate([query.tokens for query in queries[::10][:50]])
    cut = fit.cut()
    yield f"{len(cut.bits)} axes, {cut.n_four} of them in four bits, {cut.n_two} in two, {cut.width} bytes a token"
    exact, kept = [], []
    for encoding in documents[::10][:50]:
        restored = model.restore(encoding.vector, model.compress(encoding)).tokens
        exact.append((asked @ encoding.tokens.T).max(axis=1))
        kept.append((asked @ restored.T).max(axis=1))
    true, near = np.concatenate(exact), np.concatenate(kept)
    slope, offset = np.polyfit(true, near, 1)
    yield (
        f"greatest cosine of a query's token in a text: {true.mean():.3f}, kept {near.mean():.3f}, "
        f"slope {slope:.3f}, deviation {np.std(near - slope * true - offset):.3f}"
    )
