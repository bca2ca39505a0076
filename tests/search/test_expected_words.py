"""How surely an answering paper has each word of a question."""

from __future__ import annotations

import numpy as np
import pytest

from rag.adapters.minilm import MiniLM
from rag.search.expected_words import (
    CONTENT,
    EVERYDAY,
    N_FLAGS,
    build_inputs,
    estimate_expected,
    load_expected_words,
)
from rag.search.query import parse_query
from rag.text import iter_words


def estimate(model: MiniLM, question: str) -> dict[str, float]:
    encoding = model.encode_query(question)
    vectors = np.asarray(encoding.tokens, np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    words = list(iter_words(question))
    spans = [(int(a), int(b)) for a, b in encoding.spans]
    expected = estimate_expected(parse_query(question), words, spans, vectors)
    return dict(zip((word for word, _ in words), expected, strict=True))


@pytest.fixture(scope="module")
def model(assistant: object) -> MiniLM:
    return MiniLM()


def test_the_same_word_is_expected_by_what_stands_around_it(model: MiniLM) -> None:
    asked = estimate(model, "does the student network learn from the teacher?")
    told = estimate(model, "I am a student. What does the network learn?")
    assert asked["student"] > 0.9
    assert told["student"] < 0.1
    assert min(asked["network"], told["network"]) > 0.9
    asked = estimate(model, "how many hospital patients were scanned?")
    told = estimate(model, "We run a hospital. Is the model tested on images?")
    assert asked["hospital"] > 0.5 > 0.1 > told["hospital"]


def test_without_token_vectors_everyday_words_are_expected_less() -> None:
    question = "do keels happen"
    words = list(iter_words(question))
    expected = estimate_expected(parse_query(question), words)
    assert expected[1:] == [CONTENT, EVERYDAY]
    foreign = np.ones((3, 7), np.float32)  # of another embedder
    spans = [place for _, place in words]
    assert estimate_expected(parse_query(question), words, spans, foreign) == expected


def test_words_that_the_model_has_not_read_are_told_by_themselves() -> None:
    head = load_expected_words()
    dim = (len(head.hidden) - N_FLAGS) // 2
    question = "masts and keels"
    words = list(iter_words(question))
    vectors = np.zeros((1, dim), np.float32)
    expected = estimate_expected(parse_query(question), words, [(0, 5)], vectors)
    assert expected[2] == CONTENT
    assert expected[0] != CONTENT


def test_inputs_are_the_words_and_the_questions_mean_and_how_a_word_is_written() -> None:
    question = "which Keel sails"
    spans = [(0, 5), (6, 8), (8, 10), (11, 16)]
    vectors = np.arange(8, dtype=np.float32).reshape(4, 2)
    read, inputs = build_inputs(parse_query(question), list(iter_words(question)), spans, vectors)
    assert read == [0, 1, 2]
    assert inputs[1].tolist() == [3.0, 4.0, 3.0, 4.0, 0.0, 1.0, 1.0]
