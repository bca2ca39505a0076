"""Fits how surely a paper has the words of a question that it answers: ``python -m eval train words FOLDER``.

Writes rag/search/expected_words.npz. The examples are the content words of the questions that the ranker
of sentences is trained on, each with whether its paper has it, every second one beside something told
(``[W:…]``, ``[S:…]`` of the reader's examples), which no paper has; and of the reader's examples those in which
a paper named is asked after (*what problem does [A:SDPose] solve*): its name, and words of asking, with
whether a paper drawn has them. What the fit is worth is measured on papers that were left out of it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval.train.network_fit import (
    FitOptions,
    MeanFit,
    NetworkFit,
    build_rows,
    fit_heads,
    fit_members,
    scale_vectors,
)
from eval.train.ranker_sets import load_questions
from eval.train.reader_examples import Example, Turn, get_text, load_examples
from rag.search import families
from rag.search.expected_words import WEIGHTS_FILE, build_inputs
from rag.search.query import FRAME_WORDS, parse_query
from rag.search.word_matches import extract_text_terms
from rag.text import STOP_WORDS, extract_terms, fold, iter_words
from rag.types import Span
from rag.types.token_vectors import Encoding

SOURCES = ("own", "further", "pubmedqa")
"""Questions, and no claims or summaries."""
FURTHER = Path(__file__).parents[1] / "sets" / "wordings"
"""Wordings that the reader was not trained on; what they tell beside the question is used all the same."""
TOLD = ("preamble", "form")
TOLD_EVERY = 2
"""One question of so many is asked beside something told."""
LEAST_TOLD = 3
"""Words."""
LEAST_ASKED = 4
"""Questions of one paper that a word of asking stands in."""
N_FOLDS = 5
OPTIONS = FitOptions(n_hidden=48, n_epochs=10, layer_decay=0.1, n_members=2)
BINS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)

Encode = Callable[[str], Encoding]


@dataclass(frozen=True, slots=True, eq=False)
class WordExample:
    """One word of a question: what is known of it, whether the answering paper has it, and its fold."""

    inputs: NDArray[np.float32]
    is_found: bool
    fold: int


def iter_examples(folder: Path, encode: Encode) -> Iterator[WordExample]:
    """All examples, in order.

    Raises:
        ReadError: None of the public sets is in the folder.
    """
    questions, papers = load_questions(folder)
    terms = {key: extract_text_terms(" \n ".join(paper)) for key, paper in papers.items()}
    examples = [e for e in (*load_examples(), *load_examples(FURTHER)) if not e.link]
    told = list(iter_told(examples))
    turns_of_one = [e.turns[-1] for e in examples if _is_of_one_paper(e)]
    asking = list_asking_words(turns_of_one)
    for item in questions:
        if item.source not in SOURCES:
            continue
        text, at, words = item.question, 0, []
        drawn = _draw(text, TOLD_EVERY * len(told))
        if drawn < len(told):  # else the question stands alone
            aside, is_before = told[drawn]
            text, at = (f"{aside} {text}", len(aside) + 1) if is_before else (f"{text} {aside}", 0)
            start = 0 if is_before else len(item.question) + 1
            words = [(w, place, False) for w, place in _iter_content(aside, start)]
        for word, place in _iter_content(item.question, at):
            words.append((word, place, _has(terms[item.paper], word)))
        yield from _build(text, words, _draw(item.paper, N_FOLDS), encode)
    keys = sorted(terms)
    of_one = [get_text(turn) for turn in turns_of_one]
    for text, turn in zip(of_one, turns_of_one, strict=True):
        drawn_terms = terms[keys[_draw(text, len(keys))]]
        words, at = [], 0
        for piece in turn:
            for word, place in _iter_content(piece.text, at):
                if piece.kind == "paper" or fold(word) in asking:
                    found = piece.kind == "paper" or _has(drawn_terms, word)
                    words.append((word, place, found))
            at += len(piece.text)
        yield from _build(text, words, _draw(text, N_FOLDS), encode)


def _is_of_one_paper(example: Example) -> bool:
    kinds = {piece.kind for piece in example.turns[-1]}
    return example.want == "passages" and "paper" in kinds and not kinds & {"topic", *TOLD}


def list_asking_words(turns: Sequence[Turn]) -> frozenset[str]:
    """Words in which several papers are asked after: *solve*, and not the *audio* that one is asked for."""
    counts = Counter(
        word
        for turn in turns
        for word in {fold(w) for piece in turn if not piece.kind for w, _ in iter_words(piece.text)}
    )
    return frozenset(word for word, n in counts.items() if n >= LEAST_ASKED)


def iter_told(examples: Sequence[Example]) -> Iterator[tuple[str, bool]]:
    """What is told beside a question, and whether it stands before it."""
    for example in examples:
        for at, piece in enumerate(example.turns[-1]):
            if piece.kind in TOLD and len(piece.text.split()) >= LEAST_TOLD:
                yield piece.text.strip(), at == 0


def _iter_content(text: str, start: int) -> Iterator[tuple[str, Span]]:
    for word, (a, b) in iter_words(text):
        if fold(word) not in STOP_WORDS and fold(word) not in FRAME_WORDS:
            yield word, (start + a, start + b)


def _has(terms: frozenset[str], word: str) -> bool:
    own = extract_terms(word, keep_stop_words=True)
    return terms.issuperset(own) or (word.islower() and families.has_relative(word, terms))


def _draw(key: str, n: int) -> int:
    """The same number below n for the same key."""
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % n


def _build(
    text: str, words: Sequence[tuple[str, Span, bool]], fold_: int, encode: Encode
) -> Iterator[WordExample]:
    encoding = encode(text)
    vectors = np.asarray(encoding.tokens, np.float32)
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    spans = [(int(a), int(b)) for a, b in encoding.spans]
    words = sorted(words, key=lambda item: item[1])
    read, inputs = build_inputs(
        parse_query(text), [(word, place) for word, place, _ in words], spans, vectors
    )
    for at, row in zip(read, inputs, strict=True):
        yield WordExample(row, words[at][2], fold_)


def train(folder: Path, encode: Encode, out: Path = WEIGHTS_FILE) -> str:
    """Fit, write the weights, and return the figures of the folds left out, as lines."""
    examples = list(iter_examples(folder, encode))
    inputs = np.array([e.inputs for e in examples])
    found = np.array([int(e.is_found) for e in examples])
    folds = np.array([e.fold for e in examples])
    unseen = np.zeros(len(examples))
    for fold_ in range(N_FOLDS):
        inside = np.flatnonzero(folds == fold_)
        unseen[inside] = _predict(_fit(inputs, found, np.flatnonzero(folds != fold_)), inside)
    network = _fit(inputs, found, np.arange(len(examples))).build_network({})
    # of two outputs only the difference counts
    np.savez_compressed(
        out,
        allow_pickle=False,
        hidden=network.hidden_weights.astype(np.float16),
        hidden_bias=network.hidden_bias,
        output=np.diff(network.output_weights).squeeze(1),
        bias=np.diff(network.bias).squeeze(),
    )
    return "\n".join(_list_figures(unseen, found))


def _fit(
    inputs: NDArray[np.float32], found: NDArray[np.int64], items: NDArray[np.int64]
) -> MeanFit:
    classes = {"found": ("no", "yes")}
    vectors, patterns = scale_vectors(inputs), build_rows([()] * len(inputs))
    each, weights = np.arange(len(inputs)), np.ones(len(inputs), np.float32)

    def fit_one(options: FitOptions) -> NetworkFit:
        fit = NetworkFit(classes, vectors, patterns, items, each, options)
        fit_heads(fit, items, each, {"found": found}, weights)
        return fit

    return fit_members(OPTIONS, fit_one)


def _predict(fit: MeanFit, items: NDArray[np.int64]) -> NDArray[np.float64]:
    chances: NDArray[np.float64] = 1 / (1 + np.exp(-np.diff(fit.score(items)).squeeze(1)))
    return chances


def _list_figures(unseen: NDArray[np.float64], found: NDArray[np.int64]) -> Iterator[str]:
    yield f"{len(found)} words, {found.mean():.3f} of them in the answering paper"
    yield f"area under the curve, papers left out: {compute_auc(unseen, found):.3f}"
    for low, high in zip(BINS, BINS[1:], strict=False):
        chosen = (unseen >= low) & (unseen < high)
        if chosen.any():
            yield f"  {low:.2f}-{high:.2f}  n {chosen.sum():5}  found {found[chosen].mean():.2f}"


def compute_auc(scores: NDArray[np.float64], is_positive: NDArray[np.int64]) -> float:
    """Probability that a positive scores above a negative; equal scores in their order."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    n = is_positive.sum()
    return float((ranks[is_positive == 1].sum() - n * (n + 1) / 2) / (n * (len(scores) - n)))
