"""Which of its candidate readings a question or turn has: a small network of its signs and each reading's marks.

A hidden layer sees the signs of the turn and the vector of its words; what each mark of a reading counts for
is a linear function of it. The weights are fitted by ``python -m eval train turns``.
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
FIRST_WEIGHTS = Path(__file__).with_name("first_questions.npz")


@dataclass(frozen=True, slots=True, eq=False)
class TurnNetwork:
    """What marks count for in a turn.

    Attributes:
        marks: Row of each mark; ``signs`` row of each sign.
        of_signs: (n_signs, n_hidden) first layer.
        of_vector: (dim, n_hidden) first layer over the vector of the turn's words, less ``middle`` (dim,).
        bias: (n_hidden,).
        of_marks: (n_marks, n_hidden) second layer; ``plain`` (n_marks,) whatever the turn.
        examples: The digest of what they were fitted to.
    """

    marks: dict[str, int]
    signs: dict[str, int]
    of_signs: Floats
    of_vector: Floats
    middle: Floats
    bias: Floats
    of_marks: Floats
    plain: Floats
    examples: str = ""

    def weigh(
        self, signs: Mapping[str, float], vector: Floats | None, readings: Sequence[Marks]
    ) -> Floats:
        """(n_readings,) scores; marks and signs that have no weights count nothing.

        Args:
            signs: Of the turn, with their strengths.
            vector: (dim,) of the turn's words; None where nothing is embedded.
            readings: The marks of each.
        """
        inner = self.bias.copy()
        for name, value in signs.items():
            if name in self.signs:
                inner += value * self.of_signs[self.signs[name]]
        if vector is not None:
            inner += (vector - self.middle) @ self.of_vector
        worth = self.of_marks @ np.tanh(inner) + self.plain
        rows = self.marks
        return np.array(
            [
                sum(v * worth[rows[m]] for m, v in reading.items() if m in rows)
                for reading in readings
            ],
            np.float32,
        )

    def write(self, path: Path) -> None:
        """Write as `load_network` reads it: large layers with a byte a number and a scale a row."""
        layers = {name: getattr(self, name) for name in _LAYERS}
        scales = {name: np.abs(layer).max(1) / 127 + 1e-12 for name, layer in layers.items()}
        np.savez_compressed(
            path,
            mark_names=np.array("\n".join(self.marks)),
            sign_names=np.array("\n".join(self.signs)),
            examples=np.array(self.examples),
            middle=self.middle, bias=self.bias, plain=self.plain,
            **{n: np.round(v / scales[n][:, None]).astype(np.int8) for n, v in layers.items()},
            **{f"{name}.scales": scale.astype(np.float32) for name, scale in scales.items()},
        )  # fmt: skip


_LAYERS = ("of_signs", "of_vector", "of_marks")


@lru_cache(maxsize=2)
def load_network(path: Path = TURN_WEIGHTS) -> TurnNetwork:
    """The network as the training wrote it."""
    with np.load(path) as arrays:
        marks, signs = (str(arrays[name]).split("\n") for name in ("mark_names", "sign_names"))
        layers = {
            name: arrays[name].astype(np.float32) * arrays[f"{name}.scales"][:, None]
            for name in _LAYERS
        }
        return TurnNetwork(
            {name: at for at, name in enumerate(marks)},
            {name: at for at, name in enumerate(signs)},
            **layers,
            **{name: arrays[name] for name in ("middle", "bias", "plain")},
            examples=str(arrays["examples"]),
        )


def describe(
    turn: Turn, candidates: Sequence[Candidate]
) -> list[tuple[Turn, Mapping[str, float], list[Marks]]]:
    """A turn and its signs with the marks of its candidates, then of what it goes back to with those of that."""
    described = []
    own = [c for c in candidates if not c.is_back]
    for each, some in ((turn, own), (turn.back, candidates[len(own) :])):
        if each is not None:
            facts = gather_facts(each)
            described.append((each, facts.signs, [mark(each, c, facts) for c in some]))
    return described


def choose_detail(turn: Turn) -> Detail | None:
    """The detail that a turn asks papers for."""
    details = mark_details(turn)
    signs = gather_facts(turn).signs
    scores = _get_network(turn).weigh(signs, _get_vector(turn), [*details.values()])
    return [*details][int(np.argmax(scores))]


def _get_network(turn: Turn) -> TurnNetwork:
    return load_network(FIRST_WEIGHTS if turn.is_first else TURN_WEIGHTS)


def _get_vector(turn: Turn) -> Floats | None:
    return None if turn.encoding is None else turn.encoding.vector


def rank(turn: Turn, candidates: Sequence[Candidate]) -> list[tuple[float, Candidate]]:
    """Candidates with their probabilities, the likeliest first; each query once, of its likeliest candidate.

    Equally likely ones stand in the order in which they came.
    """
    network = _get_network(turn)
    described = describe(turn, candidates)
    scores = np.concatenate([network.weigh(s, _get_vector(t), m) for t, s, m in described])
    shares = compute_shares(scores[None])[0]
    best: dict[Query, tuple[float, Candidate]] = {}
    for at in np.argsort(-scores, kind="stable"):
        share, first = best.get(candidates[at].query, (0.0, candidates[at]))
        best[candidates[at].query] = (share + float(shares[at]), first)
    return list(best.values())
