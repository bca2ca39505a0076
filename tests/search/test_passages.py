"""Of a long paper the passages that fit best are weighed, whole and in order; of an abstract everything is."""

from __future__ import annotations

from rag.search.passages import keep_best
from rag.types import Sentence


def sentence(at: int, passage: float) -> Sentence:
    return Sentence((at, at + 1), 0.0, passage=passage)


def test_whole_passages_are_kept_until_there_are_enough_sentences() -> None:
    passages = (0.4, 0.9, 0.6, 0.5)
    sentences = [sentence(2 * n + i, score) for n, score in enumerate(passages) for i in (0, 1)]
    assert [s.span[0] for s in keep_best(sentences, 1)] == [2, 3]
    assert [s.span[0] for s in keep_best(sentences, 3)] == [2, 3, 4, 5]
    assert keep_best(sentences, 8) == sentences


def test_an_abstract_is_one_passage() -> None:
    sentences = [sentence(at, 0.7) for at in range(12)]
    assert keep_best(sentences) == sentences
    assert keep_best([]) == []
