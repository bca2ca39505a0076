"""Citation recall and precision on cases worked out by hand, by ALCE's definition."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from eval.measures.alce import Claim, Quote, compute_citation_quality, extract_claims

A, B, C = Quote("P", "a"), Quote("P", "b"), Quote("Q", "c")


def needs(*wanted: str):
    """Entailed by quotes that hold every one of these texts."""

    def entails(sentence: str, quotes: Sequence[Quote]) -> bool | None:
        return set(wanted) <= {quote.text for quote in quotes}

    return entails


@pytest.mark.parametrize(
    ("quotes", "entails", "recall", "precision"),
    [
        ((A,), needs("a"), 1, 1),
        ((B,), needs("a"), 0, 0),
        ((), needs("a"), 0, None),
        ((A, B), needs("a", "b"), 1, 1),  # neither alone, each needed
        ((A, B), needs("a"), 1, 1 / 2),  # b alone does not, and a does without it
        ((A, B, C), needs("a", "b"), 1, 2 / 3),
        ((A, B), needs("a", "c"), 0, 0),  # not entailed: no citation of it is precise
        ((A, B), lambda _, quotes: bool(quotes), 1, 1),  # either alone is enough
    ],
)
def test_one_sentence_by_hand(quotes, entails, recall, precision) -> None:
    found = compute_citation_quality([Claim("s", quotes)], entails)
    assert (found.recall, found.precision, found.n_unscored) == (recall, precision, 0)


def test_an_answer_is_the_mean_over_sentences_and_over_citations() -> None:
    answer = [Claim("one", (A, B)), Claim("two", (C,)), Claim("three", ())]
    found = compute_citation_quality(answer, lambda s, quotes: s == "one" and A in quotes)
    assert (found.recall, found.precision) == (1 / 3, 1 / 3)


def test_a_sentence_without_a_verdict_is_left_out_and_counted() -> None:
    def entails(sentence: str, quotes: Sequence[Quote]) -> bool | None:
        return None if sentence == "two" or len(quotes) == 1 else True

    answer = [Claim("one", (A, B, C)), Claim("two", (C,)), Claim("three", ())]
    found = compute_citation_quality(answer, entails)
    assert (found.recall, found.precision, found.n_unscored) == (0, None, 2)


def cited(text: str) -> list[tuple[str, list[str]]]:
    citations = [
        {"marker": n, "title": None, "label": "P", "quote": quote}
        for n, quote in enumerate("abcd", 1)
    ]
    return [
        (claim.sentence, [quote.text for quote in claim.quotes])
        for claim in extract_claims({"text": text, "citations": citations})
    ]


def test_sentences_keep_the_markers_before_and_behind_their_stop() -> None:
    assert cited("It works [1]. “It is fast.” [2][3] It also says: “Why.” [4]") == [
        ("It works.", ["a"]),
        ("“It is fast.”", ["b", "c"]),
        ("It also says: “Why.”", ["d"]),
    ]


def test_headings_that_announce_are_no_sentences() -> None:
    text = "**A Title** (Ann Lee, 2022):\n\n2 papers bear on this:\n\n- **One**: “It works.” [1]\n"
    assert cited(text) == [("One: “It works.”", ["a"])]


def test_a_sentence_without_a_marker_is_one_without_quotes() -> None:
    assert cited("Whales sing. It works [1].") == [("Whales sing.", []), ("It works.", ["a"])]
