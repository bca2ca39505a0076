"""Keeps the token vectors of the embedded model small, and multiplies a query's with them.

What a token's vector will be is foretold, by two linear maps, from the model's own vector of the word and from the
text's vector, which are there anyway. Of the rest, those axes are kept that change products with queries
most: the first in four bits each, some in two, the others in one. What was tried, with figures: eval/LOG.md.

A product of a query's token and a text's is then the query's product with the word, with the text, and with
the rest: there are many times fewer words than tokens. The rest is multiplied in 8-bit integers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.adapters.graph_files import ensure_built
from rag.types.cancellation import heed
from rag.types.token_vectors import CompressedTokens, DocumentTokens, Encoding

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Matrix = NDArray[np.float32]
FIT_FILE = Path(__file__).with_name("token_codec.npz")
STEPS: Mapping[int, float] = {4: 0.3352, 2: 0.9957, 1: 1.5958}
"""Of the equal steps, 2 to the power of some bits, that keep most of a normal variable of deviation 1 (Max, IRE 1960)."""
MIDDLE = 64
"""Stands for 0 among the levels of an axis, which go from 1 to 127: two products of such a level with a query's value
stay within 16 bits, as processors with limited products need (`rag.adapters.minilm_graph.get_weight_bits`)."""
WORDS_VERSION, PRODUCTS_VERSION = 1, 2
"""Go up with every change of how words are foretold, and of the graph; parts of the stored files' names."""
PRODUCT_ROWS = 4_096
"""Document tokens in one run, and a sentence more, so that its results stay in the processor's cache."""
LEAST_BLOCKS = 2
"""Runs from which on another core is worth its start."""
LEAST_SCALE = np.float32(2**-10)
"""Of tokens of which the words alone are kept: 0 would stand for no token."""
MAP_TOP = 63
"""Seven bits of a map are enough: the rest is taken from what the rounded maps foretell."""
_MAPS = ("of_word", "of_text", "analysis", "synthesis")


@dataclass(frozen=True, eq=False)
class Fit:
    """What `python -m eval train tokens` fits.

    Attributes:
        of_word, of_text: (dim, dim) float32: word's and text's vector times them, and ``bias`` (dim,), added.
        analysis: (dim, n_axes) float32: the rest times it has deviation 1 on each axis.
        synthesis: (dim, n_axes) float32: its transpose takes the axes back.
        n_four, n_two: Axes kept in four bits, the first ones, and in two, the next; those after are kept in one.
        model: sha256 of the model's weights.
        kept: How many of the axes are kept now, and of these ``n_four`` and ``n_two``; an older version kept all.
    """

    of_word: Matrix
    of_text: Matrix
    bias: Matrix
    analysis: Matrix
    synthesis: Matrix
    n_four: int
    n_two: int
    model: str
    kept: tuple[int, int, int]

    @classmethod
    def load(cls, path: Path = FIT_FILE) -> Fit:
        with np.load(path, allow_pickle=False) as arrays:
            maps = {name: arrays[name] * arrays[f"{name}_scale"] for name in _MAPS}
            return cls(
                **maps,
                bias=arrays["bias"],
                n_four=int(arrays["n_four"]),
                n_two=int(arrays["n_two"]),
                model=str(arrays["model"]),
                kept=tuple(arrays["kept"].tolist()),
            )

    def cut(self) -> Fit:
        """The same with the axes that are kept now."""
        n_axes, n_four, n_two = self.kept
        analysis, synthesis = self.analysis[:, :n_axes], self.synthesis[:, :n_axes]
        return replace(self, analysis=analysis, synthesis=synthesis, n_four=n_four, n_two=n_two)

    def to_arrays(self) -> Mapping[str, NDArray[np.generic]]:
        """As the file has them: the maps in bytes, one scale a column."""
        arrays: dict[str, NDArray[np.generic]] = {
            "bias": self.bias.astype(np.float32),
            "n_four": np.array(self.n_four),
            "n_two": np.array(self.n_two),
            "model": np.array(self.model),
            "kept": np.array(self.kept),
        }
        for name in _MAPS:
            values: Matrix = getattr(self, name)
            scale = np.maximum(np.abs(values).max(axis=0) / MAP_TOP, 1e-9).astype(np.float32)
            arrays[name] = np.rint(values / scale).astype(np.int8)
            arrays[f"{name}_scale"] = scale
        return arrays

    @cached_property
    def bits(self) -> NDArray[np.intp]:
        """(n_axes,) In how many bits each axis is kept."""
        bits = np.ones(self.analysis.shape[1], np.intp)
        bits[: self.n_four], bits[self.n_four : self.n_four + self.n_two] = 4, 2
        return bits

    @cached_property
    def width(self) -> int:
        """Bytes that the axes of one token take."""
        return int(self.bits.sum()) // 8


