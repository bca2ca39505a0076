"""The embedded model as an ONNX graph, built from the published weights.

Texts are run at their exact length, which needs neither padding nor mask, so the graph has neither.
One pass gives the text's own vector and a vector for each token.

onnxruntime's own fused SkipLayerNormalization is several times slower than LayerNormalization and
Add, so these stand in the graph; sessions at ORT_ENABLE_BASIC leave them be.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto

Precision = Literal["int8", "fp32"]
AnyArray = NDArray[Any]
Tensors = Mapping[str, NDArray[np.float32]]

GRAPH_VERSION = 2
"""Increased whenever the same weights give a different graph; part of the cached file's name."""

N_LAYERS = 6
MIDDLE_LAYER = 4
"""Layer whose output is part of the token vectors, counted from 1."""
N_HEADS = 12
MODEL_DIM = 384
EPSILON = 1e-12
WORD_TABLE = "embeddings.word_embeddings.weight"
CONTRIB = "com.microsoft"


def get_weight_bits(machine: str = "", cpuinfo: Path = Path("/proc/cpuinfo")) -> int:
    """Bits of an int8 graph's weights: 8, or 7 on processors where 8 might overflow.

    An x86 without VNNI adds pairs of products of an unsigned and a signed byte in 16 bits, which
    saturate unless one of the two has 7 bits. Where the processor does not say, it counts as such.
    """
    if (machine or platform.machine()).lower() not in ("x86_64", "amd64", "i386", "i686"):
        return 8
    try:
        flags = cpuinfo.read_text(encoding="utf-8").split()
    except OSError:
        return 7
    return 8 if {"avx512_vnni", "avx_vnni"} & set(flags) else 7


def read_safetensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """The float32 tensors of a file, mapped into memory, not read.

    Format: length of the header (uint64, little endian), header in JSON, then the tensors' bytes.
    """
    size = int(np.fromfile(path, "<u8", 1)[0])
    data = np.memmap(path, np.uint8, "r")
    header = json.loads(bytes(data[8 : 8 + size]))
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name] = data[start:end].view("<f4").reshape(entry["shape"])
    return tensors


