"""Trains the head that gives sentences their roles: ``python -m eval train roles FOLDER``.

FOLDER holds the public sets (`eval.train.role_sets.LICENCES`). Writes rag/ingest/role_head.npz and
prints what the head is worth on the abstracts that were held out. A sentence counts for every role
that its label allows: the loss is the log-likelihood of all sequences that the labels allow, in a
linear-chain conditional random field (Lafferty et al., ICML 2001), fitted with Adam.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.train.role_sets import (
    LABELS,
    LICENCES,
    LabelledAbstract,
    load_abstracts,
    load_seeds,
)
from rag.ingest.role_head import (
    N_BUCKETS,
    N_PLACE_ROWS,
    Features,
    RoleHead,
    build_features,
    compute_emissions,
    find_best,
)
from rag.ingest.sentence_roles import ROLE_HEAD_FILE
from rag.types import SENTENCE_ROLES, Span
from rag.types.token_vectors import Encoding

Array = NDArray[np.float32]
Encode = Callable[[Sequence[str]], list[Encoding]]

N_ROLES = len(SENTENCE_ROLES)
N_HIDDEN = 64
N_EPOCHS = 14
BATCH = 48
"""Abstracts whose sentences make one step."""
RATE = 1e-3
GRAM_PACE = 0.1
"""How much slower the weights of n-grams are learned: at full pace they learn the abstracts by heart."""
DECAY = 2e-5
DROPOUT = 0.3
"""Share of the hidden units, and of the n-grams, that a step leaves out."""
INPUT_DROPOUT = 0.1
"""Share of the numbers of the pooled vectors that a step leaves out."""
UNPLACED = 0.15
"""Share of the abstracts that are learned from without the places of their sentences."""
WEIGHTS = {"own": 3.0, "pubmedqa": 1.5, "Saliency_SR": 0.7}
"""Of the sets' abstracts; 1.0 for the others."""
FAR = -1e4
ENCODED = 200
"""Abstracts whose token vectors are held at one time."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One abstract with its features and, by sentence, the roles allowed (n, roles)."""

    abstract: LabelledAbstract
    features: Features
    allowed: NDArray[np.bool_]


def build_examples(abstracts: Sequence[LabelledAbstract], encode: Encode) -> list[Example]:
    """Features of abstracts as an ingest would compute them."""
    examples = []
    for start in range(0, len(abstracts), ENCODED):
        batch = abstracts[start : start + ENCODED]
        texts, spans = zip(*map(_join_sentences, batch), strict=True)
        for abstract, places, encoding in zip(batch, spans, encode(texts), strict=True):
            features = build_features(encoding, places, is_whole=abstract.is_whole)
            allowed = [[role in s.allowed for role in SENTENCE_ROLES] for s in abstract.sentences]
            examples.append(Example(abstract, features, np.array(allowed)))
    return examples


def _join_sentences(abstract: LabelledAbstract) -> tuple[str, list[Span]]:
    """The text as a chunk would be embedded, and the sentences' spans in it."""
    text = f"{abstract.title}\n" if abstract.title else ""
    spans: list[Span] = []
    for sentence in abstract.sentences:
        spans.append((len(text), len(text) + len(sentence.text)))
        text += sentence.text + " "
    return text, spans


# --- fitting --------------------------------------------------------------------------------


