"""Fits which papers answer together: ``python -m eval train papers --data NAME=FOLDER …``.

Writes rag/answers/answering_papers.yaml and prints, cross-validated by question, how many of the answering
papers are told and how many of those told answer. The fit is a logistic regression with an L2 penalty.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import yaml
from numpy.typing import NDArray

from eval.train.abstention import compute_coefficients
from rag.answers import answering_papers
from rag.answers.answering_papers import (
    MAX_PAPERS,
    PAPERS_WEIGHTS_FILE,
    choose_answering_papers,
    compute_paper_signals,
)
from rag.app.assistant import Assistant
from rag.types import Retrieval

Array = NDArray[np.float64]
QUESTIONS = Path(__file__).parents[1] / "sets" / "answering_papers.jsonl"
N_FOLDS = 5
DEPTH = MAX_PAPERS + 2
"""Places of the ranking that are learned from."""
PARTLY = 0.3
"""What a paper counts for that answers a part: to tell it is no fault."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its ranking, and which papers answer it, or a part of it."""

    library: str
    retrieval: Retrieval
    papers: frozenset[str]
    partly: frozenset[str]

    @property
    def fold(self) -> int:
        return int(hashlib.sha256(self.retrieval.query.encode()).hexdigest(), 16) % N_FOLDS


def load_asked(assistants: Mapping[str, Assistant], path: Path = QUESTIONS) -> Iterator[Asked]:
    """The questions over the libraries given, with their rankings; those over others are left out."""
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        if assistant := assistants.get(row["library"]):
            papers, partly = frozenset(row["papers"]), frozenset(row["partly"])
            yield Asked(row["library"], assistant.retrieve(row["question"]), papers, partly)


def train(assistants: Mapping[str, Assistant], out: Path = PAPERS_WEIGHTS_FILE) -> str:
    """Fit, write the weights, and give the figures.

    Args:
        assistants: By the name that the questions call their library.
        out: The file.
    """
    asked = list(load_asked(assistants))
    weights = _fit(asked)
    head = "# Written by `python -m eval train papers`; see rag/answers/answering_papers.py.\n"
    rounded = {name: round(value, 4) for name, value in weights.items()}
    out.write_text(head + yaml.safe_dump(rounded, sort_keys=False), encoding="utf-8")
    return _format(asked, [_fit([o for o in asked if o.fold != n]) for n in range(N_FOLDS)])


def _fit(asked: Sequence[Asked]) -> dict[str, float]:
    rows, wanted, worth = [], [], []
    for one in asked:
        for at in range(1, min(DEPTH, len(one.retrieval.papers))):
            paper_id = one.retrieval.papers[at].paper.paper_id
            rows.append(compute_paper_signals(one.retrieval, at))
            wanted.append(float(paper_id in one.papers))
            worth.append(PARTLY if paper_id in one.partly else 1.0)
    values = np.array([[*row.values()] for row in rows])
    mean, spread = values.mean(0), values.std(0) + 1e-9
    found = compute_coefficients((values - mean) / spread, np.array(wanted), np.array(worth))
    scaled = found[:-1] / spread
    return {
        "intercept": float(found[-1] - mean @ scaled),
        **dict(zip(rows[0], map(float, scaled), strict=True)),
    }


def _format(asked: Sequence[Asked], fitted: Sequence[Mapping[str, float]]) -> str:
    """What is told with the weights of the other folds, for questions that one paper answers and for others.

    Found is the share of the answering papers that is told, belong the share of those told that answer, or a part.
    """
    figures: dict[str, list[tuple[float, float, int]]] = {"one paper": [], "several": []}
    for one in asked:
        with patch.object(answering_papers, "_load_weights", lambda n=one.fold: fitted[n]):
            told = {h.paper.paper_id for h in choose_answering_papers(one.retrieval, several=False)}
        found = len(told & one.papers) / len(one.papers)
        belong = len(told & (one.papers | one.partly)) / len(told)
        figures["several" if len(one.papers) > 1 else "one paper"].append(
            (found, belong, len(told))
        )
    return "\n".join(
        f"{name}: {len(some)} questions, found {found:.3f}, belong {belong:.3f}, told {told:.2f}"
        for name, some in figures.items()
        for found, belong, told in [np.mean(some, axis=0)]
    )
