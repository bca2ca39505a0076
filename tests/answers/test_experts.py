"""Papers vote for their people."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.answers import experts
from rag.answers.citations import check_citations
from rag.answers.experts import compute_recency, count_votes
from rag.types import Answer, Authorship, Condition, Role
from rag.types.query import Order, Query, Topic
from tests.shelf import Shelf, paper

UAV = "UAV tracking follows drones."
NOISE = "Noisy labels mislead classifiers."


def who(shelf: Shelf, topic: str, *, recent: bool = False, k: int = 10) -> Answer:
    query = Query("people", about=Topic(topic), order=Order("date") if recent else None, k=k)
    answer = experts.answer_experts(query, shelf, shelf.retrieve)
    check_citations(answer.text, answer.citations, {p.paper_id: p for p in shelf.papers})
    return answer


ROLES = st.sampled_from(["first", "listed", "page"])
PEOPLE = st.sampled_from(["Ann", "Bo", "Cai", "Dee"])


@given(
    ties=st.lists(st.tuples(st.sampled_from(["p1", "p2", "p3"]), PEOPLE, ROLES), max_size=12),
    relevance=st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3),
)
def test_nobody_is_an_expert_without_a_paper_that_names_them(
    ties: list[tuple[str, str, Role]], relevance: list[float]
) -> None:
    authorships: dict[str, list[Authorship]] = {}
    for paper_id, name, role in ties:
        authorships.setdefault(paper_id, []).append(Authorship(paper_id, name, role))
    votes = count_votes(list(zip(["p1", "p2", "p3"], relevance, strict=True)), authorships)
    ranked = experts.rank_experts(votes)
    assert {e.name for e in ranked} == {name for _, name, _ in ties}
    for expert in ranked:
        assert expert.papers
        assert all((p, expert.name) in {(t[0], t[1]) for t in ties} for p in expert.papers)
        assert expert.score > 0
    scores = [e.score for e in ranked]
    assert scores == sorted(scores, reverse=True)


def test_a_score_is_the_sum_of_relevance_times_role() -> None:
    votes = count_votes(
        [("p1", 1.0), ("p2", 0.5)],
        {
            "p1": [Authorship("p1", "Ann", "first", 1), Authorship("p1", "Bo", "listed", 2)],
            "p2": [Authorship("p2", "Bo", "page")],
        },
    )
    ann, bo = experts.rank_experts(votes)
    assert (ann.name, ann.score) == ("Ann", 1.0)
    assert (bo.name, bo.score) == ("Bo", 0.9)
    assert bo.roles == {"p1": "listed", "p2": "page"}


def test_equal_scores_are_ordered_by_name() -> None:
    votes = count_votes(
        [("p1", 1.0)], {"p1": [Authorship("p1", n, "listed") for n in ("Cai", "Ann")]}
    )
    assert [e.name for e in experts.rank_experts(votes)] == ["Ann", "Cai"]


def test_a_first_author_on_the_topic_beats_a_page_with_fifty_other_papers() -> None:
    others = [paper(f"p{n}", text=NOISE, authors=("Eve",), owner="Owner") for n in range(2, 52)]
    shelf = Shelf([paper("p1", text=UAV, authors=("Ann", "Bo"), owner="Owner"), *others])
    answer = who(shelf, "UAV tracking")
    assert [e.name for e in answer.experts] == ["Ann", "Bo", "Owner"]
    assert {c.paper_id for c in answer.citations} == {"p1"}


def test_several_papers_on_the_topic_beat_one_in_the_same_role() -> None:
    shelf = Shelf(
        [
            paper("p1", text=UAV, authors=("Ann",)),
            paper("p2", text=UAV, authors=("Bo",)),
            paper("p3", text=UAV, authors=("Bo",)),
        ]
    )
    answer = who(shelf, "UAV tracking")
    assert answer.experts[0].name == "Bo"
    assert answer.experts[0].papers == ("p2", "p3")


def test_a_topic_that_nobody_works_on_is_abstained_from_and_names_nobody() -> None:
    answer = who(Shelf([paper("p1", "Masks", text=UAV, authors=("Ann",))]), "protein folding")
    assert answer.status == "abstained"
    assert answer.experts == () and answer.citations == ()
    assert "Masks" in answer.text


def test_papers_without_authors_are_named_as_such() -> None:
    shelf = Shelf([paper("p1", text=UAV), paper("p2", text=UAV, authors=("Ann",))])
    assert "authors unknown" in who(shelf, "UAV tracking").text
    alone = who(Shelf([paper("p1", text=UAV)]), "UAV tracking")
    assert alone.status == "abstained"
    assert [c.paper_id for c in alone.citations] == ["p1"]


def test_truncated_author_lists_are_said_out_loud() -> None:
    cut = paper("p1", text=UAV, authors=("Ann", "Bo", "Cai"), complete=False)
    whole = paper("p2", text=UAV, authors=("Ann",))
    alone = who(Shelf([cut]), "UAV tracking").text
    assert "the paper names only its first 3 authors" in alone
    both = who(Shelf([cut, whole]), "UAV tracking").text
    assert "1 of the 2 papers names only the first 3 authors" in both


def test_now_prefers_the_newer_of_two_equal_papers() -> None:
    shelf = Shelf(
        [
            paper("p1", text=UAV, authors=("Ann",), year=2018),
            paper("p2", text=UAV, authors=("Bo",), year=2025),
        ]
    )
    assert who(shelf, "UAV tracking").experts[0].name == "Ann"
    assert who(shelf, "UAV tracking", recent=True).experts[0].name == "Bo"
    assert compute_recency(paper("p1", year=2022), 2025) == 0.5


def test_no_more_people_than_asked_for_but_all_their_papers() -> None:
    shelf = Shelf([paper(f"p{n}", text=UAV, authors=(f"A{n}",)) for n in range(1, 9)])
    answer = who(shelf, "UAV tracking", k=3)
    assert len(answer.experts) == 3
    assert len(answer.citations) == 8
    assert "Further people: A4 [4], A5 [5], A6 [6], A7 [7], A8 [8]." in answer.text
    assert "Further people: A8 [8]." in who(shelf, "UAV tracking", k=7).text


def test_the_parts_of_a_score_add_up_to_it() -> None:
    shelf = Shelf([paper("p1", "UAV", UAV, ("Ann", "Bo")), paper("p2", "UAV", UAV, ("Ann",))])
    query = Query("people", about=Topic("UAV tracking"))
    answer = experts.answer_experts(query, shelf, shelf.retrieve, explain=True)
    check_citations(answer.text, answer.citations, {p.paper_id: p for p in shelf.papers})
    assert "1. Ann **2.00** = 1.00 × 1 [1] + 1.00 × 1 [2]" in answer.text
    assert "2. Bo **0.60** = 1.00 × 0.6 [1]" in answer.text


def test_a_slip_in_the_topic_is_put_right_and_said() -> None:
    shelf = Shelf([paper("p1", "Tracking drones", UAV, ("Ann",))])
    found = who(shelf, "trakcing")
    assert [e.name for e in found.experts] == ["Ann"]
    assert "showing tracking for 'trakcing'" in found.text


def test_a_word_that_is_no_slip_of_any_other_is_not_put_right() -> None:
    assert (
        who(Shelf([paper("p1", "Tracking drones", UAV, ("Ann",))]), "blockchain").status
        == "abstained"
    )


def test_an_affiliation_is_the_printed_one_for_people_too() -> None:
    shelf = Shelf(
        [
            paper("p1", "UAV Tracking", UAV, ("Ann",), affiliations=("tencent-ai",)),
            paper("p2", "UAV Tracking Again", UAV, ("Bo",), affiliations=("pku",)),
            paper("p3", "UAV Tracking at Last", UAV, ("Cai",)),
        ]
    )

    def name(condition: Condition) -> tuple[list[str], str]:
        query = Query("people", about=Topic("UAV tracking"), where=(condition,))
        answer = experts.answer_experts(query, shelf, shelf.retrieve)
        return sorted(expert.name for expert in answer.experts), answer.text

    people, text = name(Condition("affiliation", "is", "tencent"))
    assert people == ["Ann"] and "1 of the 3 papers on the topic prints no affiliation" in text
    assert name(Condition("affiliation", "lacks", ("tencent",)))[0] == ["Bo", "Cai"]
    assert name(Condition("affiliation", "is", "xidian"))[1].startswith(
        "No paper here has the affiliation xidian"
    )


def test_the_code_of_those_who_have_some_comes_with_its_address() -> None:
    text = f"{UAV} Code: https://github.com/one/two."
    shelf = Shelf([paper("p1", "UAV Tracking", text, ("Ann",), code=True)])
    query = Query("people", about=Topic("UAV tracking"), where=(Condition("code", "is", True),))
    answer = experts.answer_experts(query, shelf, shelf.retrieve)
    assert "Code: https://github.com/one/two [1]" in answer.text


def test_where_nobody_works_on_a_topic_the_people_of_papers_with_its_rare_word_are_named() -> None:
    others = [paper(f"p{n}", f"Rain {n}", "Rain falls on roofs.") for n in range(1, 9)]
    kelp = paper("p9", "Kelp farms", "Kelp grows in cold water.", ("Ann Lee",))
    answer = who(Shelf([*others, kelp]), "kelp weaving baskets")
    assert answer.status == "abstained"
    assert "with “kelp”" in answer.text and "Ann Lee" in answer.text
    assert "Rain" not in answer.text