def fit(examples: Sequence[Example], seed: int = 0) -> RoleHead:
    """The head with the greatest likelihood, with weights decayed."""
    rng = np.random.default_rng(seed)
    n_in = examples[0].features.pooled.shape[1]
    weights: dict[str, Array] = {
        "hidden": rng.normal(0, (2 / n_in) ** 0.5, (n_in, N_HIDDEN)).astype(np.float32),
        "hidden_bias": np.zeros(N_HIDDEN, np.float32),
        "output": rng.normal(0, 0.1, (N_HIDDEN, N_ROLES)).astype(np.float32),
        "output_bias": np.zeros(N_ROLES, np.float32),
        "grams": np.zeros((N_BUCKETS, N_ROLES), np.float32),
        "places": np.zeros((N_PLACE_ROWS, N_ROLES), np.float32),
        "transitions": np.zeros((N_ROLES + 2, N_ROLES + 2), np.float32),
    }
    first = {name: np.zeros_like(w) for name, w in weights.items()}
    second = {name: np.zeros_like(w) for name, w in weights.items()}
    n_steps = N_EPOCHS * -(-len(examples) // BATCH)
    step = 0
    for _ in range(N_EPOCHS):
        order = rng.permutation(len(examples))
        for start in range(0, len(order), BATCH):
            step += 1
            batch = [examples[i] for i in order[start : start + BATCH]]
            slopes = _compute_slopes(weights, batch, rng)
            rate = RATE * min(1.0, 2 * (1 - step / n_steps))
            for name, slope in slopes.items():
                slope += DECAY * weights[name]
                first[name] += 0.1 * (slope - first[name])
                second[name] += 0.01 * (slope**2 - second[name])
                mean = first[name] / (1 - 0.9**step)
                spread = second[name] / (1 - 0.99**step)
                pace = GRAM_PACE if name == "grams" else 1.0
                weights[name] -= pace * rate * mean / (np.sqrt(spread) + 1e-8)
    return RoleHead(
        **{name: w.astype(np.float16).astype(np.float32) for name, w in weights.items()}
    )


def _compute_slopes(
    weights: dict[str, Array], batch: Sequence[Example], rng: np.random.Generator
) -> dict[str, Array]:
    """Gradients of the mean negative log-likelihood of a sentence."""
    sizes = np.array([len(e.allowed) for e in batch])
    starts = np.cumsum(sizes) - sizes
    x = np.concatenate([e.features.pooled for e in batch])
    x *= (rng.random(x.shape, np.float32) >= INPUT_DROPOUT) / np.float32(1 - INPUT_DROPOUT)
    grams = np.concatenate([e.features.grams for e in batch])
    owners = np.concatenate([e.features.owners + at for e, at in zip(batch, starts, strict=True)])
    is_kept = rng.random(len(grams)) >= DROPOUT
    grams, owners = grams[is_kept], owners[is_kept]
    places = np.concatenate([
        e.features.places if rng.random() >= UNPLACED else np.full_like(e.features.places, N_PLACE_ROWS - 1)
        for e in batch
    ])  # fmt: skip
    mask = (rng.random((len(x), N_HIDDEN)) >= DROPOUT).astype(np.float32) / (1 - DROPOUT)
    before = x @ weights["hidden"] + weights["hidden_bias"]
    hidden = np.maximum(before, 0) * mask
    emissions = hidden @ weights["output"] + weights["output_bias"]
    emissions += weights["places"][places].sum(axis=1)
    emissions += _sum_rows(weights["grams"][grams], owners, len(x)) / (1 - DROPOUT)
    weight = np.array([WEIGHTS.get(e.abstract.source, 1.0) for e in batch], np.float32)
    error, between = _compute_chain_slopes(
        emissions, weights["transitions"], [e.allowed for e in batch], weight
    )
    error /= len(x)
    back = (error @ weights["output"].T) * mask * (before > 0)
    slopes = {
        "hidden": x.T @ back,
        "hidden_bias": back.sum(axis=0),
        "output": hidden.T @ error,
        "output_bias": error.sum(axis=0),
        "grams": _sum_rows(error[owners], grams, N_BUCKETS) / (1 - DROPOUT),
        "places": sum(_sum_rows(error, column, N_PLACE_ROWS) for column in places.T),
        "transitions": between / len(x),
    }
    return {name: np.asarray(slope, np.float32) for name, slope in slopes.items()}


def _sum_rows(rows: Array, at: NDArray[np.int64], n: int) -> Array:
    """(n, columns) The sums of the rows that belong to each place."""
    columns = [np.bincount(at, column, n) for column in rows.T]
    return np.stack(columns, axis=1).astype(np.float32)


def _compute_chain_slopes(
    emissions: Array, transitions: Array, allowed: Sequence[NDArray[np.bool_]], weight: Array
) -> tuple[Array, Array]:
    """Expected counts of all sequences less those of the allowed ones, of roles and of transitions."""
    longest = max(len(rows) for rows in allowed)
    scores = np.zeros((len(allowed), longest, N_ROLES), np.float32)
    permit = np.zeros_like(scores)
    there = np.zeros((len(allowed), longest), bool)
    at = 0
    for row, rows in enumerate(allowed):
        n = len(rows)
        scores[row, :n] = emissions[at : at + n]
        permit[row, :n] = np.where(rows, 0, FAR)
        there[row, :n] = True
        at += n
    free = _compute_expected(scores, transitions, there)
    bound = _compute_expected(scores + permit, transitions, there)
    roles = (free[0] - bound[0]) * weight[:, None, None]
    between = ((free[1] - bound[1]) * weight[:, None, None]).sum(axis=0)
    return roles[there], between


def _compute_expected(
    scores: Array, transitions: Array, there: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Forward and backward: marginals (batch, n, roles), and counts of transitions by abstract."""
    inner = transitions[:N_ROLES, :N_ROLES]
    n_batch, longest, _ = scores.shape
    ahead = np.zeros_like(scores)
    behind = np.zeros_like(scores)
    ahead[:, 0] = scores[:, 0] + transitions[N_ROLES, :N_ROLES]
    for t in range(1, longest):
        value = _log_sum(ahead[:, t - 1, :, None] + inner, 1) + scores[:, t]
        ahead[:, t] = np.where(there[:, t, None], value, ahead[:, t - 1])
    total = _log_sum(ahead[:, -1] + transitions[:N_ROLES, N_ROLES + 1], 1)
    behind[:, -1] = transitions[:N_ROLES, N_ROLES + 1]
    for t in range(longest - 2, -1, -1):
        value = _log_sum(inner + (scores[:, t + 1] + behind[:, t + 1])[:, None], 2)
        behind[:, t] = np.where(there[:, t + 1, None], value, behind[:, t + 1])
    marginals = np.exp(ahead + behind - total[:, None, None]) * there[..., None]
    counts = np.zeros((n_batch, N_ROLES + 2, N_ROLES + 2), np.float32)
    counts[:, N_ROLES, :N_ROLES] = marginals[:, 0]
    last = there.sum(axis=1) - 1
    counts[:, :N_ROLES, N_ROLES + 1] = marginals[np.arange(n_batch), last]
    for t in range(1, longest):
        pair = ahead[:, t - 1, :, None] + inner + (scores[:, t] + behind[:, t])[:, None]
        counts[:, :N_ROLES, :N_ROLES] += (
            np.exp(np.minimum(pair - total[:, None, None], 0)) * there[:, t, None, None]
        )
    return marginals, counts


def _log_sum(values: Array, axis: int) -> Array:
    top = values.max(axis=axis, keepdims=True)
    result: Array = np.log(np.exp(values - top).sum(axis=axis)) + np.squeeze(top, axis)
    return result


_OWN = ("seeds", "own")
_MERGED = {"limitation": "result"}
"""Roles that public labels do not tell apart from others, and which these are."""
_ONE_BACKGROUND = ("sequential_sentence_classification", "pubmedqa")
"""Sets whose background holds the problem."""

# --- measuring ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one set: right ones by label, in the labels of the set.

    Attributes:
        pairs: How often each label (first) was given as each (second).
    """

    pairs: Counter[tuple[str, str]]

    @property
    def accuracy(self) -> float:
        return sum(n for (a, b), n in self.pairs.items() if a == b) / max(1, self.pairs.total())

    @property
    def labels(self) -> list[str]:
        return sorted({a for a, _ in self.pairs})

    def compute_f1(self, label: str) -> float:
        right = self.pairs[label, label]
        n_predicted = sum(n for (_, b), n in self.pairs.items() if b == label)
        wanted = sum(n for (a, _), n in self.pairs.items() if a == label)
        return 2 * right / (n_predicted + wanted) if n_predicted + wanted else 0.0

    @property
    def macro_f1(self) -> float:
        return float(np.mean([self.compute_f1(label) for label in self.labels]))


def compute_scores(head: RoleHead, examples: Sequence[Example]) -> Scores:
    """Compare with the labels of a set, in the roles that its labels tell apart.

    Labels that may stand for several of these, and sentences on which annotators differ, are not
    counted; a role that no label stands for is not given.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    emissions = compute_emissions(head, [example.features for example in examples])
    for example, scores in zip(examples, emissions, strict=True):
        source = example.abstract.source
        merged = _MERGED if source not in _OWN else {}
        if source in _ONE_BACKGROUND:
            merged = {**merged, "problem": "background"}
        golds = {
            label: {
                merged.get(role, role) for role in roles if source in _OWN or role != "resource"
            }
            for label, roles in LABELS[source].items()
        }
        label_roles = {role for roles in golds.values() if len(roles) == 1 for role in roles}
        covered = frozenset(r for r in SENTENCE_ROLES if merged.get(r, r) in label_roles)
        best = find_best(scores, head.transitions, [covered] * len(scores))
        for sentence, at in zip(example.abstract.sentences, best, strict=True):
            gold = golds.get(sentence.label, set())
            if len(gold) == 1:
                role = SENTENCE_ROLES[at]
                pairs[gold.copy().pop(), merged.get(role, role)] += 1
    return Scores(pairs)


def train(folder: Path, encode: Encode, *, once: bool) -> str:
    """Fit, write and measure; what was measured, as text.

    Args:
        folder: Holds the public sets.
        encode: The embedded model.
        once: Also measure on the half of the seeds' sentences that nothing was chosen by.
    """
    examples = build_examples(load_abstracts(folder), encode)
    head = fit([e for e in examples if e.abstract.split == "train"])
    arrays = {field.name: getattr(head, field.name) for field in fields(head)}
    np.savez_compressed(ROLE_HEAD_FILE, **{n: a.astype(np.float16) for n, a in arrays.items()})
    heldout = [e for e in examples if e.abstract.split == "heldout"]
    parts = {
        source: compute_scores(head, [e for e in heldout if e.abstract.source == source])
        for source in (*LICENCES, "own")
    }
    parts["all public sets"] = Scores(sum((parts[source].pairs for source in LICENCES), Counter()))
    for half in ("tuning", "once") if once else ("tuning",):
        seeds = build_examples(load_seeds(half), encode)
        parts[f"seeds, half {half!r}"] = compute_scores(head, seeds)
    lines = [f"{ROLE_HEAD_FILE.name}: {ROLE_HEAD_FILE.stat().st_size:,} bytes"]
    return "\n".join([*lines, *(line for n, s in parts.items() for line in _format(n, s))])


def _format(name: str, scores: Scores) -> Iterator[str]:
    """Accuracy and F1, then a row a label with what it was given as."""
    labels = [role for role in SENTENCE_ROLES if any(role in pair for pair in scores.pairs)]
    yield ""
    yield (
        f"{name}: n {scores.pairs.total()}, accuracy {scores.accuracy:.3f}, "
        f"macro F1 {scores.macro_f1:.3f}"
    )
    yield f"  {'label':12} {'F1':>5}  " + " ".join(f"{label[:7]:>7}" for label in labels)
    for label in scores.labels:
        row = " ".join(f"{scores.pairs[label, predicted]:7}" for predicted in labels)
        yield f"  {label:12} {scores.compute_f1(label):5.2f}  {row}"
