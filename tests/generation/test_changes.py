"""Changes from one figure to another, and one subject for two papers: what the free checks find."""

from __future__ import annotations

import pytest

from rag.generation.ground import Ground
from rag.generation.support import compare_claim
from rag.types import Paper, Place


def build_paper(paper_id: str, text: str) -> Paper:
    return Paper(
        paper_id=paper_id,
        title=None,
        label="A study",
        text=text,
        authorships=(),
        authors_complete=False,
        places=(Place("a.txt", 1),),
    )


TIDES = build_paper(
    "p1",
    "KelpNet lowers the error on both the COVE (from 14.81 to 8.57) and BAY (from 21.42 to 12.39) sets. "
    "It reaches 70% of the yield, compared with 50% before.",
)
CLOCKS = build_paper("p2", "TickNet runs at 404 frames per second on a processor.")


@pytest.mark.parametrize(
    ("claim", "doubt"),
    [
        ("On COVE the error falls from 14.81 to 8.57.", ""),
        ("On BAY the error falls from 21.42 to 8.57.", "figure"),
        ("On COVE the error rises from 8.57 to 14.81.", "figure"),
        ("The yield rises from 50% to 70%.", ""),
        ("On COVE the error falls by 6.24, from 14.81 to 8.57.", ""),
        ("On COVE the error falls by 6.42, from 14.81 to 8.57.", "figure"),
        ("Auf COVE sinkt der Fehler von 14,81 auf 8,57.", ""),
        ("Auf BAY sinkt der Fehler von 21,42 auf 8,57.", "figure"),
    ],
)
def test_a_change_is_compared_as_a_pair(claim: str, doubt: str) -> None:
    assert compare_claim(claim, Ground([TIDES])).doubt == doubt


@pytest.mark.parametrize(
    ("claim", "doubt"),
    [
        (
            "The method lowers the error on COVE to 8.57 and runs at 404 frames per second.",
            "mixture",
        ),
        ("KelpNet lowers the error to 8.57, and TickNet runs at 404 frames per second.", ""),
    ],
)
def test_one_subject_is_not_given_the_figures_of_two_papers(claim: str, doubt: str) -> None:
    assert compare_claim(claim, Ground([TIDES, CLOCKS])).doubt == doubt
