"""Trains the heads of the question reader: ``python -m eval train reader``.

Everything is fitted once for each fold of a cross-validation by wording, which gives the figures, the
temperatures that make probabilities right, and slots for the heads behind the tagger to learn from
that are as faulty as they will be at run time; then once on all.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from eval.train.forked import run_forked
from eval.train.network_fit import (
    FitOptions,
    Ints,
    MeanFit,
    NetworkFit,
    build_rows,
    fit_heads,
    fit_members,
    fit_temperature,
    scale_vectors,
)
from eval.train.reader_examples import Example, compute_digest, load_examples
from eval.train.reader_items import (
    TAGS,
    Encode,
    hash_text,
)
from eval.train.reader_material import TAGGER, Material, Options, prepare_material
from eval.train.reader_tagger import (
    NegationData,
    TaggerFit,
    Tagging,
    build_negation,
    cross_tag,
    fit_negation,
)
from rag.types.query import Detail, Measure
from rag.understanding.frame_types import Link, Shown, TurnContext
from rag.understanding.head_features import (
    Floats,
    list_question_patterns,
    list_turn_patterns,
)
from rag.understanding.head_weights import Network, TagChain, compute_shares, pack_network
from rag.understanding.heads import (
    WEIGHTS,
    WORDS_ONLY_WEIGHTS,
    combine_question,
)

EMBEDDER = "minilm-l6-v2"
"""The embedder whose word vectors the heads read, in its int8 or its published form."""
Report = Callable[[str], None]

_NEW_PAIRS = 0.4
"""Pairs of unrelated questions that are added, for each conversation of the examples."""
_NEW_WORTH = 0.3
SHOWN_AFTER: dict[str, Shown] = {
    "passages": "paper",
    "overview": "papers",
    "comparison": "papers",
    "papers": "papers",
    "count": "figure",
    "share": "figure",
    "groups": "groups",
    "extreme": "paper",
    "values": "paper",
    "people": "people",
    "profile": "person",
    "aside": "nothing",
}


# --- the whole question -------------------------------------------------------------------------


def list_classes(examples: Sequence[Example]) -> dict[str, tuple[str, ...]]:
    """Heads of the question and their labels."""
    return {
        "want": tuple(sorted({example.want for example in examples})),
        "asks_for": ("", *get_args(Detail)),
        "measure": get_args(Measure),
        "what": tuple(sorted({e.what for e in examples if e.want == "aside" and e.what})),
    }


class QuestionFit:
    """Fits the heads of single questions, from the tags that held-out taggers gave."""

    def __init__(self, material: Material, tagging: Tagging, options: FitOptions) -> None:
        self.material, self.options = material, options
        self.classes = list_classes(material.examples)
        self.rows = build_rows(
            [
                list_question_patterns(item.text, spans)
                for item, spans in zip(material.items, tagging.spans, strict=True)
            ]
        )
        self.vectors = None
        if material.vectors is not None:
            self.vectors = np.concatenate(
                [
                    combine_question(item_vector, item.words, spans, shares)
                    for item_vector, item, spans, shares in zip(
                        material.vectors, material.items, tagging.spans, tagging.shares, strict=True
                    )
                ]
            )
        self.scaled = None if self.vectors is None else scale_vectors(self.vectors)
        self.groups = np.array([item.line for item in material.items])
        self.targets = {name: np.full(len(material.items), -1) for name in self.classes}
        for i, item in enumerate(material.items):
            example = material.examples[item.line]
            if not item.is_last:
                continue
            # Who marked little of a line named no detail either, where it has one.
            has_detail = example.asks_for or (example.is_marked and not example.link)
            if example.want == "passages" and has_detail:
                self.targets["asks_for"][i] = self.classes["asks_for"].index(example.asks_for)
            if example.link:
                continue
            self.targets["want"][i] = self.classes["want"].index(example.want)
            if example.want == "values":
                self.targets["measure"][i] = self.classes["measure"].index(
                    example.measure or "each"
                )
            if example.want == "aside" and example.what:
                self.targets["what"][i] = self.classes["what"].index(example.what)

    def fit(self, items: Ints) -> MeanFit:
        wordings, weights = self.material.wordings, self.material.weights

        def fit_one(options: FitOptions) -> NetworkFit:
            fit = NetworkFit(self.classes, self.scaled, self.rows, items, self.groups, options)
            fit_heads(fit, items, wordings, self.targets, weights)
            return fit

        return fit_members(self.options, fit_one)

    def list_items(self) -> Ints:
        """Items with something to learn: single questions, and turns that ask for a detail."""
        return np.flatnonzero((self.targets["want"] >= 0) | (self.targets["asks_for"] >= 0))


def cross_score(fitter: QuestionFit | TurnFit, items: Ints, folds: Ints, n_folds: int) -> Floats:
    """Scores of every item (not only of those) by a fit without its fold."""
    held_out = [np.flatnonzero(folds == fold) for fold in range(n_folds)]

    def score_fold(fold: int) -> Floats:
        return fitter.fit(items[folds[items] != fold]).score(held_out[fold])

    scores = np.zeros((len(folds), sum(map(len, fitter.classes.values()))), np.float32)
    parts = run_forked([partial(score_fold, fold) for fold in range(n_folds)])
    for fold_items, part in zip(held_out, parts, strict=True):
        scores[fold_items] = part
    return scores


def get_columns(classes: Mapping[str, tuple[str, ...]], head: str) -> slice:
    start = 0
    for name, labels in classes.items():
        if name == head:
            return slice(start, start + len(labels))
        start += len(labels)
    raise KeyError(head)


# --- turns --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pair:
    """A turn and the one before it, as items.

    Attributes:
        line: Its example, or of an added pair -1.
    """

    before: int
    last: int
    line: int
    fold: int
    link: str
    want: str
    last_want: str
    is_original: bool
    weight: float


def list_pairs(material: Material) -> list[Pair]:
    """The last two turns of each conversation, and unrelated questions as new turns."""
    pairs, singles = [], []
    for sample in material.samples:
        example = material.examples[sample.line]
        if not example.link:
            if sample.is_original:
                singles.append(sample)
            continue
        before, last = sample.turns[-2:]
        pairs.append(
            Pair(
                before, last, sample.line, material.folds[sample.line], example.link, example.want,
                example.last, sample.is_original, 1.0,
            )
        )  # fmt: skip
    n_added = int(_NEW_PAIRS * sum(pair.is_original for pair in pairs))
    singles.sort(key=lambda sample: hash_text(material.items[sample.turns[0]].text))
    for a, b in itertools.pairwise(singles[:n_added]):
        first, second = material.examples[a.line], material.examples[b.line]
        if material.folds[a.line] != material.folds[b.line]:
            continue
        link = "aside" if second.want == "aside" else "new"
        if first.want == "aside":
            continue
        pairs.append(
            Pair(
                a.turns[0], b.turns[0], b.line, material.folds[b.line], link, second.want,
                first.want.split()[0], False, _NEW_WORTH,
            )
        )  # fmt: skip
    return pairs


class TurnFit:
    """Fits the heads of follow-ups."""

    def __init__(
        self,
        material: Material,
        tagging: Tagging,
        question: QuestionFit,
        wants: Floats,
        pairs: Sequence[Pair],
        options: FitOptions,
    ) -> None:
        self.options, self.pairs = options, pairs
        self.classes = {"link": get_args(Link), "want": question.classes["want"]}
        labels = question.classes["want"]
        patterns = []
        for pair in pairs:
            item, spans = material.items[pair.last], tagging.spans[pair.last]
            last_want = pair.last_want or labels[int(wants[pair.before].argmax())].split()[0]
            context = TurnContext(
                material.items[pair.before].text, last_want, _guess_shown(last_want, material, pair),
                frozenset(kind for _, _, kind in tagging.spans[pair.before]),
            )  # fmt: skip
            patterns.append(
                list_question_patterns(item.text, spans)
                + list_turn_patterns(item.text, spans, context)
            )
        self.rows = build_rows(patterns)
        lasts = [pair.last for pair in pairs]
        self.vectors = None
        if question.vectors is not None:
            self.vectors = np.hstack([question.vectors[lasts], wants[lasts]])
        self.scaled = None if self.vectors is None else scale_vectors(self.vectors)
        self.groups = np.array([pair.line for pair in pairs])
        self.targets = {
            "link": np.array([self.classes["link"].index(pair.link) for pair in pairs]),
            "want": np.array([self.classes["want"].index(pair.want) for pair in pairs]),
        }
        self.weights = np.array([pair.weight for pair in pairs], np.float32)
        added = len(material.wordings) * 64
        self.wordings = np.array(
            [
                material.wordings[pair.last] if pair.weight == 1 else added + at
                for at, pair in enumerate(pairs)
            ]
        )

    def fit(self, items: Ints) -> MeanFit:
        def fit_one(options: FitOptions) -> NetworkFit:
            fit = NetworkFit(self.classes, self.scaled, self.rows, items, self.groups, options)
            fit_heads(fit, items, self.wordings, self.targets, self.weights)
            return fit

        return fit_members(self.options, fit_one)


def _guess_shown(last_want: str, material: Material, pair: Pair) -> Shown:
    """What the turn before would have shown."""
    if last_want == "values" and any(m[2] == "person" for m in material.items[pair.before].marks):
        return "person"
    return SHOWN_AFTER[last_want]


# --- all of it ----------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class Trained:
    """What a cross-validation gave: scores of held-out items, and the fitters for the last fit."""

    material: Material
    tagger: TaggerFit
    tagging: Tagging
    question: QuestionFit
    question_scores: Floats
    turn: TurnFit
    turn_scores: Floats
    negation: NegationData
    negation_scores: Floats

    def score_head(self, head: str) -> Floats:
        return self.question_scores[:, get_columns(self.question.classes, head)]

    def score_turn_head(self, head: str) -> Floats:
        return self.turn_scores[:, get_columns(self.turn.classes, head)]


def cross_validate(material: Material, options: Options, report: Report) -> Trained:
    """Fit everything without each fold, and score the fold."""
    n_folds = options.n_folds
    tagger = TaggerFit(material, options.tagger)
    tagging = cross_tag(material, tagger, n_folds)
    report("tags are cross-validated")
    question = QuestionFit(material, tagging, options.question)
    folds = np.array([item.fold for item in material.items])
    scores = cross_score(question, question.list_items(), folds, n_folds)
    report("wants are cross-validated")
    wants = compute_shares(scores[:, get_columns(question.classes, "want")])
    pairs = list_pairs(material)
    turn = TurnFit(material, tagging, question, wants, pairs, options.turn)
    pair_folds = np.array([pair.fold for pair in pairs], np.int64)
    turn_scores = cross_score(turn, np.arange(len(pairs)), pair_folds, n_folds)
    report("turns are cross-validated")
    negation = build_negation(material)
    negation_scores = np.zeros((len(negation.items), 2), np.float32)
    slot_folds = folds[negation.items]
    for fold in range(n_folds):
        learned = np.flatnonzero(slot_folds != fold)
        held_out = np.flatnonzero(slot_folds == fold)
        negation_scores[held_out] = fit_negation(negation, learned).score(held_out)
    return Trained(
        material, tagger, tagging, question, scores, turn, turn_scores, negation, negation_scores
    )


def fit_temperatures(trained: Trained) -> dict[str, dict[str, float]]:
    """For each network and head, from the scores of held-out originals."""
    items = trained.material.items
    originals = np.array([item.is_original for item in items])
    pairs = np.array([pair.is_original for pair in trained.turn.pairs], bool)
    question = {
        head: fit_temperature(
            trained.score_head(head)[originals], trained.question.targets[head][originals]
        )
        for head in trained.question.classes
    }
    turn = {
        head: fit_temperature(
            trained.score_turn_head(head)[pairs], trained.turn.targets[head][pairs]
        )
        for head in trained.turn.classes
    }
    negation = {"negative": fit_temperature(trained.negation_scores, trained.negation.targets)}
    tagger = {"tag": trained.tagging.temperature}
    return {"tagger": tagger, "negation": negation, "question": question, "turn": turn}


def fit_all(trained: Trained, embedder: str, digest: str, path: Path) -> None:
    """Fit on all examples and write the weights."""
    material, temperatures = trained.material, fit_temperatures(trained)
    n_slots, n_pairs = len(trained.negation.items), len(trained.turn.pairs)

    def fit_tagger() -> tuple[Network, TagChain | None]:
        fit, chain = trained.tagger.fit(range(len(material.items)), TAGGER.n_members)
        return fit.build_network(temperatures["tagger"]), chain

    def fit_question() -> tuple[Network, TagChain | None]:
        fit = trained.question.fit(trained.question.list_items())
        return fit.build_network(temperatures["question"]), None

    def fit_turn() -> tuple[Network, TagChain | None]:
        fit = trained.turn.fit(np.arange(n_pairs))
        return fit.build_network(temperatures["turn"]), None

    def fit_excluded() -> tuple[Network, TagChain | None]:
        fit = fit_negation(trained.negation, np.arange(n_slots))
        return fit.build_network(temperatures["negation"]), None

    names = ("tagger", "question", "turn", "negation")
    fitted = run_forked([fit_tagger, fit_question, fit_turn, fit_excluded])
    networks = {name: network for name, (network, _) in zip(names, fitted, strict=True)}
    chain = fitted[0][1]
    assert chain is not None
    about = {
        "examples": digest,
        "embedder": embedder,
        "tags": TAGS,
        "asking_words": sorted(material.asking_words),
        "classes": {name: network.classes for name, network in networks.items()},
        "temperatures": temperatures,
    }
    arrays: dict[str, NDArray[np.generic]] = {
        "about": np.frombuffer(json.dumps(about).encode("utf-8"), np.uint8),
        "middle": material.middle.astype(np.float32),
        "axes": material.axes.astype(np.float16),
        "chain.start": chain.start,
        "chain.steps": chain.steps,
        "chain.end": chain.end,
    }
    for name, network in networks.items():
        arrays |= pack_network(name, network)
    np.savez_compressed(path, allow_pickle=False, **arrays)


def drop_vectors(trained: Trained, options: Options, report: Report) -> Trained:
    """The same without word vectors: what the tagger read is kept, questions and turns are fitted anew."""
    material = replace(trained.material, vectors=None, middle=NO_VECTORS[0], axes=NO_VECTORS)
    tagger, question, turn = copy(trained.tagger), copy(trained.question), copy(trained.turn)
    tagger.material = question.material = material
    tagger.vectors = question.scaled = turn.scaled = None
    folds = np.array([item.fold for item in material.items])
    pair_folds = np.array([pair.fold for pair in turn.pairs], np.int64)
    scores = cross_score(question, question.list_items(), folds, options.n_folds)
    pairs = np.arange(len(pair_folds))
    turn_scores = cross_score(turn, pairs, pair_folds, options.n_folds)
    report("questions and turns are cross-validated by words alone")
    return replace(
        trained, material=material, tagger=tagger, question=question, question_scores=scores,
        turn=turn, turn_scores=turn_scores,
    )  # fmt: skip


NO_VECTORS = np.zeros((1, 0), np.float32)


def train(
    encode: Encode,
    embedder: str,
    report: Report,
    options: Options = Options(),  # noqa: B008 - frozen
) -> tuple[Trained, Trained]:
    """Cross-validate, fit and write the heads with word vectors, and those without."""
    examples, digest = load_examples(), compute_digest()
    material = prepare_material(examples, encode, options)
    report(f"{len(examples)} examples as {len(material.items)} texts are ready")
    trained = cross_validate(material, options, report)
    fit_all(trained, embedder, digest, WEIGHTS)
    report(f"{WEIGHTS.name} is written, {WEIGHTS.stat().st_size / 1e6:.1f} MB")
    by_words = drop_vectors(trained, options, report)
    fit_all(by_words, "", digest, WORDS_ONLY_WEIGHTS)
    report(
        f"{WORDS_ONLY_WEIGHTS.name} is written, {WORDS_ONLY_WEIGHTS.stat().st_size / 1e6:.1f} MB"
    )
    return trained, by_words
