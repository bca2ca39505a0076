"""Token embeddings of one text (for late interaction), with their character spans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """One text as vectors: one for the whole text, and one for each token.

    An empty text has a vector and no tokens.

    Attributes:
        vector: (dim,) float32 of length 1: the text as the published model embeds it, which reads
            its first 256 tokens.
        tokens: (n, dim) float32, rows of length 1; one for each token of the text, up to 510,
            without the marks that the model puts around it.
        ids: (n,) uint16, the tokens' places in the vocabulary.
        spans: (n, 2) int32, the character span of each token in the text, ``[start, end)``.
    """

    vector: NDArray[np.float32]
    tokens: NDArray[np.float32]
    ids: NDArray[np.uint16]
    spans: NDArray[np.int32]

    def __len__(self) -> int:
        """Number of tokens."""
        return len(self.ids)
