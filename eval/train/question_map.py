"""Fits the question's side of late interaction: ``python -m eval train question FOLDER``.

Writes rag/adapters/question_map.npz. The examples are questions, claims and summaries whose paper is known: those that
the ranker of sentences is trained on, and ``eval/sets/known_papers.jsonl``, papers half remembered in everyday words.
All their papers are one library. For each question the papers that today's scores put first are its rivals; a softmax
over them is to give its own paper the probability. Where the best token of a sentence and the best sentence of a paper
are is found anew at every step. One paper of four is held out to measure.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.train.ranker_sets import Labelled, Papers, Source, is_held_out, load_questions
from rag.adapters.question_map import WEIGHTS_FILE, QuestionMap
from rag.search import fusion
from rag.search.late import QueryTokens
from rag.search.query import parse_query
from rag.search.retriever import BM25_K1, build_query_tokens
from rag.text import split_sentences, split_terms
from rag.types.token_vectors import Encoding

KNOWN = Path(__file__).parents[1] / "sets" / "known_papers.jsonl"
SOURCES: frozenset[Source] = frozenset(
    ("own", "further", "field", "scifact", "pubmedqa", "scitldr")
)
LEAST_WORDS = 6
"""Shorter ones ("novelty?") are asked of any paper."""
FIRST = 30
"""Papers nearest by vector, and as many by words: what the rivals are chosen from."""
RIVALS = 14
SHARPNESS = 60.0
"""Of the softmax at the start; it is learned with the rest."""
EPOCHS, BATCH = 4, 32
RATES: Mapping[str, float] = {"shift": 1e-4, "worth": 3e-4, "power": 1e-3, "sharpness": 1e-3}
PENALTIES: Mapping[str, float] = {"shift": 3e-5, "worth": 1e-3, "power": 1e-3, "sharpness": 0.0}
SHARE = 0.75
"""Of the way from the identity to what was fitted: all of it costs questions for a detail what it gives others."""
BM25_B = 0.75

Matrix = NDArray[np.float32]
Array = NDArray[np.float64]
Places = NDArray[np.intp]
Encode = Callable[[str], Encoding]
Parameters = dict[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class PoolPaper:
    """One paper.

    Attributes:
        vector: (dim,) of length 1.
        tokens: (n, dim) of length 1, of words and not of signs; n is 1 or more.
        starts: (n_sentences,) where its sentences begin among them; the heading counts as one.
        terms: How often it has each index term.
    """

    vector: Matrix
    tokens: Matrix
    starts: Places
    terms: Counter[str]


class Pool:
    """All papers, with what the weights of a question's words need of a lexical index."""

    def __init__(self, papers: Sequence[PoolPaper]) -> None:
        self.papers = papers
        self.vectors = np.stack([paper.vector for paper in papers])
        self._n_with = Counter(term for paper in papers for term in paper.terms)
        lengths = np.array([paper.terms.total() for paper in papers])
        self._lengths = BM25_K1 * (1 - BM25_B + BM25_B * lengths / max(1.0, lengths.mean()))
        self._places: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for at, paper in enumerate(papers):
            for term, n in paper.terms.items():
                self._places[term].append((at, n))

    def count(self) -> int:
        return len(self.papers)

    def count_documents(self, terms: Iterable[str], field: str = "body") -> dict[str, int]:
        return {term: self._n_with[term] if field == "body" else 0 for term in terms}

    def compute_lexical(self, terms: Sequence[str]) -> Array:
        """(n_papers,) BM25 as a share of what the terms could reach."""
        scores, reach = np.zeros(len(self.papers)), 0.0
        for term, n_asked in Counter(terms).items():
            n = self._n_with[term]
            most = n_asked * math.log(1 + (len(self.papers) - n + 0.5) / (n + 0.5)) * (BM25_K1 + 1)
            reach += most
            for at, times in self._places.get(term, ()):
                scores[at] += most * times / (times + self._lengths[at])
        return scores / max(reach, 1e-9)


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One question and the papers that it is compared with.

    Attributes:
        tokens: As the retriever weights them, before the map.
        papers: (n,) places in the pool.
        own: (n,) whether each is the paper meant.
        rest: (n,) what cosine and words add to the fused score.
        is_held_out: Whether it measures alone.
    """

    tokens: QueryTokens
    papers: Places
    own: NDArray[np.bool_]
    rest: Array
    is_held_out: bool


def train(encode: Encode, folder: Path) -> str:
    """Fit, write and measure; what was measured, as text."""
    questions, papers = load_questions(folder)
    asked = [q for q in questions if q.source in SOURCES and len(q.question.split()) >= LEAST_WORDS]
    asked += _read_known(folder, papers)
    keys = sorted({labelled.paper for labelled in asked})
    pool = Pool([_build_paper(*papers[key], encode) for key in keys])
    places = {key: at for at, key in enumerate(keys)}
    examples = list(_iter_examples(asked, places, pool, encode))
    dim = pool.vectors.shape[1]
    parameters = fit([e for e in examples if not e.is_held_out], pool, dim)
    fitted = _build_map(parameters, SHARE)
    fitted.save(WEIGHTS_FILE)
    held_out = [e for e in examples if e.is_held_out]
    before = _build_map(_start(dim), 0.0)
    return "\n".join(
        f"{name}: {_measure(question_map, held_out, pool)}"
        for name, question_map in (("as typed", before), ("mapped", fitted))
    )


def fit(examples: Sequence[Example], pool: Pool, dim: int) -> Parameters:
    """The parameters by Adam; of a matrix all entries share one rate, so that rare ones are not blown up."""
    parameters = _start(dim)
    means = {name: np.zeros_like(values) for name, values in parameters.items()}
    squares = dict.fromkeys(parameters, 0.0)
    order, draw, step = list(examples), random.Random(0), 0
    for epoch in range(EPOCHS):
        draw.shuffle(order)
        for first in range(0, len(order), BATCH):
            batch = order[first : first + BATCH]
            gradients = {name: PENALTIES[name] * values for name, values in parameters.items()}
            for example in batch:
                _, own = compute_loss(parameters, example, pool)
                for name, gradient in own.items():
                    gradients[name] = gradients[name] + gradient / len(batch)
            step += 1
            for name, gradient in gradients.items():
                means[name] = 0.9 * means[name] + 0.1 * gradient
                squares[name] = 0.99 * squares[name] + 0.01 * float(np.mean(gradient**2))
                scale = math.sqrt(squares[name] / (1 - 0.99**step)) + 1e-9
                rate = RATES[name] * (1 - 0.7 * epoch / EPOCHS) / (1 - 0.9**step)
                parameters[name] = parameters[name] - rate * means[name] / scale
    return parameters


def compute_loss(
    parameters: Parameters, example: Example, pool: Pool
) -> tuple[float, dict[str, Array]]:
    """The negative logarithm of the probability of a question's own paper, and its gradient by each parameter."""
    typed, weights = example.tokens.vectors, example.tokens.weights
    shifted = typed + typed @ parameters["shift"].T
    lengths = np.linalg.norm(shifted, axis=1, keepdims=True)
    moved = (shifted / lengths).astype(np.float32)
    logs = np.log(np.maximum(weights, 1e-9))
    worth = np.where(
        weights > 0, np.exp((1 + parameters["power"]) * logs + typed @ parameters["worth"]), 0
    )
    worth /= worth.sum()
    nearest = [
        _find_nearest(moved, worth, example.tokens.clauses, pool.papers[at])
        for at in example.papers
    ]
    # (n_papers, n_tokens, dim): the tokens that each is matched with, in the paper and in one sentence, added.
    matched = np.stack([pool.papers[at].tokens[found].sum(axis=0) for at, found in zip(example.papers, nearest, strict=True)])  # fmt: skip
    cosines = np.einsum("ptd,td->pt", matched, moved)
    total = sum(fusion.WITH_TOKENS.values())
    scores = (cosines @ worth) / total + example.rest
    sharpness = np.exp(parameters["sharpness"])
    given = _soften(scores * sharpness)
    wanted = given * example.own / max((given * example.own).sum(), 1e-30)
    off = given - wanted
    by_score = off * sharpness / total
    by_worth = by_score @ cosines
    by_log = worth * (by_worth - worth @ by_worth)
    by_moved = np.einsum("p,ptd->td", by_score, matched) * worth[:, None]
    by_shifted = (by_moved - (by_moved * moved).sum(axis=1, keepdims=True) * moved) / lengths
    return -math.log(max(float((given * example.own).sum()), 1e-30)), {
        "shift": by_shifted.T @ typed,
        "worth": typed.T @ by_log,
        "power": np.asarray(by_log @ logs),
        "sharpness": np.asarray((off @ scores) * sharpness),
    }


