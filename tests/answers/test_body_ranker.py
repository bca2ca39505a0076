"""Of a body's sentences those of the passage that fits come first, and whole ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rag.adapters.minilm import MiniLM
from rag.answers.body_ranker import (
    BODY_FEATURES,
    N_EMBEDDED,
    compute_body_features,
    count_passages,
    embed_likeliest,
    keep_likeliest,
    load_body_weights,
)
from rag.answers.by_itself import BY_ITSELF, compare_by_itself, rate_by_itself
from rag.answers.evidence_selection import choose_papers
from rag.answers.quoting import choose_sentences
from rag.answers.sentence_forms import Request
from rag.text import iter_words, split_sentences
from rag.types import PaperHit, Retrieval, Sentence, WordMatch
from rag.types.query import Query, Topic
from rag.types.token_vectors import Encoding
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


def test_what_stands_beside_a_sentence_counts_for_it() -> None:
    """The words of its neighbours on either side, and how well two on either side match, the nearer more."""
    told = (
        "The sail was white.",
        "The mast was tall.",
        "The keel was old.",
        "The deck was wide.",
        "It took six days.",
    )
    hit = build_hit(*((sentence, FITS) for sentence in told))
    signals = ({**MATCH, "unsaid": 0.6 + 0.1 * (at == 2)} for at in range(5))
    hit = replace(
        hit,
        sentences=tuple(
            replace(s, signals=of) for s, of in zip(hit.sentences, signals, strict=True)
        ),
    )
    request = Request.read_question(QUESTION)
    features = compute_body_features(QUESTION, hit, hit.sentences, request, paper=False)
    columns = dict(zip(BODY_FEATURES, features.T, strict=True))
    assert columns["words_around"].tolist() == [-1, 0, 0, 0, -1]
    # The one that matches by .1 more, of 10 in all, counts 1 for itself, .7 beside it and .49 two away.
    means = np.array([0.49 / 2.19, 0.7 / 2.89, 1 / 3.38, 0.7 / 2.89, 0.49 / 2.19])
    assert np.allclose(columns["unsaid_around"], means - means.max())


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


class Encoder:
    """Vectors by hand: along the first axis what a text has of the words that are looked for."""

    def __init__(self, *wanted: str) -> None:
        self.wanted, self.encoded = wanted, list[str]()

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        self.encoded += texts
        return [self.encode_query(text) for text in texts]

    def encode_query(self, text: str) -> Encoding:
        spans = np.array([span for _, span in iter_words(text)], np.int32).reshape(-1, 2)
        found = [word in self.wanted for word, _ in iter_words(text)]
        tokens = np.array([[1.0, 0.0] if there else [0.0, 1.0] for there in found], np.float32)
        vector = np.array([1.0, 0.0] if any(found) else [0.0, 1.0], np.float32)
        return Encoding(vector, tokens, np.arange(len(spans), dtype=np.uint16), spans)


def test_sentences_are_compared_with_the_question_by_themselves() -> None:
    hit = build_hit(("A keel was shaped.", FITS), ("A keel was soaked.", FITS), ("A mast.", FAR))
    request = Request.read_question(QUESTION)
    closer = embed_likeliest(QUESTION, hit, request, Encoder("dried", "soaked"), paper=False)
    assert [s.signals["itself"] for s in closer.sentences] == [0.0, 1.0, 0.0]


def test_the_embedded_model_tells_which_of_two_answers_that_match_alike() -> None:
    texts = (
        "A keel was shaped by 2 men with 6 axes.",
        "A keel took six days until the wood held no water.",
    )
    hit = build_hit((texts[0], FITS), (texts[1], FITS), ("A mast.", FAR))
    closer = embed_likeliest(QUESTION, hit, Request.read_question(QUESTION), MiniLM(), paper=False)
    assert (keep(hit, 1), keep(closer, 1)) == ([texts[0]], [texts[1]])


def test_words_of_a_question_count_by_their_weight_and_all_alike() -> None:
    words = (WordMatch("keel", (0, 4), 3.0, True, 0.9), WordMatch("dried", (5, 10), 1.0, True, 0.9))
    (of_keel,) = compare_by_itself("keel dried", words, ["keel keel"], Encoder("keel"))
    assert of_keel == {"itself": 1.0, "itself_words": 0.75, "itself_tokens": 0.5}
    (unweighted,) = compare_by_itself("keel dried", (), ["keel"], Encoder("keel"))
    assert unweighted["itself_words"] == unweighted["itself_tokens"] == 0.5


def test_only_the_likeliest_sentences_are_embedded() -> None:
    told = [(f"The keel of boat {n} was dried.", FITS) for n in range(N_EMBEDDED)]
    hit = build_hit(*told, ("A mast.", FAR), ("A sail.", FAR))
    request, encoder = Request.read_question(QUESTION), Encoder("keel")
    closer = embed_likeliest(QUESTION, hit, request, encoder, paper=False)
    assert sorted(encoder.encoded) == sorted(sentence for sentence, _ in told)
    assert [BY_ITSELF[0] in s.signals for s in closer.sentences] == [True] * N_EMBEDDED + [
        False
    ] * 2


def test_a_sentence_that_was_not_embedded_counts_below_those_that_were() -> None:
    assert rate_by_itself([None, None]).tolist() == [0.0, 0.0]
    best, worst, unknown = rate_by_itself([0.6, 0.2, None]).tolist()
    assert best == 0.0 > worst > unknown


def test_the_one_paper_on_a_topic_is_asked_by_its_body_where_it_has_one() -> None:
    """What an abstract's paper is about is told; a body has the sentence that answers."""
    told = "The keel was dried for six days. "
    long = paper("p1", "Keels", told + "The sail of the boat is wide and white. " * 60)
    short = paper("p1", "Keels", told)
    query = Query("overview", about=Topic("keel"), text=QUESTION)
    for one, several in ((long, False), (short, True)):
        shelf = Shelf([one])

        def retrieve(
            text: str, k: int = 20, *, within: object = None, shelf: Shelf = shelf
        ) -> Retrieval:
            return shelf.retrieve(text, k)

        choice = choose_papers(query, retrieve, retrieve, shelf)
        assert choice.verdict.sufficient and choice.several is several
