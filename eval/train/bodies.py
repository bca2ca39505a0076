"""Trains the ranker of bodies' sentences: ``python -m eval train bodies PDFS FOLDER``.

PDFS holds files of ``eval/sets/pdfs``, on which ``eval/sets/body_questions.jsonl`` asks; FOLDER COVID-QA, whose
questions are on full texts. Writes rag/answers/body_ranker.npz and prints how often an answering sentence comes
first, and among the first three, of papers that were held out.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.report.tables import format_table
from eval.run import pdfs
from eval.sets.collections import CORPUS
from eval.train import conditional_logit
from eval.train.ranker_sets import COVID_FILE
from rag.adapters.minilm import MiniLM
from rag.answers import body_ranker
from rag.answers.by_itself import BY_ITSELF, SentenceEncoder, compare_by_itself, rate_by_itself
from rag.answers.quoting import is_asking_for_paper
from rag.answers.sentence_forms import Request
from rag.app.assistant import Assistant
from rag.text import extract_terms, split_sentences
from rag.types import PaperHit, Sentence, WordMatch

Array = NDArray[np.float64]

QUESTIONS = Path(__file__).parents[1] / "sets" / "body_questions.jsonl"
"""Written from four or five stretches of each of 44 papers that no question of ``eval/sets/pdfs`` is on, drawn by chance."""
COVID_EVERY, N_COVID = 2, 7
"""One article of so many of COVID-QA, and questions of each at most."""
LONGEST = 40_000
"""Characters of an article of COVID-QA at most: longer ones are reviews that take a minute each."""
PENALTY = 3.0
WORTH = {"own": 1.0, "covidqa": 0.2}
"""What a question weighs: those of COVID-QA were written beside their answers, in the words of these. With as much
weight as our own they cost these .02 to .04 of first places."""
N_PARTS = 4
"""Parts of the papers, each held out once."""
BEGINNING = 50


@dataclass(frozen=True, slots=True)
class BodyExample:
    """A question with the sentences of its paper's body: their texts and features, and which of them answer."""

    source: str
    paper: str
    question: str
    words: Sequence[WordMatch]
    texts: Sequence[str]
    features: Array
    answers: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question on a document; ``sentences`` are the beginnings of those that answer."""

    source: str
    document: str
    question: str
    sentences: tuple[str, ...]


def build_pdf_examples(
    open_assistant: Callable[[Path], Assistant], folder: Path
) -> list[BodyExample]:
    """Our own questions, those whose PDF is in the folder."""
    truth = pdfs.load_truth()
    files = pdfs.find_files(folder, truth)
    file_of = {paper.name: files[paper.sha256] for paper in truth if paper.sha256 in files}
    rows = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    asked = [
        _Asked("own", file_of[r["paper"]].name, r["question"], tuple(r["sentences"]))
        for r in rows
        if r["paper"] in file_of
    ]
    with tempfile.TemporaryDirectory() as work, open_assistant(Path(work)) as assistant:
        assistant.ingest(sorted({file_of[r["paper"]] for r in rows if r["paper"] in file_of}))
        return list(_iter_examples(assistant, asked))


def build_covid_examples(
    open_assistant: Callable[[Path], Assistant], folder: Path
) -> list[BodyExample]:
    """Questions of COVID-QA, each over its whole article."""
    content = json.loads((folder / "COVID-QA" / COVID_FILE).read_text(encoding="utf-8"))
    articles, asked = [], []
    for entry in content["data"][::COVID_EVERY]:
        (article,) = entry["paragraphs"]
        text = article["context"]
        begins = max(text.find("Abstract:"), 0) or max(text.find("Text:"), 0)
        if not begins or len(text) > LONGEST:
            continue
        articles.append({"title": text.split("\n")[0], "text": text[begins:]})
        document = f"{CORPUS}:{len(articles)}"
        found = [item for item in _list_covid_questions(article, begins, document) if item]
        asked += found[:N_COVID]
    with tempfile.TemporaryDirectory() as work:
        corpus = Path(work) / CORPUS
        rows = [{"_id": str(n), **article} for n, article in enumerate(articles)]
        corpus.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        with open_assistant(Path(work) / "data") as assistant:
            assistant.ingest([corpus])
            return list(_iter_examples(assistant, asked))


def _list_covid_questions(article: dict[str, Any], begins: int, document: str) -> Iterator[_Asked]:
    """Those answered in one sentence or two behind the article's head."""
    text = article["context"]
    spans = split_sentences(text)
    for item in article["qas"]:
        answer = item["answers"][0]
        start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
        gold = [text[a:b] for a, b in spans if a < end and b > start]
        if start >= begins and 0 < len(gold) < 3 and len(extract_terms(item["question"])) > 2:
            beginnings = tuple(_flatten(told)[:BEGINNING] for told in gold)
            yield _Asked("covidqa", document, item["question"].strip(), beginnings)


