"""Coined names that are typed without their marks, or with others."""

from __future__ import annotations

import pytest

from rag.library.name_spelling import spell_names
from tests.shelf import Shelf, paper

SHELF = Shelf(
    [
        paper("p1", "R^2IN: Filters", "We propose R^2IN, tested on Semi-Supervised Seas."),
        paper("p2", "Night at Sea", "We present Lamp-D2C and a GNN-based view of Rain-5."),
        paper("p3", "Morning at Sea", "Rain5 is another set, and 3D maps are not of R^2IN."),
    ]
)


@pytest.mark.parametrize(
    ("typed", "spelt"),
    [
        ("how do R2IN and Lamp D2C differ?", "how do R^2IN and Lamp-D2C differ?"),
        ("what is lamp d2c or r2in", "what is Lamp-D2C or R^2IN"),
        ("LampD2C, LAMPD2C on Rain 5", "Lamp-D2C, Lamp-D2C on Rain-5"),
        ("Rain5 or R^2IN?", "Rain5 or R^2IN?"),  # printed as it is typed
        ("semi supervised seas, GNN based", "semi supervised seas, GNN based"),  # kinds, no names
        ("is R 2IN in?", "is R 2IN in?"),  # a space stands for a hyphen alone
        ("", ""),
    ],
)
def test_a_name_is_spelt_as_the_papers_print_it(typed: str, spelt: str) -> None:
    assert spell_names(typed, SHELF) == spelt
