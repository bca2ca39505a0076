"""ONNX graphs on disk: built once and cached if the folder is writable, else for this process."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rag.adapters.minilm_graph import (
    GRAPH_VERSION,
    Precision,
    Tensors,
    build_fp32,
    get_weight_bits,
    read_safetensors,
)
from rag.adapters.minilm_int8 import build_int8
from rag.adapters.weights import Weights
from rag.library.permissions import create_temporary_folder, is_readonly

if TYPE_CHECKING:
    from onnx import ModelProto


def ensure_built(path: Path, build: Callable[[], bytes]) -> Path:
    """Build the file if it does not exist; safe in two processes at once. Returns its path.

    If the folder is read-only, the file is built in a temporary one, deleted with the process.
    """
    if path.is_file():
        return path
    if is_readonly(next(folder for folder in path.parents if folder.exists())):
        path = create_temporary_folder() / path.name
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".graph-") as folder:
        built = Path(folder) / path.name
        built.write_bytes(build())
        os.replace(built, path)
    return path


def ensure_graph_file(weights: Weights, precision: Precision) -> Path:
    """Build the graph's file if it does not exist; safe in two processes at once. Returns its path.

    It is stored beside the weights, under a name with its form and `GRAPH_VERSION`.
    """
    form = f"int{get_weight_bits()}" if precision == "int8" else precision
    path = weights.cache / f"minilm-{form}-v{GRAPH_VERSION}.onnx"
    return ensure_built(
        path, lambda: _build_graph(read_safetensors(weights.safetensors), form).SerializeToString()
    )


def _build_graph(tensors: Tensors, form: str) -> ModelProto:
    if form == "fp32":
        return build_fp32(tensors)
    return build_int8(tensors, bits=int(form.removeprefix("int")))
