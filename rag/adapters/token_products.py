"""Products of query tokens and stored token vectors in 8-bit integers, on one core.

Stored vectors are used packed, two numbers a byte (`rag.library.token_vector_store`); unpacking them
into floats would take most of the time. The query is rounded to 8 bits, one scale a token, a tenth
of the error of the stored vectors' 4 bits. Products stay far below 16 bits, so they do not overflow
even on processors with limited products (see `rag.adapters.minilm_graph.get_weight_bits`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.adapters.graph_files import ensure_built
from rag.library.token_vector_store import TOP
from rag.types.cancellation import heed

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

VERSION = 2
"""Increased with every change of the graph; part of the stored file's name."""
LOW_BITS = np.uint8(15)
PRODUCT_ROWS = 4_096
"""Document tokens in one run, so that its results stay in the processor's cache."""


class TokenProducts:
    """Cosines of query tokens and document tokens; see `rag.search.late.Products`.

    Args:
        session: A session of the graph of `ensure_product_graph`.
    """

    def __init__(self, session: InferenceSession) -> None:
        self._session = session

    def __call__(
        self, queries: NDArray[np.float32], packed: NDArray[np.uint8], scales: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        peaks = np.maximum(np.abs(queries).max(axis=1), 1e-12) / 127
        values = np.rint(queries / peaks[:, None]).astype(np.int8)
        inputs = {
            "even": np.ascontiguousarray(values[:, ::2].T),
            "odd": np.ascontiguousarray(values[:, 1::2].T),
            "shift": -TOP * values.sum(axis=1, dtype=np.float32)[None],
            "peaks": peaks.astype(np.float32)[None],
        }
        cosines = np.empty((len(queries), len(packed)), np.float32)
        for start in range(0, len(packed), PRODUCT_ROWS):
            heed()
            rows = slice(start, start + PRODUCT_ROWS)
            # The runtime's own operators for bits take longer than the products themselves.
            low, high = packed[rows] & LOW_BITS, packed[rows] >> 4
            part = {"low": low, "high": high, "scales": scales[rows, None]}
            cosines[:, rows] = self._session.run(["cosines"], inputs | part)[0]
        return cosines


def ensure_product_graph(folder: Path) -> Path:
    """Build the graph's file if it does not exist; safe in two processes at once. Returns its path."""
    return ensure_built(folder / f"token-products-v{VERSION}.onnx", build_product_graph)


def build_product_graph() -> bytes:
    """Build the graph: inputs low and high (n, dim / 2) and a query of m tokens, output cosines (m, n)."""
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("MatMulInteger", ["low", "even"], ["of_even"]),
        helper.make_node("MatMulInteger", ["high", "odd"], ["of_odd"]),
        helper.make_node("Add", ["of_even", "of_odd"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["sums"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["sums", "shift"], ["shifted"]),
        helper.make_node("Mul", ["shifted", "peaks"], ["scaled"]),
        helper.make_node("Mul", ["scaled", "scales"], ["products"]),
        helper.make_node("Transpose", ["products"], ["cosines"], perm=[1, 0]),
    ]
    inputs = [
        helper.make_tensor_value_info("low", TensorProto.UINT8, ["n", "half"]),
        helper.make_tensor_value_info("high", TensorProto.UINT8, ["n", "half"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, ["n", 1]),
        helper.make_tensor_value_info("even", TensorProto.INT8, ["half", "m"]),
        helper.make_tensor_value_info("odd", TensorProto.INT8, ["half", "m"]),
        helper.make_tensor_value_info("shift", TensorProto.FLOAT, [1, "m"]),
        helper.make_tensor_value_info("peaks", TensorProto.FLOAT, [1, "m"]),
    ]
    outputs = [helper.make_tensor_value_info("cosines", TensorProto.FLOAT, ["m", "n"])]
    graph = helper.make_graph(nodes, "token products", inputs, outputs)
    opsets = [helper.make_opsetid("", 18)]
    model_bytes = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
    return bytes(model_bytes)
