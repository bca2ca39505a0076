"""The question's side of late interaction, learned: where its token vectors point, and what each is worth.

A question in everyday words points at other places than the abstract that it means. Its vectors are moved by one
linear map near the identity, and its tokens weighted by their vectors; papers' vectors stay as they are stored.
`eval/train/question_map.py` fits both to questions whose paper is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
WEIGHTS_FILE = Path(__file__).with_name("question_map.npz")
TOP = 127
"""The map's part beside the identity is stored in bytes, with one scale a row."""


@dataclass(frozen=True, slots=True, eq=False)
class QuestionMap:
    """What `python -m eval train question` fits.

    Attributes:
        shift: (dim, dim) float32: a token's vector moves by this times it, and is brought to length 1.
        worth: (dim,) float32: a token's weight is multiplied by e to the power of its product with the vector.
        power: To which weights by rarity are raised; less than 1 makes them more alike.
    """

    shift: Matrix
    worth: Matrix
    power: float

    @classmethod
    def load(cls, path: Path = WEIGHTS_FILE) -> QuestionMap:
        with np.load(path, allow_pickle=False) as arrays:
            shift = arrays["shift"] * arrays["scale"][:, None]
            return cls(shift, arrays["worth"], float(arrays["power"]))

    def save(self, path: Path = WEIGHTS_FILE) -> None:
        scale = np.maximum(np.abs(self.shift).max(axis=1) / TOP, 1e-9).astype(np.float32)
        shift = np.rint(self.shift / scale[:, None]).astype(np.int8)
        np.savez_compressed(
            path, shift=shift, scale=scale, worth=self.worth, power=np.array(self.power)
        )

    def apply(self, vectors: Matrix, weights: Matrix) -> tuple[Matrix, Matrix]:
        """Vectors (n, dim) of length 1 and weights (n,) that add up to 1, as such again; 0 stays 0."""
        moved = vectors + vectors @ self.shift.T
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        worth = weights**self.power * np.exp(vectors @ self.worth)
        return moved, worth / worth.sum()
