"""Of a body's sentences those of the passage that fits come first, and whole ones."""

from __future__ import annotations

import numpy as np

from rag.answers.body_ranker import (
    BODY_FEATURES,
    BY_ITSELF,
    N_EMBEDDED,
    compute_body_features,
    count_passages,
    embed_likeliest,
    keep_likeliest,
    load_body_weights,
    rate_by_itself,
)
from rag.answers.evidence_selection import choose_papers
from rag.answers.quoting import choose_sentences
from rag.answers.sentence_forms import Request
from rag.text import split_sentences
from rag.types import PaperHit, Retrieval, Sentence, WordMatch
from rag.types.query import Query
from tests.shelf import Shelf, paper

QUESTION = "How long was the keel dried?"
FITS = {"score": 0.6, "late": 0.7, "lexical": 0.3}
FAR = {"score": 0.3, "late": 0.4, "lexical": 0.1}
MATCH = {name: 0.6 for name in ("unsaid", "described", "head", "plain", "focus", "asking", "alone")}


def build_hit(*told: tuple[str, dict[str, float]]) -> PaperHit:
    """A paper of sentences that match the question alike, each with its passage."""
    text = "\n\n".join(sentence for sentence, _ in told)
    spans = split_sentences(text)
    assert len(spans) == len(told)
    sentences = tuple(
        Sentence(span, 0.5, None, MATCH, passage)
        for span, (_, passage) in zip(spans, told, strict=True)
    )
    at = QUESTION.index("keel")
    words = (WordMatch("keel", (at, at + 4), 3.0, True, 0.9),)
    return PaperHit(paper("p1", "Boats", text), 0.6, 1, sentences, {}, words)


def keep(hit: PaperHit, n: int) -> list[str]:
    request = Request.read_question(QUESTION)
    kept = keep_likeliest(QUESTION, hit, hit.sentences, request, n, paper=False)
    return [hit.paper.text[slice(*sentence.span)] for sentence in kept]


def test_of_like_sentences_the_one_whose_passage_fits_comes_first() -> None:
    hit = build_hit(
        ("The keel was dried for two days.", FAR), ("The keel was dried for six days.", FITS)
    )
    assert keep(hit, 2) == ["The keel was dried for six days.", "The keel was dried for two days."]
    (first,) = choose_sentences(QUESTION, hit, 1)
    assert first == hit.sentences[1]


def test_a_piece_comes_after_a_whole_sentence() -> None:
    hit = build_hit(
        ("the keel was dried for two days", FITS), ("The keel was dried for six days.", FITS)
    )
    assert keep(hit, 1) == ["The keel was dried for six days."]


def test_an_abstract_is_one_passage() -> None:
    assert count_passages(build_hit(("A keel.", FITS), ("A mast.", FITS)).sentences) == 1
    assert count_passages(build_hit(("A keel.", FITS), ("A mast.", FAR)).sentences) == 2


def test_each_feature_has_a_weight_and_is_finite() -> None:
    hit = build_hit(("A keel.", FITS), ("A mast.", FAR))
    request = Request.read_question(QUESTION)
    features = compute_body_features(QUESTION, hit, hit.sentences, request, paper=False)
    assert features.shape == (2, len(BODY_FEATURES)) and load_body_weights().shape == (
        len(BODY_FEATURES),
    )
    assert np.isfinite(features).all()


def test_a_paper_with_a_body_is_weighed_whole() -> None:
    """A search over all papers finds some passages of it; what answers may stand in another."""
    text = "The keel was dried for six days. " + "The sail of the boat is wide and white. " * 60
    spans = split_sentences(text)
    long = paper("p1", "Boats", text)
    whole = tuple(Sentence(span, 0.5, None, MATCH, FITS) for span in spans)
    words = (WordMatch("keel", (18, 22), 3.0, True, 0.9),)

    def retrieve(text: str, k: int = 20, *, within: object = None) -> Retrieval:
        sentences = whole if within is not None else whole[-2:]
        return Retrieval(text, (PaperHit(long, 0.9, 1, sentences, {"late": 0.9}, words),))

    query = Query("passages", text=QUESTION)
    choice = choose_papers(query, retrieve, retrieve, Shelf([long]))
    assert choice.cited[0].sentences == whole


def test_of_like_sentences_of_a_passage_the_one_that_means_what_is_asked_comes_first() -> None:
    """Their tokens match alike, and both have the question's words."""
    hit = build_hit(("A mast.", FAR), ("Keel and sail were dry.", FITS), ("The keel dried.", FITS))
    request = Request.read_question(QUESTION)
    asked: list[str] = []

    def embed(texts: list[str]) -> list[list[float]]:
        asked.extend(texts)
        return [
            [1.0, 0.0] if "keel dried" in text or text == QUESTION else [0.0, 1.0] for text in texts
        ]

    closer = embed_likeliest(QUESTION, hit, request, embed, paper=False)
    cosines = [sentence.signals[BY_ITSELF] for sentence in closer.sentences]
    assert cosines == [0.0, 0.0, 1.0] and asked[0] == QUESTION
    assert keep(closer, 1) == ["The keel dried."]


def test_only_the_likeliest_sentences_are_embedded() -> None:
    told = [(f"The keel of boat {n} was dried.", FITS) for n in range(N_EMBEDDED)]
    hit = build_hit(*told, ("A mast.", FAR), ("A sail.", FAR))
    request = Request.read_question(QUESTION)
    closer = embed_likeliest(
        QUESTION, hit, request, lambda texts: [[1.0] for _ in texts], paper=False
    )
    assert [BY_ITSELF in s.signals for s in closer.sentences] == [True] * N_EMBEDDED + [False] * 2


def test_a_sentence_that_was_not_embedded_counts_below_those_that_were() -> None:
    assert rate_by_itself([None, None]).tolist() == [0.0, 0.0]
    best, worst, unknown = rate_by_itself([0.6, 0.2, None]).tolist()
    assert best == 0.0 > worst > unknown
