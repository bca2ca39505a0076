"""Token vectors as bytes, little endian, in the form that the embedder's `Encoder.compress` gives them.

Layout: `LAYOUT`, bytes of one token's values (uint16); n (uint32); vocabulary ids (n) uint16; starts (n) uint16, the lower
half of each; scales (n) uint8, see `pack_scales`; values (n, bytes) uint8.

`PLAIN_LAYOUT` keeps four bits of each number, for models without an `Encoder.compress`, and is read in libraries that an
older version made. Its head has the dimension in place of the bytes; then scales (n) float16; spans (n, 2) int32; vocabulary ids (n) uint16; values (n, dim / 2) uint8, the even
number of each pair in the low half, each from 0 to 14 for -7 to 7.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.types.errors import LibraryError
from rag.types.token_vectors import CompressedTokens, Encoding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LAYOUT, PLAIN_LAYOUT = 0xF404, 0xF401
"""Goes up with every change of the layout or of what the token vectors are."""
_HEAD = struct.Struct("<HHI")
HEAD_BYTES = _HEAD.size
PLAIN_START = _HEAD.pack(PLAIN_LAYOUT, 0, 0)[:2]
TOKEN_BYTES = 5
"""What each token takes beside its values, whose bytes are a multiple of it, too: a row's length tells a broken one."""
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


def encode_tokens(tokens: CompressedTokens) -> bytes:
    """The token vectors of one text; its own vector is kept apart."""
    import numpy as np

    return b"".join((
        _HEAD.pack(LAYOUT, tokens.packed.shape[1], len(tokens.ids)),
        tokens.ids.astype("<u2").tobytes(),
        (tokens.starts & 0xFFFF).astype("<u2").tobytes(),
        pack_scales(tokens.scales).tobytes(),
        np.ascontiguousarray(tokens.packed).tobytes(),
    ))  # fmt: skip


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


def decode_stored(vector: bytes, tokens: bytes) -> StoredEncoding | Encoding:
    """The encoding from the bytes of `encode_vector` and `encode_tokens`; of the plain layout, in floats.

    Raises:
        LibraryError: It is damaged, or another version of this program made it.
    """
    import numpy as np

    layout, width, n = _HEAD.unpack_from(tokens) if len(tokens) >= HEAD_BYTES else (0, 0, 0)
    if layout not in (LAYOUT, PLAIN_LAYOUT) and len(tokens) >= HEAD_BYTES:
        raise LibraryError(
            "the token vectors in the library were made by another version of Paperfolk; "
            'run "paperfolk ingest --rebuild"'
        )
    if layout == PLAIN_LAYOUT:
        return decode_plain(vector, tokens)
    if layout != LAYOUT or len(tokens) != HEAD_BYTES + n * (TOKEN_BYTES + width):
        raise _build_damage()
    at = HEAD_BYTES + TOKEN_BYTES * n
    halves = np.frombuffer(tokens, "<u2", 2 * n, HEAD_BYTES)
    return StoredEncoding(
        np.frombuffer(vector, "<f2").astype(np.float32),
        CompressedTokens(
            ids=halves[:n],
            starts=_unwrap(halves[n:]),
            scales=unpack_scales(np.frombuffer(tokens, np.uint8, n, at - n)),
            packed=np.frombuffer(tokens, np.uint8, n * width, at).reshape(n, width),
        ),
    )


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
