"""What a cross-validation of the question reader's heads says, as text."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from eval.train.network_fit import Ints
from eval.train.reader import Report, Trained, fit_temperatures
from eval.train.reader_items import TAGS, Item, tag_words
from eval.train.reader_tagger import decode_item
from rag.understanding.head_features import Floats
from rag.understanding.head_weights import compute_shares
from rag.understanding.heads import join_tags

_N_CONFUSIONS = 12
_CURVE = (0.25, 0.5, 1.0)
_EDGES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.01)


@dataclass(slots=True)
class StepReport:
    """Says each step of the training on standard error, with the seconds since the first one began:
    those of the clock, and those of all processors.
    """

    _start: float = field(default_factory=time.monotonic)

    def __call__(self, step: str) -> None:
        busy_s = sum(os.times()[:4])
        sys.stderr.write(f"[{time.monotonic() - self._start:5.0f} s, {busy_s:.0f} busy] {step}\n")


def format_curve(trained: Trained, report: Report) -> str:
    """Figures of the first fold when only a share of the other wordings is learned from."""
    material = trained.material
    folds = np.array([item.fold for item in material.items])
    held_out = np.flatnonzero(folds == 0)
    pairs = np.array([pair.fold for pair in trained.turn.pairs])
    draws = np.random.default_rng(5).random(len(material.examples))
    drawn = draws[[item.line for item in material.items]]
    drawn_pairs = draws[[pair.line for pair in trained.turn.pairs]]
    lines = ["share of the wordings    want   slots   link"]
    for share in _CURVE:
        learned = np.flatnonzero((folds != 0) & (drawn < share))
        spans = dict(enumerate(trained.tagging.spans))
        scores, turn_scores = trained.question_scores, trained.turn_scores
        if share < 1:
            fit, chain = trained.tagger.fit(learned.tolist())
            for i in held_out.tolist():
                words = material.get_words(i)
                spans[i] = decode_item(material.items[i], fit.score(words), chain)[0]
            items = np.intersect1d(trained.question.list_items(), learned)
            scores = scores.copy()
            scores[held_out] = trained.question.fit(items).score(held_out)
            seen_pairs = np.flatnonzero((pairs != 0) & (drawn_pairs < share))
            turn_scores = trained.turn.fit(seen_pairs).score(np.arange(len(pairs)))
        part = replace(trained, question_scores=scores, turn_scores=turn_scores)
        originals = [i for i in held_out.tolist() if material.items[i].is_original]
        known = np.array([pair.is_original and pair.fold == 0 for pair in trained.turn.pairs])
        want = compute_accuracy(
            part.score_head("want")[originals], trained.question.targets["want"][originals]
        )
        link = compute_accuracy(
            part.score_turn_head("link")[known], trained.turn.targets["link"][known]
        )
        slots = compute_f1(*count_slots(trained, [(i, spans[i]) for i in originals]))
        lines.append(f"{share:21.2f}   {want:.3f}   {slots:.3f}  {link:.3f}")
    report("the learning curve is drawn")
    return "\n".join(lines)


def format_training(trained: Trained) -> str:
    """All figures of one cross-validation, of wordings as written."""
    lines = [*_format_slots(trained), *_format_negation(trained)]
    temperatures = fit_temperatures(trained)
    originals = np.array([item.is_original for item in trained.material.items])
    for head, labels in trained.question.classes.items():
        scores = trained.score_head(head)[originals] / temperatures["question"][head]
        targets = trained.question.targets[head][originals]
        lines += _format_head(head, labels, scores, targets, is_full=head in ("want", "asks_for"))
    pairs = np.array([pair.is_original for pair in trained.turn.pairs], bool)
    for head, labels in trained.turn.classes.items():
        scores = trained.score_turn_head(head)[pairs] / temperatures["turn"][head]
        targets = trained.turn.targets[head][pairs]
        lines += _format_head(f"turn's {head}", labels, scores, targets, is_full=True)
    return "\n".join(lines)


def compute_accuracy(scores: Floats, targets: Ints) -> float:
    known = targets >= 0
    return float(np.mean(scores[known].argmax(1) == targets[known]))


def _format_head(
    name: str, labels: Sequence[str], scores: Floats, targets: Ints, *, is_full: bool
) -> list[str]:
    known = targets >= 0
    if not known.any():
        return []
    shares, targets = compute_shares(scores[known]), targets[known]
    best = shares.argmax(1)
    second = np.argsort(-shares, 1)[:, :2]
    is_right = best == targets
    in_two = (second == targets[:, None]).any(1)
    lines = [
        "",
        f"{name}: right {is_right.mean():.3f}, within two {in_two.mean():.3f}, n {len(best)}",
    ]
    if name in ("want", "turn's want"):
        broad = [label.split()[0] for label in labels]
        same = [broad[a] == broad[b] for a, b in zip(best, targets, strict=True)]
        lines.append(f"  want without its relation: right {np.mean(same):.3f}")
    if not is_full:
        return lines
    for at, label in enumerate(labels):
        n, n_read = int((targets == at).sum()), int((best == at).sum())
        if n:
            n_right = int((is_right & (targets == at)).sum())
            lines.append(
                f"  {label or 'none':28} n {n:5}  recall {n_right / n:.2f}  "
                f"precision {n_right / max(1, n_read):.2f}"
            )
    wrong = Counter((labels[t], labels[b]) for t, b in zip(targets, best, strict=True) if t != b)
    lines.append("  worst confusions (right -> read):")
    lines += [
        f"    {a or 'none'} -> {b or 'none'}: {n}" for (a, b), n in wrong.most_common(_N_CONFUSIONS)
    ]
    return [*lines, *_format_reliability(shares.max(1), is_right)]


def _format_reliability(confidence: Floats, is_right: np.ndarray) -> list[str]:
    lines = ["  confidence      n  right"]
    for low, high in zip(_EDGES, _EDGES[1:], strict=False):
        inside = (confidence >= low) & (confidence < high)
        if inside.any():
            lines.append(
                f"  {low:.2f}-{min(high, 1):.2f}  {inside.sum():5}  {is_right[inside].mean():.2f}"
            )
    return lines


def list_true_spans(item: Item) -> set[tuple[int, int, str]]:
    runs = join_tags([TAGS[tag] for tag in tag_words(item)], item.words)
    return {(start, end, kind) for start, end, kind, _, _ in runs}


Spans = Iterable[tuple[int, Sequence[tuple[int, int, str]]]]


def count_slots(
    trained: Trained, read_spans: Spans | None = None
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Of each kind: exactly right, marked, read; over last turns with full mark-up.

    ``read_spans``: items with what was read in them; None for all, by the cross-validation.
    """
    right: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    predicted: Counter[str] = Counter()
    for i, spans in read_spans or enumerate(trained.tagging.spans):
        item = trained.material.items[i]
        example = trained.material.examples[item.line]
        if item.is_original and item.is_last and example.is_marked:
            true = list_true_spans(item)
            marked.update(kind for _, _, kind in true)
            predicted.update(kind for _, _, kind in spans)
            right.update(kind for _, _, kind in true & set(spans))
    return right, marked, predicted


