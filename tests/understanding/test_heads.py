"""The learned heads: their weights, what they read, and the chain that decodes tags."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from eval.train.reader import EMBEDDER
from eval.train.reader_examples import compute_digest
from rag.adapters.minilm import MiniLM
from rag.config.settings import Settings
from rag.understanding.frame_types import EntitySpan, Frame, TurnContext
from rag.understanding.head_weights import Network, TagChain, pack_network, unpack_network
from rag.understanding.heads import WEIGHTS, WORDS_ONLY_WEIGHTS, load_heads


@pytest.fixture(scope="module")
def encoder(weights: Path) -> MiniLM:
    return MiniLM(Settings(data=weights.parents[1]))


def read(
    encoder: MiniLM,
    question: str,
    entities: tuple[EntitySpan, ...] = (),
    context: TurnContext | None = None,
) -> Frame:
    encoding = encoder.encode_query(question)
    return load_heads(WEIGHTS).read_frame(question, entities, encoding, context)


def test_heads_are_loaded_once_however_they_are_asked_for() -> None:
    assert load_heads() is load_heads(WEIGHTS)


@pytest.mark.parametrize("path", [WEIGHTS, WORDS_ONLY_WEIGHTS])
def test_weights_were_trained_from_the_examples_that_lie_beside_them(path: Path) -> None:
    heads = load_heads(path)
    assert heads.examples == compute_digest(), "run: python -m eval train reader"
    assert heads.embedder == (EMBEDDER if path == WEIGHTS else "")
    assert path.stat().st_size < 6_000_000


@pytest.mark.parametrize(
    "question, want",
    [
        ("who works on label noise?", "people"),
        ("how many papers are from 2021?", "count"),
        ("Which papers deal with soil erosion?", "papers"),
        ("papers per year", "groups"),
        ("Who are the co-authors of Maria Petrov?", "people coauthors"),
        ("thanks a lot", "aside"),
    ],
)
def test_a_plain_question_is_read_as_what_it_asks_for(
    encoder: MiniLM, question: str, want: str
) -> None:
    frame = read(encoder, question)
    assert frame.wants[0][0] == want
    assert sum(share for _, share in frame.wants) == pytest.approx(1, abs=1e-4)
    alone = load_heads(WORDS_ONLY_WEIGHTS).read_frame(question)
    assert alone.want == want.split()[0]


def test_words_of_asking_are_no_topic(encoder: MiniLM) -> None:
    frame = read(encoder, "Which papers deal with soil erosion?")
    assert [(slot.kind, slot.text) for slot in frame.slots] == [("topic", "soil erosion")]


def test_a_certain_look_up_overrides_the_tags_and_gives_its_value(encoder: MiniLM) -> None:
    question = "papers by Shiming Ge"
    span = EntitySpan(10, 20, "venue", "a value", is_certain=True)
    slots = read(encoder, question, (span,)).slots
    assert [(slot.kind, slot.text, slot.value, slot.confidence) for slot in slots] == [
        ("venue", "Shiming Ge", "a value", 1.0)
    ]


def test_a_follow_up_is_related_to_the_turn_before(encoder: MiniLM) -> None:
    context = TurnContext("papers on label noise", "papers", "papers", frozenset({"topic"}))
    assert read(encoder, "compare them", context=context).links[0][0] == "all_of"
    assert not read(encoder, "papers on label noise").links


@pytest.mark.parametrize("question", ["", "   ", "?!", "\x00", "a" * 5000, "who " * 2000])
def test_any_text_has_a_frame(encoder: MiniLM, question: str) -> None:
    frame = read(encoder, question)
    assert frame.wants and all(0 <= slot.start < slot.end <= len(question) for slot in frame.slots)


def test_vectors_must_be_given_to_heads_that_read_them() -> None:
    with pytest.raises(ValueError, match="minilm"):
        load_heads(WEIGHTS).read_frame("who works on label noise?")


def build_chain(seed: int) -> tuple[TagChain, np.ndarray]:
    rng = np.random.default_rng(seed)
    start, end = rng.normal(size=(2, 3)).astype(np.float32)
    chain = TagChain(start, rng.normal(size=(3, 3)).astype(np.float32), end)
    return chain, rng.normal(size=(4, 3)).astype(np.float32)


def score_path(chain: TagChain, scores: np.ndarray, path: tuple[int, ...]) -> float:
    steps = sum(chain.steps[a, b] for a, b in itertools.pairwise(path))
    own = sum(scores[at, tag] for at, tag in enumerate(path))
    return float(chain.start[path[0]] + own + steps + chain.end[path[-1]])


@pytest.mark.parametrize("seed", range(4))
def test_decoding_and_marginals_are_those_of_all_paths(seed: int) -> None:
    chain, scores = build_chain(seed)
    paths = list(itertools.product(range(3), repeat=4))
    weights = np.exp([score_path(chain, scores, path) for path in paths])
    assert tuple(chain.decode(scores)) == paths[int(weights.argmax())]
    marginals = np.zeros((4, 3))
    for path, weight in zip(paths, weights / weights.sum(), strict=True):
        marginals[range(4), path] += weight
    assert chain.compute_marginals(scores) == pytest.approx(marginals, abs=1e-4)


def test_a_network_is_the_same_from_its_file_but_for_rounding() -> None:
    rng = np.random.default_rng(0)

    def draw(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    classes = {"a": ("x", "y"), "b": ("z",)}
    hashes = np.array([3, 5, 9], np.uint32)
    network = Network(
        classes, hashes, draw(3, 3), draw(4, 5), draw(5), draw(5, 3), draw(3), {"a": 1.0}
    )
    again = unpack_network("n", pack_network("n", network), classes, {"a": 1.0})
    vectors = draw(2, 4)
    assert again.score(vectors, [[], []]) == pytest.approx(
        network.score(vectors, [[], []]), abs=0.02
    )
    assert again.pattern_weights == pytest.approx(network.pattern_weights, abs=0.02)
