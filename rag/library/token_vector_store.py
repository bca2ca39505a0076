"""Packs token vectors into four bits a number and one scale a token, an eighth of their float32 size.

Four bits cost nothing that could be measured in retrieval (eval/LOG.md). Layout, little endian:
`LAYOUT`, dim (uint16); n (uint32); scales (n) float16; spans (n, 2) int32; vocabulary ids (n) uint16; values (n, dim / 2)
uint8, the even number of each pair in the low half, each from 0 to 14 for -7 to 7.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.types.errors import LibraryError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.types.token_vectors import Encoding

LAYOUT = 0xF401
"""Goes up with every change of the layout or of what the token vectors are."""
_HEAD = struct.Struct("<HHI")
HEAD_BYTES = _HEAD.size
TOP = 7


def token_bytes(dimension: int) -> int:
    """What one token takes: scale, span, vocabulary id, and two values a byte."""
    return 2 + 8 + 2 + dimension // 2


@dataclass(frozen=True, slots=True, eq=False)
class StoredEncoding:
    """An encoding as stored.

    Attributes:
        vector: (dim,) float32, rounded to float16.
        packed: (n, dim / 2) uint8, two values in each.
        scales: (n,) float32.
        ids, spans: As in Encoding.
    """

    vector: NDArray[np.float32]
    packed: NDArray[np.uint8]
    scales: NDArray[np.float32]
    ids: NDArray[np.uint16]
    spans: NDArray[np.int32]

    @property
    def values(self) -> NDArray[np.int8]:
        """(n, dim) from -7 to 7; times ``scales`` they are the token vectors."""
        return decode_packed(self.packed)

    def decode(self) -> Encoding:
        """The encoding with floats, as near to what was stored as four bits allow."""
        from rag.types.token_vectors import Encoding

        return Encoding(self.vector, self.values * self.scales[:, None], self.ids, self.spans)


def encode_vector(vector: object) -> bytes:
    """A vector as float16."""
    import numpy as np

    return np.asarray(vector, dtype="<f2").tobytes()


def encode_tokens(encoding: Encoding) -> bytes:
    """The token vectors of one text, of an even dimension; its own vector is kept apart."""
    import numpy as np

    tokens = np.asarray(encoding.tokens, dtype=np.float32)
    n, dim = tokens.shape
    peaks = np.abs(tokens).max(axis=1, initial=0.0)
    scales = np.maximum(peaks / TOP, 1e-6).astype("<f2")
    values = np.rint(tokens / scales.astype(np.float32)[:, None])
    shifted = (np.clip(values, -TOP, TOP) + TOP).astype(np.uint8)
    return b"".join((
        _HEAD.pack(LAYOUT, dim, n),
        scales.tobytes(),
        np.asarray(encoding.spans, dtype="<i4").reshape(n, 2).tobytes(),
        np.asarray(encoding.ids).astype("<u2").tobytes(),
        (shifted[:, ::2] | shifted[:, 1::2] << 4).tobytes(),
    ))  # fmt: skip


def decode_stored(vector: bytes, tokens: bytes) -> StoredEncoding:
    """The encoding from the bytes of `encode_vector` and `encode_tokens`.

    Raises:
        LibraryError: It is damaged, or another version of this program made it.
    """
    import numpy as np

    layout, dim, n = _HEAD.unpack_from(tokens) if len(tokens) >= HEAD_BYTES else (0, 0, 0)
    if layout != LAYOUT and len(tokens) >= HEAD_BYTES:
        raise LibraryError(
            "the token vectors in the library were made by another version of Paperfolk; "
            'run "paperfolk ingest --rebuild"'
        )
    if len(vector) != 2 * dim or len(tokens) != HEAD_BYTES + n * token_bytes(dim):
        raise LibraryError(
            'vectors in the library are damaged; run "paperfolk ingest" to make them again'
        )
    at = _HEAD.size
    scales = np.frombuffer(tokens, "<f2", n, at)
    spans = np.frombuffer(tokens, "<i4", 2 * n, at + 2 * n)
    ids = np.frombuffer(tokens, "<u2", n, at + 10 * n)
    pairs = np.frombuffer(tokens, np.uint8, n * dim // 2, at + 12 * n)
    return StoredEncoding(
        vector=np.frombuffer(vector, "<f2").astype(np.float32),
        packed=pairs.reshape(n, dim // 2),
        scales=scales.astype(np.float32),
        ids=ids,
        spans=spans.reshape(n, 2),
    )


def decode_packed(packed: NDArray[np.uint8]) -> NDArray[np.int8]:
    """The values (n, dim) of packed pairs (n, dim / 2)."""
    import numpy as np

    values = np.empty((len(packed), 2 * packed.shape[1]), np.int8)
    values[:, ::2] = packed & 15
    values[:, 1::2] = packed >> 4
    values -= TOP
    return values
