"""Which papers are on a topic: by how near they come, and by what they share with the nearest."""

from __future__ import annotations

import pytest

from rag.search.topic_members import LEAST_MEMBER, compute_member_signals, rate_member
from tests.shelf import paper

OAKS = paper("p1", "Oak Growth in Wet Soil", "We measure rings of oaks on clay.")
RINGS = paper("p2", "Rings of Trees", "Rings of beeches on clay are measured in wet soil.")
MOTHS = paper("p3", "Oak Moths", "Larvae eat leaves by night.")
IDF = {"oak": 1.0, "growth": 2.0}


def test_a_paper_that_shares_words_with_the_nearest_is_more_alike_than_one_with_the_topics_word() -> (
    None
):
    signals = compute_member_signals(
        [OAKS, RINGS, MOTHS],
        [0.8, 0.6, 0.6],
        [0.8, 0.6, 0.6, 0.2, 0.2, 0.1],
        IDF,
        [True, False, False],
    )
    oaks, rings, moths = signals
    assert rings["alike"] > moths["alike"]
    assert rate_member(rings) > rate_member(moths)
    assert (oaks["share"], rings["share"]) == (1.0, pytest.approx(0.75))
    assert (oaks["words"], moths["words"]) == (1.0, pytest.approx(1 / 3))


def test_a_paper_as_near_as_the_best_with_the_topic_in_its_title_is_on_it() -> None:
    far = [0.2, 0.21, 0.19, 0.2]
    best, other = compute_member_signals(
        [OAKS, RINGS], [0.8, 0.4], [0.8, 0.4, *far], IDF, [True, False]
    )
    assert (
        rate_member(best) > 0.9 > LEAST_MEMBER > rate_member(other | {"alike": 0.0, "above": 0.5})
    )


def test_without_papers_there_is_nothing_to_tell() -> None:
    assert compute_member_signals([], [], [], IDF, []) == []
