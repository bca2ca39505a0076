"""Trains what chooses the reading of a first question and of a later turn.

``python -m eval train firsts --data NAME=FOLDER …`` writes rag/understanding/first_questions.npz, ``train turns``
writes turns.npz; each prints how often the right reading is taken, cross-validated by conversation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from eval.run.readings import ReadTurn, format_readings, load_cases, read_cases
from eval.train.turn_network import Layers, Readings, TurnFitOptions, fit_layers
from eval.train.turn_sets import (
    DESCRIPTIONS,
    Asked,
    Encode,
    list_described,
    list_filled,
    list_first_turns,
    list_turns,
    list_worked,
    list_worked_firsts,
)
from rag.app.assistant import Assistant
from rag.understanding import dialogue_scoring
from rag.understanding.dialogue_scoring import FIRST_WEIGHTS, TURN_WEIGHTS, TurnNetwork, describe
from rag.understanding.head_features import Floats
from rag.understanding.reading_marks import mark_details
from rag.understanding.turn_signs import gather_facts
from rag.understanding.turns import Turn

DIM = 384
"""Of the embedded model's vectors."""
SETS = Path(__file__).parents[1] / "sets"
READINGS = tuple(SETS / "readings" / f"{name}.jsonl" for name in "abdfhijklmn")
FILLED = SETS / "wordings" / "filled.jsonl"
N_FOLDS = 5
DETAIL_WORTH = 0.5
"""What the choice of a detail counts for beside that of a reading."""


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """All readings of all turns.

    Attributes:
        signs: Names of the columns of the readings' ``signs``; a turn that may go back has two contexts.
        marks: Names of the columns of their ``marks``.
        groups: The conversation of each turn, which is held out as a whole.
        is_judged: (n_turns,) see `Asked`.
        detail_of: (n_turns,) -1 for a turn whose reading is chosen; else the number of the turn of which the
            detail of content is chosen, as an item of its own.
    """

    signs: Sequence[str]
    marks: Sequence[str]
    readings: Readings
    groups: Sequence[str]
    is_judged: NDArray[np.bool_]
    detail_of: NDArray[np.int64]

    @property
    def fold(self) -> NDArray[np.int64]:
        """(n_turns,) the part that a turn is held out with."""
        keys = (hashlib.sha256(group.encode()).hexdigest() for group in self.groups)
        return np.array([int(key, 16) % N_FOLDS for key in keys])

    @property
    def is_reachable(self) -> NDArray[np.bool_]:
        """(n_turns,) whether some reading is right."""
        return np.logical_or.reduceat(self.readings.right, self.readings.starts[:-1])


def collect_firsts(assistants: Mapping[str, Assistant], encode: Encode) -> list[Asked]:
    """The first questions of all cases over the libraries given; others are left out."""
    cases = [case for path in READINGS for case in load_cases(path)]
    firsts = [
        asked
        for case in cases
        if case.library in assistants
        for asked in list_first_turns(assistants[case.library], case, encode)
    ]
    if "described" in assistants:
        firsts += list_described(assistants["described"], encode)
    return [*firsts, *list_worked_firsts(assistants["seeds"], encode)]


def collect(assistants: Mapping[str, Assistant], encode: Encode) -> list[Asked]:
    """The turns of all sources, over the libraries given; others are left out."""
    turns: list[Asked] = []
    filled = [json.loads(line) for line in FILLED.read_text(encoding="utf-8").splitlines()]
    for library, assistant in assistants.items():
        for path in READINGS:
            for case in load_cases(path):
                if case.library == library:
                    turns += list_turns(assistant, case, encode)
        for row in filled:
            if row["library"] == library:
                turns += list_filled(assistant, row, encode)
    turns += list_worked(assistants["seeds"], encode)
    return turns


