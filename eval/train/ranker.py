"""Trains the ranker of sentences: ``python -m eval train ranker FOLDER``.

FOLDER holds the public sets (`eval.train.ranker_sets.SETS`). Writes rag/answers/sentence_ranker.npz and
prints how often an answering sentence comes first for the papers that were held out. The fit is a
conditional logit: of all sentences of a paper, those that answer are to have the probability.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.report.tables import format_table
from eval.sets.collections import CORPUS
from eval.train import conditional_logit
from eval.train.ranker_sets import MEASURED_ALONE, Labelled, Source, is_held_out, load_questions
from rag.answers import sentence_ranker
from rag.answers.quoting import is_asking_for_paper
from rag.answers.sentence_forms import KINDS, Request
from rag.app.assistant import Assistant
from rag.text import extract_terms

Array = NDArray[np.float64]

WORTH = {
    "own": 2.0,
    "field": 1.0,
    "described": 2.5,
    "covidqa": 0.7,
    "scifact": 0.6,
    "pubmedqa": 0.3,
    "scitldr": 0.25,
}
"""What a question of each set weighs."""
PENALTY, KIND_PENALTY = 4.0, 10.0
"""Of the weights; those that count for one kind of answer alone are seen in fewer questions."""
CODE_PENALTY = 0.5
"""Penalty on features of where code is: small, since few papers but ours from SciTLDR have such a sentence."""
_TELLS_CODE = ("code", "role_resource")
_LINKS = tuple(f"link:{name}" for name in _TELLS_CODE)
_NEVER_GAIN = frozenset(
    (
        "short",
        *_TELLS_CODE,
        *(
            f"{k}:{t}"
            for k in (*KINDS, sentence_ranker.PAPER, sentence_ranker.FIELD)
            if k != "link"
            for t in _TELLS_CODE
        ),
    )
)
"""Where the code is answers only who asks for it; most questions that are trained on have no such sentence
in their paper, so that this cannot be learned from them."""
SHARED = 0.75
"""Share of the terms of the shorter of two sentences from which they count as the same."""


@dataclass(frozen=True, slots=True)
class Example:
    """A question with its paper's sentences: their features, and which of them answer."""

    labelled: Labelled
    features: Array
    answers: NDArray[np.bool_]
    focus: Array


def build_examples(open_assistant: Callable[[Path], Assistant], folder: Path) -> list[Example]:
    """Every question of the sets whose answering sentence is found again in its paper."""
    questions, papers = load_questions(folder)
    with tempfile.TemporaryDirectory() as work:
        corpus = Path(work) / CORPUS
        rows = [{"_id": key, "title": title, "text": text} for key, (title, text) in papers.items()]
        corpus.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        with open_assistant(Path(work) / "data") as assistant:
            assistant.ingest([corpus])
            at = {str(pl): p.paper_id for p in assistant.library.list_papers() for pl in p.places}
            ids = {key: at.get(f"{CORPUS}:{n}") for n, key in enumerate(papers, 1)}
            examples = [
                _build_example(assistant, question, paper_id)
                for question in questions
                if (paper_id := ids[question.paper])
            ]
    return [example for example in examples if example is not None]


def _build_example(assistant: Assistant, labelled: Labelled, paper_id: str) -> Example | None:
    hits = assistant.retrieve(labelled.question, 1, within=(paper_id,)).papers
    if not hits:
        return None
    (hit,) = hits
    sentences = hit.sentences
    texts = [hit.paper.text[slice(*s.span)] for s in sentences]
    answers = np.array([any(_is_same(told, gold) for gold in labelled.sentences) for told in texts])
    if not answers.any() or answers.all():
        return None
    asks_for = assistant.read(labelled.question).query.asks_for
    features = sentence_ranker.compute_features(
        labelled.question,
        hit,
        sentences,
        Request.read_question(labelled.question, asks_for),
        # A claim is long, but what decides it is no sentence on what the paper is.
        paper=labelled.source != "scifact" and is_asking_for_paper(labelled.question),
    )
    return Example(labelled, features, answers, np.array([s.score for s in sentences]))


def _is_same(told: str, gold: str) -> bool:
    """Whether a sentence and one of a set are the same, cut anyhow, or one holds the other."""
    first, second = Counter(extract_terms(told)), Counter(extract_terms(gold))
    shorter = min(first.total(), second.total())
    return shorter > 0 and (first & second).total() >= SHARED * shorter


def fit(examples: Sequence[Example]) -> Array:
    """The weights of all features."""
    penalty = np.array(
        [
            CODE_PENALTY if n in (*_TELLS_CODE, *_LINKS) else KIND_PENALTY if ":" in n else PENALTY
            for n in sentence_ranker.FEATURES
        ]
    )
    return conditional_logit.fit(
        [e.features for e in examples],
        [e.answers for e in examples],
        [WORTH[e.labelled.source] for e in examples],
        penalty,
        [(None, 0.0 if name in _NEVER_GAIN else None) for name in sentence_ranker.FEATURES],
    )


def count_first(examples: Sequence[Example], weights: Array | None) -> dict[Source, list[bool]]:
    """Whether an answering sentence comes first, by set; by the match of tokens alone without weights."""
    first: dict[Source, list[bool]] = {}
    for e in examples:
        scores = e.focus if weights is None else e.features @ weights
        first.setdefault(e.labelled.source, []).append(bool(e.answers[int(scores.argmax())]))
    return first


def train(open_assistant: Callable[[Path], Assistant], folder: Path) -> str:
    """Fit, write and measure; what was measured, as text."""
    examples = build_examples(open_assistant, folder)
    seen = [e for e in examples if not is_held_out(e.labelled)]
    unseen = [e for e in examples if is_held_out(e.labelled)]
    measured = count_first(unseen, fit(seen))
    by_match = count_first(unseen, None)
    weights = fit([e for e in examples if e.labelled.source not in MEASURED_ALONE])
    kept = weights != 0
    names = np.array(sentence_ranker.FEATURES)
    np.savez_compressed(
        sentence_ranker.RANKER_WEIGHTS_FILE,
        names=names[kept],
        weights=weights[kept].astype(np.float32),
    )
    rows: list[list[str | float | int | None]] = [
        [
            source,
            sum(e.labelled.source == source for e in seen),
            len(measured[source]),
            float(np.mean(by_match[source])),
            float(np.mean(measured[source])),
        ]
        for source in sorted(measured)
    ]
    size = f"{sentence_ranker.RANKER_WEIGHTS_FILE.name}: {sentence_ranker.RANKER_WEIGHTS_FILE.stat().st_size:,} bytes"
    heads = ["set", "trained on", "held out", "first by tokens alone", "first by the ranker"]
    return f"{size}\n{format_table(heads, rows)}"
