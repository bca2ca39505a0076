"""The decision to answer: what it is made from, worked out by hand, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest

from rag.answers.extractive import choose_cited_papers
from rag.answers.sufficiency import (
    BACKGROUND_SCORE,
    LONG_DESCRIPTION_WORDS,
    MOST_LOST,
    MOST_WON,
    compute_signals,
    compute_sufficiency,
    find_missing_words,
    has_no_word_of,
    load_calibration,
)
from rag.app.assistant import Assistant
from rag.text import iter_words
from rag.types import Paper, PaperHit, Query, Retrieval, WordMatch
from tests.shelf import paper

NOTHING: Mapping[str, float] = {}
SIGNALS = {"late": 0.8, "local": 0.7, "dense": 0.6, "lexical": 0.5}
QUESTION = "How does DuetFace split frequency channels?"
HELD = paper("p1", "DuetFace", "It can split the channels of frequency.")


def met(
    question: str, found: set[str], cosine: float = 0.0, expected: Mapping[str, float] = NOTHING
) -> list[WordMatch]:
    """Every word of content has the same idf; those in ``found`` are in the paper."""
    stop = {"how", "does", "the", "is", "what", "a", "of"}
    return [
        WordMatch(
            word, span, 0.0 if word.lower() in stop else 6.0, word in found, cosine,
            expected.get(word, 1.0),
        )
        for word, span in iter_words(question)
    ]  # fmt: skip


def hit(
    question: str,
    found: set[str],
    *,
    score: float = 0.7,
    held: Paper = HELD,
    cosine: float = 0.0,
    expected: Mapping[str, float] = NOTHING,
) -> PaperHit:
    words = tuple(met(question, found, cosine, expected))
    return PaperHit(held, score, 1, (), SIGNALS, words)


def measured(question: str, *hits: PaperHit, others: tuple[PaperHit, ...] = ()) -> dict[str, float]:
    return compute_signals(Retrieval(question, (*hits, *others)), hits)


ALL = {"DuetFace", "split", "frequency", "channels"}


def test_the_lead_is_over_what_any_paper_of_the_field_scores() -> None:
    best = hit(QUESTION, ALL, score=0.7)
    others = tuple(hit(QUESTION, set(), score=0.4, held=paper(f"p{n}")) for n in range(2, 21))
    values = measured(QUESTION, best, others=others)
    assert (values["score"], values["dense"]) == (0.7, SIGNALS["dense"])
    assert values["ahead"] == pytest.approx(0.7 - 0.4)
    alone = measured(QUESTION, best)
    assert alone["ahead"] == pytest.approx(0.7 - BACKGROUND_SCORE)
    fifteen = measured(QUESTION, best, others=others[:14])  # ranks 11 to 15 are there
    assert fifteen["ahead"] == pytest.approx(0.7 - (0.4 + BACKGROUND_SCORE) / 2)


def test_where_all_words_are_met_nothing_is_missing() -> None:
    values = measured(QUESTION, hit(QUESTION, ALL))
    assert values["met"] == 1
    for name in values:
        assert ("missing" not in name and "lost" not in name) or values[name] == 0, name


def test_a_missing_word_counts_by_how_surely_it_is_expected_and_how_far_its_nearest_token_is() -> (
    None
):
    expected = {"channels": 0.8}
    values = measured(QUESTION, hit(QUESTION, ALL - {"channels"}, cosine=0.25, expected=expected))
    assert values["met"] == pytest.approx((3 + 0.8 * 0.25) / 3.8)
    gap = 0.8 * 0.75
    assert values["short_single_missing"] == pytest.approx(gap / 2)  # of four words of content
    assert values["single_lost"] == pytest.approx(-math.log(1 - gap) / MOST_LOST)
    assert values["missing_names"] == 0


def test_the_words_that_are_there_tell_by_how_surely_they_were_expected() -> None:
    expected = dict.fromkeys(ALL, 0.5)
    values = measured(QUESTION, hit(QUESTION, ALL, expected=expected))
    assert values["won"] == pytest.approx(4 * math.log(2) / MOST_WON)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("how does DuetFace work", 0.5),
        ("how do DuetFace and ID3 work", 1.0),
        ("how does Peter work", 0.5),
        ("Palms at night", 0.0),
        ("it ends. Palms at night", 0.0),
        ("how many in 2023", 0.0),
    ],
)
def test_what_is_written_like_a_name_counts_as_one(question: str, names: float) -> None:
    assert measured(question, hit(question, set()))["missing_names"] == names


def test_words_that_any_cited_paper_has_are_met_but_single_looks_at_one() -> None:
    question = "compare DuetFace with ID3"
    one = hit(question, {"compare", "DuetFace", "with"})
    other = hit(question, {"compare", "ID3", "with"}, held=paper("p2"))
    values = measured(question, one, other)
    assert values["met"] == pytest.approx(3 / 4)
    assert values["short_single_missing"] == pytest.approx(1 / 2)


def test_pairs_that_stand_together_in_the_paper_are_met_with_one_word_between_them_or_none() -> (
    None
):
    held = paper("p1", "Gait", "Frequency channels of the splitter. Split it by channels.")
    for question, share in [
        ("frequency channels", 1.0),
        ("channel frequency", 0.0),
        ("splitter-frequency", 0.0),
        ("splitting channels", 0.5),
        ("frequency channels kites", 0.5),
        ("channels: frequency", 0.5),
        ("channels", 0.5),
    ]:
        values = measured(question, hit(question, set(), held=held))
        n_words = len(list(iter_words(question))) - question.count(" of ")
        assert values["short_pairs"] == pytest.approx(share * n_words**-0.5), question


def test_a_long_description_counts_as_one_and_no_more_than_one() -> None:
    question = " ".join(f"w{n}" for n in range(LONG_DESCRIPTION_WORDS // 2))
    assert measured(question, hit(question, set()))["long"] == 0.5
    assert measured(3 * f"{question} ", hit(3 * f"{question} ", set()))["long"] == 1.0


def test_every_feature_has_its_weight_and_the_words_that_are_missing_are_named() -> None:
    values = measured(QUESTION, hit(QUESTION, ALL))
    assert set(values) == set(load_calibration().weights)
    found = hit(QUESTION, ALL - {"channels"})
    verdict = compute_sufficiency(Retrieval(QUESTION, (found,)), [found])
    assert verdict.missing == ("channels",)
    assert 0 < verdict.probability < 1
    assert verdict.sufficient == (verdict.probability >= load_calibration().threshold)


def test_of_a_word_that_a_paper_says_in_another_it_is_not_told_that_none_mentions_it() -> None:
    near = hit("the races of patients", {"patients"}, cosine=0.7)
    assert find_missing_words(Retrieval("the races of patients", (near,)), [near]) == ()
    name = hit("the CIFAR of patients", {"patients"}, cosine=0.7)
    assert find_missing_words(Retrieval("the CIFAR of patients", (name,)), [name]) == ("CIFAR",)


def test_nor_of_one_that_hardly_any_answer_has() -> None:
    question = "does compression matter"
    best = hit(question, {"compression"}, expected={"matter": 0.04})
    assert find_missing_words(Retrieval(question, (best,)), [best]) == ()


def test_a_word_of_asking_is_no_reason_to_decline() -> None:
    question = "which abbreviation names the channels"
    lacking = hit(question, {"channels", "which", "names"})
    assert measured(question, lacking)["single_lost"] == 0


def test_a_word_that_no_answer_is_expected_to_have_is_not_missed() -> None:
    question = "does sign recognition aid my deaf patients"
    best = hit(question, {"sign", "recognition"}, expected={"aid": 0.4, "my": 0.0, "deaf": 0.2})
    assert find_missing_words(Retrieval(question, (best,)), [best]) == ("patients",)


def test_no_paper_is_never_enough() -> None:
    verdict = compute_sufficiency(Retrieval("q", ()), [])
    assert (verdict.sufficient, verdict.probability, verdict.missing) == (False, 0.0, ())


def test_a_better_met_question_is_more_probable() -> None:
    good = hit(QUESTION, ALL)
    poor = PaperHit(
        paper("p9"), 0.2, 1, (), dict.fromkeys(SIGNALS, 0.1), tuple(met(QUESTION, set()))
    )
    assert compute_sufficiency(Retrieval("q", (good,)), [good]).probability > 0.5
    assert compute_sufficiency(Retrieval(QUESTION, (poor,)), [poor]).probability < 0.05


def test_papers_without_a_word_of_what_is_asked_are_silent() -> None:
    question, expected = "what attack does it defend", {"defend": 0.3, "it": 0.0}
    assert has_no_word_of([hit(question, set(), expected=expected)])
    assert not has_no_word_of([hit(question, {"attack"}, expected=expected)])
    assert not has_no_word_of([hit("how does it work", set(), expected={"it": 0, "work": 0.1})])


# --- on the seeds -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question",
    [
        "What is DuetFace?",
        "how does knowledge swapping order its two steps?",
        "How is a generated image told by its reconstruction error?",
        "What is bridge distillation?",
        "what is ID^3",
    ],
)
def test_what_the_papers_hold_is_enough(assistant: Assistant, question: str) -> None:
    found = assistant.retrieve(question)
    assert compute_sufficiency(
        found, choose_cited_papers(Query("passages", text=question), found)
    ).sufficient


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("How are zeppelins steered in a thunderstorm?", "zeppelins"),
        ("what is the boiling point of mercury?", "mercury"),
        ("Which paper proposes SchnitzelNet?", "SchnitzelNet"),
        ("Wie wird das Wetter morgen?", "Wetter"),
        ("мосты через реку", "реку"),
    ],
)
def test_what_they_do_not_hold_is_not_and_the_missing_word_is_named(
    assistant: Assistant, question: str, missing: str
) -> None:
    found = assistant.retrieve(question)
    verdict = compute_sufficiency(
        found, choose_cited_papers(Query("passages", text=question), found)
    )
    assert not verdict.sufficient
    assert missing in verdict.missing


def test_papers_that_were_not_read_word_by_word_still_have_features() -> None:
    unread = PaperHit(HELD, 0.7, 9, (), SIGNALS)
    values = measured(QUESTION, unread)
    assert (values["short_single_missing"], values["single_lost"]) == (0.0, 0.0)


def test_a_paper_that_the_question_names_is_enough_unless_a_word_is_missing() -> None:
    weak = {"late": 0.1, "local": 0.1, "dense": 0.0, "lexical": 0.0}
    named = PaperHit(HELD, 0.1, 1, (), weak, tuple(met(QUESTION, ALL)))
    lacking = PaperHit(HELD, 0.1, 1, (), weak, tuple(met(QUESTION, ALL - {"channels"})))
    assert compute_sufficiency(Retrieval(QUESTION, (named,)), (named,)).sufficient
    assert not compute_sufficiency(Retrieval(QUESTION, (lacking,)), (lacking,)).sufficient


@pytest.mark.parametrize(
    ("text", "share"),
    [("how do masts and sails and keels and rudders and anchors hold together?", 0.0), ("masts", 0.0),
     (" ".join(f"mast{n}" for n in range(11)), 0.5), (" ".join(f"mast{n}" for n in range(30)), 1.0)],
)  # fmt: skip
def test_a_long_text_that_asks_nothing_is_a_description(text: str, share: float) -> None:
    assert measured(text, hit(text, set()))["describes"] == share


@pytest.mark.parametrize(
    ("question", "asked", "told"),
    [
        ("Can deepfake detectors be fooled? I write for a newspaper.", "deepfake", "newspaper"),
        ("For my grandmother: can a deepfake detector be tricked?", "deepfake", "grandmother"),
        ("hi! quick one before my meeting: does SlerpFace blur faces?", "SlerpFace", "meeting"),
        ("What problem does SlerpFace solve?", "SlerpFace", "solve"),
    ],
)
def test_what_is_told_or_only_asks_is_not_expected_of_an_answer(
    assistant: Assistant, question: str, asked: str, told: str
) -> None:
    expected = {m.word: m.expected for m in assistant.retrieve(question).papers[0].words}
    assert expected[asked] > 0.6
    assert expected[told] < 0.35