def _find_nearest(
    moved: Matrix, worth: Array | Matrix, clauses: Places, paper: PoolPaper
) -> Places:
    """(2, n_tokens) Each token's nearest in the whole paper, and in the sentence that fits its clause best."""
    cosines = moved @ paper.tokens.T
    best = np.maximum.reduceat(cosines, paper.starts, axis=1)
    found = np.stack([cosines.argmax(axis=1)] * 2)
    ends = [*paper.starts[1:], len(paper.tokens)]
    for clause in np.unique(clauses):
        inside = np.flatnonzero(clauses == clause)
        sentence = int((worth[inside] @ best[inside]).argmax())
        start, end = paper.starts[sentence], ends[sentence]
        found[1, inside] = start + cosines[inside, start:end].argmax(axis=1)
    return found


def _build_paper(title: str, text: str, encode: Encode) -> PoolPaper:
    heading = f"{title}\n\n" if title else ""
    whole = heading + text
    encoding = encode(whole)
    is_word = np.array([any(c.isalnum() for c in whole[a:b]) for a, b in encoding.spans], bool)
    begins = [0] * bool(heading) + [len(heading) + a for a, _ in split_sentences(text)]
    starts = np.unique(np.searchsorted(encoding.spans[is_word, 0], [0, *begins]))
    tokens = encoding.tokens[is_word]
    return PoolPaper(
        encoding.vector, tokens, starts[starts < len(tokens)], Counter(split_terms(whole))
    )


