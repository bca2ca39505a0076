"""What a question asks for, which forms hold it, and how sentences are ranked by both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.answers.quoting import choose_sentences, is_asking_for_paper
from rag.answers.sentence_forms import Request
from rag.answers.sentence_ranker import FEATURES, compute_features, load_ranker_weights
from rag.text import split_sentences
from rag.types import PaperHit, Sentence, WordMatch
from tests.shelf import paper

TEXT = (
    "However, earlier boats suffer from drift in rough water. "
    "We propose SailNet, a novel keel that steers by the stars. "
    "Specifically, the keel is turned by comparing two star maps. "
    "It reaches 92.5% of harbours in 4 hours on the NORTH and SOUTH benchmarks. "
    "The code is available at https://github.com/sail."
)


def hit() -> PaperHit:
    spans = split_sentences(TEXT)
    roles = ("problem", "method", "method", "result", "resource")
    sentences = tuple(Sentence(s, 0.5, r) for s, r in zip(spans, roles, strict=True))  # type: ignore[arg-type]
    return PaperHit(paper("p1", "Keels", TEXT), 1.0, 1, sentences, {})


@pytest.mark.parametrize(
    ("question", "beginning"),
    [
        ("why do boats drift in rough water?", "However"),
        ("what percentage of harbours?", "It reaches"),
        ("on which benchmarks was it evaluated?", "It reaches"),
        ("where is the code?", "The code"),
        ("what is SailNet?", "We propose"),
        ("which paper is this?", "We propose"),
    ],
)
def test_of_sentences_that_match_alike_the_one_of_the_asked_form_comes_first(
    question: str, beginning: str
) -> None:
    (first,) = choose_sentences(question, hit(), 1)
    assert TEXT[slice(*first.span)].startswith(beginning)


def test_a_sentence_that_matches_what_is_asked_comes_before_one_that_matches_the_description() -> (
    None
):
    """The two are alike in all else."""
    text = "The keel of oak is long and old. The mast of pine is long and old."
    spans = split_sentences(text)
    signals = ({"asking": 0.2, "head": 0.2}, {"asking": 0.8, "head": 0.8})
    sentences = tuple(Sentence(s, 0.5, None, one) for s, one in zip(spans, signals, strict=True))
    found = PaperHit(paper("p1", "Boats", text), 1.0, 1, sentences, {})
    assert choose_sentences("on the long boat, how is it rigged?", found, 1) == [sentences[1]]
    turned = replace(
        found,
        sentences=tuple(
            replace(s, signals=one) for s, one in zip(sentences, signals[::-1], strict=True)
        ),
    )
    assert choose_sentences("on the long boat, how is it rigged?", turned, 1)[0].span == spans[0]


def test_words_of_the_papers_name_are_no_words_of_an_answer() -> None:
    match = WordMatch("keels", (0, 5), 3.0, True, 1.0)
    other = WordMatch("maps", (6, 10), 3.0, True, 1.0)
    found = replace(hit(), words=(match, other))
    request = Request.read_question("keels maps")
    table = compute_features("keels maps", found, found.sentences, request, paper=False)
    assert table.shape == (5, len(FEATURES)) and np.isfinite(table).all()
    assert table[:, FEATURES.index("words")].tolist() == [0, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("how fast is it?", "number"),
        ("how many nets?", "count"),
        ("why do faces leak?", "why"),
        ("which corpora were used?", "data"),
        ("in what order is it trained?", "order"),
        ("is it public?", "verdict"),
        ("how does it steer?", "means"),
    ],
)
def test_a_kind_is_known_by_its_words(question: str, kind: str) -> None:
    assert kind in Request.read_question(question).kinds


def test_the_detail_that_the_reading_names_counts_where_no_word_asks_for_it() -> None:
    assert "problem" not in Request.read_question("boats?").kinds
    assert "problem" in Request.read_question("boats?", "cause").kinds


def test_a_number_counts_only_before_what_is_counted() -> None:
    request = Request.read_question("how many nets?")
    near, far = "It has 4 deep nets.", "At 4 the gain of all of these many nets is best."
    assert request.find_forms(near)["counted"] and not request.find_forms(far)["counted"]


def test_a_name_that_the_question_says_itself_is_no_answer() -> None:
    request = Request.read_question("which module does DuetFace have?")
    assert not request.find_forms("DuetFace is new.")["name"]
    assert request.find_forms("DuetFace has the FRM.")["name"]


def test_a_question_asks_for_a_paper_where_it_asks_for_nothing_else() -> None:
    assert is_asking_for_paper("which paper is this?")
    assert not is_asking_for_paper("fps of UVA on cpu")


def test_every_weight_is_of_a_feature() -> None:
    weights = load_ranker_weights()
    assert weights.shape == (len(FEATURES),) and np.isfinite(weights).all() and (weights != 0).any()


def test_an_address_and_a_coined_name_are_no_words_of_an_answer() -> None:
    """ "how does FedLMD work" was answered by the link to its code."""
    match = WordMatch("SailNet", (0, 7), 3.0, True, 1.0)
    table = compute_features(
        "SailNet",
        replace(hit(), words=(match,)),
        hit().sentences,
        Request.read_question("SailNet"),
        paper=False,
    )
    assert not table[:, FEATURES.index("words")].any()
    assert table[:, FEATURES.index("coined_words")].tolist() == [0, 1, 0, 0, 0]


def test_a_number_is_measured_where_it_stands_beside_a_word_of_the_question() -> None:
    request = Request.read_question("how many harbours are reached, and in which time?")
    forms = [request.find_forms(TEXT[slice(*span)])["measured"] for span in split_sentences(TEXT)]
    assert forms == [0, 0, 0, 1, 0]


def test_the_detail_of_a_reading_counts_where_the_words_tell_no_kind() -> None:
    assert Request.read_question("which has fewer parameters", "limitation").kinds == {"number"}
    assert Request.read_question("SailNet", "limitation").kinds == {"problem"}


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How does Rigging order its two steps?", "order"),
        ("what comes after the mast is set?", "order"),
        ("why do keels fail in rough water?", "negative"),
        ("why is it not used?", "negative"),
    ],
)
def test_order_and_what_goes_wrong_are_kinds_of_their_own(question: str, kind: str) -> None:
    assert kind in Request.read_question(question).kinds
    assert kind not in Request.read_question("how is the keel turned?").kinds


def test_a_step_is_found_by_its_place() -> None:
    request = Request.read_question("what is the last step?")
    assert request.find_forms("Finally, the sails are set.")["in_place"]
    assert not request.find_forms("First, the sails are set.")["in_place"]


def test_the_sentence_behind_the_best_match_is_known_as_such() -> None:
    """ "The disease arises from ..." follows the sentence that names the disease."""
    spans = split_sentences(TEXT)
    sentences = tuple(
        Sentence(s, 0.5, None, {"focus": 0.9 if at == 1 else 0.1}) for at, s in enumerate(spans)
    )
    found = replace(hit(), sentences=sentences)
    request = Request.read_question("why?")
    table = compute_features("why?", found, sentences, request, paper=False)
    assert table[:, FEATURES.index("why:follows_best")].tolist() == [0, 0, 1, 0, 0]


FAST = (
    "Boats are now built for fast and large-scale harbours at low cost. "
    "We propose SailNet, a fast keel for large harbours. "
    "Experiments cover the NORTH and SOUTH benchmarks. "
)


@pytest.mark.parametrize(
    ("question", "figure"),
    [
        ("how fast is it", "It passes 934 boats per second."),
        ("any speed numbers?", "The keel turns 3.2x faster than the best of the others."),
        ("how big is the dataset?", "It holds 4,500 videos of harbours."),
        ("how large is it?", "The harbours hold over 3.3 million frames."),
        ("it is better than the normal way, how much?", "The error falls from 9.1 to 4.2%."),
        ("by how much does it gain", "The keel is ahead of the best rival by 5 points."),
        ("how many models did they test?", "The keel stands beside 21 deep keels."),
        ("which languages do they cover?", "The log is in English and French."),
    ],
)
def test_the_sentence_with_the_asked_figure_comes_before_one_with_the_words_of_the_question(
    question: str, figure: str
) -> None:
    """ "how fast is bridge distillation" quoted "... fast inference speed and ...", not "763 faces per second"."""
    text = FAST + figure
    spans = split_sentences(text)
    sentences = tuple(Sentence(s, 0.5, None, {}) for s in spans)
    found = PaperHit(paper("p1", "Keels", text), 1.0, 1, sentences, {})
    (first,) = choose_sentences(question, found, 1)
    assert text[slice(*first.span)] == figure


@pytest.mark.parametrize(
    ("question", "measures"),
    [
        ("how fast is it", {"speed"}),
        ("latency numbers?", {"speed"}),
        ("how big is the dataset?", {"size"}),
        ("how many models?", {"several"}),
        ("at what cost?", {"gain"}),
        ("a fast keel with large gains: what is it made of?", set()),
    ],
)
def test_what_a_figure_measures_is_told_by_the_words_that_ask(
    question: str, measures: set[str]
) -> None:
    assert Request.read_question(question).measures == measures


def test_a_figure_that_no_other_sentence_has_is_known_as_such() -> None:
    request = Request.read_question("how fast is it?")
    table = compute_features("how fast is it?", hit(), hit().sentences, request, paper=False)
    sole = FEATURES.index("sole_figure")
    assert table[:, sole].tolist() == [0, 0, 0, 1, 0]
