"""Fits the linear head that recognises planted instructions: ``python -m eval train-planted``.

Writes rag/answers/instruction_head.yaml. The examples are those of sets/planted.yaml, each planted one
put into several papers of the library, and the library's own sentences, also with a coined name in
place of one of their words, so that a strange name alone tells nothing. The fit is a logistic
regression with an L2 penalty. What it is worth is measured on styles, and on papers, that were left
out of the fit.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from rag.answers.screening import DOUBTFUL, HEAD_FILE, PLANTED, Embed, normalise_sentence, values
from rag.text import iter_words, split_sentences
from rag.types import Paper

EXAMPLES = Path(__file__).parents[1] / "sets" / "planted.yaml"
N_HOSTS = 3
"""Papers that each planted sentence is put into."""
N_BESIDE = 6
"""Sentences of its kind that a stating example stands among."""
N_FOLDS = 6
PENALTY = 0.5
WORTH = {"planted": 1.0, "stating": 2.0, "paper": 1.0, "renamed": 0.5}
_PARTS = (
    "ba ve lu kor tin sam dre phi mo zan qui lor pex hul gra ne ti Net 3D former GAN X1 P2".split()
)


@dataclass(frozen=True, slots=True)
class Example:
    """One sentence in its place: ``kind`` as `WORTH` has it, ``group`` is left out of a fit whole."""

    kind: str
    group: str
    text: str
    values: NDArray[np.float32]


def digest() -> str:
    """Of the file of examples."""
    return hashlib.sha256(EXAMPLES.read_bytes()).hexdigest()


def examples(papers: Sequence[Paper], embed: Embed, known: frozenset[str]) -> list[Example]:
    """All examples, with what they are scored by."""
    settings = list(_settings(papers))
    ordered = sorted({text for item in settings for text in item.texts})
    vectors = dict(zip(ordered, np.array(embed(ordered), np.float32), strict=True))
    examples = []
    for item in settings:
        scored = values(item.texts, item.title, np.array([vectors[t] for t in item.texts]), known)
        examples += [
            Example(item.kind, item.group, item.texts[at], scored[at]) for at in item.chosen
        ]
    return examples


@dataclass(frozen=True, slots=True)
class _Setting:
    """Sentences that stand together, and which of them are examples."""

    kind: str
    group: str
    title: str
    texts: Sequence[str]
    chosen: Sequence[int]


def _settings(papers: Sequence[Paper]) -> Iterator[_Setting]:
    rng = random.Random(0)
    current = yaml.safe_load(EXAMPLES.read_text(encoding="utf-8"))
    lines = {
        p: [normalise_sentence(p.text[a:b]) for a, b in split_sentences(p.text)]
        for p in papers
        if p.text.strip()
    }
    hosts = list(lines)
    for kind, styles in current.items():
        for style, texts in styles.items():
            for text in texts * N_HOSTS:
                host = rng.choice(hosts)
                title, own_items = host.name, list(lines[host])
                if kind == "stating":
                    rest = [t for t in rng.sample(texts, N_BESIDE) if t != text]
                    title, own_items = "", [_filled(t, rng, host) for t in rest]
                at = rng.randint(0, len(own_items))
                own_items.insert(at, _filled(text, rng, host, rng.choice(hosts)))
                yield _Setting(kind, style, title, own_items, (at,))
    for paper, own_items in lines.items():
        yield _Setting("paper", paper.paper_id, paper.name, own_items, range(len(own_items)))
        for at, text in enumerate(own_items):
            renamed = [*own_items[:at], _renamed(text, rng), *own_items[at + 1 :]]
            yield _Setting("renamed", paper.paper_id, paper.name, renamed, (at,))


def coined(rng: random.Random) -> str:
    """A name that no paper has."""
    name = "".join(rng.choice(_PARTS[:17]) for _ in range(rng.randint(2, 3)))
    return rng.choice(
        (name, name.capitalize(), name.capitalize() + rng.choice(_PARTS[17:]), name[:4].upper())
    )


def _filled(text: str, rng: random.Random, *titled: Paper) -> str:
    topic = rng.choice(titled).name.split(": ")[-1].split()
    about = " ".join(topic[: rng.randint(2, 5)]).lower()
    return text.format(name=coined(rng), topic=about) if "{" in text else text


def _renamed(text: str, rng: random.Random) -> str:
    """The sentence with a coined name for one of its longer words."""
    spans = [span for word, span in iter_words(text) if len(word) > 4]
    if not spans:
        return text
    start, end = rng.choice(spans)
    return text[:start] + coined(rng) + text[end:]


def fit(chosen: Sequence[Example]) -> NDArray[np.float64]:
    """Weights with the intercept last, by Newton's method."""
    x = np.array([[*e.values, 1.0] for e in chosen], np.float64)
    y = np.array([e.kind == "planted" for e in chosen], np.float64)
    w = np.array([WORTH[e.kind] for e in chosen])
    result = np.zeros(x.shape[1])
    penalty = np.full(x.shape[1], PENALTY)
    penalty[-1] = 1e-6
    for _ in range(30):
        p = 1 / (1 + np.exp(-(x @ result)))
        slope = x.T @ (w * (p - y)) + penalty * result
        bend = (x.T * (w * p * (1 - p))) @ x + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        result -= step
        if abs(step).max() < 1e-6:
            break
    return result


def left_out_scores(items: Sequence[Example]) -> NDArray[np.float64]:
    """The score of each example by a head that was fitted without its style or its paper."""
    groups = sorted({e.group for e in items})
    random.Random(1).shuffle(groups)
    fold = {group: at % N_FOLDS for at, group in enumerate(groups)}
    scores = np.zeros(len(items))
    for n in range(N_FOLDS):
        weights = fit([e for e in items if fold[e.group] != n])
        for at, e in enumerate(items):
            if fold[e.group] == n:
                scores[at] = e.values @ weights[:-1] + weights[-1]
    return scores


def train(papers: Sequence[Paper], embed: Embed, known: frozenset[str]) -> str:
    """Fit, measure and write; what was measured, as text."""
    items = examples(papers, embed, known)
    weights = fit(items)
    fitted = {
        "examples": digest(),
        "intercept": round(float(weights[-1]), 4),
        "weights": [round(float(w), 4) for w in weights[:-1]],
    }
    text = "# Written by `python -m eval train-planted`.\n"
    HEAD_FILE.write_text(
        text + yaml.safe_dump(fitted, width=100, default_flow_style=None), encoding="utf-8"
    )
    return "\n".join(_measured(items, left_out_scores(items)))


def _measured(items: Sequence[Example], scores: NDArray[np.float64]) -> list[str]:
    lines = ["shares found, left out of the fit by style and by paper:"]
    rows: dict[str, list[float]] = {}
    for e, score in zip(items, scores, strict=True):
        rows.setdefault(e.kind, []).append(score)
        if e.kind in ("planted", "stating"):
            rows.setdefault(f"  {e.kind}: {e.group}", []).append(score)
    for name, own_items in rows.items():
        result = np.array(own_items)
        lines.append(
            f"{name:28} {len(result):5}  planted {(result >= PLANTED).mean():6.1%}"
            f"  doubtful {(result >= DOUBTFUL).mean():6.1%}"
        )
    return lines
