"""Sentences side by side are one quote; what would open one more than is shown ends the quotes."""

from __future__ import annotations

from rag.answers.extractive import answer_by_quotes
from rag.answers.leading import MAX_JOINED_CHARS
from rag.answers.neighbours import group_neighbours, join_neighbours
from rag.text import split_sentences
from rag.types import PaperHit, Retrieval, Sentence, Span, Sufficiency
from rag.types.query import Query
from tests.shelf import paper

TEXT = "The keel is dry. It took six days. The mast is wet. A sail is red. The rope is long."
BOAT = paper("p1", "Boats", TEXT)
SPANS = split_sentences(TEXT)


def quote(*places: int, n: int = 3) -> list[str]:
    grouped = group_neighbours(BOAT, [SPANS[place] for place in places], n)
    return [TEXT[slice(*span)] for span in grouped]


def test_a_sentence_beside_a_quote_makes_it_longer() -> None:
    assert quote(1, 0) == ["The keel is dry. It took six days."]
    assert quote(0, 4, 1) == ["The keel is dry. It took six days.", "The rope is long."]


def test_a_sentence_that_would_open_one_quote_more_is_left_out_and_later_ones_still_join() -> None:
    assert quote(0, 4, 2, 1, n=2) == ["The keel is dry. It took six days.", "The rope is long."]
    assert quote(0, 2, 4, 3) == [
        "The keel is dry.",
        "The mast is wet. A sail is red.",
        "The rope is long.",
    ]


def test_a_quote_keeps_to_a_length() -> None:
    text = "A " + "long " * 60 + "word. B " + "long " * 60 + "word."
    first, second = split_sentences(text)
    boats = paper("p2", "Long", text)
    assert second[1] - first[0] > MAX_JOINED_CHARS
    assert group_neighbours(boats, [first, second], 3) == [first, second]
    # what leads is joined whatever its length: it was chosen sentence by sentence
    assert join_neighbours(boats, [first, second]) == [(first[0], second[1])]


def test_the_order_is_that_of_the_likeliest_sentence() -> None:
    spans: list[Span] = [SPANS[4], SPANS[0]]
    assert group_neighbours(BOAT, spans, 3) == spans


def test_the_quote_of_a_body_takes_in_the_likely_sentence_beside_it() -> None:
    further = "The sail of the boat is wide and white. " * 60
    text = f"Boats have sails. The keel was dried. It took six days. {further}"
    body, question = paper("p1", "Boats", text), "How was the keel dried?"
    places = (0.1, 0.9, 0.8, *[0.1] * 60)
    sentences = tuple(
        Sentence(span, match, None, dict.fromkeys(("unsaid", "plain"), match), {"score": match})
        for span, match in zip(split_sentences(text), places, strict=True)
    )
    hit = PaperHit(body, 0.9, 1, sentences, {"late": 0.9})
    query = Query("passages", text=question)
    answer = answer_by_quotes(query, Retrieval(question, (hit,)), [hit], Sufficiency(True, 1.0))
    quotes = [citation.quote for citation in answer.citations]
    assert "The keel was dried. It took six days." in quotes[0]
    assert len(quotes) <= 3 and all(quote in text for quote in quotes)
