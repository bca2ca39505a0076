"""Everyday words."""

from __future__ import annotations

import pytest

from rag.text.everyday import WORDS_FILE, is_everyday, load_everyday_words


@pytest.mark.parametrize("word", ["faster", "Improves", "improvement", "biggest", "reached"])
def test_every_form_of_an_everyday_word_is_one(word: str) -> None:
    assert is_everyday(word)


@pytest.mark.parametrize("word", ["radar", "licence", "prize", "face", "GPU", "organ", "rate"])
def test_the_name_of_a_thing_is_none(word: str) -> None:
    assert not is_everyday(word)


def test_each_word_is_listed_once_in_lower_case_and_comments_are_none() -> None:
    lines = WORDS_FILE.read_text(encoding="utf-8").splitlines()
    listed = [word for line in lines if not line.startswith("#") for word in line.split()]
    assert len(listed) == len(set(listed)) == len(load_everyday_words())
    assert all(word == word.lower() for word in listed)