class Graph:
    """An ONNX graph under construction: nodes and constants in order, values by name."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def add_constant(self, value: AnyArray) -> str:
        from onnx import numpy_helper

        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(
        self, kind: str, *inputs: str, n_outputs: int = 1, domain: str = "", **attrs: Any
    ) -> Any:
        """Add a node; returns the name of its output, or their names if there are several."""
        from onnx import helper

        outputs = [f"n{len(self._nodes)}_{i}" for i in range(n_outputs)]
        self._nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attrs))
        return outputs[0] if n_outputs == 1 else outputs

    def add_norm(self, x: str, gamma: AnyArray, beta: AnyArray) -> str:
        scale, bias = self.add_constant(gamma), self.add_constant(beta)
        return str(self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON))

    def add_product(self, x: str, weight: AnyArray, bias: AnyArray) -> str:
        """``x @ weight + bias`` in fp32; weight (n_in, n_out)."""
        product = self.add("MatMul", x, self.add_constant(weight))
        return str(self.add("Add", product, self.add_constant(bias)))

    def add_gelu(self, x: str) -> str:
        return str(self.add("Gelu", x, domain=CONTRIB))

    def add_attention(self, qkv: str) -> str:
        q, k, v = self.add("Split", qkv, n_outputs=3, axis=-1, num_outputs=3)
        return str(
            self.add("MultiHeadAttention", q, k, v, domain=CONTRIB, num_heads=N_HEADS)
        )  # scores are scaled by 1 / sqrt(head size) there

    def add_token_vectors(self, middle: str, last: str) -> str:
        """Token vectors: the sum of a middle and the last layer, each of length 1, at length 1.

        The last layer was trained to be averaged, and the middle one holds more of the word itself;
        together they match tokens better than either (figures: eval/LOG.md).
        """
        parts = [self.add("LpNormalization", x, axis=-1, p=2) for x in (middle, last)]
        return str(self.add("LpNormalization", self.add("Add", *parts), axis=-1, p=2))

    def build_model(
        self,
        tokens: str,
        vector: str,
        *,
        name: str = "all-MiniLM-L6-v2",
        dim: int = MODEL_DIM,
        biased_heads: int = 0,
    ) -> ModelProto:
        """The full model: ids (1, n) int64 in, `tokens` (1, n, dim) and `vector` (1, dim) out.

        ``biased_heads``: of a model that also takes `bias`, what each head adds for a pair of tokens.
        """
        from onnx import TensorProto, helper

        for output, source in (("tokens", tokens), ("vector", vector)):
            self._nodes.append(helper.make_node("Identity", [source], [output]))
        inputs = [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "n"])]
        if biased_heads:
            shape: list[str | int | None] = [1, biased_heads, "n", "n"]
            inputs.append(helper.make_tensor_value_info("bias", TensorProto.FLOAT, shape))
        graph = helper.make_graph(
            self._nodes,
            name,
            inputs,
            [
                helper.make_tensor_value_info("tokens", TensorProto.FLOAT, [1, "n", dim]),
                helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, dim]),
            ],
            self._constants,
        )
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def build_fp32(tensors: Tensors) -> ModelProto:
    """Build the graph of the published model, without quantisation."""
    graph = Graph()
    x = graph.add_norm(embed(graph, tensors), *get_norm(tensors, "embeddings"))
    for number in range(1, N_LAYERS + 1):
        layer = get_layer(tensors, number)
        context = graph.add_attention(graph.add_product(x, *get_query_key_value(layer)))
        out = graph.add_product(context, *get_linear(layer, "attention.output.dense"))
        x = graph.add_norm(graph.add("Add", out, x), *get_norm(layer, "attention.output"))
        inner = graph.add_gelu(graph.add_product(x, *get_linear(layer, "intermediate.dense")))
        out = graph.add_product(inner, *get_linear(layer, "output.dense"))
        x = graph.add_norm(graph.add("Add", out, x), *get_norm(layer, "output"))
        if number == MIDDLE_LAYER:
            middle = x
    return graph.build_model(graph.add_token_vectors(middle, x), add_pooling(graph, x))


def extract_product_inputs(model: ModelProto) -> tuple[bytes, list[str]]:
    """The graph with the inputs of its matrix products as further outputs, and their names."""
    from onnx import TensorProto, helper

    names = [node.input[0] for node in model.graph.node if node.op_type == "MatMul"]
    for name in names:
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    return model.SerializeToString(), names


def embed(graph: Graph, tensors: Tensors, *, half: bool = False) -> str:
    """The sum of word, position and segment embeddings; ``half`` stores those of words as float16."""
    table = tensors[WORD_TABLE]
    words = graph.add(
        "Gather", graph.add_constant(table.astype(np.float16) if half else table), "ids"
    )
    if half:
        words = graph.add("Cast", words, to=1)  # TensorProto.FLOAT
    places = (
        tensors["embeddings.position_embeddings.weight"]
        + tensors["embeddings.token_type_embeddings.weight"][0]
    )
    n = graph.add("Shape", "ids", start=1, end=2)
    zero = graph.add_constant(np.zeros(1, np.int64))
    places = graph.add("Slice", graph.add_constant(places), zero, n, zero)
    return str(graph.add("Add", words, places))


def add_pooling(graph: Graph, x: str) -> str:
    """Add the mean over all tokens, scaled to length 1."""
    mean = graph.add("ReduceMean", x, graph.add_constant(np.array([1], np.int64)), keepdims=0)
    return str(graph.add("LpNormalization", mean, axis=-1, p=2))


def get_layer(tensors: Tensors, number: int) -> Tensors:
    """The tensors of one layer, counted from 1, by their names within it."""
    prefix = f"encoder.layer.{number - 1}."
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def get_linear(layer: Tensors, name: str) -> tuple[AnyArray, AnyArray]:
    """Weight (n_in, n_out) and bias."""
    return layer[f"{name}.weight"].T, layer[f"{name}.bias"]


def get_query_key_value(layer: Tensors) -> tuple[AnyArray, AnyArray]:
    """Query, key and value as one product: weight (dim, 3 dim) and bias."""
    parts = [get_linear(layer, f"attention.self.{name}") for name in ("query", "key", "value")]
    weights, biases = zip(*parts, strict=True)
    return np.concatenate(weights, axis=1), np.concatenate(biases)


def get_norm(tensors: Tensors, name: str) -> tuple[AnyArray, AnyArray]:
    """Gamma and beta."""
    return tensors[f"{name}.LayerNorm.weight"], tensors[f"{name}.LayerNorm.bias"]