def compute_f1(right: Counter[str], marked: Counter[str], predicted: Counter[str]) -> float:
    return 2 * sum(right.values()) / max(1, sum(marked.values()) + sum(predicted.values()))


def _format_slots(trained: Trained) -> list[str]:
    right, marked, predicted = count_slots(trained)
    lines = [f"slots, exactly: micro F1 {compute_f1(right, marked, predicted):.3f}"]
    for kind in sorted(marked):
        f1 = 2 * right[kind] / (marked[kind] + predicted[kind])
        lines.append(
            f"  {kind:12} n {marked[kind]:5}  F1 {f1:.2f}  recall {right[kind] / marked[kind]:.2f}  "
            f"precision {right[kind] / max(1, predicted[kind]):.2f}"
        )
    n_same = n_words = 0
    confidence, is_right = [], []
    for i, item in enumerate(trained.material.items):
        example = trained.material.examples[item.line]
        if not (item.is_original and item.is_last and example.is_marked):
            continue
        true = list_true_spans(item)
        spans = trained.tagging.spans[i]
        n_words += len(item.words)
        n_same += sum(_find_kind(word, true) == _find_kind(word, set(spans)) for word in item.words)
        confidence += trained.tagging.confidences[i]
        is_right += [span in true for span in spans]
    lines.append(f"  words with the right tag: {n_same / max(1, n_words):.3f}")
    return [*lines, *_format_reliability(np.array(confidence), np.array(is_right, bool))]


def _find_kind(word: tuple[int, int], spans: set[tuple[int, int, str]]) -> str:
    return next((kind for a, b, kind in spans if a <= word[0] and word[1] <= b), "")


def _format_negation(trained: Trained) -> list[str]:
    items = trained.material.items
    originals = np.array([items[i].is_original for i in trained.negation.items])
    predicted = trained.negation_scores.argmax(1)[originals]
    true = trained.negation.targets[originals]
    n_right = int(((predicted == 1) & (true == 1)).sum())
    return [
        "",
        f"excluded slots: n {int(true.sum())} of {len(true)}, recall {n_right / max(1, true.sum()):.2f}, "
        f"precision {n_right / max(1, (predicted == 1).sum()):.2f}",
    ]
