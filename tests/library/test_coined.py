"""Papers called by name in a question, and questions that name two of them."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from rag.app.assistant import Assistant
from rag.library.coined import find_owners, find_paper_named_by, find_papers_named_in, is_unheard
from rag.library.naming import NAMED, get_short_name
from rag.library.view import LibraryView
from tests.shelf import Shelf, paper

SHELF = Shelf(
    [
        paper("p1", "RainSign: Filtering Rain", "We propose RainSign. It runs on CityRoads-5."),
        paper("p2", "Night Lamps at Sea", "We present Night Sign Learning (NISL), tested on GNNs."),
        paper("p3", "RainSign V2: More Rain", "This is a second filter for rain."),
        paper("p4", "Views of Graphs", "We propose a view based on graph neural networks (GNN)."),
        paper("p6", "Glowfish: Light in Water", "A fish."),
        paper("p7", "Filter: Nothing Else", "Water and a filter."),
        paper(
            "p5",
            "LAMP: Light",
            "We compare lamps with RainSign. LAMP-S-V2 is small, LAMPv3 is not.",
        ),
        paper(
            "p8",
            "Steady Seas",
            "We propose to learn the Natural Sea representation (NASE) of waves.",
        ),
    ]
)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("How do NISL and LAMP glow?", ("p2", "p5")),
        ("How does RainSign V2 improve on RainSign?", ("p3", "p1")),
        ("night lamps at sea, and NISL", ("p2",)),
        ("Do GNN and CityRoads-5 matter?", ()),  # used by papers, named by none
        ("Which lamp is best?", ()),
        ("Is LAMP-S-V2 smaller than NISL?", ("p5", "p2")),  # a size of LAMP
        ("LAMP-S or LAMPv3?", ("p5",)),
        ("NISL-2 and LAMPS", ()),
        ("Which is better, Glowfish or Filter?", ("p6",)),
    ],
)
def test_papers_are_called_by_title_short_title_or_a_word_that_they_introduce(
    text: str, named: tuple[str, ...]
) -> None:
    assert find_papers_named_in(text, SHELF) == named


@pytest.mark.parametrize(
    ("side", "named"),
    [("the NISL method", "p2"), ("NASE", "p8"), ("lamp", "p5"), ("RainSign", "p1"), ("RainSign on speed", None), ("GNN", None)],
)  # fmt: skip
def test_a_side_of_a_comparison_names_a_paper_where_it_is_a_name_and_nothing_besides(
    side: str, named: str | None
) -> None:
    assert find_paper_named_by(side, SHELF) == named


def test_a_coined_word_that_stands_nowhere_is_unheard_of() -> None:
    sides = ("FooNet", "the FooNet model", "CityRoads-5", "lamp")
    assert [is_unheard(side, SHELF) for side in sides] == [True, True, False, False]


# --- over the seeds ---------------------------------------------------------------------------


def coined(now: LibraryView) -> dict[str, str]:
    """One name by paper, of all papers that introduce one."""
    names: dict[str, str] = {}
    for one in now.find_papers():
        for word in NAMED.findall(f"{get_short_name(one)} . {one.text}"):
            if find_owners(word, now) == (one.paper_id,):
                names.setdefault(one.paper_id, word)
    return names


def test_of_two_papers_named_exactly_these_two_are_cited(assistant: Assistant) -> None:
    names = list(coined(assistant.library.view).items())
    assert len(names) > 90
    random.Random(7).shuffle(names)
    forms = ("Compare {} and {}", "How does {} differ from {}?", "What do {} and {} propose?")
    for at, ((one, first), (other, second)) in enumerate(list(pairwise(names))[:30]):
        answer = assistant.ask(forms[at % len(forms)].format(first, second))
        assert answer.status == "answered", answer.question
        assert {c.paper_id for c in answer.citations} == {one, other}, answer.question


def test_what_is_asked_of_two_named_papers_is_judged_over_both(assistant: Assistant) -> None:
    answer = assistant.ask("How do DuetFace and PartialFace protect face images?")
    assert answer.status == "answered" and answer.text.startswith("2 papers ")
    lacking = assistant.ask("How do DuetFace and PartialFace fold origami zebras?")
    assert lacking.status == "abstained"
    assert "“origami” and “zebras”" in lacking.text and "Face”" not in lacking.text


def test_names_of_titles_are_known_in_small_letters_on_both_sides(assistant: Assistant) -> None:
    now = assistant.library.view
    answer = assistant.ask("compare m3d and dance")
    assert {c.paper_id for c in answer.citations} == {*find_papers_named_in("M3D, DANCE", now)}
    assert assistant.ask("compare salsa and dance").status == "abstained"


def test_a_side_that_is_not_here_is_said_and_the_other_is_the_nearest(
    assistant: Assistant,
) -> None:
    now = assistant.library.view
    answer = assistant.ask("Compare Foo-BarNet with DuetFace")
    assert answer.status == "abstained" and "mentions “Foo-BarNet”." in answer.text
    assert answer.papers[0].paper_id in find_papers_named_in("DuetFace", now)
    assert assistant.ask("Compare QuuxNet and FooBarNet").status == "abstained"


def test_an_abstention_never_misses_a_word_that_a_paper_it_names_has(
    assistant: Assistant,
) -> None:
    for question in (
        "How much GPU memory does training DuetFace take?",
        "Why does MADE rely on gait recognition?",
    ):
        answer = assistant.ask(question)
        first = answer.text.splitlines()[0]
        assert answer.status == "abstained"
        assert not any(f"“{w}”" in first for w in ("DuetFace", "MADE"))
