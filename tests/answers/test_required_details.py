"""A particular that is asked for must be printed as it is asked for."""

from __future__ import annotations

import pytest

from rag.answers.required_details import find_missing_particular
from tests.shelf import paper

TOLD = paper(
    "p1",
    "Alpha",
    "Alpha has 1.2M parameters. It learns at a rate of its own with better optimization, from "
    "annotations in many batches of any size.",
)


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("What learning rate was used to train Alpha?", "learning rate"),
        ("What optimizer was used for Alpha?", "optimizer"),
        ("How many annotators labelled it?", "annotators"),
        ("Alpha: what is the batch size?", "batch size"),
        ("How long did the training of Alpha take?", "training time"),
        ("gpu hours needed to train Alpha?", "gpu hours"),
        ("learning rate of Alpha", "learning rate"),
        ("parameters of Alpha", ""),
        ("momentum contrast, does Alpha do it", ""),
        ("How many parameters does Alpha have?", ""),
        ("Which problem does Alpha solve?", ""),
        ("How does the learning rate of clients matter?", ""),
    ],
)
def test_what_stands_in_no_paper_as_it_is_asked_for_is_untold(question: str, thing: str) -> None:
    assert find_missing_particular(question, [TOLD]) == thing


def test_it_is_told_where_one_of_the_papers_prints_it() -> None:
    other = paper("p2", "Beta", "The learning rates are chosen by hand; training took 3 days.")
    assert find_missing_particular("What learning rate was used?", [TOLD, other]) == ""
    assert find_missing_particular("How long did the training of Beta take?", [TOLD, other]) == ""


SPEED = paper(
    "p3",
    "Gamma",
    "Gamma turns images into two-step faces: 14,705, ~934 and 763 faces per second on GPU, CPU and phone, in 0.21M "
    "parameters and 0.06MB, 4.5% better than in 2018.",
)


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("how many images does Gamma need?", "number of images"),
        ("How many training samples does it use", "number of samples"),
        ("how many parameters has Gamma", ""),
        ("how many times faster is Gamma", ""),
        ("how many people use Gamma?", ""),
    ],
)
def test_rates_and_sizes_do_not_count_things(question: str, thing: str) -> None:
    assert find_missing_particular(question, [SPEED]) == thing


def test_a_figure_of_no_known_unit_may_count_what_is_asked_for_in_other_words() -> None:
    other = paper(
        "p4", "Delta", "Delta beats 25 state-of-the-arts and holds 900 real ternary image pairs."
    )
    assert find_missing_particular("How many methods does Delta beat?", [other]) == ""
    assert find_missing_particular("How many images are there?", [SPEED, other]) == ""


UNMEASURED = paper(
    "p4", "Delta", "Since 2019 Delta keeps a high accuracy on 3D faces: see https://delta.org/v2."
)


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("How much accuracy does Delta gain?", "accuracy in figures"),
        ("what is the EER of Delta?", "eer in figures"),
        ("how much better is Delta?", "how much in figures"),
        ("how does Delta keep its accuracy?", ""),
    ],
)
def test_an_amount_is_not_stated_where_no_figure_is(question: str, thing: str) -> None:
    assert find_missing_particular(question, [UNMEASURED]) == thing
    assert find_missing_particular(question, [UNMEASURED, SPEED]) == ""


def test_an_amount_may_be_said_in_words() -> None:
    halved = paper("p5", "Epsilon", "Epsilon halves the error.")
    assert find_missing_particular("how much error does Epsilon save?", [halved]) == ""


def test_a_rate_is_told_in_any_unit_per_second() -> None:
    told, untold = (
        paper("p1", "Fast", "It runs at 418 faces per second."),
        paper("p2", "Slow", "It reaches 73.5% accuracy."),
    )
    assert find_missing_particular("how many fps does it reach?", [told]) == ""
    assert find_missing_particular("how many fps does it reach?", [untold]) == "number of fps"
