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


@dataclass(frozen=True, slots=True, eq=False)
class CompressedTokens:
    """The tokens of one text as an embedder keeps them small; only it can read ``packed``.

    Attributes:
        ids: As in Encoding.
        starts: (n,) int32, where each token begins in the text.
        scales: (n,) float32; 0 stands for no token, of a text without any, and matches nothing.
        packed: (n, width) uint8; of width 0 where the words alone are kept.
    """

    ids: NDArray[np.uint16]
    starts: NDArray[np.int32]
    scales: NDArray[np.float32]
    packed: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class DocumentTokens:
    """The tokens of some texts, one text after the other.

    Attributes:
        ids, scales, packed: As in CompressedTokens.
        vectors: (n_texts, dim) float32 of length 1.
        sizes: (n_texts,) tokens of each text, at least one.
        starts: (n_sentences,) where each sentence begins, ascending from 0; also where a text does.
    """

    ids: NDArray[np.uint16]
    scales: NDArray[np.float32]
    packed: NDArray[np.uint8]
    vectors: NDArray[np.float32]
    sizes: NDArray[np.intp]
    starts: NDArray[np.intp]
