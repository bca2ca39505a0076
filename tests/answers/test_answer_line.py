"""The line that answers: begun where it answers, its figure in bold, always the paper's own words."""

from __future__ import annotations

import pytest

from rag.answers.answer_line import build_line, extend_list, find_figure, trim_opening
from rag.answers.citations import Citations
from rag.text import split_sentences
from tests.shelf import paper

SPEED = "It costs 0.68 MB of memory, runs 10,106 FPS on GPU and 404 FPS on CPU, 206 times faster."


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("To address this issue, we design a light network.", "we design a light network."),
        ("However, to solve these problems, we plant far more trees.", "we plant far more trees."),
        ("Moreover, in this way, boats cross in any weather.", "boats cross in any weather."),
        ("To cross the strait, boats wait for the high tide.", None),
        ("With 0.2M weights, this network is a small one.", None),
        ("However, it rains.", None),
    ],
)
def test_a_quote_begins_after_what_points_at_another_sentence(
    sentence: str, quote: str | None
) -> None:
    start, end = trim_opening(f"Rain falls. {sentence}", (12, 12 + len(sentence)))
    assert f"Rain falls. {sentence}"[start:end] == (quote or sentence)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("Three limits: (i) Rain is rare. (ii) Leaves. They fall too late in the year. We wait.",
         "Three limits: (i) Rain is rare. (ii) Leaves. They fall too late in the year."),
        ("We plant trees: 1) oaks grow. 2) The elms are old and tall. Both are green.",
         "We plant trees: 1) oaks grow. 2) The elms are old and tall."),
        ("It rains (i) often. It snows.", "It rains (i) often."),
        ("It rains. (ii) It snows.", "It rains."),
    ],
)  # fmt: skip
def test_a_list_that_a_quote_begins_is_quoted_to_its_end(text: str, quoted: str) -> None:
    first = split_sentences(text)[0]
    assert text[slice(*extend_list(text, first))] == quoted


@pytest.mark.parametrize(
    ("question", "figure"),
    [
        ("fps on cpu?", "404 FPS"),
        ("how many fps on gpu", "10,106 FPS"),
        ("how much memory does it need", "0.68 MB"),
        ("which network is it", None),
        ("what accuracy does it reach", None),
    ],
)
def test_the_figure_that_is_asked_for_is_found_by_the_words_around_it(
    question: str, figure: str | None
) -> None:
    span = find_figure(question, SPEED)
    assert (SPEED[slice(*span)] if span else None) == figure


def test_a_figure_that_the_question_gives_is_not_the_one_that_it_asks_for() -> None:
    quote = "Under 2% area attacks it reaches 41.7% certified accuracy on leaves."
    span = find_figure("what certified accuracy is reached with 2% area?", quote)
    assert span is not None and quote[slice(*span)] == "41.7%"


@pytest.mark.parametrize("text", ["There are 2) ways", "C^2RL gains", "(7) jersey numbers"])
def test_numbers_of_lists_and_names_are_no_figures(text: str) -> None:
    assert find_figure("how many ways gains jersey numbers", text) is None


def test_a_pronoun_has_its_name_before_the_quote() -> None:
    marks = Citations()
    held = paper("p1", "UVA-Net: Video Attention", SPEED)
    line = build_line("how much memory?", held, (0, len(SPEED)), marks)
    assert line.text == f"UVA-Net: “{SPEED.replace('0.68 MB', '**0.68 MB**')}” [1]"
    assert marks.list_citations()[0].quote == SPEED
    untitled = paper("p2", None, SPEED)
    assert build_line("?", untitled, (0, len(SPEED)), Citations()).text.startswith("“It costs")


def test_a_figure_within_a_name_is_no_value() -> None:
    quote = "WebSail-3M holds over 3.3 million frames at TAR@1e-6."
    span = find_figure("how big is it?", quote)
    assert span and quote[slice(*span)] == "3.3 million"


def test_a_figure_within_a_compound_names_a_thing_and_is_no_value() -> None:
    told = (
        "They had an improved 6-minute walking distance; the mean difference by training was 111 m."
    )
    span = find_figure("by how much did training improve walking distance?", told)
    assert span is not None and told[slice(*span)].split()[0] == "111"
    fold = "The net is 3-fold faster in speed."
    span = find_figure("what speed gain?", fold)
    assert span is not None and fold[slice(*span)].startswith("3")
