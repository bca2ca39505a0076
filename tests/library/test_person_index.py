"""Person names as they are typed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from rag.library.aliases import load_aliases
from rag.library.identity import is_shorter_print
from rag.library.name_forms import build_name_forms, extract_tokens, get_name_key, split_name
from rag.library.person_index import NameIndex
from rag.types.errors import SettingsError
from tests.shelf import Shelf, paper

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
_FORMS = {
    "exact": ("joined", "shortened", "unsuffixed"),
    "turned": ("turned",),
    "initials": ("initials", "short_initials"),
}


class NameList:
    """Names read one by one, as the library's tables are to find them."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(set(names)))

    def find_names(self, form: str, keys: Collection[str]) -> dict[str, tuple[str, ...]]:
        return {
            key: names
            for key in keys
            if (names := tuple(n for n in self.names if key in self._list_forms(form, n)))
        }

    @staticmethod
    def _list_forms(form: str, name: str) -> Collection[str]:
        if form == "name":
            return [name]
        if form == "part":
            return split_name(name)
        forms = build_name_forms(name)
        return [forms[column] for column in _FORMS[form]]

    def count_names(self, parts: Collection[str]) -> dict[str, int]:
        return {part: len(names) for part, names in self.find_names("part", parts).items()}

    def list_parts(self) -> tuple[str, ...]:
        return tuple(sorted({part for name in self.names for part in split_name(name)}))


INDEX = NameIndex(NameList(NAMES), {"S. M. Ge": "Shiming Ge"}, WORDS)


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


def test_a_family_name_with_a_particle_is_of_all_who_have_it_and_an_initial_tells_them_apart() -> (
    None
):
    names = NameIndex(NameList(("Pieter J. van der Berg", "J. van der Berg", "Peter J. Smith")))
    found = {
        typed: names.resolve(typed) for typed in ("van der Berg", "P. van der Berg", "P. Smith")
    }
    assert {typed: mention and mention.names for typed, mention in found.items()} == {
        "van der Berg": ("J. van der Berg", "Pieter J. van der Berg"),
        "P. van der Berg": ("Pieter J. van der Berg",),
        "P. Smith": ("Peter J. Smith",),
    }
    alone = names.resolve("J. van der Berg")
    assert alone is not None and alone.names == ("J. van der Berg",)


LONG = "Charles Jean Gustave Nicolas de la Vallée Poussin"


@pytest.mark.parametrize(
    "typed",
    [
        LONG,
        "de la Vallée Poussin",
        "de la Vallee-Poussin",
        "la Vallée Poussin",
        "C. J. de la Vallée Poussin",
        "J. de la Vallee Poussin",
        "Charles de la Vallée Poussin",
        "Charles Jean Gustave Nicolas de la Vallée-Poussin",
    ],
)
def test_a_long_name_is_found_whole_and_by_parts_of_it(typed: str) -> None:
    names = NameIndex(NameList((LONG, "Rik Roe", "Ana de Souza-Lima")))
    found = [m.names for m in names.find_mentions(f"papers by {typed} and Rik Roe")]
    assert found == [(LONG,), ("Rik Roe",)]
    mention = names.resolve(typed)
    assert mention is not None and mention.names == (LONG,)
    assert [m.names for m in names.find_mentions("de Souza Lima?")] == [("Ana de Souza-Lima",)]


@pytest.mark.parametrize("typed", ["face forgery", "DuetFace", "the paper", "a work on detection"])
def test_ordinary_words_are_no_name(typed: str) -> None:
    assert INDEX.resolve(typed) is None


def test_exact_names_are_kept_apart_even_when_one_letter_differs() -> None:
    found = INDEX.find_mentions("Is Lei Shen the same person as Li Shen?")
    assert [m.names for m in found] == [("Lei Shen",), ("Li Shen",)]


def test_similar_long_names_are_suggested_as_one_person() -> None:
    assert INDEX.find_lookalikes("Kexin Bao") == ("Kexin Baoa",)
    assert INDEX.find_lookalikes("Li Shen") == ()


def test_possessive_endings_are_no_part_of_a_name() -> None:
    (mention,) = INDEX.find_mentions("what are Shiming Ge's papers?")
    assert mention.typed == "Shiming Ge"
    assert [t.text for t in extract_tokens("Ge’s and Jones' work")] == [
        "Ge",
        "and",
        "Jones",
        "work",
    ]


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
    found = INDEX.find_mentions(text)
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


# --- fast paths against reading all names ------------------------------------------------------------

