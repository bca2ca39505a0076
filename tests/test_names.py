"""Person names as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import SettingsError
from rag.names import NameIndex, load_aliases, tokens

NAMES = (
    "Anthony Cioppa",
    "Adrien Deliège",
    "Bo Li",
    "Daichi Zhang",
    "Hangyu Li",
    "Hao Zhou",
    "Hansong Zhang",
    "Ke-Yue Zhang",
    "Kexin Bao",
    "Kexin Baoa",
    "Lei Shen",
    "Li Shen",
    "Qianyu Zhou",
    "Shiming Ge",
    "Xi Zhou",
)
WORDS = frozenset("a paper on face forgery detection work works the with in here".split())
INDEX = NameIndex(NAMES, {"S. M. Ge": "Shiming Ge"}, WORDS)


@pytest.mark.parametrize(
    ("typed", "name", "how"),
    [
        ("Qianyu Zhou", "Qianyu Zhou", "exact"),
        ("qianyu zhou", "Qianyu Zhou", "exact"),
        ("Adrien Deliege", "Adrien Deliège", "exact"),
        ("ke yue zhang", "Ke-Yue Zhang", "exact"),
        ("KeYue Zhang", "Ke-Yue Zhang", "exact"),
        ("Zhou, Qianyu", "Qianyu Zhou", "reordered"),
        ("Zhou Qianyu", "Qianyu Zhou", "reordered"),
        ("S. Ge", "Shiming Ge", "partial"),
        ("Cioppa", "Anthony Cioppa", "partial"),
        ("Ciopa", "Anthony Cioppa", "misspelt"),
        ("Dachi Zang", "Daichi Zhang", "misspelt"),
        ("Hangson Zhang", "Hansong Zhang", "misspelt"),
        ("Qianyu Zou", "Qianyu Zhou", "misspelt"),
        ("S. M. Ge", "Shiming Ge", "alias"),
    ],
)
def test_a_typed_name_finds_the_person_and_says_how(typed: str, name: str, how: str) -> None:
    mention = INDEX.resolve(typed)
    assert mention is not None
    assert (mention.names, mention.how) == ((name,), how)


def test_a_reading_that_is_not_exact_is_said() -> None:
    misspelt, exact = INDEX.resolve("Qianyu Zou"), INDEX.resolve("Qianyu Zhou")
    assert misspelt is not None and misspelt.note == "showing Qianyu Zhou for 'Qianyu Zou'"
    assert exact is not None and exact.note == ""


@pytest.mark.parametrize("typed", ["Hao Li", "Siwei Lyu", "Ian Goodfellow", "Yann LeCun"])
def test_a_name_that_is_spelt_validly_is_absent_and_not_misspelt(typed: str) -> None:
    mention = INDEX.resolve(typed)
    assert mention is not None
    assert (mention.names, mention.how) == ((), "absent")


def test_an_absent_name_comes_with_near_ones() -> None:
    mention = INDEX.resolve("Hangyu Lin")
    assert mention is not None
    assert "Hangyu Li" in (*mention.near, *mention.names)


def test_a_surname_of_several_people_offers_them_all() -> None:
    mention = INDEX.resolve("Zhou")
    assert mention is not None
    assert set(mention.names) == {"Hao Zhou", "Qianyu Zhou", "Xi Zhou"}


@pytest.mark.parametrize("typed", ["face forgery", "DuetFace", "the paper", "a work on detection"])
def test_ordinary_words_are_no_name(typed: str) -> None:
    assert INDEX.resolve(typed) is None


def test_exact_names_are_kept_apart_even_when_one_letter_differs() -> None:
    found = INDEX.mentions("Is Lei Shen the same person as Li Shen?")
    assert [m.names for m in found] == [("Lei Shen",), ("Li Shen",)]


def test_similar_long_names_are_suggested_as_one_person() -> None:
    assert INDEX.lookalikes("Kexin Bao") == ("Kexin Baoa",)
    assert INDEX.lookalikes("Li Shen") == ()


def test_possessive_endings_are_no_part_of_a_name() -> None:
    (mention,) = INDEX.mentions("what are Shiming Ge's papers?")
    assert mention.typed == "Shiming Ge"
    assert [t.text for t in tokens("Ge’s and Jones' work")] == ["Ge", "and", "Jones", "work"]


@given(
    name=st.sampled_from([n for n in NAMES if len(n) > 9 and "-" not in n]), at=st.integers(0, 30)
)
def test_a_swap_within_a_part_still_finds_the_person_first(name: str, at: int) -> None:
    parts = name.split()
    long = max(parts, key=len)
    at = 1 + at % (len(long) - 2)
    slipped = long[:at] + long[at + 1] + long[at] + long[at + 2 :]
    mention = INDEX.resolve(" ".join(slipped if part == long else part for part in parts))
    assert mention is not None
    assert name in mention.names


@given(st.text(max_size=60))
def test_mentions_are_spans_of_the_text_in_order(text: str) -> None:
    found = INDEX.mentions(text)
    assert [m.typed for m in found] == [text[a:b] for a, b in (m.span for m in found)]
    assert all(a.span[1] <= b.span[0] for a, b in zip(found, found[1:], strict=False))


def test_an_aliases_file_maps_other_names_to_the_one_shown(tmp_path: Path) -> None:
    file = tmp_path / "aliases.yaml"
    file.write_text("Kexin Bao: [Kexin Baoa, K. Bao]\n", encoding="utf-8")
    assert load_aliases(file) == {"Kexin Baoa": "Kexin Bao", "K. Bao": "Kexin Bao"}
    assert load_aliases(tmp_path / "none.yaml") == {}


def test_an_aliases_file_of_another_form_is_refused_by_name(tmp_path: Path) -> None:
    file = tmp_path / "aliases.yaml"
    file.write_text("- Kexin Bao\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="aliases.yaml"):
        load_aliases(file)