def _read_known(folder: Path, papers: Papers) -> Iterator[Labelled]:
    """Of the collections that are there."""
    texts: dict[str, dict[str, Any]] = {}
    for line in KNOWN.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        name, key = item["set"], f"{item['set']} {item['paper']}"
        if not (folder / name).is_dir():
            continue
        if name not in texts:
            lines = (folder / name / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
            texts[name] = {row["_id"]: row for row in map(json.loads, lines)}
        row = texts[name][item["paper"]]
        papers.setdefault(key, (row["title"], row["text"]))
        yield Labelled("own", item["question"], key, ())


def _iter_examples(
    asked: Sequence[Labelled], places: Mapping[str, int], pool: Pool, encode: Encode
) -> Iterator[Example]:
    """Of the questions that have tokens, with their rivals by the scores of today."""
    before = _build_map(_start(pool.vectors.shape[1]), 0.0)
    for labelled in asked:
        query, encoding = parse_query(labelled.question), encode(labelled.question)
        if not query.clauses or not len(encoding):
            continue
        spans = [(int(start), int(end)) for start, end in encoding.spans]
        tokens = build_query_tokens(query, encoding.tokens, spans, pool)
        dense, lexical = pool.vectors @ encoding.vector, pool.compute_lexical(query.terms)
        own = places[labelled.paper]
        near = {*np.argsort(-dense)[:FIRST].tolist(), *np.argsort(-lexical)[:FIRST].tolist()}
        rivals = np.array([own, *sorted(near - {own})], np.intp)
        signals = {"dense": dense[rivals].astype(np.float64), "lexical": lexical[rivals]}
        rest = np.asarray(fusion.fuse(signals, fusion.WITH_TOKENS))
        example = Example(tokens, rivals, rivals == own, rest, is_held_out(labelled))
        if not example.is_held_out:
            scores = _score(before, example, pool)
            order = [0, *(1 + np.argsort(-scores[1:])[:RIVALS])]
            example = Example(tokens, rivals[order], example.own[order], rest[order], False)
        yield example


def _score(question_map: QuestionMap, example: Example, pool: Pool) -> Array:
    """(n_papers,) Fused scores."""
    moved, worth = question_map.apply(example.tokens.vectors, example.tokens.weights)
    total = sum(fusion.WITH_TOKENS.values())
    scores = []
    for at in example.papers:
        paper = pool.papers[at]
        found = _find_nearest(moved, worth, example.tokens.clauses, paper)
        scores.append(worth @ (paper.tokens[found].sum(axis=0) * moved).sum(axis=1))
    fused: Array = np.array(scores) / total + example.rest
    return fused


def _measure(question_map: QuestionMap, examples: Sequence[Example], pool: Pool) -> str:
    ranks = []
    for example in examples:
        scores = _score(question_map, example, pool)
        ranks.append(1 + int((scores > scores[example.own].max()).sum()))
    r = np.array(ranks)
    return (
        f"R@1 {(r == 1).mean():.3f}, R@5 {(r <= 5).mean():.3f}, RR {(1 / r).mean():.3f} of {len(r)}"
    )


def _start(dim: int) -> Parameters:
    """The identity."""
    return {
        "shift": np.zeros((dim, dim)),
        "worth": np.zeros(dim),
        "power": np.zeros(()),
        "sharpness": np.array(math.log(SHARPNESS)),
    }


def _build_map(parameters: Parameters, share: float) -> QuestionMap:
    return QuestionMap(
        (share * parameters["shift"]).astype(np.float32),
        (share * parameters["worth"]).astype(np.float32),
        1 + share * float(parameters["power"]),
    )


def _soften(logits: Array) -> Array:
    powers = np.exp(logits - logits.max())
    shares: Array = powers / powers.sum()
    return shares