_PART = st.sampled_from("ada adah bo boris bora cy li lin ling liu sea shea zhang zheng j".split())
_CROWDS = st.lists(st.lists(_PART, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=30)


def _slips(index: NameIndex, names: Collection[str], keys: list[str]) -> set[str]:
    """The closest of all names, one by one."""
    if all(index.is_part(k) for k in keys):
        return set()
    costs: dict[str, int] = {}
    for order in (keys, keys[::-1]):
        for name in names:
            parts: tuple[str, ...] = tuple(get_name_key(part) for part in name.split())
            if fuzz.ratio(" ".join(order), " ".join(parts)) < 75:
                continue
            if len(parts) != len(order):
                long = tuple(part for part in parts if len(part) > 1)
                parts = long if len(long) > 1 else parts
            if (cost := index._compute_cost(order, parts)) is not None:
                costs[name] = min(cost, costs.get(name, cost))
    return {name for name, cost in costs.items() if cost == min(costs.values())}


@given(
    _CROWDS, st.lists(_PART, min_size=2, max_size=3), st.integers(0, 30), st.sampled_from("aehnz")
)
def test_a_slip_is_found_as_if_all_names_were_read(
    crowd: list[str], typed: list[str], at: int, letter: str
) -> None:
    index = NameIndex(NameList(crowd))
    text = " ".join(typed)
    at = min(at, len(text))
    words = extract_tokens(f"{text[:at]}{letter}{text[at:]}")
    assert set(index._match_misspelt(words)) == _slips(index, crowd, [word.key for word in words])


@given(_CROWDS)
def test_lookalikes_are_those_of_reading_all_names(crowd: list[str]) -> None:
    names = NameList(crowd).names
    index = NameIndex(NameList(crowd))
    for name in names:
        mine = name.split()
        expected = []
        for other in names:
            parts = other.split()
            if other == name:
                continue
            if is_shorter_print(other, name):
                expected.append(other)
                continue
            if len(parts) != len(mine):
                continue
            rare = any(
                a != b and min(sum(p in n.split() for n in names) for p in (a, b)) == 1
                for a, b in zip(parts, mine, strict=True)
            )
            joined = "".join(mine)
            off = OSA.distance("".join(parts), joined)
            if (len(joined) >= 8 and off == 1 and rare) or parts == mine[::-1]:
                expected.append(other)
        assert list(index.find_lookalikes(name)) == expected


@given(_CROWDS, _PART, st.sampled_from("abcjlsz"))
def test_initials_fit_whom_they_fit_when_all_names_are_read(
    crowd: list[str], part: str, initial: str
) -> None:
    index = NameIndex(NameList(crowd))
    found = index._match_initials(extract_tokens(f"{initial}. {part}"))
    parts_of = {name: name.split() for name in NameList(crowd).names}
    fit = [
        name
        for name, parts in parts_of.items()
        for each in (parts, [p for p in parts if len(p) > 1])  # "L. Ada" is Li Ada J., too
        if len(part) > 1 and len(each) == 2 and each[0][0] == initial and each[1] == part
    ]
    assert list(found) == list(dict.fromkeys(fit))


@settings(max_examples=20)
@given(_CROWDS, st.lists(_PART, min_size=1, max_size=8))
def test_the_tables_find_the_names_that_reading_them_one_by_one_finds(
    crowd: list[str], keys: list[str]
) -> None:
    shelf, names = (
        Shelf([paper("p1", "Faces", authors=list(dict.fromkeys(crowd)))]),
        NameList(crowd),
    )
    sought = {
        *keys,
        *map("".join, pairwise(keys)),
        *(f"{a[:1]} {b[:1]} " for a, b in pairwise(keys)),
    }
    for form in ("name", "exact", "turned", "initials", "part"):
        assert shelf.find_names(form, sought) == names.find_names(form, sought), form
    assert shelf.count_names(sought) == names.count_names(sought)
    assert shelf.list_parts() == names.list_parts()


@settings(max_examples=50)
@given(_CROWDS, st.lists(_PART, min_size=1, max_size=3))
def test_names_that_look_alike_are_those_of_comparing_all(
    crowd: list[str], typed: list[str]
) -> None:
    text = " ".join(typed)
    near = [(-fuzz.ratio(text, name), name) for name in set(crowd)]
    expected = [name for ratio, name in sorted(near) if ratio <= -72.0][:3]
    assert list(NameIndex(NameList(crowd)).find_similar(text)) == expected
