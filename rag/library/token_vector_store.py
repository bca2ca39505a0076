"""Token vectors as bytes, little endian, in the form that the embedder's `Encoder.compress` gives them.

Layout: `LAYOUT`, bytes of one token's values (uint16); n (uint32); vocabulary ids (n) uint16; scales (n) uint8, see
`pack_scales`; values (n, bytes) uint8; starts, see `pack_starts`, filled up to a multiple of `ROUND` bytes.

`WORD_LAYOUT`, of bodies, has the words alone, which foretell most of their vectors: n (uint16 0, uint32); ids; starts.

`WIDE_LAYOUT`, of all tokens, and `PLAIN_LAYOUT` are read in libraries that an older version made. The first has, after
its head, vocabulary ids (n) uint16; starts (n) uint16, the lower half of each; scales (n) uint8; values (n, bytes) uint8.

`PLAIN_LAYOUT` keeps four bits of each number, for models without an `Encoder.compress`, too. Its head has the dimension in place of the bytes; then scales (n) float16; spans (n, 2) int32; vocabulary ids (n) uint16; values (n, dim / 2) uint8, the even
number of each pair in the low half, each from 0 to 14 for -7 to 7.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from rag.types.errors import LibraryError
from rag.types.token_vectors import CompressedTokens, Encoding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LAYOUT, WORD_LAYOUT, WIDE_LAYOUT, PLAIN_LAYOUT = 0xF405, 0xF406, 0xF404, 0xF401
"""Goes up with every change of the layout or of what the token vectors are."""
_HEAD = struct.Struct("<HHI")
HEAD_BYTES = _HEAD.size
OLD_STARTS = tuple(_HEAD.pack(layout, 0, 0)[:2] for layout in (WIDE_LAYOUT, PLAIN_LAYOUT))
"""What rows of older layouts begin with."""
ROUND = 5
"""Bytes after the head are a multiple of it in both layouts but the plain one: a row's length tells a broken one."""
_GIST_TOP = 127
_WIDE_TOKEN_BYTES = 5
_LONG_STEP = 255
PLAIN_TOKEN_BYTES = 12
_PLAIN_TOP = 7
SCALE_STEPS, SCALE_OF_ONE = 16, 160
"""Scales between two powers of two, so that one is rounded by 2% at most; the byte that stands for 1."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredEncoding:
    """An encoding as stored: its vector (dim,) float32, rounded to float16, and its tokens."""

    vector: NDArray[np.float32]
    tokens: CompressedTokens


def encode_vector(vector: object) -> bytes:
    """A vector as float16."""
    import numpy as np

    return np.asarray(vector, dtype="<f2").tobytes()


def encode_gist(vector: NDArray[np.float32]) -> bytes:
    """A vector of an even dimension in int8, behind a byte that makes the length odd, which no other's is."""
    import numpy as np

    peak = max(float(np.abs(vector).max(initial=0.0)), 1e-9)
    values: bytes = np.rint(vector * (_GIST_TOP / peak)).astype(np.int8).tobytes()
    return b"\0" + values


def is_gist(vector: bytes) -> bool:
    """Whether `encode_gist` made a stored vector: such are not searched by, and in no index."""
    return len(vector) % 2 == 1


def decode_vector(vector: bytes) -> NDArray[np.float32]:
    """(dim,) What `encode_vector` or `encode_gist` made bytes of; of length 1 where it was a gist."""
    import numpy as np

    if not is_gist(vector):
        return np.frombuffer(vector, "<f2").astype(np.float32)
    values = np.frombuffer(vector, np.int8, -1, 1).astype(np.float32)
    unit: NDArray[np.float32] = values / max(float(np.linalg.norm(values)), 1e-9)
    return unit


def encode_tokens(tokens: CompressedTokens) -> bytes:
    """The token vectors of one text; its own vector is kept apart."""
    import numpy as np

    width = tokens.packed.shape[1]
    parts = b"".join((
        tokens.ids.astype("<u2").tobytes(),
        pack_scales(tokens.scales).tobytes() if width else b"",
        np.ascontiguousarray(tokens.packed).tobytes(),
        pack_starts(tokens.starts).tobytes(),
    ))  # fmt: skip
    filling = bytes((_LONG_STEP,)) * (-len(parts) % ROUND)
    return _HEAD.pack(LAYOUT if width else WORD_LAYOUT, width, len(tokens.ids)) + parts + filling


