"""Computed answers speak plain English: numbers agree, and nothing unknown is counted as none."""

import pytest

from rag.answers import person_phrases, phrases
from rag.library.fields import format_conditions
from rag.text.english import choose_number, counted
from rag.types import Condition


@pytest.mark.parametrize(
    "n, noun, words",
    [
        (1, "paper", "1 paper"),
        (1_200, "entry", "1,200 entries"),
        (1, "more person", "1 more person"),
        (2, "more person", "2 more people"),
        (0, "co-author", "0 co-authors"),
    ],
)
def test_a_count_has_its_plural(n: int, noun: str, words: str) -> None:
    assert counted(n, noun) == words


def test_one_alone_takes_the_singular() -> None:
    assert [choose_number(n, "is", "are") for n in (0, 1, 2)] == ["are", "is", "are"]


@pytest.mark.parametrize(
    "n, limit, predicate",
    [
        (16, "with the Code mark", "have code"),
        (1, "with the Code mark", "has code"),
        (2, "without the Code mark", "have no code mark"),
        (2, "without a year", "are without a year"),
        (2, "by Ann Mao", "are by Ann Mao"),
        (1, "not from 2023", "is not from 2023"),
        (2, "with 'face' in the title", "have 'face' in the title"),
        (1, "not with 'face' in the title", "does not have 'face' in the title"),
        (2, "not that mention 'gait'", "do not mention 'gait'"),
        (1, "that print Ann Mao as an author", "prints Ann Mao as an author"),
        (2, "whose title begins 'On'", "are papers whose title begins 'On'"),
    ],
)
def test_a_limit_becomes_what_the_papers_do(n: int, limit: str, predicate: str) -> None:
    assert phrases.turn_to_predicate(n, limit) == predicate


def test_a_share_is_a_sentence() -> None:
    share = phrases.tell_share(16, 37, "from 2024", ["have code", "are by Ann Mao"])
    assert share == "**43%**: 16 of the 37 papers from 2024 have code and are by Ann Mao."


@pytest.mark.parametrize(
    "n, n_unknown, words",
    [
        (128, 19, "109 have no code mark; for 19 it is unknown."),
        (3, 2, "1 has no code mark; for 2 it is unknown."),
        (2, 2, "Whether they have code is unknown."),
        (1, 1, "Whether it has code is unknown."),
    ],
)
def test_an_unknown_mark_is_not_a_missing_one(n: int, n_unknown: int, words: str) -> None:
    assert phrases.tell_without_mark(n, n_unknown) == words


@pytest.mark.parametrize(
    "n, remarks, head",
    [
        (37, "", "37 papers from 2023:"),
        (120, "", "120 papers from 2023; the first 100:"),
        (37, "(2 more.)", "37 papers from 2023. (2 more.)"),
        (120, "(2 more.)", "120 papers from 2023. (2 more.) The first 100:"),
    ],
)
def test_only_a_list_that_is_cut_says_how_much_follows(n: int, remarks: str, head: str) -> None:
    assert phrases.head_list(n, "from 2023", 100, remarks) == head


def test_the_person_comes_before_the_time() -> None:
    year, person = Condition("year", "is", 2023), Condition("author", "is", "Ann Mao")
    assert format_conditions((year, person)) == "by Ann Mao from 2023"
    code = Condition("code", "is", True)
    assert format_conditions((year, code, person)) == "by Ann Mao from 2023 and with the Code mark"
    assert format_conditions((year, code)) == "from 2023 and with the Code mark"


@pytest.mark.parametrize(
    "n_papers, n_cut, n_unnamed, n_first, words",
    [
        (3, 0, 0, None, ""),
        (1, 1, 0, 1, "Who may be missing: the paper names only its first 1 author."),
        (
            4,
            1,
            2,
            3,
            "Who may be missing: 1 of the 4 papers names only the first 3 authors and 2 name no authors at all.",
        ),
        (4, 2, 0, None, "Who may be missing: 2 of the 4 papers name only the first authors."),
    ],
)
def test_who_may_be_missing(
    n_papers: int, n_cut: int, n_unnamed: int, n_first: int | None, words: str
) -> None:
    assert person_phrases.tell_missing_authors(n_papers, n_cut, n_unnamed, n_first) == words
