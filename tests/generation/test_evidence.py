"""Which passages a model is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rag.generation.evidence import PASSAGE_TOKENS, choose_evidence, count_tokens, is_one_sentence
from rag.text import split_sentences
from rag.types import Paper, PaperHit, Place, Retrieval, Sentence


def paper(key: str, text: str) -> Paper:
    return Paper(key, f"Title {key}", key, text, (), False, (Place(f"{key}.txt", 1),))


def hit(key: str, text: str, scores: tuple[float, ...] = (), rank: int = 1) -> PaperHit:
    spans = split_sentences(text)
    scored = tuple(Sentence(span, score) for span, score in zip(spans, scores, strict=False))
    return PaperHit(paper(key, text), 1.0 / rank, rank, scored, {})


FOUR = "One is here. Two is here. Three is here. Four is here."


def test_neighbouring_sentences_are_one_passage() -> None:
    (evidence,) = choose_evidence(Retrieval("q", (hit("a", FOUR, (1, 4, 3, 2)),)), 1000)
    assert (evidence.key, evidence.quote) == ("E1", FOUR)


def test_what_lies_apart_is_one_passage_in_text_order_with_its_gap() -> None:
    retrieval = Retrieval("q", (hit("a", FOUR, (4, 1, 2, 3)),))
    budget = PASSAGE_TOKENS + count_tokens("Title a") + 2 * (count_tokens("Four is here.") + 1)
    (evidence,) = choose_evidence(retrieval, budget)
    assert (evidence.key, evidence.quote) == ("E1", "One is here. […] Four is here.")


def test_a_fragment_speaks_only_beside_what_says_more() -> None:
    text = "Code is available. We test the filter on four lakes in winter."
    (evidence,) = choose_evidence(Retrieval("q", (hit("a", text, (9, 1)),)), PASSAGE_TOKENS + 15)
    assert evidence.quote == "We test the filter on four lakes in winter."


def test_every_paper_speaks_before_one_is_filled_up() -> None:
    hits = tuple(hit(key, FOUR * 20, (1.0,) * 80, rank) for rank, key in enumerate("abc", 1))
    evidence = choose_evidence(Retrieval("q", hits), 400)
    assert [e.paper.paper_id for e in evidence] == ["a", "b", "c"]
    assert len(evidence[0].quote) > len(evidence[1].quote)


def test_the_first_papers_are_whole_and_the_next_speak_in_a_sentence() -> None:
    hits = tuple(hit(f"p{rank}", FOUR, (1, 4, 1, 1), rank) for rank in range(1, 21))
    evidence = choose_evidence(Retrieval("q", hits), 500)
    assert [e.quote for e in evidence][:3] == [FOUR, FOUR, "Two is here."]
    assert len(evidence) > 7


def test_a_paper_that_speaks_in_a_sentence_is_told_apart_and_costs_less() -> None:
    hits = tuple(hit(f"p{rank}", FOUR, (1, 4, 1, 1), rank) for rank in range(1, 21))
    evidence = choose_evidence(Retrieval("q", hits), 2 * 50 + 18 * 22)
    assert [is_one_sentence(item) for item in evidence] == [False] * 2 + [True] * 18


def test_no_sentence_is_cut_to_fit() -> None:
    long = "Word " * 400 + "end."
    (evidence,) = choose_evidence(Retrieval("q", (hit("a", f"{long} Short one.", (9, 1)),)), 200)
    assert evidence.quote == "Short one."


def test_where_no_sentence_fits_the_best_is_cut() -> None:
    (evidence,) = choose_evidence(Retrieval("q", (hit("a", "word " * 2000, (1,)),)), 200)
    assert 0 < count_tokens(evidence.quote) <= 200
    assert evidence.paper.text.startswith(evidence.quote)


def test_a_paper_without_text_is_shown_by_its_title() -> None:
    (evidence,) = choose_evidence(Retrieval("q", (hit("a", ""),)), 1000)
    assert (evidence.spans, evidence.quote) == (((0, 0),), "")


def test_a_paper_whose_sentences_were_not_ranked_is_shown_from_its_beginning() -> None:
    (evidence,) = choose_evidence(Retrieval("q", (hit("a", FOUR),)), 1000)
    assert evidence.quote == FOUR


def test_nothing_found_is_no_evidence() -> None:
    assert choose_evidence(Retrieval("q", ()), 1000) == ()


@given(
    st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=6), min_size=1, max_size=5),
    st.integers(200, 2000),
)
def test_passages_stay_within_the_budget_and_are_whole_sentences(
    lengths: list[list[int]], budget: int
) -> None:
    hits = tuple(
        hit(f"p{i}", " ".join("W" + "x" * n + " y." for n in row), tuple(map(float, row)), i + 1)
        for i, row in enumerate(lengths)
    )
    evidence = choose_evidence(Retrieval("q", hits), budget)
    assert sum(count_tokens(e.quote) for e in evidence) <= budget
    assert [e.key for e in evidence] == [f"E{n}" for n in range(1, len(evidence) + 1)]
    for item in evidence:
        spans = split_sentences(item.paper.text)
        assert {a for a, _ in item.spans} <= {a for a, _ in spans}
        assert {b for _, b in item.spans} <= {b for _, b in spans}
