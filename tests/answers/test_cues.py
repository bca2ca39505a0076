"""Kinds of answer: what a question asks for and which sentences hold it."""

from __future__ import annotations

import pytest

from rag.answers.cues import COUNT_GAIN, LIST_GAIN, NAME_GAIN, AnswerCues


def best(question: str, *sentences: str) -> str:
    """The sentence that gains most; it must gain more than every other."""
    wanted = AnswerCues.read_question(question)
    first, second = sorted(sentences, key=wanted.compute_gain, reverse=True)[:2]
    assert wanted.compute_gain(first) > wanted.compute_gain(second)
    return first


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("how many nets were compared?", "It is set against 25 nets."),
        ("how many nets were compared?", "We compare seven small nets."),
        ("number of nets", "Dozens of nets are tried."),
        ("in what order is it trained?", "The recipe is Warm->Tune->Rest."),
        ("which stages does it have?", "A two-stage recipe is used."),
        ("what does SCA stand for?", "We use Similar Cover Analysis (SCA)."),
        ("which corpora were used?", "Experiments on LFW5 and CelebA show it."),
        ("what resolution does it reach?", "It paints at 256x256."),
    ],
)
def test_what_is_asked_for_is_known_by_its_form(question: str, sentence: str) -> None:
    other = "The NetX model is trained on faces in 2 ways."
    plain = "The model is trained on faces."
    assert best(question, sentence, plain) == sentence
    assert AnswerCues.read_question(question).compute_gain(sentence) >= AnswerCues.read_question(
        question
    ).compute_gain(other)


def test_a_number_counts_only_before_what_is_counted() -> None:
    wanted = AnswerCues.read_question("how many nets?")
    near, far = "It has 4 deep nets.", "At 4 the gain of all of these many nets is best."
    assert wanted.compute_gain(near) - wanted.compute_gain(far) == pytest.approx(COUNT_GAIN)


def test_a_name_that_the_question_says_itself_is_no_answer() -> None:
    wanted = AnswerCues.read_question("which module does DuetFace have?")
    assert wanted.compute_gain("DuetFace is new.") == 0
    assert wanted.compute_gain("DuetFace has the FRM.") == pytest.approx(NAME_GAIN)


def test_a_list_of_names_after_experiments_is_data() -> None:
    wanted = AnswerCues.read_question("which datasets?")
    one, two = "Experiments on LFW5 are shown.", "Experiments on LFW5 and IJB-C are shown."
    assert wanted.compute_gain(two) - wanted.compute_gain(one) == pytest.approx(LIST_GAIN)


def test_a_question_may_ask_for_no_kind() -> None:
    wanted = AnswerCues.read_question("why do faces leak?")
    assert not wanted.kinds
    assert wanted.compute_gain("In 2024 LFW5 and IJB-C had 3 faces.") == 0


def test_a_number_weighs_more_where_things_are_counted_than_where_a_figure_may_be_told() -> None:
    sentence = "It beats 25 others."
    counted, figure = (
        AnswerCues.read_question("how many nets does it beat?"),
        AnswerCues.read_question("how fast is it?"),
    )
    assert (
        counted.compute_gain(sentence) == pytest.approx(2 * figure.compute_gain(sentence))
        and figure.kinds
    )


PROBLEM = "However, such methods suffer from drift."
PROPOSAL = "To address this problem, we propose an anchor."


@pytest.mark.parametrize(
    "question", ["why do boats drift?", "limitations of sails", "what is wrong"]
)
def test_a_problem_is_told_by_its_role_and_words_not_by_what_is_proposed(question: str) -> None:
    wanted = AnswerCues.read_question(question)
    assert wanted.asks_for_problem
    assert wanted.compute_gain(PROBLEM, "problem") > wanted.compute_gain(PROBLEM, "method")
    assert wanted.compute_gain(PROBLEM) > wanted.compute_gain(PROPOSAL)


def test_the_detail_that_the_reading_names_counts_where_no_word_asks_for_it() -> None:
    assert not AnswerCues.read_question("boats?").asks_for_problem
    assert AnswerCues.read_question("boats?", "cause").asks_for_problem
    link = AnswerCues.read_question("its code?")
    assert link.asks_for_link
    assert link.compute_gain("It is on a site.", "resource") > link.compute_gain("It is on a site.")
