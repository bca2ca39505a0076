"""Token vectors as bytes: int8 with one scale a token, about a quarter of their float32 size.

Layout, little endian: n, dim (uint32); scales (n) float16; spans (n, 2) int32; vocabulary ids (n)
uint16; values (n, dim) int8.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.encoding import Encoding

_HEAD = struct.Struct("<II")


def pack_vector(vector: object) -> bytes:
    """A vector as float16."""
    import numpy as np

    return np.asarray(vector, dtype="<f2").tobytes()


def pack(encoding: Encoding) -> bytes:
    """The token vectors of one text; its own vector is kept apart."""
    import numpy as np

    tokens = np.asarray(encoding.tokens, dtype=np.float32)
    n, dim = tokens.shape
    peaks = np.abs(tokens).max(axis=1, initial=0.0)
    scales = np.maximum(peaks / 127.0, 1e-6).astype("<f2")
    values = np.clip(np.rint(tokens / scales.astype(np.float32)[:, None]), -127, 127)
    return b"".join((
        _HEAD.pack(n, dim),
        scales.tobytes(),
        np.asarray(encoding.spans, dtype="<i4").reshape(n, 2).tobytes(),
        np.asarray(encoding.ids).astype("<u2").tobytes(),
        values.astype(np.int8).tobytes(),
    ))  # fmt: skip


def unpack(vector: bytes, tokens: bytes) -> Encoding:
    """The encoding that `pack_vector` and `pack` took in, to within their rounding."""
    import numpy as np

    from rag.encoding import Encoding

    n, dim = _HEAD.unpack_from(tokens)
    at = _HEAD.size
    scales = np.frombuffer(tokens, "<f2", n, at)
    spans = np.frombuffer(tokens, "<i4", 2 * n, at + 2 * n)
    ids = np.frombuffer(tokens, "<u2", n, at + 10 * n)
    values = np.frombuffer(tokens, np.int8, n * dim, at + 12 * n).reshape(n, dim)
    return Encoding(
        vector=np.frombuffer(vector, "<f2").astype(np.float32),
        tokens=values * scales.astype(np.float32)[:, None],
        ids=ids,
        spans=spans.reshape(n, 2),
    )