def encode_plain(encoding: Encoding) -> bytes:
    """The token vectors of one text, of an even dimension, in four bits a number."""
    import numpy as np

    n, dim = encoding.tokens.shape
    peaks = np.abs(encoding.tokens).max(axis=1, initial=0.0)
    scales = np.maximum(peaks / _PLAIN_TOP, 1e-6).astype("<f2")
    values = np.rint(encoding.tokens / scales.astype(np.float32)[:, None])
    shifted = (np.clip(values, -_PLAIN_TOP, _PLAIN_TOP) + _PLAIN_TOP).astype(np.uint8)
    return b"".join((
        _HEAD.pack(PLAIN_LAYOUT, dim, n),
        scales.tobytes(),
        np.asarray(encoding.spans, dtype="<i4").reshape(n, 2).tobytes(),
        np.asarray(encoding.ids).astype("<u2").tobytes(),
        (shifted[:, ::2] | shifted[:, 1::2] << 4).tobytes(),
    ))  # fmt: skip


def pack_scales(scales: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Logarithms to base two in steps of 1 / `SCALE_STEPS`."""
    import numpy as np

    logarithms = np.rint(np.log2(np.maximum(scales, 1e-9)) * SCALE_STEPS) + SCALE_OF_ONE
    codes: NDArray[np.uint8] = np.clip(logarithms, 0, 255).astype(np.uint8)
    return codes


def unpack_scales(codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The scales that `pack_scales` rounded."""
    import numpy as np

    steps = codes.astype(np.float32) - SCALE_OF_ONE
    return np.exp2(steps / SCALE_STEPS).astype(np.float32)


def pack_starts(starts: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Ascending starts as steps from one to the next: bytes of 255 that go on, then one that is less and ends it."""
    import numpy as np

    steps = np.diff(starts, prepend=0)
    ends = np.cumsum(steps // _LONG_STEP + 1)
    packed = np.full(ends[-1] if len(ends) else 0, _LONG_STEP, np.uint8)
    packed[ends - 1] = steps % _LONG_STEP
    return packed


def unpack_starts(packed: NDArray[np.uint8]) -> NDArray[np.int32]:
    """The starts that `pack_starts` packed; further bytes of 255 behind them say nothing."""
    import numpy as np

    starts: NDArray[np.int32] = np.cumsum(packed, dtype=np.int32)[packed != _LONG_STEP]
    return starts


def decode_stored(vector: bytes, tokens: bytes) -> StoredEncoding | Encoding:
    """The encoding from the bytes of `encode_vector` and `encode_tokens`; of the plain layout, in floats.

    Raises:
        LibraryError: It is damaged, or another version of this program made it.
    """
    import numpy as np

    layout, width, n = _HEAD.unpack_from(tokens) if len(tokens) >= HEAD_BYTES else (0, 0, 0)
    known = (LAYOUT, WORD_LAYOUT, WIDE_LAYOUT, PLAIN_LAYOUT)
    if layout not in known and len(tokens) >= HEAD_BYTES:
        raise LibraryError(
            "the token vectors in the library were made by another version of Paperfolk; "
            'run "paperfolk ingest --rebuild"'
        )
    if layout == PLAIN_LAYOUT:
        return decode_plain(vector, tokens)
    after_ids = HEAD_BYTES + 2 * n
    if layout == WIDE_LAYOUT and len(tokens) == HEAD_BYTES + n * (_WIDE_TOKEN_BYTES + width):
        starts, at = _unwrap(np.frombuffer(tokens, "<u2", n, after_ids)), after_ids + 2 * n
    elif layout == LAYOUT and len(tokens) >= after_ids + n * (1 + width):
        starts, at = (
            unpack_starts(np.frombuffer(tokens, np.uint8, -1, after_ids + n * (1 + width))),
            after_ids,
        )
    elif layout == WORD_LAYOUT and len(tokens) >= after_ids:
        starts, at = unpack_starts(np.frombuffer(tokens, np.uint8, -1, after_ids)), after_ids
        width = 0
    else:
        raise _build_damage()
    if len(starts) != n:
        raise _build_damage()
    has_values = layout != WORD_LAYOUT
    codes = np.frombuffer(tokens, np.uint8, n, at) if has_values else np.zeros(n, np.uint8)
    return StoredEncoding(
        decode_vector(vector),
        CompressedTokens(
            ids=np.frombuffer(tokens, "<u2", n, HEAD_BYTES),
            starts=starts,
            scales=unpack_scales(codes),
            packed=(
                np.frombuffer(tokens, np.uint8, n * width, at + n).reshape(n, width)
                if has_values
                else np.zeros((n, 0), np.uint8)
            ),
        ),
    )


def has_old_layout(tokens: bytes) -> bool:
    """Whether token vectors are as an older version stored them: `decode_joined` reads none such."""
    return tokens[:2] in OLD_STARTS


def decode_joined(texts: Sequence[bytes]) -> tuple[CompressedTokens, NDArray[np.intp]]:
    """The tokens of some texts, one text after the other, and how many each has.

    All at once: two hundred texts, one by one, took as long as their products with a question. One without
    tokens has one that matches nothing, of scale 0, which begins at -1. Of words alone the least of all scales makes
    the values, all alike, count nothing.

    Args:
        texts: One or more, as `encode_tokens` made them of one embedder's.

    Raises:
        LibraryError: One is damaged, or of another layout.
    """
    import numpy as np

    heads = [_HEAD.unpack_from(text) if len(text) >= HEAD_BYTES else (0, 0, 0) for text in texts]
    width = max(of_one for _, of_one, _ in heads)
    parts: tuple[list[memoryview[int] | bytes], ...] = ([], [], [], [])
    for (layout, of_one, n), whole in zip(heads, texts, strict=True):
        text = memoryview(whole)
        ends = (HEAD_BYTES, HEAD_BYTES + 2 * n, HEAD_BYTES + 3 * n, HEAD_BYTES + (3 + of_one) * n)
        is_of_words = layout == WORD_LAYOUT and not of_one
        if not (is_of_words or (layout == LAYOUT and of_one == width)):
            raise _build_damage()
        if len(text) < ends[1 if is_of_words else -1]:
            raise _build_damage()
        pieces: Sequence[memoryview[int] | bytes]
        if not n:
            pieces = _build_no_token(width)
        elif is_of_words:
            pieces = (text[ends[0] : ends[1]], bytes(n), bytes(n * width), text[ends[1] :])
        else:
            pieces = [text[a:b] for a, b in zip(ends, (*ends[1:], len(text)), strict=True)]
        for part, piece in zip(parts, pieces, strict=True):
            part.append(piece)
    ids, codes, packed, steps = (np.frombuffer(b"".join(part), np.uint8) for part in parts)
    counts = np.array([n for *_, n in heads], np.intp)
    sizes = np.maximum(counts, 1)
    is_end, sums = steps != _LONG_STEP, np.cumsum(steps, dtype=np.int64)
    stops = np.cumsum([len(part) for part in parts[3]])
    n_ends = np.diff(np.cumsum(is_end)[stops - 1], prepend=0)
    if not np.array_equal(n_ends, sizes):
        raise _build_damage()
    before = np.concatenate([[0], sums[stops[:-1] - 1]])
    starts = (sums[is_end] - np.repeat(before, sizes)).astype(np.int32)
    scales = _list_scales()[codes]
    lacking = (np.cumsum(sizes) - sizes)[counts == 0]
    starts[lacking], scales[lacking] = -1, 0
    tokens = CompressedTokens(ids.view("<u2"), starts, scales, packed.reshape(len(codes), width))
    return tokens, sizes


def _build_no_token(width: int) -> tuple[bytes, ...]:
    """The parts of a text with one token of nothing."""
    return bytes(2), bytes(1), bytes(width), bytes(1)


@cache
def _list_scales() -> NDArray[np.float32]:
    """(256,) What each byte of `pack_scales` stands for."""
    import numpy as np

    return unpack_scales(np.arange(256, dtype=np.uint8))


def decode_plain(vector: bytes, tokens: bytes) -> Encoding:
    """The encoding from the bytes of `encode_vector` and `encode_plain`, as near as four bits allow.

    Raises:
        LibraryError: It is damaged.
    """
    import numpy as np

    at = HEAD_BYTES
    layout, dim, n = _HEAD.unpack_from(tokens) if len(tokens) >= at else (0, 0, 0)
    if (
        layout != PLAIN_LAYOUT
        or len(vector) != 2 * dim
        or len(tokens) != at + n * (PLAIN_TOKEN_BYTES + dim // 2)
    ):
        raise _build_damage()
    scales = np.frombuffer(tokens, "<f2", n, at).astype(np.float32)
    packed = np.frombuffer(tokens, np.uint8, n * dim // 2, at + 12 * n).reshape(n, dim // 2)
    values = np.stack([packed & 15, packed >> 4], axis=2).reshape(n, dim).astype(np.float32)
    return Encoding(
        vector=np.frombuffer(vector, "<f2").astype(np.float32),
        tokens=(values - _PLAIN_TOP) * scales[:, None],
        ids=np.frombuffer(tokens, "<u2", n, at + 10 * n),
        spans=np.frombuffer(tokens, "<i4", 2 * n, at + 2 * n).reshape(n, 2),
    )


def _build_damage() -> LibraryError:
    return LibraryError(
        'vectors in the library are damaged; run "paperfolk ingest" to make them again'
    )


def _unwrap(halves: NDArray[np.uint16]) -> NDArray[np.int32]:
    """Ascending numbers from their lower 16 bits."""
    import numpy as np

    wide = halves.astype(np.int32)
    steps = np.concatenate((wide[:1], wide[1:] - wide[:-1])) & 0xFFFF
    starts: NDArray[np.int32] = np.cumsum(steps, dtype=np.int32)
    return starts
