"""Names of venues as people shorten them."""

from __future__ import annotations

import pytest

from rag.library.abbreviations import Abbreviations

NAMES = Abbreviations(
    [
        "EMBO Journal",
        "Nucleic Acids Research",
        "The Astrophysical Journal",
        "Proceedings of the National Academy of Sciences of the United States of America",
        "Nature Communications",
        "Journal of Immunology (Baltimore, Md.: 1950)",
        "Cancer Research",
        "World Development",
    ]
)


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("how many in EMBO J or NAR", [("EMBO J", "EMBO Journal"), ("NAR", "Nucleic Acids Research")]),
        ("just ApJ", [("ApJ", "The Astrophysical Journal")]),
        ("in Nat. Commun. please", [("Nat. Commun", "Nature Communications")]),
        ("j immunol and cancer res", [("j immunol", "Journal of Immunology (Baltimore, Md.: 1950)"), ("cancer res", "Cancer Research")]),
        # printed whole, in small letters without a usual abbreviation, or no word of it: nothing
        ("World Development", []),
        ("can world dev end hunger", []),
        ("an er in a jo", []),
    ],
)  # fmt: skip
def test_a_shortened_name_is_found_with_its_place(
    question: str, found: list[tuple[str, str]]
) -> None:
    assert [(question[a:b], name) for a, b, name in NAMES.find(question)] == found


def test_initials_may_leave_the_end_of_a_long_name_out() -> None:
    assert [name[:11] for _, _, name in NAMES.find("PNAS")] == ["Proceedings"]


def test_what_several_names_shorten_to_is_none_of_them() -> None:
    names = Abbreviations(["Journal of Immunology", "Journal of Immunopathology"])
    assert [*names.find("J Immun")] == []
