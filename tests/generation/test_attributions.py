"""People and titles that no paper has."""

from __future__ import annotations

import pytest

from rag.generation.attributions import find_invented_names, is_titled
from rag.generation.support import Ground
from rag.types import Authorship, Paper, Place

PAPER = Paper(
    "p1", "Channel Splitting for Face Recognition", "", "We split images. Gaussian Noise is added by Fourier filters.",
    (Authorship("p1", "Yuxi Mi", "first", 1), Authorship("p1", "Bo Zhang", "listed", 2)), False, (Place("a", 1),),
)  # fmt: skip


def found(claim: str, *, english: bool = True) -> tuple[str, ...]:
    ground = Ground([PAPER])
    return find_invented_names(
        claim,
        has_word=ground.has_word,
        has_phrase=ground.has_quote,
        people=ground.people,
        ordinary=("main", "results"),
        english=english,
    )


@pytest.mark.parametrize(
    "claim",
    ["It is by Quark.", "Quark et al. split it.", "It was shown (Quark, 2020).", "As Z. Quark says.",
     "The work of Zebulon Quark splits it.", "The work of Yuxi Quark splits it.", "The work of Yuxi Zhang splits it.",
     "It follows Attention Beats Retrieval.", "Quark proposes it.", "The Quarkish Nets Beat Retrieval paper."],
)  # fmt: skip
def test_a_made_up_person_or_title_is_found(claim: str) -> None:
    assert found(claim)


@pytest.mark.parametrize(
    "claim",
    ["It is by Yuxi Mi.", "Mi et al. split it.", "Mi Yuxi split it.", "Yuxi Mi and Bo Zhang split it.", "Main Results: it splits.",
     "Gaussian Noise is added by Fourier filters.", "Channel Splitting for Face Recognition splits it.",
     "It uses a Transformer.", "Results show that it splits."],
)  # fmt: skip
def test_a_person_a_title_or_a_term_of_the_paper_is_not(claim: str) -> None:
    assert found(claim) == ()


def test_nouns_of_other_languages_are_no_titles() -> None:
    assert found("Es zerlegt Bilder in Kanäle der Farben", english=False) == ()
    assert found("Das stammt von Zebulon Quark", english=False) == ("Zebulon Quark",)


def test_a_title_is_told_from_a_phrase() -> None:
    assert is_titled("Attention Is All You Need") and not is_titled("the best method of all")
