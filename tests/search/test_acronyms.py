"""Phrases of a question and the acronyms that stand for them in a paper."""

from __future__ import annotations

import pytest

from rag.search.acronyms import (
    extract_acronyms,
    find_expansions,
    has_long_form,
    is_measure,
    is_part,
)
from rag.search.word_matches import extract_paper_terms
from tests.shelf import paper


@pytest.mark.parametrize(
    ("question", "phrase", "acronym"),
    [
        ("what frames per second?", "frames per second", "FPS"),
        ("its mean average precision", "mean average precision", "MAP"),
        ("a vision-language model", "vision-language model", "VLM"),
        ("the region of interest", "region of interest", "ROI"),
    ],
)
def test_a_phrase_has_the_acronym_of_its_initials(question: str, phrase: str, acronym: str) -> None:
    at = question.index(phrase)
    assert (acronym, (at, at + len(phrase))) in find_expansions(question)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "face recognition",
        "reach on ImageNet",
        "keep the rest",
        "frames, points, stars",
        "of per of",
    ],
)
def test_names_stop_words_and_what_punctuation_parts_make_no_acronym(question: str) -> None:
    assert find_expansions(question) == []


def test_acronyms_of_a_paper_are_read_in_capitals_and_without_a_plural_s() -> None:
    found = paper("p1", "On VLMs", "It gets 70 mAP at 40 FPS; DuetFace and ResNet50 do not.")
    assert extract_acronyms(found) == {"VLM", "MAP", "FPS"}


def test_a_name_in_capitals_or_small_letters_is_known_by_its_end() -> None:
    found = paper("p1", "T", "Tested on MSCOCO and with a CNN.")
    assert is_part("COCO", found) and is_part("coco", found)
    assert not any(is_part(name, found) for name in ("Coco", "MSCO", "NN", "oco", "COCOS"))


@pytest.mark.parametrize(
    ("word", "printed", "found"),
    [
        ("RNNs", "an RNN reads", True),
        ("CNN", "two CNNs read", True),
        ("market1501", "on Market-1501 it", True),
        ("params", "with 0.2M parameters", True),
        ("intro", "introduces a task", True),
        ("noisily", "under noisy labels", True),
        ("crowdsourced", "by crowd-sourcing", True),
        ("crowdsourced", "a crowd of lamps", False),
        ("RNNs", "a transformer reads", False),
        ("market1501", "a market of 2020", False),
        ("card", "a cardinal point", False),
    ],
)
def test_a_word_is_met_by_its_long_form(word: str, printed: str, found: bool) -> None:
    terms = extract_paper_terms(paper("p1", "T", printed))
    assert has_long_form(word, terms) is found


@pytest.mark.parametrize(
    ("word", "text", "is_there"),
    [
        ("r1", "96.2%@Rank-1 on the set", True),
        ("R1", "a Recall@1 of 70", True),
        ("f1", "an F-score", False),
        ("r1", "Rank-10 and Rank-1.5", False),
        ("market", "Market-1501", False),
        ("accuracy", "obtains 73.5% mAP on the set", True),
        ("accuracy", "an AUC of 0.97", True),
        ("accuracy", "a map of 12 streets, and rank-1 matrices", False),
    ],
)
def test_a_measure_is_met_by_another_name_of_it(word: str, text: str, is_there: bool) -> None:
    assert is_measure(word, paper("p1", "A", text)) is is_there
