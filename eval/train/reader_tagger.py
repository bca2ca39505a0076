"""Fits of the tagger of slots, and of what tells which of them are excluded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from eval.train.forked import run_forked
from eval.train.network_fit import (
    FitOptions,
    Ints,
    MeanFit,
    NetworkFit,
    PatternRows,
    build_rows,
    fit_chain,
    fit_heads,
    fit_members,
    scale_vectors,
)
from eval.train.reader_items import (
    TAGS,
    Item,
    allow_tags,
)
from eval.train.reader_material import Material
from rag.understanding.frame_types import SlotKind
from rag.understanding.head_features import (
    Floats,
    list_negation_patterns,
    list_word_patterns,
)
from rag.understanding.head_weights import TagChain
from rag.understanding.heads import (
    add_neighbours,
    join_tags,
)

Span = tuple[int, int, SlotKind]
NEGATION = FitOptions(n_epochs=16, batch=128, pattern_rate=2e-2, least_groups=2)


@dataclass(slots=True, eq=False)
class Tagging:
    """What the tagger makes of each item when it is held out.

    Attributes:
        scores: (n_words of all items, n_tags).
        spans: Decoded; ``confidences`` beside them.
        shares: Marginals of each item.
    """

    scores: Floats
    spans: list[list[Span]] = field(default_factory=list)
    confidences: list[list[float]] = field(default_factory=list)
    shares: list[Floats] = field(default_factory=list)
    chains: list[TagChain] = field(default_factory=list)
    temperature: float = 1.0


class TaggerFit:
    """Fits the tagger on any part of the material; word patterns are listed once."""

    def __init__(self, material: Material, options: FitOptions) -> None:
        self.material, self.options = material, options
        patterns = [
            patterns
            for item in material.items
            for patterns in list_word_patterns(
                item.text, item.words, item.entities, material.asking_words
            )
        ]
        self.rows = build_rows(patterns)
        self.vectors = None
        if material.vectors is not None:
            around = np.concatenate([add_neighbours(item) for item in material.vectors])
            self.vectors = scale_vectors(around)
        self.allowed = np.concatenate(
            [allow_tags(item, material.examples[item.line]) for item in material.items]
        )
        self.groups = np.repeat(
            [item.line for item in material.items], [len(item.words) for item in material.items]
        )

    def fit(self, items: Sequence[int], n_members: int = 1) -> tuple[MeanFit, TagChain]:
        """One network is enough to say how faulty tags are; the last fit has all members."""
        chains = []

        def fit_one(options: FitOptions) -> NetworkFit:
            fit, chain = self._fit_one(items, options)
            chains.append(chain)
            return fit

        fits = fit_members(replace(self.options, n_members=n_members), fit_one)
        start, steps, end = (
            np.mean([getattr(chain, name) for chain in chains], 0)
            for name in ("start", "steps", "end")
        )
        return fits, TagChain(start, steps, end)

    def _fit_one(self, items: Sequence[int], options: FitOptions) -> tuple[NetworkFit, TagChain]:
        chosen = [i for i in items if self.material.items[i].words]
        sequences = [self.material.get_words(i) for i in chosen]
        flat = np.concatenate(sequences)
        fit = NetworkFit({"tag": TAGS}, self.vectors, self.rows, flat, self.groups, options)
        chain = fit_chain(
            fit, sequences, self.material.wordings[chosen], self.allowed,
            self.material.weights[chosen],
        )  # fmt: skip
        return fit, chain


def choose_items(material: Material, keep: Callable[[Item], bool]) -> list[int]:
    return [i for i, item in enumerate(material.items) if keep(item)]


def cross_tag(material: Material, tagger: TaggerFit, n_folds: int) -> Tagging:
    """Tag each item by a tagger that never saw its wording."""
    tagging = Tagging(np.zeros((int(material.starts[-1]), len(TAGS)), np.float32))
    folds = np.array([item.fold for item in material.items])
    held_out = [np.flatnonzero(folds == fold).tolist() for fold in range(n_folds)]
    words = [np.concatenate([material.get_words(i) for i in fold_items]) for fold_items in held_out]

    def score_fold(fold: int) -> tuple[TagChain, Floats]:
        fit, chain = tagger.fit(np.flatnonzero(folds != fold).tolist())
        return chain, fit.score(words[fold])

    for fold_words, (chain, scores) in zip(
        words, run_forked([partial(score_fold, fold) for fold in range(n_folds)]), strict=True
    ):
        tagging.chains.append(chain)
        tagging.scores[fold_words] = scores
    tagging.temperature = _fit_chain_temperature(material, tagger, tagging)
    for i, item in enumerate(material.items):
        spans, confidences, shares = decode_item(
            item, tagging.scores[material.get_words(i)] / tagging.temperature,
            tagging.chains[item.fold],
        )  # fmt: skip
        tagging.spans.append(spans)
        tagging.confidences.append(confidences)
        tagging.shares.append(shares)
    return tagging


def decode_item(
    item: Item, scores: Floats, chain: TagChain
) -> tuple[list[Span], list[float], Floats]:
    if not item.words:
        return [], [], np.zeros((1, len(TAGS)), np.float32)
    tags, shares = chain.decode(scores), chain.compute_marginals(scores)
    runs = join_tags([TAGS[tag] for tag in tags], item.words)
    spans = [(start, end, kind) for start, end, kind, _, _ in runs]
    confidences = [
        float(min(shares[i, tags[i]] for i in range(first, last + 1))) for *_, first, last in runs
    ]
    return spans, confidences, shares


def _fit_chain_temperature(material: Material, tagger: TaggerFit, tagging: Tagging) -> float:
    """What the scores of held-out words are divided by so that their marginals are right."""
    chosen = choose_items(
        material,
        lambda it: it.is_original and bool(it.words) and material.examples[it.line].is_marked,
    )[:3000]
    best, least = 1.0, np.inf
    for candidate in (0.8, 1.0, 1.2, 1.4, 1.7, 2.0, 2.4):
        loss = 0.0
        for i in chosen:
            words, chain = material.get_words(i), tagging.chains[material.items[i].fold]
            shares = chain.compute_marginals(tagging.scores[words] / candidate)
            loss -= float(np.log((shares * tagger.allowed[words]).sum(1) + 1e-9).sum())
        if loss < least:
            best, least = candidate, loss
    return best


# --- negation -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class NegationData:
    rows: PatternRows
    targets: Ints
    items: Ints
    groups: Ints


def build_negation(material: Material) -> NegationData:
    """Every marked slot: its patterns, and whether it is excluded."""
    patterns, targets, items = [], [], []
    for i, item in enumerate(material.items):
        before = 0
        for start, end, kind, is_negative in item.marks:
            patterns.append(list_negation_patterns(item.text, (start, end, kind), before))
            targets.append(int(is_negative))
            items.append(i)
            before = end
    groups = np.array([material.items[i].line for i in items])
    return NegationData(build_rows(patterns), np.array(targets), np.array(items), groups)


def fit_negation(data: NegationData, chosen: Ints) -> MeanFit:
    each = np.arange(len(data.items))
    weights = np.ones(len(each), np.float32)

    def fit_one(options: FitOptions) -> NetworkFit:
        classes = {"negative": ("no", "yes")}
        fit = NetworkFit(classes, None, data.rows, chosen, data.groups, options)
        fit_heads(fit, chosen, each, {"negative": data.targets}, weights)
        return fit

    return fit_members(NEGATION, fit_one)
