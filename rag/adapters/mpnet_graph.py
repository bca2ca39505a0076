"""all-mpnet-base-v2 as an ONNX graph, built from the published weights: the second stage's model.

Plain 8-bit products spoil this model (cosine .88 to the published one): a few of its channels reach 65
where the others stay below 4. Here 64 values in a row share a scale, in weights and activations alike, so
that such a channel coarsens its neighbours only; that keeps the cosine above .99 without a list of
outliers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.adapters.minilm_graph import CONTRIB, AnyArray, Graph, add_pooling, get_layer, get_linear

if TYPE_CHECKING:
    from onnx import ModelProto

MPNET_VERSION = 1
"""Increased whenever the same weights give a different graph; part of the cached file's name."""
MPNET_LAYERS, MPNET_HEADS, DIM = 12, 12, 768
MPNET_MIDDLE_LAYER = 8
"""Layer whose output is part of the token vectors, counted from 1: two thirds up, as in the first model."""
MPNET_EPSILON = 1e-5
FIRST_PLACE = 2
"""Row of the table of positions that the first token has."""
LONGEST = 512
_BUCKETS, _EXACT, _FARTHEST = 16, 8, 128
"""Relative positions of each side: so many classes, of which the near ones are exact."""
_BLOCK = 64


class _BlockGraph(Graph):
    """A graph of this model's size, with matrix products in 8-bit integers scaled block by block."""

    def add_norm(self, x: str, gamma: AnyArray, beta: AnyArray) -> str:
        scale, bias = self.add_constant(gamma), self.add_constant(beta)
        return str(self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=MPNET_EPSILON))

    def add_block_product(self, x: str, weight: AnyArray, bias: AnyArray) -> str:
        """``x @ weight + bias``; weight (n_in, n_out)."""
        values, scales = convert_to_blocks(weight)
        n_in, n_out = weight.shape
        product = self.add(
            "MatMulNBits", x, self.add_constant(values), self.add_constant(scales), domain=CONTRIB,
            K=n_in, N=n_out, bits=8, block_size=_BLOCK, accuracy_level=4,
        )  # fmt: skip
        return str(self.add("Add", product, self.add_constant(bias)))


def build_mpnet(tensors: Mapping[str, NDArray[np.float32]]) -> ModelProto:
    """Build the model: ``ids`` (1, n) and ``bias`` (1, heads, n, n) in, as MiniLM's graph out."""
    graph = _BlockGraph()
    x = graph.add_norm(_embed(graph, tensors), *_get_norm(tensors, "embeddings"))
    middle = x
    for number in range(1, MPNET_LAYERS + 1):
        layer = get_layer(tensors, number)
        parts = [
            graph.add_block_product(x, *get_linear(layer, f"attention.attn.{name}"))
            for name in "qkv"
        ]
        context = graph.add(
            "MultiHeadAttention", *parts, "", "", "bias", domain=CONTRIB, num_heads=MPNET_HEADS
        )
        out = graph.add_block_product(context, *get_linear(layer, "attention.attn.o"))
        x = graph.add_norm(graph.add("Add", out, x), *_get_norm(layer, "attention"))
        inner = graph.add_gelu(graph.add_block_product(x, *get_linear(layer, "intermediate.dense")))
        out = graph.add_block_product(inner, *get_linear(layer, "output.dense"))
        x = graph.add_norm(graph.add("Add", out, x), *_get_norm(layer, "output"))
        middle = x if number == MPNET_MIDDLE_LAYER else middle
    return graph.build_model(
        graph.add_token_vectors(middle, x),
        add_pooling(graph, x),
        name="all-mpnet-base-v2",
        dim=DIM,
        biased_heads=MPNET_HEADS,
    )


def compute_position_bias(tensors: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """(heads, 2 * LONGEST - 1) What each head adds for a key so far from its query, nearest left to right.

    As in T5 (Raffel et al., JMLR 2020), whose buckets the model took over.
    """
    distance = np.arange(-LONGEST + 1, LONGEST)
    far = np.maximum(np.abs(distance), 1)
    by_log = _EXACT + np.log(far / _EXACT) / np.log(_FARTHEST / _EXACT) * (_BUCKETS - _EXACT)
    bucket = np.where(far < _EXACT, np.abs(distance), np.minimum(by_log, _BUCKETS - 1)).astype(int)
    bucket += _BUCKETS * (distance > 0)
    return np.ascontiguousarray(tensors["encoder.relative_attention_bias.weight"][bucket].T)


def get_bias_of_length(bias: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """(1, heads, n, n) The bias of each query and key of a text of n tokens."""
    place = np.arange(n)
    spread: NDArray[np.float32] = bias[:, place[None] - place[:, None] + LONGEST - 1]
    return spread[None]


def convert_to_blocks(weight: AnyArray) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Integers (n_out, n_in / 64, 64) around 128, and a scale for each block of a column."""
    blocks = weight.T.reshape(weight.shape[1], -1, _BLOCK)
    scales = np.maximum(np.abs(blocks).max(axis=2, keepdims=True) / 127, 1e-12).astype(np.float32)
    return (np.rint(blocks / scales) + 128).astype(np.uint8), scales.reshape(-1)


def _embed(graph: Graph, tensors: Mapping[str, NDArray[np.float32]]) -> str:
    table = tensors["embeddings.word_embeddings.weight"].astype(np.float16)
    words = graph.add("Gather", graph.add_constant(table), "ids")
    words = graph.add("Cast", words, to=1)  # TensorProto.FLOAT
    places = tensors["embeddings.position_embeddings.weight"][FIRST_PLACE:]
    n = graph.add("Shape", "ids", start=1, end=2)
    zero = graph.add_constant(np.zeros(1, np.int64))
    return str(
        graph.add("Add", words, graph.add("Slice", graph.add_constant(places), zero, n, zero))
    )


def _get_norm(tensors: Mapping[str, NDArray[np.float32]], name: str) -> tuple[AnyArray, AnyArray]:
    return tensors[f"{name}.LayerNorm.weight"], tensors[f"{name}.LayerNorm.bias"]
