"""Times in a question become conditions; a bare year may be a part of a name and is marked as such."""

from __future__ import annotations

import pytest

from rag.text.times import find_times
from rag.types.query_text import print_conditions

NEWEST = (2025, 5, 20)


@pytest.mark.parametrize(
    ("question", "printed"),
    [
        ("papers from 2022", "year = 2022"),
        ("papers before 2020", "year = ..2019"),
        ("2021-2023 papers", "year = 2021..2023"),
        ("between 2019 and 2021", "year = 2019..2021"),
        ("anything in March", "month = 3"),
        ("dated Jan 13", "month = 1 and day = 13"),
        ("since spring 2022", "date = 2022-03-01.."),
        ("the last two years", "year = 2024..2025"),
        ("not from 2022 or 2023", "year not in (2022, 2023)"),
        ("without the ones from 2022", "year != 2022"),
        ("drop everything before 2023", "year != ..2022"),
        ("papers from 2022, 2023 and 2024", "year in (2022, 2023, 2024)"),
        ("from March to May 2023", "date = 2023-03-01..2023-05-31"),
        ("posted between May and July 2023", "date = 2023-05-01..2023-07-31"),
        ("the first half of 2023", "date = 2023-01-01..2023-06-30"),
        ("after June 2023", "date = 2023-07-01.."),
        ("2020 or later", "year = 2020.."),
        ("published by 2021", "year = ..2021"),
        ("older than 3 years", "year = ..2022"),
        ("in the nineties", "year = 1990..1999"),
        ("papers of 12 March 2022", "date = 2022-03-12"),
        ("papers from 2024-05", "date = 2024-05-01..2024-05-31"),
        ("since last year", "year = 2024.."),
        ("H2 2023", "date = 2023-07-01..2023-12-31"),
        ("posted recently", "year = 2024..2025"),
    ],
)
def test_a_phrase_of_time_is_a_condition(question: str, printed: str) -> None:
    (phrase,) = find_times(question, NEWEST)
    assert print_conditions(phrase.conditions) == printed
    assert phrase.is_certain


@pytest.mark.parametrize("question", ["the WWW 2025 contest", "MNIST 2012 results"])
def test_a_bare_year_is_not_certain(question: str) -> None:
    (phrase,) = find_times(question, NEWEST)
    assert not phrase.is_certain


@pytest.mark.parametrize(
    "question", ["how may I help", "the COVID-19 set", "1,024 images", "precision of 20.19"]
)
def test_what_is_no_time_gives_none(question: str) -> None:
    assert find_times(question, NEWEST) == []


def test_relative_phrases_name_the_day_that_they_count_from() -> None:
    (phrase,) = find_times("papers of the last two years", NEWEST)
    assert phrase.describe(NEWEST) == (
        "'the last two years' is counted back from the newest dated paper here, of 20 May 2025"
    )
    assert find_times("papers of the last two years", None) == []