def _iter_examples(assistant: Assistant, asked: Sequence[_Asked]) -> Iterator[BodyExample]:
    """Each question whose answering sentence is found again in its paper."""
    at: dict[str, str] = {}
    for paper in assistant.library.list_papers():
        for place in paper.places:
            at |= {str(place): paper.paper_id, place.document: paper.paper_id}
    for item in asked:
        (hit,) = assistant.retrieve(item.question, 1, within=(at[item.document],)).papers
        sentences = hit.sentences
        texts = [_flatten(hit.paper.text[slice(*s.span)]) for s in sentences]
        answers = np.array([told.startswith(item.sentences) for told in texts])
        if answers.any():
            features = _compute_features(assistant, item.question, hit, sentences)
            yield BodyExample(
                item.source, item.document, item.question, hit.words, texts, features, answers
            )


def _compute_features(
    assistant: Assistant, question: str, hit: PaperHit, sentences: Sequence[Sentence]
) -> Array:
    asks_for = assistant.read(question).query.asks_for
    request = Request.read_question(question, asks_for)
    paper = is_asking_for_paper(question)
    return body_ranker.compute_body_features(question, hit, sentences, request, paper=paper)


def _flatten(told: str) -> str:
    return " ".join(told.split())


def fit(examples: Sequence[BodyExample]) -> Array:
    """The weights of all features, which are penalised by their spread."""
    spread = np.concatenate([e.features for e in examples]).std(axis=0) + 1e-9
    weights = conditional_logit.fit(
        [e.features / spread for e in examples],
        [e.answers for e in examples],
        [WORTH[e.source] for e in examples],
        np.full(len(spread), PENALTY),
    )
    return np.asarray(weights / spread)


def embed_likeliest(
    examples: Sequence[BodyExample], weights: Array, encoder: SentenceEncoder
) -> list[BodyExample]:
    """The examples, the sentences that are likeliest without being embedded by themselves embedded so."""
    columns = [body_ranker.BODY_FEATURES.index(name) for name in BY_ITSELF]
    known = np.delete(np.arange(len(weights)), columns)
    embedded = []
    for example in examples:
        scores = example.features[:, known] @ weights[known]
        likeliest = np.argsort(-scores, kind="stable")[: body_ranker.N_EMBEDDED].tolist()
        texts = [example.texts[at] for at in likeliest]
        compared = compare_by_itself(example.question, example.words, texts, encoder)
        signals = dict(zip(likeliest, compared, strict=True))
        features = example.features.copy()
        for column, name in zip(columns, BY_ITSELF, strict=True):
            of_all = [signals.get(at, {}).get(name) for at in range(len(scores))]
            features[:, column] = rate_by_itself(of_all)
        embedded.append(replace(example, features=features))
    return embedded


def fit_both(examples: Sequence[BodyExample], encoder: SentenceEncoder) -> Array:
    """The weights, fitted where the sentences are embedded that are likeliest without it."""
    return fit(embed_likeliest(examples, fit(examples), encoder))


def rank_answers(examples: Sequence[BodyExample], weights: Array) -> list[int]:
    """The rank of the best answering sentence of each question, from 1."""
    scores = [e.features @ weights for e in examples]
    return [
        1 + int((of_one > of_one[e.answers].max()).sum())
        for e, of_one in zip(examples, scores, strict=True)
    ]


def train(
    open_assistant: Callable[[Path], Assistant], pdf_folder: Path, public_folder: Path
) -> str:
    """Fit, write and measure; what was measured, as text."""
    examples = build_pdf_examples(open_assistant, pdf_folder)
    examples += build_covid_examples(open_assistant, public_folder)
    encoder = MiniLM()
    papers = sorted({e.paper for e in examples})
    part_of = {paper: n % N_PARTS for n, paper in enumerate(papers)}
    ranks: dict[str, list[tuple[int, int]]] = {}
    by_ranker = np.array([float(name == "ranker") for name in body_ranker.BODY_FEATURES])
    for part in range(N_PARTS):
        weights = fit_both([e for e in examples if part_of[e.paper] != part], encoder)
        held_out = [e for e in examples if part_of[e.paper] == part]
        held_out = embed_likeliest(held_out, weights, encoder)
        both = zip(rank_answers(held_out, by_ranker), rank_answers(held_out, weights), strict=True)
        for example, of_both in zip(held_out, both, strict=True):
            ranks.setdefault(example.source, []).append(of_both)
    names, weights = (
        np.array(body_ranker.BODY_FEATURES),
        fit_both(examples, encoder).astype(np.float32),
    )
    np.savez_compressed(body_ranker.BODY_WEIGHTS_FILE, names=names, weights=weights)
    rows: list[list[str | float | int | None]] = [
        [source, len(pairs), *(float(np.mean([p[at] <= k for p in pairs])) for k in (1, 3) for at in (0, 1))]
        for source, pairs in ranks.items()
    ]  # fmt: skip
    heads = ["set", "held out", "first: as abstracts", "as bodies", "in three: as abstracts", "as bodies"]  # fmt: skip
    return format_table(heads, rows)
