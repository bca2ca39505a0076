"""Ranks the sentences of a paper's body by how well they answer a question.

What ranks the sentences of an abstract (`rag.answers.sentence_ranker`) weighs eight or ten of one text against each
other. A body has hundreds; some share more words with a question than the one that answers it, in a passage about
something else, and some are rows of tables or pieces of formulas. So its score is one feature among others here: how
well the passage fits, how many of the question's words a sentence has by how rare they are in this paper, and whether
it is a whole sentence. The few likeliest are then embedded by themselves (`rag.answers.by_itself`). ``python -m eval
train bodies`` fits the weights to questions on bodies, and writes `BODY_WEIGHTS_FILE`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from rag.answers import sentence_ranker
from rag.answers.by_itself import (
    BY_ITSELF,
    SentenceEncoder,
    compare_by_itself,
    rate_by_itself,
)
from rag.answers.sentence_forms import Request
from rag.answers.sentence_ranker import Array
from rag.text import extract_terms, iter_words, split_terms
from rag.types import PaperHit, Sentence

BODY_WEIGHTS_FILE = Path(__file__).with_name("body_ranker.npz")
_PASSAGE = ("score", "late", "lexical")
_SIGNALS = ("unsaid", "described", "head", "plain")
_CAPTION = re.compile(r"\W*(?:fig|table|figure)\b", re.IGNORECASE)
_ENDS = tuple('.?!:;)]"”')
_FORMS = ("caption", "row", "piece", "question", "lower")
"""Signs that a piece of text is no answering sentence: caption, table row, no end, a question, no beginning."""
_AROUND = ("unsaid_around", "words_around")
"""What the sentences beside one say, with its own: an answer stands where its subject is spoken of."""
N_AROUND, FADING = 2, 0.7
"""Sentences on either side for ``unsaid_around``, and what each counts of the one nearer."""
SHORT_BODY_WORDS, LONG_BODY_WORDS = 6, 60
BODY_FEATURES: tuple[str, ...] = (
    "ranker",
    *(f"passage_{name}" for name in _PASSAGE),
    "passage_rank",
    *_SIGNALS,
    "words",
    "words_of_paper",
    *_AROUND,
    *_FORMS,
    "length",
    "short",
    "long",
    "letters",
    "digits",
    *BY_ITSELF,
)
"""The features, in the order of the weights."""
N_EMBEDDED = 12
"""Sentences that are embedded by themselves, the likeliest ones; 25 ms more of processor time than eight."""


@cache
def load_body_weights() -> Array:
    """The weight of each of `BODY_FEATURES`."""
    stored = np.load(BODY_WEIGHTS_FILE)
    fitted = dict(zip(stored["names"].tolist(), stored["weights"].tolist(), strict=True))
    return np.array([fitted[name] for name in BODY_FEATURES])


def count_passages(sentences: Sequence[Sentence]) -> int:
    """Passages that the sentences stand in; an abstract is one."""
    return len({sentence.passage.get("score", 0.0) for sentence in sentences})


def keep_likeliest(
    question: str,
    hit: PaperHit,
    sentences: Sequence[Sentence],
    request: Request,
    n: int,
    *,
    paper: bool,
) -> list[Sentence]:
    """The n sentences of a body that answer best, the best one first, the earlier of equals.

    Args: as of `sentence_ranker.compute_features`.
    """
    features = compute_body_features(question, hit, sentences, request, paper=paper)
    order = np.argsort(-(features @ load_body_weights()), kind="stable")
    return [sentences[at] for at in order[:n].tolist()]


def embed_likeliest(
    question: str, hit: PaperHit, request: Request, encoder: SentenceEncoder, *, paper: bool
) -> PaperHit:
    """A paper with a body, its likeliest sentences with the signals of `BY_ITSELF`."""
    words = [s for s in hit.sentences if any(iter_words(hit.paper.text[slice(*s.span)]))]
    likeliest = keep_likeliest(question, hit, words, request, N_EMBEDDED, paper=paper)
    texts = [hit.paper.text[slice(*sentence.span)] for sentence in likeliest]
    compared = compare_by_itself(question, hit.words, texts, encoder)
    signals = {s.span: of_one for s, of_one in zip(likeliest, compared, strict=True)}
    sentences = (
        replace(s, signals={**s.signals, **signals.get(s.span, {})}) for s in hit.sentences
    )
    return replace(hit, sentences=tuple(sentences))


def compute_body_features(
    question: str, hit: PaperHit, sentences: Sequence[Sentence], request: Request, *, paper: bool
) -> Array:
    """(n, len(BODY_FEATURES)) What is known of each sentence; scores of passages and sentences against the best one's."""
    texts = [hit.paper.text[slice(*s.span)] for s in sentences]
    columns: dict[str, Array] = {
        "ranker": sentence_ranker.compute_scores(question, hit, sentences, request, paper=paper)
    }
    for name in _PASSAGE:
        columns[f"passage_{name}"] = _rate([s.passage.get(name, 0.0) for s in sentences])
    best_first = sorted({s.passage.get("score", 0.0) for s in sentences}, reverse=True)
    ranks = {score: rank for rank, score in enumerate(best_first, 1)}
    columns["passage_rank"] = np.array([1 / ranks[s.passage.get("score", 0.0)] for s in sentences])
    for name in _SIGNALS:
        columns[name] = _rate([s.signals.get(name, s.score) for s in sentences])
    averages = _average_around(columns["unsaid"])
    columns["unsaid_around"] = averages - averages.max()
    columns |= _compute_words(hit, texts)
    forms = np.array([_find_forms(text) for text in texts], dtype=float)
    columns |= dict(zip(_FORMS, forms.T, strict=True))
    n_words = np.array([len(text.split()) for text in texts])
    n_chars = np.array([max(1, len(text)) for text in texts])
    columns |= {
        "length": np.log1p(n_words),
        "short": (n_words < SHORT_BODY_WORDS).astype(float),
        "long": (n_words > LONG_BODY_WORDS).astype(float),
        "letters": np.array([sum(map(str.isalpha, text)) for text in texts]) / n_chars,
        "digits": np.array([sum(map(str.isdigit, text)) for text in texts]) / n_chars,
    }
    for name in BY_ITSELF:
        columns[name] = rate_by_itself([s.signals.get(name) for s in sentences])
    return np.stack([columns[name] for name in BODY_FEATURES], axis=1)


