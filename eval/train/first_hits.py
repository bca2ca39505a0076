"""Fits how likely the first paper is the one that is meant: ``python -m eval train remembered FOLDER``.

Writes rag/answers/first_hit.yaml and prints, cross-validated by paper, how often the first paper is right where it is
told to be. The questions are those of a field by somebody who knows no paper; their papers are of SciTLDR.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from eval.train.abstention import compute_coefficients
from eval.train.ranker_sets import load_own_questions
from rag.answers.first_hit import FIRST_HIT_FILE, LIKELY, SURE, compute_first_hit_signals
from rag.app.assistant import Assistant

N_FOLDS = 8
CORPUS = "corpus.jsonl"
SOURCES = ("field", "field further")


@dataclass(frozen=True, slots=True)
class FirstHit:
    """What the first paper of a ranking is judged from, whether it is right, and its fold."""

    signals: dict[str, float]
    is_right: bool
    fold: int


def train(
    open_assistant: Callable[[Path], Assistant], folder: Path, out: Path = FIRST_HIT_FILE
) -> str:
    """Fit, write the weights, and give the figures.

    Args:
        open_assistant: Opens one over a data folder.
        folder: Holds SciTLDR.
        out: The file.
    """
    hits = _find_first_hits(open_assistant, folder)
    weights = _fit(hits)
    head = "# Written by `python -m eval train remembered`; see rag/answers/first_hit.py.\n"
    names = ("intercept", *hits[0].signals)
    rounded = {n: round(float(w), 4) for n, w in zip(names, weights, strict=True)}
    out.write_text(head + yaml.safe_dump(rounded, sort_keys=False), encoding="utf-8")
    chances = np.zeros(len(hits))
    for n in range(N_FOLDS):
        of_others = _fit([hit for hit in hits if hit.fold != n])
        own = [at for at, hit in enumerate(hits) if hit.fold == n]
        values = np.array([[1.0, *hits[at].signals.values()] for at in own])
        chances[own] = 1 / (1 + np.exp(-values @ of_others))
    return _format(chances, np.array([hit.is_right for hit in hits]))


def _find_first_hits(open_assistant: Callable[[Path], Assistant], folder: Path) -> list[FirstHit]:
    questions, papers = load_own_questions(folder)
    asked = [question for question in questions if question.source in SOURCES]
    keys = [key for key in papers if key.startswith("scitldr")]
    with tempfile.TemporaryDirectory() as work:
        corpus = Path(work) / CORPUS
        rows = [{"_id": key, "title": papers[key][0], "text": papers[key][1]} for key in keys]
        corpus.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        with open_assistant(Path(work) / "data") as assistant:
            assistant.ingest([corpus])
            at = {str(pl): p.paper_id for p in assistant.library.list_papers() for pl in p.places}
            ids = {key: at.get(f"{CORPUS}:{n}") for n, key in enumerate(keys, 1)}
            hits = []
            for question in asked:
                retrieval = assistant.retrieve(question.question)
                digest = hashlib.sha256(question.paper.encode()).hexdigest()
                is_right = retrieval.papers[0].paper.paper_id == ids[question.paper]
                signals = compute_first_hit_signals(retrieval)
                hits.append(FirstHit(signals, is_right, int(digest, 16) % N_FOLDS))
    return hits


def _fit(hits: Sequence[FirstHit]) -> NDArray[np.float64]:
    """The weights, the intercept first."""
    values = np.array([[*hit.signals.values()] for hit in hits])
    mean, spread = values.mean(0), values.std(0) + 1e-9
    wanted = np.array([float(hit.is_right) for hit in hits])
    found = compute_coefficients((values - mean) / spread, wanted, np.ones(len(hits)))
    scaled = found[:-1] / spread
    return np.array([found[-1] - mean @ scaled, *scaled])


def _format(chances: NDArray[np.float64], is_right: NDArray[np.bool_]) -> str:
    lines = []
    for low, high in ((0.0, LIKELY), (LIKELY, SURE), (SURE, 0.9), (0.9, 1.01)):
        within = (chances >= low) & (chances < high)
        lines.append(
            f"{low:.1f} to {min(high, 1.0):.1f}: {within.sum()} questions, expected "
            f"{chances[within].mean():.2f}, right {is_right[within].mean():.2f}"
        )
    return "\n".join(lines)
