"""The second stage's model: its graph computes what the published architecture says, in 8 bits."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.adapters import mpnet_graph
from rag.adapters.minilm import open_session

DIM, HEADS, WORDS, N = mpnet_graph.DIM, mpnet_graph.MPNET_HEADS, 40, 9
Tensors = dict[str, NDArray[np.float32]]


@pytest.fixture(autouse=True)
def one_layer() -> Iterator[None]:
    """Of twelve alike, one is enough; the whole model is 400 MB, which no test fetches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mpnet_graph, "MPNET_LAYERS", 1)
        patch.setattr(mpnet_graph, "MPNET_MIDDLE_LAYER", 1)
        yield


@pytest.fixture(scope="module")
def tensors() -> Tensors:
    """Weights drawn at random, with a few channels far from the others, as the published ones have."""
    rng = np.random.default_rng(5)

    def draw(*shape: int) -> NDArray[np.float32]:
        return rng.normal(0, 0.05, shape).astype(np.float32)

    made = {
        "embeddings.word_embeddings.weight": draw(WORDS, DIM),
        "embeddings.position_embeddings.weight": draw(20, DIM),
        "encoder.relative_attention_bias.weight": draw(32, HEADS) * 20,
    }
    layer = "encoder.layer.0."
    for name, (n_out, n_in) in {
        **{f"attention.attn.{part}": (DIM, DIM) for part in "qkvo"},
        "intermediate.dense": (4 * DIM, DIM),
        "output.dense": (DIM, 4 * DIM),
    }.items():
        made[f"{layer}{name}.weight"], made[f"{layer}{name}.bias"] = draw(n_out, n_in), draw(n_out)
    for norm in ("embeddings", f"{layer}attention", f"{layer}output"):
        made[f"{norm}.LayerNorm.weight"] = 1 + draw(DIM)
        made[f"{norm}.LayerNorm.bias"] = draw(DIM)
        made[f"{norm}.LayerNorm.weight"][:3] *= 40
    return made


def normalize(x: Any, tensors: Tensors, name: str) -> Any:
    centred = x - x.mean(-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return scaled * tensors[f"{name}.LayerNorm.weight"] + tensors[f"{name}.LayerNorm.bias"]


def bucket(distance: int) -> int:
    """T5's bucket of a key so far right of its query, as its authors' code has it."""
    n = abs(distance)
    if n < 8:
        near = n
    else:
        near = min(15, 8 + int(math.log(n / 8) / math.log(128 / 8) * 8))
    return near + (16 if distance > 0 else 0)


def compute_last_layer(ids: NDArray[np.int64], tensors: Tensors) -> Any:
    """The model in floats, written from its description."""

    def apply(x: Any, name: str) -> Any:
        name = f"encoder.layer.0.{name}"
        return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    places = tensors["embeddings.position_embeddings.weight"][2 : 2 + len(ids)]
    x = normalize(tensors["embeddings.word_embeddings.weight"][ids] + places, tensors, "embeddings")
    q, k, v = (
        apply(x, f"attention.attn.{part}").reshape(len(ids), HEADS, -1).transpose(1, 0, 2)
        for part in "qkv"
    )
    table = tensors["encoder.relative_attention_bias.weight"]
    at = range(len(ids))
    bias = np.array([[table[bucket(key - query)] for key in at] for query in at])
    scores = q @ k.transpose(0, 2, 1) / math.sqrt(DIM / HEADS) + bias.transpose(2, 0, 1)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    context = (weights @ v).transpose(1, 0, 2).reshape(len(ids), DIM)
    x = normalize(x + apply(context, "attention.attn.o"), tensors, "encoder.layer.0.attention")
    inner = apply(x, "intermediate.dense")
    inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
    return normalize(x + apply(inner, "output.dense"), tensors, "encoder.layer.0.output")


def test_the_graph_computes_the_published_architecture(tensors: Tensors) -> None:
    ids = np.random.default_rng(1).integers(0, WORDS, N)
    bias = mpnet_graph.compute_position_bias(tensors)
    session = open_session(mpnet_graph.build_mpnet(tensors).SerializeToString())
    inputs = {"ids": ids[None], "bias": mpnet_graph.get_bias_of_length(bias, N)}
    tokens, vector = session.run(["tokens", "vector"], inputs)
    expected = compute_last_layer(ids, tensors)
    mean = expected.mean(0) / np.linalg.norm(expected.mean(0))
    assert float(vector[0] @ mean) > 0.999
    unit = expected / np.linalg.norm(expected, axis=-1, keepdims=True)
    assert ((tokens[0] * unit).sum(-1) > 0.995).all()


def test_every_distance_has_the_bucket_of_its_class(tensors: Tensors) -> None:
    bias = mpnet_graph.compute_position_bias(tensors)
    table = tensors["encoder.relative_attention_bias.weight"]
    for distance in (-511, -128, -60, -8, -7, 0, 1, 7, 8, 15, 90, 127, 511):
        column = bias[:, distance + mpnet_graph.LONGEST - 1]
        assert (column == table[bucket(distance)]).all(), distance


def test_a_block_keeps_its_own_scale(tensors: Tensors) -> None:
    """One great value coarsens the 63 beside it, and none of the other blocks."""
    weight = np.full((128, 1), 0.01, np.float32)
    weight[0] = 65.0
    values, scales = mpnet_graph.convert_to_blocks(weight)
    restored = (values.astype(np.float32) - 128) * scales.reshape(1, 2, 1)
    assert np.allclose(restored.reshape(-1)[64:], 0.01) and abs(restored.reshape(-1)[0] - 65) < 1e-3
