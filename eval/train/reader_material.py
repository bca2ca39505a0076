"""The examples of the question reader as its fits take them: encoded, with folds and weights."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from eval.train.network_fit import (
    FitOptions,
    Ints,
)
from eval.train.reader_examples import Example
from eval.train.reader_items import (
    Encode,
    Item,
    Sample,
    assign_folds,
    build_items,
    compute_projection,
    encode_words,
    list_asking_words,
)
from eval.train.reader_swaps import load_banks
from rag.understanding.head_features import (
    Floats,
)

TAGGER = FitOptions(n_hidden=96, n_epochs=8, batch=64, rate=3.5e-3, pattern_rate=1.4e-2)
QUESTION = FitOptions(n_hidden=160, n_epochs=13, rate=2e-3, pattern_rate=6e-3, dropout=0.5)
TURN = FitOptions(n_hidden=64, n_epochs=18, batch=64, rate=2e-3, pattern_rate=6e-3, least_groups=2)


@dataclass(frozen=True, slots=True)
class Options:
    """Attributes:
    dim: Principal directions of word vectors.
    """

    n_folds: int = 3
    n_variants: int = 1
    dim: int = 128
    tagger: FitOptions = TAGGER
    question: FitOptions = QUESTION
    turn: FitOptions = TURN


@dataclass(slots=True, eq=False)
class Material:
    """The examples, encoded.

    Attributes:
        vectors: Projected word vectors of each item; None without an embedder.
        starts: Where each item's words begin among all words.
        wordings: Of each item: the same for all variants of one turn of a line.
        weights: Of each item; those of a line have 1 in all, however many turns it has.
    """

    examples: list[Example]
    folds: list[int]
    items: list[Item]
    samples: list[Sample]
    asking_words: frozenset[str]
    middle: Floats
    axes: Floats
    vectors: list[Floats] | None
    starts: Ints = field(init=False)
    wordings: Ints = field(init=False)
    weights: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.starts = np.cumsum([0, *(len(item.words) for item in self.items)])
        self.wordings = np.zeros(len(self.items), np.int64)
        for sample in self.samples:
            for at, item in enumerate(sample.turns):
                self.wordings[item] = 64 * sample.line + at
        n_turns = [len(self.examples[item.line].turns) for item in self.items]
        self.weights = (1 / np.array(n_turns)).astype(np.float32)

    def get_words(self, item: int) -> Ints:
        return np.arange(self.starts[item], self.starts[item + 1])


def prepare_material(examples: list[Example], encode: Encode, options: Options) -> Material:
    folds = assign_folds(examples, options.n_folds)
    items, samples = build_items(examples, folds, load_banks(options.n_folds), options.n_variants)
    raw = encode_words(items, encode)
    middle, axes = compute_projection(raw, options.dim)
    vectors = [np.asarray((vectors_of_item - middle) @ axes, np.float32) for vectors_of_item in raw]
    return Material(
        examples, folds, items, samples, list_asking_words(items), middle, axes, vectors
    )
