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

from rag.adapters.graph_files import kept
from rag.adapters.weights import Weights

if TYPE_CHECKING:
    from onnx import ModelProto

Precision = Literal["int8", "fp32"]
Array = NDArray[Any]
Tensors = Mapping[str, NDArray[np.float32]]

GRAPH_VERSION = 2
"""Goes up whenever the same weights would give another graph; stands in the cached file's name."""

N_LAYERS = 6
MIDDLE_LAYER = 4
"""Whose output takes part in the token vectors, counted from 1."""
N_HEADS = 12
DIM = 384
EPSILON = 1e-12
CONTRIB = "com.microsoft"


def graph_file(weights: Weights, precision: Precision) -> Path:
    """The graph on disk, built first where it is not there yet; two processes may do so at once.

    It is kept beside the weights; the name tells its form and `GRAPH_VERSION`.
    """
    form = f"int{weight_bits()}" if precision == "int8" else precision
    path = weights.cache / f"minilm-{form}-v{GRAPH_VERSION}.onnx"
    return kept(
        path, lambda: _build(read_safetensors(weights.safetensors), form).SerializeToString()
    )


def _build(tensors: Tensors, form: str) -> ModelProto:
    if form == "fp32":
        return build_fp32(tensors)
    from rag.adapters.minilm_int8 import build_int8

    return build_int8(tensors, bits=int(form.removeprefix("int")))


def weight_bits(machine: str = "", cpuinfo: Path = Path("/proc/cpuinfo")) -> int:
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
    found = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            found[name] = data[start:end].view("<f4").reshape(entry["shape"])
    return found


class Graph:
    """Nodes and constants in the order they are added; every value is known by its name."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, value: Array) -> str:
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

    def norm(self, x: str, gamma: Array, beta: Array) -> str:
        scale, bias = self.constant(gamma), self.constant(beta)
        return str(self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON))

    def product(self, x: str, weight: Array, bias: Array) -> str:
        """``x @ weight + bias`` in fp32; weight (n_in, n_out)."""
        product = self.add("MatMul", x, self.constant(weight))
        return str(self.add("Add", product, self.constant(bias)))

    def gelu(self, x: str) -> str:
        return str(self.add("Gelu", x, domain=CONTRIB))

    def attention(self, qkv: str) -> str:
        q, k, v = self.add("Split", qkv, n_outputs=3, axis=-1, num_outputs=3)
        return str(
            self.add("MultiHeadAttention", q, k, v, domain=CONTRIB, num_heads=N_HEADS)
        )  # scores are scaled by 1 / sqrt(head size) there

    def tokens(self, middle: str, last: str) -> str:
        """Token vectors: the sum of a middle and the last layer, each of length 1, at length 1.

        The last layer was trained to be averaged, and the middle one holds more of the word itself;
        together they match tokens better than either (figures: eval/LOG.md).
        """
        parts = [self.add("LpNormalization", x, axis=-1, p=2) for x in (middle, last)]
        return str(self.add("LpNormalization", self.add("Add", *parts), axis=-1, p=2))

    def model(self, tokens: str, vector: str) -> ModelProto:
        """The whole: ids (1, n) int64 in, `tokens` (1, n, dim) and `vector` (1, dim) out."""
        from onnx import TensorProto, helper

        for name, source in (("tokens", tokens), ("vector", vector)):
            self._nodes.append(helper.make_node("Identity", [source], [name]))
        graph = helper.make_graph(
            self._nodes,
            "all-MiniLM-L6-v2",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "n"])],
            [
                helper.make_tensor_value_info("tokens", TensorProto.FLOAT, [1, "n", DIM]),
                helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, DIM]),
            ],
            self._constants,
        )
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid(CONTRIB, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def build_fp32(tensors: Tensors) -> ModelProto:
    """The published model, number for number."""
    graph = Graph()
    x = graph.norm(embed(graph, tensors), *norm_of(tensors, "embeddings"))
    for number in range(1, N_LAYERS + 1):
        layer = layer_of(tensors, number)
        context = graph.attention(graph.product(x, *query_key_value_of(layer)))
        out = graph.product(context, *linear_of(layer, "attention.output.dense"))
        x = graph.norm(graph.add("Add", out, x), *norm_of(layer, "attention.output"))
        inner = graph.gelu(graph.product(x, *linear_of(layer, "intermediate.dense")))
        out = graph.product(inner, *linear_of(layer, "output.dense"))
        x = graph.norm(graph.add("Add", out, x), *norm_of(layer, "output"))
        if number == MIDDLE_LAYER:
            middle = x
    return graph.model(graph.tokens(middle, x), pool(graph, x))


def with_product_inputs(model: ModelProto) -> tuple[bytes, list[str]]:
    """The graph that gives the inputs of its matrix products too, in order, and their names."""
    from onnx import TensorProto, helper

    names = [node.input[0] for node in model.graph.node if node.op_type == "MatMul"]
    for name in names:
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    return model.SerializeToString(), names


def embed(graph: Graph, tensors: Tensors, *, half: bool = False) -> str:
    """Words, places and the one segment there is, added up; ``half`` keeps the words as float16."""
    table = tensors["embeddings.word_embeddings.weight"]
    words = graph.add("Gather", graph.constant(table.astype(np.float16) if half else table), "ids")
    if half:
        words = graph.add("Cast", words, to=1)  # TensorProto.FLOAT
    places = (
        tensors["embeddings.position_embeddings.weight"]
        + tensors["embeddings.token_type_embeddings.weight"][0]
    )
    n = graph.add("Shape", "ids", start=1, end=2)
    zero = graph.constant(np.zeros(1, np.int64))
    places = graph.add("Slice", graph.constant(places), zero, n, zero)
    return str(graph.add("Add", words, places))


def pool(graph: Graph, x: str) -> str:
    """The mean over all tokens, brought to length 1."""
    mean = graph.add("ReduceMean", x, graph.constant(np.array([1], np.int64)), keepdims=0)
    return str(graph.add("LpNormalization", mean, axis=-1, p=2))


def layer_of(tensors: Tensors, number: int) -> Tensors:
    """The tensors of one layer, counted from 1, by their names within it."""
    prefix = f"encoder.layer.{number - 1}."
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def linear_of(layer: Tensors, name: str) -> tuple[Array, Array]:
    """Weight (n_in, n_out) and bias."""
    return layer[f"{name}.weight"].T, layer[f"{name}.bias"]


def query_key_value_of(layer: Tensors) -> tuple[Array, Array]:
    """The three side by side, to be one product: weight (dim, 3 dim) and bias."""
    parts = [linear_of(layer, f"attention.self.{name}") for name in ("query", "key", "value")]
    weights, biases = zip(*parts, strict=True)
    return np.concatenate(weights, axis=1), np.concatenate(biases)


def norm_of(tensors: Tensors, name: str) -> tuple[Array, Array]:
    """Gamma and beta."""
    return tensors[f"{name}.LayerNorm.weight"], tensors[f"{name}.LayerNorm.bias"]