def _find_forms(sentence: str) -> tuple[bool, ...]:
    """Whether a sentence has each of `_FORMS`."""
    end = sentence.rstrip()
    return (
        _CAPTION.match(sentence) is not None,
        " | " in sentence,
        not end.endswith(_ENDS),
        end.endswith("?"),
        sentence[:1].islower(),
    )


def _rate(values: Sequence[float]) -> Array:
    """Scores against the best one, which is 0."""
    scores = np.array(values)
    rated: Array = 10 * (scores - scores.max())
    return rated


def _compute_words(hit: PaperHit, texts: Sequence[str]) -> dict[str, Array]:
    """Shares of the question's words, by their weight in the library and by how few sentences of this paper have them.

    ``words_around``: of the latter what each sentence has together with those on either side.
    """
    idf = {term: m.idf for m in hit.words if m.idf > 0 for term in extract_terms(m.word)}
    terms_of = [idf.keys() & set(split_terms(text)) for text in texts]
    n = len(texts)
    n_having = {term: sum(term in has for has in terms_of) for term in idf}
    rare = {t: math.log(1 + (n - k + 0.5) / (k + 0.5)) if k else 0.0 for t, k in n_having.items()}
    columns = {}
    for name, weights in (("words", idf), ("words_of_paper", rare)):
        total = sum(weights.values()) or 1.0
        shares = np.array([sum(weights[term] for term in has) / total for has in terms_of])
        columns[name] = shares - shares.max()
    nearby = [set().union(*terms_of[max(0, at - 1) : at + 2]) for at in range(n)]
    around = np.array([sum(rare[term] for term in has) for has in nearby])
    columns["words_around"] = (around - around.max()) / (sum(rare.values()) or 1.0)
    return columns


def _average_around(values: Array) -> Array:
    """The mean of each value and those of `N_AROUND` on either side, which count less."""
    totals, weights = values.copy(), np.ones(len(values))
    for step in range(1, N_AROUND + 1):
        for there, here in ((slice(step, None), slice(-step)), (slice(-step), slice(step, None))):
            totals[there] += FADING**step * values[here]
            weights[there] += FADING**step
    averages: Array = totals / weights
    return averages
