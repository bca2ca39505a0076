"""all-MiniLM-L6-v2 on onnxruntime: the embedded embedder, for whole texts and for single tokens."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from rag.adapters.graph_files import ensure_graph_file
from rag.adapters.minilm_graph import MODEL_DIM, WORD_TABLE, Precision, read_safetensors
from rag.adapters.question_map import QuestionMap
from rag.adapters.text_embedder import TextEmbedder
from rag.adapters.token_codec import Fit, TokenCodec, ensure_product_graph, ensure_words
from rag.adapters.weights import Weights, find_weights
from rag.config.settings import Settings, load
from rag.library.permissions import require_memory
from rag.text import ensure_encodable
from rag.types.token_vectors import CompressedTokens, DocumentTokens, Encoding

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

_Made = TypeVar("_Made")

CLS, SEP = 101, 102
WINDOW = 254
"""Longest input of the published model in wordpieces; 256 with the special tokens."""
MAX_TOKENS = 510
OVERLAP = 64
"""Wordpieces that each further window repeats as context for its first new ones."""
GIST_WORDS = 64
"""Different wordpieces of a text's gist, the rarest: the vocabulary is ordered by how frequent they are."""
MAX_TEXT_CHARS = 100_000
"""Longer texts are cut; `MAX_TOKENS` come much earlier, except in runs of white space."""


_RECENT = 8


