"""Words and sentences: how text is cut, by small examples and by properties of any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text import (
    extract_terms,
    fold,
    iter_words,
    join_names,
    make_excerpt,
    remove_hidden,
    split_sentences,
    split_terms,
    stem,
)

TEXTS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" .!?。\n\"')")),
    max_size=80,
)


def cut(text: str) -> list[str]:
    return [text[a:b] for a, b in split_sentences(text)]


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("DuetFace", "duetface"),
        ("BézierPalm", "bezierpalm"),
        ("Straße", "strasse"),
        ("ﬁne ２０２３", "fine 2023"),
        ("ΣΟΦΟΣ", "σοφοσ"),
        ("", ""),
    ],
)
def test_folding_takes_away_case_accents_and_compatibility_forms(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(TEXTS)
def test_words_stand_where_their_spans_say_in_order_and_apart(text: str) -> None:
    end = 0
    for word, (a, b) in iter_words(text):
        assert text[a:b] == word and a >= end and any(c.isalnum() for c in word)
        end = b


def test_a_caret_joins_a_word_and_a_hyphen_parts_it() -> None:
    assert [w for w, _ in iter_words("LaRE^2 and ID^3: cross-modal, user's")] == [
        "LaRE^2", "and", "ID^3", "cross", "modal", "user's",
    ]  # fmt: skip


def test_terms_are_folded_stems_without_stop_words() -> None:
    assert extract_terms("The models' losses are shown by Müller’s group") == [
        stem(w) for w in ("models", "losses", "shown", "muller", "group")
    ]
    assert extract_terms("what is it") == []
    assert extract_terms("what is it", keep_stop_words=True) == ["what", "is", "it"]


def test_a_possessive_is_the_word_itself() -> None:
    assert extract_terms("paper's") == extract_terms("paper")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("DuetFace", ["duetfac", "duet", "face"]),
        ("LaRE^2", ["lare2", "la", "re2"]),
        ("ResNet50", ["resnet50", "res", "net", "50"]),
        ("xG", ["xg"]),
        ("plain", ["plain"]),
        ("2023", ["2023"]),
    ],
)
def test_a_compound_name_is_indexed_whole_and_in_parts(name: str, parts: list[str]) -> None:
    assert split_terms(name) == parts


@given(TEXTS)
def test_index_terms_hold_all_terms(text: str) -> None:
    assert set(extract_terms(text)) <= set(split_terms(text))


# --- sentences ----------------------------------------------------------------------------------


@given(TEXTS)
def test_sentences_lose_nothing_but_white_space(text: str) -> None:
    spans = split_sentences(text)
    kept = "".join(text[a:b] for a, b in spans)
    assert "".join(kept.split()) == "".join(text.split())
    assert all(text[a:b].strip() == text[a:b] != "" for a, b in spans)
    assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("See Fig. 2 of it. Then stop.", ["See Fig. 2 of it.", "Then stop."]),
        ("By J. Smith et al. Wang wrote it.", ["By J. Smith et al. Wang wrote it."]),
        ("It gains 92.5% accuracy. Good.", ["It gains 92.5% accuracy.", "Good."]),
        ("Called v. and no more. it goes on.", ["Called v. and no more. it goes on."]),
        ('He said "yes." She left.', ['He said "yes."', "She left."]),
        ("学习。 论文。", ["学习。", "论文。"]),
        ("学习。论文！", ["学习。", "论文！"]),
        ("A heading\n\nand a text", ["A heading", "and a text"]),
        ("one line\nthe next", ["one line\nthe next"]),
        ("No end", ["No end"]),
        (" \n ", []),
        ("", []),
    ],
)
def test_where_sentences_end(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


# --- shown text ---------------------------------------------------------------------------------


@pytest.mark.parametrize("hidden", ["\x00", "\x1b", "\u200b", "\u202e", "\ufeff", "\U000e0041"])
def test_hidden_characters_go(hidden: str) -> None:
    assert remove_hidden(f"fa{hidden}ce") == "face"


@pytest.mark.parametrize("seen", ["a b\tc\nd", "क्‍ष", "👩‍🔬", "é漢"])
def test_what_is_seen_and_the_joiners_of_scripts_stay(seen: str) -> None:
    assert remove_hidden(seen) == seen


def test_an_excerpt_is_whole_or_ends_in_an_ellipsis() -> None:
    assert make_excerpt("one  two\nthree", 3) == "one two three"
    assert make_excerpt("one two three", 2) == "one two…"


def test_names_are_joined_as_they_are_read() -> None:
    assert join_names([]) == ""
    assert join_names(["A"]) == "A"
    assert join_names(iter("AB")) == "A and B"
    assert join_names("ABC") == "A, B and C"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One... Two.", ["One...", "Two."]),
        ("One ...... two.", ["One ...... two."]),
        ("One...two. Three", ["One...two.", "Three"]),
        ("It is.” So.", ["It is.”", "So."]),
        ("一。二！？三", ["一。", "二！？", "三"]),
        ("一。.two", ["一。", ".two"]),
        ("一。”二", ["一。", "”二"]),
        ("One\n\n\nTwo", ["One", "Two"]),
    ],
)
def test_marks_are_taken_whole(text: str, parts: list[str]) -> None:
    assert [text[start:end] for start, end in split_sentences(text)] == parts
