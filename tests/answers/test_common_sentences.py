"""Sentences that several papers have word for word."""

from __future__ import annotations

from rag.answers.common_sentences import drop_common_sentences
from rag.types import PaperHit, Sentence
from tests.shelf import paper


def find(key: str, text: str, *spans: tuple[int, int]) -> PaperHit:
    sentences = tuple(Sentence(span, 0.5) for span in spans)
    return PaperHit(paper(key, key, text), 0.5, 1, sentences, {})


def test_what_another_paper_says_in_the_same_words_is_dropped_unless_nothing_else_is_said() -> None:
    first = find("p1", "We read records. Oaks grow.", (0, 16), (17, 27))
    second = find("p2", "We read records. Elms fall.", (0, 16), (17, 27))
    third = find("p3", "We read records.", (0, 16))
    dropped = drop_common_sentences([first, third], [first, second, third])
    assert [[s.span for s in hit.sentences] for hit in dropped] == [[(17, 27)], [(0, 16)]]
    assert drop_common_sentences([first], [first]) == (first,)
