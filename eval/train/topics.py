"""Fits which papers are on a topic: ``python -m eval train topics --data NAME=FOLDER …``.

Writes rag/search/topic_members.yaml and prints, cross-validated by topic, how many of a topic's papers are found, and
how many of those found are on it. The fit is a logistic regression with an L2 penalty.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import yaml
from numpy.typing import NDArray

from eval.train.abstention import compute_coefficients
from rag.app.assistant import Assistant
from rag.search import topic_members
from rag.search.topic_members import TOPIC_WEIGHTS_FILE
from rag.search.topics import compute_signals_of_topic, find_on_topic, list_on_topic

TOPICS = Path(__file__).parents[1] / "sets" / "topic_papers.jsonl"
N_FOLDS = 8
PARTLY = 0.1
"""What a paper counts for that has to do with a topic and is not about it: to tell it is no fault."""


@dataclass(frozen=True, slots=True)
class LabelledTopic:
    """A topic in one of its wordings, with the papers on it; ``fold`` is that of all its wordings."""

    library: str
    words: str
    fold: int
    papers: frozenset[str]
    partly: frozenset[str]


def load_topics(path: Path = TOPICS) -> Iterator[LabelledTopic]:
    """The topics, one a wording."""
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        digest = hashlib.sha256(f"{row['library']}{row['topics'][0]}".encode()).hexdigest()
        papers, partly = frozenset(row["papers"]), frozenset(row["partly"])
        for words in row["topics"]:
            yield LabelledTopic(row["library"], words, int(digest, 16) % N_FOLDS, papers, partly)


def train(assistants: Mapping[str, Assistant], out: Path = TOPIC_WEIGHTS_FILE) -> str:
    """Fit, write the weights, and give the figures.

    Args:
        assistants: By the name that the topics call their library.
        out: The file.
    """
    topics = [topic for topic in load_topics() if topic.library in assistants]
    signals = [_compute_signals(topic, assistants[topic.library]) for topic in topics]
    pairs = [pair for pair in zip(topics, signals, strict=True) if pair[0].papers]
    weights = _fit(pairs)
    head = "# Written by `python -m eval train topics`; see rag/search/topic_members.py.\n"
    rounded = {name: round(value, 4) for name, value in weights.items()}
    out.write_text(head + yaml.safe_dump(rounded, sort_keys=False), encoding="utf-8")
    fitted = [_fit([pair for pair in pairs if pair[0].fold != n]) for n in range(N_FOLDS)]
    return _format(topics, assistants, fitted)


_Signals = Mapping[str, Mapping[str, float]]


def _compute_signals(topic: LabelledTopic, assistant: Assistant) -> _Signals:
    return compute_signals_of_topic(topic.words, assistant.library.view, assistant.retrieve)


def _fit(pairs: Sequence[tuple[LabelledTopic, _Signals]]) -> dict[str, float]:
    rows, wanted, worth = [], [], []
    for topic, signals in pairs:
        for paper_id, row in signals.items():
            rows.append(row)
            wanted.append(float(paper_id in topic.papers))
            worth.append(PARTLY if paper_id in topic.partly else 1.0)
    values = np.array([[*row.values()] for row in rows])
    mean, spread = values.mean(0), values.std(0) + 1e-9
    found = compute_coefficients((values - mean) / spread, np.array(wanted), np.array(worth))
    scaled = found[:-1] / spread
    return {
        "intercept": float(found[-1] - mean @ scaled),
        **dict(zip(rows[0], map(float, scaled), strict=True)),
    }


def _format(
    topics: Sequence[LabelledTopic],
    assistants: Mapping[str, Assistant],
    fitted: Sequence[Mapping[str, float]],
) -> str:
    """With the weights of the other folds; near: those near in meaning, listed: with those that say the topic.

    Found is the share of a topic's papers that is found, belong the share of those found that is on it, or partly.
    """
    retrieves = {name: cache(assistant.retrieve) for name, assistant in assistants.items()}
    figures: dict[str, list[tuple[float, ...]]] = {}
    for topic in topics:
        library, retrieve = assistants[topic.library].library.view, retrieves[topic.library]
        with patch.object(topic_members, "_load_weights", lambda n=topic.fold: fitted[n]):
            near = {on.paper.paper_id for on in find_on_topic(topic.words, library, retrieve)}
            listed = {e.paper_id for e in list_on_topic(topic.words, library, retrieve).entries}
        for name, told in (("near", near), ("listed", listed)):
            for group in (name, f"{name}, {topic.library}"):
                figures.setdefault(group, []).append(_compare(topic, told))
    return "\n".join(_format_group(name, np.array(some)) for name, some in sorted(figures.items()))


def _compare(topic: LabelledTopic, told: Collection[str]) -> tuple[float, ...]:
    """Whether the topic has papers, whether any is told, the shares found and belonging, and their harmonic mean."""
    if not topic.papers or not told:
        return float(bool(topic.papers)), float(bool(told)), 0.0, 0.0, 0.0
    found = len(topic.papers.intersection(told)) / len(topic.papers)
    belong = len((topic.papers | topic.partly).intersection(told)) / len(told)
    return 1.0, 1.0, found, belong, 2 * found * belong / (found + belong or 1.0)


def _format_group(name: str, rows: NDArray[np.float64]) -> str:
    with_papers = rows[:, 0] > 0
    is_told = rows[:, 1] > 0
    found, belong, together = rows[with_papers & is_told, 2:].mean(0)
    return (
        f"{name}: {with_papers.sum()} wordings with papers, told {is_told[with_papers].mean():.3f}, of these found "
        f"{found:.3f}, belong {belong:.3f}, F1 {together:.3f}; {(~with_papers).sum()} without, told "
        f"{is_told[~with_papers].mean():.3f}"
    )