class _Table:
    """A sparse matrix that is written row by row, its columns by name."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self._columns: list[int] = []
        self._values: list[float] = []
        self._ends = [0]

    def add(self, row: Mapping[str, float]) -> None:
        for name, value in row.items():
            if value:
                self._columns.append(self.names.setdefault(name, len(self.names)))
                self._values.append(value)
        self._ends.append(len(self._columns))

    def build(self) -> csr_matrix:
        shape = (len(self._ends) - 1, len(self.names))
        return csr_matrix((self._values, self._columns, self._ends), shape, np.float32)


def build_data(turns: Sequence[Asked]) -> Data:
    """The signs of all turns and the marks of all their readings."""
    signs, marks = _Table(), _Table()
    vectors: list[Floats] = []
    context: list[int] = []
    starts = [0]
    right: list[bool] = []
    items: list[tuple[Asked, int]] = []

    def add(
        turn: Turn, of_turn: Mapping[str, float], of_readings: Iterable[Mapping[str, float]]
    ) -> None:
        signs.add(of_turn)
        for reading in of_readings:
            marks.add(reading)
            context.append(len(vectors))
        vectors.append(np.zeros(DIM, np.float32) if turn.encoding is None else turn.encoding.vector)

    for asked in turns:
        candidates = asked.list_candidates()
        right += asked.list_right(candidates)
        number = len(items)
        items.append((asked, -1))
        for each, of_turn, of_readings in describe(asked.turn, candidates):
            add(each, of_turn, of_readings)
        starts.append(len(context))
        if details := asked.list_right_details(candidates):
            items.append((asked, number))
            described = mark_details(asked.turn)
            add(asked.turn, gather_facts(asked.turn).signs, described.values())
            right += [details[detail] for detail in described]
            starts.append(len(context))
    worth = [t.worth * (1.0 if of < 0 else DETAIL_WORTH) for t, of in items]
    return Data(
        tuple(signs.names),
        tuple(marks.names),
        Readings(
            signs.build(), np.stack(vectors), marks.build(), np.array(context), np.array(right),
            np.array(starts), np.array(worth, np.float32),
        ),
        [t.group for t, _ in items],
        np.array([t.is_judged for t, _ in items]),
        np.array([of for _, of in items]),
    )  # fmt: skip


def fit(data: Data, chosen: NDArray[np.bool_]) -> Layers:
    """What is learned from the chosen turns that have a right reading."""
    return fit_layers(data.readings, chosen & data.is_reachable, TurnFitOptions())


def take_best(scores: Floats, data: Data) -> NDArray[np.bool_]:
    """(n_items,) whether the likeliest reading is right, of one that is asked of papers with its detail."""
    readings = data.readings
    spans = zip(readings.starts, readings.starts[1:], strict=False)
    best = [a + int(np.argmax(scores[a:b])) for a, b in spans]
    right = readings.right[best]
    column = data.marks.index("want passages")
    is_content = readings.marks[best][:, [column]].toarray().ravel() > 0
    for number in np.flatnonzero(data.detail_of >= 0):
        of = data.detail_of[number]
        right[of] &= right[number] or not is_content[of]
    return right


def hold_out(data: Data) -> NDArray[np.bool_]:
    """(n_items,) whether the likeliest reading of each fold is right, by what is learned from the others."""
    right, fold = np.zeros(len(data.groups), bool), data.fold
    for number in range(N_FOLDS):
        of_fold = take_best(fit(data, fold != number).score(data.readings), data)
        right[fold == number] = of_fold[fold == number]
    return right


def read_held_out(assistants: Mapping[str, Assistant], data: Data) -> Iterator[ReadTurn]:
    """Whole conversations, each read by weights that were fitted without it.

    A turn that is read wrongly is answered so, and those after it are read after that answer.
    """
    fold_of = dict(zip(data.groups, data.fold, strict=True))
    cases = [case for path in READINGS for case in load_cases(path)]
    for number in range(N_FOLDS):
        network = build_network(data, fit(data, data.fold != number))
        held_out = [case for case in cases if fold_of.get(case.id) == number]
        with patch.object(dialogue_scoring, "load_network", lambda network=network: network):
            for case in held_out:
                if case.library in assistants:
                    yield from read_cases(assistants[case.library], [case])


def build_network(data: Data, layers: Layers, *, firsts: bool = False) -> TurnNetwork:
    """As turns are read with: marks and signs that have weights."""
    signs = np.flatnonzero(layers.signs.any(1))
    marks = np.flatnonzero(layers.marks.any(1))
    return TurnNetwork(
        {data.marks[int(name)]: at for at, name in enumerate(marks)},
        {data.signs[int(name)]: at for at, name in enumerate(signs)},
        layers.signs[signs], layers.vector, layers.middle, layers.bias, layers.marks[marks],
        layers.plain[marks], compute_digest(firsts=firsts),
    )  # fmt: skip


def compute_digest(*, firsts: bool = False) -> str:
    """Of what the weights of later turns, or of first questions, are made from."""
    digest = hashlib.sha256()
    for path in (*READINGS, DESCRIPTIONS if firsts else FILLED):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def train(
    assistants: Mapping[str, Assistant],
    encode: Encode,
    *,
    firsts: bool = False,
    whole: bool = False,
) -> str:
    """Fit on all turns and write the weights; how often held out turns are read right, and how that grows.

    ``firsts``: of first questions instead. ``whole``: also read whole conversations, each by weights that
    were fitted without it.
    """
    data = build_data((collect_firsts if firsts else collect)(assistants, encode))
    path = FIRST_WEIGHTS if firsts else TURN_WEIGHTS
    right, fold, is_turn = hold_out(data), data.fold, data.detail_of < 0
    lines = [
        f"{name:<10}{int(some.sum()):>6} turns, right {right[some].mean():.3f} held out, "
        f"{data.is_reachable[some].mean():.3f} at best"
        for name, some in (
            ("judged", is_turn & data.is_judged),
            ("filled", is_turn & ~data.is_judged),
        )
        if some.any()
    ]
    some = (fold == 0) & data.is_judged & is_turn
    for part in range(1, N_FOLDS):
        layers = fit(data, (fold > 0) & (fold <= part))
        few = take_best(layers.score(data.readings), data)
        n = int(((fold > 0) & (fold <= part) & data.is_judged & is_turn).sum())
        lines.append(f"of {n:>5} judged turns: {few[some].mean():.3f} of one part held out")
    if whole:
        lines.append(format_readings([*read_held_out(assistants, data)]))
    network = build_network(data, fit(data, np.ones(len(fold), bool)), firsts=firsts)
    network.write(path)
    return "\n".join(
        [*lines, f"{len(network.signs)} signs, {len(network.marks)} marks in {path.name}"]
    )