class MiniLM(TextEmbedder):
    """Embeds texts; the vector of a text does not depend on the other texts of a call.

    Every text is run by itself at its exact length, each on one core, the longest first, so that
    no time goes into padding. Safe to share between threads.

    Args:
        settings: Location of the weights (`rag.adapters.weights.find_weights`) and number of cores;
            None: from the environment. Nothing is loaded before the first text.
        precision: ``int8`` is several times faster; ``fp32`` is the published model, number for number.
    """

    dimension = MODEL_DIM

    def __init__(self, settings: Settings | None = None, *, precision: Precision = "int8") -> None:
        self.name = f"minilm-l6-v2/{precision}"
        self._settings = load() if settings is None else settings
        self._precision: Precision = precision
        self._threads = self._settings.threads or _count_cores()
        self._lock = Lock()
        self._loaded: tuple[Tokenizer, InferenceSession] | None = None
        self._workers: ThreadPoolExecutor | None = None
        self._codec: TokenCodec | None = None
        # One question is read, searched for by its vector, and compared token by token.
        self._encode_recent = lru_cache(maxsize=_RECENT)(self._encode)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [vector.tolist() for vector in self._run_each(self._compute_vector, texts)]

    def embed_query(self, text: str) -> list[float]:
        vector: list[float] = self.encode_query(text).vector.tolist()
        return vector

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Vector and token vectors of each text.

        Up to 254 tokens, both come from one pass. A longer text's further tokens come from windows
        of 254 that read the `OVERLAP` before them again, so that cost stays proportional to length.
        """
        return self._run_each(self._encode, texts)

    def encode_gist(self, texts: Sequence[str]) -> list[Encoding]:
        """Of each text's `GIST_WORDS` rarest wordpieces the vector, in a fourth of the time that the text's takes.

        Token vectors are what this vector and the words foretell of them.
        """
        return self._run_each(self._encode_gist, texts)

    def encode_query(self, text: str) -> Encoding:
        """As `encode`; the last few questions are kept."""
        return self._encode_recent(text)

    def compress(self, encoding: Encoding) -> CompressedTokens:
        """Token vectors as they are stored; loads the words, but not the model."""
        return self._load_codec().compress(encoding)

    def compress_to_words(self, encoding: Encoding) -> CompressedTokens:
        """As `compress`, in a tenth of the room: of each vector what its word foretells."""
        return self._load_codec().compress_to_words(encoding)

    def narrow(self, tokens: CompressedTokens) -> CompressedTokens:
        """Token vectors as an older version stored them, as `compress` makes them; others as they are."""
        return self._load_codec().narrow(tokens)

    def restore(self, vector: NDArray[np.float32], tokens: CompressedTokens) -> Encoding:
        """The encoding of stored token vectors, as far as they were kept; spans are empty."""
        spans = np.stack([tokens.starts, tokens.starts], axis=1)
        return Encoding(vector, self._load_codec().restore(vector, tokens), tokens.ids, spans)

    def match(self, queries: NDArray[np.float32], tokens: DocumentTokens) -> NDArray[np.float32]:
        """Greatest cosines of query tokens in sentences; see `rag.search.late.Match`."""
        return self._load_codec().match(queries, tokens)

    def adapt(
        self, vectors: NDArray[np.float32], weights: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A question's token vectors and weights as learned; see `QuestionMap.apply`."""
        return _load_question_map().apply(vectors, weights)

    def _load_codec(self) -> TokenCodec:
        if self._codec is None:
            weights, fit = find_weights(self._settings), Fit.load()
            words = read_safetensors(weights.safetensors)[WORD_TABLE]
            products = open_session(str(ensure_product_graph(weights.cache)))
            foretold = ensure_words(weights.cache, words, fit)
            self._codec = TokenCodec(foretold, fit, products, self._threads)
        return self._codec

    def _compute_vector(self, text: str) -> NDArray[np.float32]:
        ids, _ = self.tokens(text)
        vector: NDArray[np.float32] = self._run(["vector"], ids[:WINDOW])[0][0]
        return vector

    def _encode(self, text: str) -> Encoding:
        ids, spans = self.tokens(text)
        tokens, vector = self._run(["tokens", "vector"], ids[:WINDOW])
        parts = [tokens[0, 1:-1]]
        for start in range(WINDOW, len(ids), WINDOW - OVERLAP):
            window = ids[start - OVERLAP : start - OVERLAP + WINDOW]
            parts.append(self._run(["tokens"], window)[0][0, 1 + OVERLAP : -1])
        return Encoding(vector[0], np.concatenate(parts), ids.astype(np.uint16), spans)

    def _encode_gist(self, text: str) -> Encoding:
        ids, spans = self.tokens(text)
        _, firsts = np.unique(
            ids, return_index=True
        )  # in the order of ids: the more frequent first
        vector = self._run(["vector"], ids[np.sort(firsts[-GIST_WORDS:])])[0][0]
        few = Encoding(vector, np.empty((len(ids), 0), np.float32), ids.astype(np.uint16), spans)
        foretold = self._load_codec().restore(vector, self.compress_to_words(few))
        return Encoding(vector, foretold, few.ids, spans)

    def tokens(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Vocabulary ids (n,) and character spans (n, 2) of a text's first `MAX_TOKENS` tokens."""
        tokenizer, _ = self._load()
        encoding = tokenizer.encode(
            ensure_encodable(text[:MAX_TEXT_CHARS]), add_special_tokens=False
        )
        return np.array(encoding.ids, np.int64), np.array(encoding.offsets, np.int32).reshape(-1, 2)

    def _run(self, outputs: list[str], ids: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        _, runner = self._load()
        arrays: list[NDArray[np.float32]] = runner.run(outputs, {"ids": add_special_tokens(ids)})
        return arrays

    def _run_each(self, make: Callable[[str], _Made], texts: Sequence[str]) -> list[_Made]:
        """Call ``make`` for each text; returns the results in the order of the texts."""
        if len(texts) < 2 or self._threads == 1:
            return [make(text) for text in texts]
        self._load()
        with self._lock:
            if self._workers is None:
                self._workers = ThreadPoolExecutor(self._threads, "minilm")
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        results = dict(zip(order, self._workers.map(make, [texts[i] for i in order]), strict=True))
        return [results[i] for i in range(len(texts))]

    def _load(self) -> tuple[Tokenizer, InferenceSession]:
        if self._loaded is None:
            with self._lock:
                if self._loaded is None:
                    require_memory()
                    weights = find_weights(self._settings)
                    graph = ensure_graph_file(weights, self._precision)
                    self._loaded = _load_tokenizer(weights), open_session(str(graph))
        return self._loaded


@cache
def _load_question_map() -> QuestionMap:
    return QuestionMap.load()


def open_session(graph: str | bytes) -> InferenceSession:
    """Open a session on one core, from a file or its bytes; the graph is not optimised further."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def add_special_tokens(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Add the special tokens at both ends: (1, n + 2), as the model expects."""
    return np.concatenate(([CLS], ids, [SEP]))[None]


def _load_tokenizer(weights: Weights) -> Tokenizer:
    """Load the published tokenizer without the padding and truncation at 128 set in its file."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(weights.tokenizer))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def _count_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
