"""How many papers answer a question: by the shape of their ranking, as it was learned."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.train import papers as training
from rag.answers.answering_papers import (
    MAX_PAPERS,
    MAX_TOGETHER,
    choose_answering_papers,
    compute_share,
)
from rag.app.assistant import Assistant
from rag.types import PaperHit, Retrieval
from tests.shelf import paper


def rank(*scores: float, question: str = "how do oaks grow") -> Retrieval:
    """Papers whose signals are as good as their scores."""
    signals = ({name: score for name in ("dense", "late", "lexical", "local")} for score in scores)
    return Retrieval(
        question,
        tuple(
            PaperHit(paper(f"p{n}"), score, n, (), each)
            for n, (score, each) in enumerate(zip(scores, signals, strict=True), 1)
        ),
    )


def count(*scores: float, several: bool = False, question: str = "how do oaks grow") -> int:
    return len(choose_answering_papers(rank(*scores, question=question), several=several))


def test_papers_as_good_as_the_best_answer_with_it_and_what_is_far_behind_does_not() -> None:
    assert count(0.7, 0.69, 0.4, 0.39, 0.38) == 2
    assert count(0.7, 0.69, 0.68, 0.4, 0.39) == 3
    assert count(0.8, 0.4, 0.39, 0.38) == 1
    assert count(0.8) == 1
    assert count() == 0


def test_more_are_told_where_several_are_asked_for_and_so_many_as_are_named() -> None:
    scores = (0.7, 0.69, 0.68, 0.67, 0.66, 0.5)
    assert count(*scores) == MAX_TOGETHER < count(*scores, several=True) <= MAX_PAPERS
    assert count(0.8, 0.4, 0.39, several=True) == 1
    assert count(*scores, several=True, question="compare the three methods") == 3
    assert count(*scores, several=True, question="two papers do it, which is better?") == 2


@given(st.lists(st.floats(0.05, 1.0), max_size=30), st.booleans())
def test_the_best_leads_and_the_others_stand_in_the_order_of_the_ranking(
    scores: list[float], several: bool
) -> None:
    found = rank(*sorted(scores, reverse=True))
    chosen = choose_answering_papers(found, several=several)
    assert [hit.rank for hit in chosen] == sorted({hit.rank for hit in chosen})
    assert chosen[:1] == found.papers[:1]
    assert len(chosen) <= (MAX_PAPERS if several else MAX_TOGETHER)


@given(st.floats(0.3, 0.7), st.floats(0.01, 0.2))
def test_a_paper_nearer_to_the_best_is_likelier_to_answer(score: float, drop: float) -> None:
    near, far = (rank(0.8, at, 0.1) for at in (score, score - drop))
    assert compute_share(near, 1) > compute_share(far, 1)


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("how fast is SlerpFace", {"SlerpFace"}),
        ("what is learned about dataset condensation", {"M3D", "DANCE"}),
    ],
)
def test_of_the_seeds(assistant: Assistant, question: str, names: set[str]) -> None:
    chosen = choose_answering_papers(assistant.retrieve(question), several=False)
    assert names <= {hit.paper.name.split(":")[0] for hit in chosen}
    assert len(chosen) <= len(names) + 1


def test_training_finds_more_of_the_papers_that_answer_than_the_best_alone(
    assistant: Assistant,
) -> None:
    asked = list(training.load_asked({"seeds": assistant}))
    assert {one.library for one in asked} == {"seeds"}
    known = {paper.paper_id for paper in assistant.library.list_papers()}
    rows = [json.loads(line) for line in training.QUESTIONS.read_text("utf-8").splitlines()]
    assert len(asked) == sum(row["library"] == "seeds" for row in rows) > 100
    assert all(one.papers and one.papers | one.partly <= known for one in asked)
    several = [one for one in asked if len(one.papers) > 1]
    told = [choose_answering_papers(one.retrieval, several=False) for one in several]
    right = [
        sum(hit.paper.paper_id in one.papers for hit in some)
        for one, some in zip(several, told, strict=True)
    ]
    alone = sum(one.retrieval.papers[0].paper.paper_id in one.papers for one in several)
    assert sum(right) > 1.5 * alone
