"""all-mpnet-base-v2 on onnxruntime: larger and better than the embedded embedder, at a sixth of its speed."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from rag.adapters import mpnet_graph
from rag.adapters.graph_files import ensure_built
from rag.adapters.minilm import MAX_TEXT_CHARS, MAX_TOKENS, open_session
from rag.adapters.minilm_graph import read_safetensors
from rag.adapters.weights import MPNET, find_weights
from rag.config.settings import Settings
from rag.library.permissions import require_memory
from rag.text import ensure_encodable
from rag.types.token_vectors import Encoding

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

START, END = 0, 2
_RECENT = 8


class MPNet:
    """Encodes texts, for the second stage. Safe to share between threads.

    Args:
        settings: Say where the weights are; nothing is loaded before the first text.
    """

    name = f"mpnet-base-v2/int8/{mpnet_graph.MPNET_VERSION}"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._loaded: tuple[Tokenizer, InferenceSession, NDArray[np.float32]] | None = None
        self.encode_query = lru_cache(maxsize=_RECENT)(self.encode_text)

    def encode_text(self, text: str) -> Encoding:
        """A text's vector and token vectors, of its first `MAX_TOKENS` tokens."""
        tokenizer, session, bias = self._load()
        encoding = tokenizer.encode(
            ensure_encodable(text[:MAX_TEXT_CHARS]), add_special_tokens=False
        )
        ids = np.array(encoding.ids, np.int64)
        spans = np.array(encoding.offsets, np.int32).reshape(-1, 2)
        framed_ids = np.concatenate(([START], ids, [END]))[None]
        inputs = {
            "ids": framed_ids,
            "bias": mpnet_graph.get_bias_of_length(bias, framed_ids.shape[1]),
        }
        tokens, vector = session.run(["tokens", "vector"], inputs)
        return Encoding(vector[0], tokens[0, 1:-1], ids.astype(np.uint16), spans)

    def _load(self) -> tuple[Tokenizer, InferenceSession, NDArray[np.float32]]:
        with self._lock:
            if self._loaded is None:
                from tokenizers import Tokenizer

                require_memory()
                weights = find_weights(self._settings, MPNET)
                tensors = read_safetensors(weights.safetensors)
                graph = ensure_built(
                    weights.cache / f"mpnet-int8-v{mpnet_graph.MPNET_VERSION}.onnx",
                    lambda: mpnet_graph.build_mpnet(tensors).SerializeToString(),
                )
                tokenizer = Tokenizer.from_file(str(weights.tokenizer))
                tokenizer.no_padding()
                tokenizer.enable_truncation(MAX_TOKENS)
                bias = mpnet_graph.compute_position_bias(tensors)
                self._loaded = tokenizer, open_session(str(graph)), bias
        return self._loaded
