"""Overviews, groups of papers, clauses of sentences, and lines of people."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answers.citations import Citations, check_citations
from rag.answers.clauses import find_clause, find_idea, find_telling_clause
from rag.answers.expert_rows import group_by_papers, render_groups
from rag.answers.grouping import group_papers
from rag.answers.overview import MAX_TOLD, count_shown, render_overview
from rag.answers.rows import Listing
from rag.text import split_sentences
from rag.types import Expert, Paper, PaperHit, Query, Sentence, SentenceRole
from rag.types.query import Topic
from tests.shelf import paper

LONG = "it keeps the shapes of leaves apart even where the light is poor and the lens is dirty"


def hit(found: Paper, roles: Mapping[int, SentenceRole] | None = None) -> PaperHit:
    scored = tuple(
        Sentence(span, 0.5 - at / 100, (roles or {}).get(at))
        for at, span in enumerate(split_sentences(found.text))
    )
    return PaperHit(found, 1.0, 1, scored, {})


@pytest.mark.parametrize(
    ("sentence", "clause"),
    [
        (f"To address this issue, we propose LeafNet, and {LONG}.", f"we propose LeafNet, and {LONG}."),
        (f"In this paper, we propose LeafNet, and {LONG}.", f"we propose LeafNet, and {LONG}."),
        (f"Specifically, LeafNet sees that {LONG}.", f"LeafNet sees that {LONG}."),
        (f"We propose LeafNet for the leaves of all trees in any light and weather, which {LONG} and {LONG}.", "We propose LeafNet for the leaves of all trees in any light and weather"),
        ("However, it is short.", "However, it is short."),
        ("LeafNet finds leaves.", "LeafNet finds leaves."),
    ],
)  # fmt: skip
def test_a_clause_has_neither_its_connective_nor_its_tail(sentence: str, clause: str) -> None:
    start, end = find_clause(sentence, (0, len(sentence)))
    assert sentence[start:end] == clause


@given(st.text(alphabet="aW ,;.which we,Thus", max_size=400))
def test_a_clause_is_a_stretch_of_its_sentence(text: str) -> None:
    start, end = find_clause(text, (0, len(text)))
    assert 0 <= start <= end <= len(text)
    assert (end > start) == bool(text)


def test_the_idea_is_what_the_paper_introduces_by_its_name() -> None:
    leaf = paper("p1", "LeafNet: Leaves", "Leaves fall. We look at leaves. We propose LeafNet, a net. LeafNet wins.")  # fmt: skip
    found = hit(leaf, {0: "background", 1: "aim", 2: "method", 3: "result"})
    idea = find_idea(found, found.sentences)
    assert idea is not None
    assert leaf.text[slice(*idea.span)] == "We propose LeafNet, a net."


@pytest.mark.parametrize(
    ("text", "roles", "idea"),
    [
        ("The Leaf Challenge was the third of its kind. There were two tasks. Kits are at a site.",
         {0: "background", 1: "method", 2: "resource"}, "The Leaf Challenge was the third of its kind."),
        ("We present the Leaf Challenge. The way we judge leaves is new.",
         {0: "background", 1: "method"}, "We present the Leaf Challenge."),
    ],
)  # fmt: skip
def test_a_report_is_told_by_what_it_reports(
    text: str, roles: Mapping[int, SentenceRole], idea: str
) -> None:
    found = hit(paper("p1", "Leaf Challenge Results", text), roles)
    best = find_idea(found, found.sentences[::-1])
    assert best is not None
    assert text[slice(*best.span)] == idea


def test_papers_are_grouped_by_terms_that_some_of_them_share() -> None:
    papers = [
        paper("p1", "Night Vision for Leaves", "Leaves are seen."),
        paper("p2", "Leaves by Night Vision", "Seen they are."),
        paper("p3", "Root Growth and Leaves", "Roots grow."),
        paper("p4", "Leaves and Root Growth", "They grow."),
        paper("p5", "Leaves", "Nothing else."),
    ]
    groups = group_papers("leaves", papers)
    assert [(g.term, [p.paper_id for p in g.papers]) for g in groups] == [
        ("root growth", ["p3", "p4"]),
        ("night vision", ["p1", "p2"]),
        ("", ["p5"]),
    ]


def test_papers_that_share_too_little_stay_together() -> None:
    papers = [paper(f"p{n}", f"Leaves number{n}", "Text.") for n in range(6)]
    (group,) = group_papers("leaves", papers)
    assert group.papers == tuple(papers)


def test_an_overview_tells_all_its_papers_and_cites_each() -> None:
    papers = [
        paper(f"p{n}", f"Leaf{n}: Leaves", f"Leaves suffer from mildew. We propose Leaf{n}, a net.", year=2010 + n)
        for n in range(3)
    ]  # fmt: skip
    hits = [hit(p, {0: "problem", 1: "aim"}) for p in papers]
    marks = Citations()
    text = render_overview(Query("overview", about=Topic("leaves"), text="leaves"), hits, marks)
    assert text.startswith("**3 papers** on **leaves**, 2010 to 2012.")
    assert "The problem: “Leaves suffer from mildew.” [1]" in text
    order = [text.index(f"We propose Leaf{n}") for n in (2, 1, 0)]
    assert order == sorted(order), "newest first"
    check_citations(text, marks.list_citations(), {p.paper_id: p for p in papers})


def test_how_a_topic_has_evolved_is_told_from_the_oldest_on_by_what_each_brought() -> None:
    hits = [
        hit(paper(f"p{n}", f"Leaf{n}: Leaves", f"We propose Leaf{n}, a net. It wins by {n}%.", year=2010 + n), {0: "aim", 1: "result"})
        for n in range(1, 4)
    ]  # fmt: skip
    query = Query(
        "overview", about=Topic("leaves"), asks_for="result", text="how have leaves evolved?"
    )
    text = render_overview(query, hits, Citations())
    order = [text.index(f"We propose Leaf{n}") for n in (1, 2, 3)]
    assert order == sorted(order)


def test_the_state_of_the_art_is_told_in_figures() -> None:
    leaf = paper(
        "p1", "LeafNet", "We propose LeafNet. Tests show that it is good. LeafNet has 74.4% mAP."
    )
    found = [hit(leaf, {0: "aim", 1: "result", 2: "result"})] * 2
    query = Query("overview", about=Topic("leaves"), text="what is the state of the art in leaves?")
    assert "“LeafNet has 74.4% mAP.”" in render_overview(query, found, Citations())


def test_a_clause_is_no_heading() -> None:
    hits = [hit(paper(f"p{n}", f"Leaf{n}", f"We propose Leaf{n}."), {0: "aim"}) for n in range(2)]
    query = Query("overview", about=Topic("leaves biased by rain"), text="leaves biased by rain")
    assert "nearest to “leaves biased by rain”" in render_overview(query, hits, Citations())


def test_a_long_overview_says_how_many_more_there_are() -> None:
    hits = [
        hit(paper(f"p{n}", f"Leaf{n}", f"We propose Leaf{n}."), {0: "aim"})
        for n in range(MAX_TOLD + 2)
    ]
    text = render_overview(Query("overview", about=Topic("leaves")), hits, Citations())
    assert text.count("\n- ") == MAX_TOLD
    assert "And 2 more papers on it" in text


def test_people_with_the_same_papers_stand_on_one_line() -> None:
    papers = {p.paper_id: p for p in (paper("p1", "One"), paper("p2", "Two"))}
    people = [
        Expert("Ann", 2.0, ("p1", "p2"), {"p1": "first", "p2": "listed"}),
        Expert("Bo", 1.0, ("p1",), {"p1": "listed"}),
        Expert("Cy", 0.9, ("p2", "p1"), {"p1": "listed", "p2": "first"}),
    ]
    assert [[e.name for e in g.people] for g in group_by_papers(people)] == [["Ann", "Cy"], ["Bo"]]
    first, second = render_groups(people, papers, Listing())
    assert first.startswith(
        "1. **Ann** (first author of 1) and **Cy** (first author of 1), 2 papers"
    )
    assert first.endswith("*One* [1]; also [2]")
    assert second == "2. **Bo**, 1 paper, co-author: [1]"


def test_a_topic_of_one_paper_is_told_as_one_in_its_own_clauses() -> None:
    leaf = paper("p1", "LeafNet: Leaves", "Leaves fall. We propose LeafNet, a net. LeafNet wins by 3%.")  # fmt: skip
    found = hit(leaf, {0: "problem", 1: "aim", 2: "result"})
    query = Query("overview", about=Topic("leaves"), text="what is known about leaves?")
    text = render_overview(query, [found], Citations())
    assert text.startswith("**1 paper** on **leaves**")
    assert "We propose LeafNet, a net." in text and "LeafNet wins by 3%." in text


def test_an_overview_screens_the_papers_that_it_tells_and_no_others() -> None:
    assert count_shown(Query("overview", about=(Topic("leaves"),))) == MAX_TOLD


def test_what_is_given_a_name_is_what_a_paper_brings_whatever_the_verb() -> None:
    moss = paper(
        "p1", "Growing Moss", "We learn a Slow Moss Model (SMM) for roofs. An ablation proves it."
    )
    found = hit(moss, {0: "aim", 1: "result"})
    assert find_idea(found, found.sentences) == found.sentences[0]


def test_the_problem_of_a_topic_stands_alone_and_is_shared() -> None:
    vague = paper("p1", "Moss A", "This form of drought limits moss.")
    solved = paper("p2", "Moss B", "Moss addresses the problem of drought.")
    remark = paper("p3", "Moss C", "Moss on gravestones is neglected.")
    plain_ones = [paper(f"p{n}", f"Moss {n}", "Moss suffers from drought.") for n in (4, 5)]
    hits = [hit(found, {0: "problem"}) for found in (vague, solved, remark, *plain_ones)]
    query = Query("overview", about=Topic("moss"), text="overview of moss")
    assert "The problem: “Moss suffers from drought.”" in render_overview(query, hits, Citations())
    assert "The problem" not in render_overview(query, hits[:3], Citations())


def test_the_problem_is_none_of_ours_and_not_one_word_of_background() -> None:
    ours = "Our moss suffers from drought."
    background = "Moss challenges drought."
    hits = [
        hit(paper(f"p{n}", f"Moss {n}", told), {0: role})
        for n, (told, role) in enumerate(
            ((ours, "problem"), (background, "background"), (background, "background"))
        )
    ]
    query = Query("overview", about=Topic("moss"), text="overview of moss")
    assert "The problem" not in render_overview(query, hits, Citations())


def test_the_challenges_of_a_title_are_no_problem() -> None:
    hits = [
        hit(paper(f"p{n}", f"Moss Challenges {n}", "The moss challenges limit roofs."), {0: role})
        for n, role in enumerate(("background", "background"))
    ]
    query = Query("overview", about=Topic("moss"), text="overview of moss")
    assert "The problem" not in render_overview(query, hits, Citations())


def find_telling(title: str, text: str, roles: Mapping[int, SentenceRole]) -> str:
    found = hit(paper("p1", title, text), roles)
    idea = find_idea(found, found.sentences)
    assert idea is not None
    return text[slice(*find_telling_clause(found, idea, found.sentences))]


def test_an_idea_that_only_repeats_the_title_is_told_by_how_it_works() -> None:
    text = "We propose MossNet, a net for moss. However, it is large. It brings two designs. MossNet reads spores with a folded lens."
    roles: dict[int, SentenceRole] = {0: "aim", 1: "method", 2: "method", 3: "method"}
    told = find_telling("MossNet: A Net for Moss", text, roles)
    assert told == "MossNet reads spores with a folded lens."


def test_an_idea_that_says_more_than_the_title_stands() -> None:
    text = "We propose a net for moss by folding spores. MossNet reads spores with a folded lens."
    assert find_telling("A Net for Moss", text, {0: "aim", 1: "method"}).endswith("folding spores.")


def test_where_the_tail_of_an_idea_says_how_it_is_not_cut() -> None:
    text = (
        "In this paper, we propose a framework for the growing of moss on the roofs of houses, termed MossGrow (MG), "
        "which folds every spore along its ridge before drying it in shade."
    )
    told = find_telling("MossGrow: Growing of Moss on Roofs of Houses", text, {0: "aim"})
    assert told.endswith("in shade.")


def test_what_comes_further_is_not_the_idea() -> None:
    text = "We propose MossNet, a net. Further, to save water we design two variants (MossNet-1 and MossNet-2)."
    found = hit(paper("p1", "MossNet: Moss", text), {0: "aim", 1: "aim"})
    assert find_idea(found, found.sentences[::-1]) == found.sentences[0]


def test_what_is_new_is_told_newest_first_without_groups() -> None:
    papers = [
        paper("p1", "Night Vision for Moss", "Moss.", year=2020),
        paper("p2", "Root Growth and Moss", "Moss.", year=2024),
        paper("p3", "Moss and Root Growth", "Moss.", year=2021),
        paper("p4", "Moss by Night Vision", "Moss.", year=2023),
        paper("p5", "Moss", "Moss.", year=2022),
    ]
    query = Query("overview", about=Topic("moss"), text="what's new in moss")
    text = render_overview(query, [hit(p, {0: "aim"}) for p in papers], Citations())
    years = [line.partition("** (")[2][:4] for line in text.splitlines() if line.startswith("- ")]
    assert years == ["2024", "2023", "2022", "2021", "2020"]
    assert "*root growth*" not in text


def test_words_for_methods_make_no_group() -> None:
    titles = ["Tree Based Method", "Root Based Method", "Leaf Vein Count", "Leaf Vein Map", "Moss"]
    papers = [paper(f"p{n}", title, "Text.") for n, title in enumerate(titles)]
    assert [g.term for g in group_papers("plants", papers)] == ["leaf vein", ""]
