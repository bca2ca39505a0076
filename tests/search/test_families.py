"""Words of one family meet each other; others do not."""

from __future__ import annotations

import pytest

from rag.search.families import FAMILIES_FILE, has_relative
from rag.text import extract_terms


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("defend", "a certified defense against patches"),
        ("defends", "a defence"),
        ("colour", "color images"),
        ("neighbors", "neighbouring points"),
        ("centre", "the center of it"),
        ("behaviour", "human behavior"),
        ("optimize", "optimised by hand"),
        ("classify", "an image classifier"),
        ("rain", "deraining in one step"),
        ("lungs", "pulmonary function"),
        ("safer", "safe gambling"),
        ("races", "a racial bias"),
    ],
)
def test_a_word_is_said_by_one_of_its_family_or_in_its_other_spelling(word: str, text: str) -> None:
    assert has_relative(word, frozenset(extract_terms(text)))


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("defend", "an attack"),
        ("filter", "fire and flint"),
        ("minor", "a mine"),
        ("size", "a side"),
    ],
)
def test_other_words_do_not_meet(word: str, text: str) -> None:
    assert not has_relative(word, frozenset(extract_terms(text)))


def test_no_word_stands_in_two_families() -> None:
    lines = FAMILIES_FILE.read_text(encoding="utf-8").splitlines()
    listed = [word for line in lines if not line.startswith("#") for word in line.split()]
    assert len(listed) == len(set(listed)) > 100
