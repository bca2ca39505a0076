"""Ranks the sentences of one paper by how well they answer a question.

The score is linear in what is known of a sentence: how its tokens match the parts of the question
(`rag.search.late.compute_sentence_signals`), the words that it shares, its place and its role, and its
forms, each for the kinds of answer that the question asks for. ``python -m eval train ranker`` fits
the weights to public questions whose answering sentence is known, and writes `RANKER_WEIGHTS_FILE`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.answers.sentence_forms import FORMS, HOW_FORMS, KINDS, MEASURES, Request, is_of_itself
from rag.library.naming import is_made_up
from rag.search.late import SENTENCE_SIGNALS
from rag.search.query import parse_query
from rag.text import extract_terms, iter_words
from rag.types import SENTENCE_ROLES, PaperHit, Sentence

Array = NDArray[np.float64]

RANKER_WEIGHTS_FILE = Path(__file__).with_name("sentence_ranker.npz")
PAPER = "paper"
"""The kind of a question that asks for no detail: it tells or seeks a paper."""

FIELD = "field"
"""The kind of a question that names no paper by a coined name: "what helps against noisy labels" is answered by what
a paper proposes, and not by what it says of its field."""

_KINDS = (*KINDS, PAPER, FIELD)
_FORMS = (*FORMS, "name", "names", "counted", "measured")
_WORDS = ("words", "asking_words", "head_words", "new_words", "coined_words")
_SIGNALS = tuple(name for name in SENTENCE_SIGNALS if name != "predicate")
_PLACE = ("first", "last", "place", "early", "short", "long")
_OF_ITSELF = (
    "words",
    "head",
    "early",
    "place",
    *(f"role_{role}" for role in SENTENCE_ROLES),
    *_FORMS,
)
"""What counts for each kind apart."""
_HOW_KINDS = ("means", "why", "order")
_OF_HOW = (*HOW_FORMS, "in_place", "focus", "predicate", "follows_best", "told_of_best")
"""What counts for these kinds alone: "The disease arises from ..." follows the sentence that names it. For
all kinds, it made questions for figures and names worse."""
FEATURES: tuple[str, ...] = (
    *_SIGNALS,
    *(f"best_{name}" for name in _SIGNALS),
    *_WORDS,
    *_PLACE,
    *(f"role_{role}" for role in SENTENCE_ROLES),
    *_FORMS,
    *(f"{kind}:{name}" for kind in _KINDS for name in _OF_ITSELF),
    "sole_figure",
    "asked_figure",
    *(f"{measure}:asked_figure" for measure in MEASURES),
    *(f"{kind}:{name}" for kind in _HOW_KINDS for name in _OF_HOW),
)
"""The features, in the order of the weights."""
_PLACES: dict[str, list[tuple[int, str]]] = {}
"""Where the columns of each kind of answer stand; of none, by the empty name."""
for _at, _name in enumerate(FEATURES):
    _kind, _, _of_kind = _name.rpartition(":")
    _PLACES.setdefault(_kind, []).append((_at, _of_kind))
SHORT_WORDS, LONG_WORDS = 8, 45
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+")


@cache
def load_ranker_weights() -> Array:
    """The weight of each of `FEATURES`; one that was not fitted weighs nothing."""
    stored = np.load(RANKER_WEIGHTS_FILE)
    fitted = dict(zip(stored["names"].tolist(), stored["weights"].tolist(), strict=True))
    return np.array([fitted.get(name, 0.0) for name in FEATURES])


def compute_scores(
    question: str, hit: PaperHit, sentences: Sequence[Sentence], request: Request, *, paper: bool
) -> Array:
    """(n,) How well each sentence answers, in log-odds: comparable within one paper only."""
    scores: Array = (
        compute_features(question, hit, sentences, request, paper=paper) @ load_ranker_weights()
    )
    return scores


def compute_features(
    question: str, hit: PaperHit, sentences: Sequence[Sentence], request: Request, *, paper: bool
) -> Array:
    """(n, len(FEATURES)) What is known of each sentence.

    Args:
        question: Its words are looked for, but for those of the paper's name.
        hit: The paper, with its words' matches.
        sentences: Of this paper.
        request: What the question asks for.
        paper: Whether it tells or seeks a paper, so that what the paper is answers it.
    """
    text = hit.paper.text
    texts = [text[slice(*s.span)] for s in sentences]
    columns: dict[str, Array] = {}
    for name in SENTENCE_SIGNALS:
        values = np.array([s.signals.get(name, s.score) for s in sentences])
        columns[name] = 10 * (values - values.mean())
        columns[f"best_{name}"] = (values >= values.max()).astype(float)
    columns |= _compute_word_shares(question, hit, texts)
    n = max(1, len(sentences) - 1)
    begins = next((at for at, sentence in enumerate(texts) if is_of_itself(sentence)), 0)
    lengths = np.array([len(sentence.split()) for sentence in texts])
    at = np.arange(len(sentences))
    columns |= {
        "first": (at == 0).astype(float),
        "last": (at == len(sentences) - 1).astype(float),
        "place": at / n,
        "early": (at < begins).astype(float),
        "short": (lengths < SHORT_WORDS).astype(float),
        "long": (lengths > LONG_WORDS).astype(float),
    }
    for role in SENTENCE_ROLES:
        columns[f"role_{role}"] = np.array([float(s.role == role) for s in sentences])
    forms = [request.find_forms(sentence) for sentence in texts]
    columns |= {name: np.array([f[name] for f in forms]) for name in forms[0]}
    asked = columns["asked_figure"]
    columns["sole_figure"] = asked * (asked.sum() == 1)
    follows = np.concatenate([[0.0], columns["best_focus"][:-1]])
    columns |= {"follows_best": follows, "told_of_best": follows * columns["points"]}
    kinds = {*request.kinds, *request.measures, ""}
    if paper:
        kinds.add(PAPER)
    elif request.kinds and not any(is_made_up(word) for word, _ in iter_words(question)):
        kinds.add(FIELD)
    features = np.zeros((len(sentences), len(FEATURES)))
    for kind in kinds & _PLACES.keys():
        for column, name in _PLACES[kind]:
            features[:, column] = columns[name]
    return features


@lru_cache(maxsize=20_000)
def _extract_told_terms(sentence: str) -> frozenset[str]:
    return frozenset(extract_terms(_ADDRESS.sub(" ", sentence)))


def _compute_word_shares(question: str, hit: PaperHit, texts: Sequence[str]) -> dict[str, Array]:
    """Shares, by idf, of the question's words that each sentence has; the paper's name counts nothing.

    ``new_words`` are those that no other sentence of the paper has; ``coined_words`` names, which are
    no words: most often they are the paper's own. An address is no word of a sentence: a link to
    ``.../FedLMD`` does not tell how FedLMD works.
    """
    named = set(extract_terms(hit.paper.name))
    coined = {match.word for match in hit.words if is_made_up(match.word)}
    query = parse_query(question)
    parts = {
        "words": ((0, len(question)),),
        "asking_words": query.asking,
        "head_words": query.heads,
        "coined_words": ((0, len(question)),),
    }
    has = [_extract_told_terms(sentence) for sentence in texts]
    shares = {}
    for name, spans in parts.items():
        wanted = {
            term: match.idf
            for match in hit.words
            if match.idf > 0
            and (match.word in coined) == (name == "coined_words")
            and any(a <= match.span[0] < b for a, b in spans)
            for term in extract_terms(match.word)
            if term not in named
        }
        total = sum(wanted.values()) or 1.0
        shares[name] = np.array(
            [sum(w for term, w in wanted.items() if term in terms) / total for terms in has]
        )
        if name == "words":
            shares["new_words"] = np.array(
                [
                    sum(
                        w for t, w in wanted.items() if t in terms and sum(t in o for o in has) == 1
                    )
                    / total
                    for terms in has
                ]
            )
    return shares
