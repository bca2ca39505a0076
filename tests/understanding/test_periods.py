"""Phrases of time: which days they mean."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.library.selection import select
from rag.types import Condition
from rag.types.fields import Range
from rag.understanding.periods import Day, find
from tests.shelves import DATED

NEWEST = (2024, 5, 20)


def days(text: str) -> list[tuple[Day | None, Day | None]]:
    return [(t.period.low, t.period.high) for _, t in find(text, NEWEST)]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("papers from the first half of 2023", (2023, 1, 1), (2023, 6, 30)),
        ("the first three months of 2024", (2024, 1, 1), (2024, 3, 31)),
        ("last 2 months of 2023", (2023, 11, 1), (2023, 12, 31)),
        ("H2 2023", (2023, 7, 1), (2023, 12, 31)),
        ("in Q1 2024", (2024, 1, 1), (2024, 3, 31)),
        ("during the last quarter of 2022", (2022, 10, 1), (2022, 12, 31)),
        ("since spring 2022", (2022, 3, 1), None),
        ("winter 2022", (2022, 12, 1), (2023, 2, 28)),
        ("in the 2020s", (2020, 1, 1), (2029, 12, 31)),
        ("from the nineties", (1990, 1, 1), (1999, 12, 31)),
        ("between March and June 2023", (2023, 3, 1), (2023, 6, 30)),
        ("from March 2022 to early 2023", (2022, 3, 1), (2023, 4, 30)),
        ("2019 to May 2021", (2019, 1, 1), (2021, 5, 31)),
        ("January or February 2024", (2024, 1, 1), (2024, 2, 29)),
        ("before May 2022", None, (2022, 4, 30)),
        ("until September 2023", None, (2023, 9, 30)),
        ("after 15 March 2024", (2024, 3, 16), None),
        ("late 2022 papers", (2022, 9, 1), (2022, 12, 31)),
        ("mid-2021", (2021, 5, 1), (2021, 8, 31)),
        ("2023-05", (2023, 5, 1), (2023, 5, 31)),
        ("05/2023", (2023, 5, 1), (2023, 5, 31)),
        ("May 2022 or later", (2022, 5, 1), None),
        ("last year", (2023, 1, 1), (2023, 12, 31)),
        ("the last two years", (2023, 1, 1), (2024, 12, 31)),
        ("in the past year", (2023, 6, 1), (2024, 5, 31)),
        ("the past six months", (2023, 12, 1), (2024, 5, 31)),
        ("this year", (2024, 1, 1), (2024, 12, 31)),
        ("two years ago", (2022, 1, 1), (2022, 12, 31)),
        ("last month", (2024, 4, 1), (2024, 4, 30)),
        ("last summer", (2023, 6, 1), (2023, 8, 31)),
        ("the last ten days", (2024, 5, 11), (2024, 5, 20)),
        ("older than three years", None, (2021, 12, 31)),
        ("older than 300 decades", None, (1, 1, 1)),
        ("after 300 decades ago", (2, 1, 1), None),
        ("the past twelve months", (2023, 6, 1), (2024, 5, 31)),
        ("recent papers about drones", (2023, 1, 1), (2024, 12, 31)),
        ("what was posted recently?", (2023, 1, 1), (2024, 12, 31)),
    ],
)
def test_a_phrase_means_these_days(text: str, low: Day | None, high: Day | None) -> None:
    assert days(text) == [(low, high)]


@pytest.mark.parametrize(
    "text",
    [
        "papers from 2023",
        "2021 to 2023",
        "in May",
        "what does recent work say about drones?",
        "the first paper of 2023",
        "31 February 2023 is no day",
        "a model may learn in 3 quarters",
        "papers from the last 0 weeks",
    ],
)
def test_what_is_no_phrase_of_days_is_left_to_others(text: str) -> None:
    assert all("February" in text and low == (2023, 2, 1) for low, _ in days(text))


def test_a_negation_shuts_the_days_out() -> None:
    ((_, timed),) = find("papers not from the first half of 2023", NEWEST)
    assert timed.negative


def test_without_a_dated_paper_nothing_counts_back() -> None:
    assert find("papers from last year", None) == []
    assert len(find("papers from May 2023", None)) == 1


_WORDS = (
    "the last first past this few 0 2 300 999 half quarter Q1 H2 spring winter early mid late year years"
    " months weeks decades ago of in 2023 2020s 1999 May March 31 05/2023 2024-02-30 nineties"
    " before after since until between and to or from not older newer than onwards recent papers"
).split()


@given(st.lists(st.sampled_from(_WORDS), max_size=9).map(" ".join))
def test_any_text_is_read_without_a_fault_and_days_are_in_order(text: str) -> None:
    for _, timed in find(text, NEWEST):
        low, high = timed.period.low, timed.period.high
        assert low is None or high is None or low <= high


# --- over a library -------------------------------------------------------------------------


_DAY = st.dates(datetime.date(2022, 1, 1), datetime.date(2024, 12, 31))


@given(_DAY, _DAY)
def test_a_condition_on_days_equals_a_scan_of_all_days(
    one: datetime.date, two: datetime.date
) -> None:
    low, high = sorted([(d.year, d.month, d.day) for d in (one, two)])
    asked = Condition("date", "is", Range(min(one, two), max(one, two)))
    actual = {p.paper_id for p in select(DATED, [asked])}
    possible = {
        "p1": [(2023, 2, 28)],
        "p2": [(2023, 7, 1)],
        "p3": [(2023, m, d) for m in range(1, 13) for d in (1, 15, 31)],
        "p5": [(2024, 5, 20)],
    }
    assert actual == {i for i, held in possible.items() if all(low <= d <= high for d in held)}
