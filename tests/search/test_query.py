"""A question taken apart: clauses, asking phrases, what each token is worth."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.search.query import STOP_WORD_IDF, compute_token_weights, parse_query
from rag.text import extract_terms, iter_words

QUESTIONS = st.text(
    st.one_of(st.sampled_from(" ,.?;:-–abc"), st.characters(exclude_categories=["Cs"])), max_size=60
) | st.lists(
    st.sampled_from(
        "who which what and but because so that, where the model faces? , . ; - – — 2023".split()
    ),
    max_size=25,
).map(" ".join)


def cut(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[a:b].strip() for a, b in spans]


@given(QUESTIONS)
def test_clauses_and_phrases_are_in_order_and_apart(text: str) -> None:
    asked = parse_query(text)
    for spans in (asked.clauses, asked.asking):
        assert all(0 <= a < b <= len(text) for a, b in spans)
        assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))


@given(QUESTIONS)
def test_every_word_belongs_to_one_clause(text: str) -> None:
    spans = parse_query(text).clauses
    for _, (a, b) in iter_words(text):
        assert sum(start <= a and b <= end for start, end in spans) == 1


@pytest.mark.parametrize("text", ["", "  ", "???", "? ! .", "—", "🎉🎉", "\x00\x01", "\u0301"])
def test_a_text_without_words_has_no_parts(text: str) -> None:
    asked = parse_query(text)
    assert (asked.text, asked.terms, asked.clauses, asked.asking) == (text, (), (), ())


def test_a_question_is_cut_where_a_clause_ends() -> None:
    text = "Some method keeps faces private, but lets cameras see; which dataset was it tested on?"
    assert cut(text, parse_query(text).clauses) == [
        "Some method keeps faces private,",
        "but lets cameras see;",
        "which dataset was it tested on?",
    ]


def test_fewer_than_three_words_belong_to_the_clause_before() -> None:
    text = "faces are kept private, so far, and nobody sees them"
    assert cut(text, parse_query(text).clauses) == [
        "faces are kept private, so far,",
        "and nobody sees them",
    ]


def test_a_name_with_a_hyphen_or_a_point_inside_is_not_cut() -> None:
    for text in ("image-and-text models in use", "version 2.5 of the model", "face-but-not deep"):
        assert parse_query(text).clauses == ((0, len(text)),)


def test_the_phrase_that_asks_is_told_from_the_one_that_describes() -> None:
    text = "The network splits faces into channels: which module restores them?"
    assert cut(text, parse_query(text).asking) == ["which module restores them?"]
    assert parse_query("faces split into channels").asking == ()


def test_terms_hold_the_parts_of_names_and_repeats() -> None:
    assert parse_query("DuetFace, face").terms == ("duetfac", "duet", "face", "face")


# --- what tokens are worth ----------------------------------------------------------------------


def idf(word: str) -> float:
    return {"face": 4.0, "duetfac": 9.0}.get(word, 1.0)


def test_a_token_is_worth_the_damped_idf_of_its_word() -> None:
    text = "which DuetFace faces after ,"
    #       frame  4+4 letters  stop
    spans = [(0, 5), (6, 10), (10, 14), (15, 20), (21, 26), (27, 28)]
    weights = compute_token_weights(parse_query(text), spans, idf)
    assert weights == [0, 3, 3, 2, STOP_WORD_IDF**0.5, 0]
    plain = compute_token_weights(parse_query(text), spans, idf, power=1)
    assert plain == [0, 9, 9, 4, STOP_WORD_IDF, 0]


def test_a_question_of_frame_words_alone_weighs_them_all_alike() -> None:
    assert compute_token_weights(parse_query("which paper"), [(0, 5), (6, 11)], idf) == [1.0, 1.0]
    assert compute_token_weights(parse_query("face"), [], idf) == []


def test_a_word_with_a_caret_or_a_possessive_is_looked_up_as_it_is_indexed() -> None:
    asked: list[str] = []
    compute_token_weights(
        parse_query("LaRE^2 user’s"), [(0, 6)], lambda term: asked.append(term) or 1.0
    )  # type: ignore[func-returns-value]
    assert asked == extract_terms("LaRE^2 user’s") == ["lare2", "user"]


def test_a_question_ends_in_what_it_asks_of_its_subject() -> None:
    text = "Why do deepfake detectors fail on new forgeries?"
    words = [text[a:b] for a, b in parse_query(text).predicates]
    assert words == ["fail", "new", "forgeries"]