@dataclass(frozen=True, slots=True, eq=False)
class ForetoldWords:
    """What each word of the vocabulary foretells of its tokens, rounded: the rest is taken from that.

    Attributes:
        values: (n_words, dim) int8.
        scales: (n_words,) float32; times them the values are vectors.
    """

    values: NDArray[np.int8]
    scales: Matrix

    def take(self, ids: NDArray[np.integer]) -> Matrix:
        """(n, dim) The vectors of some words."""
        vectors: Matrix = self.values[ids].astype(np.float32) * self.scales[ids, None]
        return vectors


class TokenCodec:
    """Makes token vectors smaller, and matches them with a query's; safe to share between threads.

    Args:
        words: What each word of the vocabulary foretells.
        fit: What is foretold from a text, and what was kept of the rest; of it that is kept now which ``Fit.cut`` leaves.
        products: Session of the graph of products (`build_product_graph`).
        n_threads: Cores that multiply one query at most.
    """

    def __init__(
        self, words: ForetoldWords, fit: Fit, products: InferenceSession, n_threads: int = 1
    ) -> None:
        self._words, self._older, self._products = words, fit, products
        self._n_threads = n_threads
        self._workers = ThreadPoolExecutor(n_threads, "products")
        self._fit = fit.cut()
        self._steps, self._tops = _list_steps(self._fit)
        # An axis's outermost level is the greatest: what one unit of it stands for goes to the query.
        self._units = (self._steps * self._tops / 2 / (MIDDLE - 1)).astype(np.float32)

    def compress(self, encoding: Encoding) -> CompressedTokens:
        """The token vectors as they are stored."""
        vector = encoding.vector.astype(np.float16).astype(np.float32)  # as it will be read
        foretold = self._foretell(vector, encoding.ids)
        rest = ((encoding.tokens - foretold) @ self._fit.analysis).astype(np.float32, copy=False)
        codes, deviations = self._encode(rest)
        # So that a token's product with itself is 1: the nearest point is shorter, and would make cosines smaller.
        added = self._compute_levels(codes) @ self._fit.synthesis.T
        missing = 1 - (foretold * encoding.tokens).sum(axis=1)
        scales = missing / np.maximum((added * encoding.tokens).sum(axis=1), 1e-3)
        return self._build(encoding.ids, encoding.spans[:, 0], codes, deviations, scales)

    def compress_to_words(self, encoding: Encoding) -> CompressedTokens:
        """The words of the tokens, which foretell their vectors together with the text's own."""
        n = len(encoding)
        scales, packed = np.full(n, LEAST_SCALE, np.float32), np.empty((n, 0), np.uint8)
        return CompressedTokens(encoding.ids, encoding.spans[:, 0], scales, packed)

    def narrow(self, tokens: CompressedTokens) -> CompressedTokens:
        """Tokens of which an older version kept all axes, as `compress` keeps them; others as they are."""
        older = self._older
        if tokens.packed.shape[1] != older.width or older.width == self._fit.width:
            return tokens
        steps, tops = _list_steps(older)
        levels = (unpack_codes(tokens.packed, older) - tops / np.float32(2)) * steps
        rest = levels.astype(np.float32) * tokens.scales[:, None]
        codes, deviations = self._encode(rest[:, : len(self._tops)])
        # As in `compress`, by what each axis adds to a product where they are taken to be at right angles.
        sizes = (older.synthesis**2).sum(axis=0)
        missing = (rest**2) @ sizes
        approximation = rest[:, : len(self._tops)] * self._compute_levels(codes)
        scales = missing / np.maximum(approximation @ sizes[: len(self._tops)], 1e-3)
        return self._build(tokens.ids, tokens.starts, codes, deviations, scales)

    def _encode(self, rest: Matrix) -> tuple[NDArray[np.uint8], Matrix]:
        """Codes (n, n_axes) of what lies on the axes, and its deviation (n,) in each token."""
        deviations = np.sqrt((rest**2).mean(axis=1, keepdims=True)) + np.float32(1e-6)
        middles = self._tops / np.float32(2)
        codes = np.floor(rest / (deviations * self._steps) + middles + np.float32(0.5))
        return codes.clip(0, self._tops).astype(np.uint8), deviations[:, 0]

    def _build(
        self,
        ids: NDArray[np.uint16],
        starts: NDArray[np.int32],
        codes: NDArray[np.uint8],
        deviations: Matrix,
        scales: Matrix,
    ) -> CompressedTokens:
        return CompressedTokens(
            ids=ids,
            starts=starts,
            scales=np.clip(scales, deviations / 2, deviations * 2).astype(np.float32),
            packed=pack_codes(codes, self._fit),
        )

    def restore(self, vector: Matrix, tokens: CompressedTokens) -> Matrix:
        """(n, dim) The token vectors of one text as far as they were kept."""
        if not tokens.packed.shape[1]:
            return self._foretell(vector, tokens.ids)
        levels = self._compute_levels(unpack_codes(tokens.packed, self._fit))
        rest = (levels * tokens.scales[:, None]) @ self._fit.synthesis.T
        return (self._foretell(vector, tokens.ids) + rest).astype(np.float32, copy=False)

    def _compute_levels(self, codes: NDArray[np.uint8]) -> Matrix:
        levels: Matrix = ((codes - self._tops / 2) * self._steps).astype(np.float32)
        return levels

    def _foretell(self, vector: Matrix, ids: NDArray[np.uint16]) -> Matrix:
        """What word and text foretell of each token."""
        foretold: Matrix = self._words.take(ids) + vector @ self._fit.of_text
        return foretold

    def match(self, queries: Matrix, tokens: DocumentTokens) -> Matrix:
        """Greatest cosine (m, n_sentences) of query tokens in each sentence; see `rag.search.late.Match`."""
        by_word, words = self._compute_foretold_products(queries, tokens.ids)
        packed = tokens.packed
        if not packed.shape[1]:  # words alone: their scales make any values count nothing
            packed = np.zeros((len(packed), self._fit.width), np.uint8)
        axes = queries @ self._fit.synthesis * self._units
        peaks = (np.maximum(np.abs(axes).max(axis=1), 1e-12) / 127).astype(np.float32)
        values = np.rint(axes / peaks[:, None]).astype(np.int8)
        query = {"query": np.ascontiguousarray(values.T), "peaks": peaks, "of_words": by_word}
        starts = tokens.starts
        best = np.empty((len(queries), len(starts)), np.float32)
        cuts = np.flatnonzero(np.diff(starts // PRODUCT_ROWS)) + 1
        blocks = list(pairwise((0, *cuts.tolist(), len(starts))))
        ends = [*starts.tolist(), len(tokens.ids)]

        def multiply(share: Sequence[tuple[int, int]]) -> None:
            # One piece of memory for all blocks: to get it anew took as long as to fill it.
            max_rows = max(ends[last] - ends[first] for first, last in share)
            levels = np.empty((max_rows, len(self._tops)), np.uint8)
            for first, last in share:
                heed()
                rows = slice(ends[first], ends[last])
                part = {
                    "levels": unpack_levels(packed[rows], self._fit, levels),
                    "scales": tokens.scales[rows, None],
                    "words": words[rows],
                }
                cosines = self._products.run(["cosines"], query | part)[0]
                inner = starts[first:last] - rows.start
                np.maximum.reduceat(cosines, inner, axis=1, out=best[:, first:last])

        n = max(1, min(self._n_threads, len(blocks) // LEAST_BLOCKS))
        waiting = [self._workers.submit(multiply, blocks[at::n]) for at in range(1, n)]
        multiply(blocks[::n])
        for share in waiting:
            share.result()
        # What the text foretells is the same for all of a sentence.
        by_text = tokens.vectors @ (self._fit.of_text @ queries.T)
        best += by_text[np.searchsorted(np.cumsum(tokens.sizes), starts, side="right")].T
        best[:, tokens.scales[starts] == 0] = 0  # a text without tokens
        return best

    def _compute_foretold_products(
        self, queries: Matrix, ids: NDArray[np.uint16]
    ) -> tuple[Matrix, NDArray[np.int64]]:
        """Products with each word that occurs, (n_words, m), and the index of each token's word."""
        occurs = np.zeros(len(self._words.scales), bool)
        occurs[ids] = True
        places = np.cumsum(occurs) - 1
        here = np.flatnonzero(occurs)
        products = self._words.values[here].astype(np.float32) @ queries.T
        products *= self._words.scales[here, None]
        return products, places[ids]


def _list_steps(fit: Fit) -> tuple[Matrix, NDArray[np.intp]]:
    """(n_axes,) each: the step of each axis's code, and its greatest code."""
    steps = np.array([STEPS[bits] for bits in fit.bits.tolist()], np.float32)
    return steps, (1 << fit.bits) - 1


# --- bytes ------------------------------------------------------------------------------------


def pack_codes(codes: NDArray[np.uint8], fit: Fit) -> NDArray[np.uint8]:
    """The axes of tokens as bytes: those of four bits, of two, and of one, neighbours in one byte, the first lowest."""
    parts = []
    for bits, part in _split_axes(codes, fit):
        axes = part.reshape(len(codes), part.shape[1] * bits // 8, 8 // bits)
        shifted = axes << (np.arange(8 // bits, dtype=np.uint8) * bits)
        parts.append(np.bitwise_or.reduce(shifted, axis=2, dtype=np.uint8))
    return np.concatenate(parts, axis=1)


def unpack_codes(packed: NDArray[np.uint8], fit: Fit) -> NDArray[np.uint8]:
    """The codes that `pack_codes` packed."""
    return _look_up(
        packed, fit, _build_code_table, np.empty((len(packed), len(fit.bits)), np.uint8)
    )


def unpack_levels(
    packed: NDArray[np.uint8], fit: Fit, out: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """(n, n_axes) The level of each axis, from 1 to 127: the outermost are 63 from `MIDDLE`.

    ``out`` takes them, if it is given: its first n rows are returned.
    """
    out = np.empty((len(packed), len(fit.bits)), np.uint8) if out is None else out[: len(packed)]
    return _look_up(packed, fit, _build_level_table, out)


def _split_axes(codes: NDArray[np.uint8], fit: Fit) -> list[tuple[int, NDArray[np.uint8]]]:
    parts = np.split(codes, [fit.n_four, fit.n_four + fit.n_two], axis=1)
    return list(zip((4, 2, 1), parts, strict=True))


def _look_up(
    packed: NDArray[np.uint8],
    fit: Fit,
    build: Callable[[int], NDArray[np.unsignedinteger]],
    out: NDArray[np.uint8],
) -> NDArray[np.uint8]:
    """Each byte's axes from a table, where they are one number: many times faster than bit by bit."""
    n_bytes = at = 0
    for bits, n_axes in (
        (4, fit.n_four),
        (2, fit.n_two),
        (1, len(fit.bits) - fit.n_four - fit.n_two),
    ):
        part = packed[:, n_bytes : n_bytes + n_axes * bits // 8]
        out[:, at : at + n_axes] = build(bits).take(part).view(np.uint8)
        n_bytes, at = n_bytes + part.shape[1], at + n_axes
    return out


@cache
def _build_code_table(bits: int) -> NDArray[np.unsignedinteger]:
    """(256,) The codes in each byte, as one number of as many bytes."""
    shifts = np.arange(0, 8, bits)
    codes = (np.arange(256)[:, None] >> shifts & ((1 << bits) - 1)).astype(np.uint8)
    table: NDArray[np.unsignedinteger] = codes.view(f"u{8 // bits}")[:, 0]
    return table


@cache
def _build_level_table(bits: int) -> NDArray[np.unsignedinteger]:
    """(256,) The levels in each byte, as one number of as many bytes."""
    codes = _build_code_table(bits).view(np.uint8).reshape(256, 8 // bits)
    top = (1 << bits) - 1
    levels = np.rint((2 * codes.astype(np.float32) - top) / top * (MIDDLE - 1)) + MIDDLE
    table: NDArray[np.unsignedinteger] = levels.astype(np.uint8).view(f"u{8 // bits}")[:, 0]
    return table


# --- files that are built once ------------------------------------------------------------------


def ensure_words(folder: Path, words: Matrix, fit: Fit) -> ForetoldWords:
    """What each word of the model's vocabulary foretells, from a file that is mapped, not read."""
    digest = hashlib.sha256(fit.of_word.tobytes() + fit.bias.tobytes()).hexdigest()[:8]

    def build() -> bytes:
        foretold = words @ fit.of_word + fit.bias
        scales = np.maximum(np.abs(foretold).max(axis=1) / 127, 1e-9).astype("<f4")
        values: NDArray[np.int8] = np.rint(foretold / scales[:, None]).astype(np.int8)
        return bytes(scales.tobytes() + values.tobytes())

    path = ensure_built(folder / f"token-words-v{WORDS_VERSION}-{digest}.bin", build)
    data = np.asarray(
        np.memmap(path, np.uint8, "r")
    )  # no subclass, which makes each part of it slow
    scales, values = np.split(data, [4 * len(words)])
    return ForetoldWords(values.view(np.int8).reshape(words.shape), scales.view("<f4"))


def ensure_product_graph(folder: Path) -> Path:
    """Build the graph's file if it does not exist; safe in two processes at once. Returns its path."""
    return ensure_built(folder / f"token-codec-v{PRODUCTS_VERSION}.onnx", build_product_graph)


def build_product_graph() -> bytes:
    """The graph: levels of n tokens and a query of m tokens in, in 8-bit integers; cosines (m, n) out, but for what the
    texts foretell.
    """
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node(kind, inputs.split(), [output], **attributes)
        for kind, inputs, output, attributes in (
            # One pass over the sums, where casting, shifting and scaling them were three.
            (
                "MatMulIntegerToFloat",
                "levels query one peaks middle",
                "scaled",
                {"domain": "com.microsoft"},
            ),
            ("Mul", "scaled scales", "rest", {}),
            ("Gather", "of_words words", "by_word", {}),
            ("Add", "by_word rest", "products", {}),
            ("Transpose", "products", "cosines", {"perm": [1, 0]}),
        )
    ]
    shapes: dict[str, tuple[int, list[str | int | None]]] = {
        "levels": (TensorProto.UINT8, ["n", "n_axes"]),
        "scales": (TensorProto.FLOAT, ["n", 1]),
        "query": (TensorProto.INT8, ["n_axes", "m"]),
        "peaks": (TensorProto.FLOAT, ["m"]),
        "of_words": (TensorProto.FLOAT, ["n_words", "m"]),
        "words": (TensorProto.INT64, ["n"]),
    }
    inputs = [helper.make_tensor_value_info(name, *of) for name, of in shapes.items()]
    outputs = [helper.make_tensor_value_info("cosines", TensorProto.FLOAT, ["m", "n"])]
    constants = [
        helper.make_tensor("one", TensorProto.FLOAT, [], [1.0]),
        helper.make_tensor("middle", TensorProto.UINT8, [], [MIDDLE]),
    ]
    graph = helper.make_graph(nodes, "token products", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    model_bytes = helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()
    return bytes(model_bytes)
