"""Which of its candidate readings a turn has: signs of the turn times marks of the reading, weighed.

The score of a reading is the sum over its marks and the turn's signs of a weight for each pair. Weights
are fitted by ``python -m eval train turns``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from rag.types.query import Detail, Query
from rag.understanding.head_features import Floats
from rag.understanding.head_weights import compute_shares
from rag.understanding.reading_marks import Marks, mark, mark_details
from rag.understanding.turn_signs import gather_facts
from rag.understanding.turns import Candidate, Turn

TURN_WEIGHTS = Path(__file__).with_name("turns.npz")


@dataclass(frozen=True, slots=True, eq=False)
class TurnWeights:
    """What each pair of a mark and a sign counts for.

    Attributes:
        marks: Row of each mark; ``signs`` column of each sign.
        values: (n_marks, n_signs).
        examples: The digest of what they were fitted to.
    """

    marks: dict[str, int]
    signs: dict[str, int]
    values: Floats
    examples: str = ""

    def weigh(self, signs: Mapping[str, float], readings: Sequence[Marks]) -> Floats:
        """(n_readings,) scores; marks and signs that have no weight count nothing."""
        known = [(self.signs[name], value) for name, value in signs.items() if name in self.signs]
        columns, strengths = zip(*known, strict=True) if known else ((), ())
        worth = self.values[:, list(columns)] @ np.array(strengths, np.float32)
        rows = self.marks
        return np.array(
            [
                sum(v * worth[rows[m]] for m, v in reading.items() if m in rows)
                for reading in readings
            ],
            np.float32,
        )


@lru_cache(maxsize=1)
def load_weights(path: Path = TURN_WEIGHTS) -> TurnWeights:
    """The weights as the training wrote them: their places in the matrix by steps, their values by a scale."""
    with np.load(path) as arrays:
        marks, signs = (str(arrays[name]).split("\n") for name in ("marks", "signs"))
        values = np.zeros((len(marks), len(signs)), np.float32)
        places = np.cumsum(arrays["steps"].astype(np.int64))
        values.ravel()[places] = arrays["values"].astype(np.float32) * arrays["scale"]
        examples = str(arrays["examples"])
    return TurnWeights(
        {name: at for at, name in enumerate(marks)},
        {name: at for at, name in enumerate(signs)},
        values,
        examples,
    )


def describe(
    turn: Turn, candidates: Sequence[Candidate]
) -> list[tuple[Mapping[str, float], list[Marks]]]:
    """The signs of a turn with the marks of its candidates, then of what it goes back to with those of that."""
    described = []
    own = [c for c in candidates if not c.is_back]
    for each, some in ((turn, own), (turn.back, candidates[len(own) :])):
        if each is not None:
            facts = gather_facts(each)
            described.append((facts.signs, [mark(each, c, facts) for c in some]))
    return described


def choose_detail(turn: Turn) -> Detail | None:
    """The detail that a turn asks papers for."""
    details = mark_details(turn)
    scores = load_weights().weigh(gather_facts(turn).signs, [*details.values()])
    return [*details][int(np.argmax(scores))]


def rank(turn: Turn, candidates: Sequence[Candidate]) -> list[tuple[float, Candidate]]:
    """Candidates with their probabilities, the likeliest first; each query once, of its likeliest candidate.

    Equally likely ones stand in the order in which they came.
    """
    weights = load_weights()
    scores = np.concatenate([weights.weigh(*each) for each in describe(turn, candidates)])
    shares = compute_shares(scores[None])[0]
    best: dict[Query, tuple[float, Candidate]] = {}
    for at in np.argsort(-scores, kind="stable"):
        share, first = best.get(candidates[at].query, (0.0, candidates[at]))
        best[candidates[at].query] = (share + float(shares[at]), first)
    return list(best.values())
